//! The trouble that the chapter begins with: a tell that ignores what `send` says.

use super::{Ringer, bell::Bell};
use std::time::Duration;
use tokio::sync::mpsc;

// ANCHOR: ring
#[derive(Clone)]
pub struct BellsHandle {
    sender: mpsc::Sender<u32>,
}

impl BellsHandle {
    pub async fn ring(&self, floor: u32) {
        let _ = self.sender.send(floor).await;
    }
}
// ANCHOR_END: ring

impl BellsHandle {
    pub fn new(capacity: usize, bell: Bell) -> Self {
        let (sender, mailbox) = mpsc::channel(capacity);
        tokio::spawn(Ringer { mailbox, bell }.run());
        Self { sender }
    }
}

// ANCHOR: visitors
/// A visitor comes every ten seconds. How many of five believe that they have rung.
pub async fn visitors(bells: BellsHandle) -> usize {
    let mut believe = 0;
    for floor in 1..=5 {
        bells.ring(floor).await;
        believe += 1;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    believe
}
// ANCHOR_END: visitors

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "The trouble first": two of five rang, and all five visitors go away content.
    #[test]
    fn nobody_hears_that_the_ringer_has_ended() {
        check(|| async {
            let bell = Bell::torn_after(2);
            let bells = BellsHandle::new(8, bell.clone());
            assert_eq!(visitors(bells).await, 5);
            assert_eq!(bell.rung(), [1, 2]);
        });
    }
}
