//! accepted: two flags say which channels are open, and a JoinSet holds the delivery. Plain to read; each flag has to be kept right by hand.

use std::time::Duration;
use tokio::{sync::mpsc, task::JoinSet, time::sleep};

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

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, mut posts) = mpsc::channel::<String>(8);
    let (control_sender, mut control) = mpsc::channel(8);
    tokio::spawn(async move {
        let (mut posts_open, mut control_open, mut paused) = (true, true, false);
        let mut under_way = JoinSet::new();
        while posts_open || control_open || !under_way.is_empty() {
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
                Some(done) = under_way.join_next() => {
                    let _ = out.send(Event::Delivered(done.expect("a delivery does not panic")));
                }
                text = posts.recv(), if posts_open && !paused && under_way.is_empty() => match text {
                    Some(text) => {
                        under_way.spawn(async move {
                            deliver(&text).await;
                            text
                        });
                    }
                    None => posts_open = false,
                },
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
