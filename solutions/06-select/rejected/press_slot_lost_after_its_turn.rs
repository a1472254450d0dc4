//! rejected: every_press_is_reported
//! says: after thousands of callers gave up while they waited for one
//! thinks: "Who gave up is passed over: the slot goes to the first who still waits, and that one has it."

use std::{
    collections::VecDeque,
    future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

enum Control {
    Pause,
    Resume,
}

#[derive(Default)]
struct Line {
    taken: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
    closed: bool,
}

struct Slots(Arc<Mutex<Line>>);

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slots {
    fn give_back(&self) {
        let mut line = lock(&self.0);
        while let Some(first) = line.waiting.pop_front() {
            if first.send(()).is_ok() {
                return;
            }
        }
        line.taken -= 1;
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        let mut line = lock(&self.0);
        line.closed = true;
        line.waiting.clear();
    }
}

type UnderWay = Pin<Box<dyn Future<Output = String> + Send>>;

struct Delivery {
    posts: mpsc::Receiver<String>,
    control: mpsc::UnboundedReceiver<Control>,
    slots: Slots,
    control_open: bool,
    out: mpsc::UnboundedSender<Event>,
    paused: bool,
    under_way: Option<UnderWay>,
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
        if message.is_some() {
            self.slots.give_back();
        }
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
    posts: mpsc::Sender<String>,
}

#[derive(Clone)]
pub struct ControlHandle {
    control: mpsc::UnboundedSender<Control>,
    line: Arc<Mutex<Line>>,
}

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, posts) = mpsc::channel(POSTS);
    let (control_sender, control) = mpsc::unbounded_channel();
    let line = Arc::<Mutex<Line>>::default();
    let actor = Delivery {
        posts,
        control,
        slots: Slots(line.clone()),
        control_open: true,
        out,
        paused: false,
        under_way: None,
    };
    tokio::spawn(actor.run());
    (
        PostsHandle {
            posts: posts_sender,
        },
        ControlHandle {
            control: control_sender,
            line,
        },
    )
}

impl PostsHandle {
    pub async fn post(&self, text: String) -> Result<(), Closed> {
        self.posts.send(text).await.map_err(|_| Closed)
    }
}

impl ControlHandle {
    async fn press(&self, press: Control) -> Result<(), Closed> {
        let turn = self.turn()?;
        if let Some(turn) = turn {
            turn.await.map_err(|_| Closed)?;
        }
        self.control.send(press).map_err(|_| Closed)
    }

    fn turn(&self) -> Result<Option<oneshot::Receiver<()>>, Closed> {
        let mut line = lock(&self.line);
        if line.closed {
            return Err(Closed);
        }
        if line.taken < BUTTONS {
            line.taken += 1;
            return Ok(None);
        }
        let (sender, turn) = oneshot::channel();
        line.waiting.push_back(sender);
        Ok(Some(turn))
    }

    pub async fn pause(&self) -> Result<(), Closed> {
        self.press(Control::Pause).await
    }

    pub async fn resume(&self) -> Result<(), Closed> {
        self.press(Control::Resume).await
    }
}
