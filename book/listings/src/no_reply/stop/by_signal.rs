//! A signal beside the mailbox, for an actor that has something to do before it ends.

use super::super::{
    Closed,
    bell::{Bell, Torn},
};
use tokio::sync::{mpsc, watch};

struct Ringer {
    mailbox: mpsc::Receiver<u32>,
    bell: Bell,
}

// ANCHOR: signal
impl Ringer {
    async fn run(mut self, mut silence: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            Ok(_) = silence.wait_for(|silence| *silence) => {}
            _ = self.ring_all() => {}
        }
        self.bell.cover();
    }
}
// ANCHOR_END: signal

impl Ringer {
    async fn ring_all(&mut self) -> Result<(), Torn> {
        while let Some(floor) = self.mailbox.recv().await {
            self.bell.ring(floor).await?;
        }
        Ok(())
    }
}

#[derive(Clone)]
pub struct BellsHandle {
    sender: mpsc::Sender<u32>,
    silence: watch::Sender<bool>,
}

impl BellsHandle {
    pub fn new(capacity: usize, bell: Bell) -> Self {
        let (sender, mailbox) = mpsc::channel(capacity);
        let (silence, silenced) = watch::channel(false);
        tokio::spawn(Ringer { mailbox, bell }.run(silenced));
        Self { sender, silence }
    }

    pub async fn ring(&self, floor: u32) -> Result<(), Closed> {
        let sent = self.sender.send(floor).await;
        sent.map_err(|_| Closed)
    }

    pub fn silence(&self) {
        self.silence.send_replace(true);
    }

    pub async fn gone(&self) {
        self.sender.closed().await;
    }
}
