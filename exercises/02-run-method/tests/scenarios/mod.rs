//! What a door promises, whatever its callers do: people and groups that come and go in any order, callers that wait, callers that give
//! up and callers that look at their answer later. Nothing is asked here that the page and src/lib.rs do not promise.

use harness::{Calls, Dice, Scenario, Story, at_time, settle, start_and_drop};
use run_method::{DoorHandle, open};
use std::{
    fmt::{self, Display},
    time::Duration,
};
use tokio::{runtime::Handle, task::JoinHandle, time::sleep};

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    /// So many people pass.
    Pass(i64),
    /// Polled once, and dropped.
    PassAndGiveUp(i64),
    /// A call that nobody awaits.
    NeverAwaited,
    /// So many come in one moment, some in groups, some to go, and wait.
    Burst(usize),
    /// So many come one by one in one moment, and give up at once.
    BurstGivesUp(usize),
    /// So many come, one after the other, and do something else before they look at their answers.
    GoAway(usize),
    ComeBack,
    Clone,
    Drop,
    /// Of the callers that wait.
    OldestGivesUp,
    NewestGivesUp,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before the actor gets to run.
    AtOnce,
    /// Callers that wait do not look before the next step is done: their turn may have come by then.
    Inattentive,
}

use Step::*;

/// What the named test of the mailbox allows, too.
const LARGEST_MAILBOX: usize = 2_000;

/// How many people come at once: nobody, one, a group, and more than fit into 32 bits.
const PEOPLE: [i64; 8] = [1, 1, 2, -1, -3, 0, 70, 7_000_000_000];

#[derive(Clone)]
pub struct Door {
    inside: i64,
    /// Whether somebody waits for the task's result. Without, the task is detached.
    listens: bool,
}

impl Scenario for Door {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            inside: dice.pick(&[0, 10, -4]),
            listens: dice.below(4) > 0,
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(32) {
            0..=6 => Pass(dice.pick(&PEOPLE)),
            7..=9 => PassAndGiveUp(dice.pick(&PEOPLE)),
            10 => NeverAwaited,
            11..=12 => Burst(dice.pick(&[3, 40, 40, 100])),
            13 => BurstGivesUp(dice.pick(&[3, 40, 3000])),
            14 => GoAway(dice.pick(&[1, 1, 3, 9])),
            15 => ComeBack,
            16..=17 => Clone,
            18..=19 => Drop,
            20 => OldestGivesUp,
            21 => NewestGivesUp,
            22..=23 => Inattentive,
            24..=27 => AtOnce,
            // Over hours, too. No round number: somebody may have a time-out.
            _ => Rest(dice.pick(&[130, 1_170, 61_300, 5_390_000, 40_317_000])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let mut room = Room::open(&self, story).await;
        for step in steps {
            room.take(step).await;
        }
        room.end().await;
    }
}

/// What became of a pass.
enum Passed {
    Waits {
        people: i64,
        /// Whether its message was in the mailbox after the first poll: nobody else was there.
        sent: bool,
    },
    Counted {
        people: i64,
        inside: i64,
    },
    /// Whether it was counted is known only if its message was `sent`.
    GaveUp {
        people: i64,
        sent: bool,
    },
    /// So many single people, of whom at least so many were counted.
    Crowd {
        least: i64,
        most: i64,
    },
}

struct Room {
    story: Story,
    began_with: i64,
    task: Option<JoinHandle<i64>>,
    handles: Vec<DoorHandle>,
    /// Tasks of this door.
    tasks: usize,
    /// In the order in which they came.
    passed: Vec<Passed>,
    waiting: Calls<i64>,
    away: Calls<i64>,
    /// Whether all that came before is done.
    idle: bool,
    at_once: bool,
    attentive: bool,
}

impl Room {
    async fn open(door: &Door, story: Story) -> Self {
        story.tell(format!("a door is opened, with {} inside", door.inside));
        let (handle, task) = open(door.inside);
        settle().await;
        let tasks = alive();
        assert!(
            tasks > 0,
            "`open` has started no async task, or it has ended already: who owns the count?"
        );
        if !door.listens {
            story.tell("nobody waits for the task's result: its JoinHandle is dropped");
        }
        Self {
            story,
            began_with: door.inside,
            task: door.listens.then_some(task),
            handles: vec![handle],
            tasks,
            passed: Vec::new(),
            waiting: Calls::new(),
            away: Calls::new(),
            idle: true,
            at_once: false,
            attentive: true,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Pass(people) => self.pass(people, false).await,
            PassAndGiveUp(people) => self.pass(people, true).await,
            NeverAwaited => {
                if let Some(handle) = self.handle() {
                    self.story.tell("a call is made, and never awaited");
                    std::mem::drop(handle.pass(1));
                }
            }
            Burst(count) => self.burst(count).await,
            BurstGivesUp(count) => self.burst_gives_up(count).await,
            GoAway(count) => self.go_away(count).await,
            ComeBack => self.come_back().await,
            Clone => self.handles.extend(self.handles.last().cloned()),
            Drop => {
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
                let caller = self.waiting.give_up_oldest();
                self.gave_up(caller);
            }
            NewestGivesUp => {
                let caller = self.waiting.give_up_newest();
                self.gave_up(caller);
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
        if matches!(step, Clone | NeverAwaited | Rest(_)) {
            return self.no_more_tasks();
        }
        self.no_more_tasks();
        let attentive = std::mem::replace(&mut self.attentive, true);
        if !std::mem::take(&mut self.at_once) {
            self.settle().await;
            if attentive {
                self.answers_come().await;
            }
        }
    }

    fn handle(&self) -> Option<DoorHandle> {
        let handles = &self.handles;
        (!handles.is_empty()).then(|| handles[self.passed.len() % handles.len()].clone())
    }

    /// Whether a message that is sent now finds an empty mailbox, however small that is.
    fn nobody_is_there(&self) -> bool {
        self.idle && self.waiting.waiting().len() == 0
    }

    /// One more caller, polled once. `None`: nobody has a handle.
    async fn call(&mut self, people: i64) -> Option<usize> {
        let handle = self.handle()?;
        // Callers that wait are served before those that come later, if they take what they are given.
        self.look().await;
        let caller = self.passed.len();
        let sent = self.nobody_is_there();
        self.passed.push(Passed::Waits { people, sent });
        self.idle = false;
        let call = async move { handle.pass(people).await };
        let early = self.waiting.start(caller, call).await;
        self.not_known_without_the_actor(early);
        Some(caller)
    }

    fn not_known_without_the_actor(&self, early: Option<i64>) {
        if let Some(inside) = early {
            panic!(
                "`pass` returned {inside} before any task could run: the handle knows the count without asking the actor"
            );
        }
    }

    async fn pass(&mut self, people: i64, and_give_up: bool) {
        let Some(caller) = self.call(people).await else {
            return;
        };
        let name = name(caller);
        if and_give_up {
            self.waiting.give_up_newest();
            self.give_up(caller);
            self.story
                .tell(format!("{name}: pass({people}), and gives up at once"));
        } else {
            self.story.tell(format!("{name}: pass({people})"));
        }
    }

    async fn burst(&mut self, count: usize) {
        for people in [1, 2, -1, 0, -3, 5].into_iter().cycle().take(count) {
            if self.call(people).await.is_none() {
                return;
            }
        }
        self.story.tell(format!(
            "{count} more callers in one moment: pass(1), pass(2), pass(-1), pass(0), pass(-3), pass(5), and so on"
        ));
    }

    async fn burst_gives_up(&mut self, count: usize) {
        let Some(handle) = self.handle() else { return };
        self.look().await;
        let least = i64::from(self.nobody_is_there());
        self.idle = false;
        let done = start_and_drop(count, || handle.pass(1)).await;
        assert_eq!(
            done, 0,
            "`pass` returned before any task could run: the handle knows the count without asking the actor"
        );
        self.story.tell(format!(
            "{count} callers in one moment: pass(1), and each gives up at once"
        ));
        self.passed.push(Passed::Crowd {
            least,
            most: count.min(LARGEST_MAILBOX) as i64,
        });
    }

    async fn go_away(&mut self, count: usize) {
        self.settle().await;
        self.answers_come().await;
        if self.handles.is_empty() {
            return;
        }
        self.story.tell(format!(
            "{count} times pass(2), one after the other, and the callers do something else before they look at the answer"
        ));
        for _ in 0..count {
            let Some(handle) = self.handle() else { return };
            let caller = self.passed.len();
            self.passed.push(Passed::Waits {
                people: 2,
                sent: true,
            });
            let call = async move { handle.pass(2).await };
            let early = self.away.start(caller, call).await;
            self.not_known_without_the_actor(early);
            self.settle().await;
        }
    }

    async fn come_back(&mut self) {
        self.settle().await;
        let counts = self.away.look().await;
        self.got(counts);
        if let Some(caller) = self.away.waiting().next() {
            panic!(
                "{}, which did something else meanwhile, has no answer yet, and nobody is at work on it",
                name(caller)
            );
        }
    }

    fn gave_up(&mut self, caller: Option<usize>) {
        if let Some(caller) = caller {
            self.give_up(caller);
            self.story.tell(format!("{} gives up", name(caller)));
        }
    }

    fn give_up(&mut self, caller: usize) {
        if let Passed::Waits { people, sent } = self.passed[caller] {
            self.passed[caller] = Passed::GaveUp { people, sent };
        }
    }

    async fn rest(&mut self, duration: Duration) {
        // The test as a whole may take a virtual day.
        if self.story.now() + duration > Duration::from_secs(20 * 3600) {
            return;
        }
        self.story.tell(format!("({} pass)", at_time(duration)));
        sleep(duration).await;
    }

    /// Lets all tasks run until they wait.
    async fn settle(&mut self) {
        settle().await;
        self.idle = true;
        if self.waiting.waiting().len() + self.away.waiting().len() + self.handles.len() > 0 {
            self.no_more_tasks();
            assert!(
                alive() == self.tasks,
                "a task of this door has ended, and there are handles: it runs until the last one is dropped"
            );
        } else {
            assert!(
                alive() == 0,
                "the last handle is gone, and a task is still there. Who holds a Sender, or waits for what nobody will send?"
            );
        }
    }

    fn no_more_tasks(&self) {
        assert!(
            alive() <= self.tasks,
            "there are more tasks than after `open`: neither a pass nor a clone, nor the end of one, starts a task"
        );
    }

    /// The callers that wait look whether their answer has come.
    async fn look(&mut self) {
        let counts = self.waiting.look().await;
        self.got(counts);
    }

    /// Waits until they have their answers. Some may have to wait for a place first.
    async fn answers_come(&mut self) {
        self.look().await;
        let mut in_vain = 0;
        loop {
            let oldest = self.waiting.waiting().next();
            let Some(caller) = oldest else { return };
            assert!(
                in_vain < 2,
                "{} still waits for its answer, and nobody is at work: either for a timer, or for something that never comes",
                name(caller)
            );
            let before = self.waiting.waiting().len();
            self.settle().await;
            self.look().await;
            in_vain = match self.waiting.waiting().len() {
                now if now == before => in_vain + 1,
                _ => 0,
            };
        }
    }

    fn got(&mut self, counts: Vec<(usize, i64)>) {
        match &*counts {
            [] => {}
            [(caller, inside)] => self
                .story
                .tell(format!("→ {}: {inside} are inside", name(*caller))),
            [(_, first), .., (_, last)] => self.story.tell(format!(
                "→ {} callers have their answers, the first one {first} and the last one {last}",
                counts.len()
            )),
        }
        for (caller, inside) in counts {
            if let Passed::Waits { people, .. } = self.passed[caller] {
                self.passed[caller] = Passed::Counted { people, inside };
            }
        }
    }

    async fn end(mut self) {
        self.handles.clear();
        self.story.tell("all handles are dropped");
        self.settle().await;
        self.answers_come().await;
        self.come_back().await;
        self.settle().await;
        let possible = self.counts_are_right();
        let Some(task) = self.task else { return };
        // It has ended: no task is left.
        match task.await {
            Ok(last) => {
                self.story.tell(format!("→ the task returns {last}"));
                assert!(
                    possible.contain(last),
                    "the task returned {last}, and should have returned {possible}: all that was in the mailbox is counted, whether or not its caller waits"
                );
            }
            Err(error) if error.is_panic() => {
                panic!("the task panicked instead of returning the count")
            }
            Err(_) => panic!(
                "the task was aborted when the last handle was dropped: it should have come to its end and returned the count"
            ),
        }
    }

    /// How many can be inside at the end.
    fn counts_are_right(&self) -> Counts {
        let mut possible = Counts::only(self.began_with);
        for (caller, passed) in self.passed.iter().enumerate() {
            match *passed {
                Passed::Waits { .. } => {}
                Passed::GaveUp { people, sent: true } => possible = possible.plus(people, people),
                Passed::GaveUp {
                    people,
                    sent: false,
                } => possible = possible.or(possible.plus(people, people)),
                Passed::Crowd { least, most } => possible = possible.plus(least, most),
                Passed::Counted { people, inside } => {
                    let right = possible.plus(people, people);
                    assert!(
                        right.contain(inside),
                        "{}, pass({people}), was told that {inside} are inside. It should have been {right}: passes are counted one after the other, in the order \
                         in which they came, and one that is in the mailbox is counted though its caller gives up",
                        name(caller),
                    );
                    possible = Counts::only(inside);
                }
            }
        }
        possible
    }
}

/// The counts that are possible: each from a lowest to a highest one.
#[derive(Clone)]
struct Counts(Vec<(i64, i64)>);

impl Counts {
    fn only(count: i64) -> Self {
        Self(vec![(count, count)])
    }

    /// At least and at most so many more.
    fn plus(&self, least: i64, most: i64) -> Self {
        let counts = self.0.iter();
        Self(counts.map(|(from, to)| (from + least, to + most)).collect())
    }

    fn or(&self, others: Self) -> Self {
        let mut counts = [&*self.0, &*others.0].concat();
        counts.sort_unstable();
        counts.dedup();
        Self(counts)
    }

    fn contain(&self, count: i64) -> bool {
        self.0
            .iter()
            .any(|&(from, to)| from <= count && count <= to)
    }
}

impl Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (from, to)) in self.0.iter().enumerate() {
            write!(f, "{}", if i == 0 { "" } else { " or " })?;
            if from == to {
                write!(f, "{from}")?;
            } else {
                write!(f, "{from} to {to}")?;
            }
        }
        Ok(())
    }
}

fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

fn name(caller: usize) -> String {
    format!("caller {}", caller + 1)
}
