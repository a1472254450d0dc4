//! Chapter 09: the way back is a channel of its own, and the gallery waits for what it still brings.

use super::{Closed, Wall, scale};
use tokio::sync::mpsc;

#[derive(Debug)]
struct Add {
    picture: String,
}

#[derive(Debug)]
struct Scale {
    picture: String,
}

#[derive(Debug)]
struct Scaled {
    thumbnail: String,
}

// ANCHOR: gallery
struct Gallery {
    /// The handles hold the other end, and nobody else does.
    mailbox: mpsc::Receiver<Add>,
    /// Keeps the scaler alive. Dropping it lets the scaler finish its work and end.
    scaler: mpsc::Sender<Scale>,
    /// The way back: the scaler keeps this one open, not the mailbox.
    results: mpsc::UnboundedReceiver<Scaled>,
    wall: Wall,
}
// ANCHOR_END: gallery

// ANCHOR: run
impl Gallery {
    async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                Some(Scaled { thumbnail }) = self.results.recv() => {
                    self.wall.hang(thumbnail);
                }
                message = self.mailbox.recv() => match message {
                    Some(Add { picture }) => {
                        if self.scaler.send(Scale { picture }).await.is_err() {
                            break;
                        }
                    }
                    None => break,
                },
            }
        }
        drop(self.scaler);
        while let Some(Scaled { thumbnail }) = self.results.recv().await {
            self.wall.hang(thumbnail);
        }
    }
}
// ANCHOR_END: run

struct Scaler {
    /// The gallery holds the other end.
    mailbox: mpsc::Receiver<Scale>,
    /// The gallery holds the other end, until it ends.
    results: mpsc::UnboundedSender<Scaled>,
}

impl Scaler {
    async fn run(mut self) {
        while let Some(Scale { picture }) = self.mailbox.recv().await {
            let thumbnail = scale(picture).await;
            if self.results.send(Scaled { thumbnail }).is_err() {
                break;
            }
        }
    }
}

#[derive(Clone)]
pub struct GalleryHandle {
    sender: mpsc::Sender<Add>,
}

pub fn open(wall: Wall) -> GalleryHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let (scaler, pictures) = mpsc::channel(8);
    let (done, results) = mpsc::unbounded_channel();
    let gallery = Gallery {
        mailbox,
        scaler,
        results,
        wall,
    };
    tokio::spawn(gallery.run());
    let scaler = Scaler {
        mailbox: pictures,
        results: done,
    };
    tokio::spawn(scaler.run());
    GalleryHandle { sender }
}

// ANCHOR: add
impl GalleryHandle {
    /// Tells the gallery to show a picture.
    ///
    /// # Errors
    /// The gallery has ended. `Ok` says that the picture is in its mailbox, and no more.
    pub async fn add(&self, picture: &str) -> Result<(), Closed> {
        let picture = picture.to_owned();
        let sent = self.sender.send(Add { picture }).await;
        sent.map_err(|_| Closed)
    }
}
// ANCHOR_END: add
