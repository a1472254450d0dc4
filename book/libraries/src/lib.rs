//! Actor libraries, tried: what chapters 14 and 15 say of them. Nothing else builds this crate.
