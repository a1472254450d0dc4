//! Chapter 12: an actor that translates lines, slower than they may come in, and the ways to send to it when its mailbox is full.

pub mod load;
pub mod per_author;
pub mod slow_member;
pub mod spawned;
pub mod unbounded;
pub mod workers;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::mpsc::{
        self,
        error::{SendError, SendTimeoutError, TrySendError},
    },
    time::{Instant, sleep},
};

/// What the translation of one line takes: ten lines a second.
pub const WORK: Duration = Duration::from_millis(100);

pub async fn translate(line: &str) -> String {
    sleep(WORK).await;
    line.to_uppercase()
}

/// What the room sees. It keeps what it has shown, so that tests can read it.
#[derive(Clone, Default)]
pub struct Screen(Arc<Mutex<Vec<Shown>>>);

#[derive(Clone)]
pub struct Shown {
    pub text: String,
    pub at: Instant,
    /// How many lines waited to be translated then.
    pub waiting: usize,
}

impl Screen {
    pub fn show(&self, text: String, waiting: usize) {
        let at = Instant::now();
        let mut shown = self.0.lock().expect("nobody panicked");
        shown.push(Shown { text, at, waiting });
    }

    pub fn shown(&self) -> Vec<Shown> {
        self.0.lock().expect("nobody panicked").clone()
    }

    pub fn texts(&self) -> Vec<String> {
        self.shown().into_iter().map(|shown| shown.text).collect()
    }
}

// ANCHOR: actor
struct Translator {
    mailbox: mpsc::Receiver<String>,
    screen: Screen,
}

impl Translator {
    async fn run(mut self) {
        while let Some(line) = self.mailbox.recv().await {
            let translation = translate(&line).await;
            self.screen.show(translation, self.mailbox.len());
        }
    }
}
// ANCHOR_END: actor

// ANCHOR: handle
#[derive(Clone)]
pub struct TranslatorHandle {
    sender: mpsc::Sender<String>,
}

impl TranslatorHandle {
    pub fn new(capacity: usize, screen: Screen) -> Self {
        let (sender, mailbox) = mpsc::channel(capacity);
        tokio::spawn(Translator { mailbox, screen }.run());
        Self { sender }
    }
}
// ANCHOR_END: handle

// ANCHOR: send
impl TranslatorHandle {
    /// Waits for a slot, as long as it takes.
    pub async fn tell(&self, line: String) -> Result<(), SendError<String>> {
        self.sender.send(line).await
    }

    /// Takes a slot if there is one now.
    pub fn try_tell(&self, line: String) -> Result<(), TrySendError<String>> {
        self.sender.try_send(line)
    }

    /// Waits for a slot, but no longer than `longest`.
    pub async fn tell_within(
        &self,
        line: String,
        longest: Duration,
    ) -> Result<(), SendTimeoutError<String>> {
        self.sender.send_timeout(line, longest).await
    }
}
// ANCHOR_END: send

// ANCHOR: reserve
impl TranslatorHandle {
    /// Waits for a slot, and only then makes the line.
    pub async fn tell_with(&self, line: impl FnOnce() -> String) -> Result<(), SendError<()>> {
        let slot = self.sender.reserve().await?;
        slot.send(line());
        Ok(())
    }
}
// ANCHOR_END: reserve

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{accepted_sends, check, on_a_runtime_that_ends, settle, start_and_drop, within};
    use std::{cell::Cell, future::poll_fn, pin::pin, task::Poll};
    use tokio::{task::yield_now, time::timeout};

    /// A translator that is busy, and whose mailbox is full.
    async fn full(capacity: usize) -> (TranslatorHandle, Screen) {
        let screen = Screen::default();
        let translator = TranslatorHandle::new(capacity, screen.clone());
        translator.tell("at work".to_owned()).await.unwrap();
        settle().await;
        for number in 0..capacity {
            translator.try_tell(format!("waits {number}")).unwrap();
        }
        (translator, screen)
    }

    /// Page: "The idea": a mailbox for `n` takes `n` messages.
    #[test]
    fn a_mailbox_for_n_takes_n() {
        check(|| async {
            for capacity in [1, 8] {
                let (sender, _mailbox) = mpsc::channel(capacity);
                let accepted = accepted_sends(100, || sender.send(())).await;
                assert_eq!(accepted, Some(capacity));
            }
        });
    }

    /// Page: "Who waits, and who is refused": `send` waits until the translator takes a line out.
    #[test]
    fn send_waits_for_a_slot() {
        check(|| async {
            let (translator, _screen) = full(1).await;
            let start = Instant::now();
            within("a slot", translator.tell("one".to_owned()))
                .await
                .unwrap();
            assert_eq!(start.elapsed(), WORK);
        });
    }

    /// Page: "Who waits, and who is refused": `try_send` says at once what the matter is, and the line comes back.
    #[test]
    fn try_send_refuses_and_gives_the_line_back() {
        check(|| async {
            let (translator, _screen) = full(2).await;
            let refused = translator.try_tell("one".to_owned());
            assert!(matches!(refused, Err(TrySendError::Full(line)) if line == "one"));

            let (sender, mailbox) = mpsc::channel(1);
            drop(mailbox);
            assert!(matches!(sender.try_send(1), Err(TrySendError::Closed(1))));
        });
    }

    /// Page: "Who waits, and who is refused": slots go to those who wait for them, in turn. Nobody overtakes with `try_send`.
    #[test]
    fn try_send_does_not_overtake_those_who_wait() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(1);
            sender.send(1).await.unwrap();
            let waits = tokio::spawn({
                let sender = sender.clone();
                async move { sender.send(2).await }
            });
            settle().await;
            assert_eq!(mailbox.recv().await, Some(1));
            // The mailbox is empty, and its slot is promised.
            assert_eq!(mailbox.len(), 0);
            assert!(matches!(sender.try_send(3), Err(TrySendError::Full(3))));
            waits.await.unwrap().unwrap();
            assert_eq!(mailbox.recv().await, Some(2));
        });
    }

    /// The same on many threads: a caller in line is the next, however many others try.
    #[test]
    fn nobody_overtakes_on_many_threads() {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(4).build().unwrap();
        for _ in 0..200 {
            runtime.block_on(async {
                let (sender, mut mailbox) = mpsc::channel(1);
                sender.send("first").await.unwrap();
                let mut in_line = pin!(sender.send("in line"));
                assert!(poll_fn(|cx| Poll::Ready(in_line.as_mut().poll(cx).is_pending())).await);
                let others: Vec<_> = (0..3)
                    .map(|_| sender.clone())
                    .map(|sender| {
                        tokio::spawn(async move {
                            while !matches!(sender.try_send("tries"), Err(TrySendError::Closed(_)))
                            {
                                yield_now().await;
                            }
                        })
                    })
                    .collect();
                assert_eq!(mailbox.recv().await, Some("first"));
                in_line.await.unwrap();
                assert_eq!(mailbox.recv().await, Some("in line"));
                drop(mailbox);
                for other in others {
                    other.await.unwrap();
                }
            });
        }
    }

    /// Page: "Who waits, and who is refused": two slots that are given at the same moment may be used in either order.
    #[test]
    fn slots_are_given_in_turn_and_used_in_any_order() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(2);
            for _ in 0..2 {
                sender.send("before").await.unwrap();
            }
            let (mut one, mut two) = (pin!(sender.send("one")), pin!(sender.send("two")));
            for call in [&mut one, &mut two] {
                assert!(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
            }
            for _ in 0..2 {
                assert_eq!(mailbox.recv().await, Some("before"));
            }
            // Both have a slot now. On many threads, either may run first.
            two.await.unwrap();
            one.await.unwrap();
            assert_eq!(mailbox.recv().await, Some("two"));
            assert_eq!(mailbox.recv().await, Some("one"));
        });
    }

    /// Page: "Who waits, and who is refused": those who wait get their slots in the order in which they came.
    #[test]
    fn slots_are_given_in_turn() {
        check(|| async {
            let (translator, screen) = full(1).await;
            for line in ["one", "two", "three"] {
                let translator = translator.clone();
                tokio::spawn(async move { translator.tell(line.to_owned()).await });
                settle().await;
            }
            drop(translator);
            sleep(10 * WORK).await;
            assert_eq!(
                screen.texts(),
                ["AT WORK", "WAITS 0", "ONE", "TWO", "THREE"]
            );
        });
    }

    /// Page: "Who waits, and who is refused": `send_timeout` gives up at its time, and the line comes back.
    #[test]
    fn send_timeout_gives_up_and_gives_the_line_back() {
        check(|| async {
            let (translator, screen) = full(8).await;
            let start = Instant::now();
            let longest = Duration::from_millis(30);
            let refused = translator.tell_within("one".to_owned(), longest).await;
            assert_eq!(start.elapsed(), longest);
            assert!(matches!(refused, Err(SendTimeoutError::Timeout(line)) if line == "one"));
            // With more patience it gets the next slot.
            let accepted = translator.tell_within("two".to_owned(), WORK).await;
            assert!(accepted.is_ok());
            assert_eq!(start.elapsed(), WORK);
            drop(translator);
            sleep(20 * WORK).await;
            assert_eq!(screen.texts().len(), 10);
            assert!(!screen.texts().contains(&"ONE".to_owned()));
        });
    }

    /// Page: "Who waits, and who is refused": a time-out around `send` drops the future, and the line with it.
    #[test]
    fn a_time_out_around_send_drops_the_line() {
        struct Line(std::sync::Weak<()>, #[expect(dead_code)] Arc<()>);
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(1);
            let line = || {
                let whole = Arc::new(());
                Line(Arc::downgrade(&whole), whole)
            };
            let first = line();
            sender.send(first).await.unwrap();
            let second = line();
            let alive = second.0.clone();
            assert!(timeout(WORK, sender.send(second)).await.is_err());
            assert!(alive.upgrade().is_none(), "the line is gone");
            assert!(mailbox.recv().await.is_some());
            assert!(mailbox.try_recv().is_err(), "and it was not sent");
        });
    }

    /// Page: "Who waits, and who is refused": what is dropped while it waits takes no slot, and makes no line.
    #[test]
    fn a_line_is_made_when_there_is_a_slot_for_it() {
        check(|| async {
            let (translator, screen) = full(1).await;
            let made = Cell::new(0);
            let make = || {
                made.set(made.get() + 1);
                "made".to_owned()
            };
            start_and_drop(10, || translator.tell_with(make)).await;
            assert_eq!(made.get(), 0);
            within("a slot", translator.tell_with(make)).await.unwrap();
            assert_eq!(made.get(), 1);
            drop(translator);
            sleep(5 * WORK).await;
            assert_eq!(screen.texts(), ["AT WORK", "WAITS 0", "MADE"]);
        });
    }

    /// Page: "Who waits, and who is refused": a slot that was reserved and not used is given back when it is dropped.
    #[test]
    fn a_dropped_slot_is_free_again() {
        check(|| async {
            let (sender, _mailbox) = mpsc::channel::<u32>(1);
            let slot = sender.reserve().await.unwrap();
            assert!(matches!(sender.try_send(1), Err(TrySendError::Full(1))));
            drop(slot);
            assert!(sender.try_send(1).is_ok());
            assert!(matches!(sender.try_reserve(), Err(TrySendError::Full(()))));
        });
    }

    /// Page: "Where it goes wrong": a wait without an end.
    #[test]
    fn timeout_and_send_timeout_take_any_duration() {
        check(|| async {
            let (sender, mut mailbox) = mpsc::channel(1);
            sender.send_timeout(1, Duration::MAX).await.unwrap();
            let refused = sender.send_timeout(2, Duration::ZERO).await;
            assert!(matches!(refused, Err(SendTimeoutError::Timeout(2))));
            assert_eq!(timeout(Duration::MAX, mailbox.recv()).await, Ok(Some(1)));
            assert!(Instant::now().checked_add(Duration::MAX).is_none());
        });
    }

    /// Page: "Where it goes wrong".
    #[test]
    #[should_panic(expected = "overflow when adding duration to instant")]
    fn an_instant_has_an_end() {
        let _ = Instant::now() + Duration::MAX;
    }

    /// Page: "Where it goes wrong".
    #[test]
    #[should_panic(expected = "mpsc bounded channel requires buffer > 0")]
    fn a_mailbox_for_none_panics() {
        let _ = mpsc::channel::<u32>(0);
    }

    /// Page: "Who waits, and who is refused": what was accepted is translated, also when the last handle is gone.
    #[test]
    fn accepted_lines_outlive_the_last_handle() {
        check(|| async {
            let (translator, screen) = full(8).await;
            drop(translator);
            sleep(60 * WORK).await;
            assert_eq!(screen.texts().len(), 9);
        });
    }

    /// Page: "Who waits, and who is refused": ... as long as the runtime lives.
    #[test]
    fn accepted_lines_are_lost_with_the_runtime() {
        check(|| async {
            let (_translator, screen) = on_a_runtime_that_ends(|| full(8));
            sleep(60 * WORK).await;
            assert!(screen.texts().is_empty());
        });
    }
}
