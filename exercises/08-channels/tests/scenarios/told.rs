//! What a subscriber was told, and whether that adds up.

use super::super::{event, poll_once};
use channels::{Event, Events, Seen};
use harness::settle;
use std::task::Poll;

/// What came out of a few calls of `next`.
#[derive(Debug, Default)]
pub struct Told {
    pub seen: Vec<Seen>,
    /// All that it missed.
    pub missed: u64,
    pub ended: bool,
}

impl Told {
    pub fn note(&mut self, seen: Option<Seen>) {
        match seen {
            None => self.ended = true,
            Some(seen) => {
                if let Seen::Missed(missed) = seen {
                    self.missed = self.missed.saturating_add(missed);
                }
                self.seen.push(seen);
            }
        }
    }

    /// How many events it got.
    pub fn events(&self) -> usize {
        let events = self.seen.iter();
        events.filter(|seen| matches!(seen, Seen::Event(_))).count()
    }
}

/// Takes all that there is to tell now.
pub async fn look(events: &mut Events) -> Told {
    settle().await;
    let mut told = Told::default();
    // What never comes to an end is found by those who count.
    while !told.ended && told.seen.len() < 20_000 {
        match poll_once(events.next()).await {
            Poll::Ready(seen) => told.note(seen),
            Poll::Pending => break,
        }
    }
    told
}

/// Of the events after `from`, up to `to`, each was seen in its turn, or is counted where it is missing.
pub fn account(told: &Told, from: usize, to: usize) {
    let mut last = from;
    for seen in &told.seen {
        match seen {
            Seen::Missed(missed) => {
                assert_ne!(
                    *missed, 0,
                    "after event {last}: nothing was missed, and it was told that 0 were"
                );
                assert!(
                    *missed <= (to - last) as u64,
                    "after event {last} it was told that it missed {missed}, and only {} more were published",
                    to - last
                );
                last += *missed as usize;
            }
            Seen::Event(Event(text)) => {
                assert!(
                    last < to,
                    "all {to} events are accounted for, and one more came: {text}"
                );
                last += 1;
                assert_eq!(
                    *text,
                    event(last).0,
                    "what it had seen, and was told that it missed, makes {}. So the next event is this one. Is each event that is missed counted, once, and told where it is missing?",
                    last - 1
                );
            }
        }
    }
    assert_eq!(
        last,
        to,
        "{to} events were published. What it has seen, and was told that it missed, ends with event {last}: the rest is neither seen nor told, and it has to {}",
        if told.ended { "end" } else { "wait" }
    );
}
