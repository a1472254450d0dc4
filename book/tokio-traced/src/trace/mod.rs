//! A finished recording, and what it can be turned into.

mod chart;
mod html;
mod json;
mod sentences;
mod stuck;
mod view;

use crate::{
    event::{ActorId, BoxId, Event, Got, Kind, MessageId, ReplyId, Waits},
    label, name,
    source::Piece,
    state::{ActorState, BoxKind, BoxState, State},
};
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub title: String,
    pub actors: Vec<Actor>,
    pub boxes: Vec<Mailbox>,
    /// What the messages are called, in the order in which they were made.
    pub messages: Vec<String>,
    pub replies: Vec<Reply>,
    pub events: Vec<Event>,
    /// Of the listing's file, if one was given.
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// "main" is the first; actors of the same name are numbered.
    pub name: String,
    /// "lib.rs:12", where a name of its own does not tell it apart.
    pub spawned_at: Option<String>,
    /// What it waits for when the recording ends; nothing if it has ended.
    pub waits: Vec<Waits>,
}

/// A channel, a semaphore, a lock or what else tasks wait at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// As in "room's mailbox".
    pub name: String,
    /// "mpsc", "watch", "broadcast", "semaphore", "mutex", "rwlock", "oncecell", "notify" or "barrier".
    pub kind: &'static str,
    /// `None`: unbounded.
    pub capacity: Option<usize>,
    /// Who read it first.
    pub owner: Option<ActorId>,
    /// Its receiver called `close`.
    pub shut: bool,
    /// Who has its receiver when the recording ends.
    pub reader: Option<ActorId>,
    /// Who has its senders, its permits or its guards when the recording ends.
    pub holders: Vec<ActorId>,
    /// Some of them are with nobody who is recorded.
    pub held_elsewhere: bool,
    /// Who has a future that is in the queue for it when the recording ends, and does not poll it.
    pub not_polled: Option<ActorId>,
}

/// A oneshot channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The message that carried its sender, if any did.
    pub message: Option<MessageId>,
    /// Who waited for it, if anybody did.
    pub asker: Option<ActorId>,
    /// Who answered or gave up answering; else whoever has the question, or in whose mailbox it is, and its sender, too.
    pub answerer: Option<ActorId>,
    /// Who has its sender when the recording ends.
    pub holder: Option<ActorId>,
    /// What the answer is called, if there was one.
    pub answer: Option<String>,
}

impl Trace {
    pub(crate) fn new(title: String, pieces: Vec<Piece>, state: &State) -> Self {
        let kept = state.kept.unwrap_or_else(|| state.all());
        let is_kept = |actor: &ActorId| *actor < kept.actors;
        let actors = &state.actors[..kept.actors];
        let names: Vec<String> = actors.iter().map(|a| a.name.clone()).collect();
        let places = places(actors);
        let names = name::numbered(&names);
        let waits = actors.iter().map(|actor| match actor.ended {
            Some(_) => Vec::new(),
            None => actor.last_waits.clone(),
        });
        let boxes = &state.boxes[..kept.boxes];
        let boxes = boxes.iter().enumerate().map(|(id, of)| Mailbox {
            name: name_of_box(boxes, &names, id),
            kind: of.kind.name(),
            capacity: of.capacity,
            owner: of.owner.filter(is_kept),
            shut: of.shut,
            reader: of.reader.filter(is_kept),
            holders: state.holders_of(id).into_iter().filter(is_kept).collect(),
            held_elsewhere: of.held > 0,
            not_polled: of.not_polled.filter(is_kept),
        });
        let takers = takers(state);
        let labels: Vec<_> = state.messages[..kept.messages]
            .iter()
            .map(|m| m.label.clone())
            .collect();
        let replies = &state.replies[..kept.replies];
        let answers: Vec<_> = replies
            .iter()
            .map(|reply| reply.answer.clone().unwrap_or_default())
            .collect();
        let answers = label::texts(&answers);
        let replies = replies.iter().zip(answers).map(|(reply, answer)| {
            let taker = reply.message.and_then(|message| takers[message]);
            let holder = reply.holder.filter(is_kept);
            let answerer = reply.answerer.filter(is_kept);
            let answerer = answerer.or(taker.filter(|_| taker == holder));
            Reply {
                // By the message's type alone, it is known only by who answers.
                message: reply
                    .message
                    .filter(|_| cfg!(feature = "debug") || (taker.is_some() && taker == answerer)),
                asker: reply.asker.filter(is_kept),
                answerer,
                holder,
                answer: reply.answer.is_some().then_some(answer),
            }
        });
        Self {
            title,
            boxes: boxes.collect(),
            replies: replies.collect(),
            actors: waits
                .zip(names.iter().zip(places))
                .map(|(waits, (name, spawned_at))| Actor {
                    name: name.clone(),
                    spawned_at,
                    waits,
                })
                .collect(),
            messages: label::texts(&labels),
            events: state.events.clone(),
            pieces,
        }
    }

    fn actor(&self, actor: ActorId) -> &str {
        &self.actors[actor].name
    }

    fn mailbox(&self, mailbox: BoxId) -> &str {
        &self.boxes[mailbox].name
    }

    fn message(&self, message: MessageId) -> &str {
        &self.messages[message]
    }

    /// "room's answer"
    fn answer_of(&self, reply: ReplyId, to: ActorId) -> String {
        let reply = &self.replies[reply];
        match (reply.answerer, reply.holder) {
            (Some(answerer), _) if answerer == to => "its own answer".to_owned(),
            (Some(answerer), _) => format!("{}'s answer", self.actor(answerer)),
            (None, Some(holder)) if holder == to => {
                "an answer, whose Sender it holds itself".to_owned()
            }
            (None, Some(holder)) => format!("an answer, whose Sender {} holds", self.actor(holder)),
            (None, None) => "an answer".to_owned(),
        }
    }
}

/// For each message: who took it, or else in whose mailbox it is.
fn takers(state: &State) -> Vec<Option<ActorId>> {
    let mut takers = vec![None; state.messages.len()];
    for event in &state.events {
        match event.kind {
            Kind::Sent { to, message } => {
                takers[message] = state.boxes[to].reader.or(state.boxes[to].owner);
            }
            Kind::Received(Got::Mail { message, .. }) => takers[message] = Some(event.actor),
            _ => {}
        }
    }
    takers
}

/// Where those were spawned who have a name in common, and not the place.
fn places(actors: &[ActorState]) -> Vec<Option<String>> {
    let place = |actor: &ActorState| {
        let mut same = actors.iter().filter(|other| other.name == actor.name);
        let differs = same.any(|other| other.spawned_at != actor.spawned_at);
        actor.spawned_at.clone().filter(|_| differs)
    };
    actors.iter().map(place).collect()
}

fn name_of_box(boxes: &[BoxState], names: &[String], id: BoxId) -> String {
    let this = &boxes[id];
    let is_alike = |other: &&BoxState| other.kind == this.kind && other.owner == this.owner;
    let alike: Vec<&BoxState> = boxes.iter().filter(is_alike).collect();
    let types: BTreeSet<&str> = alike.iter().map(|b| b.holds.as_str()).collect();
    let of = &this.holds;
    let owner = this.owner.and_then(|owner| names.get(owner));
    let name = match (this.kind, owner) {
        (BoxKind::Mpsc, Some(owner)) => format!("{owner}'s mailbox"),
        (BoxKind::Mpsc, None) => format!("a mailbox of {of} that nobody reads"),
        (BoxKind::Watch, _) => format!("the watched {of}"),
        (BoxKind::Broadcast, _) => format!("the broadcast of {of}"),
        (BoxKind::Semaphore, _) => "the semaphore".to_owned(),
        (BoxKind::Mutex, _) => "the Mutex".to_owned(),
        (BoxKind::RwLock, _) => "the RwLock".to_owned(),
        (BoxKind::OnceCell, _) => "the OnceCell".to_owned(),
        (BoxKind::Notify, _) => "the Notify".to_owned(),
        (BoxKind::Barrier, _) => "the Barrier".to_owned(),
        (BoxKind::Wire, Some(owner)) => format!("the wire to {owner}"),
        (BoxKind::Wire, None) => "a wire that nobody reads".to_owned(),
    };
    let tells = match this.kind {
        BoxKind::Mpsc | BoxKind::Wire => owner.is_some(),
        BoxKind::Mutex | BoxKind::RwLock | BoxKind::OnceCell => true,
        _ => false,
    };
    if alike.len() == 1 {
        name
    } else if types.len() == alike.len() && tells {
        format!("{name} of {of}")
    } else {
        let before = boxes[..id].iter().filter(is_alike).count();
        let name = match this.kind.has_senders() {
            true => &name,
            false => name.trim_start_matches("the "),
        };
        format!("{name} {}", before + 1)
    }
}
