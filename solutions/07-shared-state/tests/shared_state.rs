//! The exercise's own tests, run against this solution.
extern crate shared_state_solution as shared_state;
#[path = "../../../exercises/07-shared-state/tests/shared_state.rs"]
mod exercise;
