//! accepted: the task returns the report, `stop` awaits its JoinHandle with a time-out, and a watch channel that is dropped means: give up.

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinHandle, JoinSet},
    time::timeout,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub sent: usize,
    pub failed: usize,
    pub aborted: usize,
}

#[derive(Clone)]
pub struct Mailer(Arc<dyn Fn(Mail) -> Pin<Box<dyn Future<Output = Receipt> + Send>> + Send + Sync>);

impl Mailer {
    pub fn new<F: Future<Output = Receipt> + Send + 'static>(
        send: impl Fn(Mail) -> F + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |mail| Box::pin(send(mail))))
    }

    async fn send(&self, mail: Mail) -> Receipt {
        (self.0)(mail).await
    }
}

struct Job {
    mail: Mail,
    reply: oneshot::Sender<Receipt>,
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Work,
    Drain,
}

struct MailOut {
    mailbox: mpsc::Receiver<Job>,
    workers: usize,
    mailer: Mailer,
    under_way: JoinSet<()>,
    report: Report,
    _over: watch::Sender<()>,
}

impl MailOut {
    /// Its task returns the report. A sender of orders that is gone means: give up.
    async fn run(mut self, mut orders: watch::Receiver<Order>) -> Report {
        let mut given_up = orders.clone();
        tokio::select! {
            biased;
            () = async { while given_up.changed().await.is_ok() {} } => {}
            () = async {
                tokio::select! {
                    biased;
                    _ = orders.wait_for(|order| *order == Order::Drain) => {}
                    () = self.work() => return,
                }
                self.mailbox.close();
                self.work().await;
            } => return self.report,
        }
        self.mailbox.close();
        self.under_way.abort_all();
        while let Some(ended) = self.under_way.join_next().await {
            self.count(ended);
        }
        while self.mailbox.try_recv().is_ok() {
            self.report.aborted += 1;
        }
        self.report
    }

    async fn work(&mut self) {
        let mut more = true;
        while more || !self.under_way.is_empty() {
            tokio::select! {
                Some(ended) = self.under_way.join_next() => self.count(ended),
                job = self.mailbox.recv(), if more && self.under_way.len() < self.workers => match job {
                    Some(Job { mail, reply }) => {
                        let mailer = self.mailer.clone();
                        self.under_way.spawn(async move {
                            let receipt = mailer.send(mail).await;
                            let _ = reply.send(receipt);
                        });
                    }
                    None => more = false,
                },
            }
        }
    }

    fn count(&mut self, ended: Result<(), JoinError>) {
        match ended {
            Ok(()) => self.report.sent += 1,
            Err(error) if error.is_panic() => self.report.failed += 1,
            Err(_) => self.report.aborted += 1,
        }
    }
}

#[derive(Clone)]
pub struct MailHandle {
    sender: mpsc::Sender<Job>,
    over: watch::Receiver<()>,
}

pub struct Shutdown {
    orders: watch::Sender<Order>,
    task: JoinHandle<Report>,
}

pub fn start(capacity: usize, workers: usize, mailer: Mailer) -> (MailHandle, Shutdown) {
    let (sender, mailbox) = mpsc::channel(capacity);
    let (orders, received) = watch::channel(Order::Work);
    let (_over, over) = watch::channel(());
    let mail_out = MailOut {
        mailbox,
        workers,
        mailer,
        under_way: JoinSet::new(),
        report: Report::default(),
        _over,
    };
    let task = tokio::spawn(mail_out.run(received));
    (MailHandle { sender, over }, Shutdown { orders, task })
}

impl MailHandle {
    pub async fn send(&self, mail: Mail) -> Result<Receipt, Stopped> {
        let (reply, mut receipt) = oneshot::channel();
        let job = Job { mail, reply };
        self.sender.send(job).await.map_err(|_| Stopped)?;
        let mut over = self.over.clone();
        tokio::select! {
            biased;
            receipt = &mut receipt => receipt.map_err(|_| Stopped),
            _ = over.changed() => receipt.try_recv().map_err(|_| Stopped),
        }
    }
}

impl Shutdown {
    pub async fn stop(self, grace: Duration) -> Report {
        let Self { orders, mut task } = self;
        orders.send_replace(Order::Drain);
        let report = match timeout(grace, &mut task).await {
            Ok(report) => report,
            Err(_) => {
                drop(orders);
                task.await
            }
        };
        report.expect("the mail-out does not panic: its mails are tasks of their own")
    }
}
