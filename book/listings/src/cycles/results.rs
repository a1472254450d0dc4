//! Chapter 09: no way back at all. Each picture is scaled by a task whose result the gallery waits for.

use super::{Closed, Wall, scale};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
};

#[derive(Debug)]
struct Add {
    picture: String,
}

// ANCHOR: gallery
struct Gallery {
    mailbox: mpsc::Receiver<Add>,
    /// Each task in it returns a thumbnail, and holds nothing of the gallery.
    scaling: JoinSet<String>,
    wall: Wall,
}

impl Gallery {
    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    Some(Add { picture }) => {
                        self.scaling.spawn(scale(picture));
                    }
                    None => break,
                },
                Some(result) = self.scaling.join_next() => self.show(result),
            }
        }
        while let Some(result) = self.scaling.join_next().await {
            self.show(result);
        }
    }
}
// ANCHOR_END: gallery

// ANCHOR: show
impl Gallery {
    fn show(&self, result: Result<String, JoinError>) {
        // An error is the panic of one task: one thumbnail less, and the others are not concerned.
        if let Ok(thumbnail) = result {
            self.wall.hang(thumbnail);
        }
    }
}
// ANCHOR_END: show

#[derive(Clone)]
pub struct GalleryHandle {
    sender: mpsc::Sender<Add>,
}

pub fn open(wall: Wall) -> GalleryHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let gallery = Gallery {
        mailbox,
        scaling: JoinSet::new(),
        wall,
    };
    tokio::spawn(gallery.run());
    GalleryHandle { sender }
}

impl GalleryHandle {
    pub async fn add(&self, picture: &str) -> Result<(), Closed> {
        let picture = picture.to_owned();
        let sent = self.sender.send(Add { picture }).await;
        sent.map_err(|_| Closed)
    }
}
