//! The same actor on each library does the same.

use actor_libraries::*;
use harness::{alive_tasks, check};
use tokio::task::LocalSet;
use tokio_test::{assert_pending, task};

/// Numbers go on over clones, a tell leaves some out, and the actor ends with its last handle.
macro_rules! gives_out_numbers {
    ($module:ident) => {
        async {
            let sequencer = $module::SequencerHandle::new();
            assert_eq!(sequencer.next_number().await, 1);
            assert_eq!(sequencer.clone().next_number().await, 2);
            sequencer.skip(10).await;
            assert_eq!(sequencer.next_number().await, 13);
            drop(sequencer);
            assert_eq!(alive_tasks().await, 0);
        }
    };
}

#[test]
fn by_hand() {
    check(|| gives_out_numbers!(by_hand));
}

/// Page: "What it costs": a mailbox that is full is waited for, in turn.
#[test]
fn by_hand_a_slot_is_tried_first() {
    check(|| async {
        let local = LocalSet::new();
        let numbers = local.run_until(async {
            let sequencer = by_hand::SequencerHandle::local();
            let mut asks: Vec<_> = (0..100)
                .map(|_| task::spawn(sequencer.next_number_tried_first()))
                .collect();
            for ask in &mut asks {
                assert_pending!(ask.poll());
            }
            let mut numbers = Vec::new();
            for ask in asks {
                numbers.push(ask.await);
            }
            numbers
        });
        assert_eq!(numbers.await, (1..=100).collect::<Vec<_>>());
    });
}

#[test]
fn on_actix() {
    check(|| async {
        LocalSet::new()
            .run_until(gives_out_numbers!(on_actix))
            .await
    });
}

#[test]
fn on_kameo() {
    check(|| gives_out_numbers!(on_kameo));
}

#[test]
fn on_ractor() {
    check(|| async {
        let (sequencer, task) = on_ractor::SequencerHandle::new().await;
        assert_eq!(sequencer.next_number().await, 1);
        assert_eq!(sequencer.clone().next_number().await, 2);
        sequencer.skip(10);
        assert_eq!(sequencer.next_number().await, 13);
        sequencer.stop();
        task.await.expect("it ends as usual");
    });
}

#[test]
fn on_rsactor() {
    check(|| gives_out_numbers!(on_rsactor));
}

#[test]
fn on_xtra() {
    check(|| gives_out_numbers!(on_xtra));
}

/// Page: "The recipe in other clothes": `Buffer` numbers, is bounded, and its task ends with the last clone.
#[test]
fn as_a_service() {
    check(|| async {
        let sequencer = service::SequencerHandle::new();
        assert_eq!(sequencer.next_number().await, 1);
        assert_eq!(sequencer.clone().next_number().await, 2);
        assert_eq!(alive_tasks().await, 1);
        let accepted = harness::answered_at_once(1_000, || sequencer.next_number()).await;
        assert!(accepted <= 64, "{accepted}");
        drop(sequencer);
        assert_eq!(alive_tasks().await, 0);
    });
}
