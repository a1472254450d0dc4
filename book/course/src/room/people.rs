//! The actor that knows who is in the room and where each of them stands. It keeps the latest standing of each alone, and forgets anyone
//! who is silent for a minute: their program tells it every 15 seconds.

use crate::room::{
    secret::Secret,
    standing::{Name, Standing},
};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

/// Each request waits for its slot, and there are not many requests at a time: a small mailbox is enough.
const MAILBOX: usize = 16;

/// How many people fit in.
pub const MOST: usize = 100;

/// How long somebody is remembered who says nothing. Then the name is free again, and the place too.
pub const SILENCE: Duration = Duration::from_secs(60);

/// The shortest time between two standings of one person.
pub const APART: Duration = Duration::from_millis(500);

/// Why a standing was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The name belongs to another program, which was heard within the last minute.
    #[error(
        "somebody of this name is in the room: choose another name, or wait a minute if that was you"
    )]
    Taken,
    /// There are [`MOST`] people.
    #[error("the room is full: wait until somebody leaves")]
    Full,
    /// The last one is not [`APART`] old.
    #[error("too fast: tell it at most twice a second")]
    TooFast,
    /// The actor has ended.
    #[error("the room is closed")]
    Closed,
}

/// Somebody in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their latest standing.
    pub standing: Standing,
    /// How long the first failing test has been the same.
    pub stuck: Duration,
}

enum Message {
    /// Somebody says where they stand.
    Tell {
        standing: Standing,
        /// Of their program: the name is its own.
        key: Secret,
        /// The request that brought it waits at the other end.
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    /// Somebody wants to be forgotten.
    Leave {
        who: Name,
        key: Secret,
        /// Answered when it is done.
        reply: oneshot::Sender<()>,
    },
    /// The trainer wants to see everybody; the projector counts them.
    See { reply: oneshot::Sender<Vec<Person>> },
}

struct People {
    /// The requests hold the other end, through their handles. When the last handle is dropped, the actor ends and all is forgotten.
    mailbox: mpsc::Receiver<Message>,
    /// Never more than [`MOST`].
    present: BTreeMap<Name, Present>,
}

struct Present {
    standing: Standing,
    /// Whose program this is. No other one can speak under the name, or leave under it.
    key: Secret,
    heard: Instant,
    /// When the exercise or its first failing test was another one.
    since: Instant,
}

impl People {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.present
                .retain(|_, present| present.heard.elapsed() < SILENCE);
            self.handle_message(message);
        }
    }

    fn handle_message(&mut self, message: Message) {
        // In each case: the request may be gone meanwhile, which is not our loss.
        match message {
            Message::Tell {
                standing,
                key,
                reply,
            } => {
                let _ = reply.send(self.hear(standing, key));
            }
            Message::Leave { who, key, reply } => {
                if self
                    .present
                    .get(&who)
                    .is_some_and(|present| present.key.is(key.reveal()))
                {
                    self.present.remove(&who);
                }
                let _ = reply.send(());
            }
            Message::See { reply } => {
                let people = self.present.values().map(|present| Person {
                    standing: present.standing.clone(),
                    stuck: present.since.elapsed(),
                });
                let _ = reply.send(people.collect());
            }
        }
    }

    fn hear(&mut self, standing: Standing, key: Secret) -> Result<(), Refusal> {
        let now = Instant::now();
        let is_full = self.present.len() >= MOST;
        match self.present.get_mut(&standing.who) {
            Some(present) if !present.key.is(key.reveal()) => return Err(Refusal::Taken),
            Some(present) if present.heard.elapsed() < APART => return Err(Refusal::TooFast),
            Some(present) => {
                let last = &present.standing;
                if (&last.exercise, &last.first) != (&standing.exercise, &standing.first) {
                    present.since = now;
                }
                (present.standing, present.heard) = (standing, now);
            }
            None if is_full => return Err(Refusal::Full),
            None => {
                let who = standing.who.clone();
                let (heard, since) = (now, now);
                self.present.insert(
                    who,
                    Present {
                        standing,
                        key,
                        heard,
                        since,
                    },
                );
            }
        }
        Ok(())
    }
}

/// Tells and asks the actor. It lives as long as one of these does.
#[derive(Clone, Debug)]
pub struct PeopleHandle {
    /// The actor holds the other end.
    sender: mpsc::Sender<Message>,
}

impl PeopleHandle {
    /// Starts the actor, with nobody in the room.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let actor = People {
            mailbox,
            present: BTreeMap::new(),
        };
        tokio::spawn(actor.run());
        Self { sender }
    }

    /// Says where somebody stands. The first time, that takes the name for the program that has this key.
    ///
    /// # Errors
    /// See [`Refusal`]: nothing has changed then.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits for a slot says nothing; one that waits for the answer has said it.
    pub async fn tell(&self, standing: Standing, key: Secret) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        // If this fails, the message and `reply` in it are dropped, and so the answer fails too.
        let _ = self
            .sender
            .send(Message::Tell {
                standing,
                key,
                reply,
            })
            .await;
        answer.await.unwrap_or(Err(Refusal::Closed))
    }

    /// Forgets somebody, if the name belongs to this key. When this returns, it is done.
    ///
    /// # Cancel safety
    /// As [`tell`](Self::tell).
    pub async fn leave(&self, who: Name, key: Secret) {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Leave { who, key, reply }).await;
        let _ = answer.await;
    }

    /// Everybody in the room, by name. Nobody, when the actor has ended.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn see(&self) -> Vec<Person> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::See { reply }).await;
        answer.await.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn at(who: &str, first: &str) -> Standing {
        Standing {
            v: 1,
            who: who.parse().unwrap(),
            exercise: "recipe".to_owned(),
            passed: 5,
            of: 14,
            first: first.to_owned(),
            hints: 0,
        }
    }

    fn key() -> Secret {
        Secret::new(Secret::TOKEN).unwrap()
    }

    async fn names(people: &PeopleHandle) -> Vec<String> {
        let people = people.see().await;
        people
            .iter()
            .map(|person| person.standing.who.to_string())
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_latest_standing_counts_and_the_time_at_a_test_adds_up() {
        let (people, anna) = (PeopleHandle::new(), key());
        for (first, rest) in [("a", 30), ("a", 30), ("b", 7)] {
            people.tell(at("Anna", first), anna.clone()).await.unwrap();
            advance(Duration::from_secs(rest)).await;
        }
        let [person] = people.see().await.try_into().unwrap();
        assert_eq!(
            (person.standing.first.as_str(), person.stuck.as_secs()),
            ("b", 7)
        );

        people.tell(at("Anna", "b"), anna).await.unwrap();
        advance(Duration::from_secs(50)).await;
        assert_eq!(people.see().await[0].stuck.as_secs(), 57);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_belongs_to_its_first_program_until_that_leaves_or_is_silent() {
        let (people, first, second) = (PeopleHandle::new(), key(), key());
        people.tell(at("Anna", "a"), first.clone()).await.unwrap();
        let taken = people.tell(at("Anna", "b"), second.clone()).await;
        assert_eq!(taken, Err(Refusal::Taken));
        people.leave("Anna".parse().unwrap(), second.clone()).await;
        assert_eq!(names(&people).await, ["Anna"]);

        people.leave("Anna".parse().unwrap(), first.clone()).await;
        assert_eq!(names(&people).await, [""; 0]);
        people.tell(at("Anna", "b"), second).await.unwrap();

        advance(SILENCE).await;
        assert_eq!(names(&people).await, [""; 0], "she is forgotten");
        people.tell(at("Anna", "a"), first).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_standing_in_half_a_second_is_taken() {
        let (people, anna) = (PeopleHandle::new(), key());
        people.tell(at("Anna", "a"), anna.clone()).await.unwrap();
        advance(APART - Duration::from_millis(1)).await;
        let soon = people.tell(at("Anna", "b"), anna.clone()).await;
        assert_eq!(soon, Err(Refusal::TooFast));
        advance(Duration::from_millis(1)).await;
        people.tell(at("Anna", "b"), anna).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_room_takes_nobody_in_until_somebody_leaves() {
        let people = PeopleHandle::new();
        let keys: Vec<Secret> = (0..MOST).map(|_| key()).collect();
        for (number, key) in keys.iter().enumerate() {
            let who = format!("Anna {number}");
            people.tell(at(&who, "a"), key.clone()).await.unwrap();
        }
        for number in 0..1_000 {
            let more = people.tell(at(&format!("Bo {number}"), "a"), key()).await;
            assert_eq!(more, Err(Refusal::Full));
        }
        assert_eq!(people.see().await.len(), MOST);
        advance(APART).await;
        people
            .tell(at("Anna 7", "b"), keys[7].clone())
            .await
            .unwrap();

        people
            .leave("Anna 7".parse().unwrap(), keys[7].clone())
            .await;
        people.tell(at("Bo", "a"), key()).await.unwrap();
        assert_eq!(people.see().await.len(), MOST);
    }
}
