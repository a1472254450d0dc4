//! The exercises' harness for a recorded run: the same functions, but [`check`] records its body and passes no verdict.
//!
//! `cargo course trace` builds an exercise against it, in a scratch workspace where `harness` means this crate and
//! `tokio` the stand-in that records. It asks no questions of its own: whatever can be taken from the real harness is.

mod check;
mod play;
mod report;
mod trial;
mod within;

#[path = "../../../../exercises/harness/src/callers.rs"]
mod callers;
#[path = "../../../../exercises/harness/src/calls.rs"]
mod calls;
#[path = "../../../../exercises/harness/src/line.rs"]
mod line;
#[path = "../../../../exercises/harness/src/probe.rs"]
mod probe;
#[path = "../../../../exercises/harness/src/scenario.rs"]
mod scenario;
#[allow(dead_code, unused_imports)] // `skip_to` is for many scenarios, and one is recorded
#[path = "../../../../exercises/harness/src/schedule.rs"]
mod schedule;
#[allow(dead_code)] // `settle` is what is taken of it
#[path = "../../../../exercises/harness/src/wait.rs"]
mod wait;

pub use callers::{Asked, Callers, Fate, Moment};
pub use calls::Calls;
pub use check::{check, check_in_real_time, expect_panics};
pub use line::{Line, until_half_are_answered, wait_in_line};
pub use play::scenarios;
pub use probe::{
    Overlap, accepted_sends, alive_tasks, answered_at_once, count_polls, on_a_runtime_that_ends,
    start_and_drop, wake_ups, wake_ups_so_far,
};
pub use scenario::{Dice, Scenario, Story, at_time};
pub use schedule::one_schedule;
pub use trial::{Tried, cross_check, tried};
pub use within::{in_no_time, settle, within};
