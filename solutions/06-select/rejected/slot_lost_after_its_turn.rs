//! rejected: your_promises_hold_whatever_callers_do
//! says: for a minute nothing was delivered though nobody has paused
//! thinks: "A caller that finds no free slot leaves a oneshot behind, and gets the next slot through it. One that is gone by then is passed over."

use std::{
    collections::VecDeque,
    future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

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

#[derive(Default)]
struct Line {
    taken: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
}

type Places = Arc<Mutex<Line>>;

enum Control {
    Pause,
    Resume,
}

type UnderWay = Pin<Box<dyn Future<Output = String> + Send>>;

struct Delivery {
    posts: mpsc::UnboundedReceiver<String>,
    control: mpsc::Receiver<Control>,
    control_open: bool,
    out: mpsc::UnboundedSender<Event>,
    paused: bool,
    under_way: Option<UnderWay>,
    places: Places,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.places
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .waiting
            .clear();
    }
}

impl Delivery {
    async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                message = self.control.recv(), if self.control_open => self.press(message),
                text = finished(&mut self.under_way), if self.under_way.is_some() => {
                    self.under_way = None;
                    self.report(Event::Delivered(text));
                }
                Some(text) = self.posts.recv(), if !self.paused && self.under_way.is_none() => self.begin(text),
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
            }
            None => {
                self.control_open = false;
                self.paused = false;
            }
        }
    }

    fn begin(&mut self, text: String) {
        let mut line = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match line.waiting.pop_front() {
                Some(next) => {
                    if next.send(()).is_ok() {
                        break;
                    }
                }
                None => {
                    line.taken -= 1;
                    break;
                }
            }
        }
        drop(line);
        self.under_way = Some(Box::pin(async move {
            deliver(&text).await;
            text
        }));
    }

    fn report(&self, event: Event) {
        let _ = self.out.send(event);
    }
}

async fn finished(under_way: &mut Option<UnderWay>) -> String {
    match under_way {
        Some(delivery) => delivery.await,
        None => future::pending().await,
    }
}

#[derive(Clone)]
pub struct PostsHandle {
    posts: mpsc::UnboundedSender<String>,
    places: Places,
}

#[derive(Clone)]
pub struct ControlHandle {
    control: mpsc::Sender<Control>,
}

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, posts) = mpsc::unbounded_channel();
    let places = Places::default();
    let (control_sender, control) = mpsc::channel(BUTTONS);
    let actor = Delivery {
        posts,
        control,
        control_open: true,
        out,
        paused: false,
        under_way: None,
        places: places.clone(),
    };
    tokio::spawn(actor.run());
    (
        PostsHandle {
            posts: posts_sender,
            places,
        },
        ControlHandle {
            control: control_sender,
        },
    )
}

impl PostsHandle {
    pub async fn post(&self, text: String) -> Result<(), Closed> {
        let turn = {
            let mut line = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            if self.posts.is_closed() {
                return Err(Closed);
            }
            if line.taken < POSTS {
                line.taken += 1;
                None
            } else {
                let (next, turn) = oneshot::channel();
                line.waiting.push_back(next);
                Some(turn)
            }
        };
        if let Some(turn) = turn {
            turn.await.map_err(|_| Closed)?;
        }
        self.posts.send(text).map_err(|_| Closed)
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
