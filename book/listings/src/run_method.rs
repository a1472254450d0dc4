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
        answer.await.expect("the poll's task has ended")
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
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as std_mpsc,
    };
    use tokio::{
        runtime::{Builder, Runtime},
        sync::Mutex,
        task::{JoinSet, yield_now},
    };

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

    /// Page: "Three ways to write run": with the spawn inside, a JoinSet holds the JoinHandle and not the loop.
    #[test]
    fn a_set_that_is_dropped_stops_run_but_not_the_task_behind_a_join_handle() {
        check(|| async {
            let (poll, task) = spawn_in_run::open();
            let mut set = JoinSet::new();
            set.spawn(task);
            yield_now().await;
            drop(set);
            assert_eq!(poll.vote(true).await.yes, 1);

            let (sender, mailbox) = mpsc::channel(8);
            let tally = Tally::default();
            let mut set = JoinSet::new();
            set.spawn(Poll { mailbox, tally }.run());
            drop(set);
            within("the end of the poll", sender.closed()).await;
        });
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

            // It has not begun, or waits, when its vote comes and it is aborted: it counts nothing more.
            for waits in [false, true] {
                let (poll, task) = open();
                if waits {
                    yield_now().await;
                }
                let (reply, answer) = oneshot::channel();
                poll.sender.send(Vote { yes: true, reply }).await.unwrap();
                task.abort();
                assert!(answer.await.is_err());
                assert!(task.await.unwrap_err().is_cancelled());
                assert!(poll.sender.is_closed());
            }
        });
    }

    fn on_many_threads() -> Runtime {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).build().unwrap()
    }

    /// The same on another thread: a task that has not begun never begins, and one at work ends where it waits.
    #[test]
    fn abort_does_not_stop_in_the_middle_of_work() {
        let runtime = on_many_threads();
        runtime.block_on(async {
            let ((started, is_started), (go, may_go)) =
                (std_mpsc::channel(), std_mpsc::channel::<()>());
            let worked = Arc::new(AtomicBool::new(false));
            let has_worked = worked.clone();
            // It keeps the only worker thread busy.
            let at_work = tokio::spawn(async move {
                started.send(()).unwrap();
                may_go.recv().unwrap();
                worked.store(true, Ordering::SeqCst);
                std::future::pending::<()>().await;
            });
            is_started.recv().unwrap();
            let not_begun = tokio::spawn(async { panic!("it has begun") });
            at_work.abort();
            not_begun.abort();
            go.send(()).unwrap();
            assert!(at_work.await.unwrap_err().is_cancelled());
            assert!(has_worked.load(Ordering::SeqCst));
            let error: tokio::task::JoinError = not_begun.await.unwrap_err();
            assert!(error.is_cancelled());
        });
    }

    /// Page: "What the task returns": the runtime's end is the task's, and the tally is lost.
    #[test]
    fn without_its_runtime_the_task_has_no_result() {
        for runtime in [
            Builder::new_current_thread().build().unwrap(),
            on_many_threads(),
        ] {
            let (_poll, task) = runtime.block_on(async {
                let (poll, task) = open();
                poll.vote(true).await;
                (poll, task)
            });
            drop(runtime);
            let other = Builder::new_current_thread().build().unwrap();
            assert!(other.block_on(task).unwrap_err().is_cancelled());
        }
    }

    /// Page: "Where it goes wrong": the actor's own task runs on when the one around it is aborted, until the last handle is dropped.
    #[test]
    fn a_task_around_the_task_is_not_the_actor() {
        check(|| async {
            let (poll, inner) = open();
            let outer = tokio::spawn(inner);
            yield_now().await;
            outer.abort();
            assert!(outer.await.unwrap_err().is_cancelled());
            assert_eq!(poll.vote(true).await.yes, 1);
            drop(poll);
            assert_eq!(alive_tasks().await, 0);
        });
    }

    /// Page: "Where it goes wrong": a block takes along the fields that it names.
    #[test]
    fn a_block_that_names_two_fields_leaves_the_third() {
        struct Both {
            sender: mpsc::Sender<Vote>,
            mailbox: Arc<Mutex<mpsc::Receiver<Vote>>>,
            tally: Tally,
        }
        check(|| async {
            let (sender, mailbox) = mpsc::channel(8);
            let (mailbox, tally) = (Arc::new(Mutex::new(mailbox)), Tally::default());
            let mut both = Both {
                sender,
                mailbox,
                tally,
            };
            let task = tokio::spawn(async move {
                while let Some(vote) = both.mailbox.lock().await.recv().await {
                    both.tally.add(vote.yes);
                }
                both.tally
            });
            let (reply, _) = oneshot::channel();
            both.sender.send(Vote { yes: true, reply }).await.unwrap();
            drop(both.sender);
            let tally = within("the end of the task", task).await.unwrap();
            assert_eq!(tally.yes, 1);
        });
    }
}
