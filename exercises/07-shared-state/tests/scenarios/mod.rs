//! What the lobby promises, whatever its callers do: random people join by quick, slow, failing and panicking lookups, by several handles,
//! give up, stay, and go. Nothing is asked here that the page and src/lib.rs do not promise.

mod evening;

use super::world::{Lookup, PANICS, can_be_spawned};
use evening::InTheLobby;
use harness::{Dice, Scenario, Story, expect_panics};

/// One thing that happens in the lobby.
#[derive(Clone, Copy)]
pub enum Step {
    /// Somebody who has not been here.
    Join(Lookup),
    /// By a name that has been used.
    JoinAgain(usize, Lookup),
    /// So many people, in one moment.
    Rush(usize),
    /// So many ask in one moment, and give up at once.
    Crowd(usize),
    /// One of the members goes.
    Leave(usize),
    /// The same, on a thread without a runtime.
    LeaveElsewhere(usize),
    /// One of the members goes, and somebody takes the seat in the same moment; by the same name?
    Replace(usize, bool),
    Find(usize),
    /// Of the callers that wait for their lookups.
    OldestGivesUp,
    NewestGivesUp,
    /// For so many milliseconds nobody looks whether something has come for them, and then the newest gives up.
    ForgetsAndGivesUp(u64),
    /// The same, and nobody gives up.
    Forgets(u64),
    /// The newest looks once more when its lookup is over, and gives up when the lobby has answered.
    GivesUpWhenItHasJoined,
    /// Virtual time, in milliseconds.
    Rest(u64),
    CloneHandle,
    Switch(usize),
    DropHandle,
    /// The next step comes before the lobby gets to run.
    AtOnce,
}

#[derive(Clone)]
pub struct Evening {
    seats: usize,
}

impl Scenario for Evening {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            seats: dice.pick(&[0, 1, 1, 1, 2, 2, 3, 4, 10, 1000]),
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(44) {
            0..=7 => Step::Join(lookup(dice)),
            8..=11 => Step::JoinAgain(dice.below(16), lookup(dice)),
            12..=13 => Step::Rush(dice.pick_small(&[2, 2, 3, 40, 300])),
            14 => Step::Crowd(dice.pick_small(&[1, 3, 40, 3_000])),
            15..=17 => Step::Leave(dice.below(8)),
            18 => Step::LeaveElsewhere(dice.below(8)),
            19..=21 => Step::Replace(dice.below(8), dice.below(2) == 0),
            22..=23 => Step::Find(dice.below(16)),
            24..=25 => Step::OldestGivesUp,
            26 => Step::NewestGivesUp,
            27..=28 => Step::ForgetsAndGivesUp(dice.pick(&[0, 0, 130, 310, 1_170, 61_700])),
            29 if dice.below(2) == 0 => Step::GivesUpWhenItHasJoined,
            29 => Step::Forgets(dice.pick(&[0, 130, 1_170, 61_700, 8_391_000])),
            30..=35 => {
                Step::Rest(dice.pick(&[130, 310, 1_000, 1_170, 61_700, 5_390_000, 36_717_000]))
            }
            36 => Step::CloneHandle,
            37 => Step::Switch(dice.below(8)),
            38 => Step::DropHandle,
            _ => Step::AtOnce,
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        expect_panics(PANICS);
        let mut at = InTheLobby::open(self.seats, story);
        can_be_spawned(at.any_handle());
        for step in steps {
            at.take(step).await;
        }
        at.end().await;
    }
}

fn lookup(dice: &mut Dice) -> Lookup {
    dice.pick(&[
        Lookup::Takes(0),
        Lookup::Takes(310),
        Lookup::Takes(1_000),
        Lookup::Takes(1_000),
        Lookup::Takes(47_300),
        // No round number: somebody may have a time-out.
        Lookup::Takes(25_873_000),
        Lookup::FailsAfter(0),
        Lookup::FailsAfter(1_000),
        Lookup::PanicsAfter(310),
        Lookup::PanicsAtOnce,
        Lookup::Never,
    ])
}
