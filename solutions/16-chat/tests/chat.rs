//! The exercise's own tests, run against this solution.
extern crate chat_solution as chat;
#[path = "../../../exercises/16-chat/tests/chat.rs"]
mod exercise;
