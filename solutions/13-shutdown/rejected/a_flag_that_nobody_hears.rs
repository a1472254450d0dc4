//! rejected: with_nothing_to_do_it_is_over_at_once
//! says: of the mail-out's tasks are still there
//! thinks: "The handles look at the flag, and the loop looks at it with each mail."

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::{Instant, sleep},
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

#[derive(Default)]
struct Counts {
    stopping: AtomicBool,
    accepted: AtomicUsize,
    sent: AtomicUsize,
}

async fn mail_out(
    workers: usize,
    mailer: Mailer,
    mut mailbox: mpsc::Receiver<Job>,
    counts: Arc<Counts>,
) {
    let workers = Arc::new(Semaphore::new(workers));
    loop {
        let worker = workers.clone().acquire_owned().await;
        let Some(Job { mail, reply }) = mailbox.recv().await else {
            break;
        };
        if counts.stopping.load(SeqCst) {
            break;
        }
        counts.accepted.fetch_add(1, SeqCst);
        let (mailer, counts) = (mailer.clone(), counts.clone());
        tokio::spawn(async move {
            let _worker = worker;
            let receipt = mailer.send(mail).await;
            counts.sent.fetch_add(1, SeqCst);
            let _ = reply.send(receipt);
        });
    }
}

#[derive(Clone)]
pub struct MailHandle {
    sender: mpsc::Sender<Job>,
    counts: Arc<Counts>,
}

pub struct Shutdown {
    counts: Arc<Counts>,
}

pub fn start(capacity: usize, workers: usize, mailer: Mailer) -> (MailHandle, Shutdown) {
    let (sender, mailbox) = mpsc::channel(capacity);
    let counts = Arc::<Counts>::default();
    tokio::spawn(mail_out(workers, mailer, mailbox, counts.clone()));
    let mails = MailHandle {
        sender,
        counts: counts.clone(),
    };
    (mails, Shutdown { counts })
}

impl MailHandle {
    pub async fn send(&self, mail: Mail) -> Result<Receipt, Stopped> {
        if self.counts.stopping.load(SeqCst) {
            return Err(Stopped);
        }
        let (reply, receipt) = oneshot::channel();
        let job = Job { mail, reply };
        self.sender.send(job).await.map_err(|_| Stopped)?;
        receipt.await.map_err(|_| Stopped)
    }
}

impl Shutdown {
    pub async fn stop(self, grace: Duration) -> Report {
        self.counts.stopping.store(true, SeqCst);
        let begin = Instant::now();
        let done = || self.counts.sent.load(SeqCst);
        let all = || self.counts.accepted.load(SeqCst);
        while done() < all() && begin.elapsed() < grace {
            sleep(Duration::from_millis(10)).await;
        }
        Report {
            sent: done(),
            failed: 0,
            aborted: all() - done(),
        }
    }
}
