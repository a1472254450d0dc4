//! The exercise's own tests, run against this solution.
extern crate deadlocks_solution as deadlocks;
#[path = "../../../exercises/10-deadlocks/tests/deadlocks.rs"]
mod exercise;
