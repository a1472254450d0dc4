//! The listings of the book's chapters, one module or more a chapter. The pages take them in by their anchors; what a page says
//! about a listing, a test at the end of its module proves.
//!
//! Listings that must not compile are in `broken/`, each with what the compiler says; `tests/broken.rs` proves that.

#[cfg(test)]
mod abandoned;
pub mod backpressure;
pub mod cycles;
pub mod cycles_abort;
pub mod cycles_break;
pub mod cycles_circle;
pub mod cycles_drain;
pub mod cycles_results;
pub mod cycles_weak;
pub mod deadlocks;
pub mod deadlocks_ask;
pub mod deadlocks_back_edge;
pub mod deadlocks_futurelock;
pub mod deadlocks_self;
pub mod deadlocks_thermometer;
pub mod deadlocks_time_out;
pub mod deadlocks_world;
pub mod log;
pub mod recipe;
pub mod recipe_shared;
pub mod run_method;
pub mod select;
pub mod select_busy;
pub mod select_drop;
pub mod select_order;
pub mod select_spins;
pub mod select_tick;
