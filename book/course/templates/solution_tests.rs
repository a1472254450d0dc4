//! The exercise's own tests, run against this solution.
extern crate @crate@_solution as @crate@;
#[path = "../../../exercises/@folder@/tests/@crate@.rs"]
mod exercise;
