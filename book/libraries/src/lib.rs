//! Actor libraries, tried: what chapters 14 and 15 say of them. Nothing else builds this crate.
//!
//! Each of the modules `by_hand` and `on_…` is the same actor behind the same handle: it gives out numbers. The tests in `tests/features` say what
//! each library does; the table of the page is made of them. `benches/libraries` measures.

pub mod by_hand;
pub mod on_actix;
pub mod on_kameo;
pub mod on_ractor;
pub mod on_rsactor;
pub mod on_xtra;
pub mod service;
pub mod supervised;
pub mod trouble;
