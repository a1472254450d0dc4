//! Chapter 10: the shop and its printer once more, with a way back on which nobody ever waits.

use tokio::{sync::mpsc, task::JoinHandle};

#[derive(Debug)]
struct Order {
    text: String,
}

#[derive(Debug)]
struct Printed {
    text: String,
}

// ANCHOR: shop
struct Shop {
    mailbox: mpsc::Receiver<Order>,
    /// The way down is bounded: the shop waits when the printer has too much to do.
    printer: mpsc::Sender<String>,
    /// The way back is not: the printer never waits for the shop.
    printed: mpsc::UnboundedReceiver<Printed>,
    texts: Vec<String>,
}
// ANCHOR_END: shop

// ANCHOR: run
impl Shop {
    async fn run(mut self) -> Vec<String> {
        loop {
            tokio::select! {
                biased;
                Some(Printed { text }) = self.printed.recv() => self.texts.push(text),
                message = self.mailbox.recv() => match message {
                    Some(Order { text }) => {
                        if self.printer.send(text).await.is_err() {
                            break;
                        }
                    }
                    None => break,
                },
            }
        }
        drop(self.printer);
        while let Some(Printed { text }) = self.printed.recv().await {
            self.texts.push(text);
        }
        self.texts
    }
}
// ANCHOR_END: run

struct Printer {
    mailbox: mpsc::Receiver<String>,
    printed: mpsc::UnboundedSender<Printed>,
}

impl Printer {
    async fn run(mut self) {
        while let Some(text) = self.mailbox.recv().await {
            let text = text.to_uppercase();
            if self.printed.send(Printed { text }).is_err() {
                break;
            }
        }
    }
}

#[derive(Clone)]
pub struct ShopHandle {
    sender: mpsc::Sender<Order>,
}

pub fn open(capacity: usize) -> (ShopHandle, JoinHandle<Vec<String>>) {
    let (sender, mailbox) = mpsc::channel(capacity);
    let (printer, texts) = mpsc::channel(capacity);
    let (done, printed) = mpsc::unbounded_channel();
    let shop = Shop {
        mailbox,
        printer,
        printed,
        texts: Vec::new(),
    };
    let shop = tokio::spawn(shop.run());
    let printer = Printer {
        mailbox: texts,
        printed: done,
    };
    tokio::spawn(printer.run());
    (ShopHandle { sender }, shop)
}

impl ShopHandle {
    pub async fn order(&self, text: &str) {
        let text = text.to_owned();
        let _ = self.sender.send(Order { text }).await;
    }
}
