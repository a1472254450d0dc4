//! What a member promises, whatever its callers do: random lines by either way to tell, by callers that wait and callers that give up,
//! for screens that are quick, slow, or lost. Nothing is asked here that the page and src/lib.rs do not promise.

use harness::{Calls, Dice, Scenario, Story, at_time, settle, wake_ups_so_far};
use no_reply::{Closed, Lost, MemberHandle, Screen, open};
use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{runtime::Handle, time::sleep};

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    Tell,
    /// A text that was told before.
    TellTheSameAgain,
    /// A call that nobody awaits.
    NeverAwaited,
    TellOrEnd,
    /// So many callers tell. Of thousands that have to wait, two do, and the others give up.
    Burst(usize),
    /// So many lines without waiting, as far as there are slots.
    FillUp,
    /// A caller waits for the end.
    Gone,
    CloneHandle,
    DropHandle,
    /// Of the callers that wait for a slot.
    OldestGivesUp,
    NewestGivesUp,
    /// One of those that wait for the end.
    GoneGivesUp,
    /// The next line that is told takes so long, in milliseconds.
    NextTakes(u64),
    /// With the next line that is told the screen is lost.
    NextIsTheLast,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before the member gets to run.
    AtOnce,
    /// Callers that wait do not look before the next step is done: their turn may have come by then.
    Inattentive,
}

use Step::*;

/// Where to read about a promise that is broken.
const TELL: &str = "(Page: \"A tell\")";
const OK: &str = "(Page: \"What Ok says\")";
const FULL: &str = "(Page: \"When the mailbox is full\")";
const END: &str = "(Page: \"End it\")";
const GONE: &str = "(Page: \"Hear of the end\")";

/// The test as a whole may take a virtual day: so long it rests, and so long all lines take together.
const RESTS: Duration = Duration::from_secs(12 * 3600);
const LINES: Duration = Duration::from_secs(8 * 3600);

/// Milliseconds that timers may be late.
const AT_ONCE: u64 = 3;

#[derive(Clone)]
pub struct Member {
    capacity: usize,
    /// Whether the member runs, and waits for its first line, before the first step.
    runs_first: bool,
}

impl Scenario for Member {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            capacity: dice.pick(&[1, 1, 1, 2, 2, 3, 4, 17, 1000]),
            runs_first: dice.below(4) > 0,
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(40) {
            0..=7 => Tell,
            8 => TellTheSameAgain,
            9 => NeverAwaited,
            10..=12 => TellOrEnd,
            13..=14 => Burst(dice.pick(&[3, 3, 3, 40, 40, 3000])),
            15..=16 => FillUp,
            17..=18 => Gone,
            19..=20 => CloneHandle,
            21..=22 => DropHandle,
            23 => OldestGivesUp,
            24 => NewestGivesUp,
            25 => GoneGivesUp,
            // No round number: somebody may have a time-out.
            26..=27 => NextTakes(dice.pick(&[0, 0, 47_300, 25_873_000])),
            28 => NextIsTheLast,
            29..=31 => AtOnce,
            32..=33 => Inattentive,
            _ => Rest(dice.pick(&[130, 310, 1000, 1170, 5_390, 61_700, 40_317_000])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let mut room = Room::open(self, story).await;
        for step in steps {
            room.take(step).await;
        }
        room.end().await;
    }
}

/// What a line does to the screen.
#[derive(Clone, Copy)]
struct Line {
    takes: Duration,
    is_the_last: bool,
}

/// What the screen writes down.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    /// What each text does to the screen.
    does: HashMap<String, Line>,
    /// The texts, and when they began, in milliseconds.
    begun: Vec<(String, u64)>,
    /// When lines ended, in milliseconds.
    ended: Vec<u64>,
    showing: usize,
    /// A line was dropped before it was done.
    cut: bool,
    lost: bool,
    dropped: bool,
}

impl Log {
    fn open(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    Alive,
    /// `tell_or_end` has ended it, and its task may not have run since.
    Ending,
    Ended,
}

struct Room {
    story: Story,
    capacity: usize,
    handles: Vec<MemberHandle>,
    /// Those of the member, when it was opened.
    tasks: usize,
    texts: Vec<String>,
    /// The texts that were accepted, in that order, and when, in milliseconds.
    accepted: Vec<(String, u64)>,
    waiting: Calls<Result<(), Closed>>,
    line: Turns,
    gone: Calls<()>,
    gones: usize,
    next: Line,
    /// What all lines take together.
    lines: Duration,
    log: Log,
    life: Life,
    at_once: bool,
    attentive: bool,
}

const A_SECOND: Line = Line {
    takes: Duration::from_secs(1),
    is_the_last: false,
};

impl Room {
    async fn open(member: Member, story: Story) -> Self {
        let Member {
            capacity,
            runs_first,
        } = member;
        story.tell(format!(
            "open: {capacity} may wait{}",
            if runs_first {
                ""
            } else {
                "; the member has not run yet"
            }
        ));
        let log = Log::default();
        let member = open(screen(log.clone(), story.clone()), capacity);
        if runs_first {
            settle().await;
        }
        Self {
            story,
            capacity,
            handles: vec![member],
            tasks: Handle::current().metrics().num_alive_tasks(),
            texts: Vec::new(),
            accepted: Vec::new(),
            waiting: Calls::new(),
            line: Turns::default(),
            gone: Calls::new(),
            gones: 0,
            next: A_SECOND,
            lines: Duration::ZERO,
            log,
            life: Life::Alive,
            at_once: false,
            attentive: true,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Tell => self.tell(false).await,
            TellTheSameAgain => self.tell(true).await,
            NeverAwaited => {
                if let Some(member) = self.handles.last() {
                    self.story.tell("`tell` is called, and never awaited");
                    drop(member.tell("never told".to_owned()));
                }
            }
            TellOrEnd => self.tell_or_end().await,
            Burst(count) => self.burst(count).await,
            FillUp => self.fill_up().await,
            Gone => self.gone().await,
            CloneHandle => self.handles.extend(self.handles.last().cloned()),
            DropHandle => {
                // The first one, so that its clones have to do without it.
                if !self.handles.is_empty() {
                    self.handles.remove(0);
                    self.story.tell(match self.handles.len() {
                        0 => "the last handle is dropped",
                        _ => "a handle is dropped, and clones of it are left",
                    });
                }
            }
            OldestGivesUp => {
                let number = self.waiting.give_up_oldest();
                self.gave_up(number);
            }
            NewestGivesUp => {
                let number = self.waiting.give_up_newest();
                self.gave_up(number);
            }
            GoneGivesUp => {
                if self.gone.give_up_oldest().is_some() {
                    self.story.tell("a caller no longer waits for the end");
                }
            }
            NextTakes(ms) => {
                self.next.takes = Duration::from_millis(ms);
                return;
            }
            NextIsTheLast => {
                self.next.is_the_last = true;
                return;
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
        let attentive = mem::replace(&mut self.attentive, true);
        if !mem::take(&mut self.at_once) {
            self.everybody_runs(attentive).await;
        }
    }

    /// Until all wait: the member, and its callers if they look.
    async fn everybody_runs(&mut self, attentive: bool) {
        loop {
            settle().await;
            self.has_it_ended();
            if !attentive || !self.look().await {
                break;
            }
        }
        self.at_rest(attentive);
    }

    /// The member has run until it waits.
    fn has_it_ended(&mut self) {
        self.no_line_is_cut();
        if self.life == Life::Ending || self.log.open().lost {
            self.life = Life::Ended;
        }
    }

    fn no_line_is_cut(&self) {
        let log = self.log.open();
        assert!(
            !log.cut || log.lost || self.life != Life::Alive,
            "a line was cut off in the middle, and nothing had ended the member: a line takes as long as it takes. {TELL}"
        );
    }

    /// The callers that wait look whether their turn has come. Whether it had, for any of them.
    async fn look(&mut self) -> bool {
        let told = self.waiting.look().await;
        let gone = self.gone.look().await;
        let any = !told.is_empty() || !gone.is_empty();
        for (number, result) in told {
            self.waited(number, result);
        }
        for _ in gone {
            self.is_gone();
        }
        any
    }

    fn now(&self) -> u64 {
        milliseconds(self.story.now())
    }

    /// How many lines were accepted and have not begun.
    fn in_mailbox(&self) -> usize {
        let begun = self.log.open().begun.len();
        assert!(
            begun <= self.accepted.len(),
            "more lines were shown than were accepted: a caller had given up, or was refused, or a line came twice. {TELL}"
        );
        self.accepted.len() - begun
    }

    /// Whether there is a slot for one that comes now: each of those that wait has a claim to one.
    fn is_slot(&self) -> bool {
        self.in_mailbox() + self.waiting.waiting().len() < self.capacity
    }

    fn slots(&self) -> String {
        let waiting = match self.waiting.waiting().len() {
            0 => String::new(),
            count => format!(", and {count} callers waited for a slot"),
        };
        format!(
            "{} of {} slots were taken{waiting}",
            self.in_mailbox(),
            self.capacity
        )
    }

    /// The number and text of a new line, or the last one once more.
    fn line(&mut self, again: bool) -> (usize, String) {
        let number = self.texts.len() + 1;
        let mut log = self.log.open();
        let last = self.texts.last().filter(|_| again);
        let (text, mut line) = match last {
            Some(text) => (text.clone(), log.does[text]),
            None => (number.to_string(), mem::replace(&mut self.next, A_SECOND)),
        };
        // All lines together take no longer than what is left of the day.
        if self.lines + line.takes > LINES {
            line.takes = Duration::ZERO;
        }
        self.lines += line.takes;
        log.does.insert(text.clone(), line);
        self.texts.push(text.clone());
        (number, text)
    }

    /// Polls a `tell` once, and leaves it waiting if it has to. `None`: nobody has a handle.
    async fn call(&mut self, again: bool) -> Option<(usize, Option<Result<(), Closed>>)> {
        let member = self.handles.last()?.clone();
        let (number, text) = self.line(again);
        let is_slot = self.is_slot();
        let call = async move { member.tell(text).await };
        let told = self.waiting.start(number, call).await;
        match told {
            Some(result) => {
                if result.is_ok() && self.life == Life::Alive {
                    assert!(
                        is_slot,
                        "line {number} was accepted at once, and there was no slot for it: {}. {FULL}",
                        self.slots()
                    );
                }
                self.returned(number, result);
            }
            None => match self.life {
                Life::Alive => assert!(
                    !is_slot,
                    "`tell` of line {number} waits, and there is a slot for it: {}. {OK}",
                    self.slots()
                ),
                Life::Ending => {}
                Life::Ended => {
                    panic!("`tell` of line {number} waits, and the member has ended. {END}")
                }
            },
        }
        Some((number, told))
    }

    async fn tell(&mut self, again: bool) {
        self.look_first().await;
        if let Some((number, told)) = self.call(again).await {
            let again = if again { ", the same again" } else { "" };
            self.story.tell(match told {
                None => format!("tell {number}{again}: waits for a slot"),
                Some(result) => format!("tell {number}{again}: {result:?}"),
            });
        }
    }

    async fn burst(&mut self, count: usize) {
        self.look_first().await;
        let (mut accepted, mut waiting, mut gave_up) = (0, 0, 0);
        for _ in 0..count {
            match self.call(false).await {
                None => return,
                Some((_, Some(result))) => accepted += usize::from(result.is_ok()),
                Some((_, None)) if waiting < 2 || count <= 40 => waiting += 1,
                Some((_, None)) => {
                    self.waiting.give_up_newest();
                    gave_up += 1;
                }
            }
        }
        self.story.tell(format!(
            "{count} more are told: {accepted} accepted, {waiting} wait for a slot, {gave_up} give up"
        ));
    }

    async fn tell_or_end(&mut self) {
        self.look_first().await;
        self.try_one(true);
    }

    async fn fill_up(&mut self) {
        self.look_first().await;
        let before = self.texts.len();
        while self.life == Life::Alive && self.is_slot() && self.try_one(false) {}
        let told = self.texts.len() - before;
        if told > 0 {
            self.story.tell(format!("{told} times tell_or_end: Ok"));
        }
    }

    /// Whether anybody has a handle.
    fn try_one(&mut self, tell: bool) -> bool {
        let Some(member) = self.handles.last().cloned() else {
            return false;
        };
        let (number, text) = self.line(false);
        let (is_slot, slots) = (self.is_slot(), self.slots());
        let told = member.tell_or_end(text);
        if tell {
            self.story.tell(format!("tell_or_end {number}: {told:?}"));
        }
        if self.life == Life::Alive {
            match told {
                Ok(()) => assert!(
                    is_slot,
                    "line {number} was accepted by `tell_or_end`, and there was no slot for it: {slots}. {FULL}"
                ),
                Err(Closed) => assert!(
                    !is_slot || self.log.open().lost,
                    "`tell_or_end` of line {number} said Closed, and there was a slot for it: {slots}. {FULL}"
                ),
            }
        }
        if told == Err(Closed) && self.life == Life::Alive {
            self.life = Life::Ending;
        }
        self.returned(number, told);
        true
    }

    /// Those who wait look before others come, unless they are inattentive.
    async fn look_first(&mut self) {
        if self.attentive {
            self.look().await;
        }
    }

    fn waited(&mut self, number: usize, result: Result<(), Closed>) {
        self.story
            .tell(format!("→ tell {number}, which waited: {result:?}"));
        if result.is_ok() {
            self.line.is_its_turn(number);
        }
        self.returned(number, result);
    }

    fn returned(&mut self, number: usize, result: Result<(), Closed>) {
        match result {
            Ok(()) => {
                assert!(
                    self.life != Life::Ended,
                    "line {number} was accepted, and the member had ended: nobody will show it. {END}"
                );
                let text = self.texts[number - 1].clone();
                self.accepted.push((text, self.now()));
                let waiting = self.in_mailbox();
                assert!(
                    waiting <= self.capacity || self.life == Life::Ending,
                    "{waiting} lines were accepted and wait, and {} may. {OK}",
                    self.capacity
                );
            }
            Err(Closed) => assert!(
                self.life != Life::Alive || self.log.open().lost,
                "`tell` of line {number} said Closed, and the member has not been ended: nobody found its mailbox full, and its screen was not lost. {END}"
            ),
        }
    }

    fn gave_up(&self, number: Option<usize>) {
        if let Some(number) = number {
            self.story.tell(format!("the teller of {number} gives up"));
        }
    }

    async fn gone(&mut self) {
        let Some(member) = self.handles.last().cloned() else {
            return;
        };
        self.gones += 1;
        let call = async move { member.gone().await };
        match self.gone.start(self.gones, call).await {
            None => {
                self.story.tell("a caller waits for the end");
                assert!(
                    self.life != Life::Ended,
                    "`gone` waits, and the member has ended. {GONE}"
                );
            }
            Some(()) => {
                self.story.tell("gone: returns at once");
                self.is_gone();
            }
        }
    }

    fn is_gone(&self) {
        let log = self.log.open();
        assert!(
            log.dropped,
            "`gone` returned, and the member's screen is not dropped. {GONE}"
        );
        assert!(
            self.life != Life::Alive || log.lost,
            "`gone` returned, and nothing had ended the member. {GONE}"
        );
    }

    /// Whether somebody can still tell, or waits.
    fn has_handles(&self) -> bool {
        self.handles.len() + self.waiting.waiting().len() + self.gone.waiting().len() > 0
    }

    /// To be called when everybody has settled.
    fn at_rest(&self, attentive: bool) {
        let tasks = Handle::current().metrics().num_alive_tasks();
        let in_mailbox = self.in_mailbox();
        let log = self.log.open();
        if self.life == Life::Ended {
            assert!(
                log.dropped,
                "the member has ended, and its screen is not dropped. {END}"
            );
            assert!(
                tasks == 0,
                "the member has ended, and {tasks} tasks are alive. {END}"
            );
            if attentive {
                assert!(
                    self.waiting.waiting().len() == 0,
                    "the member has ended, and a `tell` still waits for a slot. {END}"
                );
                assert!(
                    self.gone.waiting().len() == 0,
                    "the member has ended, and `gone` still waits. {GONE}"
                );
            }
            return;
        }
        assert!(
            log.showing <= 1,
            "{} lines are being shown at a time. {TELL}",
            log.showing
        );
        assert!(
            in_mailbox == 0 || log.showing == 1,
            "{in_mailbox} lines were accepted and wait, and none is being shown. {TELL}"
        );
        assert!(
            tasks <= self.tasks + 2,
            "{tasks} tasks are alive, and {} were when the member was opened: neither a line nor a call needs a task. {TELL}",
            self.tasks
        );
        if self.has_handles() {
            assert!(
                tasks > 0 && !log.dropped,
                "somebody has a handle, and the member has ended: nobody found its mailbox full, and its screen was not lost. {OK}"
            );
        } else if in_mailbox == 0 && log.showing == 0 {
            assert!(
                log.dropped && tasks == 0,
                "the last handle is gone, all lines are shown, and the member is still there. {OK}"
            );
        }
        if let Some(number) = self.waiting.waiting().next().filter(|_| attentive) {
            assert!(
                in_mailbox >= self.capacity,
                "`tell` of line {number} still waits, and there is a slot: {in_mailbox} of {} are taken. {FULL}",
                self.capacity
            );
        }
    }

    async fn rest(&mut self, duration: Duration) {
        if self.story.now() + duration <= RESTS {
            self.story.tell(format!("({} pass)", at_time(duration)));
            self.pass(duration).await;
        }
    }

    async fn pass(&mut self, duration: Duration) {
        // In longer and longer pieces: one that ticks is found out before hours of ticks are played.
        let (mut left, mut piece) = (duration, Duration::from_secs(60));
        while !left.is_zero() {
            let passes = left.min(piece);
            let (wake_ups, ended) = (wake_ups_so_far(), self.log.open().ended.len());
            self.pass_at_once(passes).await;
            let wake_ups = wake_ups_so_far() - wake_ups;
            let timers = 2 + self.log.open().ended.len() - ended;
            assert!(
                wake_ups <= 40 + 10 * timers as u64,
                "in {} the runtime woke up {wake_ups} times, and next to nothing happened: something looks again and again instead of waiting. {TELL}",
                at_time(passes)
            );
            left -= passes;
            piece *= 8;
        }
    }

    async fn pass_at_once(&mut self, duration: Duration) {
        if !self.attentive {
            sleep(duration).await;
            return self.has_it_ended();
        }
        if self.life == Life::Ending {
            settle().await;
            self.has_it_ended();
        }
        self.look().await;
        let (story, texts, log) = (&self.story, &self.texts, &self.log);
        let (accepted, capacity) = (&mut self.accepted, self.capacity);
        let line = &mut self.line;
        let (mut closed, mut gone) = (None, false);
        let waiting = self.waiting.rest(duration, |number, result| {
            story.tell(format!("→ tell {number}, which waited: {result:?}"));
            match result {
                Ok(()) => {
                    line.is_its_turn(number);
                    accepted.push((texts[number - 1].clone(), milliseconds(story.now())));
                    let begun = log.open().begun.len();
                    assert!(
                        accepted.len() <= begun + capacity,
                        "more lines wait than may. {OK}"
                    );
                }
                Err(Closed) if log.open().lost => {}
                Err(Closed) => closed = Some(number),
            }
        });
        let ends = self.gone.rest(duration, |_, ()| {
            story.tell("→ a caller that waited is told of the end");
            gone = true;
        });
        tokio::join!(waiting, ends);
        let lost = log.open().lost;
        self.no_line_is_cut();
        assert!(
            closed.is_none() || self.life == Life::Ended,
            "a `tell` that waited said Closed, and nothing has ended the member. {END}"
        );
        assert!(
            !gone || lost || self.life == Life::Ended,
            "`gone` returned, and nothing had ended the member. {GONE}"
        );
        self.has_it_ended();
    }

    async fn end(mut self) {
        self.attentive = true;
        self.handles.clear();
        while self.gone.give_up_oldest().is_some() {}
        self.story.tell("all handles are dropped");
        self.everybody_runs(true).await;
        self.pass(self.lines + Duration::from_secs(60 + 2 * self.texts.len() as u64))
            .await;
        self.everybody_runs(true).await;
        if let Some(number) = self.waiting.waiting().next() {
            panic!("`tell` of line {number} still waits, long after there was a slot. {FULL}");
        }
        self.lines_are_shown();
    }

    fn lines_are_shown(&self) {
        let log = self.log.open();
        let mut free = 0;
        for (i, (text, at)) in self.accepted.iter().enumerate() {
            let Some((begun, began)) = log.begun.get(i) else {
                assert!(
                    self.life == Life::Ended,
                    "line {text} was accepted, and never shown. {OK}"
                );
                return;
            };
            assert!(
                begun == text,
                "line {begun} was shown where {text} was next: lines are shown in the order in which they were accepted, each as it is. {TELL}"
            );
            let could = free.max(*at);
            assert!(
                *began <= could + AT_ONCE,
                "line {text} began at {}, and could have begun at {}: nothing else was being shown. {TELL}",
                at_time(Duration::from_millis(*began)),
                at_time(Duration::from_millis(could)),
            );
            free = log.ended.get(i).copied().unwrap_or(free);
        }
        assert!(
            log.begun.len() <= self.accepted.len(),
            "more lines were shown than were accepted. {TELL}"
        );
    }
}

/// Of the callers that wait for a slot, nobody comes before one that has waited longer.
#[derive(Default)]
struct Turns {
    newest: usize,
}

impl Turns {
    /// Line `number` waited, and was accepted.
    fn is_its_turn(&mut self, number: usize) {
        assert!(
            number > self.newest,
            "line {} was accepted before line {number}, and both had waited for a slot, line {number} longer: the caller that has waited longest gets the next slot. {FULL}",
            self.newest
        );
        self.newest = number;
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A screen that writes down what it shows.
fn screen(log: Log, story: Story) -> Screen {
    let connection = Connection(log, story);
    Screen::new(move |text| {
        let (log, story) = (connection.0.clone(), connection.1.clone());
        async move {
            let line = log.open().does.get(&text).copied().unwrap_or(A_SECOND);
            log.open()
                .begun
                .push((text.clone(), milliseconds(story.now())));
            let mut showing = Showing::begin(&log);
            sleep(line.takes).await;
            showing.is_done = true;
            let mut lines = log.open();
            lines.ended.push(milliseconds(story.now()));
            if line.is_the_last {
                lines.lost = true;
                story.tell(format!("→ line {text}: the screen is lost"));
                return Err(Lost);
            }
            if lines.ended.len() <= 8 {
                story.tell(format!("→ line {text} is shown"));
            }
            Ok(())
        }
    })
}

struct Connection(Log, Story);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.open().dropped = true;
    }
}

struct Showing {
    log: Log,
    is_done: bool,
}

impl Showing {
    fn begin(log: &Log) -> Self {
        log.open().showing += 1;
        Self {
            log: log.clone(),
            is_done: false,
        }
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        let mut log = self.log.open();
        log.showing -= 1;
        log.cut |= !self.is_done;
    }
}
