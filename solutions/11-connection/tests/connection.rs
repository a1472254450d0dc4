//! The exercise's own tests, run against this solution.
extern crate connection_solution as connection;
#[path = "../../../exercises/11-connection/tests/connection.rs"]
mod exercise;
