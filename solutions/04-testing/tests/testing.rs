//! The exercise's own tests, run against this solution.
extern crate testing_solution as testing;
#[path = "../../../exercises/04-testing/tests/testing.rs"]
mod exercise;
