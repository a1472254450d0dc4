//! A relay of points to another board, with the send as a branch: what `select!` drops.

use super::{Points, Question};
use std::collections::VecDeque;
use tokio::sync::mpsc;

pub struct Relay {
    pub points: mpsc::Receiver<Points>,
    pub questions: mpsc::Receiver<Question>,
    pub other_board: mpsc::Sender<Points>,
    pub queue: VecDeque<Points>,
}

impl Relay {
    // ANCHOR: loses
    pub async fn run_and_lose(mut self) {
        loop {
            let next = self.queue.pop_front();
            let has_next = next.is_some();
            tokio::select! {
                Some(points) = self.points.recv() => self.queue.push_back(points),
                Some(Question { reply }) = self.questions.recv() => {
                    let _ = reply.send(self.queue.len() as u32);
                }
                // When another branch is taken, this future is dropped,
                // and `next` with it.
                _ = send(&self.other_board, next), if has_next => {}
                else => break,
            }
        }
    }
    // ANCHOR_END: loses

    // ANCHOR: keeps
    pub async fn run_and_keep(mut self) {
        loop {
            tokio::select! {
                Some(points) = self.points.recv() => self.queue.push_back(points),
                Some(Question { reply }) = self.questions.recv() => {
                    let _ = reply.send(self.queue.len() as u32);
                }
                // Dropping this future gives up its turn, and no points.
                permit = self.other_board.reserve(), if !self.queue.is_empty() => match permit {
                    Ok(permit) => {
                        if let Some(points) = self.queue.pop_front() {
                            permit.send(points);
                        }
                    }
                    // The other board is gone, so the relay ends as well.
                    // Its players hear of it: their sends fail.
                    Err(_) => break,
                },
                else => break,
            }
        }
    }
    // ANCHOR_END: keeps
}

// ANCHOR: send
async fn send(board: &mpsc::Sender<Points>, points: Option<Points>) {
    if let Some(points) = points {
        let _ = board.send(points).await;
    }
}
// ANCHOR_END: send

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, settle, within};
    use tokio::sync::oneshot;

    /// Four points for a board that reads only in the end, and a question while the relay waits for a slot.
    async fn relayed<F: Future<Output = ()> + Send + 'static>(run: impl FnOnce(Relay) -> F) -> u32 {
        let (player, points) = mpsc::channel(8);
        let (spectator, questions) = mpsc::channel(8);
        let (other_board, mut got) = mpsc::channel(1);
        let relay = tokio::spawn(run(Relay {
            points,
            questions,
            other_board,
            queue: VecDeque::new(),
        }));
        for point in 1..=4 {
            player.send(Points(point)).await.unwrap();
            settle().await;
            let (reply, answer) = oneshot::channel();
            spectator.send(Question { reply }).await.unwrap();
            within("the answer", answer).await.unwrap();
        }
        drop((player, spectator));
        let mut sum = 0;
        while let Some(Points(points)) = within("the rest", got.recv()).await {
            sum += points;
        }
        within("the relay's end", relay).await.unwrap();
        sum
    }

    /// Page: "What select! drops".
    #[test]
    fn a_send_in_a_branch_loses_points_and_a_reserve_does_not() {
        check(|| async {
            assert_eq!(relayed(Relay::run_and_keep).await, 1 + 2 + 3 + 4);
            assert!(relayed(Relay::run_and_lose).await < 1 + 2 + 3 + 4);
        });
    }

    /// Page: "What select! drops": players learn that the other board is gone.
    #[test]
    fn without_the_other_board_points_are_refused() {
        check(|| async {
            let (player, points) = mpsc::channel(8);
            let (_spectator, questions) = mpsc::channel(8);
            let (other_board, got) = mpsc::channel(1);
            drop(got);
            let relay = Relay {
                points,
                questions,
                other_board,
                queue: VecDeque::new(),
            };
            let relay = tokio::spawn(relay.run_and_keep());
            player.send(Points(1)).await.unwrap();
            within("the relay's end", relay).await.unwrap();
            assert!(player.send(Points(2)).await.is_err());
        });
    }

    /// Page: "What select! drops": with the pattern `Ok(permit)` nobody learns of it.
    #[test]
    fn a_pattern_hides_that_the_other_board_is_gone() {
        check(|| async {
            let (player, mut points) = mpsc::channel(8);
            let (other_board, got) = mpsc::channel(1);
            drop(got);
            let relay = tokio::spawn(async move {
                let mut queue = VecDeque::new();
                loop {
                    tokio::select! {
                        Some(points) = points.recv() => queue.push_back(points),
                        Ok(permit) = other_board.reserve(), if !queue.is_empty() => permit.send(queue.pop_front()),
                        else => break queue.len(),
                    }
                }
            });
            for point in 0..1000 {
                player.send(Points(point)).await.unwrap();
            }
            drop(player);
            assert_eq!(within("the relay's end", relay).await.unwrap(), 1000);
        });
    }
}
