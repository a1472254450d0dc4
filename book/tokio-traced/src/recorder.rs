//! Keeps the record of one run. Every shadowed object holds the [`Recorder`] that it was made under, so two recordings on two
//! threads do not mix, and what a `spawn_blocking` thread does with a Sender lands in the right one.

use crate::{
    actor,
    event::{ActorId, BoxId, Cut, Ended, Got, Kind, MessageId, ReplyId, Wait},
    label::Label,
    place::{Place, file_name, is_users},
    run::Limits,
    state::{ActorState, BoxKind, BoxState, Message, Pending, Phase, ReplyState, State},
};
use std::{
    cell::RefCell,
    panic::{self, Location},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};
use tokio::{runtime::Handle, sync::Notify, task::AbortHandle, time::Instant};

thread_local! {
    /// The recording that this thread's runtime belongs to.
    static HERE: RefCell<Option<Arc<Recorder>>> = const { RefCell::new(None) };
}

/// Whether this process has recorded anything yet. Where it has not, nobody has to find out who called.
static BEGUN: AtomicBool = AtomicBool::new(false);

pub(crate) fn has_begun() -> bool {
    BEGUN.load(Relaxed)
}

/// The recording to tell; `None` outside of one.
pub(crate) fn tap() -> Option<Arc<Recorder>> {
    if !has_begun() {
        return None;
    }
    actor::current_recorder().or_else(|| HERE.with_borrow(Clone::clone))
}

/// Operations of one task without coming back from its poll: far more than any listing needs.
const STEPS_IN_ONE_TURN: u32 = 100_000;
/// And in turns that only Tokio ended, or a `yield_now`.
const STEPS_WITHOUT_A_WAIT: u32 = 200_000;

pub(crate) struct Recorder {
    state: Mutex<State>,
    /// Rung when a task ends or the recording is cut: `run` looks then.
    pub bell: Notify,
    pub limits: Limits,
    /// Lines count when they are in this file.
    listing: Option<String>,
}

/// Thrown through a task that never comes back from its poll.
struct GivenUp;

impl Recorder {
    pub fn new(limits: Limits, listing: Option<String>) -> Arc<Self> {
        BEGUN.store(true, Relaxed);
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
        let actor = {
            let mut state = self.state();
            let actor = state.add_actor(name);
            state.actors[actor].spawned_at =
                place.map(|place| format!("{}:{}", file_name(place), place.line()));
            actor
        };
        self.push(place, Kind::Spawn { actor, thread });
        actor
    }

    pub fn can_abort(&self, actor: ActorId, abort: AbortHandle) {
        self.state().actors[actor].abort = Some(abort);
    }

    pub fn ended(self: &Arc<Self>, actor: ActorId, how: Ended) {
        let mut state = self.state();
        state.actors[actor].gone = true;
        // What is dropped after the end is no news: who was stuck is stuck, who was left over is left over.
        if state.actors[actor].ended.is_none() && state.phase == Phase::Running {
            state.push(self, actor, 0, Kind::Ended(how));
            state.actors[actor].ended = Some(how);
        }
        if actor == 0 && state.phase == Phase::Enough {
            state.cut(self, Cut::Long);
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
            held: usize::from(kind.has_senders()),
            filled: 0,
            found_closed: (0, 0),
            reader: None,
            not_polled: None,
        });
        state.boxes.len() - 1
    }

    /// Whoever reads a mailbox first is its owner.
    pub fn reads(self: &Arc<Self>, mailbox: BoxId) {
        let me = self.me();
        self.state().boxes[mailbox].owner.get_or_insert(me);
    }

    /// The receiver is dropped. In the end, that tells who had it.
    pub fn receiver_dropped(self: &Arc<Self>, of: BoxId) {
        let me = self.me();
        let mut state = self.state();
        if state.phase == Phase::Aftermath {
            state.boxes[of].reader.get_or_insert(me);
        }
    }

    pub fn sender_added(&self, to: BoxId) {
        self.state().boxes[to].held += 1;
    }

    pub fn sender_dropped(self: &Arc<Self>, to: BoxId) {
        let me = self.me();
        let mut state = self.state();
        state.boxes[to].held -= 1;
        if state.phase == Phase::Aftermath {
            state.held.push((me, to));
        }
        if state.boxes[to].held == 0 {
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
        // Without a word from `Debug`, the reply channel that was made for this message may be the one made last. Who got the
        // message tells in the end whether that is true.
        let made_last = state.actors[me].unsent_reply.take();
        if cfg!(not(feature = "debug")) {
            label.replies.extend(made_last);
        }
        for &reply in &label.replies {
            state.replies[reply].message = Some(message);
        }
        state.messages.push(Message {
            label,
            by: me,
            sent: false,
            waits: false,
        });
        message
    }

    pub fn sent(self: &Arc<Self>, place: Option<Place>, to: BoxId, message: MessageId) {
        if !std::mem::replace(&mut self.state().messages[message].sent, true) {
            self.push(place, Kind::Sent { to, message });
        }
    }

    pub fn received(self: &Arc<Self>, place: Option<Place>, from: BoxId, message: MessageId) {
        let mut state = self.state();
        // Another thread can only tell after it has sent, and this one may be faster.
        if !std::mem::replace(&mut state.messages[message].sent, true) {
            let by = state.messages[message].by;
            state.push(self, by, 0, Kind::Sent { to: from, message });
        }
        drop(state);
        self.push(place, Kind::Received(Got::Mail { from, message }));
    }

    /// Nobody waits for this answer any more.
    pub fn unwanted(&self, reply: ReplyId) {
        self.state().replies[reply].unwanted = true;
    }

    pub fn no_reply(self: &Arc<Self>, reply: ReplyId) {
        let me = self.me();
        let mut state = self.state();
        if state.phase == Phase::Aftermath {
            state.replies[reply].holder.get_or_insert(me);
        } else if !state.replies[reply].unwanted {
            state.replies[reply].answerer.get_or_insert(me);
            state.push(self, me, 0, Kind::NoReply(reply));
        }
    }

    pub fn replied(
        self: &Arc<Self>,
        place: Option<Place>,
        reply: ReplyId,
        answer: Label,
        taken: bool,
    ) {
        let me = self.me();
        {
            let reply = &mut self.state().replies[reply];
            (reply.answer, reply.answerer) = (Some(answer), Some(me));
        }
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
                by_library: place.is_none(),
                turn,
                on_its_own,
            }),
        }
    }

    /// In the end, that tells whose future was in the queue for a place, a permit or a lock, and was not polled any more.
    pub fn wait_dropped(&self, actor: ActorId, key: u64, what: &Wait) {
        let mut state = self.state();
        let polled = state.actors[actor].pending.iter().any(|p| p.key == key);
        if state.phase == Phase::Aftermath
            && !polled
            && let Wait::Slot(of, _) | Wait::Permit(of, _) | Wait::Lock(of, _) = *what
        {
            state.boxes[of].not_polled = Some(actor);
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
        let limit = match state.phase {
            Phase::Enough => 10 * self.limits.turns, // they are cheap: nothing is written down
            _ => self.limits.turns,
        };
        let spins = state.turns_since_park > limit || state.turns > 50 * self.limits.turns;
        let one = &mut state.actors[actor];
        one.turn += 1;
        one.busy += 1;
        one.steps = 0;
        if spins {
            state.cut_as_it_is(self);
        }
    }

    /// The actor's poll was pending, and not only because Tokio made it yield.
    pub fn turn_ends(&self, actor: ActorId, for_more: bool) {
        self.state().turn_ends(self, actor, for_more);
    }

    pub fn parks(&self) {
        let mut state = self.state();
        state.turns_since_park = 0;
        for actor in &mut state.actors {
            actor.rests();
        }
        if state.phase == Phase::Enough {
            state.cut(self, Cut::Long);
        }
    }

    /// Whether tasks stand still: what they hold is being noted, or it is noted already.
    pub fn stands_still(&self) -> bool {
        matches!(self.state().phase, Phase::Aftermath | Phase::Over)
    }

    /// One operation that does not wait. Ends a task that does nothing else: its poll would never return.
    pub fn step(self: &Arc<Self>) {
        let me = self.me();
        let mut state = self.state();
        let actor = &mut state.actors[me];
        actor.steps += 1;
        actor.busy_steps += 1;
        let comes_back = actor.steps <= STEPS_IN_ONE_TURN;
        if actor.busy_steps > STEPS_WITHOUT_A_WAIT && comes_back {
            state.cut(self, Cut::Spins(me));
        } else if !comes_back && !thread::panicking() {
            state.cut(self, Cut::Spins(me));
            drop(state);
            panic::resume_unwind(Box::new(GivenUp));
        }
    }
}
