//! What room and relay promise, whatever their callers do: random calls, in any order, by callers that wait and callers that give up.
//! Nothing is asked here that the page and src/lib.rs do not promise.

pub mod relay;
pub mod room;

use harness::{Calls, Story, at_time};
use std::time::Duration;

/// Lets everybody run, and the callers look whenever they are woken, until no more can happen without a timer. What `calls` returned.
///
/// Nothing in this exercise takes time: a call that has not returned by then never will, or waits for a timer. `name` says what it is.
async fn answers<T>(
    calls: &mut Calls<T>,
    story: &Story,
    name: impl Fn(usize) -> String,
) -> Vec<(usize, T)> {
    let before = story.now();
    let mut answers = Vec::new();
    calls
        .rest(Duration::from_millis(2), |number, answer| {
            answers.push((number, answer, story.now().saturating_sub(before)));
        })
        .await;
    if let Some((number, _, late)) = answers.iter().find(|(_, _, late)| *late > Duration::ZERO) {
        panic!(
            "{} came back only after {} of virtual time: nothing in it has to take time, so it waited for a timer (page: \"Time-outs\")",
            name(*number),
            at_time(*late)
        );
    }
    if let Some(number) = calls.waiting().next() {
        panic!(
            "{} never came back: every task waits, so nobody will answer it. A deadlock, or a wait for a timer (page: \"Two actors that ask each other\")",
            name(number)
        );
    }
    let answers = answers.into_iter();
    answers
        .map(|(number, answer, _)| (number, answer))
        .collect()
}
