//! The commands that do their work and end, a file each.

mod build;
mod check;
mod explore;
mod hint;
mod record;
mod solution;
mod trace;

pub use build::build;
pub use check::check;
pub use explore::explore;
pub use hint::hint;
pub use record::record;
pub use solution::solution;
pub use trace::trace;
