//! Programs that this one starts, and what they say: they may never end, print without end, or leave children behind.

pub mod echo;
pub mod excerpt;
pub mod group;
pub mod guard;
pub mod limited;
pub mod lines;
pub mod plain;
