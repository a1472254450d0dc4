//! rejected: a_pause_is_heard_during_a_delivery
//! says: the delivery under way is finished, and the next one does not begin
//! thinks: "The whole delivery goes into the branch: receive, deliver, report. A pause then interrupts it."

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

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, mut posts) = mpsc::channel::<String>(8);
    let (control_sender, mut control) = mpsc::channel(8);
    tokio::spawn(async move {
        let (mut paused, mut control_open) = (false, true);
        loop {
            tokio::select! {
                biased;
                message = control.recv(), if control_open => {
                    let event = match message {
                        Some(Control::Pause) => {
                            paused = true;
                            Event::Paused
                        }
                        Some(Control::Resume) => {
                            paused = false;
                            Event::Resumed
                        }
                        None => {
                            control_open = false;
                            paused = false;
                            continue;
                        }
                    };
                    let _ = out.send(event);
                }
                // When a button is pressed meanwhile, this future is dropped, and the post that it received with it.
                Some(text) = async {
                    let text = posts.recv().await?;
                    deliver(&text).await;
                    Some(text)
                }, if !paused => {
                    let _ = out.send(Event::Delivered(text));
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
