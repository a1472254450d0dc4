//! accepted: slots are permits of a semaphore that can be closed, and one loop has a branch for each state.

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
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
    /// Until a worker takes it.
    slot: OwnedSemaphorePermit,
}

struct Stop {
    /// `None`: never.
    deadline: Option<Instant>,
    report: oneshot::Sender<Report>,
}

/// One loop, in which each branch says in which state it is on.
async fn mail_out(
    workers: usize,
    mailer: Mailer,
    slots: Arc<Semaphore>,
    mut mailbox: mpsc::UnboundedReceiver<Job>,
    stop: oneshot::Receiver<Stop>,
    _over: watch::Sender<()>,
) {
    let mut under_way = JoinSet::new();
    let mut report = Report::default();
    let (mut asked, mut stop) = (None, Some(stop));
    let mut more = true;
    loop {
        if asked.is_some() && !more && under_way.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            order = async { stop.as_mut().expect("the branch is off without it").await }, if stop.is_some() => {
                stop = None;
                slots.close();
                mailbox.close();
                match order {
                    Ok(order) => asked = Some(order),
                    Err(_) => break,
                }
            }
            Some(ended) = under_way.join_next() => count(&mut report, ended),
            job = mailbox.recv(), if more && under_way.len() < workers => match job {
                Some(Job { mail, reply, slot }) => {
                    drop(slot);
                    let mailer = mailer.clone();
                    under_way.spawn(async move {
                        let receipt = mailer.send(mail).await;
                        let _ = reply.send(receipt);
                    });
                }
                None => more = false,
            },
            () = too_late(&mut asked), if asked.is_some() => break,
        }
    }
    under_way.abort_all();
    while let Some(ended) = under_way.join_next().await {
        count(&mut report, ended);
    }
    while mailbox.try_recv().is_ok() {
        report.aborted += 1;
    }
    if let Some(Stop { report: asker, .. }) = asked {
        let _ = asker.send(report);
    }
}

async fn too_late(asked: &mut Option<Stop>) {
    let Some(Stop { deadline, report }) = asked else {
        return;
    };
    match *deadline {
        Some(deadline) => tokio::select! {
            () = sleep_until(deadline) => {}
            () = report.closed() => {}
        },
        None => report.closed().await,
    }
}

fn count(report: &mut Report, ended: Result<(), tokio::task::JoinError>) {
    match ended {
        Ok(()) => report.sent += 1,
        Err(error) if error.is_cancelled() => report.aborted += 1,
        Err(_) => report.failed += 1,
    }
}

#[derive(Clone)]
pub struct MailHandle {
    slots: Arc<Semaphore>,
    sender: mpsc::UnboundedSender<Job>,
    over: watch::Receiver<()>,
}

pub struct Shutdown {
    stop: oneshot::Sender<Stop>,
}

pub fn start(capacity: usize, workers: usize, mailer: Mailer) -> (MailHandle, Shutdown) {
    let (sender, mailbox) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel();
    let slots = Arc::new(Semaphore::new(capacity));
    let (_over, over) = watch::channel(());
    tokio::spawn(mail_out(
        workers,
        mailer,
        slots.clone(),
        mailbox,
        stopped,
        _over,
    ));
    (
        MailHandle {
            slots,
            sender,
            over,
        },
        Shutdown { stop },
    )
}

impl MailHandle {
    pub async fn send(&self, mail: Mail) -> Result<Receipt, Stopped> {
        let slots = self.slots.clone();
        // The semaphore does not know when the runtime has ended, the channel does.
        let slot = tokio::select! {
            slot = slots.acquire_owned() => slot.map_err(|_| Stopped)?,
            () = self.sender.closed() => return Err(Stopped),
        };
        let (reply, mut receipt) = oneshot::channel();
        let job = Job { mail, reply, slot };
        self.sender.send(job).map_err(|_| Stopped)?;
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
        let deadline = Instant::now().checked_add(grace);
        let _ = self.stop.send(Stop { deadline, report });
        reported.await.expect("it reports before it ends")
    }
}
