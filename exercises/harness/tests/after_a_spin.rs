//! What a process does after one of its tests was given up: a file of its own, since it is about the whole process.

use harness::check;
use std::panic::catch_unwind;

/// A thread that spins cannot be stopped. The tests after it would share the processor with it, and print among its output.
#[test]
fn no_test_runs_beside_one_that_spins() {
    let spins = catch_unwind(|| {
        check(|| async {
            loop {
                std::hint::spin_loop()
            }
        })
    });
    assert!(spins.is_err());
    let next = catch_unwind(|| check(|| async {}));
    assert!(next.is_err(), "should not have run");
}
