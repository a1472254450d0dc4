//! accepted: workers share the mailbox, and a watch channel tells each of them what state the mail-out is in.

use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    task::JoinSet,
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

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum State {
    Open,
    Closing,
    Over,
}

/// Returns at once when it has been reached already. A sender that is gone means that all is over.
async fn reaches(mut state: watch::Receiver<State>, least: State) {
    let _ = state.wait_for(|state| *state >= least).await;
}

#[derive(Clone)]
struct Worker {
    mailbox: Arc<Mutex<mpsc::Receiver<Job>>>,
    mailer: Mailer,
    state: watch::Receiver<State>,
}

impl Worker {
    async fn run(self) -> Report {
        let mut report = Report::default();
        while let Some(Job { mail, reply }) = self.next().await {
            let mailer = self.mailer.clone();
            // A set of one: dropping it aborts the mail.
            let mut sending = JoinSet::new();
            sending.spawn(async move {
                let receipt = mailer.send(mail).await;
                let _ = reply.send(receipt);
            });
            tokio::select! {
                biased;
                ended = sending.join_next() => match ended {
                    Some(Ok(())) => report.sent += 1,
                    _ => report.failed += 1,
                },
                () = reaches(self.state.clone(), State::Over) => {
                    sending.shutdown().await;
                    report.aborted += 1;
                }
            }
        }
        report
    }

    /// Holds the mailbox while it waits; gives it up when it is to be closed.
    async fn next(&self) -> Option<Job> {
        let mut mailbox = self.mailbox.lock().await;
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                () = reaches(self.state.clone(), State::Over) => return None,
                () = reaches(self.state.clone(), State::Closing), if open => {
                    open = false;
                    mailbox.close();
                }
                job = mailbox.recv() => return job,
            }
        }
    }
}

struct Stop {
    grace: Duration,
    report: oneshot::Sender<Report>,
}

/// Waits for the workers, and for whoever stops them.
async fn supervise(
    mut workers: JoinSet<Report>,
    mailbox: Arc<Mutex<mpsc::Receiver<Job>>>,
    state: watch::Sender<State>,
    stop: oneshot::Receiver<Stop>,
    _over: watch::Sender<()>,
) {
    let stop = stop.await;
    state.send_replace(State::Closing);
    mailbox.lock().await.close();
    let mut report = Report::default();
    match stop {
        Ok(Stop {
            grace,
            report: mut asked,
        }) => {
            tokio::select! {
                _ = timeout(grace, all(&mut workers, &mut report)) => {}
                () = asked.closed() => {}
            }
            state.send_replace(State::Over);
            all(&mut workers, &mut report).await;
            let mut mailbox = mailbox.lock().await;
            while mailbox.try_recv().is_ok() {
                report.aborted += 1;
            }
            let _ = asked.send(report);
        }
        Err(_) => {
            state.send_replace(State::Over);
            all(&mut workers, &mut report).await;
        }
    }
}

async fn all(workers: &mut JoinSet<Report>, report: &mut Report) {
    while let Some(done) = workers.join_next().await {
        let done = done.expect("a worker does not panic: its mails are tasks of their own");
        report.sent += done.sent;
        report.failed += done.failed;
        report.aborted += done.aborted;
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
    let (sender, mailbox) = mpsc::channel(capacity);
    let (state, watched) = watch::channel(State::Open);
    let (stop, stopped) = oneshot::channel();
    let mailbox = Arc::new(Mutex::new(mailbox));
    let worker = Worker {
        mailbox: mailbox.clone(),
        mailer,
        state: watched,
    };
    let workers = (0..workers).map(|_| worker.clone().run()).collect();
    let (_over, over) = watch::channel(());
    tokio::spawn(supervise(workers, mailbox, state, stopped, _over));
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
        let _ = self.stop.send(Stop { grace, report });
        reported.await.expect("it reports before it ends")
    }
}
