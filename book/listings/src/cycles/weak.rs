//! Chapter 09: the way back is a WeakSender. Gallery and scaler end, and what is under way is lost.

use super::{Closed, Wall, scale};
use tokio::sync::mpsc;

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

// ANCHOR: scaler
#[derive(Debug)]
struct Scale {
    picture: String,
}

struct Scaler {
    mailbox: mpsc::Receiver<Scale>,
    /// Reaches the gallery as long as somebody else holds a handle of it.
    gallery: mpsc::WeakSender<Message>,
}

impl Scaler {
    async fn run(mut self) {
        while let Some(Scale { picture }) = self.mailbox.recv().await {
            let thumbnail = scale(picture).await;
            let Some(gallery) = self.gallery.upgrade() else {
                break;
            };
            let _ = gallery.send(Message::Scaled { thumbnail }).await;
        }
    }
}
// ANCHOR_END: scaler

#[derive(Clone)]
pub struct GalleryHandle {
    sender: mpsc::Sender<Message>,
}

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
        gallery: sender.downgrade(),
    };
    tokio::spawn(scaler.run());
    GalleryHandle { sender }
}

impl GalleryHandle {
    pub async fn add(&self, picture: &str) -> Result<(), Closed> {
        let picture = picture.to_owned();
        let sent = self.sender.send(Message::Add { picture }).await;
        sent.map_err(|_| Closed)
    }
}
