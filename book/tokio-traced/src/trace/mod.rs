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
    state::{BoxKind, BoxState, State},
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
    /// What it waits for when the recording ends; nothing if it has ended.
    pub waits: Vec<Waits>,
}

/// A channel or a semaphore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// As in "room's mailbox".
    pub name: String,
    /// "mpsc", "watch", "broadcast" or "semaphore".
    pub kind: &'static str,
    /// `None`: unbounded.
    pub capacity: Option<usize>,
    /// Who read it first.
    pub owner: Option<ActorId>,
}

/// A oneshot channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The message that carried its sender, if any did.
    pub message: Option<MessageId>,
    /// Who waited for it, if anybody did.
    pub asker: Option<ActorId>,
    /// Whoever has the question, or in whose mailbox it is.
    pub answerer: Option<ActorId>,
    /// What the answer is called, if there was one.
    pub answer: Option<String>,
}

impl Trace {
    pub(crate) fn new(title: String, pieces: Vec<Piece>, state: &State) -> Self {
        let names: Vec<String> = state.actors.iter().map(|a| a.name.clone()).collect();
        let names = name::numbered(&names);
        let waits = state.actors.iter().map(|actor| match actor.ended {
            Some(_) => Vec::new(),
            None => actor.last_waits.clone(),
        });
        let boxes = (0..state.boxes.len()).map(|id| Mailbox {
            name: name_of_box(state, &names, id),
            kind: match state.boxes[id].kind {
                BoxKind::Mpsc => "mpsc",
                BoxKind::Watch => "watch",
                BoxKind::Broadcast => "broadcast",
                BoxKind::Semaphore => "semaphore",
            },
            capacity: state.boxes[id].capacity,
            owner: state.boxes[id].owner,
        });
        let holders = holders(state);
        let labels: Vec<_> = state.messages.iter().map(|m| m.label.clone()).collect();
        let answers: Vec<_> = state
            .replies
            .iter()
            .map(|reply| reply.answer.clone().unwrap_or_default())
            .collect();
        let answers = label::texts(&answers);
        let replies = state
            .replies
            .iter()
            .zip(answers)
            .map(|(reply, answer)| Reply {
                message: reply.message,
                asker: reply.asker,
                answerer: reply.message.and_then(|m| holders[m]),
                answer: reply.answer.is_some().then_some(answer),
            });
        Self {
            title,
            boxes: boxes.collect(),
            replies: replies.collect(),
            actors: waits
                .zip(&names)
                .map(|(waits, name)| Actor {
                    name: name.clone(),
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
        match self.replies[reply].answerer {
            Some(answerer) if answerer == to => "its own answer".to_owned(),
            Some(answerer) => format!("{}'s answer", self.actor(answerer)),
            None => "an answer".to_owned(),
        }
    }
}

/// For each message: who took it, or else in whose mailbox it is.
fn holders(state: &State) -> Vec<Option<ActorId>> {
    let mut holders = vec![None; state.messages.len()];
    for event in &state.events {
        match event.kind {
            Kind::Sent { to, message } => holders[message] = state.boxes[to].owner,
            Kind::Received(Got::Mail { message, .. }) => holders[message] = Some(event.actor),
            _ => {}
        }
    }
    holders
}

fn name_of_box(state: &State, names: &[String], id: BoxId) -> String {
    let this = &state.boxes[id];
    let ids = 0..state.boxes.len();
    let alike: Vec<&BoxState> = ids
        .clone()
        .map(|id| &state.boxes[id])
        .filter(|b| b.kind == this.kind && b.owner == this.owner)
        .collect();
    let types: BTreeSet<&str> = alike.iter().map(|b| b.holds.as_str()).collect();
    let of = &this.holds;
    let name = match (this.kind, this.owner) {
        (BoxKind::Mpsc, Some(owner)) => format!("{}'s mailbox", names[owner]),
        (BoxKind::Mpsc, None) => format!("a mailbox of {of} that nobody reads"),
        (BoxKind::Watch, _) => format!("the watched {of}"),
        (BoxKind::Broadcast, _) => format!("the broadcast of {of}"),
        (BoxKind::Semaphore, _) => "the semaphore".to_owned(),
    };
    if alike.len() == 1 {
        name
    } else if types.len() == alike.len() && this.kind == BoxKind::Mpsc && this.owner.is_some() {
        format!("{name} of {of}")
    } else {
        let before = ids.take_while(|&other| other < id);
        let number = before
            .filter(|&other| {
                let other = &state.boxes[other];
                other.kind == this.kind && other.owner == this.owner
            })
            .count();
        format!("{name} {}", number + 1)
    }
}
