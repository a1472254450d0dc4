use anyhow::Context;
use async_nats::jetstream::kv::{self, CreateErrorKind};
use std::time::Duration;

/// How long a lease lasts that nobody renews. The server counts it, by its own clock.
pub const LEASE: Duration = Duration::from_secs(3);

/// The right to try to own a room.
pub struct Lease {
    store: kv::Store,
    room: String,
    node: String,
    revision: u64,
}

impl Lease {
    // ANCHOR: take
    /// Takes the lease, unless another node has it.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn take(store: &kv::Store, room: &str, node: &str) -> anyhow::Result<Option<Self>> {
        match store.create(room, node.to_owned().into()).await {
            Ok(revision) => Ok(Some(Self {
                store: store.clone(),
                room: room.to_owned(),
                node: node.to_owned(),
                revision,
            })),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
    // ANCHOR_END: take

    // ANCHOR: renew
    /// Makes it last for [`LEASE`] from now on.
    ///
    /// # Errors
    ///
    /// It ran out, or nobody knows whether it was renewed.
    pub async fn renew(&mut self) -> anyhow::Result<()> {
        let node = self.node.clone().into();
        let renewed = self.store.update(&self.room, node, self.revision).await;
        self.revision = renewed.context("the lease is over")?;
        Ok(())
    }
    // ANCHOR_END: renew

    /// Gives it back, so that nobody waits for its end.
    ///
    /// # Errors
    ///
    /// It ran out before, or the store does not answer: it runs out by itself then.
    pub async fn leave(self) -> anyhow::Result<()> {
        let given_back = self
            .store
            .delete_expect_revision(&self.room, Some(self.revision));
        Ok(given_back.await?)
    }
}
