use tokio::sync::mpsc;

struct Thermometer {
    mailbox: mpsc::Receiver<i32>,
    display: mpsc::Sender<i32>,
    newest: Option<i32>,
}

impl Thermometer {
    fn on_value(&mut self, value: i32) {
        self.newest = Some(value);
    }

    async fn run(mut self) {
        loop {
            tokio::select! {
                Some(value) = self.mailbox.recv() => self.on_value(value),
                Ok(permit) = self.display.reserve(), if self.newest.is_some() => {
                    permit.send(self.newest.take().unwrap_or_default());
                }
                else => break,
            }
        }
    }
}
