//! rejected: your_promises_hold_whatever_callers_do
//! says: for a minute nothing was delivered though nobody has paused
//! thinks: "Two bounds are better than one: so many posts may wait, and so many bytes of text may be in memory."

use std::{future, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, mpsc},
    time::sleep,
};

const POSTS: usize = 8;

const BYTES: u32 = 100;

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
    posts: mpsc::UnboundedReceiver<String>,
    control: mpsc::Receiver<Control>,
    control_open: bool,
    out: mpsc::UnboundedSender<Event>,
    paused: bool,
    under_way: Option<UnderWay>,
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.places.close();
        self.bytes.close();
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
                    self.bytes.add_permits(text.len().clamp(1, BYTES as usize));
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
        self.places.add_permits(1);
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
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

#[derive(Clone)]
pub struct ControlHandle {
    control: mpsc::Sender<Control>,
}

pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, posts) = mpsc::unbounded_channel();
    let places = Arc::new(Semaphore::new(POSTS));
    let bytes = Arc::new(Semaphore::new(BYTES as usize));
    let (control_sender, control) = mpsc::channel(BUTTONS);
    let actor = Delivery {
        posts,
        control,
        control_open: true,
        out,
        paused: false,
        under_way: None,
        places: places.clone(),
        bytes: bytes.clone(),
    };
    tokio::spawn(actor.run());
    (
        PostsHandle {
            posts: posts_sender,
            places,
            bytes,
        },
        ControlHandle {
            control: control_sender,
        },
    )
}

impl PostsHandle {
    pub async fn post(&self, text: String) -> Result<(), Closed> {
        let bytes = text.len().clamp(1, BYTES as usize) as u32;
        self.places.acquire().await.map_err(|_| Closed)?.forget();
        self.bytes
            .acquire_many(bytes)
            .await
            .map_err(|_| Closed)?
            .forget();
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
