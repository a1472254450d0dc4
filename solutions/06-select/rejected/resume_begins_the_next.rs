//! rejected: your_promises_hold_whatever_callers_do
//! says: one takes a second, and there is one at a time
//! thinks: "Deliveries begin again with a resume, so that is where the next one begins."

use std::time::Duration;
use tokio::{sync::mpsc, task::JoinSet, time::sleep};

const POSTS: usize = 8;

const BUTTONS: usize = 2;

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

struct Delivery {
    posts: mpsc::Receiver<String>,
    control: mpsc::Receiver<Control>,
    control_open: bool,
    out: mpsc::UnboundedSender<Event>,
    paused: bool,
    under_way: JoinSet<String>,
}

impl Delivery {
    async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                message = self.control.recv(), if self.control_open => self.press(message),
                Some(Ok(text)) = self.under_way.join_next() => self.report(Event::Delivered(text)),
                Some(text) = self.posts.recv(), if !self.paused && self.under_way.is_empty() => self.begin(text),
                else => break,
            }
        }
    }

    fn press(&mut self, message: Option<Control>) {
        match message {
            Some(Control::Pause) => {
                self.paused = true;
                self.report(Event::Paused);
            }
            Some(Control::Resume) => {
                self.paused = false;
                self.report(Event::Resumed);
                if let Ok(text) = self.posts.try_recv() {
                    self.begin(text);
                }
            }
            None => {
                self.control_open = false;
                self.paused = false;
            }
        }
    }

    fn begin(&mut self, text: String) {
        self.under_way.spawn(async move {
            deliver(&text).await;
            text
        });
    }

    fn report(&self, event: Event) {
        let _ = self.out.send(event);
    }
}

#[derive(Clone)]
pub struct PostsHandle {
    posts: mpsc::Sender<String>,
}

#[derive(Clone)]
pub struct ControlHandle {
    control: mpsc::Sender<Control>,
}

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, posts) = mpsc::channel(POSTS);
    let (control_sender, control) = mpsc::channel(BUTTONS);
    let actor = Delivery {
        posts,
        control,
        control_open: true,
        out,
        paused: false,
        under_way: JoinSet::new(),
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
