//! Chapter 10: a method of the actor in a handler, while the other branch's permit may borrow one of its fields.

use tokio::sync::mpsc;

struct Thermometer {
    mailbox: mpsc::Receiver<i32>,
    display: mpsc::Sender<i32>,
    newest: Option<i32>,
}

impl Thermometer {
    fn measured(&mut self, degrees: i32) {
        self.newest = Some(degrees);
    }

    async fn run(mut self) {
        loop {
            tokio::select! {
                message = self.mailbox.recv() => match message {
                    Some(degrees) => self.measured(degrees),
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
