//! The exercise's own tests, run against this solution.
extern crate shutdown_solution as shutdown;
#[path = "../../../exercises/13-shutdown/tests/shutdown.rs"]
mod exercise;
