//! What channels promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! The tests run in virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, all its handles
//! are dropped, and then every task has to end as well.

mod scenarios;

use harness::check;

/// Step 1. todo: the promise.
///
/// Page: "The idea". The slip: todo: what learners write.
#[test]
fn it_answers() {
    check(|| async {
        let actor = channels::open();
        assert_eq!(actor.ask().await, 1, "todo: what to look at");
    });
}

/// Step 1. All of it, whatever callers do.
///
/// Page: "The idea". The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Callers>(300);
}
