use tokio::sync::{mpsc, oneshot};

struct Vote {
    yes: bool,
    reply: oneshot::Sender<u32>,
}

struct Poll {
    mailbox: mpsc::Receiver<Vote>,
    yes: u32,
}

impl Poll {
    fn run(&mut self) {
        tokio::spawn(async move {
            while let Some(Vote { yes, reply }) = self.mailbox.recv().await {
                self.yes += u32::from(yes);
                let _ = reply.send(self.yes);
            }
        });
    }
}
