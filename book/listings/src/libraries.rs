//! Chapter 15: what pays, by hand. Asks that are under way together, a mailbox that is read many at a time, and where `block_on` runs. The
//! actor libraries are in a crate of their own, `book/libraries`.

pub mod batches;

use tokio::sync::{mpsc, oneshot};

/// Gives out numbers: chapter 1's exercise.
#[derive(Clone)]
pub struct SequencerHandle {
    sender: mpsc::Sender<AskNumber>,
}

#[derive(Debug)]
struct AskNumber {
    reply: oneshot::Sender<u64>,
}

impl SequencerHandle {
    /// A mailbox for eight.
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(sequencer(mailbox));
        Self { sender }
    }

    /// The next number.
    ///
    /// # Panics
    /// The actor is gone.
    pub async fn next_number(&self) -> u64 {
        let (reply, number) = oneshot::channel();
        let _ = self.sender.send(AskNumber { reply }).await;
        number.await.expect("the sequencer is gone")
    }
}

async fn sequencer(mut mailbox: mpsc::Receiver<AskNumber>) {
    let mut last = 0;
    while let Some(AskNumber { reply }) = mailbox.recv().await {
        last += 1;
        let _ = reply.send(last);
    }
}

// ANCHOR: one
/// Three numbers, each asked for when the last one has come.
pub async fn one_after_the_other(sequencer: &SequencerHandle) -> [u64; 3] {
    let first = sequencer.next_number().await;
    let second = sequencer.next_number().await;
    let third = sequencer.next_number().await;
    [first, second, third]
}
// ANCHOR_END: one

// ANCHOR: together
/// Three numbers, all asked for before the first one comes.
pub async fn together(sequencer: &SequencerHandle) -> [u64; 3] {
    let asks = tokio::join!(
        sequencer.next_number(),
        sequencer.next_number(),
        sequencer.next_number(),
    );
    asks.into()
}
// ANCHOR_END: together

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, count_polls};
    use std::thread;
    use tokio::runtime::Builder;

    /// How often the actor's task is polled, and the caller's, for three asks by `ask`.
    async fn polls<F>(ask: impl FnOnce(SequencerHandle) -> F) -> (usize, usize)
    where
        F: Future<Output = [u64; 3]>,
    {
        let (sender, mailbox) = mpsc::channel(8);
        let actor = tokio::spawn(count_polls(sequencer(mailbox)));
        let (numbers, caller) = count_polls(ask(SequencerHandle { sender })).await;
        assert_eq!(numbers, [1, 2, 3]);
        let ((), actor) = actor.await.unwrap();
        // The last poll finds that no handle is left.
        (actor - 1, caller)
    }

    /// Page: "What pays": the actor is woken three times, or once; and so is the caller.
    #[test]
    fn asks_that_are_under_way_together_wake_the_actor_once() {
        check(|| async {
            let one = polls(|sequencer| async move { one_after_the_other(&sequencer).await });
            let (actor, caller) = tokio::spawn(async { Box::pin(one).await }).await.unwrap();
            assert!(actor >= 3 && caller >= 4, "{actor} {caller}");
            let all = polls(|sequencer| async move { together(&sequencer).await });
            let (actor, caller) = tokio::spawn(async { Box::pin(all).await }).await.unwrap();
            assert_eq!((actor, caller), (1, 2));
        });
    }

    /// Page: "What misleads": on many threads, the future of `block_on` runs on the thread that called it, and no task does.
    #[test]
    fn block_on_is_no_worker() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        runtime.block_on(async {
            let here = thread::current().id();
            let task = tokio::spawn(async { thread::current().id() });
            assert_ne!(task.await.unwrap(), here);
            tokio::task::yield_now().await;
            assert_eq!(thread::current().id(), here);
        });
    }
}
