//! The exercise's own tests, run against this solution.
extern crate libraries_solution as libraries;
#[path = "../../../exercises/15-libraries/tests/libraries.rs"]
mod exercise;
