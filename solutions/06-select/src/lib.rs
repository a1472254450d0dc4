//! A solution of exercise 06: deliver posts one after another, and listen to a pause button meanwhile.

use std::{future, pin::Pin, time::Duration};
use tokio::{sync::mpsc, time::sleep};

/// How many posts may wait. After that, callers wait to send.
const POSTS: usize = 8;

/// People press buttons: a few slots are plenty.
const BUTTONS: usize = 2;

/// What the actor reports, in the order in which it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Paused,
    Resumed,
    Delivered(String),
}

/// The actor has ended: what was sent cannot arrive any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Brings one post to its readers. It takes a second.
async fn deliver(_text: &str) {
    sleep(Duration::from_secs(1)).await;
}

enum Control {
    Pause,
    Resume,
}

/// A delivery under way; it gives the text back.
type UnderWay = Pin<Box<dyn Future<Output = String> + Send>>;

struct Delivery {
    /// The PostsHandles hold the other end.
    posts: mpsc::Receiver<String>,
    /// The ControlHandles hold the other end.
    control: mpsc::Receiver<Control>,
    /// Whether there are any. A closed channel answers at once, every time, so nobody asks it again.
    control_open: bool,
    /// The caller of `open` holds the other end, or has dropped it because nobody listens.
    out: mpsc::UnboundedSender<Event>,
    paused: bool,
    under_way: Option<UnderWay>,
}

impl Delivery {
    async fn run(mut self) {
        loop {
            tokio::select! {
                // A button goes before everything else, and a delivery that is done before one that could begin.
                biased;
                message = self.control.recv(), if self.control_open => self.press(message),
                text = finished(&mut self.under_way), if self.under_way.is_some() => {
                    self.under_way = None;
                    self.report(Event::Delivered(text));
                }
                Some(text) = self.posts.recv(), if !self.paused && self.under_way.is_none() => self.begin(text),
                // No buttons, nothing under way, so no pause either: it was the mailbox that gave None.
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
            // Nobody is left to resume.
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
        // Nobody may be listening: that is no reason to stop.
        let _ = self.out.send(event);
    }
}

/// Waits for the delivery under way. By reference: `select!` drops its futures when another branch is taken, and the
/// delivery has to go on.
async fn finished(under_way: &mut Option<UnderWay>) -> String {
    match under_way {
        Some(delivery) => delivery.await,
        None => future::pending().await,
    }
}

/// Sends posts to the actor.
#[derive(Clone)]
pub struct PostsHandle {
    /// The actor holds the other end, until it ends.
    posts: mpsc::Sender<String>,
}

/// Pauses and resumes the delivery.
#[derive(Clone)]
pub struct ControlHandle {
    /// The actor holds the other end, until it ends.
    control: mpsc::Sender<Control>,
}

/// Starts the actor. It reports to `out` all that it does, and goes on when nobody listens there.
///
/// A pause or resume goes before the posts that wait, and is heard during a delivery. The task ends when all handles of both
/// kinds are gone and the posts that were accepted are delivered. To be called inside a Tokio runtime.
pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_sender, posts) = mpsc::channel(POSTS);
    let (control_sender, control) = mpsc::channel(BUTTONS);
    let actor = Delivery {
        posts,
        control,
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
        },
    )
}

impl PostsHandle {
    /// Accepts a post; it is delivered later. While too many others wait, callers wait in line, and the one that has waited longest gets
    /// the next slot. In a pause that may be after its end.
    ///
    /// # Errors
    /// The actor has ended.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits has posted nothing.
    pub async fn post(&self, text: String) -> Result<(), Closed> {
        self.posts.send(text).await.map_err(|_| Closed)
    }
}

impl ControlHandle {
    /// Once the actor has heard this, no delivery begins. The call waits for a slot, and for nothing else.
    ///
    /// # Errors
    /// The actor has ended.
    pub async fn pause(&self) -> Result<(), Closed> {
        self.control.send(Control::Pause).await.map_err(|_| Closed)
    }

    /// Once the actor has heard this, deliveries begin again. The call waits for a slot, and for nothing else.
    ///
    /// # Errors
    /// The actor has ended.
    pub async fn resume(&self) -> Result<(), Closed> {
        self.control.send(Control::Resume).await.map_err(|_| Closed)
    }
}
