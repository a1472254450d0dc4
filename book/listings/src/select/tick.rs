//! The board with a clock: `else` never runs, and the actor never ends. Then the version that counts its channels.

use super::{Board, Points, Question};
use std::time::Duration;
use tokio::time::{Instant, interval_at};

pub struct Ticking {
    pub board: Board,
    pub seconds: u32,
}

// ANCHOR: never_ends
impl Ticking {
    pub async fn run(mut self) {
        let board = &mut self.board;
        let second = Duration::from_secs(1);
        let mut clock = interval_at(Instant::now() + second, second);
        loop {
            tokio::select! {
                Some(Points(points)) = board.points.recv() => board.score += points,
                Some(Question { reply }) = board.questions.recv() => {
                    let _ = reply.send(board.score);
                }
                _ = clock.tick() => self.seconds += 1,
                else => break,
            }
        }
    }
}
// ANCHOR_END: never_ends

impl Ticking {
    // ANCHOR: ends
    pub async fn run_to_the_end(mut self) -> u32 {
        let board = &mut self.board;
        let second = Duration::from_secs(1);
        let mut clock = interval_at(Instant::now() + second, second);
        let (mut players, mut spectators) = (true, true);
        while players || spectators {
            tokio::select! {
                points = board.points.recv(), if players => match points {
                    Some(Points(points)) => board.score += points,
                    None => players = false,
                },
                question = board.questions.recv(), if spectators => match question {
                    Some(Question { reply }) => {
                        let _ = reply.send(board.score);
                    }
                    None => spectators = false,
                },
                _ = clock.tick() => self.seconds += 1,
            }
        }
        self.seconds
    }
    // ANCHOR_END: ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, settle, within};
    use std::pin::pin;
    use tokio::{
        sync::mpsc,
        time::{Interval, MissedTickBehavior, interval, sleep, timeout},
    };

    fn ticking() -> (mpsc::Sender<Points>, mpsc::Sender<Question>, Ticking) {
        let (player, points) = mpsc::channel(8);
        let (spectator, questions) = mpsc::channel(8);
        let board = Board {
            points,
            questions,
            score: 0,
        };
        (player, spectator, Ticking { board, seconds: 0 })
    }

    /// Page: "What else does not cover".
    #[test]
    fn a_tick_keeps_else_from_running() {
        check(|| async {
            let (player, spectator, actor) = ticking();
            let task = tokio::spawn(actor.run());
            drop((player, spectator));
            sleep(Duration::from_secs(3600)).await;
            assert_eq!(alive_tasks().await, 1);
            task.abort();
        });
    }

    /// Page: "What else does not cover": when the one branch is off by its `if` and the others are closed, `else` runs, and what is in the
    /// mailbox is lost.
    #[test]
    fn a_condition_lets_else_run_too_early() {
        check(|| async {
            let (player, spectator, Ticking { mut board, .. }) = ticking();
            let (referee, mut whistle) = mpsc::channel(1);
            let mut running = true;
            let task = tokio::spawn(async move {
                loop {
                    tokio::select! {
                        Some(Points(points)) = board.points.recv(), if running => board.score += points,
                        Some(Question { reply }) = board.questions.recv() => {
                            let _ = reply.send(board.score);
                        }
                        Some(go_on) = whistle.recv() => running = go_on,
                        else => break,
                    }
                }
                board.score
            });
            referee.send(false).await.unwrap();
            settle().await;
            player.send(Points(1)).await.unwrap();
            drop((referee, spectator));
            assert_eq!(within("the board's end", task).await.unwrap(), 0);
            assert!(player.send(Points(2)).await.is_err());
        });
    }

    /// Page: "What else does not cover".
    #[test]
    fn flags_end_it() {
        check(|| async {
            let (player, spectator, actor) = ticking();
            let task = tokio::spawn(actor.run_to_the_end());
            sleep(Duration::from_millis(2500)).await;
            drop((player, spectator));
            assert_eq!(within("the board's end", task).await.unwrap(), 2);
        });
    }

    /// How many ticks come by in an instant.
    async fn at_once(clock: &mut Interval) -> u32 {
        let now = Instant::now();
        let mut ticks = 0;
        while timeout(Duration::ZERO, clock.tick()).await.is_ok() {
            assert_eq!(now, Instant::now());
            ticks += 1;
        }
        ticks
    }

    /// Page: "Intervals, and ticks that were missed": the first tick of `interval` is at once, and missed ones are made up for, unless you say
    /// otherwise.
    #[test]
    fn missed_ticks_come_at_once() {
        check(|| async {
            let second = Duration::from_secs(1);
            let begin = || interval_at(Instant::now() + second, second);
            assert_eq!(at_once(&mut interval(second)).await, 1);
            assert_eq!(at_once(&mut begin()).await, 0);
            use MissedTickBehavior::{Burst, Delay, Skip};
            for (behavior, ticks) in [(Burst, 5), (Delay, 1), (Skip, 1)] {
                let mut clock = begin();
                clock.set_missed_tick_behavior(behavior);
                sleep(second * 5).await;
                assert_eq!(at_once(&mut clock).await, ticks, "{behavior:?}");
            }
            assert_eq!(begin().missed_tick_behavior(), Burst);
        });
    }

    /// Page: "What select! drops", in the last answer: a deadline that is made once comes, however often something else is taken.
    #[test]
    fn a_deadline_is_made_before_the_loop() {
        check(|| async {
            let mut often = interval(Duration::from_millis(300));
            let mut deadline = pin!(sleep(Duration::from_secs(1)));
            let (mut again, mut turns) = (0, 0);
            while turns < 10 {
                tokio::select! {
                    _ = often.tick() => turns += 1,
                    () = sleep(Duration::from_secs(1)) => again += 1,
                }
            }
            assert_eq!(again, 0, "begun anew in each turn");
            tokio::select! {
                biased;
                () = &mut deadline => {}
                () = std::future::ready(()) => panic!("the deadline was over long ago"),
            }
        });
    }
}
