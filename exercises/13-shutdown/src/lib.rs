//! Exercise 13, shutdown: the mail-out of a room's digest.
//!
//! Once a day, a room mails to its members what was said. Sending a mail takes a while, so a few workers do it. When the server has to go
//! down, no mail is taken in any more, those that were accepted are still sent, and a mail that takes too long is given up.
//!
//! Page: book/src/13-shutdown.md. The tests are in tests/shutdown.rs; they go step by step, and so can you:
//!
//!     cargo test -p shutdown
//!
//! Stuck? `cargo course hint shutdown` says a little more each time.

use std::{pin::Pin, sync::Arc, time::Duration};

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

/// How to send a mail; leave it as it is. `mailer.send(mail).await` sends one. Clones are cheap.
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

/// Hands over mails. All clones share the mail-out.
#[derive(Clone)]
pub struct MailHandle {
    // What does it need?
}

/// Stops the mail-out, see [`stop`](Self::stop). There is only one, and its holder decides when the mail-out ends.
///
/// Dropping it stops the mail-out as well, without grace: no mail is taken in any more, and what is not sent yet is aborted. It may be dropped
/// anywhere, also outside of a runtime.
pub struct Shutdown {
    // Step 2: how does the mail-out hear that it is to stop?
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
/// `capacity` and `workers` are at least 1. `capacity` is at most `tokio::sync::Semaphore::MAX_PERMITS`, and `workers` at most 1,000. With other
/// numbers it may panic.
pub fn start(capacity: usize, workers: usize, mailer: Mailer) -> (MailHandle, Shutdown) {
    let _ = (capacity, workers, mailer, Mailer::send);
    todo!("step 1: a bounded mailbox, and at most so many mails under way")
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
        let _ = mail;
        todo!("step 1: wait for a slot, and then for the receipt")
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
    /// It may, when the runtime of the mail-out has ended before.
    ///
    /// # Cancel safety
    /// Dropping the call is dropping the [`Shutdown`]: there is no more grace, and what is not sent yet is aborted.
    pub async fn stop(self, grace: Duration) -> Report {
        let _ = grace;
        todo!(
            "step 2: take in nothing more, and finish what was accepted; step 3: give up when `grace` is over; step 4: or when nobody waits any longer"
        )
    }
}
