//! The exercise's own tests, run against this solution.
extern crate handles_solution as handles;
#[path = "../../../exercises/05-handles/tests/handles.rs"]
mod exercise;
