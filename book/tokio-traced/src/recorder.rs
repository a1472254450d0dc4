//! Keeps the record of one run. Every shadowed object holds the [`Recorder`] that it was made under, so two recordings on two
//! threads do not mix, and what a `spawn_blocking` thread does with a Sender lands in the right one.

use crate::{
    event::{ActorId, BoxId, Cut, Ended, Kind, ReplyId, Wait},
    limits::Limits,
    place::{self, Place, is_users},
    state::{ActorState, BoxKind, BoxState, Pending, Phase, State},
};
use std::{
    panic::Location,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};
use tokio::{runtime::Handle, task::AbortHandle, time::Instant};

pub(crate) struct Recorder {
    state: Mutex<State>,
    /// Lines count when they are in this file.
    listing: Option<String>,
}

impl Recorder {
    pub fn new(limits: Limits, listing: Option<String>) -> Arc<Self> {
        place::begin();
        let main = ActorState {
            name: "main".to_owned(),
            ..ActorState::default()
        };
        let state = State {
            limits,
            actors: vec![main],
            dice: 1,
            ..State::default()
        };
        Arc::new(Self {
            state: Mutex::new(state),
            listing,
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
            Some(listing) => Path::new(place.file()).ends_with(listing),
            None => is_users(place),
        };
        if shown { place.line() } else { 0 }
    }

    pub fn can_abort(&self, actor: ActorId, abort: AbortHandle) {
        self.state().actors[actor].abort = Some(abort);
    }

    pub fn ended(&self, actor: ActorId, how: Ended) {
        let mut state = self.state();
        state.actors[actor].gone = true;
        // What is dropped after the end is no news: what was stuck is stuck, what was left over is left over.
        if state.actors[actor].ended.is_none() && state.phase == Phase::Running {
            state.push(actor, 0, Kind::Ended(how));
            state.actors[actor].ended = Some(how);
        }
        if actor == 0 && state.phase == Phase::Enough {
            state.cut(Cut::Long);
        }
        // Earlier than that nobody listens, and main would be polled for nothing.
        if state.actors[0].ended.is_some() {
            state.bell.notify_one();
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
            shut: false,
            reader: None,
            not_polled: None,
        });
        state.boxes.len() - 1
    }

    pub fn sender_added(&self, to: BoxId) {
        self.state().boxes[to].held += 1;
    }

    /// The receiver takes in no more.
    pub fn shut(&self, of: BoxId) {
        self.state().boxes[of].shut = true;
    }

    /// Nobody waits for this answer any more.
    pub fn unwanted(&self, reply: ReplyId) {
        self.state().replies[reply].unwanted = true;
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
        on_its_own: Option<Arc<AtomicBool>>,
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

    /// In the end, that tells whose future was in the queue for a slot, a permit or a lock, and was not polled any more.
    pub fn wait_dropped(&self, actor: ActorId, key: u64, what: &Wait) {
        let mut state = self.state();
        let ActorState { pending, turn, .. } = &state.actors[actor];
        let polled = pending.iter().any(|p| p.key == key && p.waits(*turn));
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
            Phase::Enough => 10 * state.limits.turns, // they are cheap: nothing is written down
            _ => state.limits.turns,
        };
        let spins = state.turns_since_park > limit || state.turns > 50 * state.limits.turns;
        let one = &mut state.actors[actor];
        one.turn += 1;
        one.busy += 1;
        one.steps = 0;
        if spins {
            state.cut_as_it_is();
        }
    }

    /// The actor's poll was pending, and not only because Tokio made it yield.
    pub fn turn_ends(&self, actor: ActorId, for_more: bool) {
        self.state().turn_ends(actor, for_more);
    }

    pub fn parks(&self) {
        let mut state = self.state();
        state.turns_since_park = 0;
        for actor in &mut state.actors {
            actor.rests();
        }
        if state.phase == Phase::Enough {
            state.cut(Cut::Long);
        }
    }

    /// Whether tasks stand still: what they hold is being noted, or it is noted already.
    pub fn stands_still(&self) -> bool {
        matches!(self.state().phase, Phase::Aftermath | Phase::Over)
    }
}
