//! Notices that the process ends in the middle of a test. Cargo goes by the exit code, and after `std::process::exit(0)` it would take a
//! run for green whose tests have not run.
//!
//! It goes by what is seen where `exit` drops what the calling thread keeps in `thread_local!`, as glibc's does. A thread that the code
//! under test has started by itself is not watched.

use crate::{proof, report::Report};
use std::{cell::Cell, process};

struct AtExit {
    in_a_test: Cell<bool>,
}

thread_local! {
    static HERE: AtExit = const { AtExit { in_a_test: Cell::new(false) } };
}

/// A test runs on this thread from here on, or does not any more.
pub(crate) fn in_a_test(yes: bool) {
    HERE.with(|here| here.in_a_test.set(yes));
}

impl Drop for AtExit {
    fn drop(&mut self) {
        if self.in_a_test.get() {
            proof::last_words(&Report::because(
                "The test's process ended before the test did: who calls `std::process::exit`? No other test of this run has a result.\n\
                 An actor that cannot go on ends alone: it returns from its `run`, and its callers get an error.",
            ));
            // The exit code is chosen already; only a signal tells cargo that all is not well.
            process::abort();
        }
    }
}
