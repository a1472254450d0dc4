//! What a room promises, whatever its callers do: random questions, in any order, by callers that wait, callers that give up and
//! callers that look at their answer later. Nothing is asked here that the page and src/lib.rs do not promise.

use harness::{Calls, Dice, Scenario, Story, at_time, settle, start_and_drop};
use recipe::SequencerHandle;
use std::time::Duration;
use tokio::{runtime::Handle, time::sleep};

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    Ask,
    /// Polled once, and dropped.
    AskAndGiveUp,
    /// A call that nobody awaits.
    NeverAwaited,
    /// So many ask in one moment, and wait.
    Burst(usize),
    /// So many ask in one moment, and give up at once.
    BurstGivesUp(usize),
    /// So many ask, one after the other, and do something else before they look at their answers.
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

#[derive(Clone)]
pub struct Numbers;

impl Scenario for Numbers {
    type Step = Step;

    fn begin(_dice: &mut Dice) -> Self {
        Self
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(32) {
            0..=6 => Ask,
            7..=8 => AskAndGiveUp,
            9 => NeverAwaited,
            10..=11 => Burst(dice.pick(&[3, 40, 40, 100])),
            12 => BurstGivesUp(dice.pick(&[3, 40, 3000])),
            13 => GoAway(dice.pick(&[1, 1, 3, 9])),
            14..=15 => ComeBack,
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
        let mut room = Room::open(story).await;
        for step in steps {
            room.take(step).await;
        }
        room.end().await;
    }
}

/// What became of a question.
enum Asked {
    Waits {
        /// Whether its message was in the mailbox after the first poll: nobody else was there.
        sent: bool,
    },
    Got(u64),
    /// So many of them have used up a number, at least and at most.
    GaveUp {
        least: usize,
        most: usize,
    },
}

struct Room {
    story: Story,
    handles: Vec<SequencerHandle>,
    /// Tasks of this room.
    tasks: usize,
    /// In the order in which they were asked.
    asked: Vec<Asked>,
    waiting: Calls<u64>,
    away: Calls<u64>,
    /// Whether all that was asked before is done.
    idle: bool,
    at_once: bool,
    attentive: bool,
}

impl Room {
    async fn open(story: Story) -> Self {
        let handle = SequencerHandle::new();
        settle().await;
        let tasks = alive();
        assert!(
            tasks > 0,
            "`new` has started no async task, or it has ended already: who owns the count?"
        );
        Self {
            story,
            handles: vec![handle],
            tasks,
            asked: Vec::new(),
            waiting: Calls::new(),
            away: Calls::new(),
            idle: true,
            at_once: false,
            attentive: true,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Ask => self.ask(false).await,
            AskAndGiveUp => self.ask(true).await,
            NeverAwaited => {
                if let Some(handle) = self.handle() {
                    self.story.tell("a call is made, and never awaited");
                    std::mem::drop(handle.next_number());
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

    fn handle(&self) -> Option<SequencerHandle> {
        let handles = &self.handles;
        (!handles.is_empty()).then(|| handles[self.asked.len() % handles.len()].clone())
    }

    /// Whether a message that is sent now finds an empty mailbox, however small that is.
    fn nobody_is_there(&self) -> bool {
        self.idle && self.waiting.waiting().len() == 0
    }

    /// One more caller, polled once. `None`: nobody has a handle.
    async fn call(&mut self) -> Option<usize> {
        let handle = self.handle()?;
        // Callers that wait are served before those that come later, if they take what they are given.
        self.look().await;
        let caller = self.asked.len();
        let sent = self.nobody_is_there();
        self.asked.push(Asked::Waits { sent });
        self.idle = false;
        let call = async move { handle.next_number().await };
        if let Some(number) = self.waiting.start(caller, call).await {
            panic!(
                "the number {number} was there before any task could run: the handle knows it without asking the actor"
            );
        }
        Some(caller)
    }

    async fn ask(&mut self, and_give_up: bool) {
        let Some(caller) = self.call().await else {
            return;
        };
        let name = name(caller);
        if and_give_up {
            self.waiting.give_up_newest();
            self.give_up(caller);
            self.story
                .tell(format!("{name} asks, and gives up at once"));
        } else {
            self.story.tell(format!("{name} asks"));
        }
    }

    async fn burst(&mut self, count: usize) {
        for _ in 0..count {
            if self.call().await.is_none() {
                return;
            }
        }
        self.story.tell(format!("{count} more ask in one moment"));
    }

    async fn burst_gives_up(&mut self, count: usize) {
        let Some(handle) = self.handle() else { return };
        self.look().await;
        let least = usize::from(self.nobody_is_there());
        self.idle = false;
        let done = start_and_drop(count, || handle.next_number()).await;
        assert_eq!(
            done, 0,
            "numbers were there before any task could run: the handle knows them without asking the actor"
        );
        self.story
            .tell(format!("{count} ask in one moment, and give up at once"));
        self.asked.push(Asked::GaveUp {
            least,
            most: count.min(LARGEST_MAILBOX),
        });
    }

    async fn go_away(&mut self, count: usize) {
        self.settle().await;
        self.answers_come().await;
        if self.handles.is_empty() {
            return;
        }
        self.story.tell(format!(
            "{count} ask, one after the other, and do something else before they look at the answer"
        ));
        for _ in 0..count {
            let Some(handle) = self.handle() else { return };
            let caller = self.asked.len();
            self.asked.push(Asked::Waits { sent: true });
            let call = async move { handle.next_number().await };
            if let Some(number) = self.away.start(caller, call).await {
                panic!(
                    "the number {number} was there before any task could run: the handle knows it without asking the actor"
                );
            }
            self.settle().await;
        }
    }

    async fn come_back(&mut self) {
        self.settle().await;
        let numbers = self.away.look().await;
        self.got(numbers);
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
        let sent = matches!(self.asked[caller], Asked::Waits { sent: true });
        self.asked[caller] = Asked::GaveUp {
            least: usize::from(sent),
            most: 1,
        };
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
                "a task of this room has ended, and there are handles: the actor runs as long as any of them is alive"
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
            "there are more tasks than after `new`: neither a question nor a clone, nor the end of one, starts a task"
        );
    }

    /// The callers that wait look whether their answer has come.
    async fn look(&mut self) {
        let numbers = self.waiting.look().await;
        self.got(numbers);
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
                "{} still waits for its number, and nobody is at work: either for a timer, or for something that never comes",
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

    fn got(&mut self, numbers: Vec<(usize, u64)>) {
        match &*numbers {
            [] => {}
            [(caller, number)] => self
                .story
                .tell(format!("→ {} gets {number}", name(*caller))),
            [(_, first), .., (_, last)] => self.story.tell(format!(
                "→ {} callers get their numbers, the first one {first} and the last one {last}",
                numbers.len()
            )),
        }
        for (caller, number) in numbers {
            self.asked[caller] = Asked::Got(number);
        }
    }

    async fn end(mut self) {
        self.handles.clear();
        self.story.tell("all handles are dropped");
        self.settle().await;
        self.answers_come().await;
        self.come_back().await;
        self.settle().await;
        self.numbers_are_right();
    }

    fn numbers_are_right(&self) {
        self.numbers_follow_the_questions();
        // What came before the next answer: the last number, and how many more can have been used up.
        let (mut last, mut least, mut most) = (0, 0, 0);
        for (caller, asked) in self.asked.iter().enumerate() {
            match asked {
                Asked::Waits { .. } => {}
                Asked::GaveUp { least: l, most: m } => {
                    least += *l as u64;
                    most += *m as u64;
                }
                Asked::Got(number) => {
                    let (from, to) = (last + least + 1, last + most + 1);
                    let name = name(caller);
                    assert!(
                        *number >= from,
                        "{name} got {number}, and should have got {from} or more: a question that is in the mailbox is handled, and uses up a number, though its caller gives up"
                    );
                    let why = match most {
                        0 => {
                            "nobody got a number between, and no number is left out. (A call that nobody awaits asks nothing.)"
                        }
                        _ => {
                            "a question that is not in the mailbox when its caller gives up uses up no number, and a mailbox has so many places and no more"
                        }
                    };
                    assert!(
                        *number <= to,
                        "{name} got {number}, and should have got {to}{}: {why}",
                        if from < to { " at most" } else { "" }
                    );
                    (last, least, most) = (*number, 0, 0);
                }
            }
        }
    }

    fn numbers_follow_the_questions(&self) {
        let numbers = self.asked.iter().enumerate();
        let numbers: Vec<_> = numbers
            .filter_map(|(caller, asked)| match asked {
                Asked::Got(number) => Some((name(caller), *number)),
                Asked::Waits { .. } | Asked::GaveUp { .. } => None,
            })
            .collect();
        for pair in numbers.windows(2) {
            let [(before, smaller), (after, number)] = pair else {
                continue;
            };
            assert_ne!(
                smaller, number,
                "{before} and {after} got the same number: each is given out once"
            );
            assert!(
                smaller < number,
                "{before} got {smaller}, and {after}, which asked later, got {number}: numbers follow the order of the questions"
            );
        }
    }
}

fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

fn name(caller: usize) -> String {
    format!("caller {}", caller + 1)
}
