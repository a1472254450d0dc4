//! What can be seen of actors: one [`Event`] for each thing that happens. The words in `` `code` `` at
//! each [`Kind`] are its name in the JSON.

/// Index into [`Trace::actors`](crate::Trace::actors). 0 is the future given to [`record`](crate::record), named "main".
pub type ActorId = usize;
/// Index into [`Trace::boxes`](crate::Trace::boxes).
pub type BoxId = usize;
/// Index into [`Trace::messages`](crate::Trace::messages).
pub type MessageId = usize;
/// Index into [`Trace::replies`](crate::Trace::replies): a oneshot channel.
pub type ReplyId = usize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Virtual time since the start, in milliseconds.
    pub ms: u64,
    /// Who did it.
    pub actor: ActorId,
    /// The line of the listing that did it, counted from 1; 0 when it was done elsewhere.
    pub line: u32,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `spawn`: a task, or a closure on another thread.
    Spawn { actor: ActorId, thread: bool },
    /// `sent`: a message is in the mailbox now (or is the newest value of a `watch`).
    Sent { to: BoxId, message: MessageId },
    /// `blocked`: the mailbox is full, the sender waits for a slot.
    Blocked { to: BoxId, message: MessageId },
    /// `cancelled`: gave up a wait for a slot or for an answer, because that future was dropped.
    Cancelled(Wait),
    /// `refused`: the mailbox is full, or nobody will read it any more. The sender has its message back.
    Refused {
        to: BoxId,
        message: MessageId,
        full: bool,
    },
    /// `waits`: the actor's turn is over and it waits for these, first come first served (`select!`) or all of them (`join!`).
    /// Empty: for something that is not recorded.
    Waits(Vec<Waits>),
    /// `received`
    Received(Got),
    /// `asked`: waits for this answer and nothing else.
    Asked(ReplyId),
    /// `replied`: answered. Not `taken`: its asker waits no longer.
    Replied { reply: ReplyId, taken: bool },
    /// `noreply`: dropped the reply's sender without an answer.
    NoReply(ReplyId),
    /// `closed`: dropped the last sender.
    Closed(BoxId),
    /// `rxdrop`: dropped the receiver while senders or messages were left: so many messages are lost.
    RxDrop { of: BoxId, lost: usize },
    /// `released`: permits went back to a semaphore, or a lock is given back.
    Released { of: BoxId, permits: usize },
    /// `notifies`: wakes who waits for a `Notify`: one of them, or `all`.
    Notifies { of: BoxId, all: bool },
    /// `works`: does nothing else for so many milliseconds: it sleeps, and waits for nothing but that.
    Works(u64),
    /// `wakes`: a timer that it waited for went off.
    Wakes(Timer),
    /// `aborts`: tells another actor to end at its next `.await`.
    Aborts(ActorId),
    /// `joined`: knows that another actor has ended, and how.
    Joined { actor: ActorId, how: Ended },
    /// `panicked`
    Panicked { message: String, at: String },
    /// `ended`
    Ended(Ended),
    /// `stuck`: nothing can run, and no timer will go off within a virtual hour.
    Stuck,
    /// `leaked`: still alive after main has ended, and holds senders of these boxes.
    Leaked(Vec<BoxId>),
    /// `cut`: the recording ends here.
    Cut(Cut),
}

/// One thing that an actor waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    pub what: Wait,
    /// The line of the listing that waits; 0 when it is elsewhere.
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    Mail(BoxId),
    /// A slot in a full mailbox, for this message if it is known already.
    Slot(BoxId, Option<MessageId>),
    Answer(ReplyId),
    /// The end of one of these.
    Tasks(Vec<ActorId>),
    /// Of a `watch`.
    Change(BoxId),
    /// So many permits of a semaphore.
    Permit(BoxId, usize),
    /// A `Mutex`, an `RwLock`, or a `OnceCell` that another one fills.
    Lock(BoxId, Access),
    /// Of a `Notify`.
    Notified(BoxId),
    /// As many as a `Barrier` wants.
    Barrier(BoxId),
    /// The end of everybody who reads this.
    Gone(BoxId),
    /// Its asker gives up.
    Unwanted(ReplyId),
    /// Something that is not recorded, beside others that are.
    NotRecorded,
    /// All others wait, too: see [`until_all_wait`](crate::until_all_wait).
    Rest,
    /// A moment, in milliseconds since the start.
    Until(Timer, u64),
}

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Others may read, too.
    Shared,
    Alone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    Sleep,
    Timeout,
    Tick,
}

/// What a receiver got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    Mail {
        from: BoxId,
        message: MessageId,
    },
    /// The mailbox is empty and closed, `recv` gives None.
    End(BoxId),
    /// An answer, or the news that none will come.
    Answer {
        reply: ReplyId,
        answered: bool,
    },
    /// Of a `watch`.
    Change(BoxId),
    /// A `broadcast` receiver was too slow for so many messages.
    Missed(BoxId, u64),
    Permit(BoxId, usize),
    Lock(BoxId, Access),
    /// Of a `Notify`.
    Notified(BoxId),
    /// As many have come to a `Barrier` as it wants.
    Barrier(BoxId),
}

/// How an actor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Returned,
    Panicked,
    /// Dropped before it was done.
    Aborted,
}

/// Why a recording was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It has as many events as are allowed.
    Long,
    /// And all that time, there was no moment in which all wait.
    Restless,
    /// A closure on another thread does not come to its end, and nothing else happens.
    Blocked,
    /// This actor runs on and on and never waits.
    Spins(ActorId),
}
