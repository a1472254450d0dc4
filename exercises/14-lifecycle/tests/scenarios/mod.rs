//! What the frame promises, whatever happens: references that come and go, messages that wait, are given up, take long or panic, a stop, a
//! kill, failures. Nothing is asked here that the page and src/lib.rs do not promise.

use super::clerk::{self, Args, Clerk, End, Entry, Fate, Journal, Message, Own, PANICS};
use harness::{Calls, Dice, Scenario, Story, alive_tasks, at_time, expect_panics};
use lifecycle::{ActorRef, ActorResult, Closed, Limit, Phase, WeakRef, spawn, supervise};
use std::time::Duration;
use tokio::{sync::oneshot, task::JoinHandle, time::Instant};

/// One thing that happens to the clerk.
#[derive(Clone, Copy)]
pub enum Step {
    Note,
    /// Milliseconds.
    Work(u64),
    Ask,
    /// So many notes, from callers that wait.
    Burst(usize),
    Panic,
    /// The clerk's own work fails, so soon after the last message.
    OwnFails(u64),
    Clone,
    Drop,
    Upgrade,
    OldestGivesUp,
    Stop,
    Kill,
    /// By somebody who has the actor's `JoinHandle`.
    Abort,
    Rest(u64),
    /// The next step comes before the clerk gets to run.
    AtOnce,
}

use Step::*;

/// The clerk, and how it is kept.
#[derive(Clone)]
pub struct Office {
    capacity: usize,
    /// How many restarts in ten minutes; `None`: nobody supervises it.
    restarts: Option<usize>,
    start: Fate,
    stop: Fate,
    ticks: bool,
    /// Whether anybody keeps a weak reference.
    weak: bool,
}

const WITHIN: Duration = Duration::from_secs(600);

impl Scenario for Office {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        let slowly = Fate::Takes(Duration::from_millis(dice.pick(&[730, 310_070])));
        Self {
            capacity: dice.pick(&[1, 1, 2, 3, 8, 1000]),
            restarts: dice.pick(&[None, None, Some(0), Some(1), Some(2), Some(usize::MAX)]),
            start: dice.pick(&[Fate::Well, Fate::Well, Fate::Well, slowly]),
            stop: dice.pick(&[Fate::Well, Fate::Well, slowly, Fate::Fails, Fate::Panics]),
            ticks: dice.below(3) == 0,
            weak: dice.below(3) != 0,
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(41) {
            0..=6 => Note,
            7..=11 => Work(dice.pick(&[0, 210, 1_370, 5_390, 4_000_300])),
            12..=15 => Ask,
            16..=17 => Burst(dice.pick(&[3, 3, 17, 130])),
            18..=20 => Panic,
            21 => OwnFails(dice.pick(&[0, 310, 7_100])),
            22..=23 => Clone,
            24..=25 => Drop,
            26 => Upgrade,
            27..=28 => OldestGivesUp,
            29..=30 => Stop,
            31 => Kill,
            32..=34 => AtOnce,
            35 => Abort,
            _ => Rest(dice.pick(&[130, 470, 1_170, 61_700, 7_300_700])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        expect_panics(PANICS);
        let mut books = Books::open(&self, story);
        for step in steps {
            books.take(step).await;
        }
        books.end().await;
    }
}

/// What was sent, by the number of its call.
struct Sent {
    asks: bool,
    /// `None` while the call waits. `Gone` callers may have sent it, or not.
    fate: Lot,
    leaves_no_trace: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Lot {
    Waits,
    Accepted,
    Refused,
    Gone,
}

struct Books {
    story: Story,
    journal: Journal,
    references: Vec<ActorRef<Clerk>>,
    weak: Option<WeakRef<Clerk>>,
    task: Option<JoinHandle<ActorResult<Clerk>>>,
    calls: Calls<Result<(), Closed>>,
    sent: Vec<Sent>,
    restarts: Option<usize>,
    stop: Fate,
    at_once: bool,
    /// Whether something was sent, or done, that can make the clerk fail.
    may_fail: bool,
    stopped: bool,
    killed: bool,
    aborted: Option<Instant>,
    /// Killed before `on_stop` began.
    in_time: bool,
}

impl Books {
    fn open(with: &Office, story: Story) -> Self {
        let journal = Journal::default();
        let own = match with.ticks {
            true => Own::Ticks(Duration::from_secs(600)),
            false => Own::Nothing,
        };
        let args = Args {
            start: with.start,
            stop: with.stop,
            own,
            keeps_me: with.weak,
            ..Args::new(&journal)
        };
        let (reference, task) = match with.restarts {
            None => spawn::<Clerk>(args, with.capacity),
            Some(restarts) => supervise::<Clerk>(
                args,
                with.capacity,
                Limit {
                    restarts,
                    within: WITHIN,
                },
            ),
        };
        story.tell(match with.restarts {
            None => format!("spawn, with a mailbox for {}", with.capacity),
            Some(usize::MAX) => format!(
                "supervise, with a mailbox for {}, and restarts without limit",
                with.capacity
            ),
            Some(n) => format!(
                "supervise, with a mailbox for {}, and {n} restarts in ten minutes",
                with.capacity
            ),
        });
        for (method, fate) in [("start", with.start), ("stop", with.stop)] {
            if let Fate::Takes(time) = fate {
                story.tell(format!("`on_{method}` takes {}", at_time(time)));
            }
        }
        Self {
            story,
            journal,
            weak: with.weak.then(|| reference.downgrade()),
            references: vec![reference],
            task: Some(task),
            calls: Calls::new(),
            sent: Vec::new(),
            restarts: with.restarts,
            stop: with.stop,
            at_once: false,
            may_fail: false,
            stopped: false,
            killed: false,
            aborted: None,
            in_time: false,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Note => self.send("a note", false, |n, _| Message::Note(n)).await,
            Work(ms) => {
                let time = Duration::from_millis(ms);
                let words = format!("work for {}", at_time(time));
                self.send(&words, false, move |n, _| Message::Work(n, time))
                    .await;
            }
            Ask => {
                self.send("a question", true, |_, reply| Message::Count(reply))
                    .await
            }
            Burst(count) => {
                self.story.tell(format!("{count} notes at once:"));
                for _ in 0..count {
                    self.send("", false, |n, _| Message::Note(n)).await;
                }
            }
            Panic => {
                self.may_fail = true;
                self.send(
                    "a question over which the clerk panics",
                    true,
                    |_, reply| Message::Panic(reply),
                )
                .await;
            }
            OwnFails(ms) => {
                self.may_fail = true;
                let time = Duration::from_millis(ms);
                let own = match ms {
                    310 => Own::PanicsAfter(time),
                    _ => Own::FailsAfter(time),
                };
                self.send(
                    "a message after which its own work fails",
                    false,
                    move |_, _| Message::Own(own),
                )
                .await;
            }
            Clone => self.references.extend(self.references.first().cloned()),
            Drop => {
                if self.references.pop().is_some() {
                    let left = self.references.len();
                    self.story
                        .tell(format!("a reference is dropped, {left} are left"));
                }
            }
            Upgrade => self.upgrade(),
            OldestGivesUp => {
                if let Some(call) = self.calls.give_up_oldest() {
                    self.story.tell(format!("the caller of {call} gives up"));
                    self.sent[call].fate = Lot::Gone;
                }
            }
            Stop => {
                if let Some(reference) = self.references.first() {
                    reference.stop();
                    self.stopped = true;
                    self.story.tell("stop");
                }
            }
            Kill => {
                if let Some(reference) = self.references.first() {
                    reference.kill();
                    self.in_time |= self.journal.stops() == 0;
                    self.killed |= !self.task.as_ref().is_none_or(JoinHandle::is_finished);
                    self.story.tell("kill");
                }
            }
            Abort => {
                if let Some(task) = &self.task {
                    task.abort();
                    self.aborted.get_or_insert_with(Instant::now);
                    self.story.tell("the task is aborted");
                }
            }
            Rest(ms) => {
                if self.story.now() < Duration::from_secs(8 * 3600) {
                    self.pass(Duration::from_millis(ms)).await;
                }
            }
            AtOnce => {
                self.at_once = true;
                return;
            }
        }
        if !std::mem::take(&mut self.at_once) {
            self.everybody_runs().await;
        }
    }

    async fn send(
        &mut self,
        words: &str,
        asks: bool,
        message: impl FnOnce(u32, oneshot::Sender<usize>) -> Message + 'static,
    ) {
        let Some(reference) = self.references.first().cloned() else {
            return;
        };
        let call = self.sent.len();
        let leaves_no_trace = words.contains("panics") || words.contains("fails");
        self.sent.push(Sent {
            asks,
            fate: Lot::Waits,
            leaves_no_trace,
        });
        if !words.is_empty() {
            self.story.tell(format!("{words}, number {call}"));
        }
        let number = call as u32;
        let result = if asks {
            let question = async move {
                let asked = reference.ask(|reply| message(number, reply)).await;
                asked.map(|_count| ())
            };
            self.calls.start(call, question).await
        } else {
            let (unused, _) = oneshot::channel();
            let tell = async move { reference.tell(message(number, unused)).await };
            self.calls.start(call, tell).await
        };
        if let Some(result) = result {
            self.returned(call, result);
        }
    }

    fn returned(&mut self, call: usize, result: Result<(), Closed>) {
        let sent = &mut self.sent[call];
        sent.fate = match result {
            Ok(()) => Lot::Accepted,
            Err(Closed) => Lot::Refused,
        };
        if result.is_err() {
            self.story
                .tell(format!("{call} is told that the clerk is closed"));
        }
        let (asks, panics) = (sent.asks, sent.leaves_no_trace);
        assert!(
            !(asks && panics && result.is_ok()),
            "question {call} makes the clerk panic, and yet it was answered: by whom? (Page: \"Start it again\")"
        );
        assert!(
            result.is_ok()
                || panics
                || self.may_fail
                || self.stopped
                || self.killed
                || self.aborted.is_some(),
            "call {call} was told Closed, though somebody has a reference, nobody stopped, killed or aborted the clerk, and nothing made it fail. (Page: \"Who keeps it alive\")"
        );
    }

    fn upgrade(&mut self) {
        let Some(weak) = &self.weak else { return };
        // A call that waits holds a reference as well.
        let alive = !self.references.is_empty() || self.calls.waiting().len() > 0;
        let upgraded = weak.upgrade();
        self.story.tell("a weak reference is upgraded");
        assert_eq!(
            upgraded.is_some(),
            alive,
            "`upgrade` gives a reference as long as there is one, and none after the last was dropped. (Page: \"Who keeps it alive\")"
        );
        if self.references.len() < 4 && !self.references.is_empty() {
            self.references.extend(upgraded);
        }
    }

    async fn everybody_runs(&mut self) {
        loop {
            alive_tasks().await;
            let returned = self.calls.look().await;
            if returned.is_empty() {
                return;
            }
            for (call, result) in returned {
                self.returned(call, result);
            }
        }
    }

    async fn pass(&mut self, time: Duration) {
        self.story.tell(format!("({} pass)", at_time(time)));
        let mut returned = Vec::new();
        let done = |call, result| returned.push((call, result));
        self.calls.rest(time, done).await;
        for (call, result) in returned {
            self.returned(call, result);
        }
    }

    async fn end(mut self) {
        self.everybody_runs().await;
        // Whoever was told to end does so while there are references.
        let told = self.stopped || self.killed || self.aborted.is_some();
        if !told {
            self.references.clear();
            self.story.tell("all references are dropped");
        }
        // Callers that wait hold references of their own, and long work is done first.
        self.pass(Duration::from_secs(12 * 3600)).await;
        self.everybody_runs().await;
        assert_eq!(
            self.calls.waiting().len(),
            0,
            "calls {:?} still wait, half a day after the end was called for: they should have their answers, or be told Closed. (Page: \"Stop and kill\")",
            self.calls.waiting().collect::<Vec<_>>()
        );
        let Some(task) = self.task.take() else { return };
        assert!(
            task.is_finished() || told,
            "all references are gone, and half a day later the task still lives: who holds one? (Page: \"Who keeps it alive\")"
        );
        assert!(
            task.is_finished(),
            "the clerk was told to end, and half a day later it is still there: when does your loop begin to listen? (Page: \"Stop and kill\")"
        );
        let end = clerk::end_or_abort(task).await;
        self.story.tell(format!("the result: {end:?}"));
        self.judge(end);
    }

    /// What was promised of the whole.
    fn judge(&self, end: End) {
        if end == End::Aborted {
            assert!(
                self.aborted.is_some(),
                "the task was aborted, and by nobody outside: it should end by itself. (Page: \"The phases of a life\")"
            );
            assert!(
                self.journal.last() <= self.aborted,
                "the task was aborted, and some time after that the clerk was still at work: what it does is done in that task, so that an abort cuts it. (Page: \"A frame, line by line\")"
            );
            return self.judge_messages(true);
        }
        let panicked_at_stop = self.stop == Fate::Panics && self.journal.stops() > 0;
        let failed = matches!(end, End::Panicked) && !panicked_at_stop
            || matches!(end, End::Failed { phase, .. } if phase != Phase::OnStop);
        assert!(
            !failed || self.may_fail,
            "nothing made the clerk fail, and yet it ended as {end:?}. (Page: \"The phases of a life\")"
        );
        if failed {
            assert_eq!(
                self.journal.stops(),
                0,
                "the clerk failed: `on_stop` is not called. (Page: \"The phases of a life\")"
            );
        } else {
            assert_eq!(
                self.journal.stops(),
                1,
                "`on_stop` is called once. (Page: \"The phases of a life\")"
            );
            let as_it_stops = match self.stop {
                Fate::Panics => end == End::Panicked,
                Fate::Fails => matches!(
                    end,
                    End::Failed {
                        with_actor: true,
                        ..
                    }
                ),
                _ => matches!(end, End::Completed { .. }),
            };
            assert!(
                as_it_stops,
                "the result is the one of `on_stop`, with the actor in it unless it panicked. (Page: \"The phases of a life\")"
            );
            assert!(
                matches!(self.journal.entries().last(), Some(Entry::Stopped { .. })),
                "nothing comes after `on_stop`, and no new clerk is made. (Page: \"The phases of a life\")"
            );
        }
        let killed = match end {
            End::Completed { killed } | End::Failed { killed, .. } => killed,
            _ => self.journal.count(Entry::Stopped { killed: true }) > 0,
        };
        assert!(
            !killed || self.killed,
            "nobody killed the clerk, and its result says that it was. (Page: \"Stop and kill\")"
        );
        assert!(
            killed || failed || !self.in_time,
            "the clerk was killed before `on_stop` began, and its result says that it was not. (Page: \"Stop and kill\")"
        );
        if !failed {
            assert_eq!(
                self.journal.count(Entry::Stopped { killed }),
                1,
                "`on_stop` and the result must agree on whether it was killed. (Page: \"Stop and kill\")"
            );
        }
        assert!(
            self.journal.most_at_once() < 2,
            "a clerk that failed was still there when the next one was made: drop it first. (Page: \"Start it again\")"
        );
        let starts = self.journal.starts();
        let restarts = starts.get(1..).unwrap_or_default();
        let allowed = self.restarts.unwrap_or(0);
        let too_soon = |(one, later): (&Instant, &Instant)| later.duration_since(*one) < WITHIN;
        let later = restarts.get(allowed..).unwrap_or_default();
        assert!(
            !restarts.iter().zip(later).any(too_soon),
            "{allowed} restarts are allowed in ten minutes, and there were more: {} in all. (Page: \"With a limit\")",
            restarts.len()
        );
        // A failure before the limit ends it only when nothing waits any more.
        let for_good = failed && restarts.len() >= allowed;
        self.judge_messages(for_good || killed);
    }

    fn judge_messages(&self, ended_early: bool) {
        let gave_up = |sent: &&Sent| sent.asks && sent.fate == Lot::Gone;
        let gave_up = self.sent.iter().filter(gave_up).count();
        let unheard = self.journal.unheard();
        assert!(
            unheard <= gave_up,
            "the clerk answered {unheard} questions whose askers listened no longer, and {gave_up} askers gave up: the others were told Closed, although their answers came. (Page: \"Stop and kill\")"
        );
        let handled = self.journal.handled();
        assert!(
            handled.is_sorted_by(|one, next| one < next),
            "messages are handled once, and in the order in which they were accepted: {handled:?}. (Page: \"A frame, line by line\")"
        );
        for (number, sent) in self.sent.iter().enumerate() {
            if sent.asks {
                continue;
            }
            let was_handled = handled.binary_search(&(number as u32)).is_ok();
            assert!(
                !(was_handled && sent.fate == Lot::Refused),
                "the sender of message {number} was told Closed, and yet it was handled. (Page: \"Stop and kill\")"
            );
            assert!(
                was_handled || ended_early || sent.leaves_no_trace || sent.fate != Lot::Accepted,
                "message {number} was accepted, and never handled, though the clerk was not killed and did not fail for good. (Page: \"Stop and kill\", \"Start it again\")"
            );
        }
    }
}
