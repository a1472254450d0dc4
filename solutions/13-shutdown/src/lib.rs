//! A solution of exercise 13, shutdown: the mail-out of a room's digest.

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinSet},
    time::timeout,
};

/// A mail to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
}

/// A mail has been sent: this is its number at the mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt(pub u64);

/// No receipt will come: the mail-out takes in no mails any more, or it accepted this one and was stopped before the mail was sent, or the
/// mailer panicked while it sent this mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// What became of all mails that the mail-out has accepted since its start: each of them is in one of these numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Their `mailer.send` has returned.
    pub sent: usize,
    /// The mailer panicked while it sent them.
    pub failed: usize,
    /// They were given up: while the mailer was at work on them, or before.
    pub aborted: usize,
}

/// How to send a mail. `mailer.send(mail).await` sends one. Clones are cheap.
#[derive(Clone)]
pub struct Mailer(Arc<dyn Fn(Mail) -> Sending + Send + Sync>);

type Sending = Pin<Box<dyn Future<Output = Receipt> + Send>>;

impl Mailer {
    pub fn new<F: Future<Output = Receipt> + Send + 'static>(
        send: impl Fn(Mail) -> F + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |mail| Box::pin(send(mail))))
    }

    /// May take long, for ever even, and may panic. A call that is dropped sends nothing.
    async fn send(&self, mail: Mail) -> Receipt {
        (self.0)(mail).await
    }
}

/// A mail that was accepted, and who waits for its receipt.
struct Job {
    mail: Mail,
    /// Dropped without a receipt when the mail is aborted, or has failed: its caller then hears that there will be none.
    reply: oneshot::Sender<Receipt>,
}

/// What `Shutdown::stop` sends.
struct Stop {
    grace: Duration,
    /// Its caller holds the other end. When that is gone, nobody waits any longer.
    report: oneshot::Sender<Report>,
}

struct MailOut {
    /// The handles hold the other end. What is in it was accepted, and waits for a worker.
    mailbox: mpsc::Receiver<Job>,
    workers: usize,
    mailer: Mailer,
    /// The mails under way, never more than `workers`.
    under_way: JoinSet<()>,
    report: Report,
    /// Never sent to: it is dropped with the mail-out, however that ends, and the handles hear it.
    _over: watch::Sender<()>,
}

impl MailOut {
    async fn run(mut self, mut stop: oneshot::Receiver<Stop>) {
        let stop = tokio::select! {
            biased;
            stop = &mut stop => stop,
            // All handles are gone. Somebody may still ask for the report.
            () = self.work() => stop.await,
        };
        // The intake first: whoever waits for a slot hears of it now.
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

    /// Sends mails until there will be no more: the mailbox is closed and empty, and nothing is under way.
    ///
    /// # Cancel safety
    /// It may be dropped, and called again: all that it has begun is in `under_way`.
    async fn work(&mut self) {
        let mut more = true;
        while more || !self.under_way.is_empty() {
            tokio::select! {
                // An empty set gives None at once: then the pattern turns this branch off.
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
        self.under_way.spawn(async move {
            let receipt = mailer.send(mail).await;
            let _ = reply.send(receipt); // its caller may have given up
        });
    }

    /// Gives up what is under way, and what waits.
    async fn abort(&mut self) {
        self.under_way.abort_all();
        // An aborted task has not ended yet: one that has just sent its mail counts as sent.
        while let Some(ended) = self.under_way.join_next().await {
            self.count(ended);
        }
        // Not `recv`: that waits for callers that were given a slot and have not used it.
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

/// Hands over mails. All clones share the mail-out.
#[derive(Clone)]
pub struct MailHandle {
    /// The mail-out holds the other end.
    sender: mpsc::Sender<Job>,
    /// The mail-out's task holds the other end, and drops it when it ends: then nobody is there any more to answer.
    over: watch::Receiver<()>,
}

/// Stops the mail-out, see [`stop`](Self::stop). There is only one, and its holder decides when the mail-out ends.
///
/// Dropping it stops the mail-out as well, without grace: no mail is taken in any more, and what is not sent yet is aborted. It may be dropped
/// anywhere, also outside of a runtime.
pub struct Shutdown {
    /// The mail-out listens to it. Dropping it says "stop" as well, and that nobody waits for a report.
    stop: oneshot::Sender<Stop>,
}

/// Starts the mail-out: at most `workers` mails are under way at a time, and at most `capacity` more wait for a worker.
///
/// A mail is accepted when it gets one of these slots. It leaves its slot when a worker takes it, and a worker that is free takes the next one
/// at once, in the order in which they were accepted. A mail that panics in the mailer is over, and its worker takes the next one. No task
/// is left of a mail that is over.
///
/// When the last [`MailHandle`] is dropped, the mails that were accepted are still sent; [`Shutdown::stop`] can be called after that as well.
///
/// To be called inside a Tokio runtime. All tasks of the mail-out run there. When it ends, the mail-out ends with it, and [`MailHandle::send`] returns
/// [`Stopped`].
///
/// # Panics
/// When `capacity` or `workers` is 0, or `capacity` is more than [`tokio::sync::Semaphore::MAX_PERMITS`].
pub fn start(capacity: usize, workers: usize, mailer: Mailer) -> (MailHandle, Shutdown) {
    assert_ne!(workers, 0, "without a worker no mail is ever sent");
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
    /// Hands over a mail. Waits for a slot as long as it takes, and then for the receipt.
    ///
    /// # Errors
    /// There will be no receipt, see [`Stopped`]. Once the mail-out is being stopped, a call says so at once, and so does a call that waits for a
    /// slot. A call whose mail was accepted goes on waiting until the mail is sent, has failed, or is aborted.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits for a slot hands over nothing, and a slot that it was just given goes to the next caller. A mail
    /// that was accepted is sent, whether its caller still waits for the receipt or not.
    pub async fn send(&self, mail: Mail) -> Result<Receipt, Stopped> {
        let (reply, mut receipt) = oneshot::channel();
        let job = Job { mail, reply };
        self.sender.send(job).await.map_err(|_| Stopped)?;
        // A mail that arrives while the mailbox is being dropped stays in there for as long as there is a handle, and its `reply` too: so
        // do not rely on the reply alone.
        let mut over = self.over.clone();
        tokio::select! {
            biased;
            receipt = &mut receipt => receipt.map_err(|_| Stopped),
            // On another thread, the receipt may have come between the two looks.
            _ = over.changed() => receipt.try_recv().map_err(|_| Stopped),
        }
    }
}

impl Shutdown {
    /// Stops the mail-out: from now on no mail is taken in, although there are handles. Mails that were accepted are sent, by as many workers
    /// as before. Returns as soon as all of them are done, at once if there are none; or when `grace` is over, and by then all that is left
    /// has been aborted. `grace` is for all of them together: with [`Duration::ZERO`] it is over at once, and with [`Duration::MAX`]
    /// never.
    ///
    /// When it returns, no mail is under way, and the mail-out has no task left.
    ///
    /// A mail that is handed over in the very moment of the call may still be accepted; then it is sent or aborted, and counted, as any other.
    /// A caller that has been given a slot, and does not look, may hold the end up, but not beyond `grace`.
    ///
    /// # Panics
    /// When the runtime of the mail-out has ended before.
    ///
    /// # Cancel safety
    /// Dropping the call is dropping the [`Shutdown`]: there is no more grace, and what is not sent yet is aborted.
    pub async fn stop(self, grace: Duration) -> Report {
        let (report, reported) = oneshot::channel();
        let _ = self.stop.send(Stop { grace, report }); // then there is no report either
        reported
            .await
            .expect("the mail-out reports before it ends, unless its runtime ends first")
    }
}
