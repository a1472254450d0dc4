//! A sequencer that is started again after a panic, on Kameo.

use kameo::{
    Actor,
    actor::{ActorRef, Spawn},
    error::Infallible,
    mailbox,
    message::{Context, Message},
    supervision::RestartPolicy,
};
use std::time::Duration;

/// Gives out numbers, and breaks at one of them.
struct Sequencer {
    last: u64,
    breaks_at: u64,
}

// ANCHOR: start
impl Actor for Sequencer {
    type Args = u64;
    type Error = Infallible;

    async fn on_start(breaks_at: u64, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Self { last: 0, breaks_at })
    }
}
// ANCHOR_END: start

/// Does nothing but to be there.
#[derive(Actor)]
struct Supervisor;

struct Next;

impl Message<Next> for Sequencer {
    type Reply = u64;

    async fn handle(&mut self, Next: Next, _: &mut Context<Self, u64>) -> u64 {
        self.last += 1;
        assert!(self.last != self.breaks_at, "it is broken");
        self.last
    }
}

/// Gives out numbers.
#[derive(Clone)]
pub struct SequencerHandle {
    actor: ActorRef<Sequencer>,
    /// Nobody sends to it. It ends with the last handle, and the sequencer with it.
    _supervisor: ActorRef<Supervisor>,
}

impl SequencerHandle {
    // ANCHOR: supervised
    /// A sequencer that breaks at this number, and begins anew.
    pub async fn new(breaks_at: u64) -> Self {
        let supervisor = Supervisor::spawn(Supervisor);
        let actor = Sequencer::supervise(&supervisor, breaks_at)
            .restart_policy(RestartPolicy::Transient)
            .restart_limit(3, Duration::from_secs(60))
            .spawn_with_mailbox(mailbox::bounded(64))
            .await;
        Self {
            actor,
            _supervisor: supervisor,
        }
    }
    // ANCHOR_END: supervised

    /// The next number; `None` if the sequencer broke over this call, or is gone.
    pub async fn next_number(&self) -> Option<u64> {
        self.actor.ask(Next).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, expect_panics};

    /// Page: "A supervisor": a panic costs one call, handles stay valid, and the state begins anew. After the last of the starts it is over.
    #[test]
    fn it_begins_anew_behind_the_same_handles() {
        check(|| async {
            expect_panics("it is broken");
            let sequencer = SequencerHandle::new(3).await;
            for _ in 0..4 {
                for expected in [Some(1), Some(2), None] {
                    assert_eq!(sequencer.clone().next_number().await, expected);
                }
            }
            assert_eq!(sequencer.next_number().await, None);
        });
    }

    /// Page: "A supervisor": it ends with the last handle.
    #[test]
    fn the_last_handle_ends_both() {
        check(|| async {
            let sequencer = SequencerHandle::new(3).await;
            assert_eq!(sequencer.next_number().await, Some(1));
            assert_eq!(alive_tasks().await, 2);
            drop(sequencer);
            assert_eq!(alive_tasks().await, 0);
        });
    }
}
