//! Records one scenario.

use crate::{
    check,
    scenario::{Scenario, Story, Which},
};

/// Records the scenario that the environment names.
///
/// # Panics
/// As [`check`], and when none is named.
pub fn scenarios<S: Scenario>(_count: u32) {
    let Some(which) = Which::from_env() else {
        panic!(
            "one scenario can be recorded, not all: name it as its failure does, with --scenario"
        );
    };
    let (begin, steps) = which.draw::<S>();
    check(move || async move {
        let story = Story::default();
        story.begin();
        begin.play(steps, story).await;
    });
}
