//! Chapter 06: an actor that keeps the score of a game, with a mailbox for players and one for spectators.

pub mod busy;
pub mod drop;
pub mod order;
pub mod spins;
pub mod tick;

// ANCHOR: message
use tokio::sync::{mpsc, oneshot};

/// What a player has scored.
#[derive(Debug)]
pub struct Points(pub u32);

/// What a spectator asks: the score, please.
#[derive(Debug)]
pub struct Question {
    pub reply: oneshot::Sender<u32>,
}
// ANCHOR_END: message

// ANCHOR: board
pub struct Board {
    pub points: mpsc::Receiver<Points>,
    pub questions: mpsc::Receiver<Question>,
    pub score: u32,
}

impl Board {
    pub async fn run(mut self) {
        loop {
            tokio::select! {
                Some(Points(points)) = self.points.recv() => self.score += points,
                Some(question) = self.questions.recv() => self.answer(question),
                else => break,
            }
        }
    }

    fn answer(&self, question: Question) {
        let _ = question.reply.send(self.score);
    }
}
// ANCHOR_END: board

// ANCHOR: handles
#[derive(Clone)]
pub struct PlayerHandle {
    sender: mpsc::Sender<Points>,
}

#[derive(Clone)]
pub struct SpectatorHandle {
    sender: mpsc::Sender<Question>,
}

pub fn open() -> (PlayerHandle, SpectatorHandle) {
    let (player, points) = mpsc::channel(8);
    let (spectator, questions) = mpsc::channel(8);
    tokio::spawn(
        Board {
            points,
            questions,
            score: 0,
        }
        .run(),
    );
    (
        PlayerHandle { sender: player },
        SpectatorHandle { sender: spectator },
    )
}
// ANCHOR_END: handles

impl PlayerHandle {
    /// There is no reply, so the error of the send is all that tells of a board that has ended.
    pub async fn score(&self, points: u32) -> Result<(), mpsc::error::SendError<Points>> {
        self.sender.send(Points(points)).await
    }
}

impl SpectatorHandle {
    pub async fn ask(&self) -> u32 {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Question { reply }).await;
        answer.await.expect("the board has ended")
    }
}

// ANCHOR: game
/// A player scores twice and goes; a spectator stays and asks.
pub async fn game() {
    let (player, spectator) = open();
    for points in [2, 3] {
        player.score(points).await.expect("the board has ended");
    }
    drop(player);
    while spectator.ask().await < 5 {}
}
// ANCHOR_END: game

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, settle, within};
    use std::{
        future::{pending, poll_fn, ready},
        sync::Mutex,
        task::Poll,
    };
    use tokio::sync::watch;

    /// Page: "Patterns turn branches off": with one kind of handles gone, the other one works on; then the actor ends.
    #[test]
    fn either_kind_may_go_first() {
        check(|| async {
            within("the end of the game", game()).await;

            let (player, spectator) = open();
            drop(spectator);
            player.score(1).await.unwrap();
            settle().await;
            assert_eq!(alive_tasks().await, 1);
            drop(player);
            assert_eq!(alive_tasks().await, 0);
        });
    }

    /// Page: "A closed channel answers at once": a thousand times in a row, without any waiting.
    #[test]
    fn a_closed_channel_gives_none_every_time() {
        check(|| async {
            let (sender, mut receiver) = mpsc::channel::<u32>(1);
            drop(sender);
            for _ in 0..1000 {
                assert_eq!(receiver.recv().await, None);
            }
        });
    }

    /// Page: "Order": without `biased`, any ready branch may be the first.
    #[test]
    fn a_ready_branch_is_taken_at_random() {
        check(|| async {
            let mut first = 0;
            for _ in 0..1000 {
                let (points, mut from_points) = mpsc::channel(1);
                let (questions, mut from_questions) = mpsc::channel(1);
                points.send(1).await.unwrap();
                questions.send(2).await.unwrap();
                tokio::select! {
                    Some(_) = from_points.recv() => first += 1,
                    Some(_) = from_questions.recv() => {}
                }
            }
            assert!((300..700).contains(&first), "{first}");
        });
    }

    /// Page: "Order": the turn of a branch that is not ready goes to the next one, so shares are even with two branches only.
    #[test]
    fn a_third_branch_changes_the_shares() {
        check(|| async {
            let (mut before, mut after) = (0, 0);
            for _ in 0..3000 {
                tokio::select! {
                    () = ready(()) => before += 1,
                    () = pending() => unreachable!("it is never ready"),
                    () = ready(()) => after += 1,
                }
            }
            assert_eq!(before + after, 3000);
            assert!((1700..2300).contains(&after), "{before} and {after}");
        });
    }

    /// Page: "Order": `biased` takes the first that is ready, and whatever stands below an always ready one starves.
    #[test]
    fn biased_starves_what_stands_below() {
        check(|| async {
            let (mut above, mut below) = (0, 0);
            for _ in 0..1000 {
                tokio::select! {
                    biased;
                    () = ready(()) => above += 1,
                    () = ready(()) => below += 1,
                }
            }
            assert_eq!((above, below), (1000, 0));
        });
    }

    /// Page: "Order": a mailbox that is never empty is always ready, and its branch starves what is below it, also when the task has
    /// used up its budget.
    #[test]
    fn a_flood_starves_what_is_below_it() {
        check(|| async {
            let (flood, mut from_flood) = mpsc::channel(10_000);
            for n in 0..10_000 {
                flood.try_send(n).unwrap();
            }
            for expected in 0..10_000 {
                tokio::select! {
                    biased;
                    Some(n) = from_flood.recv() => assert_eq!(n, expected),
                    () = ready(()) => panic!("the branch below was taken at {expected}"),
                }
            }
        });
    }

    /// Page: "Order": each branch is looked at once. A message that comes behind that look waits for the next turn.
    #[test]
    fn biased_looks_once_at_each_branch() {
        check(|| async {
            let (button, mut from_button) = mpsc::channel(1);
            // What another thread may do while the actor is between its two looks.
            let press_in_between = poll_fn(|_| {
                button.try_send("pause").unwrap();
                Poll::Ready("a post")
            });
            tokio::select! {
                biased;
                Some(_) = from_button.recv() => panic!("the button was looked at before it was pressed"),
                post = press_in_between => assert_eq!(post, "a post"),
            }
            assert_eq!(from_button.recv().await, Some("pause"));
        });
    }

    /// Page: "A closed channel answers at once": a task that has used up its budget has to let others run first.
    #[test]
    fn between_two_answers_others_may_run() {
        check(|| async {
            let (sender, mut receiver) = mpsc::channel::<u32>(1);
            drop(sender);
            let other = tokio::spawn(async {});
            let mut answers = 0;
            while !other.is_finished() {
                assert_eq!(receiver.recv().await, None);
                answers += 1;
                assert!(answers < 1000, "nobody else gets to run");
            }
        });
    }

    /// Page: "Where it goes wrong": the value of a branch is dropped after its handler, whatever the pattern.
    #[test]
    fn the_value_of_a_branch_outlives_its_handler() {
        struct Guard<'a>(&'a Mutex<Vec<&'static str>>);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.lock().unwrap().push("guard dropped");
            }
        }
        check(|| async {
            let log = Mutex::default();
            tokio::select! {
                _ = async { Guard(&log) } => {
                    settle().await;
                    log.lock().unwrap().push("handler done");
                }
            }
            assert_eq!(*log.lock().unwrap(), ["handler done", "guard dropped"]);
        });
    }

    /// Page: "Where it goes wrong": the guard that a `watch` gives must not be held at an `.await` of a spawned task. This compiles as
    /// long as the guard is not `Send`: otherwise it would be both of these.
    #[test]
    fn the_guard_of_a_watch_is_not_send() {
        trait NotSend<Why> {
            fn holds() {}
        }
        impl<T> NotSend<()> for T {}
        impl<T: Send> NotSend<u8> for T {}
        <watch::Ref<'static, bool> as NotSend<_>>::holds();
    }

    /// Page: "Patterns turn branches off": no branch left and no `else` is a panic.
    #[test]
    fn without_else_it_panics() {
        check(|| async {
            harness::expect_panics("");
            let (sender, mut receiver) = mpsc::channel::<u32>(1);
            drop(sender);
            let died = tokio::spawn(async move {
                tokio::select! { Some(_) = receiver.recv() => {} }
            });
            assert!(died.await.unwrap_err().is_panic());
        });
    }

    /// Page: "Patterns turn branches off": a message that does not fit the pattern is gone.
    #[test]
    fn a_pattern_that_does_not_match_loses_the_message() {
        check(|| async {
            let (sender, mut receiver) = mpsc::channel(2);
            sender.send(Err("resume")).await.unwrap();
            sender.send(Ok("pause")).await.unwrap();
            tokio::select! {
                Some(Ok(_)) = receiver.recv() => unreachable!("the first message is another one"),
                else => {}
            }
            assert_eq!(receiver.recv().await, Some(Ok::<_, &str>("pause")));
        });
    }
}
