//! What the mail-out promises, whatever its callers do, and whoever stops it: random callers hand over mails that take some time, panic or
//! are stuck; they wait, or give up; and at some moment the mail-out is stopped, with more or less grace. Nothing is asked here that the
//! page and src/lib.rs do not promise.

use super::office::{Fate, Office, PANICS, Takes, mail};
use harness::{Calls, Dice, Scenario, Story, alive_tasks, at_time, expect_panics, wake_ups_so_far};
use shutdown::{MailHandle, Receipt, Report, Shutdown, Stopped, start};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// One thing that happens to the mail-out.
#[derive(Clone, Copy)]
pub enum Step {
    /// A caller hands over a mail that takes so long.
    Send(Takes),
    /// So many callers, each with a mail that takes 130 ms.
    Many(usize),
    CloneHandle,
    DropHandle,
    /// Of the calls that wait; it may be the one of `stop`.
    OldestGivesUp,
    NewestGivesUp,
    Stop(Duration),
    DropShutdown,
    Rest(Duration),
    /// The next step comes before the mail-out gets to run.
    AtOnce,
}

use Step::*;

const DRAIN: &str = "(Page: \"Close, then drain\")";
const DEADLINE: &str = "(Page: \"A deadline\")";
const COUNTS: &str = "(Page: \"Who counts\")";
const WAITS: &str = "(Page: \"Who waits\")";
const NOBODY: &str = "(Page: \"When nobody waits\")";
const WORKERS: &str = "(Page: chapter 12, \"Work beside the mailbox\")";

/// The test as a whole may take a virtual day.
const RESTS: Duration = Duration::from_secs(12 * 3600);

/// A timer fires at the first whole millisecond after its time.
const ROUNDED: Duration = Duration::from_millis(1);

/// The number of the call of `stop`. Those of `send` have the numbers of their mails.
const STOP: usize = 0;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[derive(Clone)]
pub struct MailOut {
    capacity: usize,
    workers: usize,
}

impl Scenario for MailOut {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            capacity: dice.pick(&[1, 1, 1, 2, 3, 17, 1000, Semaphore::MAX_PERMITS]),
            workers: dice.pick(&[1, 1, 2, 3, 19, 170]),
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(40) {
            0..=11 => Send(dice.pick(&[
                Takes::Time(ms(1000)),
                Takes::Time(ms(1000)),
                Takes::Time(ms(0)),
                Takes::Time(ms(310)),
                // No round number: somebody may have a time-out.
                Takes::Time(ms(7_627_000)),
                Takes::ForEver,
                Takes::PanicsAfter(ms(310)),
                Takes::PanicsAtOnce,
            ])),
            12..=14 => Many(dice.pick_small(&[3, 3, 40, 400])),
            15 => CloneHandle,
            16 => DropHandle,
            17..=18 => OldestGivesUp,
            19..=20 => NewestGivesUp,
            21..=26 => Stop(dice.pick(&[
                Duration::ZERO,
                ms(130),
                ms(310),
                ms(2_470),
                ms(61_300),
                ms(20_000_000),
                Duration::MAX,
            ])),
            27 => DropShutdown,
            28..=30 => AtOnce,
            _ => Rest(dice.pick(&[
                ms(130),
                ms(310),
                ms(1000),
                ms(1170),
                ms(61_700),
                ms(8_317_000),
            ])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        expect_panics(PANICS);
        let mut scene = Scene::open(&self, story);
        for step in steps {
            scene.take(step).await;
        }
        scene.end().await;
    }
}

/// What a call returns.
enum Answer {
    Mail(Result<Receipt, Stopped>),
    Report(Report),
}

/// A mail, as its caller knows it.
struct Sending {
    /// Whether it has a slot, or had one, for sure.
    accepted: bool,
    /// Its caller has given up before it had a slot.
    withdrawn: bool,
    answer: Option<Result<Receipt, Stopped>>,
}

/// How the mail-out was told to stop.
enum Stopping {
    /// By `stop`, at this time; and when it returned.
    Asked {
        at: Duration,
        grace: Duration,
        reported: Option<(Duration, Report)>,
    },
    /// Nobody waits: the `Shutdown` or the call of `stop` was dropped.
    Dropped,
}

struct Scene {
    story: Story,
    capacity: usize,
    workers: usize,
    office: Office,
    takes: Arc<Mutex<Vec<Takes>>>,
    handles: Vec<MailHandle>,
    shutdown: Option<Shutdown>,
    calls: Calls<Answer>,
    /// By their numbers, from 1.
    mails: BTreeMap<u64, Sending>,
    stopping: Option<Stopping>,
    /// Whether everybody had run and looked when it was stopped: only then it is known which mails were accepted.
    exact: bool,
    settled: bool,
    /// Whether time has passed since everybody has run: some mails may have got slots meanwhile.
    behind: bool,
    at_once: bool,
}

impl Scene {
    fn open(with: &MailOut, story: Story) -> Self {
        let &MailOut { capacity, workers } = with;
        story.tell(format!("start: {capacity} may wait, {workers} at work"));
        let takes: Arc<Mutex<Vec<Takes>>> = Arc::default();
        let script = takes.clone();
        let office = Office::new(move |number| {
            script.lock().unwrap_or_else(PoisonError::into_inner)[number as usize - 1]
        });
        let (mails, shutdown) = start(capacity, workers, office.mailer());
        Self {
            story,
            capacity,
            workers,
            office,
            takes,
            handles: vec![mails],
            shutdown: Some(shutdown),
            calls: Calls::new(),
            mails: BTreeMap::new(),
            stopping: None,
            exact: true,
            settled: true,
            behind: false,
            at_once: false,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Send(takes) => {
                if let Some(number) = self.send(takes, self.line().len()).await {
                    let words = match self.mails[&number].answer {
                        Some(answer) => format!("{answer:?}"),
                        None => "waits".to_owned(),
                    };
                    self.story
                        .tell(format!("mail {number} ({}): {words}", name(takes)));
                }
            }
            Many(count) => {
                let first = self.mails.len() + 1;
                let ahead = self.line().len();
                for more in 0..count {
                    self.send(Takes::Time(ms(130)), ahead + more).await;
                }
                let last = self.mails.len();
                if last >= first {
                    self.story.tell(format!(
                        "mails {first} to {last} (130 ms each) are handed over"
                    ));
                }
            }
            CloneHandle => self.handles.extend(self.handles.last().cloned()),
            DropHandle => {
                if self.handles.pop().is_some() && self.handles.is_empty() {
                    self.story
                        .tell("the last handle is dropped (calls that wait have one)");
                }
            }
            OldestGivesUp => {
                self.catch_up().await;
                let call = self.calls.give_up_oldest();
                self.gave_up(call);
            }
            NewestGivesUp => {
                self.catch_up().await;
                let call = self.calls.give_up_newest();
                self.gave_up(call);
            }
            Stop(grace) => self.stop(grace).await,
            DropShutdown => self.drop_shutdown(),
            Rest(time) => self.rest(time).await,
            AtOnce => return self.at_once = true,
        }
        if std::mem::take(&mut self.at_once) {
            self.settled = false;
        } else {
            self.everybody_runs().await;
        }
    }

    /// So many wait already.
    async fn send(&mut self, takes: Takes, ahead: usize) -> Option<u64> {
        let handle = self.handles.last()?.clone();
        let number = self.mails.len() as u64 + 1;
        self.takes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(takes);
        // In the same moment as the stop, it may be taken in or not.
        self.exact &= self.stopping.is_none() || self.settled;
        let accepted = self.stopping.is_none() && ahead < self.capacity;
        let call = async move { Answer::Mail(handle.send(mail(number)).await) };
        let sending = Sending {
            accepted,
            withdrawn: false,
            answer: None,
        };
        self.mails.insert(number, sending);
        if let Some(answer) = self.calls.start(number as usize, call).await {
            self.answered(number as usize, answer);
        }
        Some(number)
    }

    async fn stop(&mut self, grace: Duration) {
        let Some(shutdown) = self.shutdown.take() else {
            return;
        };
        let words = if grace == Duration::MAX {
            "as long as it takes".to_owned()
        } else {
            at_time(grace)
        };
        self.story.tell(format!("stop, with a grace of {words}"));
        self.exact = self.settled;
        self.stopping = Some(Stopping::Asked {
            at: self.story.now(),
            grace,
            reported: None,
        });
        let call = async move { Answer::Report(shutdown.stop(grace).await) };
        if let Some(answer) = self.calls.start(STOP, call).await {
            self.answered(STOP, answer);
        }
    }

    fn drop_shutdown(&mut self) {
        if self.shutdown.take().is_some() {
            self.story.tell("the `Shutdown` is dropped");
            self.exact = self.settled;
            self.stopping = Some(Stopping::Dropped);
        }
    }

    fn gave_up(&mut self, call: Option<usize>) {
        match call {
            None => {}
            Some(STOP) => {
                self.story
                    .tell("whoever called `stop` gives up waiting for it");
                self.stopping = Some(Stopping::Dropped);
            }
            Some(number) => {
                self.story
                    .tell(format!("the caller of mail {number} gives up"));
                if let Some(sending) = self.mails.get_mut(&(number as u64)) {
                    sending.withdrawn = self.exact && !sending.accepted;
                }
            }
        }
    }

    fn answered(&mut self, call: usize, answer: Answer) {
        match answer {
            Answer::Report(report) => {
                self.story.tell(format!("→ `stop` returns: {report:?}"));
                let now = self.story.now();
                if let Some(Stopping::Asked { reported, .. }) = &mut self.stopping {
                    *reported = Some((now, report));
                }
                assert_eq!(
                    self.office.under_way(),
                    0,
                    "`stop` has returned, and mails are still under way. {DEADLINE}"
                );
            }
            Answer::Mail(answer) => self.mail_answered(call as u64, answer),
        }
    }

    fn mail_answered(&mut self, number: u64, answer: Result<Receipt, Stopped>) {
        let fate = self.office.fate(number);
        match answer {
            Ok(receipt) => assert_eq!(
                (receipt, fate),
                (Receipt(number), Some(Fate::Sent)),
                "the caller of mail {number} has got a receipt. It should be that of its own mail, which has been sent. (Page: \"Four words\")"
            ),
            Err(Stopped) => assert!(
                fate == Some(Fate::Panicked)
                    || self.stopping.is_some()
                        && !matches!(fate, Some(Fate::Sent | Fate::UnderWay)),
                "the caller of mail {number} hears that there will be no receipt. What became of its mail: {}. {DRAIN}",
                match fate {
                    None => "nothing yet, and nobody has stopped the mail-out",
                    Some(Fate::UnderWay) => "it is under way",
                    Some(Fate::Sent) => "it was sent",
                    Some(Fate::Panicked | Fate::Dropped) =>
                        "it was given up, and nobody has stopped the mail-out",
                }
            ),
        }
        if let Some(sending) = self.mails.get_mut(&number) {
            sending.answer = Some(answer);
        }
    }

    /// The mails that have not begun: those in their slots, and behind them those that wait for one.
    fn line(&self) -> Vec<u64> {
        let begun: BTreeSet<u64> = self
            .office
            .mails()
            .iter()
            .map(|(number, _)| *number)
            .collect();
        let waiting = self.mails.iter().filter(|(number, sending)| {
            !sending.withdrawn && sending.answer.is_none() && !begun.contains(number)
        });
        waiting.map(|(number, _)| *number).collect()
    }

    /// Before somebody gives up, it has to be known who has a slot.
    async fn catch_up(&mut self) {
        if self.behind {
            self.everybody_runs().await;
        }
    }

    /// Until all wait: the mail-out, and its callers.
    async fn everybody_runs(&mut self) {
        let mut last = None;
        let tasks = loop {
            let tasks = alive_tasks().await;
            let answers = self.calls.look().await;
            let now = Some((tasks, self.office.mails().len()));
            if answers.is_empty() && now == last {
                break tasks;
            }
            self.all_answered(answers);
            last = now;
        };
        (self.settled, self.behind) = (true, false);
        if self.stopping.is_none() {
            let begun = self.office.mails().into_iter().map(|(number, _)| number);
            let slots = self.line().into_iter().take(self.capacity);
            for number in begun.chain(slots) {
                if let Some(sending) = self.mails.get_mut(&number) {
                    sending.accepted = true;
                }
            }
        }
        self.look_at_it(tasks);
    }

    fn all_answered(&mut self, answers: Vec<(usize, Answer)>) {
        let mut told = 0;
        for (call, answer) in answers {
            if let Answer::Mail(answer) = &answer
                && told < 3
            {
                told += 1;
                self.story.tell(match answer {
                    Ok(_) => format!("→ mail {call} has its receipt"),
                    Err(Stopped) => format!("→ mail {call}: Stopped"),
                });
            }
            self.answered(call, answer);
        }
    }

    /// What holds whenever everybody has run.
    fn look_at_it(&self, tasks: usize) {
        let now = self.story.now();
        let under_way = self.office.under_way();
        assert!(
            self.office.most_at_once() <= self.workers,
            "{} mails were under way at the same time, and there are {} workers. {WORKERS}",
            self.office.most_at_once(),
            self.workers
        );
        for number in self.calls.waiting().filter(|call| *call != STOP) {
            let fate = self.office.fate(number as u64);
            assert!(
                !matches!(fate, Some(Fate::Sent | Fate::Panicked)),
                "mail {number} {}, and its caller still waits. {COUNTS}",
                if fate == Some(Fate::Sent) {
                    "was sent"
                } else {
                    "has panicked in the mailer"
                }
            );
        }
        let line = self.line();
        let over = match &self.stopping {
            None => false,
            Some(Stopping::Dropped) => true,
            Some(Stopping::Asked {
                at,
                grace,
                reported,
            }) => {
                assert!(
                    reported.is_some() || now <= at.saturating_add(*grace).saturating_add(ROUNDED),
                    "`stop` was called at {}, with a grace of {}, and has not returned by {}. {DEADLINE}",
                    at_time(*at),
                    at_time(*grace),
                    at_time(now)
                );
                assert!(
                    reported.is_some() || under_way > 0,
                    "no mail is under way, and `stop` still waits: for what? {DRAIN}"
                );
                reported.is_some()
            }
        };
        if over {
            assert_eq!(
                under_way, 0,
                "all is over, and mails are under way. {NOBODY}"
            );
            assert_eq!(
                tasks, 0,
                "all is over, and tasks of the mail-out are left. {NOBODY}"
            );
            let waiting = self.calls.waiting().next();
            assert!(
                waiting.is_none(),
                "all is over, and a call still waits: that of mail {}. {NOBODY}",
                waiting.unwrap_or_default()
            );
            return;
        }
        if let Some(next) = line.first() {
            assert_eq!(
                under_way, self.workers,
                "mail {next} waits, and {under_way} mails are under way: there is a worker for it. {WORKERS}"
            );
        } else if under_way == 0 {
            assert!(
                tasks <= 20 + 3 * self.workers,
                "all mails are over, with {} workers, and the mail-out has {tasks} tasks: nothing is to be left of a mail that is over. {WAITS}",
                self.workers
            );
        }
        if self.stopping.is_some() {
            assert!(
                line.len() <= self.capacity,
                "the mail-out is being stopped, {} calls wait whose mails have not begun, and there are {} slots. Those without a slot are told at once. {DRAIN}",
                line.len(),
                self.capacity
            );
        }
    }

    async fn rest(&mut self, time: Duration) {
        if self.story.now() + time > RESTS {
            return;
        }
        self.story.tell(format!("({} pass)", at_time(time)));
        self.behind = true;
        let (before, begun) = (wake_ups_so_far(), self.office.mails().len());
        let mut answers = Vec::new();
        let story = &self.story;
        self.calls
            .rest(time, |call, answer| {
                answers.push((story.now(), call, answer))
            })
            .await;
        let (woken, mails) = (wake_ups_so_far() - before, self.office.mails().len());
        assert!(
            woken < 100 + 20 * (mails - begun + self.workers) as u64,
            "in {} timers woke the runtime {woken} times: something looks again and again instead of waiting. {DEADLINE}",
            at_time(time)
        );
        let now = self.story.now();
        for (at, call, answer) in answers {
            self.answered(call, answer);
            if call == STOP
                && let Some(Stopping::Asked {
                    reported: Some((when, _)),
                    ..
                }) = &mut self.stopping
            {
                debug_assert!(*when == now);
                *when = at;
            }
        }
    }

    async fn end(mut self) {
        self.everybody_runs().await;
        if self.shutdown.is_some() {
            self.stop(ms(40_000_000)).await;
            self.everybody_runs().await;
        }
        let over = |scene: &Self| scene.calls.waiting().len() == 0;
        // Whoever stops without an end may wait for a mail that is stuck.
        self.rest_to_the_end().await;
        self.everybody_runs().await;
        if !over(&self) {
            self.handles.clear();
            while let Some(call) = self.calls.give_up_newest() {
                self.gave_up(Some(call));
            }
            self.everybody_runs().await;
        }
        self.handles.clear();
        self.all_is_told();
    }

    async fn rest_to_the_end(&mut self) {
        self.story.tell("(half a day passes)");
        let mut answers = Vec::new();
        let story = &self.story;
        self.calls
            .rest(ms(41_000_000), |call, answer| {
                answers.push((story.now(), call, answer))
            })
            .await;
        for (at, call, answer) in answers {
            self.answered(call, answer);
            if call == STOP
                && let Some(Stopping::Asked {
                    reported: Some((when, _)),
                    ..
                }) = &mut self.stopping
            {
                *when = at;
            }
        }
    }

    /// What holds in the end.
    fn all_is_told(&self) {
        let mails = self.office.mails();
        let count = |fate| mails.iter().filter(|(_, is)| *is == fate).count();
        for (index, (number, _)) in mails.iter().enumerate() {
            assert!(
                mails[..index].iter().all(|(earlier, _)| earlier != number),
                "mail {number} was begun twice: a mail is over when it was sent, or has panicked. {COUNTS}"
            );
            let overtaken = mails[index..]
                .iter()
                .filter(|(later, _)| later < number)
                .count();
            assert!(
                overtaken < self.workers,
                "mail {number} began before {overtaken} others that were accepted earlier, and there are {} workers: mails are taken in the order in which they were accepted. {WORKERS}",
                self.workers
            );
            let sending = &self.mails[number];
            assert!(
                !sending.withdrawn,
                "the caller of mail {number} gave up before there was a slot for it, and the mail was begun. {WORKERS}"
            );
            assert!(
                !self.exact || sending.accepted || self.stopping.is_none(),
                "mail {number} had no slot when the mail-out was stopped, and it was begun. {DRAIN}"
            );
        }
        let Some(Stopping::Asked {
            at,
            grace,
            reported: Some((when, report)),
        }) = &self.stopping
        else {
            return;
        };
        let Report {
            sent,
            failed,
            aborted,
        } = *report;
        assert_eq!(
            (sent, failed),
            (count(Fate::Sent), count(Fate::Panicked)),
            "so many mails were sent, and so many panicked, and the report says {sent} and {failed}. {COUNTS}"
        );
        let accepted = self
            .mails
            .iter()
            .filter(|(number, sending)| sending.accepted || self.office.fate(**number).is_some());
        let accepted = accepted.count();
        let most = self
            .mails
            .values()
            .filter(|sending| !sending.withdrawn)
            .count();
        let in_time = *when < at.saturating_add(*grace);
        if in_time {
            assert_eq!(
                aborted,
                0,
                "`stop` was called at {}, and returned at {}, before its grace was over: nothing is to be aborted. {DRAIN}",
                at_time(*at),
                at_time(*when)
            );
        }
        let all = sent + failed + aborted;
        assert!(
            if self.exact {
                all == accepted
            } else {
                (accepted..=most).contains(&all)
            },
            "{accepted} mails were accepted, and the report counts {all}: {sent} sent, {failed} failed, {aborted} aborted. {COUNTS}"
        );
    }
}

fn name(takes: Takes) -> String {
    match takes {
        Takes::Time(time) => at_time(time),
        Takes::ForEver => "it is stuck".to_owned(),
        Takes::PanicsAfter(time) => format!("it panics after {}", at_time(time)),
        Takes::PanicsAtOnce => "it panics at once".to_owned(),
    }
}
