//! A crate of your own: an actor that counts.

use tokio::sync::{mpsc, oneshot};

#[derive(Clone)]
pub struct Counter(mpsc::Sender<oneshot::Sender<u32>>);

impl Counter {
    pub fn start() -> Self {
        let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<u32>>(1);
        tokio::spawn(async move {
            let mut count = 0;
            while let Some(reply) = mailbox.recv().await {
                count += 1;
                let _ = reply.send(count);
            }
        });
        Self(sender)
    }

    pub async fn next(&self) -> u32 {
        let (reply, answer) = oneshot::channel();
        let _ = self.0.send(reply).await;
        answer.await.expect("the counter is there")
    }
}
