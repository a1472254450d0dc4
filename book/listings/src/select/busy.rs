//! The board that prints each question's answer on a slow display: first in the handler, then beside the mailboxes.

use super::{Board, Points, Question};
use std::{future::pending, pin::Pin, time::Duration};
use tokio::time::sleep;

async fn display(_score: u32) {
    sleep(Duration::from_secs(1)).await;
}

// ANCHOR: in_the_handler
pub async fn run_in_the_handler(mut board: Board) {
    loop {
        tokio::select! {
            Some(Points(points)) = board.points.recv() => {
                board.score += points;
                display(board.score).await;
            }
            Some(Question { reply }) = board.questions.recv() => {
                let _ = reply.send(board.score);
            }
            else => break,
        }
    }
}
// ANCHOR_END: in_the_handler

// ANCHOR: anew
pub async fn run_anew(mut board: Board) {
    let mut shown = true;
    loop {
        tokio::select! {
            () = display(board.score), if !shown => shown = true,
            Some(Points(points)) = board.points.recv(), if shown => {
                board.score += points;
                shown = false;
            }
            Some(Question { reply }) = board.questions.recv() => {
                let _ = reply.send(board.score);
            }
            else => break,
        }
    }
}
// ANCHOR_END: anew

// ANCHOR: beside
type Showing = Pin<Box<dyn Future<Output = ()> + Send>>;

pub async fn run_beside(mut board: Board) {
    let mut showing: Option<Showing> = None;
    loop {
        tokio::select! {
            () = shown(&mut showing), if showing.is_some() => showing = None,
            Some(Points(points)) = board.points.recv(), if showing.is_none() => {
                board.score += points;
                showing = Some(Box::pin(display(board.score)));
            }
            Some(Question { reply }) = board.questions.recv() => {
                let _ = reply.send(board.score);
            }
            else => break,
        }
    }
}

/// Waits for what is being shown. The future is lent and not given away:
/// `select!` drops only the loan.
async fn shown(showing: &mut Option<Showing>) {
    match showing {
        Some(showing) => showing.await,
        None => pending().await,
    }
}
// ANCHOR_END: beside

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, settle, within};
    use tokio::{
        sync::{mpsc, oneshot},
        task::JoinSet,
        time::Instant,
    };

    /// How long a spectator waits who asks half a second after a point was made.
    async fn wait_of_a_spectator<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(Board) -> F,
    ) -> Duration {
        let (player, points) = mpsc::channel(8);
        let (spectator, questions) = mpsc::channel(8);
        let board = tokio::spawn(run(Board {
            points,
            questions,
            score: 0,
        }));
        player.send(Points(1)).await.unwrap();
        sleep(Duration::from_millis(500)).await;
        let start = Instant::now();
        let (reply, answer) = oneshot::channel();
        spectator.send(Question { reply }).await.unwrap();
        assert_eq!(within("the answer", answer).await, Ok(1));
        let wait = start.elapsed();
        drop((player, spectator));
        settle().await;
        within("the board's end", board).await.unwrap();
        wait
    }

    /// Page: "Handlers run alone".
    #[test]
    fn a_handler_that_awaits_keeps_the_others_waiting() {
        check(|| async {
            let wait = wait_of_a_spectator(run_in_the_handler).await;
            assert_eq!(wait.as_millis() / 100, 5);
            assert_eq!(wait_of_a_spectator(run_anew).await, Duration::ZERO);
            assert_eq!(wait_of_a_spectator(run_beside).await, Duration::ZERO);
        });
    }

    /// The score after two points came, and ten questions, one each 0.3 seconds. The second point is taken when the first is shown.
    async fn score_among_questions<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(Board) -> F,
    ) -> u32 {
        let (player, points) = mpsc::channel(8);
        let (spectator, questions) = mpsc::channel(8);
        let board = tokio::spawn(run(Board {
            points,
            questions,
            score: 0,
        }));
        for _ in 0..2 {
            player.send(Points(1)).await.unwrap();
        }
        let mut score = 0;
        for _ in 0..10 {
            sleep(Duration::from_millis(300)).await;
            let (reply, answer) = oneshot::channel();
            spectator.send(Question { reply }).await.unwrap();
            score = within("the answer", answer).await.unwrap();
        }
        drop((player, spectator));
        within("the board's end", board).await.unwrap();
        score
    }

    /// Page: "Handlers run alone": work that panics kills the actor that keeps it. In a JoinSet the panic is a result, which `Some(_)`
    /// throws away.
    #[test]
    fn a_panic_in_a_join_set_is_a_result() {
        async fn breaks() {
            panic!("the display is broken");
        }
        check(|| async {
            harness::expect_panics("the display is broken");
            let kept = tokio::spawn(async {
                let mut showing: Option<Showing> = Some(Box::pin(breaks()));
                tokio::select! { () = shown(&mut showing) => {} }
            });
            assert!(kept.await.unwrap_err().is_panic());

            let mut showing = JoinSet::new();
            showing.spawn(breaks());
            tokio::select! { Some(result) = showing.join_next() => assert!(result.unwrap_err().is_panic()) }
            showing.spawn(breaks());
            tokio::select! { Some(_) = showing.join_next() => {} }
            assert!(showing.is_empty(), "and nobody knows why");
        });
    }

    /// Page: "Handlers run alone".
    #[test]
    fn work_that_begins_anew_in_each_turn_is_never_done() {
        check(|| async {
            assert_eq!(score_among_questions(run_anew).await, 1);
            assert_eq!(score_among_questions(run_beside).await, 2);
        });
    }
}
