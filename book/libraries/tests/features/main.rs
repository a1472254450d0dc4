//! What each library does. The page's table is made of this: the first line above a test is a cell of it, the test's name is the row, and
//! the file is the column. Where a file has no test of a row's name, the crate has nothing of the kind.
//!
//! `BLESS=1 cargo test -p actor-libraries --test features` writes the table.

mod by_hand;
mod on_actix;
mod on_kameo;
mod on_ractor;
mod on_rsactor;
mod on_xtra;
mod table;

/// An actor that waits for this does nothing else.
type Held = tokio::sync::oneshot::Receiver<()>;
