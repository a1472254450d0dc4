//! A room whose members read at their own speed, or not at all.

use tokio::sync::mpsc;

// ANCHOR: room
#[derive(Default)]
pub struct Room {
    /// Each member's connection holds the other end. Dropping a sender ends the connection, after what is in its mailbox.
    members: Vec<mpsc::Sender<String>>,
}

impl Room {
    /// Says it to every member that keeps up. One that does not is no member any more.
    pub fn say(&mut self, text: &str) {
        self.members
            .retain(|member| member.try_send(text.to_owned()).is_ok());
    }
}
// ANCHOR_END: room

impl Room {
    pub fn join(&mut self, capacity: usize) -> mpsc::Receiver<String> {
        let (sender, mailbox) = mpsc::channel(capacity);
        self.members.push(sender);
        mailbox
    }

    pub fn members(&self) -> usize {
        self.members.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, settle};
    use std::{future::pending, time::Duration};
    use tokio::time::{sleep, timeout};

    /// Page: "Let the slow one go": a member that does not read is dropped when its mailbox is full, and nobody else notices.
    #[test]
    fn a_member_that_does_not_keep_up_is_dropped() {
        check(|| async {
            let mut room = Room::default();
            let (mut slow, mut fast) = (room.join(4), room.join(4));
            for number in 1..=10 {
                room.say(&number.to_string());
                assert_eq!(fast.recv().await, Some(number.to_string()));
            }
            assert_eq!(room.members(), 1);
            for number in 1..=4 {
                assert_eq!(slow.recv().await, Some(number.to_string()));
            }
            assert_eq!(slow.recv().await, None);
        });
    }

    /// Page: "Let the slow one go": a connection that is stuck in a write does not come to its `recv`, and a time-out helps.
    #[test]
    fn a_stuck_write_needs_a_time_out() {
        check(|| async {
            for (patience, ends) in [(Duration::MAX, false), (Duration::from_secs(10), true)] {
                let mut room = Room::default();
                let mut mailbox = room.join(4);
                let connection = tokio::spawn(async move {
                    while mailbox.recv().await.is_some() {
                        // The other end does not read, so the write never ends.
                        if timeout(patience, pending::<()>()).await.is_err() {
                            break;
                        }
                    }
                });
                for number in 1..=10 {
                    room.say(&number.to_string());
                    settle().await;
                }
                assert_eq!(room.members(), 0);
                sleep(Duration::from_secs(10 * 3600)).await;
                assert_eq!(connection.is_finished(), ends);
                connection.abort();
            }
        });
    }

    /// Page: "Let the slow one go": a room that waits for each member is as slow as the slowest one.
    #[test]
    fn a_room_that_waits_is_as_slow_as_its_slowest_member() {
        check(|| async {
            let mut room = Room::default();
            let (_slow, mut fast) = (room.join(4), room.join(4));
            let waits = tokio::spawn(async move {
                for number in 1..=10 {
                    for member in &room.members {
                        member.send(number.to_string()).await.unwrap();
                    }
                }
            });
            settle().await;
            let mut heard = 0;
            while fast.try_recv().is_ok() {
                heard += 1;
                settle().await;
            }
            assert_eq!(heard, 4);
            assert!(!waits.is_finished());
            waits.abort();
        });
    }
}
