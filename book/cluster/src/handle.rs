use crate::subject;
use async_nats::{Client, Request, RequestErrorKind};
use std::time::Duration;

/// Why there is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing was done: no node owns the room at the moment.
    #[error("no node owns the room")]
    NoOwner,
    /// It was done or it was not: no answer came in time.
    #[error("no answer in time")]
    TimedOut,
    /// It was done or it was not: the connection failed, or what came was no number.
    #[error("{0}")]
    Net(String),
}

/// Asks for the numbers of a room, wherever it lives.
#[derive(Clone)]
pub struct SequencerHandle {
    client: Client,
    subject: String,
    deadline: Duration,
}

impl SequencerHandle {
    /// A handle to `room`, which waits for at most `deadline` for each answer. Nothing is sent yet.
    pub fn new(client: Client, room: &str, deadline: Duration) -> Self {
        let subject = subject(room);
        Self {
            client,
            subject,
            deadline,
        }
    }

    /// The next number of the room.
    ///
    /// # Errors
    ///
    /// See [`CallError`]: after [`NoOwner`](CallError::NoOwner) a new try is safe. After the others a number may be gone.
    ///
    /// # Cancel safety
    ///
    /// The owner does not learn that you went away: a number may be gone.
    // ANCHOR: call
    pub async fn next_number(&self) -> Result<u64, CallError> {
        let ask = Request::new().timeout(Some(self.deadline));
        let answer = self.client.send_request(self.subject.clone(), ask).await;
        let answer = answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => CallError::NoOwner,
            RequestErrorKind::TimedOut => CallError::TimedOut,
            _ => CallError::Net(error.to_string()),
        })?;
        let number = str::from_utf8(&answer.payload).ok();
        number
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| CallError::Net("no number".to_owned()))
    }
    // ANCHOR_END: call
}
