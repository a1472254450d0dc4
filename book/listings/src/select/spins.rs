//! The board as one would write it first: with a closed channel it spins.

use super::{Board, Points, Question};
use tokio::sync::{mpsc, oneshot};

/// The same handles, another loop.
pub struct SpinningBoard(pub Board);

// ANCHOR: spins
impl SpinningBoard {
    pub async fn run(mut self) {
        let board = &mut self.0;
        loop {
            tokio::select! {
                points = board.points.recv() => {
                    if let Some(Points(points)) = points {
                        board.score += points;
                    }
                }
                question = board.questions.recv() => {
                    if let Some(Question { reply }) = question {
                        let _ = reply.send(board.score);
                    }
                }
            }
        }
    }
}
// ANCHOR_END: spins

/// A player scores once and goes; a spectator asks, and goes too.
pub async fn game() {
    let (player, points) = mpsc::channel(8);
    let (spectator, questions) = mpsc::channel(8);
    tokio::spawn(
        SpinningBoard(Board {
            points,
            questions,
            score: 0,
        })
        .run(),
    );
    let _ = player.send(Points(2)).await;
    drop(player);
    let (reply, answer) = oneshot::channel();
    let _ = spectator.send(Question { reply }).await;
    let _ = answer.await;
}
