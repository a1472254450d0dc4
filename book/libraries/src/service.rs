//! The recipe in other clothes: a `tower::Service` is what the actor does with a message, and `Buffer` is its task, its mailbox and its
//! handle.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};
use tower::{Service, ServiceExt, buffer::Buffer};

// ANCHOR: service
/// What is asked.
pub struct Next;

/// The state, and what it does with a message.
pub struct Sequencer {
    last: u64,
}

impl Service<Next> for Sequencer {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, Next: Next) -> Self::Future {
        self.last += 1;
        ready(Ok(self.last))
    }
}
// ANCHOR_END: service

// ANCHOR: handle
/// Gives out numbers: `Buffer` is a bounded channel, a task that calls the service, and a oneshot for each answer.
#[derive(Clone)]
pub struct SequencerHandle {
    buffer: Buffer<Next, Ready<Result<u64, Infallible>>>,
}

impl SequencerHandle {
    /// A task of its own, and a mailbox for 64 messages.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new() -> Self {
        let buffer = Buffer::new(Sequencer { last: 0 }, 64);
        Self { buffer }
    }

    /// The next number.
    ///
    /// # Panics
    /// The task is gone.
    pub async fn next_number(&self) -> u64 {
        // `ready` takes a slot, `call` sends.
        let mut buffer = self.buffer.clone();
        let ready = buffer.ready().await.expect("the sequencer is gone");
        ready.call(Next).await.expect("the sequencer is gone")
    }
}
// ANCHOR_END: handle

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{accepted_sends, check};

    /// Page: "The recipe in other clothes": a slot that `ready` has taken is taken until `call`, or until the clone is dropped.
    #[test]
    fn ready_keeps_a_slot() {
        check(|| async {
            let SequencerHandle { buffer } = SequencerHandle::new();
            let mut clones: Vec<_> = (0..200).map(|_| buffer.clone()).collect();
            let mut all = clones.iter_mut();
            let ready = accepted_sends(200, || {
                let clone = all.next().unwrap();
                async move { clone.ready().await.is_ok() }
            });
            let slots = ready.await.unwrap();
            assert!(slots <= 65, "{slots}");
            // The one that found none stands in line as long as it lives.
            clones.truncate(slots);
            let mut late = buffer.clone();
            let mut waits = tokio_test::task::spawn(late.ready());
            assert!(waits.poll().is_pending(), "nothing was sent, and it waits");
            // The first one gives its slot back.
            clones.remove(0);
            assert!(waits.is_woken());
        });
    }
}
