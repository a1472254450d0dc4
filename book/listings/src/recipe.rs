//! Chapter 01: an actor that owns the topic of a chat room.

pub mod log;
pub mod shared;

use log::Log;

// ANCHOR: uses
use tokio::sync::{mpsc, oneshot};
// ANCHOR_END: uses

// ANCHOR: message
#[derive(Debug)]
enum Message {
    Rename {
        topic: String,
        reply: oneshot::Sender<String>,
    },
    Topic {
        reply: oneshot::Sender<String>,
    },
}
// ANCHOR_END: message

// ANCHOR: actor
struct Room {
    mailbox: mpsc::Receiver<Message>,
    topic: String,
    log: Log,
}
// ANCHOR_END: actor

// ANCHOR: run
impl Room {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.on_message(message).await;
        }
    }

    async fn on_message(&mut self, message: Message) {
        match message {
            Message::Rename { topic, reply } => {
                let line = format!("{} is now {topic}", self.topic);
                self.log.write(line).await;
                let old = std::mem::replace(&mut self.topic, topic);
                let _ = reply.send(old);
            }
            Message::Topic { reply } => {
                let _ = reply.send(self.topic.clone());
            }
        }
    }
}
// ANCHOR_END: run

// ANCHOR: handle
#[derive(Clone)]
pub struct RoomHandle {
    sender: mpsc::Sender<Message>,
}

impl RoomHandle {
    pub fn new(topic: String, log: Log) -> Self {
        let (sender, mailbox) = mpsc::channel(8);
        let room = Room {
            mailbox,
            topic,
            log,
        };
        tokio::spawn(room.run());
        Self { sender }
    }
}
// ANCHOR_END: handle

// ANCHOR: ask
impl RoomHandle {
    /// Changes the topic, and returns the one that it replaces.
    pub async fn rename(&self, topic: String) -> String {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Rename { topic, reply }).await;
        answer.await.expect("the room's task has ended")
    }

    pub async fn topic(&self) -> String {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Topic { reply }).await;
        answer.await.expect("the room's task has ended")
    }
}
// ANCHOR_END: ask

// ANCHOR: two_handles
pub async fn two_handles(log: Log) {
    let room = RoomHandle::new("Rust".to_owned(), log);
    let guest = room.clone();
    let (first, second) = tokio::join!(
        room.rename("Tokio".to_owned()),
        guest.rename("Actors".to_owned()),
    );
    assert_eq!((first.as_str(), second.as_str()), ("Rust", "Tokio"));
    assert_eq!(room.topic().await, "Actors");
}
// ANCHOR_END: two_handles

#[cfg(test)]
mod tests {
    use super::shared::{SharedRoom, rename};
    use super::*;
    use harness::{alive_tasks, check, settle, start_and_drop, within};
    use std::time::Duration;
    use tokio::{runtime::Builder, sync::oneshot::error::TryRecvError, time::timeout};

    fn room() -> RoomHandle {
        RoomHandle::new("Rust".to_owned(), Log::default())
    }

    /// Page: "The handle" and "One message at a time": the log tells what happened, in its order.
    #[test]
    fn renames_one_after_the_other() {
        check(|| async {
            let log = Log::default();
            two_handles(log.clone()).await;
            assert_eq!(log.lines(), ["Rust is now Tokio", "Tokio is now Actors"]);
        });
    }

    /// Page: "The trouble first": both tasks log the topic that they found, and one of them is wrong by then.
    #[test]
    fn two_tasks_rename_the_same_topic_in_the_shared_room() {
        check(|| async {
            let (room, log) = (SharedRoom::new("Rust"), Log::default());
            tokio::join!(
                rename(&room, &log, "Tokio".to_owned()),
                rename(&room, &log, "Actors".to_owned())
            );
            let mut lines = log.lines();
            lines.sort_unstable();
            assert_eq!(lines, ["Rust is now Actors", "Rust is now Tokio"]);
        });
    }

    /// Page: "The trouble first": a caller that gives up at the `.await` takes the rest of the work along.
    #[test]
    fn a_dropped_rename_of_the_shared_room_is_not_done() {
        check(|| async {
            let (room, log) = (SharedRoom::new("Rust"), Log::default());
            let renamed = timeout(
                Duration::from_millis(500),
                rename(&room, &log, "Tokio".to_owned()),
            )
            .await;
            assert!(renamed.is_err());
            assert_eq!(room.topic(), "Rust");
        });
    }

    /// Page: "The reply": the actor finishes what was asked of it, whoever still waits.
    #[test]
    fn a_dropped_call_still_renames() {
        check(|| async {
            let room = room();
            start_and_drop(1, || room.rename("Tokio".to_owned())).await;
            assert_eq!(room.topic().await, "Tokio");
        });
    }

    /// Page: "How it ends".
    #[test]
    fn ends_with_its_last_handle() {
        check(|| async {
            let room = room();
            let guest = room.clone();
            drop(room);
            assert_eq!(alive_tasks().await, 1);
            drop(guest);
            assert_eq!(alive_tasks().await, 0);
        });
    }

    /// Page: "The reply": the send fails when the actor is gone, and the reply's sender goes with the message.
    #[test]
    fn a_failed_send_drops_the_reply_too() {
        check(|| async {
            let (sender, receiver) = mpsc::channel(8);
            drop(receiver);
            let (reply, answer) = oneshot::channel();
            let _ = sender.send(Message::Topic { reply }).await;
            assert!(answer.await.is_err());
        });
    }

    /// Page: "The reply": a result with a name keeps the message, and the reply's sender in it.
    #[test]
    fn a_failed_send_with_a_name_keeps_the_reply() {
        check(|| async {
            let (sender, receiver) = mpsc::channel(8);
            drop(receiver);
            let (reply, mut answer) = oneshot::channel();
            let _sent = sender.send(Message::Topic { reply }).await;
            assert_eq!(answer.try_recv(), Err(TryRecvError::Empty));
            drop(_sent);
            assert_eq!(answer.try_recv(), Err(TryRecvError::Closed));
        });
    }

    /// Page: "The reply": sending a reply to nobody gives it back, and does no more.
    #[test]
    fn a_reply_to_nobody_comes_back() {
        check(|| async {
            let (reply, answer) = oneshot::channel();
            drop(answer);
            assert_eq!(reply.send(7), Err(7));
        });
    }

    /// Page: "The reply": what reaches the channel after its receiver is gone stays there, neither answered nor dropped.
    #[test]
    fn a_message_that_comes_while_the_receiver_is_dropped_is_left_in_the_channel() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(1);
            // The first half of a `send` is done when the actor dies.
            let permit = sender.reserve().await.unwrap();
            drop(mailbox);
            let (reply, mut answer) = oneshot::channel();
            permit.send(Message::Topic { reply });
            assert_eq!(answer.try_recv(), Err(TryRecvError::Empty));
            drop(sender);
            assert_eq!(answer.try_recv(), Err(TryRecvError::Closed));
        });
    }

    /// Page: "How it ends": with its runtime a task ends where it stands, and so does what waits in its mailbox.
    #[test]
    fn a_runtime_that_ends_leaves_what_is_in_the_mailbox_undone() {
        let log = Log::default();
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let room = RoomHandle::new("Rust".to_owned(), log.clone());
            let (reply, _) = oneshot::channel();
            let topic = "Tokio".to_owned();
            let message = Message::Rename { topic, reply };
            room.sender.try_send(message).unwrap();
        });
        drop(runtime);
        assert!(log.lines().is_empty());
    }

    /// Page: "How it ends": what is in the mailbox is handled first, then `recv` gives None.
    #[test]
    fn messages_in_the_mailbox_outlive_the_last_sender() {
        check(|| async {
            let (sender, mut receiver) = mpsc::channel(8);
            sender.send(1).await.unwrap();
            sender.send(2).await.unwrap();
            drop(sender);
            assert_eq!(receiver.recv().await, Some(1));
            assert_eq!(receiver.recv().await, Some(2));
            assert_eq!(receiver.recv().await, None);
        });
    }

    /// Page: "The mailbox": a full one makes the sender wait, until there is a slot again.
    #[test]
    fn a_full_mailbox_makes_the_sender_wait() {
        check(|| async {
            let (sender, mut receiver) = mpsc::channel(1);
            sender.send(1).await.unwrap();
            let second = tokio::spawn(async move { sender.send(2).await });
            settle().await;
            assert!(!second.is_finished());
            assert_eq!(receiver.recv().await, Some(1));
            within("the second send", second).await.unwrap().unwrap();
            assert_eq!(receiver.recv().await, Some(2));
        });
    }
}
