//! The exercise's own tests, run against this solution.
extern crate cycles_solution as cycles;
#[path = "../../../exercises/09-cycles/tests/cycles.rs"]
mod exercise;
