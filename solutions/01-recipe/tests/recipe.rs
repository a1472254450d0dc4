//! The exercise's own tests, run against this solution.
extern crate recipe_solution as recipe;
#[path = "../../../exercises/01-recipe/tests/recipe.rs"]
mod exercise;
