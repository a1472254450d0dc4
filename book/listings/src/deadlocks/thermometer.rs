//! Chapter 10: a thermometer whose display is slow. It shows the newest value as soon as there is a slot, and answers meanwhile.

use tokio::sync::{mpsc, oneshot};

/// The thermometer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

#[derive(Debug)]
enum Message {
    Measured { degrees: i32 },
    Highest { reply: oneshot::Sender<Option<i32>> },
}

// ANCHOR: thermometer
struct Thermometer {
    mailbox: mpsc::Receiver<Message>,
    display: mpsc::Sender<i32>,
    /// Not on the display yet.
    newest: Option<i32>,
    highest: Option<i32>,
}
// ANCHOR_END: thermometer

// ANCHOR: run
impl Thermometer {
    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    Some(Message::Measured { degrees }) => {
                        self.newest = Some(degrees);
                        self.highest = self.highest.max(Some(degrees));
                    }
                    Some(Message::Highest { reply }) => {
                        let _ = reply.send(self.highest);
                    }
                    None => return,
                },
                permit = self.display.reserve(), if self.newest.is_some() => {
                    match (permit, self.newest.take()) {
                        (Ok(permit), Some(degrees)) => permit.send(degrees),
                        _ => return,
                    }
                }
            }
        }
    }
}
// ANCHOR_END: run

#[derive(Clone)]
pub struct ThermometerHandle {
    sender: mpsc::Sender<Message>,
}

pub fn open(display: mpsc::Sender<i32>) -> ThermometerHandle {
    let (sender, mailbox) = mpsc::channel(8);
    let thermometer = Thermometer {
        mailbox,
        display,
        newest: None,
        highest: None,
    };
    tokio::spawn(thermometer.run());
    ThermometerHandle { sender }
}

impl ThermometerHandle {
    pub async fn measured(&self, degrees: i32) -> Result<(), Closed> {
        let sent = self.sender.send(Message::Measured { degrees }).await;
        sent.map_err(|_| Closed)
    }

    /// The highest value so far; `None` before the first one.
    pub async fn highest(&self) -> Result<Option<i32>, Closed> {
        let (reply, answer) = oneshot::channel();
        let _ = self.sender.send(Message::Highest { reply }).await;
        answer.await.map_err(|_| Closed)
    }
}
