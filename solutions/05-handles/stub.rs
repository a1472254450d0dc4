//! Exercise 05, handles: a room with a slow mode, for members who post and one moderator.
//!
//! Members can post, and no more. The moderator sets the slow mode, asks how the room is, and closes it. Who holds which right
//! is a matter of types: what a member must not do does not compile.
//!
//! Page: book/src/05-handles.md, with this exercise in three steps. The tests are in tests/handles.rs, in the same order:
//!
//!     cargo test -p handles
//!
//! Stuck? `cargo course hint handles` says a little more each time.

/// Why a post is not in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Slow mode: this minute has as many posts as it may have.
    TooFast,
    /// The room has been closed, or its actor is gone.
    Closed,
}

/// How a room is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Posts that were accepted since the room was opened.
    pub posts: u64,
    /// Posts that were refused as too fast since the room was opened.
    pub refused: u64,
    /// The text of the last post that was accepted.
    pub last: Option<String>,
    /// How many posts a minute may have; `None` as long as nobody has set a slow mode.
    pub per_minute: Option<u32>,
}

/// For everybody who posts. Every clone reaches the same room.
#[derive(Clone)]
pub struct MemberHandle {
    // Step 1: what does it need?
}

/// For the one who looks after the room. There is no second one: it is not Clone.
pub struct ModeratorHandle {
    // Step 1: what does it need?
}

/// Opens a room. Its rules, in the order of the steps:
///
/// 1. All handles of both kinds reach one actor, by one mailbox that has a bound. Posts that are accepted get the numbers 1, 2, 3 and so on.
///    A member can do nothing but post. The messages are private.
/// 2. Slow mode: at most so many posts are accepted in a minute. The first minute begins when the actor hears `slow_mode`, and each of the
///    others 60 seconds after the one before, whether anybody posts or not. Messages are handled in the order in which they were sent, whichever kind of handle sent them.
/// 3. The room lives as long as any handle of either kind, and does nothing while nobody calls. When the moderator closes it, its actor
///    ends, though there are members.
///
/// To be called inside a Tokio runtime. All tasks of the room are started here.
pub fn open() -> (MemberHandle, ModeratorHandle) {
    todo!("step 1: one channel, an actor that reads it, and a handle of each kind")
}

impl MemberHandle {
    /// Posts a text. Its number in the room.
    ///
    /// A call that is dropped after its message was sent has posted; one that still waits for a slot in the mailbox has not.
    ///
    /// # Errors
    /// Slow mode does not allow it now, or the room is closed. A post that is refused gets no number.
    pub async fn post(&self, text: String) -> Result<u64, Refused> {
        let _ = text;
        todo!("step 1: send it, and wait for its number")
    }
}

impl ModeratorHandle {
    /// How the room is.
    ///
    /// # Panics
    /// When the actor is gone: it has panicked, or its runtime has ended.
    pub async fn status(&self) -> Status {
        todo!("step 1: an ask like any other")
    }

    /// One more member of this room.
    pub fn member(&self) -> MemberHandle {
        todo!("step 1: what does a member need, and does the moderator have it?")
    }

    /// From now on at most `per_minute` posts are accepted in a minute. 0: none. A new minute begins, and it has no posts yet.
    ///
    /// Posts that are sent after this has returned are held to it.
    ///
    /// # Panics
    /// When the actor is gone: it has panicked, or its runtime has ended.
    pub async fn slow_mode(&self, per_minute: u32) {
        let _ = per_minute;
        todo!("step 2: nothing comes back, so the send is all there is to check")
    }

    /// Closes the room, and returns how it was in the end. What was sent before this is handled first; every post behind it is refused.
    ///
    /// A call that is dropped before its message was sent closes nothing, and the handle is gone all the same: the members then go on without
    /// a moderator.
    ///
    /// # Panics
    /// When the actor is gone: it has panicked, or its runtime has ended.
    pub async fn close(self) -> Status {
        todo!("step 3: the last message of all")
    }
}
