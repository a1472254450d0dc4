//! Calls that a scenario has under way. Nobody polls them but the scenario: it says who waits, and who gives up.

use std::{future::poll_fn, pin::Pin, pin::pin, task::Context, task::Poll, time::Duration};
use tokio::{task::coop::unconstrained, time::sleep};

type Call<T> = Pin<Box<dyn Future<Output = T>>>;

/// Calls that have not returned yet, each with its number, oldest first.
pub struct Calls<T> {
    waiting: Vec<(usize, Call<T>)>,
}

impl<T> Calls<T> {
    /// No calls.
    pub fn new() -> Self {
        Self {
            waiting: Vec::new(),
        }
    }

    /// Polls a call once, while no actor gets to run. What it returned; `None` when it has to wait.
    pub async fn start(
        &mut self,
        number: usize,
        call: impl Future<Output = T> + 'static,
    ) -> Option<T> {
        let mut call: Call<T> = Box::pin(call);
        match once(|cx| call.as_mut().poll(cx)).await {
            Poll::Ready(output) => Some(output),
            Poll::Pending => {
                self.waiting.push((number, call));
                None
            }
        }
    }

    /// Polls all of them once, oldest first, while no actor gets to run. Those that returned.
    pub async fn look(&mut self) -> Vec<(usize, T)> {
        once(|cx| self.poll(cx)).await
    }

    /// Lets virtual time pass, and polls whenever one of them is woken. `done` gets those that return, when they do.
    pub async fn rest(&mut self, duration: Duration, mut done: impl FnMut(usize, T)) {
        let mut time = pin!(sleep(duration));
        poll_fn(|cx| {
            for (number, output) in self.poll(cx) {
                done(number, output);
            }
            time.as_mut().poll(cx)
        })
        .await;
    }

    /// Drops the oldest one, without another look at it: its caller has lost patience, perhaps after its turn came. Its number.
    pub fn give_up_oldest(&mut self) -> Option<usize> {
        (!self.waiting.is_empty()).then(|| self.waiting.remove(0).0)
    }

    /// Drops the newest one.
    pub fn give_up_newest(&mut self) -> Option<usize> {
        self.waiting.pop().map(|(number, _)| number)
    }

    /// The numbers of those that wait.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = usize> {
        self.waiting.iter().map(|(number, _)| *number)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Vec<(usize, T)> {
        let mut done = Vec::new();
        self.waiting
            .retain_mut(|(number, call)| match call.as_mut().poll(cx) {
                Poll::Ready(output) => {
                    done.push((*number, output));
                    false
                }
                Poll::Pending => true,
            });
        done
    }
}

/// Runs `poll` without the budget after which Tokio makes a task yield.
async fn once<T>(mut poll: impl FnMut(&mut Context<'_>) -> T) -> T {
    unconstrained(poll_fn(|cx| Poll::Ready(poll(cx)))).await
}
