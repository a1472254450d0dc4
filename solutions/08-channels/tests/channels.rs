//! The exercise's own tests, run against this solution.
extern crate channels_solution as channels;
#[path = "../../../exercises/08-channels/tests/channels.rs"]
mod exercise;
