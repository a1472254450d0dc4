//! The exercise's own tests, run against this solution.
extern crate select_solution as select;
#[path = "../../../exercises/06-select/tests/select.rs"]
mod exercise;
