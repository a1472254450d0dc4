//! Chapter 02: an actor that counts the votes of a poll, and where its `run` may be spawned.
//!
//! The version that does not compile is `broken/run_method.rs`.

pub mod by_reference;
pub mod spawn_in_run;

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

// ANCHOR: message
#[derive(Debug)]
struct Vote {
    yes: bool,
    reply: oneshot::Sender<Tally>,
}
// ANCHOR_END: message

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    pub yes: u32,
    pub no: u32,
}

impl Tally {
    fn add(&mut self, vote: bool) {
        match vote {
            true => self.yes += 1,
            false => self.no += 1,
        }
    }
}

// ANCHOR: owned
struct Poll {
    mailbox: mpsc::Receiver<Vote>,
    tally: Tally,
}

impl Poll {
    async fn run(mut self) -> Tally {
        while let Some(Vote { yes, reply }) = self.mailbox.recv().await {
            self.tally.add(yes);
            let _ = reply.send(self.tally);
        }
        self.tally
    }
}
// ANCHOR_END: owned

// ANCHOR: handle
#[derive(Clone)]
pub struct PollHandle {
    sender: mpsc::Sender<Vote>,
}

pub fn open() -> (PollHandle, JoinHandle<Tally>) {
    let (sender, mailbox) = mpsc::channel(8);
    let poll = Poll {
        mailbox,
        tally: Tally::default(),
    };
    let task = tokio::spawn(poll.run());
    (PollHandle { sender }, task)
}
// ANCHOR_END: handle

// ANCHOR: vote
impl PollHandle {
    pub async fn vote(&self, yes: bool) -> Tally {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Vote { yes, reply }).await;
        answer.await.expect("the poll has been closed")
    }
}
// ANCHOR_END: vote

#[cfg(test)]
use harness::check;

// ANCHOR: test
#[test]
fn counts_without_a_task() {
    check(|| async {
        let (sender, mailbox) = mpsc::channel(8);
        for yes in [true, true, false] {
            let (reply, _) = oneshot::channel();
            sender.send(Vote { yes, reply }).await.unwrap();
        }
        drop(sender);
        let poll = Poll {
            mailbox,
            tally: Tally::default(),
        };
        assert_eq!(poll.run().await, Tally { yes: 2, no: 1 });
    });
}
// ANCHOR_END: test

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, within};

    #[test]
    fn every_way_to_spawn_counts_and_returns_the_tally() {
        for open in [open, by_reference::open, spawn_in_run::open] {
            check(move || async move {
                let (poll, task) = open();
                assert_eq!(poll.vote(true).await, Tally { yes: 1, no: 0 });
                assert_eq!(poll.clone().vote(false).await, Tally { yes: 1, no: 1 });
                drop(poll);
                let tally = within("the result of the poll", task).await.unwrap();
                assert_eq!(tally, Tally { yes: 1, no: 1 });
            });
        }
    }

    /// Page: "What the task returns": dropping a JoinHandle detaches the task, aborting it ends the actor.
    #[test]
    fn dropping_a_join_handle_detaches_and_abort_ends() {
        check(|| async {
            let (poll, task) = open();
            drop(task);
            assert_eq!(poll.vote(true).await.yes, 1);
            drop(poll);
            assert_eq!(alive_tasks().await, 0);

            let (poll, task) = open();
            let (reply, answer) = oneshot::channel();
            poll.sender.send(Vote { yes: true, reply }).await.unwrap();
            task.abort();
            assert!(answer.await.is_err());
            assert!(task.await.unwrap_err().is_cancelled());
            assert!(poll.sender.is_closed());
        });
    }
}
