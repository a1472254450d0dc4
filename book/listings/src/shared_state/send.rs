//! Everybody's mailbox in a map behind a lock: who holds the lock, and who waits for a slot?

use super::locked::Shared;
use std::collections::HashMap;
use tokio::sync::mpsc;

pub type Mailboxes = Shared<HashMap<String, mpsc::Sender<String>>>;

// ANCHOR: held
pub async fn tell_under_the_lock(mailboxes: &Mailboxes, name: &str, text: &str) {
    if let Some(mailbox) = mailboxes.lock().await.get(name) {
        let _ = mailbox.send(text.to_owned()).await;
    }
}
// ANCHOR_END: held

// ANCHOR: cloned
pub async fn tell(mailboxes: &Mailboxes, name: &str, text: &str) {
    let mailbox = mailboxes.lock().await.get(name).cloned();
    if let Some(mailbox) = mailbox {
        let _ = mailbox.send(text.to_owned()).await;
    }
}
// ANCHOR_END: cloned

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, settle};
    use std::sync::Arc;
    use tokio::{sync::Mutex, task::JoinHandle};

    /// Ann does not read, and her mailbox is full. Bob's is not.
    fn two() -> (Mailboxes, mpsc::Receiver<String>, mpsc::Receiver<String>) {
        let (ann, of_ann) = mpsc::channel(1);
        let (bob, of_bob) = mpsc::channel(1);
        ann.try_send("full".to_owned()).unwrap();
        let both = HashMap::from([("ann".to_owned(), ann), ("bob".to_owned(), bob)]);
        (Arc::new(Mutex::new(both)), of_ann, of_bob)
    }

    /// Page: "A guard across `send`": one who does not read stops all others, those who only want to look into the map too.
    #[test]
    fn one_full_mailbox_stops_everybody() {
        check(|| async {
            let (mailboxes, _of_ann, mut of_bob) = two();
            let told = ["ann", "bob"].map(|name| {
                let mailboxes = mailboxes.clone();
                tokio::spawn(async move { tell_under_the_lock(&mailboxes, name, "hi").await })
            });
            settle().await;
            assert!(mailboxes.try_lock().is_err());
            assert!(of_bob.try_recv().is_err());
            told.iter().for_each(JoinHandle::abort);
        });
    }

    /// Page: "A guard across `send`": with a clone, Bob hears of it, and nobody holds the lock.
    #[test]
    fn a_clone_of_the_sender_waits_alone() {
        check(|| async {
            let (mailboxes, _of_ann, mut of_bob) = two();
            let told = ["ann", "bob"].map(|name| {
                let mailboxes = mailboxes.clone();
                tokio::spawn(async move { tell(&mailboxes, name, "hi").await })
            });
            settle().await;
            assert!(mailboxes.try_lock().is_ok());
            assert_eq!(of_bob.try_recv().unwrap(), "hi");
            told.iter().for_each(JoinHandle::abort);
        });
    }
}
