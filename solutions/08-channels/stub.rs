//! Exercise 08, channels: a room's board, with a topic that can be watched and events that can be listened to.
//!
//! The topic is a state: anyone who looks wants the newest one. Events are news: a subscriber wants each of them, and one that is too
//! slow has to know what it missed.
//!
//! Page: book/src/08-channels.md, with this exercise in four steps. The tests are in tests/channels.rs, in the same order:
//!
//!     cargo test -p channels
//!
//! Stuck? `cargo course hint channels` says a little more each time.

use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

/// What the room talks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(pub String);

/// Something that happened in the room. Its clones share one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event(pub Arc<str>);

/// What a subscriber sees next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Event(Event),
    /// So many events, at least one, would have come here. They are lost for this subscriber.
    Missed(u64),
}

/// Shows topics, each for all to see; leave it as it is. Drawing one takes a second.
pub struct Screen {
    drawn: mpsc::UnboundedSender<Topic>,
}

impl Screen {
    /// Tells `drawn` of each topic, when its drawing is done.
    pub fn new(drawn: mpsc::UnboundedSender<Topic>) -> Self {
        Self { drawn }
    }

    async fn draw(&mut self, topic: &Topic) {
        sleep(Duration::from_secs(1)).await;
        let _ = self.drawn.send(topic.clone());
    }
}

/// The board of a room.
pub struct Board;

/// Changes the topic and publishes events. All clones belong to the same board.
#[derive(Clone)]
pub struct BoardHandle {
    // What does it need? In step 1 one channel; one more in step 3.
}

/// What one subscriber sees. It can be moved to another task, and it does not keep the board open. One that is dropped is forgotten, with
/// all that was kept for it: when the next event is published, at the latest.
pub struct Events {
    // Step 3: what does it need?
}

impl Board {
    /// Opens a board. It is closed when the last handle is dropped; receivers of the topic and subscribers do not keep it open.
    ///
    /// `capacity` is how many events may wait for a subscriber, see [`Events::next`]. It is at least 1, and at most 100,000: the memory
    /// for all of them may be taken at once. With other numbers it may panic.
    ///
    /// To be called inside a Tokio runtime.
    pub fn open(topic: Topic, capacity: usize) -> BoardHandle {
        let _ = (topic, capacity);
        todo!("step 1: a channel for the topic; step 3: one for the events")
    }
}

impl BoardHandle {
    /// A receiver that has the current topic, and has seen it: its `changed` waits for the next one. When the board is closed, it still
    /// has the last topic, and its `changed` fails once that has been seen.
    pub fn topic(&self) -> watch::Receiver<Topic> {
        todo!("step 1: a receiver of the topic")
    }

    /// Sets the topic, also when nobody watches it. When it returns, each receiver has this topic, those that are made later too.
    ///
    /// It waits for nobody, except that it blocks its thread while somebody borrows the topic from a receiver.
    pub fn set_topic(&self, topic: Topic) {
        let _ = topic;
        todo!("step 1: what if there is no receiver?")
    }

    /// Publishes an event to all who are subscribed now. It never waits, and nobody needs to be there.
    pub fn publish(&self, event: Event) {
        let _ = event;
        todo!("step 3: send it to all; step 4: and never wait for a slow one")
    }

    /// Subscribes to the events that are published from now on.
    pub fn subscribe(&self) -> Events {
        todo!("step 3: a receiver of the events")
    }
}

impl Events {
    /// Waits for the next event. All subscribers see the events in the order in which they were published.
    ///
    /// Of the events that a subscriber has not seen yet, `capacity` or a few more are kept, and fewer than twice as many; not counting what
    /// waits in the mailbox of an actor that has yet to run. When more come before it looks, it misses some: the oldest or the newest of them, whichever is simpler. It is told how many, exactly, and where
    /// they are missing, as [`Seen::Missed`]; then it goes on. It is told before it has to wait again, and before the end.
    ///
    /// `None` when the board is closed, and all that was left has been seen; then each call gives `None` at once.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits loses nothing: the next call gives what this one would have given.
    pub async fn next(&mut self) -> Option<Seen> {
        todo!("step 3: receive; step 4: not every error is the end")
    }
}

/// Draws the current topic on a screen, at once, and then the newest one whenever there is a new one. When the board is closed, it draws
/// the last topic, unless it has done so, and returns.
///
/// A drawing that has begun is finished. What is set meanwhile is drawn afterwards, the newest only; nothing that was drawn is drawn
/// again unless it was set again. (The topic that was drawn last, set once more, may be drawn again or not.)
///
/// It can be spawned: the future is `Send`. It does not hinder anybody who sets the topic while it draws.
pub async fn show_topic(topic: watch::Receiver<Topic>, screen: Screen) {
    let _ = (topic, screen, Screen::draw);
    todo!("step 2: draw it, wait for a change, and notice the end")
}
