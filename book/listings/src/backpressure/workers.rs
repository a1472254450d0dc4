//! A translator that has several lines translated at the same time, and still takes out of its mailbox only what somebody works on.

use super::{Screen, translate};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

struct Translator {
    mailbox: mpsc::Receiver<String>,
    screen: Screen,
    workers: usize,
}

// ANCHOR: run
impl Translator {
    async fn run(mut self) {
        let free = Arc::new(Semaphore::new(self.workers));
        loop {
            // First a worker, then a line for it.
            let Ok(worker) = free.clone().acquire_owned().await else {
                break;
            };
            let Some(line) = self.mailbox.recv().await else {
                break;
            };
            let (screen, waiting) = (self.screen.clone(), self.mailbox.len());
            tokio::spawn(async move {
                screen.show(translate(&line).await, waiting);
                drop(worker);
            });
        }
    }
}
// ANCHOR_END: run

pub fn open(capacity: usize, workers: usize, screen: Screen) -> mpsc::Sender<String> {
    let (sender, mailbox) = mpsc::channel(capacity);
    let translator = Translator {
        mailbox,
        screen,
        workers,
    };
    tokio::spawn(translator.run());
    sender
}

#[cfg(test)]
mod tests {
    use super::super::WORK;
    use super::*;
    use harness::{Overlap, alive_tasks, check, expect_panics, settle};
    use tokio::{
        sync::Mutex,
        task::JoinSet,
        time::{Instant, sleep},
    };

    /// Page: "Work beside the mailbox": as many as there are workers are at work, and as many as there are slots wait.
    #[test]
    fn as_many_work_as_there_are_workers_and_the_others_wait() {
        check(|| async {
            let (screen, start) = (Screen::default(), Instant::now());
            let translator = open(8, 3, screen.clone());
            let mut accepted = 0;
            while translator.try_send(accepted.to_string()).is_ok() {
                accepted += 1;
                settle().await;
            }
            assert_eq!(accepted, 3 + 8);
            drop(translator);
            sleep(60 * WORK).await;
            let shown = screen.shown();
            assert_eq!(shown.len(), 11);
            assert_eq!(shown[10].at - start, 4 * WORK);
            assert_eq!(alive_tasks().await, 0);
        });
    }

    /// Page: "Work beside the mailbox": a task for each line empties the mailbox at once, so it is never full.
    #[test]
    fn a_task_for_each_message_makes_the_bound_meaningless() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(8);
            tokio::spawn(async move {
                while let Some(line) = mailbox.recv().await {
                    tokio::spawn(async move { translate(line).await });
                }
            });
            for _ in 0..500 {
                sender.try_send("line").unwrap();
                settle().await;
            }
            assert_eq!(alive_tasks().await, 1 + 500);
        });
    }

    /// Page: "Work beside the mailbox": a loop that takes a line out and then waits for a worker is one more slot.
    #[test]
    fn a_permit_after_recv_is_one_slot_more() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(8);
            tokio::spawn(async move {
                let free = Arc::new(Semaphore::new(3));
                while let Some(line) = mailbox.recv().await {
                    let worker = free.clone().acquire_owned().await;
                    tokio::spawn(async move {
                        translate(line).await;
                        drop(worker);
                    });
                }
            });
            let mut accepted = 0;
            while sender.try_send("line").is_ok() {
                accepted += 1;
                settle().await;
            }
            assert_eq!(accepted, 3 + 1 + 8);
        });
    }

    /// Page: "Work beside the mailbox": a permit that is acquired inside the task bounds what works, and not what waits.
    #[test]
    fn a_permit_inside_the_task_makes_the_bound_meaningless_too() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(8);
            let overlap = Overlap::default();
            let at = overlap.clone();
            tokio::spawn(async move {
                let free = Arc::new(Semaphore::new(3));
                while let Some(line) = mailbox.recv().await {
                    let (free, at) = (free.clone(), at.clone());
                    tokio::spawn(async move {
                        let _worker = free.acquire_owned().await;
                        at.run(translate(line)).await;
                    });
                }
            });
            for _ in 0..500 {
                sender.try_send("line").unwrap();
                settle().await;
            }
            assert_eq!(alive_tasks().await, 1 + 500);
            drop(sender);
            sleep(500 * WORK).await;
            assert_eq!(overlap.most(), 3);
        });
    }

    /// Page: "Work beside the mailbox": a panic ends a task of its own, and its permit goes back; it ends a loop that awaits the job.
    #[test]
    fn a_panic_ends_the_task_that_it_is_in() {
        check(|| async {
            expect_panics("");
            let free = Arc::new(Semaphore::new(1));
            let worker = free.clone().acquire_owned().await.unwrap();
            let job = tokio::spawn(async move {
                let _worker = worker;
                panic!("as meant here");
            });
            assert!(job.await.unwrap_err().is_panic());
            assert_eq!(free.available_permits(), 1);

            let (sender, mut mailbox) = mpsc::channel::<u32>(8);
            let worker = tokio::spawn(async move {
                while let Some(line) = mailbox.recv().await {
                    async { assert_eq!(line, 1, "as meant here") }.await;
                }
            });
            for line in [1, 2] {
                sender.send(line).await.unwrap();
            }
            assert!(worker.await.unwrap_err().is_panic());
            assert!(sender.send(1).await.is_err());
        });
    }

    /// Page: "Work beside the mailbox": `join_next` brings a panic as an error, and `join_all` panics itself.
    #[test]
    fn join_all_panics_when_a_job_did() {
        check(|| async {
            expect_panics("");
            let panicked = || {
                let mut jobs = JoinSet::<()>::new();
                jobs.spawn(async { panic!("as meant here") });
                jobs
            };
            let ended = panicked().join_next().await.unwrap();
            assert!(ended.unwrap_err().is_panic());
            let all = tokio::spawn(panicked().join_all()).await;
            assert!(all.unwrap_err().is_panic());
        });
    }

    /// Page: "Where it goes wrong": `_` is no variable, so what is assigned to it is dropped at once.
    #[test]
    fn a_permit_in_an_underscore_is_given_back_at_once() {
        check(|| async {
            let free = Semaphore::new(1);
            let _ = free.acquire().await;
            assert_eq!(free.available_permits(), 1);
            let _worker = free.acquire().await;
            assert_eq!(free.available_permits(), 0);
        });
    }

    /// Page: "Work beside the mailbox": what a JoinSet does that one has to know here.
    #[test]
    fn an_empty_join_set_has_nothing_to_wait_for_and_a_dropped_one_aborts() {
        check(|| async {
            let mut jobs = JoinSet::new();
            assert!(jobs.join_next().await.is_none());

            let screen = Screen::default();
            let shown = screen.clone();
            jobs.spawn(async move { shown.show(translate("line").await, 0) });
            settle().await;
            assert_eq!(jobs.len(), 1);
            drop(jobs);
            sleep(10 * WORK).await;
            assert!(screen.texts().is_empty());
        });
    }

    /// Page: "Work beside the mailbox": a job that never awaits keeps its thread; with `spawn_blocking` it has one of its own.
    #[test]
    fn a_job_that_never_awaits_belongs_into_spawn_blocking() {
        // Real threads: nothing here needs the time.
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.build().unwrap();
        runtime.block_on(async {
            for blocking in [false, true] {
                let (tell, heard) = std::sync::mpsc::channel();
                let mut jobs = JoinSet::new();
                if blocking {
                    jobs.spawn_blocking(move || heard.recv().is_ok());
                } else {
                    // However long it looks: the other task does not run meanwhile.
                    jobs.spawn(async move { (0..100_000).any(|_| heard.try_recv().is_ok()) });
                }
                let other = tokio::spawn(async move { tell.send(()) });
                assert_eq!(jobs.join_next().await.unwrap().unwrap(), blocking);
                let _ = other.await;
            }
        });
    }

    /// Page: "Where it goes wrong": in a `while let`, the guard lives until the end of the body.
    #[test]
    fn a_lock_in_while_let_is_held_through_the_body() {
        check(|| async {
            for (take_first, most) in [(false, 1), (true, 3)] {
                let (sender, mailbox) = mpsc::channel(8);
                let (mailbox, overlap) = (Arc::new(Mutex::new(mailbox)), Overlap::default());
                for _ in 0..3 {
                    let (mailbox, overlap) = (mailbox.clone(), overlap.clone());
                    tokio::spawn(async move {
                        if take_first {
                            loop {
                                let line = mailbox.lock().await.recv().await;
                                let Some(line) = line else { break };
                                overlap.run(translate(line)).await;
                            }
                        } else {
                            while let Some(line) = mailbox.lock().await.recv().await {
                                overlap.run(translate(line)).await;
                            }
                        }
                    });
                }
                for _ in 0..6 {
                    sender.send("line").await.unwrap();
                }
                drop(sender);
                sleep(20 * WORK).await;
                assert_eq!(overlap.most(), most);
            }
        });
    }
}
