//! An actor for tests: it does what it is told, and writes down what was done with it.

use harness::expect_panics;
use lifecycle::{Actor, ActorRef, ActorResult, Phase, WeakRef};
use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{Interval, interval, sleep},
};

/// How a panic that was ordered begins.
pub const PANICS: &str = "the clerk panics";

/// What was done with the clerks of one test, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Started,
    FailedToStart,
    Handled(u32),
    Ticked,
    Stopped { killed: bool },
}

#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<Entry>>>);

impl Journal {
    pub fn write(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(entry);
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn count(&self, entry: Entry) -> usize {
        self.entries().iter().filter(|&&e| e == entry).count()
    }

    pub fn handled(&self) -> Vec<u32> {
        let handled = |entry| match entry {
            Entry::Handled(number) => Some(number),
            _ => None,
        };
        self.entries().into_iter().filter_map(handled).collect()
    }

    /// How often a clerk was stopped, in whatever way.
    pub fn stops(&self) -> usize {
        self.count(Entry::Stopped { killed: false }) + self.count(Entry::Stopped { killed: true })
    }
}

/// What becomes of a method.
#[derive(Clone, Copy, PartialEq)]
pub enum Fate {
    Well,
    Takes(Duration),
    Fails,
}

/// What the clerk does of its own accord.
#[derive(Clone, Copy, PartialEq)]
pub enum Own {
    Nothing,
    /// An interval, kept in the clerk.
    Ticks(Duration),
    /// A sleep, local to each call.
    FailsAfter(Duration),
    PanicsAfter(Duration),
    /// Without waiting for anything.
    ReturnsAtOnce,
}

#[derive(Clone)]
pub struct Args {
    pub journal: Journal,
    pub start: Fate,
    pub own: Own,
    pub stop: Fate,
}

impl Args {
    pub fn new(journal: &Journal) -> Self {
        Self {
            journal: journal.clone(),
            start: Fate::Well,
            own: Own::Nothing,
            stop: Fate::Well,
        }
    }
}

pub enum Message {
    Note(u32),
    Work(u32, Duration),
    /// How many the clerk has handled since it was made.
    Count(oneshot::Sender<usize>),
    /// Whether the clerk can reach itself.
    Upgrade(oneshot::Sender<bool>),
    Panic(oneshot::Sender<usize>),
    Own(Own),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

pub struct Clerk {
    args: Args,
    handled: usize,
    ticks: Option<Interval>,
    me: WeakRef<Self>,
}

impl Clerk {
    pub fn has_handled(&self) -> usize {
        self.handled
    }
}

impl Actor for Clerk {
    type Args = Args;
    type Message = Message;
    type Error = Refused;

    async fn on_start(args: Args, me: WeakRef<Self>) -> Result<Self, Refused> {
        match args.start {
            Fate::Well => {}
            Fate::Takes(time) => sleep(time).await,
            Fate::Fails => {
                args.journal.write(Entry::FailedToStart);
                return Err(Refused);
            }
        }
        args.journal.write(Entry::Started);
        let ticks = match args.own {
            Own::Ticks(period) => Some(interval(period)),
            _ => None,
        };
        Ok(Self {
            args,
            handled: 0,
            ticks,
            me,
        })
    }

    async fn handle(&mut self, message: Message) {
        match message {
            Message::Note(number) => self.args.journal.write(Entry::Handled(number)),
            Message::Work(number, time) => {
                sleep(time).await;
                self.args.journal.write(Entry::Handled(number));
            }
            Message::Count(reply) => {
                let _ = reply.send(self.handled);
            }
            Message::Upgrade(reply) => {
                let _ = reply.send(self.me.upgrade().is_some());
            }
            Message::Panic(_reply) => panic!("{PANICS} (as it was told to)"),
            Message::Own(own) => self.args.own = own,
        }
        self.handled += 1;
    }

    async fn on_run(&mut self) -> Result<(), Refused> {
        match self.args.own {
            Own::Nothing => pending().await,
            Own::Ticks(_) => match &mut self.ticks {
                Some(ticks) => {
                    ticks.tick().await;
                    self.args.journal.write(Entry::Ticked);
                    Ok(())
                }
                None => pending().await,
            },
            Own::FailsAfter(time) => {
                sleep(time).await;
                Err(Refused)
            }
            Own::PanicsAfter(time) => {
                sleep(time).await;
                panic!("{PANICS} (as it was told to)")
            }
            Own::ReturnsAtOnce => Ok(()),
        }
    }

    async fn on_stop(&mut self, killed: bool) -> Result<(), Refused> {
        self.args.journal.write(Entry::Stopped { killed });
        match self.args.stop {
            Fate::Well => Ok(()),
            Fate::Takes(time) => {
                sleep(time).await;
                Ok(())
            }
            Fate::Fails => Err(Refused),
        }
    }
}

/// The end of an actor, in a few words that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Completed {
        killed: bool,
    },
    Failed {
        phase: Phase,
        killed: bool,
        with_actor: bool,
    },
    Panicked,
}

pub async fn end(task: tokio::task::JoinHandle<ActorResult<Clerk>>) -> End {
    match harness::within("the end of the actor's task", task).await {
        Ok(ActorResult::Completed { killed, .. }) => End::Completed { killed },
        Ok(ActorResult::Failed {
            actor,
            phase,
            killed,
            error: Refused,
        }) => End::Failed {
            phase,
            killed,
            with_actor: actor.is_some(),
        },
        Err(error) => {
            assert!(
                error.is_panic(),
                "the actor's task was aborted. Who does that? It should end by itself."
            );
            End::Panicked
        }
    }
}

/// Tells the clerk to panic; what the asker hears.
pub async fn panic(clerk: &ActorRef<Clerk>) -> Result<usize, lifecycle::Closed> {
    expect_panics(PANICS);
    clerk.ask(Message::Panic).await
}
