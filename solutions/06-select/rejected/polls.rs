//! rejected: waiting_costs_nothing
//! says: something keeps looking for messages instead of waiting for them
//! thinks: "With `try_recv` I can look into both channels in the order that I want, and sleep a little when both are empty."

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

struct Delivery {
    posts: mpsc::Receiver<String>,
    control: mpsc::Receiver<Control>,
    out: mpsc::UnboundedSender<Event>,
    paused: bool,
}

impl Delivery {
    async fn run(mut self) {
        loop {
            let control = self.control.try_recv();
            match control {
                Ok(message) => {
                    self.press(message);
                    continue;
                }
                Err(mpsc::error::TryRecvError::Disconnected) => self.paused = false,
                Err(mpsc::error::TryRecvError::Empty) => {}
            }
            if !self.paused {
                match self.posts.try_recv() {
                    Ok(text) => {
                        self.bring(text).await;
                        continue;
                    }
                    Err(mpsc::error::TryRecvError::Disconnected) if self.control.is_closed() => {
                        break;
                    }
                    Err(_) => {}
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn press(&mut self, message: Control) {
        let event = match message {
            Control::Pause => {
                self.paused = true;
                Event::Paused
            }
            Control::Resume => {
                self.paused = false;
                Event::Resumed
            }
        };
        let _ = self.out.send(event);
    }

    async fn bring(&mut self, text: String) {
        deliver(&text).await;
        let _ = self.out.send(Event::Delivered(text));
    }
}

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, posts) = mpsc::channel(8);
    let (control_sender, control) = mpsc::channel(8);
    let actor = Delivery {
        posts,
        control,
        out,
        paused: false,
    };
    tokio::spawn(actor.run());
    (
        PostsHandle {
            posts: posts_sender,
        },
        ControlHandle {
            control: control_sender,
        },
    )
}
