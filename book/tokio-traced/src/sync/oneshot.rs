//! `tokio::sync::oneshot`, recorded: the reply to a question, or a signal.

use crate::{
    event::{Got, Kind, ReplyId, Wait},
    label::{self, Label, Labeller, Shown},
    place::{Place, here},
    recorder::Recorder,
    turn::tap,
    waiting::{Waiter, Watched},
};
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::sync::oneshot as real;
pub use tokio::sync::oneshot::error;

use error::{RecvError, TryRecvError};

/// As Tokio's, and recorded.
pub struct Sender<T> {
    // In this order: the drop of the sender is told first.
    duty: Duty,
    real: real::Sender<T>,
    label: Labeller<T>,
}

/// As Tokio's, and recorded.
pub struct Receiver<T> {
    waiter: Waiter,
    claim: Claim,
    real: real::Receiver<T>,
}

/// One reply of one recording.
#[derive(Clone)]
struct Ticket {
    /// `None` when the channel was made outside of a recording.
    recorder: Option<Arc<Recorder>>,
    reply: ReplyId,
}

/// The receiver's ticket: dropped, nobody wants the answer any more.
struct Claim(Ticket);

/// The duty to answer. Dropped undone, it is a `noreply`.
struct Duty {
    ticket: Ticket,
    done: bool,
}

/// As Tokio's, and recorded.
pub fn channel<T: Shown>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = real::channel();
    let recorder = tap();
    let reply = recorder.as_ref().map_or(0, Recorder::new_reply);
    let ticket = Ticket { recorder, reply };
    let sender = Sender {
        duty: Duty {
            ticket: ticket.clone(),
            done: false,
        },
        real: sender,
        label: Label::of,
    };
    let receiver = Receiver {
        waiter: Waiter::new(ticket.recorder.clone()),
        claim: Claim(ticket),
        real: receiver,
    };
    (sender, receiver)
}

impl Ticket {
    fn tell(&self, place: Option<Place>, kind: impl FnOnce(ReplyId) -> Kind) {
        if let Some(recorder) = &self.recorder {
            recorder.push(place, kind(self.reply));
        }
    }

    fn received(&self, place: Option<Place>, answered: bool) {
        self.tell(place, |reply| {
            Kind::Received(Got::Answer { reply, answered })
        });
    }
}

impl Claim {
    fn give_up(&self) {
        if let Some(recorder) = &self.0.recorder {
            recorder.unwanted(self.0.reply);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        if let (Some(recorder), false) = (&self.ticket.recorder, self.done) {
            recorder.no_reply(self.ticket.reply);
        }
    }
}

impl<T> Sender<T> {
    #[track_caller]
    pub fn send(mut self, value: T) -> Result<(), T> {
        self.duty.done = true;
        let taken = !self.real.is_closed();
        if let Some(recorder) = &self.duty.ticket.recorder {
            recorder.replied(here(), self.duty.ticket.reply, (self.label)(&value), taken);
        }
        self.real.send(value)
    }

    #[track_caller]
    pub fn closed(&mut self) -> impl Future<Output = ()> {
        let Ticket { recorder, reply } = self.duty.ticket.clone();
        Watched::new(recorder, Wait::Unwanted(reply), here(), self.real.closed())
    }

    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.real.poll_closed(cx)
    }

    pub fn is_closed(&self) -> bool {
        self.real.is_closed()
    }
}

impl<T> fmt::Debug for Sender<T>
where
    T: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reply = self.duty.ticket.recorder.is_some();
        label::or_left_out(&self.real, reply.then_some(self.duty.ticket.reply), f)
    }
}

impl<T> Receiver<T> {
    pub fn close(&mut self) {
        self.claim.give_up();
        self.real.close();
    }

    pub fn is_empty(&self) -> bool {
        self.real.is_empty()
    }

    pub fn is_terminated(&self) -> bool {
        self.real.is_terminated()
    }

    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let place = here();
        if let Some(recorder) = &self.claim.0.recorder {
            recorder.step();
        }
        let result = self.real.try_recv();
        match &result {
            Ok(_) => self.claim.0.received(place, true),
            Err(TryRecvError::Closed) => self.claim.0.received(place, false),
            Err(TryRecvError::Empty) => {}
        }
        result
    }

    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        let place = here();
        let result = self.real.blocking_recv();
        self.claim.0.received(place, result.is_ok());
        result
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = here();
        let this = self.get_mut();
        let real = Pin::new(&mut this.real);
        let poll = this.waiter.noted(cx, |cx| real.poll(cx));
        match &poll {
            Poll::Pending => {
                this.waiter.pending(cx, place, |recorder| {
                    recorder.asks(this.claim.0.reply);
                    Wait::Answer(this.claim.0.reply)
                });
            }
            Poll::Ready(result) => {
                this.waiter.done();
                this.claim.0.received(place, result.is_ok());
            }
        }
        poll
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label::or_left_out(&self.real, None, f)
    }
}
