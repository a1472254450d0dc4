//! What the tests of every exercise are built on: a way to run a test that always ends, and questions to ask an actor
//! from the outside.
//!
//! A test looks like this:
//!
//! ```ignore
//! #[test]
//! fn numbers_start_at_one() {
//!     check(|| async {
//!         let room = SequencerHandle::new();
//!         assert_eq!(within("the first number", room.next_number()).await, 1);
//!     });
//! }
//! ```
//!
//! [`check`] runs the body on a runtime of its own whose clock stands still while any task can run ("virtual time"), and
//! finds what such a test would otherwise hide or hang on: tasks left behind, panics that nobody saw, loops that spin,
//! threads that block. Everything in here works with stable Tokio.

mod callers;
mod calls;
mod check;
mod exit;
mod line;
mod play;
mod probe;
mod proof;
mod remarks;
mod report;
mod scenario;
mod schedule;
mod trial;
mod wait;
mod watchdog;

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
pub use wait::{in_no_time, settle, within};

#[cfg(test)]
mod tests;
