//! Chapter 16: a room as it is usually written. `radio` and `tables` are two parts of the page's design, in another place.

pub mod radio;
pub mod tables;

use std::collections::{BTreeMap, HashMap};
use tokio::sync::mpsc;

// ANCHOR: message
#[derive(Debug)]
pub enum ToRoom {
    Join { name: String, member: Outbox },
    Say { name: String, text: String },
    Leave { name: String },
}

/// What a member's connection writes comes out of the other end.
type Outbox = mpsc::Sender<String>;
// ANCHOR_END: message

pub struct Room {
    mailbox: mpsc::Receiver<ToRoom>,
    members: BTreeMap<String, Outbox>,
}

// ANCHOR: usual
impl Room {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                ToRoom::Join { name, member } => {
                    self.members.insert(name.clone(), member);
                    self.tell_all(format!("{name} is here")).await;
                }
                ToRoom::Say { name, text } => {
                    self.tell_all(format!("{name}: {text}")).await;
                }
                ToRoom::Leave { name } => {
                    self.members.remove(&name);
                    self.tell_all(format!("{name} has left")).await;
                }
            }
        }
    }

    async fn tell_all(&self, line: String) {
        for member in self.members.values() {
            member.send(line.clone()).await.unwrap();
        }
    }
}
// ANCHOR_END: usual

// ANCHOR: rooms
#[derive(Default)]
pub struct Rooms {
    rooms: HashMap<String, mpsc::Sender<ToRoom>>,
}

impl Rooms {
    pub fn room(&mut self, name: &str) -> mpsc::Sender<ToRoom> {
        let room = self.rooms.entry(name.to_owned());
        room.or_insert_with(open).clone()
    }
}
// ANCHOR_END: rooms

pub fn open() -> mpsc::Sender<ToRoom> {
    let (sender, mailbox) = mpsc::channel(8);
    let room = Room {
        mailbox,
        members: BTreeMap::new(),
    };
    tokio::spawn(room.run());
    sender
}

/// What a connection does about its room: the half that reads, and the half that writes.
#[derive(Clone)]
pub struct Member {
    pub room: mpsc::Sender<ToRoom>,
    pub name: String,
}

impl Member {
    pub async fn join(&self, member: Outbox) {
        let name = self.name.clone();
        let _ = self.room.send(ToRoom::Join { name, member }).await;
    }

    pub async fn say(&self, text: &str) {
        let (name, text) = (self.name.clone(), text.to_owned());
        let _ = self.room.send(ToRoom::Say { name, text }).await;
    }

    // ANCHOR: halves
    /// The half that reads: `end` is the end of the stream.
    pub async fn reads(self, end: impl Future) {
        end.await;
        let Self { room, name } = self;
        let _ = room.send(ToRoom::Leave { name }).await;
    }

    /// The half that writes, until a write fails.
    pub async fn writes(self, failed: impl Future) {
        failed.await;
        let Self { room, name } = self;
        let _ = room.send(ToRoom::Leave { name }).await;
    }
    // ANCHOR_END: halves
}

/// Ann and Ben are in a room. Ben's connection has gone, and his Leave is on its way. Ann speaks.
pub async fn gone() {
    let (ann, mut ann_hears, ben, ben_hears) = two().await;
    drop(ben_hears);
    ann.say("Ben?").await;
    drop(ben);
    while ann_hears.recv().await.is_some() {}
}

/// Ben is connected, and does not read: his outbox has two slots.
pub async fn slow() {
    let (ann, mut ann_hears, _ben, _ben_hears) = two().await;
    tokio::spawn(speaks(ann));
    while ann_hears.recv().await.is_some() {}
}

async fn speaks(ann: Member) {
    for number in 1..=3 {
        ann.say(&number.to_string()).await;
    }
}

/// Ben's stream ends: both halves of his connection see it.
pub async fn twice() -> Vec<String> {
    let (ann, mut ann_hears, ben, _ben_hears) = two().await;
    let (reader, writer) = (ben.clone(), ben);
    tokio::spawn(reader.reads(std::future::ready(())));
    tokio::spawn(writer.writes(std::future::ready(())));
    drop(ann);
    let mut lines = Vec::new();
    while let Some(line) = ann_hears.recv().await {
        lines.push(line);
    }
    lines
}

async fn two() -> (
    Member,
    mpsc::Receiver<String>,
    Member,
    mpsc::Receiver<String>,
) {
    let room = open();
    let member = |name: &str| Member {
        room: room.clone(),
        name: name.to_owned(),
    };
    let (ann, ben) = (member("Ann"), member("Ben"));
    let (outbox, mut ann_hears) = mpsc::channel(8);
    ann.join(outbox).await;
    let (outbox, ben_hears) = mpsc::channel(2);
    ben.join(outbox).await;
    // That both are there.
    for _ in 0..2 {
        ann_hears.recv().await;
    }
    (ann, ann_hears, ben, ben_hears)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, expect_panics, settle, within};
    use std::time::Duration;
    use tokio::time::timeout;

    /// Page: "The trouble first": the room panics, and Ann hears no more.
    #[test]
    fn one_that_went_ends_the_room() {
        check(|| async {
            expect_panics("called `Result::unwrap()` on an `Err` value: SendError");
            let (ann, mut ann_hears, ben, ben_hears) = two().await;
            drop(ben_hears);
            ann.say("Ben?").await;
            let mut heard = Vec::new();
            while let Some(line) = within("a line, or the end", ann_hears.recv()).await {
                heard.push(line);
            }
            // Ann comes before Ben in the map, so she has heard herself.
            assert_eq!(heard, ["Ann: Ben?"]);
            assert!(ann.room.is_closed());
            drop(ben);
        });
    }

    /// Page: "The trouble first": the room waits for Ben, and all wait for the room.
    #[test]
    fn one_that_does_not_read_stops_the_room() {
        check(|| async {
            expect_panics("called `Result::unwrap()` on an `Err` value: SendError"); // at the end
            let (ann, mut ann_hears, _ben, _ben_hears) = two().await;
            for number in 1..=8 {
                ann.say(&number.to_string()).await;
            }
            settle().await;
            let mut heard = 0;
            while let Ok(Some(_)) = timeout(Duration::from_secs(600), ann_hears.recv()).await {
                heard += 1;
            }
            // Ben's outbox holds "Ben is here" and "1", and the room waits with "2".
            assert_eq!(heard, 2, "and not one more in ten minutes");
        });
    }

    /// Page: "The trouble first": Ann hears twice that Ben has left.
    #[test]
    fn two_halves_leave_twice() {
        check(|| async {
            let heard = twice().await;
            let left = heard.iter().filter(|line| *line == "Ben has left").count();
            assert_eq!(left, 2);
        });
    }

    /// Page: "The trouble first": a room that is empty stays.
    #[test]
    fn rooms_stay_for_ever() {
        check(|| async {
            let mut rooms = Rooms::default();
            for number in 0..100 {
                drop(rooms.room(&number.to_string()));
            }
            assert_eq!(alive_tasks().await, 100);
        });
    }
}
