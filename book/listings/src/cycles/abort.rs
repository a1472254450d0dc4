//! Chapter 09: the circle stays, and the last handle aborts one of the two. What is under way is lost.

use super::{Closed, Wall, scale};
use std::sync::Arc;
use tokio::{sync::mpsc, task::AbortHandle};

#[derive(Debug)]
enum Message {
    Add { picture: String },
    Scaled { thumbnail: String },
}

struct Gallery {
    mailbox: mpsc::Receiver<Message>,
    scaler: mpsc::Sender<Scale>,
    wall: Wall,
}

impl Gallery {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            match message {
                Message::Add { picture } => {
                    if self.scaler.send(Scale { picture }).await.is_err() {
                        return;
                    }
                }
                Message::Scaled { thumbnail } => self.wall.hang(thumbnail),
            }
        }
    }
}

#[derive(Debug)]
struct Scale {
    picture: String,
}

struct Scaler {
    mailbox: mpsc::Receiver<Scale>,
    gallery: mpsc::Sender<Message>,
}

impl Scaler {
    async fn run(mut self) {
        while let Some(Scale { picture }) = self.mailbox.recv().await {
            let thumbnail = scale(picture).await;
            let _ = self.gallery.send(Message::Scaled { thumbnail }).await;
        }
    }
}

// ANCHOR: handle
#[derive(Clone)]
pub struct GalleryHandle {
    sender: mpsc::Sender<Message>,
    /// All clones share it: when the last of them is dropped, the scaler is aborted.
    _scaler: Arc<AbortOnDrop>,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
// ANCHOR_END: handle

pub fn open(wall: Wall) -> GalleryHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (scaler, pictures) = mpsc::channel(8);
    let gallery = Gallery {
        mailbox,
        scaler,
        wall,
    };
    tokio::spawn(gallery.run());
    let scaler = Scaler {
        mailbox: pictures,
        gallery: sender.clone(),
    };
    let task = tokio::spawn(scaler.run());
    GalleryHandle {
        sender,
        _scaler: Arc::new(AbortOnDrop(task.abort_handle())),
    }
}

impl GalleryHandle {
    pub async fn add(&self, picture: &str) -> Result<(), Closed> {
        let picture = picture.to_owned();
        let sent = self.sender.send(Message::Add { picture }).await;
        sent.map_err(|_| Closed)
    }
}
