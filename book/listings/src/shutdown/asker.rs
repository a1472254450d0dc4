//! An ask that is never answered and never refused, and its cure.

use crate::abandoned::hangs;
use tokio::sync::{mpsc, oneshot, watch};

#[derive(Debug)]
struct Question {
    reply: oneshot::Sender<u32>,
}

// ANCHOR: cure
struct Handle {
    sender: mpsc::Sender<Question>,
    /// The actor holds the other end, and drops it when it ends.
    over: watch::Receiver<()>,
}

impl Handle {
    async fn ask(&self) -> Option<u32> {
        let (reply, mut answer) = oneshot::channel();
        self.sender.send(Question { reply }).await.ok()?;
        let mut over = self.over.clone();
        tokio::select! {
            biased;
            answer = &mut answer => answer.ok(),
            // The answer may have come between the two looks.
            _ = over.changed() => answer.try_recv().ok(),
        }
    }
}
// ANCHOR_END: cure

// ANCHOR: hangs
async fn an_ask_that_hangs() {
    let (sender, mailbox) = mpsc::channel::<Question>(1);
    let slot = sender.reserve().await.unwrap();
    drop(mailbox);
    let (reply, answer) = oneshot::channel();
    slot.send(Question { reply });
    assert!(hangs(answer).await);
}
// ANCHOR_END: hangs

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abandoned::abandoned;
    use harness::{check, in_no_time};
    use std::{thread, time::Duration};
    use tokio::runtime::Builder;

    /// Page: "What the asker sees": a message that comes after the Receiver has gone stays in the channel, with the reply in it.
    #[test]
    fn a_permit_used_after_the_end_hangs() {
        abandoned(an_ask_that_hangs());
    }

    /// Page: "What the asker sees": it is the last Sender that frees it, and the asker has one.
    #[test]
    fn the_last_sender_frees_it() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel::<Question>(1);
            let slot = sender.clone().reserve_owned().await.unwrap();
            drop(mailbox);
            let (reply, answer) = oneshot::channel();
            drop(slot.send(Question { reply }));
            drop(sender);
            assert!(in_no_time("an error", answer).await.is_err());
        });
    }

    /// Page: "What the asker sees": a message that waits while the Receiver is dropped is dropped with it.
    #[test]
    fn what_is_in_the_mailbox_is_dropped_with_it() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel::<Question>(1);
            let (reply, answer) = oneshot::channel();
            sender.send(Question { reply }).await.unwrap();
            drop(mailbox);
            assert!(in_no_time("an error", answer).await.is_err());
            drop(sender);
        });
    }

    /// Page: "What the asker sees": on several threads, with the signal no ask hangs, however the actor ends.
    #[test]
    fn with_the_signal_nobody_hangs() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            for round in 0..200 {
                let (sender, mut mailbox) = mpsc::channel::<Question>(1);
                let (alive, over) = watch::channel(());
                let actor = tokio::spawn(async move {
                    let _alive = alive;
                    while let Some(question) = mailbox.recv().await {
                        let _ = question.reply.send(1);
                        if round % 2 == 0 {
                            thread::yield_now();
                        }
                    }
                });
                let askers: Vec<_> = (0..16)
                    .map(|_| {
                        let handle = Handle {
                            sender: sender.clone(),
                            over: over.clone(),
                        };
                        tokio::spawn(async move { while handle.ask().await.is_some() {} })
                    })
                    .collect();
                drop((sender, over));
                tokio::task::yield_now().await;
                actor.abort();
                for asker in askers {
                    let ended = tokio::time::timeout(Duration::from_secs(60), asker).await;
                    assert!(ended.is_ok(), "an asker hangs in round {round}");
                }
            }
        });
    }

    /// Page: "What the asker sees": the answers that were given are not given up.
    #[test]
    fn an_answer_that_has_come_counts() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel::<Question>(1);
            let (alive, over) = watch::channel(());
            let handle = Handle { sender, over };
            tokio::spawn(async move {
                let _alive = alive;
                if let Some(question) = mailbox.recv().await {
                    let _ = question.reply.send(7);
                }
            });
            assert_eq!(in_no_time("an answer", handle.ask()).await, Some(7));
            assert_eq!(in_no_time("an answer", handle.ask()).await, None);
        });
    }
}
