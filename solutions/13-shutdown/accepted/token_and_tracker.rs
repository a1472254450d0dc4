//! accepted: a CancellationToken says when to close, its parent when to give up, and a TaskTracker waits for the loop and for all mails.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
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

/// Counts the mail that it belongs to when it is dropped, however that comes.
struct Counted {
    report: Arc<Mutex<Report>>,
    sent: bool,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        if self.sent {
            report.sent += 1;
        } else if thread::panicking() {
            report.failed += 1;
        } else {
            report.aborted += 1;
        }
    }
}

struct MailOut {
    mailbox: mpsc::Receiver<Job>,
    workers: Arc<Semaphore>,
    mailer: Mailer,
    report: Arc<Mutex<Report>>,
    tracker: TaskTracker,
    /// Cancelled when no more mails are to be taken in.
    closing: CancellationToken,
    /// Cancelled when all is over.
    over: CancellationToken,
    /// Dropped with the loop and the last mail: nobody is left to answer.
    gone: watch::Sender<()>,
}

impl MailOut {
    async fn run(mut self) {
        let mut closed = false;
        loop {
            let next = async {
                let worker = self.workers.clone().acquire_owned().await;
                (worker, self.mailbox.recv().await)
            };
            tokio::select! {
                biased;
                () = self.over.cancelled() => break,
                () = self.closing.cancelled(), if !closed => {
                    closed = true;
                    self.mailbox.close();
                }
                (worker, job) = next => {
                    let Some(Job { mail, reply }) = job else { break };
                    let counted = Counted { report: self.report.clone(), sent: false };
                    let (mailer, over) = (self.mailer.clone(), self.over.clone());
                    let gone = self.gone.clone();
                    self.tracker.spawn(async move {
                        let mut counted = counted;
                        let _until_done = (worker, gone);
                        if let Some(receipt) = over.run_until_cancelled(mailer.send(mail)).await {
                            counted.sent = true;
                            let _ = reply.send(receipt);
                        }
                    });
                }
            }
        }
        self.mailbox.close();
        while self.mailbox.try_recv().is_ok() {
            drop(Counted {
                report: self.report.clone(),
                sent: false,
            });
        }
    }
}

#[derive(Clone)]
pub struct MailHandle {
    sender: mpsc::Sender<Job>,
    gone: watch::Receiver<()>,
}

pub struct Shutdown {
    closing: CancellationToken,
    /// Dropping a token cancels nothing; dropping its guard does.
    over: DropGuard,
    tracker: TaskTracker,
    report: Arc<Mutex<Report>>,
}

pub fn start(capacity: usize, workers: usize, mailer: Mailer) -> (MailHandle, Shutdown) {
    let (sender, mailbox) = mpsc::channel(capacity);
    let (tracker, over, report) = (TaskTracker::new(), CancellationToken::new(), Arc::default());
    let closing = over.child_token();
    let (alive, gone) = watch::channel(());
    let mail_out = MailOut {
        mailbox,
        workers: Arc::new(Semaphore::new(workers)),
        mailer,
        report: Arc::clone(&report),
        tracker: tracker.clone(),
        closing: closing.clone(),
        over: over.clone(),
        gone: alive,
    };
    tracker.spawn(mail_out.run());
    let shutdown = Shutdown {
        closing,
        over: over.drop_guard(),
        tracker,
        report,
    };
    (MailHandle { sender, gone }, shutdown)
}

impl MailHandle {
    pub async fn send(&self, mail: Mail) -> Result<Receipt, Stopped> {
        let (reply, mut receipt) = oneshot::channel();
        let job = Job { mail, reply };
        self.sender.send(job).await.map_err(|_| Stopped)?;
        let mut gone = self.gone.clone();
        tokio::select! {
            biased;
            receipt = &mut receipt => receipt.map_err(|_| Stopped),
            _ = gone.changed() => receipt.try_recv().map_err(|_| Stopped),
        }
    }
}

impl Shutdown {
    pub async fn stop(self, grace: Duration) -> Report {
        self.closing.cancel();
        self.tracker.close();
        if timeout(grace, self.tracker.wait()).await.is_err() {
            drop(self.over);
            self.tracker.wait().await;
        }
        *self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
