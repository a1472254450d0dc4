//! A station that waits for no listener.

use std::collections::HashMap;
use tokio::sync::{mpsc, oneshot};

// ANCHOR: listener
struct Listener {
    outbox: mpsc::Sender<String>,
    /// Nothing is ever sent on it. Dropping it says: you are not listening any more.
    _lost: oneshot::Sender<()>,
}
// ANCHOR_END: listener

/// Not an actor here: what one does with a message.
#[derive(Default)]
pub struct Station {
    listeners: HashMap<u32, Listener>,
}

impl Station {
    pub fn tune_in(
        &mut self,
        number: u32,
        slots: usize,
    ) -> (mpsc::Receiver<String>, oneshot::Receiver<()>) {
        let (outbox, hears) = mpsc::channel(slots);
        let (_lost, is_lost) = oneshot::channel();
        self.listeners.insert(number, Listener { outbox, _lost });
        (hears, is_lost)
    }

    // ANCHOR: play
    /// Plays it to all, and returns those who were lost: they were too slow, or have gone.
    pub fn play(&mut self, song: &str) -> Vec<u32> {
        let is_lost = |_: &u32, listener: &mut Listener| {
            let sent = listener.outbox.try_send(song.to_owned());
            sent.is_err()
        };
        let lost = self.listeners.extract_if(is_lost);
        lost.map(|(number, _)| number).collect()
    }
    // ANCHOR_END: play
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, within};

    /// Page: "Slow clients".
    #[test]
    fn a_listener_that_is_lost_hears_so() {
        check(|| async {
            let mut station = Station::default();
            let (mut one, _is_lost) = station.tune_in(1, 8);
            let (mut two, is_lost) = station.tune_in(2, 2);
            assert!(station.play("a").is_empty());
            assert!(station.play("b").is_empty());
            assert_eq!(station.play("c"), [2]);
            assert!(station.play("d").is_empty(), "and that once");
            assert!(
                within("the news that it is lost", is_lost).await.is_err(),
                "nothing was sent: it was dropped"
            );
            for song in ["a", "b", "c", "d"] {
                assert_eq!(one.recv().await.as_deref(), Some(song));
            }
            // What was in its slots is still there.
            assert_eq!(two.recv().await.as_deref(), Some("a"));
            assert_eq!(two.recv().await.as_deref(), Some("b"));
            assert_eq!(two.recv().await, None);
        });
    }
}
