//! `run(self)` that spawns: it compiles, and is not advised.

use super::*;

struct Poll {
    mailbox: mpsc::Receiver<Vote>,
    tally: Tally,
}

// ANCHOR: spawn_in_run
impl Poll {
    fn run(mut self) -> JoinHandle<Tally> {
        tokio::spawn(async move {
            while let Some(Vote { yes, reply }) = self.mailbox.recv().await {
                self.tally.add(yes);
                let _ = reply.send(self.tally);
            }
            self.tally
        })
    }
}
// ANCHOR_END: spawn_in_run

pub fn open() -> (PollHandle, JoinHandle<Tally>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = Poll {
        mailbox,
        tally: Tally::default(),
    }
    .run();
    (PollHandle { sender }, task)
}
