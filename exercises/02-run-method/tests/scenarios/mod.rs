//! What a door promises, whatever its callers do: people and groups that come and go in any order, callers that wait, callers that give
//! up and callers that look at their answer later. Nothing is asked here that the page and src/lib.rs do not promise.

use harness::{Asked, Callers, Dice, Fate, Moment, Scenario, Story};
use run_method::{DoorHandle, open};
use std::{
    fmt::{self, Display},
    pin::Pin,
};
use tokio::task::JoinHandle;

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
    /// What happens between the passes.
    Between(Moment),
}

use Step::*;

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
            _ => Between(Moment::pick(dice)),
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

/// They say how many people pass, and are told how many are inside.
type DoorCallers = Callers<DoorHandle, i64, i64>;

struct Room {
    story: Story,
    began_with: i64,
    task: Option<JoinHandle<i64>>,
    callers: DoorCallers,
}

impl Room {
    async fn open(door: &Door, story: Story) -> Self {
        story.tell(format!("a door is opened, with {} inside", door.inside));
        let (handle, task) = open(door.inside);
        let callers = Callers::of(handle, story.clone()).await;
        if !door.listens {
            story.tell("nobody waits for the task's result: its JoinHandle is dropped");
        }
        Self {
            story,
            began_with: door.inside,
            task: door.listens.then_some(task),
            callers,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Between(moment) => return self.callers.live(moment).await,
            Pass(people) => {
                if let Some(caller) = self.callers.ask(people, pass(people)).await {
                    self.tell(format!("{}: pass({people})", DoorCallers::name(caller)));
                }
            }
            PassAndGiveUp(people) => {
                if let Some(caller) = self.callers.ask_in_vain(people, pass(people)).await {
                    let name = DoorCallers::name(caller);
                    self.tell(format!("{name}: pass({people}), and gives up at once"));
                }
            }
            NeverAwaited => {
                if let Some(handle) = self.callers.handle() {
                    self.tell("a call is made, and never awaited");
                    drop(handle.pass(1));
                }
                return;
            }
            Burst(count) => {
                for people in [1, 2, -1, 0, -3, 5].into_iter().cycle().take(count) {
                    self.callers.ask(people, pass(people)).await;
                }
                self.tell(format!(
                    "{count} more callers in one moment: pass(1), pass(2), pass(-1), pass(0), pass(-3), pass(5), and so on"
                ));
            }
            BurstGivesUp(count) => {
                if self.callers.crowd(count, 1, pass(1)).await {
                    self.tell(format!(
                        "{count} callers in one moment: pass(1), and each gives up at once"
                    ));
                }
            }
            GoAway(count) => {
                if self.callers.ask_and_go_away(count, 2, pass(2)).await {
                    self.tell(format!(
                        "{count} times pass(2), one after the other, and the callers do something else before they look at the answer"
                    ));
                }
            }
        }
        self.callers.go_on().await;
    }

    fn tell(&self, what: impl Into<String>) {
        self.story.tell(what);
    }

    async fn end(mut self) {
        self.callers.end().await;
        let possible = counts_are_right(self.began_with, self.callers.asked());
        let Some(task) = self.task else { return };
        // It has ended: no task is left.
        match task.await {
            Ok(last) => {
                self.story.tell(format!("→ the task returns {last}"));
                assert!(
                    possible.contain(last),
                    "the task returned {last}, and should have returned {possible}: all that was in the mailbox is counted, a group as a whole, whether or not its caller waits, and nothing \
                     else: a call that nobody awaits sends nothing"
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
}

fn pass(people: i64) -> impl Fn(DoorHandle) -> Pin<Box<dyn Future<Output = i64>>> {
    move |handle| Box::pin(async move { handle.pass(people).await })
}

/// How many can be inside at the end.
fn counts_are_right(began_with: i64, asked: &[Asked<i64, i64>]) -> Counts {
    let mut possible = Counts::only(began_with);
    for (caller, asked) in asked.iter().enumerate() {
        let people = asked.question;
        let with_them = possible.plus(people, people);
        match asked.fate {
            Fate::Waits { .. } => {}
            Fate::GaveUp { least: 1, most: 1 } => possible = with_them,
            Fate::GaveUp { least: 0, most: 1 } => possible = possible.or(with_them),
            // A crowd: they come one by one.
            Fate::GaveUp { least, most } => possible = possible.plus(least as i64, most as i64),
            Fate::Answered(inside) => {
                assert!(
                    with_them.contain(inside),
                    "{}, pass({people}), was told that {inside} are inside. It should have been {with_them}: passes are counted one after the other, in the order \
                     in which they came, and one that is in the mailbox is counted though its caller gives up",
                    DoorCallers::name(caller),
                );
                possible = Counts::only(inside);
            }
        }
    }
    possible
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
