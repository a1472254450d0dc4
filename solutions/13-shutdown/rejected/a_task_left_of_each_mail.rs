//! rejected: your_promises_hold_whatever_callers_do
//! says: nothing is to be left of a mail that is over
//! thinks: "Each mail has a task that aborts it when all is over."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinSet},
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

struct Stop {
    grace: Duration,
    report: oneshot::Sender<Report>,
}

struct MailOut {
    mailbox: mpsc::Receiver<Job>,
    workers: usize,
    mailer: Mailer,
    under_way: JoinSet<()>,
    report: Report,
    over: watch::Sender<()>,
}

impl MailOut {
    async fn run(mut self, mut stop: oneshot::Receiver<Stop>) {
        let stop = tokio::select! {
            biased;
            stop = &mut stop => stop,
            () = self.work() => stop.await,
        };
        self.mailbox.close();
        match stop {
            Ok(Stop { grace, mut report }) => {
                tokio::select! {
                    _ = timeout(grace, self.work()) => {}
                    () = report.closed() => {}
                }
                self.abort().await;
                let _ = report.send(self.report); // its caller may have gone in this moment
            }
            Err(_) => self.abort().await,
        }
    }

    async fn work(&mut self) {
        let mut more = true;
        while more || !self.under_way.is_empty() {
            tokio::select! {
                Some(ended) = self.under_way.join_next() => self.count(ended),
                job = self.mailbox.recv(), if more && self.under_way.len() < self.workers => match job {
                    Some(job) => self.begin(job),
                    None => more = false,
                },
            }
        }
    }

    fn begin(&mut self, Job { mail, reply }: Job) {
        let mailer = self.mailer.clone();
        let mail = self.under_way.spawn(async move {
            let receipt = mailer.send(mail).await;
            let _ = reply.send(receipt); // its caller may have given up
        });
        let mut over = self.over.subscribe();
        tokio::spawn(async move {
            let _ = over.changed().await;
            mail.abort();
        });
    }

    async fn abort(&mut self) {
        self.under_way.abort_all();
        while let Some(ended) = self.under_way.join_next().await {
            self.count(ended);
        }
        while self.mailbox.try_recv().is_ok() {
            self.report.aborted += 1;
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
    stop: oneshot::Sender<Stop>,
}

pub fn start(capacity: usize, workers: usize, mailer: Mailer) -> (MailHandle, Shutdown) {
    assert_ne!(workers, 0, "without a worker no mail is ever sent");
    let (sender, mailbox) = mpsc::channel(capacity);
    let (stop, stopped) = oneshot::channel();
    let (said, over) = watch::channel(());
    let mail_out = MailOut {
        mailbox,
        workers,
        mailer,
        under_way: JoinSet::new(),
        report: Report::default(),
        over: said,
    };
    tokio::spawn(mail_out.run(stopped));
    (MailHandle { sender, over }, Shutdown { stop })
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
        let (report, reported) = oneshot::channel();
        let _ = self.stop.send(Stop { grace, report }); // then there is no report either
        reported
            .await
            .expect("the mail-out reports before it ends, unless its runtime ends first")
    }
}
