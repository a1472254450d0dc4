//! What a room promises, whatever its callers do: random questions, in any order, by callers that wait, callers that give up and
//! callers that look at their answer later. Nothing is asked here that the page and src/lib.rs do not promise.

use harness::{Asked, Callers, Dice, Fate, Moment, Scenario, Story};
use recipe::SequencerHandle;

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
    /// What happens between the questions.
    Between(Moment),
}

use Step::*;

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
            _ => Between(Moment::pick(dice)),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let callers = RoomCallers::of(SequencerHandle::new(), story.clone()).await;
        let mut room = Room { story, callers };
        for step in steps {
            room.take(step).await;
        }
        room.callers.end().await;
        numbers_are_right(room.callers.asked());
    }
}

type RoomCallers = Callers<SequencerHandle, (), u64>;

struct Room {
    story: Story,
    callers: RoomCallers,
}

impl Room {
    async fn take(&mut self, step: Step) {
        match step {
            Between(moment) => return self.callers.live(moment).await,
            Ask => {
                if let Some(caller) = self.callers.ask((), ask).await {
                    self.tell(format!("{} asks", RoomCallers::name(caller)));
                }
            }
            AskAndGiveUp => {
                if let Some(caller) = self.callers.ask_in_vain((), ask).await {
                    let name = RoomCallers::name(caller);
                    self.tell(format!("{name} asks, and gives up at once"));
                }
            }
            NeverAwaited => {
                if let Some(handle) = self.callers.handle() {
                    self.tell("a call is made, and never awaited");
                    drop(handle.next_number());
                }
                return;
            }
            Burst(count) => {
                for _ in 0..count {
                    self.callers.ask((), ask).await;
                }
                self.tell(format!("{count} more ask in one moment"));
            }
            BurstGivesUp(count) => {
                if self.callers.crowd(count, (), ask).await {
                    self.tell(format!("{count} ask in one moment, and give up at once"));
                }
            }
            GoAway(count) => {
                if self.callers.ask_and_go_away(count, (), ask).await {
                    self.tell(format!(
                        "{count} have asked, one after the other, and do something else before they look at the answer"
                    ));
                }
            }
        }
        self.callers.go_on().await;
    }

    fn tell(&self, what: impl Into<String>) {
        self.story.tell(what);
    }
}

async fn ask(handle: SequencerHandle) -> u64 {
    handle.next_number().await
}

fn numbers_are_right(asked: &[Asked<(), u64>]) {
    numbers_follow_the_questions(asked);
    // What came before the next answer: the last number, and how many more can have been used up.
    let (mut last, mut least, mut most) = (0, 0, 0);
    for (caller, Asked { fate, .. }) in asked.iter().enumerate() {
        match fate {
            Fate::Waits { .. } => {}
            Fate::GaveUp { least: l, most: m } => {
                least += *l as u64;
                most += *m as u64;
            }
            Fate::Answered(number) => {
                let (from, to) = (last + least + 1, last + most + 1);
                let name = RoomCallers::name(caller);
                assert!(
                    *number >= from,
                    "{name} got {number}, and should have got {from} or more: a question that is in the mailbox is handled, and uses up a number, though its caller gives up"
                );
                let why = match most {
                    0 => {
                        "nobody got a number between, and no number is left out. (A call that nobody awaits asks nothing.)"
                    }
                    _ => {
                        "a question that is not in the mailbox when its caller gives up uses up no number, and a mailbox has so many slots and no more"
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

fn numbers_follow_the_questions(asked: &[Asked<(), u64>]) {
    let answered = asked.iter().enumerate();
    let numbers: Vec<_> = answered
        .filter_map(|(caller, asked)| match asked.fate {
            Fate::Answered(number) => Some((RoomCallers::name(caller), number)),
            Fate::Waits { .. } | Fate::GaveUp { .. } => None,
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
