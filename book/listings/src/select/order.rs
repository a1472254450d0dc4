//! The board that answers questions before it counts points.

use super::{Board, Points, Question};

// ANCHOR: biased
pub async fn run(mut board: Board) {
    loop {
        tokio::select! {
            biased;
            Some(Question { reply }) = board.questions.recv() => {
                let _ = reply.send(board.score);
            }
            Some(Points(points)) = board.points.recv() => board.score += points,
            else => break,
        }
    }
}
// ANCHOR_END: biased

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;
    use tokio::sync::{mpsc, oneshot};

    /// Page: "Order": a question that waits goes before eight waiting points, each time.
    #[test]
    fn questions_go_first() {
        for _ in 0..64 {
            check(|| async {
                let (player, points) = mpsc::channel(8);
                let (spectator, questions) = mpsc::channel(8);
                for _ in 0..8 {
                    player.send(Points(1)).await.unwrap();
                }
                let (reply, answer) = oneshot::channel();
                spectator.send(Question { reply }).await.unwrap();
                drop((player, spectator));
                tokio::spawn(run(Board {
                    points,
                    questions,
                    score: 0,
                }));
                assert_eq!(answer.await, Ok(0));
            });
        }
    }
}
