//! The record of one run: who there is, what happened, and what everybody waits for right now.

use crate::{
    event::{ActorId, BoxId, Cut, Ended, Event, Got, Kind, MessageId, ReplyId, Timer, Wait, Waits},
    label::Label,
    limits::Limits,
};
use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{runtime::Handle, sync::Notify, task::AbortHandle, time::Instant};

/// So often may an actor find a channel closed and empty, until it is said to spin.
const SAME_END: usize = 20;
/// Of what somebody does who spins, so many rounds are enough to see it.
const ROUNDS_SHOWN: usize = 3;
/// So many events have to be like those before for a round, and so long may a round be.
const ROUNDS_ALIKE: usize = 16;
const LONGEST_ROUND: usize = 50;
/// Turns without a wait, since all waited: far more than who works off a full mailbox needs.
const BUSY: u64 = 1_000;
/// Events after there was enough: a task at work is done by then, or waits.
const UNRECORDED: usize = 200_000;
/// What an event takes in a page, about: its sentence, its step, its part of a way.
const BYTES_AN_EVENT: usize = 160;
/// And each number of a message.
const BYTES_A_NUMBER: usize = 5;

#[derive(Default)]
pub(crate) struct State {
    pub limits: Limits,
    /// Rung when a task ends or the recording is cut: `run` looks then.
    pub bell: Arc<Notify>,
    pub actors: Vec<ActorState>,
    pub boxes: Vec<BoxState>,
    pub messages: Vec<Message>,
    pub replies: Vec<ReplyState>,
    pub events: Vec<Event>,
    /// Who dropped senders, permits and guards of which boxes after the end.
    pub held: Vec<(ActorId, BoxId)>,
    pub phase: Phase,
    /// How much of the lists above is part of the recording. All of it, as long as it runs.
    pub kept: Option<Kept>,
    pub last_activity: Option<Instant>,
    pub start: Option<Instant>,
    pub ms: u64,
    pub others: Option<ActorId>,
    pub next_wait: u64,
    pub dice: u64,
    pub turns_since_park: u64,
    pub turns: u64,
    /// How large the recording is by now, about, in bytes.
    pub bytes: usize,
    /// What has happened since there was enough.
    pub unrecorded: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub actors: usize,
    pub boxes: usize,
    pub messages: usize,
    pub replies: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Running,
    /// There are as many events as are allowed. It goes on for a while, to see whether somebody spins.
    Enough,
    /// No task runs any more; they are being aborted, and what they hold is noted.
    Aftermath,
    Over,
}

#[derive(Default)]
pub(crate) struct ActorState {
    /// Only for the end: tasks that are left over then are aborted.
    pub abort: Option<AbortHandle>,
    /// Not unique: numbers come in the end, when it is known how many there are.
    pub name: String,
    /// "lib.rs:12"
    pub spawned_at: Option<String>,
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
    /// Turns without having to wait, since all waited at the same time.
    pub busy: u64,
    /// Operations in these turns, and in this one.
    pub busy_steps: u32,
    pub steps: u32,
    /// The reply channel it made last, as long as no message carries it.
    pub unsent_reply: Option<ReplyId>,
}

impl ActorState {
    /// It waits, or all do: it does not spin.
    pub fn rests(&mut self) {
        (self.busy, self.busy_steps) = (0, 0);
    }
}

pub(crate) struct Pending {
    pub key: u64,
    pub what: Wait,
    pub line: u32,
    /// Polled by a library, on behalf of a line that is not known.
    pub by_library: bool,
    pub turn: u64,
    /// Waits with another waker than the task's, and whether that was called: only then can it go on, and is polled again.
    pub on_its_own: Option<Arc<AtomicBool>>,
}

impl Pending {
    /// One that can go on, and was not polled in this turn, does not wait for anything.
    pub fn waits(&self, turn: u64) -> bool {
        let called = self.on_its_own.as_ref();
        let on_its_own = called.is_some_and(|called| !called.load(Ordering::Acquire));
        on_its_own || self.turn == turn
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoxState {
    pub kind: BoxKind,
    pub capacity: Option<usize>,
    pub owner: Option<ActorId>,
    /// The message type's short name.
    pub holds: String,
    /// Senders that there are now, or permits and guards that are taken.
    pub held: usize,
    /// Messages in it, and those that wait for a slot.
    pub filled: usize,
    /// By whom, and how often.
    pub found_closed: (ActorId, usize),
    /// Its receiver called `close`.
    pub shut: bool,
    /// Who had its receiver in the end.
    pub reader: Option<ActorId>,
    /// Who had a future that was in the queue for it, and did not poll it.
    pub not_polled: Option<ActorId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoxKind {
    Mpsc,
    Watch,
    Broadcast,
    Semaphore,
    Mutex,
    RwLock,
    OnceCell,
    Notify,
    Barrier,
    /// One direction of a stream of bytes.
    Wire,
}

impl BoxKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Mpsc => "mpsc",
            Self::Watch => "watch",
            Self::Broadcast => "broadcast",
            Self::Semaphore => "semaphore",
            Self::Mutex => "mutex",
            Self::RwLock => "rwlock",
            Self::OnceCell => "oncecell",
            Self::Notify => "notify",
            Self::Barrier => "barrier",
            Self::Wire => "wire",
        }
    }

    /// Others are held by permits or guards, or not at all.
    pub fn has_senders(self) -> bool {
        matches!(self, Self::Mpsc | Self::Watch | Self::Broadcast)
    }
}

pub(crate) struct Message {
    pub label: Label,
    pub by: ActorId,
    pub sent: bool,
    /// For a slot.
    pub waits: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReplyState {
    /// The last message that carried the reply's sender.
    pub message: Option<MessageId>,
    pub answer: Option<Label>,
    pub asker: Option<ActorId>,
    /// Who answered, or dropped its sender without an answer.
    pub answerer: Option<ActorId>,
    /// Who had its sender in the end.
    pub holder: Option<ActorId>,
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

    pub fn push(&mut self, actor: ActorId, line: u32, kind: Kind) {
        self.count(actor, &kind);
        match self.phase {
            Phase::Running => {}
            Phase::Enough => {
                self.unrecorded += 1;
                if self.unrecorded > UNRECORDED {
                    self.cut_as_it_is();
                }
                return;
            }
            Phase::Aftermath | Phase::Over => return,
        }
        // Outside of a runtime (a plain thread) there is no virtual clock to ask.
        if let (Some(start), Ok(_)) = (self.start, Handle::try_current()) {
            self.ms = start.elapsed().as_millis() as u64;
        }
        let spins = match kind {
            Kind::Received(Got::End(of)) => self.finds_closed(actor, of) >= SAME_END,
            _ => false,
        };
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
        if spins {
            self.cut(Cut::Spins(actor));
        } else if self.events.len() >= self.limits.events || self.bytes >= self.limits.bytes {
            self.keep();
            self.phase = Phase::Enough;
        }
    }

    /// How often this actor did so by now, since another one did.
    fn finds_closed(&mut self, actor: ActorId, of: BoxId) -> usize {
        let (who, times) = &mut self.boxes[of].found_closed;
        *times = if *who == actor { *times + 1 } else { 1 };
        *who = actor;
        *times
    }

    /// Keeps count of what is in the boxes and who holds them.
    fn count(&mut self, actor: ActorId, kind: &Kind) {
        let (of, filled, held) = match *kind {
            Kind::Blocked { to, message } => {
                self.messages[message].waits = true;
                (to, 1, 0)
            }
            Kind::Sent { to, message } => match mem::take(&mut self.messages[message].waits) {
                true => (to, 0, 0),
                false => (to, 1, 0),
            },
            Kind::Cancelled(Wait::Slot(to, Some(_))) => (to, -1, 0),
            Kind::RxDrop { of, lost } => (of, -(lost as isize), 0),
            Kind::Received(Got::Mail { from, .. }) => (from, -1, 0),
            Kind::Received(Got::Permit(of, n)) => (of, 0, n as isize),
            Kind::Received(Got::Lock(of, _)) => (of, 0, 1),
            Kind::Released { of, permits } => (of, 0, -(permits as isize)),
            _ => {
                self.bytes += BYTES_AN_EVENT;
                return;
            }
        };
        let mailbox = &mut self.boxes[of];
        mailbox.filled = match mailbox.kind {
            BoxKind::Mpsc | BoxKind::Wire => mailbox.filled.saturating_add_signed(filled),
            _ => 1,
        };
        mailbox.held = mailbox.held.saturating_add_signed(held);
        // A step tells all that is in a box now, by its numbers.
        self.bytes += BYTES_AN_EVENT + BYTES_A_NUMBER * mailbox.filled;
        if held < 0 && self.phase == Phase::Aftermath {
            self.held.push((actor, of));
        }
    }

    /// What comes from now on is no part of the recording.
    pub fn keep(&mut self) {
        let all = self.all();
        self.kept.get_or_insert(all);
    }

    pub fn all(&self) -> Kept {
        Kept {
            actors: self.actors.len(),
            boxes: self.boxes.len(),
            messages: self.messages.len(),
            replies: self.replies.len(),
        }
    }

    /// There is enough, or nobody has waited for too long: is it because somebody spins?
    pub fn cut_as_it_is(&mut self) {
        let busiest = (0..self.actors.len()).max_by_key(|&actor| self.actors[actor].busy);
        let why = match busiest {
            Some(actor) if self.actors[actor].busy > BUSY => Cut::Spins(actor),
            _ => Cut::Restless,
        };
        self.cut(why);
    }

    /// The last event of all.
    pub fn cut(&mut self, why: Cut) {
        if matches!(self.phase, Phase::Running | Phase::Enough) {
            let actor = match why {
                Cut::Long | Cut::Restless | Cut::Blocked => 0,
                Cut::Spins(actor) => {
                    self.drop_repetitions();
                    actor
                }
            };
            self.keep();
            self.conclude(actor, Kind::Cut(why));
        }
        self.phase = Phase::Over;
        self.bell.notify_one();
    }

    /// A task that spins does the same again and again: leaves the first rounds of it.
    fn drop_repetitions(&mut self) {
        let same = |one: &Event, other: &Event| {
            (one.actor, one.line) == (other.actor, other.line)
                && mem::discriminant(&one.kind) == mem::discriminant(&other.kind)
        };
        let all = self.events.len();
        let repeated = |round: usize| {
            let events = self.events[round..].iter().rev();
            let before = self.events[..all - round].iter().rev();
            events.zip(before).take_while(|(a, b)| same(a, b)).count()
        };
        let round = (1..=LONGEST_ROUND.min(all / 2))
            .find(|&round| repeated(round) >= ROUNDS_ALIKE.max(2 * round));
        if let Some(round) = round {
            let start = all - repeated(round) - round;
            self.events.truncate(start + ROUNDS_SHOWN * round);
        }
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

    /// The channels of which this actor held senders in the end, each once.
    pub fn senders_of(&self, actor: ActorId) -> Vec<BoxId> {
        let held = self
            .held
            .iter()
            .filter(|(holder, of)| *holder == actor && self.boxes[*of].kind.has_senders());
        once_each(held.map(|(_, of)| *of))
    }

    /// Who held senders, permits or guards of this in the end, each once.
    pub fn holders_of(&self, of: BoxId) -> Vec<ActorId> {
        let held = self.held.iter().filter(|(_, held)| *held == of);
        let mut holders = once_each(held.map(|(holder, _)| *holder));
        holders.sort_unstable();
        holders
    }

    pub fn alive(&self) -> Vec<ActorId> {
        let main_and_tasks = 0..self.actors.len();
        main_and_tasks
            .filter(|&actor| !self.actors[actor].gone && Some(actor) != self.others)
            .collect()
    }

    /// It waits `for_more` than what is recorded.
    pub fn turn_ends(&mut self, id: ActorId, for_more: bool) {
        let actor = &mut self.actors[id];
        let turn = actor.turn;
        actor
            .pending
            .retain(|p| p.on_its_own.is_some() || p.turn == turn);
        if !actor.pending.is_empty() {
            actor.rests();
        }
        if self.phase != Phase::Running {
            return;
        }
        let mut waits: Vec<Waits> = actor
            .pending
            .iter()
            .filter(|p| p.waits(turn))
            .map(|p| Waits {
                what: p.what.clone(),
                line: p.line,
            })
            .collect();
        // A combinator with wakers of its own has this turn's waker, too.
        if for_more && !waits.is_empty() && !actor.pending.iter().any(|p| p.on_its_own.is_some()) {
            let what = Wait::NotRecorded;
            waits.push(Waits { what, line: 0 });
        }
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
            self.push(id, line, kind);
        }
        let actor = &mut self.actors[id];
        (actor.last_waits, actor.moved) = (waits, false);
    }
}

fn once_each(all: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut each = Vec::new();
    for one in all {
        if !each.contains(&one) {
            each.push(one);
        }
    }
    each
}
