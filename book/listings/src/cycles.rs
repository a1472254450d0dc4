//! Chapter 09: a gallery and its scaler know each other. What all versions of it have in common, and what the page says of
//! them, as tests.
//!
//! The versions: [`circle`] never ends; [`breaks`],
//! [`drain`], [`weak`], [`abort`] and
//! [`results`] do, each at its price.

pub mod abort;
pub mod breaks;
pub mod circle;
pub mod drain;
pub mod results;
pub mod weak;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::sleep;

/// What visitors see. It keeps what hangs there, so that tests can look at it.
#[derive(Clone, Default)]
pub struct Wall(Arc<Mutex<Vec<String>>>);

impl Wall {
    pub fn hang(&self, thumbnail: String) {
        self.0.lock().expect("nobody panicked").push(thumbnail);
    }

    pub fn thumbnails(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").clone()
    }
}

/// Nobody takes pictures any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Makes a picture small, which takes a second.
///
/// # Panics
/// When it is no picture.
pub async fn scale(picture: String) -> String {
    sleep(Duration::from_secs(1)).await;
    assert_ne!(picture, "no picture", "this cannot be scaled");
    format!("small {picture}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abandoned::{abandoned, left_behind};
    use harness::{alive_tasks, check, expect_panics, settle, within};
    use std::sync::mpsc as std_mpsc;
    use tokio::{
        runtime::Builder,
        sync::{mpsc, oneshot},
    };

    /// Adds three pictures and drops the handle; then how many of them hang on the wall, and how many tasks are left.
    macro_rules! three_pictures {
        ($version:ident) => {
            abandoned(async {
                let wall = Wall::default();
                let gallery = $version::open(wall.clone());
                for picture in ["cat", "dog", "owl"] {
                    gallery.add(picture).await.unwrap();
                }
                drop(gallery);
                let left = left_behind().await;
                (wall.thumbnails().len(), left)
            })
        };
    }

    /// Page: the table of "What each cure loses".
    #[test]
    fn what_each_version_keeps_and_leaves_behind() {
        assert_eq!(three_pictures!(circle), (3, 2));
        assert_eq!(three_pictures!(breaks), (0, 0));
        assert_eq!(three_pictures!(drain), (3, 0));
        assert_eq!(three_pictures!(weak), (0, 0));
        assert_eq!(three_pictures!(abort), (0, 0));
        assert_eq!(three_pictures!(results), (3, 0));
    }

    /// Page: "What each cure loses": a `Drop` that waits for the actor blocks the thread on which that would run, also when there
    /// is another one: what a task has just woken waits for its turn on the same thread, and no other thread takes it.
    #[test]
    fn a_drop_that_waits_keeps_the_actor_from_its_thread() {
        struct Waits {
            sender: Option<mpsc::Sender<u32>>,
            end: std_mpsc::Receiver<()>,
            ended: std_mpsc::Sender<bool>,
        }
        impl Drop for Waits {
            fn drop(&mut self) {
                drop(self.sender.take());
                // It cannot come, however long this waits.
                let end = self.end.recv_timeout(Duration::from_millis(100));
                self.ended.send(end.is_ok()).unwrap();
            }
        }
        let one = Builder::new_current_thread().build().unwrap();
        let mut two = Builder::new_multi_thread();
        let two = two.worker_threads(2).build().unwrap();
        for runtime in [one, two] {
            let (ended, has_ended) = std_mpsc::channel();
            let caller = runtime.spawn(async move {
                let (sender, mut mailbox) = mpsc::channel(1);
                let (says, end) = std_mpsc::channel();
                tokio::spawn(async move {
                    while mailbox.recv().await.is_some() {}
                    let _ = says.send(());
                });
                sender.send(1).await.unwrap();
                let sender = Some(sender);
                drop(Waits { sender, end, ended });
            });
            runtime.block_on(caller).unwrap();
            assert!(!has_ended.recv().unwrap());
        }
    }

    /// Page: "A WeakSender": a way back through the bounded mailbox is a circle of waits.
    #[test]
    fn forty_at_once_are_too_many_for_a_weak_way_back() {
        let shown = abandoned(async {
            let wall = Wall::default();
            let gallery = weak::open(wall.clone());
            for picture in 0..40 {
                let gallery = gallery.clone();
                tokio::spawn(async move { gallery.add(&picture.to_string()).await });
            }
            sleep(Duration::from_secs(3600)).await;
            wall.thumbnails().len()
        });
        assert!(shown < 40, "{shown}");
    }

    /// Page: "What each cure loses": as long as somebody holds a handle, no cure loses anything.
    #[test]
    fn while_a_handle_is_there_everything_is_shown() {
        macro_rules! shown {
            ($version:ident) => {
                abandoned(async {
                    let wall = Wall::default();
                    let gallery = $version::open(wall.clone());
                    for picture in ["cat", "dog", "owl"] {
                        gallery.add(picture).await.unwrap();
                    }
                    sleep(Duration::from_secs(60)).await;
                    wall.thumbnails().len()
                })
            };
        }
        assert_eq!(shown!(circle), 3);
        assert_eq!(shown!(breaks), 3);
        assert_eq!(shown!(drain), 3);
        assert_eq!(shown!(weak), 3);
        assert_eq!(shown!(abort), 3);
        assert_eq!(shown!(results), 3);
    }

    /// Page: "What each cure loses": tasks end with their runtime, whatever they still have to do.
    #[test]
    fn when_main_returns_nothing_is_shown() {
        macro_rules! shown {
            ($version:ident) => {{
                let wall = Wall::default();
                abandoned(async {
                    let gallery = $version::open(wall.clone());
                    for picture in ["cat", "dog", "owl"] {
                        gallery.add(picture).await.unwrap();
                    }
                });
                wall.thumbnails().len()
            }};
        }
        assert_eq!(shown!(circle), 0);
        assert_eq!(shown!(breaks), 0);
        assert_eq!(shown!(drain), 0);
        assert_eq!(shown!(weak), 0);
        assert_eq!(shown!(abort), 0);
        assert_eq!(shown!(results), 0);
    }

    /// Page: "The way back never waits": how much it holds while callers never pause, when the two branches are taken in random
    /// order, and with the results on top.
    #[test]
    fn a_random_order_lets_the_way_back_grow() {
        macro_rules! most_results {
            ($($biased:ident)?) => {
                abandoned(async {
                    let (handle, mut mailbox) = mpsc::channel::<u32>(8);
                    let (pictures, mut work) = mpsc::channel::<u32>(8);
                    let (done, mut results) = mpsc::unbounded_channel::<u32>();
                    let gallery = tokio::spawn(async move {
                        let mut most = 0;
                        loop {
                            most = most.max(results.len());
                            tokio::select! {
                                $($biased;)?
                                Some(_) = results.recv() => {}
                                message = mailbox.recv() => match message {
                                    Some(picture) => pictures.send(picture).await.unwrap(),
                                    None => return most,
                                },
                            }
                        }
                    });
                    tokio::spawn(async move {
                        while let Some(picture) = work.recv().await {
                            sleep(Duration::from_secs(1)).await;
                            let _ = done.send(picture);
                        }
                    });
                    for picture in 0..10_000 {
                        handle.send(picture).await.unwrap();
                    }
                    drop(handle);
                    gallery.await.unwrap()
                })
            };
        }
        // We saw 96 to 273.
        let random = most_results!();
        assert!((30..1_000).contains(&random), "{random}");
        assert_eq!(most_results!(biased), 1);
    }

    /// Page: "A second channel": `else => break` waits until every channel is closed, and this one never is.
    #[test]
    fn with_else_the_loop_waits_for_the_way_back_too() {
        let left = abandoned(async {
            let (handle, mut mailbox) = mpsc::channel::<String>(8);
            let (pictures, mut work) = mpsc::channel::<String>(8);
            let (done, mut results) = mpsc::unbounded_channel::<String>();
            tokio::spawn(async move {
                while let Some(picture) = work.recv().await {
                    let _ = done.send(picture);
                }
            });
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        Some(picture) = mailbox.recv() => pictures.send(picture).await.unwrap(),
                        Some(_) = results.recv() => {}
                        else => break,
                    }
                }
            });
            handle.send("cat".to_owned()).await.unwrap();
            drop(handle);
            left_behind().await
        });
        assert_eq!(left, 2);
    }

    /// Page: "The drain": without the `drop` everything is shown, and then gallery and scaler wait for each other.
    #[test]
    fn a_drain_that_keeps_the_sender_never_ends() {
        let (shown, left) = abandoned(async {
            let wall = Wall::default();
            let (pictures, mut work) = mpsc::channel::<String>(8);
            let (done, mut results) = mpsc::unbounded_channel::<String>();
            tokio::spawn(async move {
                while let Some(picture) = work.recv().await {
                    let _ = done.send(scale(picture).await);
                }
            });
            let gallery = wall.clone();
            tokio::spawn(async move {
                for picture in ["cat", "dog", "owl"] {
                    pictures.send(picture.to_owned()).await.unwrap();
                }
                while let Some(thumbnail) = results.recv().await {
                    gallery.hang(thumbnail);
                }
                drop(pictures);
            });
            let left = left_behind().await;
            (wall.thumbnails().len(), left)
        });
        assert_eq!((shown, left), (3, 2));
    }

    /// Page: "A WeakSender": it does not keep the channel open, and cannot be upgraded once that is closed. What is in the mailbox
    /// can still be received.
    #[test]
    fn a_weak_sender_keeps_nothing_alive() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(8);
            let weak = sender.downgrade();
            weak.upgrade().unwrap().send(1).await.unwrap();
            drop(sender);
            assert!(weak.upgrade().is_none());
            assert_eq!(mailbox.recv().await, Some(1));
            assert_eq!(mailbox.recv().await, None);
        });
    }

    /// Page: "A WeakSender": one that has been upgraded keeps the channel open, for as long as it is held.
    #[test]
    fn an_upgraded_one_is_a_sender_like_others() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(8);
            let upgraded = sender.downgrade().upgrade().unwrap();
            drop(sender);
            upgraded.send(1).await.unwrap();
            drop(upgraded);
            assert_eq!(mailbox.recv().await, Some(1));
            assert_eq!(mailbox.recv().await, None);
        });
    }

    /// Page: "Abort": work that is under way is dropped, and so is what waits in the mailbox.
    #[test]
    fn abort_drops_what_is_under_way_and_what_waits() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<()>>(8);
            let task = tokio::spawn(async move {
                while let Some(reply) = mailbox.recv().await {
                    sleep(Duration::from_secs(1)).await;
                    let _ = reply.send(());
                }
            });
            let (reply, under_way) = oneshot::channel();
            sender.send(reply).await.unwrap();
            let (reply, waiting) = oneshot::channel();
            sender.send(reply).await.unwrap();
            settle().await;
            task.abort();
            assert!(under_way.await.is_err());
            assert!(waiting.await.is_err());
        });
    }

    /// Page: "Abort": one of the two is enough, the other one then ends by itself.
    #[test]
    fn aborting_one_of_the_circle_ends_both() {
        check(|| async {
            let wall = Wall::default();
            let gallery = abort::open(wall.clone());
            gallery.add("cat").await.unwrap();
            sleep(Duration::from_secs(60)).await;
            assert_eq!(alive_tasks().await, 2);
            drop(gallery);
            assert_eq!(alive_tasks().await, 0);
            assert_eq!(wall.thumbnails(), ["small cat"]);
        });
    }

    /// Page: "When one of them dies": the gallery learns of it when it sends, and its callers by their next `add`.
    #[test]
    fn a_dead_scaler_ends_the_gallery() {
        check(|| async {
            expect_panics(""); // of the scaler
            let wall = Wall::default();
            let gallery = drain::open(wall.clone());
            gallery.add("no picture").await.unwrap();
            sleep(Duration::from_secs(60)).await;
            assert_eq!(alive_tasks().await, 1, "nobody has told the gallery");
            // A tell says that the message is in the mailbox, and nothing of what becomes of it. Eight fit.
            for _ in 0..8 {
                assert_eq!(gallery.add("cat").await, Ok(()));
            }
            assert_eq!(alive_tasks().await, 0, "its send to the scaler has failed");
            assert_eq!(gallery.add("dog").await, Err(Closed));
            assert!(wall.thumbnails().is_empty());
        });
    }

    /// Page: "When one of them dies": the way back is closed at once when its last Sender is gone, also by a panic.
    #[test]
    fn the_way_back_tells_of_a_panic_at_once() {
        check(|| async {
            expect_panics("");
            let (done, mut results) = mpsc::unbounded_channel::<String>();
            tokio::spawn(async move {
                done.send(scale("cat".to_owned()).await).unwrap();
                done.send(scale("no picture".to_owned()).await).unwrap();
            });
            assert_eq!(results.recv().await.as_deref(), Some("small cat"));
            assert_eq!(
                within("the end of the way back", results.recv()).await,
                None
            );
        });
    }

    /// Page: "When one of them dies": a `Sender` hears of the other actor's end without a send.
    #[test]
    fn closed_tells_of_a_panic_without_a_send() {
        check(|| async {
            expect_panics(""); // of the scaler
            let (scaler, mut pictures) = mpsc::channel::<String>(8);
            tokio::spawn(async move {
                while let Some(picture) = pictures.recv().await {
                    scale(picture).await;
                }
            });
            scaler.send("no picture".to_owned()).await.unwrap();
            let (_handle, mut mailbox) = mpsc::channel::<String>(8);
            let gallery = async {
                tokio::select! {
                    message = mailbox.recv() => message,
                    () = scaler.closed() => None,
                }
            };
            assert_eq!(within("the end of the scaler", gallery).await, None);
        });
    }

    /// Page: "When one of them dies": a mailbox that is closed and received to its end leaves no caller without an error, also
    /// the one whose message is on its way.
    #[test]
    fn close_and_recv_to_the_end_leave_no_caller_waiting() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<()>>(8);
            let (reply, waits) = oneshot::channel();
            sender.send(reply).await.unwrap();
            // The first half of a `send` is done.
            let permit = sender.reserve().await.unwrap();
            let actor = tokio::spawn(async move {
                mailbox.close();
                while mailbox.recv().await.is_some() {}
            });
            assert!(waits.await.is_err());
            let (reply, on_its_way) = oneshot::channel();
            permit.send(reply);
            let answer = within("an error for the last caller", on_its_way).await;
            assert!(answer.is_err());
            actor.await.unwrap();
            let (reply, _answer) = oneshot::channel();
            assert!(sender.send(reply).await.is_err());
        });
    }

    /// Page: "When one of them dies": a gallery that holds the way back in its own mailbox learns nothing.
    #[test]
    fn a_panic_leaves_the_circle_behind() {
        let (said, left) = abandoned(async {
            let gallery = circle::open(Wall::default());
            gallery.add("no picture").await.unwrap();
            let left = left_behind().await;
            (gallery.add("cat").await, left)
        });
        assert_eq!(said, Ok(()));
        assert_eq!(left, 1);
    }

    /// Page: "No way back at all": the three are scaled at the same time, and a panic costs one thumbnail.
    #[test]
    fn results_come_back_without_a_way_back() {
        check(|| async {
            expect_panics(""); // of one task
            let wall = Wall::default();
            let gallery = results::open(wall.clone());
            for picture in ["cat", "no picture", "owl"] {
                gallery.add(picture).await.unwrap();
            }
            sleep(Duration::from_millis(1_001)).await;
            let mut shown = wall.thumbnails();
            shown.sort_unstable();
            assert_eq!(shown, ["small cat", "small owl"]);
        });
    }

    /// Page: "No way back at all": a pattern that does not match a panic turns the branch off until the loop comes round.
    #[test]
    fn a_pattern_without_the_panic_turns_the_branch_off() {
        check(|| async {
            expect_panics("");
            let (message, mut mailbox) = mpsc::channel::<()>(1);
            let wall = Wall::default();
            let gallery = wall.clone();
            tokio::spawn(async move {
                let mut scaling = tokio::task::JoinSet::new();
                scaling.spawn(scale("no picture".to_owned()));
                sleep(Duration::from_millis(10)).await;
                scaling.spawn(scale("cat".to_owned()));
                loop {
                    tokio::select! {
                        Some(Ok(thumbnail)) = scaling.join_next() => gallery.hang(thumbnail),
                        message = mailbox.recv() => if message.is_none() { break },
                    }
                }
            });
            sleep(Duration::from_secs(60)).await;
            assert!(wall.thumbnails().is_empty());
            message.send(()).await.unwrap();
            settle().await;
            assert_eq!(wall.thumbnails(), ["small cat"]);
        });
    }

    /// Page: "No way back at all": a JoinSet aborts what is left in it when it is dropped.
    #[test]
    fn a_dropped_join_set_aborts_its_tasks() {
        check(|| async {
            let wall = Wall::default();
            let mut scaling = tokio::task::JoinSet::new();
            let hook = wall.clone();
            scaling.spawn(async move { hook.hang(scale("cat".to_owned()).await) });
            settle().await;
            drop(scaling);
            sleep(Duration::from_secs(60)).await;
            assert!(wall.thumbnails().is_empty());
        });
    }
}
