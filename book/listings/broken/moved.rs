use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

struct Vote {
    yes: bool,
    reply: oneshot::Sender<u32>,
}

struct Poll {
    sender: mpsc::Sender<Vote>,
    mailbox: mpsc::Receiver<Vote>,
    yes: u32,
}

impl Poll {
    fn run(mut self) -> JoinHandle<u32> {
        tokio::spawn(async move {
            while let Some(Vote { yes, reply }) = self.mailbox.recv().await {
                self.yes += u32::from(yes);
                let _ = reply.send(self.yes);
            }
            self.yes
        })
    }
}

fn open() -> (Poll, JoinHandle<u32>) {
    let (sender, mailbox) = mpsc::channel(8);
    let poll = Poll { sender, mailbox, yes: 0 };
    let task = poll.run();
    (poll, task)
}
