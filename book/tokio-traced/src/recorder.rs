//! Keeps the record of one run. Every shadowed object holds the [`Recorder`] that it was made under, so two recordings on two
//! threads do not mix, and what a `spawn_blocking` thread does with a Sender lands in the right one.

use crate::{
    actor,
    event::{ActorId, BoxId, Cut, Ended, Event, Got, Kind, MessageId, ReplyId, Wait, Waits},
    label::Label,
    place::{Place, file_name, is_users},
    run::Limits,
};
use std::{
    cell::RefCell,
    panic::{self, Location},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};
use tokio::{runtime::Handle, sync::Notify, task::AbortHandle, time::Instant};

thread_local! {
    /// The recording that this thread's runtime belongs to.
    static HERE: RefCell<Option<Arc<Recorder>>> = const { RefCell::new(None) };
}

/// The recording to tell; `None` outside of one.
pub(crate) fn tap() -> Option<Arc<Recorder>> {
    actor::current_recorder().or_else(|| HERE.with_borrow(Clone::clone))
}

/// Operations of one task without coming back from its poll: far more than any listing needs.
const STEPS_IN_ONE_TURN: u32 = 100_000;
/// So often in a row may an actor find a mailbox closed and empty, until it is said to spin.
const ENDS_IN_A_ROW: u32 = 20;

pub(crate) struct Recorder {
    state: Mutex<State>,
    /// Rung when a task ends or the recording is cut: `run` looks then.
    pub bell: Notify,
    pub limits: Limits,
    /// Lines count when they are in this file.
    listing: Option<String>,
}

#[derive(Default)]
pub(crate) struct State {
    pub actors: Vec<ActorState>,
    pub boxes: Vec<BoxState>,
    pub messages: Vec<Label>,
    pub replies: Vec<ReplyState>,
    pub events: Vec<Event>,
    /// Who dropped which senders after the end.
    pub held: Vec<(ActorId, BoxId)>,
    pub phase: Phase,
    pub last_activity: Option<Instant>,
    start: Option<Instant>,
    ms: u64,
    others: Option<ActorId>,
    next_wait: u64,
    dice: u64,
    turns_since_park: u64,
    turns: u64,
    ends_in_a_row: u32,
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
    /// What it waits for. Entries of earlier turns count only if a combinator polls them on its own.
    pub pending: Vec<Pending>,
    pub last_waits: Vec<Waits>,
    /// Something happened since `last_waits` was recorded.
    moved: bool,
    last_line: u32,
    turn: u64,
    steps: u32,
    /// The reply channel it made last, as long as no message carries it.
    unsent_reply: Option<ReplyId>,
}

pub(crate) struct Pending {
    key: u64,
    what: Wait,
    line: u32,
    turn: u64,
    /// Waits with another waker than the task's: it is polled again only when it can go on.
    on_its_own: bool,
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

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReplyState {
    /// The last message that carried the reply's sender.
    pub message: Option<MessageId>,
    pub answer: Option<Label>,
    pub asker: Option<ActorId>,
}

/// Thrown through a task that never comes back from its poll.
struct GivenUp;

impl Recorder {
    pub fn new(limits: Limits, listing: Option<String>) -> Arc<Self> {
        let main = ActorState {
            name: "main".to_owned(),
            ..ActorState::default()
        };
        let state = State {
            actors: vec![main],
            dice: 1,
            ..State::default()
        };
        Arc::new(Self {
            state: Mutex::new(state),
            bell: Notify::new(),
            limits,
            listing,
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes this the recording of the current thread, until the guard is dropped.
    pub fn here(self: &Arc<Self>) -> impl Drop + use<> {
        struct Leave(Option<Arc<Recorder>>);
        impl Drop for Leave {
            fn drop(&mut self) {
                HERE.set(self.0.take());
            }
        }
        Leave(HERE.replace(Some(self.clone())))
    }

    pub fn start_clock(&self) {
        let now = Instant::now();
        let mut state = self.state();
        (state.start, state.last_activity) = (Some(now), Some(now));
    }

    /// The line that a trace shows for a place.
    pub fn line(&self, place: Option<Place>) -> u32 {
        place.map_or(0, |place| self.line_at(place))
    }

    pub fn line_at(&self, place: &Location<'_>) -> u32 {
        let shown = match &self.listing {
            Some(listing) => listing == file_name(place),
            None => is_users(place),
        };
        if shown { place.line() } else { 0 }
    }

    pub fn push(self: &Arc<Self>, place: Option<Place>, kind: Kind) {
        self.push_at(self.line(place), kind);
    }

    pub fn push_at(self: &Arc<Self>, line: u32, kind: Kind) {
        let actor = self.me();
        self.state().push(self, actor, line, kind);
    }

    /// The actor that runs on this thread now.
    pub fn me(self: &Arc<Self>) -> ActorId {
        actor::current(self).unwrap_or_else(|| {
            let mut state = self.state();
            match state.others {
                Some(others) => others,
                None => {
                    let others = state.add_actor("unknown task".to_owned());
                    *state.others.insert(others)
                }
            }
        })
    }

    pub fn spawned(self: &Arc<Self>, place: Option<Place>, name: String, thread: bool) -> ActorId {
        let actor = self.state().add_actor(name);
        self.push(place, Kind::Spawn { actor, thread });
        actor
    }

    pub fn can_abort(&self, actor: ActorId, abort: AbortHandle) {
        self.state().actors[actor].abort = Some(abort);
    }

    pub fn ended(self: &Arc<Self>, actor: ActorId, how: Ended) {
        let mut state = self.state();
        if state.actors[actor].ended.is_none() {
            state.push(self, actor, 0, Kind::Ended(how));
            state.actors[actor].ended = Some(how);
        }
        // Earlier than that nobody listens, and main would be polled for nothing.
        if state.actors[0].ended.is_some() {
            self.bell.notify_one();
        }
    }

    pub fn new_box(&self, kind: BoxKind, capacity: Option<usize>, holds: String) -> BoxId {
        let mut state = self.state();
        state.boxes.push(BoxState {
            kind,
            capacity,
            owner: None,
            holds,
            senders: 1,
        });
        state.boxes.len() - 1
    }

    /// Whoever reads a mailbox first is its owner.
    pub fn reads(self: &Arc<Self>, mailbox: BoxId) {
        let me = self.me();
        self.state().boxes[mailbox].owner.get_or_insert(me);
    }

    pub fn sender_added(&self, to: BoxId) {
        self.state().boxes[to].senders += 1;
    }

    pub fn sender_dropped(self: &Arc<Self>, to: BoxId) {
        let me = self.me();
        let mut state = self.state();
        state.boxes[to].senders -= 1;
        if state.phase == Phase::Aftermath {
            state.held.push((me, to));
        }
        if state.boxes[to].senders == 0 {
            state.push(self, me, 0, Kind::Closed(to));
        }
    }

    pub fn new_reply(self: &Arc<Self>) -> ReplyId {
        let me = self.me();
        let mut state = self.state();
        state.replies.push(ReplyState::default());
        let reply = state.replies.len() - 1;
        state.actors[me].unsent_reply = Some(reply);
        reply
    }

    /// A message that somebody is about to send.
    pub fn new_message(self: &Arc<Self>, mut label: Label) -> MessageId {
        let me = self.me();
        let mut state = self.state();
        let message = state.messages.len();
        // Without a word from `Debug`: the reply channel that was made for this message is the one made last.
        let made_last = state.actors[me].unsent_reply.take();
        if label.replies.is_empty() {
            label.replies.extend(made_last);
        }
        for &reply in &label.replies {
            state.replies[reply].message = Some(message);
        }
        state.messages.push(label);
        message
    }

    pub fn replied(
        self: &Arc<Self>,
        place: Option<Place>,
        reply: ReplyId,
        answer: Label,
        taken: bool,
    ) {
        self.state().replies[reply].answer = Some(answer);
        self.push(place, Kind::Replied { reply, taken });
    }

    /// The actor that runs now waits for this answer.
    pub fn asks(self: &Arc<Self>, reply: ReplyId) {
        let me = self.me();
        self.state().replies[reply].asker = Some(me);
    }

    /// A number below `sides`, from a fixed seed (xorshift64).
    pub fn roll(&self, sides: u32) -> u32 {
        let mut state = self.state();
        state.dice ^= state.dice << 13;
        state.dice ^= state.dice >> 7;
        state.dice ^= state.dice << 17;
        ((state.dice >> 32) % u64::from(sides.max(1))) as u32
    }

    pub fn next_wait(&self) -> u64 {
        let mut state = self.state();
        state.next_wait += 1;
        state.next_wait
    }

    /// Virtual milliseconds since the start.
    pub fn ms_of(&self, moment: Instant) -> u64 {
        let start = self.state().start;
        start.map_or(0, |start| {
            moment.saturating_duration_since(start).as_millis() as u64
        })
    }

    pub fn waits(
        &self,
        actor: ActorId,
        key: u64,
        what: Wait,
        place: Option<Place>,
        on_its_own: bool,
    ) {
        let line = self.line(place);
        let actor = &mut self.state().actors[actor];
        let turn = actor.turn;
        match actor.pending.iter_mut().find(|p| p.key == key) {
            Some(pending) => {
                (pending.turn, pending.on_its_own) = (turn, on_its_own);
                pending.line = if line > 0 { line } else { pending.line };
            }
            None => actor.pending.push(Pending {
                key,
                what,
                line,
                turn,
                on_its_own,
            }),
        }
    }

    pub fn waits_no_more(&self, actor: ActorId, key: u64) {
        self.state().actors[actor].pending.retain(|p| p.key != key);
    }

    pub fn turn_begins(&self, actor: ActorId) {
        let mut state = self.state();
        if Handle::try_current().is_ok() {
            state.last_activity = Some(Instant::now());
        }
        state.turns += 1;
        state.turns_since_park += 1;
        let spins = state.turns_since_park > self.limits.turns || state.turns > 50 * self.limits.turns;
        if spins {
            state.cut(self, Cut::Spins(actor));
        }
        let actor = &mut state.actors[actor];
        actor.turn += 1;
        actor.steps = 0;
    }

    /// The actor's poll was pending, and not only because Tokio made it yield.
    pub fn turn_ends(&self, actor: ActorId) {
        self.state().turn_ends(self, actor);
    }

    pub fn parks(&self) {
        let mut state = self.state();
        (state.turns_since_park, state.ends_in_a_row) = (0, 0);
    }

    /// One operation that does not wait. Ends a task that does nothing else: its poll would never return.
    pub fn step(self: &Arc<Self>) {
        let me = self.me();
        let mut state = self.state();
        state.actors[me].steps += 1;
        if state.actors[me].steps > STEPS_IN_ONE_TURN && !thread::panicking() {
            state.cut(self, Cut::Spins(me));
            drop(state);
            panic::resume_unwind(Box::new(GivenUp));
        }
    }
}

impl State {
    fn add_actor(&mut self, name: String) -> ActorId {
        self.actors.push(ActorState {
            name,
            ..ActorState::default()
        });
        self.actors.len() - 1
    }

    fn push(&mut self, recorder: &Recorder, actor: ActorId, line: u32, kind: Kind) {
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
            .filter(|&actor| self.actors[actor].ended.is_none() && Some(actor) != self.others)
            .collect()
    }

    fn turn_ends(&mut self, recorder: &Recorder, id: ActorId) {
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
        let line = line.unwrap_or(actor.last_line);
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
            Some(Wait::Until(crate::event::Timer::Sleep, until)) => {
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
