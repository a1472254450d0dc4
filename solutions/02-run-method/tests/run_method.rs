//! The exercise's own tests, run against this solution.
extern crate run_method_solution as run_method;
#[path = "../../../exercises/02-run-method/tests/run_method.rs"]
mod exercise;
