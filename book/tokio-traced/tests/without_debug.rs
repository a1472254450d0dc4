//! Without the feature `debug`, any message can be recorded: `cargo test -p tokio-traced --no-default-features`.
#![cfg(not(feature = "debug"))]

use tokio_traced::{
    self as tokio,
    sync::{mpsc, oneshot},
};

enum Message {
    Join(#[allow(dead_code)] String),
    Count { reply: oneshot::Sender<Count> },
}

struct Count(#[allow(dead_code)] u32);

fn mailbox<T>() -> (mpsc::Sender<T>, mpsc::Receiver<T>) {
    mpsc::channel(4)
}

async fn room(mut mailbox: mpsc::Receiver<Message>) {
    while let Some(message) = mailbox.recv().await {
        if let Message::Count { reply } = message {
            let _ = reply.send(Count(1));
        }
    }
}

#[test]
fn messages_are_labelled_by_type_and_variant() {
    let trace = tokio::record("", async {
        let (sender, receiver) = mailbox();
        tokio::spawn(room(receiver));
        let _ = sender.send(Message::Join("ann".to_owned())).await;
        let (reply, answer) = oneshot::channel();
        let _ = sender.send(Message::Count { reply }).await;
        let _ = answer.await;
    });
    assert_eq!(trace.messages, ["Message #1", "Message #2"]);
    assert_eq!(trace.replies[0].answer.as_deref(), Some("Count"));
    // The reply channel that was made last belongs to the message that was sent next.
    assert_eq!(trace.replies[0].message, Some(1));
    let said = trace.sentences();
    assert!(
        said.contains(&"Main waits for room's answer.".to_owned()),
        "{said:#?}"
    );
}
