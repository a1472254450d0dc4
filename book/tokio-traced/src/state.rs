//! The record of one run: who there is, what happened, and what everybody waits for right now.

use crate::{
    event::{ActorId, BoxId, Cut, Ended, Event, Got, Kind, MessageId, ReplyId, Timer, Wait, Waits},
    label::Label,
    recorder::Recorder,
};
use tokio::{runtime::Handle, task::AbortHandle, time::Instant};

/// So often in a row may an actor find a mailbox closed and empty, until it is said to spin.
const ENDS_IN_A_ROW: usize = 20;
/// So many of them are enough to see it.
const ENDS_SHOWN: usize = 3;

#[derive(Default)]
pub(crate) struct State {
    pub actors: Vec<ActorState>,
    pub boxes: Vec<BoxState>,
    pub messages: Vec<Message>,
    pub replies: Vec<ReplyState>,
    pub events: Vec<Event>,
    /// Who dropped which senders after the end.
    pub held: Vec<(ActorId, BoxId)>,
    pub phase: Phase,
    pub last_activity: Option<Instant>,
    pub start: Option<Instant>,
    pub ms: u64,
    pub others: Option<ActorId>,
    pub next_wait: u64,
    pub dice: u64,
    pub turns_since_park: u64,
    pub turns: u64,
    pub ends_in_a_row: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Running,
    /// Main is over; tasks that are left are being aborted, and what they hold is noted.
    Aftermath,
    Over,
}

#[derive(Default)]
pub(crate) struct ActorState {
    /// Only for the end: who is left over then is aborted.
    pub abort: Option<AbortHandle>,
    /// Not unique: numbers come in the end, when it is known how many there are.
    pub name: String,
    pub ended: Option<Ended>,
    /// It is over, in whatever phase that happened.
    pub gone: bool,
    /// What it waits for. Entries of earlier turns count only if a combinator polls them on its own.
    pub pending: Vec<Pending>,
    pub last_waits: Vec<Waits>,
    /// Something happened since `last_waits` was recorded.
    pub moved: bool,
    pub last_line: u32,
    pub turn: u64,
    pub steps: u32,
    /// The reply channel it made last, as long as no message carries it.
    pub unsent_reply: Option<ReplyId>,
}

pub(crate) struct Pending {
    pub key: u64,
    pub what: Wait,
    pub line: u32,
    /// Polled by a library, on behalf of a line that is not known.
    pub by_library: bool,
    pub turn: u64,
    /// Waits with another waker than the task's: it is polled again only when it can go on.
    pub on_its_own: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoxState {
    pub kind: BoxKind,
    pub capacity: Option<usize>,
    pub owner: Option<ActorId>,
    /// The message type's short name.
    pub holds: String,
    pub senders: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoxKind {
    Mpsc,
    Watch,
    Broadcast,
    Semaphore,
}

pub(crate) struct Message {
    pub label: Label,
    pub by: ActorId,
    pub sent: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReplyState {
    /// The last message that carried the reply's sender.
    pub message: Option<MessageId>,
    pub answer: Option<Label>,
    pub asker: Option<ActorId>,
    /// Its receiver is gone or closed.
    pub unwanted: bool,
}

impl State {
    pub fn add_actor(&mut self, name: String) -> ActorId {
        self.actors.push(ActorState {
            name,
            ..ActorState::default()
        });
        self.actors.len() - 1
    }

    pub fn push(&mut self, recorder: &Recorder, actor: ActorId, line: u32, kind: Kind) {
        if self.phase != Phase::Running {
            return;
        }
        // Outside of a runtime (a plain thread) there is no virtual clock to ask.
        if let (Some(start), Ok(_)) = (self.start, Handle::try_current()) {
            self.ms = start.elapsed().as_millis() as u64;
        }
        let ended = matches!(kind, Kind::Received(Got::End(_)));
        self.ends_in_a_row = if ended { self.ends_in_a_row + 1 } else { 0 };
        self.actors[actor].moved = true;
        if line > 0 {
            self.actors[actor].last_line = line;
        }
        self.events.push(Event {
            ms: self.ms,
            actor,
            line,
            kind,
        });
        if self.ends_in_a_row >= ENDS_IN_A_ROW {
            let enough = self.events.len() - (ENDS_IN_A_ROW - ENDS_SHOWN);
            self.events.truncate(enough);
            self.cut(recorder, Cut::Spins(actor));
        } else if self.events.len() >= recorder.limits.events {
            self.cut(recorder, Cut::Long);
        }
    }

    /// The last event of all.
    pub fn cut(&mut self, recorder: &Recorder, why: Cut) {
        if self.phase == Phase::Running {
            let actor = match why {
                Cut::Long | Cut::Blocked => 0,
                Cut::Spins(actor) => actor,
            };
            self.events.push(Event {
                ms: self.ms,
                actor,
                line: 0,
                kind: Kind::Cut(why),
            });
        }
        self.phase = Phase::Over;
        recorder.bell.notify_one();
    }

    /// Grows with whatever happens.
    pub fn progress(&self) -> u64 {
        self.turns + self.events.len() as u64
    }

    /// Adds one of the last events, which nobody in particular does: `stuck`, `leaked`.
    pub fn conclude(&mut self, actor: ActorId, kind: Kind) {
        self.events.push(Event {
            ms: self.ms,
            actor,
            line: 0,
            kind,
        });
    }

    pub fn alive(&self) -> Vec<ActorId> {
        let main_and_tasks = 0..self.actors.len();
        main_and_tasks
            .filter(|&actor| !self.actors[actor].gone && Some(actor) != self.others)
            .collect()
    }

    pub fn turn_ends(&mut self, recorder: &Recorder, id: ActorId) {
        if self.phase != Phase::Running {
            return;
        }
        let actor = &mut self.actors[id];
        let turn = actor.turn;
        actor.pending.retain(|p| p.on_its_own || p.turn == turn);
        let mut waits: Vec<Waits> = actor
            .pending
            .iter()
            .map(|p| Waits {
                what: p.what.clone(),
                line: p.line,
            })
            .collect();
        // select! polls in a random order, and join! in turns: neither is news.
        waits.sort_by(|a, b| (a.line, &a.what).cmp(&(b.line, &b.what)));
        if waits == actor.last_waits && !actor.moved {
            return;
        }
        let line = waits.iter().map(|w| w.line).find(|&line| line > 0);
        let by_library = actor.pending.iter().any(|p| p.by_library);
        let line = line.unwrap_or(if by_library { actor.last_line } else { 0 });
        let only = match waits.as_slice() {
            [only] => Some(&only.what),
            _ => None,
        };
        let told_already = matches!(
            (only, self.events.last()),
            (Some(Wait::Slot(..)), Some(last)) if last.actor == id && matches!(last.kind, Kind::Blocked { .. })
        );
        let kind = match only {
            Some(Wait::Answer(reply)) => Kind::Asked(*reply),
            Some(Wait::Until(Timer::Sleep, until)) => {
                let now = self
                    .start
                    .map_or(0, |start| start.elapsed().as_millis() as u64);
                Kind::Works(until.saturating_sub(now))
            }
            _ => Kind::Waits(waits.clone()),
        };
        if !told_already {
            self.push(recorder, id, line, kind);
        }
        let actor = &mut self.actors[id];
        (actor.last_waits, actor.moved) = (waits, false);
    }
}
