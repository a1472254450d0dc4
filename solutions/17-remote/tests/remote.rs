//! The exercise's own tests, run against this solution.
extern crate remote_solution as remote;
#[path = "../../../exercises/17-remote/tests/remote.rs"]
mod exercise;
