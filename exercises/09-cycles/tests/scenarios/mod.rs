//! What the room promises, whatever its callers do: random calls of `say` and `unsaved`, in any order, by callers that wait and callers
//! that give up, with a store that works or one that breaks. Nothing is asked here that the page and src/lib.rs do not promise.

use cycles::{Closed, RoomHandle, Store, open};
use harness::{Calls, Dice, Scenario, Story, at_time, expect_panics, settle};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
    time::sleep,
};

/// `say` takes no time while fewer than so many messages wait to be saved.
const FEW: u64 = 4;

/// What a save takes, in milliseconds.
const SAVE: u64 = 1000;

/// Timers count in whole milliseconds: how far a time may be off.
const NEARLY: u64 = 3;

/// What a store has saved: numbers and texts.
pub type Disk = UnboundedReceiver<(u64, String)>;

/// The store, and what it will have saved. `None`: its answer was begun when stores had no `on` yet, and shows only its numbers.
pub fn shown(store: Store) -> (Store, Option<Disk>) {
    let (writes, disk) = mpsc::unbounded_channel();
    let store = store.on(writes);
    let shows = !disk.is_closed();
    (store, shows.then_some(disk))
}

/// For a store that has no `on` of its own: one that has goes before this.
#[allow(dead_code)] // used by such an answer alone
trait ShowsNothing: Sized {
    fn on(self, _: UnboundedSender<(u64, String)>) -> Self {
        self
    }
}

impl ShowsNothing for Store {}

/// One thing that happens to the room.
#[derive(Clone, Copy)]
pub enum Step {
    Say,
    /// So many callers say something, and wait if they have to.
    Many(usize),
    /// So many callers say something. Of those that have to wait, one does, and the others give up.
    ManyGiveUp(usize),
    Unsaved,
    /// A call of `say` that gives up before the room gets to run.
    SayAndLeave,
    UnsavedAndLeave,
    CloneHandle,
    DropHandle,
    /// Of the callers that wait.
    OldestGivesUp,
    NewestGivesUp,
    /// Nobody listens on `saved` any more.
    ListenerGoes,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before the room gets to run.
    AtOnce,
    /// Callers that wait do not look before the next step is done: their turn may have come by then.
    Inattentive,
}

use Step::*;

/// Where to read about a promise that is broken.
const NEED: &str = "(Page: \"Two actors that need each other\")";
const TREE: &str = "(Page: \"Ownership is a tree\")";
const WAITS: &str = "(Page: \"The way back never waits\")";
const DRAIN: &str = "(Page: \"The drain\")";
const CURES: &str = "(Page: \"What each cure loses\")";
const DIES: &str = "(Page: \"When one of them dies\")";
const SELECT: &str = "(Page: chapter 6, \"What select! drops\")";

#[derive(Clone)]
pub struct RoomAndArchive {
    breaks_at: Option<u64>,
}

impl Scenario for RoomAndArchive {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        let never = None;
        Self {
            breaks_at: dice.pick_small(&[
                never,
                never,
                never,
                never,
                Some(1),
                Some(2),
                Some(3),
                Some(20),
            ]),
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(32) {
            0..=7 => Say,
            8 => Many(dice.pick_small(&[3, 40, 120])),
            9 => ManyGiveUp(dice.pick_small(&[3, 40, 400])),
            10..=13 => Unsaved,
            14 => dice.pick(&[SayAndLeave, SayAndLeave, UnsavedAndLeave]),
            15 => CloneHandle,
            16 => DropHandle,
            17 => OldestGivesUp,
            18 => NewestGivesUp,
            19 => ListenerGoes,
            20..=21 => Inattentive,
            22..=24 => AtOnce,
            // Into a save, to its very end, over hours. No round number: somebody may have a time-out.
            _ => Rest(dice.pick(&[130, 310, 730, 1000, 1170, 5_390, 61_700, 40_317_000])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let mut room = Room::open(self.breaks_at, story);
        for step in steps {
            room.take(step).await;
        }
        room.end().await;
    }
}

/// A call of `say` or `unsaved`.
struct Call {
    is_say: bool,
    /// When it began, in milliseconds.
    from: u64,
    /// Whether so little waited then, or the archive had been dead for so long, that it takes no time.
    at_once: bool,
    /// Whether its caller looked whenever it could: only then is it known when it returned.
    attentive: bool,
    gave_up: bool,
    /// Whether a `say` had found by then that the archive was dead.
    refused: bool,
    /// Whether the archive was dead by then.
    dead: bool,
    /// The highest number that any call had got by then.
    highest: u64,
    /// How many were reported by then.
    reported: u64,
    /// How many calls had returned by then.
    after: usize,
    /// How many calls had returned when this one did.
    order: usize,
    /// When it returned, and what.
    result: Option<(u64, Result<u64, Closed>)>,
}

struct Room {
    story: Story,
    breaks_at: Option<u64>,
    handles: Vec<RoomHandle>,
    calls: Vec<Call>,
    have_returned: usize,
    waiting: Calls<Result<u64, Closed>>,
    /// What was reported, and when, in milliseconds.
    log: Arc<Mutex<Vec<(u64, u64)>>>,
    disk: Option<Disk>,
    /// `None`: it has gone.
    listener: Option<JoinHandle<()>>,
    /// Each number that was got, and the call that got it.
    numbers: HashMap<u64, usize>,
    highest: u64,
    /// Calls of `say` that gave up. Each was accepted or not; when all is saved, it can be known.
    gave_up: u64,
    /// How many of them were not accepted, for sure.
    not_accepted: u64,
    /// How many messages are saved, for sure, when nobody listens.
    saved_unheard: u64,
    /// A `say` has found that the archive is dead.
    refused: bool,
    dead: bool,
    /// From when to when more than a few messages waited to be saved.
    crowds: Vec<(u64, u64)>,
    crowded_since: Option<u64>,
    at_once: bool,
    attentive: bool,
}

impl Room {
    fn open(breaks_at: Option<u64>, story: Story) -> Self {
        let (saved, mut reports) = mpsc::unbounded_channel();
        let store = match breaks_at {
            None => Store::new(),
            Some(number) => {
                expect_panics("the disk is full"); // the archive does
                story.tell(format!("the store will break at message {number}"));
                Store::that_breaks_at(number)
            }
        };
        let (store, disk) = shown(store);
        let handle = open(store, saved);
        let log: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let listener = tokio::spawn({
            let (log, story) = (log.clone(), story.clone());
            async move {
                while let Some(number) = reports.recv().await {
                    story.tell(format!("→ {number} is reported on `saved`"));
                    let at = milliseconds(story.now());
                    log.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((at, number));
                }
            }
        });
        Self {
            story,
            breaks_at,
            handles: vec![handle],
            calls: Vec::new(),
            have_returned: 0,
            waiting: Calls::new(),
            log,
            disk,
            listener: Some(listener),
            numbers: HashMap::new(),
            highest: 0,
            gave_up: 0,
            not_accepted: 0,
            saved_unheard: 0,
            refused: false,
            dead: false,
            crowds: Vec::new(),
            crowded_since: None,
            at_once: false,
            attentive: true,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Say => self.one(true).await,
            Unsaved => self.one(false).await,
            SayAndLeave => self.leave(true).await,
            UnsavedAndLeave => self.leave(false).await,
            Many(count) => self.many(count, false).await,
            ManyGiveUp(count) => self.many(count, true).await,
            CloneHandle => self.handles.extend(self.handles.last().cloned()),
            DropHandle => {
                if self.handles.pop().is_some() && self.handles.is_empty() {
                    self.story.tell("the last handle is dropped");
                }
            }
            OldestGivesUp => {
                let call = self.waiting.give_up_oldest();
                self.gives_up(call, true);
            }
            NewestGivesUp => {
                let call = self.waiting.give_up_newest();
                self.gives_up(call, true);
            }
            ListenerGoes => {
                if let Some(listener) = self.listener.take() {
                    self.story.tell("nobody listens on `saved` any more");
                    listener.abort();
                    self.saved_unheard = self.reported();
                }
            }
            Rest(ms) => self.rest(Duration::from_millis(ms)).await,
            AtOnce => {
                self.at_once = true;
                return;
            }
            Inattentive => {
                self.attentive = false;
                return;
            }
        }
        if !std::mem::take(&mut self.at_once) {
            settle().await;
        }
        if std::mem::replace(&mut self.attentive, true) {
            self.look().await;
        } else {
            self.nobody_looks();
        }
    }

    /// The callers that wait look whether their turn has come.
    async fn look(&mut self) {
        let at = self.now();
        let returned = self.waiting.look().await;
        if returned.len() > 3 {
            self.story.tell(format!(
                "{} of the calls that waited return",
                returned.len()
            ));
        } else {
            for (call, result) in &returned {
                self.story.tell(self.words(*call, Some(result)));
            }
        }
        let returned = returned
            .into_iter()
            .map(|(call, result)| (call, at, result));
        self.returned(returned.collect());
    }

    fn nobody_looks(&mut self) {
        for call in self.waiting.waiting() {
            self.calls[call].attentive = false;
        }
    }

    fn now(&self) -> u64 {
        milliseconds(self.story.now())
    }

    fn reports(&self) -> Vec<(u64, u64)> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn reported(&self) -> u64 {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len() as u64
    }

    /// How many messages are saved, as far as it is known.
    fn known_saved(&self) -> u64 {
        if self.listener.is_some() {
            self.reported()
        } else {
            self.saved_unheard
        }
    }

    /// How many messages wait to be saved, or may be about to: no more than these.
    fn most_unsaved(&self) -> u64 {
        let waiting = self.waiting.waiting();
        let waiting = waiting.filter(|call| self.calls[*call].is_say).count() as u64;
        let accepted = self.numbers.len() as u64 + self.gave_up - self.not_accepted;
        (accepted + waiting).saturating_sub(self.known_saved())
    }

    /// "call 2, `say`: number 7".
    fn words(&self, call: usize, result: Option<&Result<u64, Closed>>) -> String {
        let name = self.name(call);
        match result {
            None => format!("{name}: waits"),
            Some(Ok(number)) if self.calls[call].is_say => format!("{name}: number {number}"),
            Some(result) => format!("{name}: {result:?}"),
        }
    }

    fn name(&self, call: usize) -> String {
        let name = if self.calls[call].is_say {
            "say"
        } else {
            "unsaved"
        };
        format!("call {}, `{name}`", call + 1)
    }

    /// Begins a call. Its index and what it returned at once; `None`: nobody has a handle.
    async fn call(&mut self, is_say: bool) -> Option<(usize, Option<Result<u64, Closed>>)> {
        let call = self.calls.len();
        // Through each of the clones in turn.
        let handle = self.handles.get(call % self.handles.len().max(1))?.clone();
        let few = self.most_unsaved() < FEW;
        if !few && self.crowded_since.is_none() {
            self.crowded_since = Some(self.now());
        }
        self.calls.push(Call {
            is_say,
            from: self.now(),
            at_once: few || self.dead || self.refused,
            attentive: true,
            gave_up: false,
            refused: self.refused,
            dead: self.dead,
            highest: self.highest,
            reported: self.reported(),
            after: self.have_returned,
            order: usize::MAX,
            result: None,
        });
        let text = text_of(call);
        let future = async move {
            if is_say {
                handle.say(text).await
            } else {
                handle.unsaved().await
            }
        };
        Some((call, self.waiting.start(call, future).await))
    }

    async fn one(&mut self, is_say: bool) {
        // Callers that wait are served before later ones, if they take what they are given.
        self.look().await;
        let Some((call, result)) = self.call(is_say).await else {
            return;
        };
        self.story.tell(self.words(call, result.as_ref()));
        if let Some(result) = result {
            self.returned(vec![(call, self.now(), result)]);
        }
    }

    async fn leave(&mut self, is_say: bool) {
        self.one(is_say).await;
        if self.waiting.waiting().last() == self.calls.len().checked_sub(1) {
            let call = self.waiting.give_up_newest();
            self.gives_up(call, true);
        }
    }

    async fn many(&mut self, count: usize, give_up: bool) {
        self.look().await;
        let mut must_wait = 0;
        for _ in 0..count {
            match self.call(true).await {
                None => return,
                Some((call, Some(result))) => self.returned(vec![(call, self.now(), result)]),
                Some((_, None)) => {
                    must_wait += 1;
                    if must_wait > 1 && give_up {
                        let call = self.waiting.give_up_newest();
                        self.gives_up(call, false);
                    }
                }
            }
        }
        let how = match (must_wait, give_up) {
            (0, _) => "none of them waits".to_owned(),
            (_, false) => format!("{must_wait} of them wait"),
            (_, true) => format!("1 of them waits, {} give up", must_wait - 1),
        };
        self.story
            .tell(format!("{count} calls of `say` at once: {how}"));
    }

    fn gives_up(&mut self, call: Option<usize>, tell: bool) {
        let Some(call) = call else { return };
        if tell {
            self.story.tell(format!("{}: gives up", self.name(call)));
        }
        self.calls[call].gave_up = true;
        self.gave_up += u64::from(self.calls[call].is_say);
    }

    /// Of calls that return, which, when and what. All tasks have come to rest since.
    fn returned(&mut self, mut calls: Vec<(usize, u64, Result<u64, Closed>)>) {
        // What `unsaved` said is compared with what was accepted by then.
        calls.sort_by_key(|(call, ..)| !self.calls[*call].is_say);
        for (call, at, result) in calls {
            self.calls[call].result = Some((at, result));
            self.calls[call].order = self.have_returned;
            self.have_returned += 1;
            let called = &self.calls[call];
            let name = self.name(call);
            assert!(
                result != Err(Closed) || self.may_be_dead(call, at),
                "{name} returned Closed to a caller with a handle, and the archive had not died: room and archive live as long as any handle. {TREE}"
            );
            assert!(
                result == Err(Closed) || !called.refused,
                "{name} returned {result:?}, but a `say` had been refused before: the archive is dead, and nothing is accepted any more. {DIES}"
            );
            match result {
                Ok(number) if called.is_say => self.said(call, number),
                Ok(unsaved) => self.counted(call, at, unsaved),
                Err(Closed) => self.refused |= called.is_say,
            }
        }
    }

    /// Whether the archive can have died by then, of what all others have said.
    fn may_be_dead(&self, call: usize, at: u64) -> bool {
        let says = self.calls.iter().enumerate();
        let mut others = says.filter(|(other, says)| says.is_say && *other != call);
        let Some((first, breaks_at)) = self
            .breaks_at
            .and_then(|number| Some((others.next()?.1.from, number)))
        else {
            return false;
        };
        others.count() as u64 + 1 >= breaks_at && at + NEARLY >= first + breaks_at * SAVE
    }

    fn said(&mut self, call: usize, number: u64) {
        let name = self.name(call);
        let called = &self.calls[call];
        assert!(
            !called.dead,
            "{name} got number {number}, but the archive had died before: nothing will save it. {DIES}"
        );
        let before = called.highest;
        assert!(
            number > before,
            "{name} got number {number}, but another `say` had got number {before} before this one began: numbers go up. {NEED}"
        );
        assert!(
            self.numbers.insert(number, call).is_none(),
            "{name} got number {number}, and another `say` had got the same. {NEED}"
        );
        let says = self.calls.iter().filter(|call| call.is_say).count() as u64;
        let most = says - self.not_accepted;
        assert!(
            number <= most,
            "{name} got number {number}, but no more than {most} messages can have been accepted by then. The room gives numbers only to messages \
             that are saved: a call that gave up while it waited takes no number with it. {WAITS}"
        );
        self.highest = self.highest.max(number);
    }

    fn counted(&self, call: usize, at: u64, unsaved: u64) {
        let name = self.name(call);
        let called = &self.calls[call];
        let waits = self.waiting.waiting();
        let waits = waits.filter(|call| self.calls[*call].is_say).count() as u64;
        let by_then = |call: &&Call| {
            call.is_say
                && matches!(call.result, Some((when, Ok(_))) if when <= at || !called.attentive)
        };
        let accepted = self.calls.iter().filter(by_then).count() as u64;
        // A message that waits for a slot at the archive is in the room's hands: it may be counted. A caller who does not look
        // may have been accepted.
        let in_hand = if called.attentive {
            waits.min(1)
        } else {
            waits
        };
        let saved = if self.listener.is_some() {
            called.reported
        } else {
            self.saved_unheard
        };
        let gave_up = self.gave_up - self.not_accepted;
        let most = (accepted + in_hand + gave_up).saturating_sub(saved);
        let why = if gave_up == 0 {
            String::new()
        } else {
            format!(" (with {gave_up} whose callers gave up)")
        };
        assert!(
            unsaved <= most,
            "{name} said {unsaved}, but no more than {most} messages{why} can have been accepted and not saved by then. {NEED}"
        );
        let may_be_dead = self.breaks_at.is_some_and(|number| self.highest >= number);
        if may_be_dead {
            return;
        }
        let least = self.unsaved_at_least(call, at);
        assert!(
            unsaved >= least,
            "{name} said {unsaved}, but {least} messages were accepted before, and cannot have been saved yet. {NEED}"
        );
    }

    /// How many were accepted and not saved, for sure, at any moment from when this call began until now.
    fn unsaved_at_least(&self, call: usize, at: u64) -> u64 {
        let Call { from, after, .. } = self.calls[call];
        let count = |saved: u64, accepted: &dyn Fn(&Call, u64) -> bool| {
            let numbers = self.numbers.iter();
            let unsaved = numbers.filter(|(number, call)| {
                let call = &self.calls[**call];
                **number > saved && call.result.is_some_and(|(when, _)| accepted(call, when))
            });
            unsaved.count() as u64
        };
        // When the archive can have saved each message, at the earliest.
        let (mut free, mut saved) = (0, 0);
        let mut least = None;
        for number in 1..=self.highest {
            let began = self.said_by(number).map_or(0, |(call, _)| call.from);
            free = began.max(free) + SAVE;
            if free > at + NEARLY {
                break;
            }
            if free > from + NEARLY {
                least.get_or_insert_with(|| count(saved, &|call, _| call.order < after));
                let now = count(number, &|_, when| when + NEARLY < free);
                least = least.min(Some(now));
            }
            saved = number;
        }
        least.unwrap_or_else(|| count(saved, &|call, _| call.order < after))
    }

    async fn rest(&mut self, duration: Duration) {
        // The test as a whole may take a virtual day.
        if self.story.now() + duration > Duration::from_secs(20 * 3600) {
            return;
        }
        self.story.tell(format!("({} pass)", at_time(duration)));
        if !self.attentive {
            self.nobody_looks();
            return sleep(duration).await;
        }
        let is_long = milliseconds(duration) > (self.most_unsaved() + 2) * SAVE;
        let metrics = Handle::current().metrics();
        let most_unsaved = self.most_unsaved();
        let mut returned = Vec::new();
        // A minute first: where something wakes up all the time, that is enough to see it.
        let first = duration.min(Duration::from_secs(60));
        for time in [first, duration - first] {
            let wake_ups = metrics.worker_park_count(0);
            self.waiting
                .rest(time, |call, result| {
                    returned.push((call, milliseconds(self.story.now()), result));
                    let is_say = self.calls[call].is_say;
                    self.story.tell(match result {
                        Ok(number) if is_say => {
                            format!("call {}, `say`: number {number}", call + 1)
                        }
                        result => format!("call {}: {result:?}", call + 1),
                    });
                })
                .await;
            let wake_ups = metrics.worker_park_count(0) - wake_ups;
            assert!(
                wake_ups < 100 + 20 * most_unsaved,
                "{} pass with no more than {most_unsaved} messages to save, and something woke up {wake_ups} times: a task that has nothing to do waits, \
                 and does not look again and again. {CURES}",
                at_time(time),
            );
        }
        settle().await;
        self.returned(returned);
        if is_long {
            self.all_is_quiet();
        }
    }

    /// All that was accepted has been saved, and all who waited have had their turn.
    fn all_is_quiet(&mut self) {
        if let Some(call) = self.waiting.waiting().next() {
            panic!(
                "{} still waits, long after everything before it should have been saved. {WAITS}",
                self.name(call)
            );
        }
        let now = self.now();
        self.crowds
            .extend(self.crowded_since.take().map(|since| (since, now)));
        reports_are_in_order(&self.reports());
        let accepted = self.numbers.len() as u64;
        if self.breaks_at.is_some_and(|number| self.highest >= number) {
            self.dead = true;
        } else if self.listener.is_some() {
            let reported = self.reported();
            if !self.dead && !self.refused && self.breaks_at != Some(reported + 1) {
                assert!(
                    reported >= self.highest,
                    "message {} was accepted, and is not reported, long after it should have been saved. {DRAIN}",
                    reported + 1
                );
                self.not_accepted = (accepted + self.gave_up).saturating_sub(reported);
            }
        } else if self.breaks_at.is_none() {
            // All that gave up may have been accepted.
            self.saved_unheard = accepted + self.gave_up - self.not_accepted;
        }
    }

    async fn end(mut self) {
        self.handles.clear();
        self.attentive = true;
        self.story.tell("all handles are dropped");
        settle().await;
        self.look().await;
        let rest = Duration::from_millis((self.most_unsaved() + 10) * SAVE);
        self.rest(rest).await;
        let reports = self.reports();
        self.calls_take_no_time();
        self.nobody_is_overtaken();
        self.reports_are_in_time(&reports);
        self.texts_are_saved(&reports);
        if self.listener.is_some() {
            self.all_is_reported(&reports);
            self.closed_is_true(&reports);
        }
    }

    fn calls_take_no_time(&self) {
        for (i, call) in self.calls.iter().enumerate() {
            let Some((at, _)) = call.result else { continue };
            assert!(
                !call.at_once || !call.attentive || at <= call.from + NEARLY,
                "{} began at {} and returned at {}: {}. {NEED}",
                self.name(i),
                moment(call.from),
                moment(at),
                if call.dead || call.refused {
                    "the archive had died, and there is nothing to wait for"
                } else {
                    "fewer than four messages waited to be saved, so it takes no time"
                }
            );
        }
    }

    fn nobody_is_overtaken(&self) {
        // The highest number of those who began before this moment.
        let (mut earlier, mut now, mut at) = ((0, 0), (0, 0), 0);
        for (i, call) in self.calls.iter().enumerate() {
            let Some((_, Ok(number))) = call.result else {
                continue;
            };
            if !call.is_say || !call.attentive {
                continue;
            }
            if call.from > at {
                (earlier, at) = (now, call.from);
            }
            assert!(
                number > earlier.0,
                "{} got number {number}, and call {}, which had waited for longer, got {}: nobody is overtaken. {WAITS}",
                self.name(i),
                earlier.1,
                earlier.0
            );
            now = now.max((number, i + 1));
        }
    }

    fn reports_are_in_time(&self, reports: &[(u64, u64)]) {
        reports_are_in_order(reports);
        // When the archive is free again, at the earliest; and when it was, as far as the reports tell.
        let (mut free, mut reported) = (0, 0);
        for &(at, number) in reports {
            assert!(
                self.breaks_at.is_none_or(|breaks_at| number < breaks_at),
                "number {number} was reported, and the store breaks at that message: it was never saved. {DIES}"
            );
            let said = self.said_by(number);
            let began = said.map_or(0, |(call, _)| call.from);
            free = began.max(free) + SAVE;
            assert!(
                at + NEARLY >= free,
                "number {number} was reported at {}, and cannot have been saved before {}: one message takes a second, and there is one at a time. {NEED}",
                moment(at),
                moment(free),
            );
            if let Some((call, accepted)) = said {
                let due = accepted.max(reported) + SAVE;
                let crowded = self
                    .crowds
                    .iter()
                    .any(|(from, to)| *from <= at && accepted <= *to)
                    || self.crowded_since.is_some_and(|from| from <= at);
                assert!(
                    crowded || !call.attentive || at <= due + NEARLY,
                    "number {number} was reported at {}, and could have been at {}: it was accepted, and the archive had nothing else to save. {SELECT}",
                    moment(at),
                    moment(due),
                );
            }
            reported = at;
        }
    }

    /// What was said is saved, and not only its number.
    fn texts_are_saved(&mut self, reports: &[(u64, u64)]) {
        let Some(disk) = &mut self.disk else { return };
        let saved: HashMap<_, _> = std::iter::from_fn(|| disk.try_recv().ok()).collect();
        for (number, text) in &saved {
            let Some(&call) = self.numbers.get(number) else {
                continue;
            };
            assert!(
                *text == text_of(call),
                "message {number} is {}, and the archive saved {} under that number. {NEED}",
                in_short(&text_of(call)),
                in_short(text),
            );
        }
        if let Some((_, number)) = reports
            .iter()
            .find(|(_, number)| !saved.contains_key(number))
        {
            panic!("number {number} was reported, and the store has not saved it. {NEED}");
        }
    }

    fn all_is_reported(&self, reports: &[(u64, u64)]) {
        let reported = reports.len() as u64;
        let saved = self.breaks_at.map_or(u64::MAX, |number| number - 1);
        let due = self.highest.min(saved);
        assert!(
            reported >= due,
            "message {} was accepted, and is never reported. {}. {DRAIN}",
            reported + 1,
            if self.highest > saved {
                "It was saved before the archive died"
            } else {
                "The archive was alive, and what was accepted is saved and reported, also when the last handle is gone"
            }
        );
        let says = self.calls.iter().filter(|call| {
            call.is_say && (call.gave_up || matches!(call.result, Some((_, Ok(_)))))
        });
        let says = says.count() as u64 - self.not_accepted;
        assert!(
            reported <= says,
            "{reported} messages were reported, and no more than {says} can have been accepted. {WAITS}"
        );
    }

    /// `Closed` comes when the archive has died, and not before.
    fn closed_is_true(&self, reports: &[(u64, u64)]) {
        let Some(breaks_at) = self.breaks_at else {
            return;
        };
        let mut died = 0;
        for number in 1..=breaks_at {
            died = self
                .said_by(number)
                .map_or(0, |(call, _)| call.from)
                .max(died)
                + SAVE;
        }
        for (i, call) in self.calls.iter().enumerate() {
            let Some((at, Err(Closed))) = call.result else {
                continue;
            };
            assert!(
                reports.len() as u64 + 1 == breaks_at && died <= at + NEARLY,
                "{} returned Closed at {}, and the archive had not died yet: it does when it should save message {breaks_at}. {DIES}",
                self.name(i),
                moment(at),
            );
        }
    }

    /// The caller that got this number, and when; `None` when it gave up.
    fn said_by(&self, number: u64) -> Option<(&Call, u64)> {
        let call = &self.calls[*self.numbers.get(&number)?];
        Some((call, call.result?.0))
    }
}

fn reports_are_in_order(reports: &[(u64, u64)]) {
    for ((_, number), expected) in reports.iter().zip(1..) {
        assert_eq!(
            *number, expected,
            "number {number} was reported where {expected} was next: messages are saved, and reported, in the order of their numbers, each once, and only a \
             message that is accepted takes a number. {NEED}"
        );
    }
}

/// What a call says: nothing, a lot, or a word.
fn text_of(call: usize) -> String {
    match call % 5 {
        0 => String::new(),
        1 => format!("{call}, a long story, ").repeat(4_000),
        _ => format!("hello {call}"),
    }
}

fn in_short(text: &str) -> String {
    match text.len() {
        0..20 => format!("{text:?}"),
        length => format!("a text of {length} bytes"),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn moment(milliseconds: u64) -> String {
    at_time(Duration::from_millis(milliseconds))
}
