//! Chapter 10: a diary that asks itself how many lines it has.

use tokio::sync::{mpsc, oneshot};

#[derive(Debug)]
enum Message {
    Write {
        line: String,
        reply: oneshot::Sender<()>,
    },
    Count {
        reply: oneshot::Sender<usize>,
    },
}

struct Diary {
    mailbox: mpsc::UnboundedReceiver<Message>,
    own: mpsc::WeakUnboundedSender<Message>,
    lines: Vec<String>,
}

impl Diary {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            self.on_message(message).await;
        }
    }
}

// ANCHOR: on_message
impl Diary {
    async fn on_message(&mut self, message: Message) {
        match message {
            Message::Write { line, reply } => {
                let Some(sender) = self.own.upgrade() else {
                    return;
                };
                let number = DiaryHandle { sender }.count().await + 1;
                self.lines.push(format!("{number}: {line}"));
                let _ = reply.send(());
            }
            Message::Count { reply } => {
                let _ = reply.send(self.lines.len());
            }
        }
    }
}
// ANCHOR_END: on_message

#[derive(Clone)]
pub struct DiaryHandle {
    sender: mpsc::UnboundedSender<Message>,
}

pub fn open() -> DiaryHandle {
    let (sender, mailbox) = mpsc::unbounded_channel();
    let diary = Diary {
        mailbox,
        own: sender.downgrade(),
        lines: Vec::new(),
    };
    tokio::spawn(diary.run());
    DiaryHandle { sender }
}

impl DiaryHandle {
    pub async fn write(&self, line: &str) {
        let (reply, answer) = oneshot::channel();
        let line = line.to_owned();
        let _ = self.sender.send(Message::Write { line, reply });
        answer.await.expect("the diary has ended");
    }

    pub async fn count(&self) -> usize {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Count { reply });
        answer.await.expect("the diary has ended")
    }
}
