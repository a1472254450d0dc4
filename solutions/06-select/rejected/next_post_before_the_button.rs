//! rejected: a_pause_goes_before_waiting_posts
//! says: look at the button before each post, also after a delivery
//! thinks: "When a delivery is done and nothing is paused, the next one can begin right there."

use std::{future::pending, pin::Pin, time::Duration};
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

#[derive(Clone)]
pub struct PostsHandle {
    tx: mpsc::Sender<String>,
}

#[derive(Clone)]
pub struct ControlHandle {
    tx: mpsc::Sender<Control>,
}

enum Control {
    Pause,
    Resume,
}

impl PostsHandle {
    pub async fn post(&self, text: String) -> Result<(), Closed> {
        self.tx.send(text).await.map_err(|_| Closed)
    }
}

impl ControlHandle {
    pub async fn pause(&self) -> Result<(), Closed> {
        self.tx.send(Control::Pause).await.map_err(|_| Closed)
    }

    pub async fn resume(&self) -> Result<(), Closed> {
        self.tx.send(Control::Resume).await.map_err(|_| Closed)
    }
}

struct Board {
    posts: mpsc::Receiver<String>,
    control: mpsc::Receiver<Control>,
    out: mpsc::UnboundedSender<Event>,
    paused: bool,
    posts_open: bool,
    control_open: bool,
    under_way: Option<Pin<Box<dyn Future<Output = String> + Send>>>,
}

async fn done(under_way: &mut Option<Pin<Box<dyn Future<Output = String> + Send>>>) -> String {
    match under_way {
        Some(delivery) => delivery.as_mut().await,
        None => pending().await,
    }
}

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_tx, posts) = mpsc::channel(8);
    let (control_tx, control) = mpsc::channel(8);
    let board = Board {
        posts,
        control,
        out,
        paused: false,
        posts_open: true,
        control_open: true,
        under_way: None,
    };
    tokio::spawn(board.run());
    (
        PostsHandle { tx: posts_tx },
        ControlHandle { tx: control_tx },
    )
}

impl Board {
    fn report(&self, event: Event) {
        let _ = self.out.send(event);
    }

    fn begin(&mut self, text: String) {
        self.under_way = Some(Box::pin(async move {
            deliver(&text).await;
            text
        }));
    }

    fn press(&mut self, press: Control) {
        match press {
            Control::Pause => {
                self.paused = true;
                self.report(Event::Paused);
            }
            Control::Resume => {
                self.paused = false;
                self.report(Event::Resumed);
            }
        }
    }

    async fn run(mut self) {
        while self.posts_open || self.control_open || self.under_way.is_some() {
            tokio::select! {
                biased;
                text = done(&mut self.under_way), if self.under_way.is_some() => {
                    self.under_way = None;
                    self.report(Event::Delivered(text));
                    if !self.paused && let Ok(next) = self.posts.try_recv() {
                        self.begin(next);
                    }
                }
                press = self.control.recv(), if self.control_open => match press {
                    Some(press) => self.press(press),
                    None => {
                        self.control_open = false;
                        self.paused = false;
                    }
                },
                post = self.posts.recv(), if self.posts_open && !self.paused && self.under_way.is_none() => match post {
                    Some(text) => self.begin(text),
                    None => self.posts_open = false,
                },
            }
        }
    }
}
