//! What the callers of a busy actor can see: do they wait in line, and is there a bound while the actor works, too?

use crate::settle;
use std::{task::Poll, time::Duration};
use tokio::{
    task::{JoinSet, coop::unconstrained},
    time::sleep,
};
use tokio_test::task::{self, Spawn};

/// What callers have seen that came one after the other.
pub struct Line<T> {
    /// In the order in which they came; `None` for those that never had one.
    pub answers: Vec<Option<T>>,
    /// Whether the last one in the line was woken before its turn came. Whoever tries again and again is.
    pub last_was_woken: bool,
}

/// How often callers look in one pause.
const LOOKS: u32 = 64;

/// Starts so many calls, one after the other, while no actor gets to run, and then lets the actors run for `pause` (for as long as they
/// need no time, if that is zero). Before any of the callers looks whether its turn has come, one more call comes. Then those that are
/// woken look, those that came first before the others, many times in such a pause, until nobody gets on.
///
/// With more than twice as many callers as the mailbox has slots, the first ones are answered meanwhile, and the next ones are given
/// their slots: there is none for the last one, nor for the late one.
pub async fn wait_in_line<F: Future>(
    callers: usize,
    pause: Duration,
    mut call: impl FnMut() -> F,
) -> Line<F::Output> {
    let mut calls: Vec<_> = (0..callers).map(|_| task::spawn(call())).collect();
    let mut answers = Vec::new();
    answers.resize_with(callers + 1, || None);
    look(&mut calls, &mut answers, |_| true).await;
    rest(pause).await;
    let last_was_woken = calls.last().is_some_and(Spawn::is_woken);
    let mut late = task::spawn(call());
    let its_answer = &mut answers[callers..];
    look(std::slice::from_mut(&mut late), its_answer, |_| true).await;
    calls.push(late);
    // A caller that is given a slot now has its answer a few looks later.
    let mut in_vain = 0;
    while in_vain < 4 {
        let some = look(&mut calls, &mut answers, Spawn::is_woken).await;
        in_vain = if some { 0 } else { in_vain + 1 };
        rest(pause / LOOKS).await;
    }
    Line {
        answers,
        last_was_woken,
    }
}

async fn rest(pause: Duration) {
    settle().await;
    if pause > Duration::ZERO {
        sleep(pause).await;
    }
}

/// Polls the calls of those who look, and have no answer yet. Whether one of them has got one.
async fn look<F: Future>(
    calls: &mut [Spawn<F>],
    answers: &mut [Option<F::Output>],
    looks: impl Fn(&Spawn<F>) -> bool,
) -> bool {
    // Tokio makes a task yield after 128 operations in one poll: they would have to wait for that, too.
    unconstrained(async {
        let mut some = false;
        for (call, answer) in calls.iter_mut().zip(answers) {
            if answer.is_none()
                && looks(call)
                && let Poll::Ready(output) = call.poll()
            {
                *answer = Some(output);
                some = true;
            }
        }
        some
    })
    .await
}

/// Lets so many callers ask, each in a task of its own, while the actor works, until half of them have their answers. Then all others
/// give up. How many have been answered.
///
/// An actor that takes messages in and puts them off has taken in all of them by then.
pub async fn until_half_are_answered<F>(callers: usize, call: impl Fn() -> F) -> usize
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut asking: JoinSet<_> = (0..callers).map(|_| call()).collect();
    let mut answered = 0;
    while answered < callers / 2 && asking.join_next().await.is_some_and(|call| call.is_ok()) {
        answered += 1;
    }
    asking.shutdown().await;
    answered
}
