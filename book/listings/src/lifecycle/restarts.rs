//! A station that is started again when it panics, on the mailbox that it had.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::Poll,
};
use tokio::sync::{mpsc, oneshot};

// ANCHOR: station
#[derive(Debug)]
pub enum Message {
    Degrees(oneshot::Sender<u32>),
    Storm(oneshot::Sender<u32>),
}

/// A life of the station. It borrows the mailbox, and does not own it.
async fn live(mailbox: &mut mpsc::Receiver<Message>) {
    let mut asked = 0;
    while let Some(message) = mailbox.recv().await {
        asked += 1;
        match message {
            Message::Degrees(reply) => drop(reply.send(asked)),
            Message::Storm(_reply) => panic!("the station is blown away"),
        }
    }
}
// ANCHOR_END: station

// ANCHOR: catch
async fn catch_panic<F: Future>(life: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut life = pin!(life);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| life.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}
// ANCHOR_END: catch

// ANCHOR: supervise
/// Starts the station again when it panics, `restarts` times in all.
pub async fn supervise(mut mailbox: mpsc::Receiver<Message>, mut restarts: u32) {
    while let Err(panic) = catch_panic(live(&mut mailbox)).await {
        if restarts == 0 {
            // Nobody will answer what waits: leave by the front door, then pass the panic on.
            mailbox.close();
            while mailbox.recv().await.is_some() {}
            resume_unwind(panic);
        }
        restarts -= 1;
    }
}
// ANCHOR_END: supervise

/// A storm, and two who ask behind it. What each heard.
pub async fn storm(restarts: u32) -> [Option<u32>; 3] {
    let (sender, mailbox) = mpsc::channel(8);
    let storm = tokio::spawn(ask(sender.clone(), Message::Storm));
    let one = tokio::spawn(ask(sender.clone(), Message::Degrees));
    let two = tokio::spawn(ask(sender, Message::Degrees));
    tokio::task::yield_now().await;
    tokio::spawn(supervise(mailbox, restarts));
    let mut heard = [None; 3];
    for (heard, asker) in heard.iter_mut().zip([storm, one, two]) {
        *heard = asker.await.ok().flatten();
    }
    heard
}

async fn ask(
    sender: mpsc::Sender<Message>,
    question: impl FnOnce(oneshot::Sender<u32>) -> Message,
) -> Option<u32> {
    let (reply, answer) = oneshot::channel();
    sender.send(question(reply)).await.ok()?;
    answer.await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, expect_panics, within};
    use std::time::Duration;
    use tokio::{
        runtime::{Builder, Runtime},
        task::JoinSet,
        time::timeout,
    };

    /// Page: "Start it again": the messages that wait are kept, the one in hand is lost, its asker is told, the state begins anew.
    #[test]
    fn the_mailbox_survives_a_restart() {
        check(|| async {
            expect_panics("the station is blown away");
            let heard = within("three answers", storm(1)).await;
            assert_eq!(heard, [None, Some(1), Some(2)]);
        });
    }

    /// Page: "Start it again": at its limit it gives up, and those who wait are told.
    #[test]
    fn at_its_limit_it_gives_up() {
        check(|| async {
            expect_panics("the station is blown away");
            let heard = within("three answers", storm(0)).await;
            assert_eq!(heard, [None, None, None]);
        });
    }

    /// Page: "Start it again": the last panic is seen by whoever holds the handle of the supervisor.
    #[test]
    fn the_last_panic_is_passed_on() {
        check(|| async {
            expect_panics("the station is blown away");
            let (sender, mailbox) = mpsc::channel(8);
            let task = tokio::spawn(supervise(mailbox, 2));
            for _ in 0..3 {
                assert_eq!(ask(sender.clone(), Message::Storm).await, None);
            }
            let error = within("the end", task).await.unwrap_err();
            let words = error.into_panic();
            assert_eq!(words.downcast_ref(), Some(&"the station is blown away"));
            assert_eq!(ask(sender, Message::Degrees).await, None);
        });
    }

    fn four_threads() -> Runtime {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(4).enable_time().build().unwrap()
    }

    /// Page: "Start it again", on many threads: fifty restarts, and each message but the storms is answered, once.
    #[test]
    fn restarts_lose_nothing_else_on_many_threads() {
        expect_panics("the station is blown away");
        four_threads().block_on(async {
            let (sender, mailbox) = mpsc::channel(3);
            let station = tokio::spawn(supervise(mailbox, 50));
            let mut askers = JoinSet::new();
            for _ in 0..5 {
                let sender = sender.clone();
                askers.spawn(async move {
                    let mut answers = 0;
                    for number in 0..200 {
                        let answer = match number % 20 {
                            7 => ask(sender.clone(), Message::Storm).await,
                            _ => ask(sender.clone(), Message::Degrees).await,
                        };
                        answers += u32::from(answer.is_some());
                    }
                    answers
                });
            }
            drop(sender);
            assert_eq!(askers.join_all().await, [190; 5]);
            assert!(station.await.is_ok(), "fifty storms, fifty restarts");
        });
    }

    /// Page: "Start it again", on many threads: when it gives up, everybody is told, also those who ask in that moment.
    #[test]
    fn when_it_gives_up_everybody_is_told_on_many_threads() {
        expect_panics("the station is blown away");
        four_threads().block_on(async {
            for _ in 0..200 {
                let (sender, mailbox) = mpsc::channel(2);
                let station = tokio::spawn(supervise(mailbox, 0));
                let mut askers = JoinSet::new();
                for _ in 0..4 {
                    let sender = sender.clone();
                    askers.spawn(async move {
                        while ask(sender.clone(), Message::Degrees).await.is_some() {}
                    });
                }
                // `sender` stays: a channel that lives on would keep a forgotten question, and its asker waiting.
                assert_eq!(ask(sender.clone(), Message::Storm).await, None);
                let told = timeout(Duration::from_secs(60), askers.join_all()).await;
                assert!(told.is_ok(), "somebody still waits for an answer");
                assert!(station.await.unwrap_err().is_panic());
            }
        });
    }
}
