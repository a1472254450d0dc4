//! `run(&mut self)`, lent to it by the task that owns the actor.

use super::*;

struct Poll {
    mailbox: mpsc::Receiver<Vote>,
    tally: Tally,
}

// ANCHOR: by_reference
impl Poll {
    async fn run(&mut self) {
        while let Some(Vote { yes, reply }) = self.mailbox.recv().await {
            self.tally.add(yes);
            let _ = reply.send(self.tally);
        }
    }
}

pub fn open() -> (PollHandle, JoinHandle<Tally>) {
    let (sender, mailbox) = mpsc::channel(8);
    let mut poll = Poll {
        mailbox,
        tally: Tally::default(),
    };
    let task = tokio::spawn(async move {
        poll.run().await;
        poll.tally
    });
    (PollHandle { sender }, task)
}
// ANCHOR_END: by_reference
