//! The trouble that chapter 09 begins with: gallery and scaler each hold a Sender of the other one, and never end.

use super::{Closed, Wall, scale};
use tokio::sync::mpsc;

// ANCHOR: gallery
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
                    let _ = self.scaler.send(Scale { picture }).await;
                }
                Message::Scaled { thumbnail } => self.wall.hang(thumbnail),
            }
        }
    }
}
// ANCHOR_END: gallery

// ANCHOR: scaler
#[derive(Debug)]
struct Scale {
    picture: String,
}

struct Scaler {
    mailbox: mpsc::Receiver<Scale>,
    gallery: GalleryHandle,
}

impl Scaler {
    async fn run(mut self) {
        while let Some(Scale { picture }) = self.mailbox.recv().await {
            let thumbnail = scale(picture).await;
            let message = Message::Scaled { thumbnail };
            let _ = self.gallery.sender.send(message).await;
        }
    }
}
// ANCHOR_END: scaler

// ANCHOR: open
#[derive(Clone)]
pub struct GalleryHandle {
    sender: mpsc::Sender<Message>,
}

pub fn open(wall: Wall) -> GalleryHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (scaler, pictures) = mpsc::channel(8);
    let gallery = GalleryHandle { sender };
    let actor = Gallery {
        mailbox,
        scaler,
        wall,
    };
    tokio::spawn(actor.run());
    let actor = Scaler {
        mailbox: pictures,
        gallery: gallery.clone(),
    };
    tokio::spawn(actor.run());
    gallery
}
// ANCHOR_END: open

impl GalleryHandle {
    pub async fn add(&self, picture: &str) -> Result<(), Closed> {
        let picture = picture.to_owned();
        let sent = self.sender.send(Message::Add { picture }).await;
        sent.map_err(|_| Closed)
    }
}
