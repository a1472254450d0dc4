//! The exercise's own tests, run against this solution.
extern crate no_reply_solution as no_reply;
#[path = "../../../exercises/03-no-reply/tests/no_reply.rs"]
mod exercise;
