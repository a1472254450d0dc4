//! rejected: without_the_actor_each_call_says_closed
//! says: the runtime of the actor was shut down, and `pause` does not say that
//! thinks: "A flag that both sides can reach is simpler than a second channel, and the button can report by itself."

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};
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
struct Shared {
    paused: AtomicBool,
    changed: Notify,
    out: mpsc::UnboundedSender<Event>,
}
#[derive(Clone)]
pub struct PostsHandle {
    posts: mpsc::Sender<String>,
}
#[derive(Clone)]
pub struct ControlHandle {
    shared: Arc<Shared>,
    _alive: mpsc::Sender<()>,
}
pub fn open(out: mpsc::UnboundedSender<Event>) -> (PostsHandle, ControlHandle) {
    let (posts_s, mut posts) = mpsc::channel::<String>(8);
    let (alive, mut gone) = mpsc::channel::<()>(1);
    let shared = Arc::new(Shared {
        paused: AtomicBool::new(false),
        changed: Notify::new(),
        out: out.clone(),
    });
    let s = shared.clone();
    tokio::spawn(async move {
        let mut open = true;
        loop {
            while open && s.paused.load(SeqCst) {
                tokio::select! { biased; _ = gone.recv() => open = false, () = s.changed.notified() => {} }
            }
            match posts.recv().await {
                Some(text) => {
                    while open && s.paused.load(SeqCst) {
                        tokio::select! { biased; _ = gone.recv() => open = false, () = s.changed.notified() => {} }
                    }
                    deliver(&text).await;
                    let _ = out.send(Event::Delivered(text));
                }
                None => break,
            }
        }
        if open {
            gone.recv().await;
        }
    });
    (
        PostsHandle { posts: posts_s },
        ControlHandle {
            shared,
            _alive: alive,
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
        self.shared.paused.store(true, SeqCst);
        let _ = self.shared.out.send(Event::Paused);
        Ok(())
    }
    pub async fn resume(&self) -> Result<(), Closed> {
        self.shared.paused.store(false, SeqCst);
        self.shared.changed.notify_one();
        let _ = self.shared.out.send(Event::Resumed);
        Ok(())
    }
}
