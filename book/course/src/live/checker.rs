//! The actor that checks exercises, one at a time: cargo would make a second one wait anyway. What was saved last
//! goes first, and a save of the very exercise under check replaces its check.

use crate::error::Closed;
use std::{collections::VecDeque, future, pin::Pin};
use tokio::sync::mpsc;

/// Senders neither wait for an answer nor send in bulk: a small mailbox is enough.
const MAILBOX: usize = 16;

/// A running check. Dropping it must end all that it started. Its output is what there is to do about the exercise when nothing
/// is left to check.
pub type Check = Pin<Box<dyn Future<Output = Option<Leisure>> + Send>>;

/// Begins such work, and begins it anew when a check came in between.
pub type Leisure = Box<dyn FnMut() -> Work + Send>;

/// Dropping it must end all that it started.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

enum Message {
    /// The exercise was saved, or somebody asked for it: it is the next one.
    Now { name: String },
    /// When nothing else is to do.
    Later { name: String },
}

struct Checker {
    /// The watcher and the server's pages hold the other end. When the last handle is dropped, the actor ends and
    /// with it the check that is running.
    receiver: mpsc::Receiver<Message>,
    /// Begins the check of an exercise; hears, too, whether somebody has asked for it.
    begin: Box<dyn FnMut(String, bool) -> Check + Send>,
    /// Which exercises come next; each at most once.
    queue: VecDeque<Turn>,
    running: Option<Running>,
    /// What to do when there is nothing to check; each exercise at most once.
    leisure: VecDeque<(String, Leisure)>,
    /// The first of it, begun. A check ends it: that one is waited for.
    work: Option<Work>,
}

struct Turn {
    name: String,
    /// Somebody has saved it or asked for it, and would like to know more than the verdict.
    asked: bool,
}

/// The check is a future in the actor, not a task of its own: dropping it ends it at once, so a check that was replaced
/// cannot report any more when the new one begins.
struct Running {
    turn: Turn,
    check: Check,
}

impl Checker {
    async fn run(mut self) {
        loop {
            tokio::select! {
                // A save is heard before the next check begins. Messages cannot starve the check: people send them.
                biased;
                message = self.receiver.recv() => match message {
                    // Nothing is awaited in here: the running check stands still meanwhile. If it waited for a slot
                    // in a mailbox, and we for the same mailbox behind it, neither would ever go on.
                    Some(message) => self.handle_message(message),
                    None => break,
                },
                leisure = finished(&mut self.running) => self.check_ended(leisure),
                () = done(&mut self.work) => {
                    self.work = None;
                    self.leisure.pop_front();
                }
            }
            if self.running.is_some() {
                continue;
            }
            if let Some(turn) = self.queue.pop_front() {
                self.work = None;
                self.leisure.retain(|(name, _)| *name != turn.name);
                let check = (self.begin)(turn.name.clone(), turn.asked);
                self.running = Some(Running { turn, check });
            } else if self.work.is_none()
                && let Some((_, begin)) = self.leisure.front_mut()
            {
                self.work = Some(begin());
            }
        }
    }

    fn check_ended(&mut self, leisure: Option<Leisure>) {
        if let (Some(Running { turn, .. }), Some(leisure)) = (self.running.take(), leisure)
            && turn.asked
        {
            self.leisure.push_back((turn.name, leisure));
        }
    }

    fn handle_message(&mut self, message: Message) {
        match message {
            Message::Now { name } => {
                self.running.take_if(|running| running.turn.name == name);
                self.queue.retain(|other| other.name != name);
                self.queue.push_front(Turn { name, asked: true });
            }
            Message::Later { name } => {
                let is_known = self
                    .running
                    .as_ref()
                    .is_some_and(|running| running.turn.name == name)
                    || self.queue.iter().any(|turn| turn.name == name);
                if !is_known {
                    self.queue.push_back(Turn { name, asked: false });
                }
            }
        }
    }
}

/// Waits for the running check; for ever, if there is none: then only a message can bring work.
async fn finished(running: &mut Option<Running>) -> Option<Leisure> {
    match running {
        // By reference: `select!` drops its futures, and the check has to live on.
        Some(running) => running.check.as_mut().await,
        None => future::pending().await,
    }
}

/// The same for what is done at leisure.
async fn done(work: &mut Option<Work>) {
    match work {
        Some(work) => work.as_mut().await,
        None => future::pending().await,
    }
}

/// Tells the checker what to check. The actor lives as long as one of these does.
#[derive(Clone, Debug)]
pub struct CheckerHandle {
    /// The actor holds the other end.
    sender: mpsc::Sender<Message>,
}

impl CheckerHandle {
    /// Starts the actor; `begin` begins a check of the exercise with the given name, and hears whether somebody has saved it or asked for it.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new(begin: impl FnMut(String, bool) -> Check + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel(MAILBOX);
        let actor = Checker {
            receiver,
            begin: Box::new(begin),
            queue: VecDeque::new(),
            running: None,
            leisure: VecDeque::new(),
            work: None,
        };
        tokio::spawn(actor.run());
        Self { sender }
    }

    /// Checks this exercise next. If it is under check now, that check is dropped and a new one begins.
    ///
    /// # Errors
    /// The actor has ended.
    pub async fn check_now(&self, name: &str) -> Result<(), Closed> {
        self.tell(Message::Now {
            name: name.to_owned(),
        })
        .await
    }

    /// Checks this exercise when all others are done that wait already.
    ///
    /// # Errors
    /// The actor has ended.
    pub async fn check_later(&self, name: &str) -> Result<(), Closed> {
        self.tell(Message::Later {
            name: name.to_owned(),
        })
        .await
    }

    async fn tell(&self, message: Message) -> Result<(), Closed> {
        self.sender.send(message).await.map_err(|_| Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    /// A check that a test holds in its hand.
    struct Begun {
        name: String,
        /// Sending ends the check well; `closed()` is heard when it was dropped before.
        end: oneshot::Sender<()>,
    }

    fn checker() -> (CheckerHandle, mpsc::UnboundedReceiver<Begun>) {
        let (sender, begun) = mpsc::unbounded_channel();
        let handle = CheckerHandle::new(move |name, _asked| {
            let (end, ended) = oneshot::channel();
            sender.send(Begun { name, end }).unwrap();
            Box::pin(async move {
                ended.await.unwrap();
                None
            })
        });
        (handle, begun)
    }

    /// Here each check finds more to do, which is begun under the name of its exercise with a "+".
    fn checker_with_leisure() -> (CheckerHandle, mpsc::UnboundedReceiver<Begun>) {
        let (sender, begun) = mpsc::unbounded_channel();
        let handle = CheckerHandle::new(move |name, _asked| {
            let sender = sender.clone();
            Box::pin(async move {
                begin(&sender, &name).await;
                let leisure: Leisure = Box::new(move || {
                    let (sender, name) = (sender.clone(), format!("{name}+"));
                    Box::pin(async move { begin(&sender, &name).await })
                });
                Some(leisure)
            })
        });
        (handle, begun)
    }

    async fn begin(sender: &mpsc::UnboundedSender<Begun>, name: &str) {
        let (end, ended) = oneshot::channel();
        let name = name.to_owned();
        sender.send(Begun { name, end }).unwrap();
        ended.await.unwrap();
    }

    #[tokio::test]
    async fn what_there_is_to_do_at_leisure_waits_until_nothing_is_to_be_checked() {
        let (handle, mut begun) = checker_with_leisure();
        handle.check_now("a").await.unwrap();
        handle.check_later("b").await.unwrap();
        for expected in ["a", "b", "a+"] {
            let next = begun.recv().await.unwrap();
            assert_eq!(next.name, expected);
            next.end.send(()).unwrap();
        }
        drop(handle);
        assert!(
            begun.recv().await.is_none(),
            "nobody has asked for the exercise that was checked later"
        );
    }

    #[tokio::test]
    async fn a_check_ends_what_is_done_at_leisure_and_it_begins_anew() {
        let (handle, mut begun) = checker_with_leisure();
        handle.check_now("a").await.unwrap();
        begun.recv().await.unwrap().end.send(()).unwrap();
        let mut first = begun.recv().await.unwrap();
        assert_eq!(first.name, "a+");
        handle.check_now("b").await.unwrap();
        first.end.closed().await;
        for expected in ["b", "a+", "b+"] {
            let next = begun.recv().await.unwrap();
            assert_eq!(next.name, expected);
            next.end.send(()).unwrap();
        }
    }

    #[tokio::test]
    async fn a_save_ends_what_is_done_at_leisure_for_the_same_exercise() {
        let (handle, mut begun) = checker_with_leisure();
        handle.check_now("a").await.unwrap();
        begun.recv().await.unwrap().end.send(()).unwrap();
        let mut old = begun.recv().await.unwrap();
        handle.check_now("a").await.unwrap();
        old.end.closed().await;
        for expected in ["a", "a+"] {
            let next = begun.recv().await.unwrap();
            assert_eq!(next.name, expected);
            next.end.send(()).unwrap();
        }
        drop(handle);
        assert!(begun.recv().await.is_none());
    }

    #[tokio::test]
    async fn one_check_at_a_time_in_the_order_asked() {
        let (handle, mut begun) = checker();
        for name in ["a", "b", "a", "b"] {
            handle.check_later(name).await.unwrap();
        }
        let a = begun.recv().await.unwrap();
        assert_eq!(a.name, "a");
        assert!(begun.is_empty());
        a.end.send(()).unwrap();
        let b = begun.recv().await.unwrap();
        assert_eq!(b.name, "b");
        b.end.send(()).unwrap();
        drop(handle);
        assert!(
            begun.recv().await.is_none(),
            "no exercise stands in the queue twice"
        );
    }

    #[tokio::test]
    async fn a_save_jumps_the_queue_and_leaves_the_running_check_alone() {
        let (handle, mut begun) = checker();
        for name in ["a", "b", "c"] {
            handle.check_later(name).await.unwrap();
        }
        let a = begun.recv().await.unwrap();
        handle.check_now("c").await.unwrap();
        a.end.send(()).unwrap();
        for expected in ["c", "b"] {
            let next = begun.recv().await.unwrap();
            assert_eq!(next.name, expected);
            next.end.send(()).unwrap();
        }
    }

    #[tokio::test]
    async fn a_save_of_the_exercise_under_check_replaces_its_check() {
        let (handle, mut begun) = checker();
        handle.check_later("a").await.unwrap();
        let mut first = begun.recv().await.unwrap();
        handle.check_now("a").await.unwrap();
        handle.check_now("a").await.unwrap();
        first.end.closed().await;
        let mut second = begun.recv().await.unwrap();
        second.end.closed().await;
        let third = begun.recv().await.unwrap();
        third.end.send(()).unwrap();
        drop(handle);
        assert!(begun.recv().await.is_none());
    }

    #[tokio::test]
    async fn the_running_check_ends_with_the_last_handle() {
        let (handle, mut begun) = checker();
        let other = handle.clone();
        handle.check_later("a").await.unwrap();
        handle.check_later("b").await.unwrap();
        let mut a = begun.recv().await.unwrap();
        drop(handle);
        assert!(!a.end.is_closed());
        drop(other);
        a.end.closed().await;
        assert!(
            begun.recv().await.is_none(),
            "what waits in the queue is not begun any more"
        );
    }
}
