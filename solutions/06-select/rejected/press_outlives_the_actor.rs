//! rejected: without_the_actor_each_call_says_closed
//! says: an answer to `pause`, after the runtime of the actor was shut down, never came
//! thinks: "A press takes a permit, and the actor gives it back. Whoever finds the actor gone is told so by the send."

use std::{future, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, mpsc},
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

type UnderWay = Pin<Box<dyn Future<Output = String> + Send>>;

struct Delivery {
    posts: mpsc::Receiver<String>,
    control: mpsc::UnboundedReceiver<Control>,
    slots: Arc<Semaphore>,
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
            self.slots.add_permits(1);
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
    slots: Arc<Semaphore>,
}

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, posts) = mpsc::channel(POSTS);
    let (control_sender, control) = mpsc::unbounded_channel();
    let slots = Arc::new(Semaphore::new(BUTTONS));
    let actor = Delivery {
        posts,
        control,
        slots: slots.clone(),
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
            slots,
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
        let slot = self.slots.acquire().await.map_err(|_| Closed)?;
        slot.forget();
        self.control.send(press).map_err(|_| Closed)
    }

    pub async fn pause(&self) -> Result<(), Closed> {
        self.press(Control::Pause).await
    }

    pub async fn resume(&self) -> Result<(), Closed> {
        self.press(Control::Resume).await
    }
}
