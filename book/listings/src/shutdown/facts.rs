//! What the page says of JoinHandles, sets, signals that are asked twice, and of the end of `main`.

#[cfg(test)]
mod tests {
    use super::super::{Closed, WORK, open};
    use crate::abandoned::{abandoned, left_behind};
    use harness::{alive_tasks, check, expect_panics, in_no_time, on_a_runtime_that_ends, settle};
    use std::{
        future::pending,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering::SeqCst},
            mpsc as std_mpsc,
        },
        time::Duration,
    };
    use tokio::{
        runtime::Builder,
        sync::{mpsc, oneshot},
        task::JoinSet,
        time::{sleep, timeout},
    };

    /// Page: "The trouble first": when `main` returns, its runtime ends, and what was accepted is lost.
    #[test]
    fn when_main_returns_what_was_accepted_is_lost() {
        check(|| async {
            let delivered = Arc::new(AtomicU32::new(0));
            let count = delivered.clone();
            let (handle, answers) = on_a_runtime_that_ends(|| async move {
                let (handle, shop) = open();
                let answers: Vec<_> = (1..=3)
                    .map(|poster| {
                        let (handle, count) = (handle.clone(), count.clone());
                        tokio::spawn(async move {
                            handle
                                .order(poster)
                                .await
                                .map(|()| count.fetch_add(1, SeqCst))
                        })
                    })
                    .collect();
                sleep(WORK * 3 / 2).await;
                drop(shop);
                (handle, answers)
            });
            assert_eq!(delivered.load(SeqCst), 0);
            for answer in answers {
                assert!(
                    in_no_time("an end", answer)
                        .await
                        .unwrap_err()
                        .is_cancelled()
                );
            }
            assert_eq!(in_no_time("an answer", handle.order(4)).await, Err(Closed));
        });
    }

    /// Page: "Four words": a JoinHandle that is dropped leaves its task alone.
    #[test]
    fn a_dropped_handle_detaches() {
        abandoned(async {
            drop(tokio::spawn(pending::<()>()));
            assert_eq!(left_behind().await, 1);
        });
    }

    /// Page: "Four words": a time-out around a JoinHandle ends the wait, and not the task.
    #[test]
    fn a_time_out_ends_the_wait_only() {
        abandoned(async {
            let task = tokio::spawn(pending::<()>());
            assert!(timeout(WORK, task).await.is_err());
            assert_eq!(left_behind().await, 1);
        });
    }

    /// Page: "A deadline": a task that is aborted ends at its next `.await`, and is there until then.
    #[test]
    fn an_abort_is_a_request() {
        check(|| async {
            let (begun, has_begun) = oneshot::channel();
            let task = tokio::spawn(async move {
                let _ = begun.send(());
                pending::<()>().await;
            });
            has_begun.await.unwrap();
            task.abort();
            assert!(!task.is_finished());
            assert!(task.await.unwrap_err().is_cancelled());
        });
    }

    /// Page: "A deadline": a task that runs on another thread while it is aborted may finish what it does.
    #[test]
    fn a_task_at_work_finishes() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        let (begun, has_begun) = std_mpsc::channel();
        let (go_on, waits) = std_mpsc::channel::<()>();
        let task = runtime.spawn(async move {
            begun.send(()).unwrap();
            let _ = waits.recv(); // no `.await`: the thread itself waits
            7
        });
        has_begun.recv().unwrap();
        task.abort();
        drop(go_on);
        assert_eq!(runtime.block_on(task).unwrap(), 7);
    }

    /// Page: "When nobody waits": dropping the shop closes it, and nobody waits for what it has accepted.
    #[test]
    fn drop_can_say_stop_and_not_wait() {
        check(|| async {
            let (handle, shop) = open();
            let customer = handle.clone();
            let customer = tokio::spawn(async move { customer.order(1).await });
            settle().await;
            drop(shop);
            assert!(!customer.is_finished());
            sleep(WORK).await; // the press prints
            settle().await;
            assert_eq!(in_no_time("an answer", handle.order(2)).await, Err(Closed));
            assert_eq!(customer.await.unwrap(), Ok(()));
        });
    }

    /// Page: "A deadline": an abort stops between two steps that belong together.
    #[test]
    fn an_abort_leaves_things_half_done() {
        check(|| async {
            let steps = Arc::new(AtomicU32::new(0));
            let done = steps.clone();
            let task = tokio::spawn(async move {
                done.fetch_add(1, SeqCst); // the money is taken
                sleep(WORK).await;
                done.fetch_add(1, SeqCst); // the poster is printed
            });
            settle().await;
            task.abort();
            assert!(task.await.is_err());
            assert_eq!(steps.load(SeqCst), 1);
        });
    }

    /// Page: "Where it goes wrong".
    #[test]
    fn a_handle_is_polled_once_too_often() {
        check(|| async {
            expect_panics("JoinHandle polled after completion");
            let asks_twice = tokio::spawn(async {
                let mut task = tokio::spawn(async {});
                let _ = timeout(WORK, &mut task).await;
                let _ = task.await;
            });
            assert!(asks_twice.await.unwrap_err().is_panic());
        });
        check(|| async {
            expect_panics("called after complete");
            let asks_twice = tokio::spawn(async {
                let (stop, mut stopped) = oneshot::channel::<()>();
                drop(stop);
                let _ = (&mut stopped).await;
                let _ = (&mut stopped).await;
            });
            assert!(asks_twice.await.unwrap_err().is_panic());
        });
    }

    /// Page: "Who counts": `join_next` tells of each task how it ended, `join_all` panics at the first panic and aborts the others.
    #[test]
    fn join_all_panics() {
        check(|| async {
            expect_panics("paper jam");
            let printed = Arc::new(AtomicU32::new(0));
            let jobs = |printed: &Arc<AtomicU32>| {
                let mut jobs = JoinSet::new();
                jobs.spawn(async { panic!("paper jam") });
                let printed = printed.clone();
                jobs.spawn(async move {
                    sleep(WORK).await;
                    printed.fetch_add(1, SeqCst);
                });
                jobs
            };
            let all = jobs(&printed);
            let waits = tokio::spawn(async move { all.join_all().await });
            assert!(waits.await.unwrap_err().is_panic());
            sleep(10 * WORK).await;
            assert_eq!(printed.load(SeqCst), 0);

            let mut each = jobs(&printed);
            let mut ended = Vec::new();
            while let Some(end) = each.join_next().await {
                ended.push(end.is_ok());
            }
            assert_eq!((ended, printed.load(SeqCst)), (vec![false, true], 1));
        });
    }

    /// Page: "Four words": `closed()` of a sender comes with `close()`, before what was accepted is worked on.
    #[test]
    fn closed_comes_before_the_drain() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(2);
            sender.send(1).await.unwrap();
            mailbox.close();
            in_no_time("closed", sender.closed()).await;
            assert!(sender.send(2).await.is_err());
            assert_eq!(mailbox.recv().await, Some(1));
            assert_eq!(mailbox.recv().await, None);
        });
    }

    /// Page: "Close, then drain": dropping the receiver closes, too, and throws away what is in it.
    #[test]
    fn dropping_the_receiver_throws_away() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(2);
            let (reply, answer) = oneshot::channel::<()>();
            sender.send(reply).await.unwrap();
            drop(mailbox);
            assert!(in_no_time("an error", answer).await.is_err());
        });
    }

    /// Page: "A deadline": a set's `shutdown` aborts all and waits for them, and tells nothing of them.
    #[test]
    fn a_set_can_be_shut_down() {
        check(|| async {
            let mut set = JoinSet::new();
            for _ in 0..3 {
                set.spawn(sleep(Duration::MAX));
            }
            in_no_time("the end", set.shutdown()).await;
            assert!(set.is_empty());
            assert_eq!(alive_tasks().await, 0);
        });
    }
}
