use anyhow::Context;
use async_nats::jetstream::kv;

/// What a room has told so far. Nothing is told that is not stored.
pub struct Count {
    store: kv::Store,
    room: String,
    count: u64,
    /// Of our last write. A write under another one fails.
    revision: u64,
}

impl Count {
    // ANCHOR: take
    /// Reads what is stored, and writes it again: from here on, the owner before cannot store anything.
    ///
    /// # Errors
    ///
    /// Another node did the same in this moment, or the store does not answer.
    pub async fn take(store: &kv::Store, room: &str) -> anyhow::Result<Self> {
        let (count, revision) = match store.entry(room).await? {
            Some(entry) => (str::from_utf8(&entry.value)?.parse()?, entry.revision),
            None => (0, 0),
        };
        let mut taken = Self {
            store: store.clone(),
            room: room.to_owned(),
            count,
            revision,
        };
        taken.write(count).await?;
        Ok(taken)
    }
    // ANCHOR_END: take

    // ANCHOR: next
    /// The next number, once it is stored.
    ///
    /// # Errors
    ///
    /// Another node has taken the count, or nobody knows whether the number was stored. Either way the count is not ours any more: take it anew.
    pub async fn next(&mut self) -> anyhow::Result<u64> {
        self.write(self.count + 1).await?;
        Ok(self.count)
    }

    async fn write(&mut self, count: u64) -> anyhow::Result<()> {
        let text = count.to_string().into();
        let written = self.store.update(&self.room, text, self.revision).await;
        self.revision = written.context("fenced off")?;
        self.count = count;
        Ok(())
    }
    // ANCHOR_END: next

    /// The last number that was stored.
    pub fn last(&self) -> u64 {
        self.count
    }
}
