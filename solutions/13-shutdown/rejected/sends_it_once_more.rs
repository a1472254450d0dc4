//! rejected: your_promises_hold_whatever_callers_do
//! says: was begun twice
//! thinks: "A mail that panics may go through when it is tried again."

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinSet},
    time::sleep,
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
pub struct Mailer(Arc<dyn Fn(Mail) -> Sending + Send + Sync>);

type Sending = Pin<Box<dyn Future<Output = Receipt> + Send>>;

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

#[derive(Clone)]
pub struct MailHandle {
    sender: mpsc::Sender<Job>,
    over: watch::Receiver<()>,
}

pub struct Shutdown {
    stop: oneshot::Sender<Stop>,
}

type Stop = (Duration, oneshot::Sender<Report>);

struct Job {
    mail: Mail,
    reply: oneshot::Sender<Receipt>,
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
    async fn run(mut self, mut stop: oneshot::Receiver<Stop>) {
        let said = tokio::select! {
            biased;
            said = &mut stop => said,
            () = self.work() => (&mut stop).await,
        };
        self.mailbox.close();
        match said {
            Ok((grace, mut reply)) => {
                let done = tokio::select! {
                    biased;
                    () = self.work() => true,
                    () = reply.closed() => false,
                    () = sleep(grace) => false,
                };
                if !done {
                    self.give_up().await;
                }
                let report = self.report;
                drop(self);
                let _ = reply.send(report);
            }
            Err(_) => self.give_up().await,
        }
    }

    async fn work(&mut self) {
        let mut more = true;
        loop {
            tokio::select! {
                biased;
                Some(ended) = self.under_way.join_next() => self.count(ended),
                job = self.mailbox.recv(), if more && self.under_way.len() < self.workers => match job {
                    Some(job) => self.spawn(job),
                    None => more = false,
                },
                else => return,
            }
        }
    }

    async fn give_up(&mut self) {
        self.under_way.abort_all();
        while let Some(ended) = self.under_way.join_next().await {
            self.count(ended);
        }
        while self.mailbox.try_recv().is_ok() {
            self.report.aborted += 1;
        }
    }

    fn spawn(&mut self, job: Job) {
        let mailer = self.mailer.clone();
        self.under_way.spawn(async move {
            let (once, mail) = (mailer.clone(), job.mail.clone());
            let first = tokio::spawn(async move { once.send(mail).await });
            let first = tokio_util::task::AbortOnDropHandle::new(first);
            let receipt = match first.await {
                Ok(receipt) => receipt,
                Err(_) => mailer.send(job.mail).await,
            };
            let _ = job.reply.send(receipt);
        });
    }

    fn count(&mut self, ended: Result<(), JoinError>) {
        match ended {
            Ok(()) => self.report.sent += 1,
            Err(error) if error.is_panic() => self.report.failed += 1,
            Err(_) => self.report.aborted += 1,
        }
    }
}

pub fn start(capacity: usize, workers: usize, mailer: Mailer) -> (MailHandle, Shutdown) {
    let (sender, mailbox) = mpsc::channel(capacity);
    let (stop, stopped) = oneshot::channel();
    let (_over, over) = watch::channel(());
    let mail_out = MailOut {
        mailbox,
        workers,
        mailer,
        under_way: JoinSet::new(),
        report: Report::default(),
        _over,
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
        let (reply, report) = oneshot::channel();
        let _ = self.stop.send((grace, reply));
        report
            .await
            .expect("the runtime of the mail-out has not ended")
    }
}
