//! Chapter 09: the way back is a channel of its own. Gallery and scaler end, and what is under way is lost.

use super::{Closed, Wall, scale};
use tokio::sync::mpsc;

// ANCHOR: gallery
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

struct Gallery {
    mailbox: mpsc::Receiver<Add>,
    scaler: mpsc::Sender<Scale>,
    results: mpsc::UnboundedReceiver<Scaled>,
    wall: Wall,
}
// ANCHOR_END: gallery

// ANCHOR: run
impl Gallery {
    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    Some(Add { picture }) => {
                        if self.scaler.send(Scale { picture }).await.is_err() {
                            return;
                        }
                    }
                    None => break,
                },
                Some(Scaled { thumbnail }) = self.results.recv() => {
                    self.wall.hang(thumbnail);
                }
            }
        }
    }
}
// ANCHOR_END: run

// ANCHOR: scaler
struct Scaler {
    mailbox: mpsc::Receiver<Scale>,
    results: mpsc::UnboundedSender<Scaled>,
}
// ANCHOR_END: scaler

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

// ANCHOR: open
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
// ANCHOR_END: open

impl GalleryHandle {
    pub async fn add(&self, picture: &str) -> Result<(), Closed> {
        let picture = picture.to_owned();
        let sent = self.sender.send(Add { picture }).await;
        sent.map_err(|_| Closed)
    }
}
