//! What every test uses: a browser's [`Page`], a copy of the workspace with its [`Course`], and the static [`site`].

mod copy;
mod course;
mod driver;
mod group;
mod page;
mod room;
mod site;

pub use course::Course;
pub use page::Page;
pub use room::Room;
pub use site::{recorded_runs, site};

/// The five themes of an mdBook.
pub const THEMES: [&str; 5] = ["light", "rust", "coal", "navy", "ayu"];
