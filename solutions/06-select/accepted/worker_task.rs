//! accepted: a task of its own delivers, and gets one post at a time from the actor that listens. Two small loops; one more task, and one more hop for each post.

use std::time::Duration;
use tokio::{sync::mpsc, time::sleep};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Paused,
    Resumed,
    Delivered(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

async fn deliver(_text: &str) {
    sleep(Duration::from_secs(1)).await;
}

enum Control {
    Pause,
    Resume,
}

#[derive(Clone)]
pub struct PostsHandle {
    posts: mpsc::Sender<String>,
}

#[derive(Clone)]
pub struct ControlHandle {
    control: mpsc::Sender<Control>,
}

impl PostsHandle {
    pub async fn post(&self, text: String) -> Result<(), Closed> {
        self.posts.send(text).await.map_err(|_| Closed)
    }
}

impl ControlHandle {
    pub async fn pause(&self) -> Result<(), Closed> {
        self.control.send(Control::Pause).await.map_err(|_| Closed)
    }

    pub async fn resume(&self) -> Result<(), Closed> {
        self.control.send(Control::Resume).await.map_err(|_| Closed)
    }
}

async fn worker(mut posts: mpsc::Receiver<String>, done: mpsc::Sender<String>) {
    while let Some(text) = posts.recv().await {
        deliver(&text).await;
        if done.send(text).await.is_err() {
            break;
        }
    }
}

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, mut posts) = mpsc::channel::<String>(8);
    let (control_sender, mut control) = mpsc::channel(8);
    let (to_worker, work) = mpsc::channel(1);
    let (done, mut finished) = mpsc::channel(1);
    tokio::spawn(worker(work, done));
    tokio::spawn(async move {
        let (mut control_open, mut paused, mut busy) = (true, false, false);
        loop {
            tokio::select! {
                biased;
                message = control.recv(), if control_open => match message {
                    Some(Control::Pause) => {
                        paused = true;
                        let _ = out.send(Event::Paused);
                    }
                    Some(Control::Resume) => {
                        paused = false;
                        let _ = out.send(Event::Resumed);
                    }
                    None => {
                        control_open = false;
                        paused = false;
                    }
                },
                Some(text) = finished.recv(), if busy => {
                    busy = false;
                    let _ = out.send(Event::Delivered(text));
                }
                Some(text) = posts.recv(), if !paused && !busy => {
                    busy = true;
                    // The worker is idle, so the one slot of its mailbox is free.
                    let _ = to_worker.send(text).await;
                }
                else => break,
            }
        }
    });
    (
        PostsHandle {
            posts: posts_sender,
        },
        ControlHandle {
            control: control_sender,
        },
    )
}
