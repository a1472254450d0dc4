//! The exercise's own tests, run against this solution.
extern crate backpressure_solution as backpressure;
#[path = "../../../exercises/12-backpressure/tests/backpressure.rs"]
mod exercise;
