//! The exercise's own tests, run against this solution.
extern crate lifecycle_solution as lifecycle;
#[path = "../../../exercises/14-lifecycle/tests/lifecycle.rs"]
mod exercise;
