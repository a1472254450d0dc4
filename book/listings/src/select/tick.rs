//! The board with a clock: `else` never runs, and the actor never ends. Then the version that counts its channels.

use super::{Board, Points, Question};
use std::time::Duration;
use tokio::time::interval;

pub struct Ticking {
    pub board: Board,
    pub seconds: u32,
}

// ANCHOR: never_ends
impl Ticking {
    pub async fn run(mut self) {
        let board = &mut self.board;
        let mut clock = interval(Duration::from_secs(1));
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
        let mut clock = interval(Duration::from_secs(1));
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
    use harness::{alive_tasks, check, within};
    use tokio::{sync::mpsc, time::sleep};

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

    #[test]
    fn flags_end_it() {
        check(|| async {
            let (player, spectator, actor) = ticking();
            let task = tokio::spawn(actor.run_to_the_end());
            sleep(Duration::from_millis(2500)).await;
            drop((player, spectator));
            assert_eq!(within("the board's end", task).await.unwrap(), 3);
        });
    }
}
