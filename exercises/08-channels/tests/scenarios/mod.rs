//! What channels promises, whatever its callers do: todo: which callers, and what they do. Nothing is asked here that the page and
//! src/lib.rs do not promise.

use harness::{Dice, Scenario, Story};

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    // todo: one for each kind of the README's "What an exercise's tests must try" that applies
    Ask,
}

#[derive(Clone)]
pub struct Callers;

impl Scenario for Callers {
    type Step = Step;

    fn begin(_dice: &mut Dice) -> Self {
        Self
    }

    fn step(&self, _dice: &mut Dice) -> Step {
        Step::Ask
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let actor = channels::open();
        for Step::Ask in steps {
            story.tell("somebody asks");
            assert_eq!(
                actor.ask().await,
                1,
                "todo: what was promised. (Page: \"The idea\")"
            );
        }
    }
}
