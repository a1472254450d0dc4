//! Three ways to silence the bells now, two of which work.

use super::bell::{Bell, Torn};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
};

pub mod by_message {
    //! A message that says stop, in the mailbox with all others.

    use super::*;
    use tokio::sync::mpsc::error::TrySendError;

    // ANCHOR: message
    enum Message {
        Ring(u32),
        Stop,
    }
    // ANCHOR_END: message

    struct Ringer {
        mailbox: mpsc::Receiver<Message>,
        bell: Bell,
    }

    // ANCHOR: run
    impl Ringer {
        async fn run(mut self) -> Result<(), Torn> {
            while let Some(Message::Ring(floor)) = self.mailbox.recv().await {
                self.bell.ring(floor).await?;
            }
            Ok(())
        }
    }
    // ANCHOR_END: run

    #[derive(Clone)]
    pub struct BellsHandle {
        sender: mpsc::Sender<Message>,
    }

    impl BellsHandle {
        pub fn new(capacity: usize, bell: Bell) -> Self {
            let (sender, mailbox) = mpsc::channel(capacity);
            tokio::spawn(Ringer { mailbox, bell }.run());
            Self { sender }
        }

        pub async fn ring(&self, floor: u32) {
            let _ = self.sender.send(Message::Ring(floor)).await;
        }

        // ANCHOR: silence
        pub async fn silence(&self) {
            let _ = self.sender.send(Message::Stop).await;
        }
        // ANCHOR_END: silence

        /// The same, and it does not wait: whether the message was taken.
        pub fn try_silence(&self) -> bool {
            !matches!(
                self.sender.try_send(Message::Stop),
                Err(TrySendError::Full(_))
            )
        }
    }
}

pub mod by_abort {
    //! The handle keeps the means to abort the task.

    use super::*;

    // ANCHOR: abort
    #[derive(Clone)]
    pub struct BellsHandle {
        sender: mpsc::Sender<u32>,
        /// Ends the ringer where it stands.
        task: AbortHandle,
    }

    impl BellsHandle {
        pub fn new(capacity: usize, bell: Bell) -> Self {
            let (sender, mailbox) = mpsc::channel(capacity);
            let ringer = super::super::Ringer { mailbox, bell };
            let task = tokio::spawn(ringer.run()).abort_handle();
            Self { sender, task }
        }

        pub fn silence(&self) {
            self.task.abort();
        }
    }
    // ANCHOR_END: abort

    impl BellsHandle {
        pub async fn ring(&self, floor: u32) -> Result<(), super::super::Closed> {
            let sent = self.sender.send(floor).await;
            sent.map_err(|_| super::super::Closed)
        }

        pub async fn gone(&self) {
            self.sender.closed().await;
        }
    }
}

pub mod by_signal {
    //! A signal beside the mailbox, for an actor that has something to do before it ends.

    use super::*;

    struct Ringer {
        mailbox: mpsc::Receiver<u32>,
        bell: Bell,
    }

    // ANCHOR: run
    impl Ringer {
        async fn run(mut self, mut silence: watch::Receiver<bool>) {
            tokio::select! {
                biased;
                Ok(_) = silence.wait_for(|silence| *silence) => {}
                _ = self.ring_all() => {}
            }
            self.bell.cover();
        }
        // ANCHOR_END: run

        async fn ring_all(&mut self) -> Result<(), Torn> {
            while let Some(floor) = self.mailbox.recv().await {
                self.bell.ring(floor).await?;
            }
            Ok(())
        }
    }

    #[derive(Clone)]
    pub struct BellsHandle {
        sender: mpsc::Sender<u32>,
        silence: watch::Sender<bool>,
    }

    impl BellsHandle {
        pub fn new(capacity: usize, bell: Bell) -> Self {
            let (sender, mailbox) = mpsc::channel(capacity);
            let (silence, silenced) = watch::channel(false);
            tokio::spawn(Ringer { mailbox, bell }.run(silenced));
            Self { sender, silence }
        }

        pub async fn ring(&self, floor: u32) -> Result<(), super::super::Closed> {
            let sent = self.sender.send(floor).await;
            sent.map_err(|_| super::super::Closed)
        }

        // ANCHOR: silence
        pub fn silence(&self) {
            self.silence.send_replace(true);
        }
        // ANCHOR_END: silence
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Closed, *};
    use harness::{check, settle, within};
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    const SECOND: Duration = Duration::from_secs(1);

    /// Page: "End it": two rings wait, one is under way, and the message comes behind them.
    #[test]
    fn a_stop_message_waits_like_all_others() {
        check(|| async {
            let bell = Bell::default();
            let bells = by_message::BellsHandle::new(2, bell.clone());
            for floor in 1..=3 {
                bells.ring(floor).await;
                settle().await;
            }
            assert!(!bells.try_silence());
            let start = Instant::now();
            bells.silence().await;
            assert_eq!(start.elapsed(), SECOND);
            sleep(10 * SECOND).await;
            assert_eq!(bell.rung(), [1, 2, 3]);
        });
    }

    /// Page: "End it": an abort ends the ring that is under way, and what waits is never rung. Those who wait are told.
    #[test]
    fn an_abort_overtakes_everything() {
        check(|| async {
            let bell = Bell::default();
            let bells = by_abort::BellsHandle::new(2, bell.clone());
            for floor in 1..=3 {
                bells.ring(floor).await.unwrap();
                settle().await;
            }
            let other = bells.clone();
            let waits = tokio::spawn(async move { other.ring(4).await });
            settle().await;
            let start = Instant::now();
            bells.silence();
            within("the end", bells.gone()).await;
            assert_eq!(waits.await.unwrap(), Err(Closed));
            assert_eq!(bells.ring(5).await, Err(Closed));
            assert_eq!(start.elapsed(), Duration::ZERO);
            sleep(10 * SECOND).await;
            assert!(bell.rung().is_empty());
            // Once more, and after the end: nothing happens.
            bells.silence();
        });
    }

    /// Page: "End it": the same by a signal, and the bell is covered. Without the signal the accepted rings are rung first.
    #[test]
    fn a_signal_leaves_time_for_a_last_deed() {
        check(|| async {
            for silenced in [true, false] {
                let bell = Bell::default();
                let bells = by_signal::BellsHandle::new(2, bell.clone());
                for floor in 1..=3 {
                    bells.ring(floor).await.unwrap();
                    settle().await;
                }
                if silenced {
                    bells.silence();
                    assert_eq!(bells.ring(4).await, Err(Closed));
                }
                drop(bells);
                sleep(10 * SECOND).await;
                assert!(bell.is_covered());
                assert_eq!(bell.rung().len(), if silenced { 0 } else { 3 });
            }
        });
    }

    /// Page: "End it": with `_ =` for `Ok(_) =`, the last handle's end is taken for the signal.
    #[test]
    fn a_watch_whose_sender_is_gone_answers_at_once() {
        check(|| async {
            let (sender, mut receiver) = watch::channel(false);
            drop(sender);
            let signal = receiver.wait_for(|silence| *silence);
            assert!(within("an answer", signal).await.is_err());
        });
    }
}
