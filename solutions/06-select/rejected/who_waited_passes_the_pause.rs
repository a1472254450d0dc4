//! rejected: your_promises_hold_whatever_callers_do
//! says: when it could (paused from
//! thinks: "Whoever had to wait for a slot has waited long enough: that post is delivered in a pause, too."

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
    tx: mpsc::Sender<(String, bool)>,
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
        let waited = self.tx.capacity() == 0;
        self.tx.send((text, waited)).await.map_err(|_| Closed)
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
    posts: mpsc::Receiver<(String, bool)>,
    control: mpsc::Receiver<Control>,
    out: mpsc::UnboundedSender<Event>,
    paused: bool,
    next: Option<(String, bool)>,
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
        next: None,
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
        while self.posts_open
            || self.control_open
            || self.under_way.is_some()
            || self.next.is_some()
        {
            tokio::select! {
                biased;
                press = self.control.recv(), if self.control_open => match press {
                    Some(press) => self.press(press),
                    None => {
                        self.control_open = false;
                        self.paused = false;
                    }
                },
                text = done(&mut self.under_way), if self.under_way.is_some() => {
                    self.under_way = None;
                    self.report(Event::Delivered(text));
                }
                () = std::future::ready(()), if self.under_way.is_none() && self.next.as_ref().is_some_and(|(_, waited)| *waited || !self.paused) => {
                    let (text, _) = self.next.take().unwrap();
                    self.begin(text);
                }
                post = self.posts.recv(), if self.posts_open && self.next.is_none() => match post {
                    Some(post) => self.next = Some(post),
                    None => self.posts_open = false,
                },
            }
        }
    }
}
