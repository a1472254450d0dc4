//! What the messages of Tokio's errors and panics mean, for those who meet them for the first time.

/// What a message means.
pub(crate) struct Remark {
    pub words: &'static str,
    /// Whether the number of tasks that were alive helps to understand it.
    pub counts_tasks: bool,
}

/// A part of the message, what it means, and whether to count the tasks. The words are those of Tokio 1.54; each is forced in
/// `tests.rs`.
const REMARKS: &[(&str, &str, bool)] = &[
    (
        "RecvError",
        "RecvError means: the other end was dropped without an answer. Either the actor dropped it, or the message never \
         reached an actor (a `send` without `.await`? a mailbox that nobody reads?).",
        true,
    ),
    (
        // The errors of `mpsc` and `watch` show no value.
        "SendError(",
        "SendError with a value in it comes from a `broadcast`, and means: no receiver is there now. Nobody listens, and that need be \
         no mistake.",
        false,
    ),
    (
        "SendError",
        "SendError means: the channel's Receiver has been dropped.",
        true,
    ),
    (
        "JoinError::Cancelled",
        "JoinError::Cancelled means: the task was aborted (`abort`, or a `JoinSet` that was dropped or shut down). It did not panic: \
         `is_cancelled()` and `is_panic()` tell the two apart.",
        false,
    ),
    (
        "JoinError::Panic",
        "JoinError::Panic means: the task that was waited for has panicked.",
        false,
    ),
    (
        "was cancelled",
        "Tokio says this for a task that was aborted and then awaited. `JoinSet::join_all` panics when one of its tasks was \
         aborted; `join_next` gives each task's own Result instead.",
        false,
    ),
    (
        "called after complete",
        "A oneshot's Receiver was polled again after it had given its answer. In a `select!` in a loop, such a branch has to be \
         switched off once it is done: `answer = &mut receiver, if !done`.",
        false,
    ),
    (
        "JoinHandle polled after completion",
        "A JoinHandle was awaited again after it had given its task's result. In a `select!` in a loop, such a branch has to be \
         switched off once it is done: `ended = &mut task, if !done`.",
        false,
    ),
    (
        "`async fn` resumed after completion",
        "A future was polled again after it had finished. In a `select!` in a loop, make a new future, or switch its branch off \
         once it is done: `output = &mut future, if !done`.",
        false,
    ),
    (
        "all branches are disabled and there is no else branch",
        "In this `select!`, no branch was left to wait for: each was switched off by its `if`, or what it gave did not match its \
         pattern (`Some(…)` when the channel is closed and gives None). An `else` branch says what to do then.",
        false,
    ),
    (
        "mpsc bounded channel requires buffer > 0",
        "`mpsc::channel(0)` panics: Tokio has no channel without room. Which capacity was asked for, and may it be 0?",
        false,
    ),
    (
        "broadcast channel capacity cannot be zero",
        "`broadcast::channel(0)` panics: Tokio has no channel without room.",
        false,
    ),
    (
        "`period` must be non-zero",
        "`interval(Duration::ZERO)` panics: an interval has to have a length.",
        false,
    ),
    (
        "a semaphore may not have more than MAX_PERMITS permits",
        "More permits, or a larger capacity, than Tokio can count: `Semaphore::MAX_PERMITS` is the most. A channel's capacity is \
         counted in permits, too.",
        false,
    ),
    (
        "overflow when adding duration to instant",
        "`Instant + Duration` panics when the sum is too far away to be counted (`Duration::MAX`). `checked_add` gives None then; \
         `sleep` and `timeout` take any Duration.",
        false,
    ),
    (
        "Cannot block the current thread from within a runtime",
        "`blocking_send`, `blocking_recv` and the like are for threads outside of the runtime. In a task, `.await` the plain call.",
        false,
    ),
    (
        "Cannot start a runtime from within a runtime",
        "`block_on` was called inside of a task, which runs on a runtime already. `.await` the future instead.",
        false,
    ),
    (
        "there is no reactor running",
        "Something of Tokio was used on a thread that belongs to no runtime: `tokio::spawn`, or a timer, in a `std::thread`?",
        false,
    ),
];

/// What is known about this message.
pub(crate) fn on(message: &str) -> Option<Remark> {
    let known = REMARKS.iter().find(|(part, ..)| message.contains(part));
    known.map(|&(_, words, counts_tasks)| Remark {
        words,
        counts_tasks,
    })
}
