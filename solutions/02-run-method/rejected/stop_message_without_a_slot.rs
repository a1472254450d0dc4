//! rejected: the_last_count_has_all_that_was_sent
//! says: A message may find no free slot
//! thinks: "The last handle sends a message: stop. If the mailbox is full, a task sends it."

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Pass {
    people: i64,
    reply: oneshot::Sender<i64>,
}

enum Message {
    Pass(Pass),
    Stop,
}

pub struct DoorHandle {
    sender: mpsc::Sender<Message>,
    handles: std::sync::Arc<()>,
}
impl Clone for DoorHandle {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            handles: self.handles.clone(),
        }
    }
}
impl Drop for DoorHandle {
    fn drop(&mut self) {
        if std::sync::Arc::strong_count(&self.handles) == 1 {
            if self.sender.try_send(Message::Stop).is_err()
                && let Ok(runtime) = tokio::runtime::Handle::try_current()
            {
                let sender = self.sender.clone();
                runtime.spawn(async move {
                    let _ = sender.send(Message::Stop).await;
                });
            }
        }
    }
}

struct Door {
    mailbox: mpsc::Receiver<Message>,
    _sender: mpsc::Sender<Message>,
    inside: i64,
}

impl Door {
    async fn run(mut self) -> i64 {
        while let Some(Message::Pass(Pass { people, reply })) = self.mailbox.recv().await {
            self.inside += people;
            let _ = reply.send(self.inside);
        }
        self.inside
    }
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let (sender, mailbox) = mpsc::channel(8);
    let task = tokio::spawn(
        Door {
            mailbox,
            _sender: sender.clone(),
            inside,
        }
        .run(),
    );
    (
        DoorHandle {
            sender,
            handles: Default::default(),
        },
        task,
    )
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        let _ = self
            .sender
            .send(Message::Pass(Pass { people, reply }))
            .await;
        answer.await.expect("the task at the door has ended")
    }
}
