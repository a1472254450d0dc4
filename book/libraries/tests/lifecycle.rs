//! Chapter 14: what the page says of rsactor 0.17, tried. Each test names the section that it proves.

use harness::{alive_tasks, check, expect_panics, in_no_time, settle, within};
use rsactor::{
    Actor, ActorFailure, ActorRef, ActorResult, ActorWeak, FailurePhase, Message, SpawnOptions,
    spawn, spawn_with_mailbox_capacity, spawn_with_options,
};
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, interval, sleep},
};
use tokio_stream::{Stream, StreamExt, wrappers::IntervalStream};

const SECOND: Duration = Duration::from_secs(1);

type Ticks = Pin<Box<dyn Stream<Item = ()> + Send>>;

/// What was done with the station, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<&'static str>>>);

impl Journal {
    fn write(&self, entry: &'static str) {
        self.0.lock().unwrap().push(entry);
    }

    fn entries(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }

    fn count(&self, entry: &str) -> usize {
        self.entries().iter().filter(|&&e| e == entry).count()
    }
}

#[derive(Default)]
struct Plan {
    journal: Journal,
    start_fails: bool,
    idle_fails: bool,
    stop_fails: bool,
    /// Whether `on_idle` stops the actor.
    idle_stops: bool,
    keeps_itself: bool,
    ticks: Option<Ticks>,
}

struct Station {
    plan: Plan,
    handled: usize,
    /// What the documentation warns of.
    _itself: Option<ActorRef<Station>>,
}

impl Actor for Station {
    type Args = Plan;
    type Error = &'static str;
    type IdleEvent = ();

    async fn on_start(mut plan: Plan, me: &ActorRef<Self>) -> Result<Self, &'static str> {
        if plan.start_fails {
            return Err("no such place");
        }
        plan.journal.write("start");
        if let Some(ticks) = plan.ticks.take() {
            let _ = me.subscribe_idle(ticks);
        }
        let _itself = plan.keeps_itself.then(|| me.clone());
        Ok(Self {
            plan,
            handled: 0,
            _itself,
        })
    }

    async fn on_idle(&mut self, (): (), me: &ActorWeak<Self>) -> Result<(), &'static str> {
        self.plan.journal.write("idle");
        if self.plan.idle_fails {
            return Err("no sensor");
        }
        if self.plan.idle_stops {
            me.upgrade().unwrap().kill();
        }
        Ok(())
    }

    async fn on_stop(&mut self, _: &ActorWeak<Self>, killed: bool) -> Result<(), &'static str> {
        self.plan
            .journal
            .write(if killed { "killed" } else { "stop" });
        if self.plan.stop_fails {
            Err("no end")
        } else {
            Ok(())
        }
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        self.plan.journal.write("drop");
    }
}

/// Takes so long. The reply says how many came before it, or is an error.
struct Work(Duration);
struct Fail;
struct Storm;

impl Message<Work> for Station {
    type Reply = usize;

    async fn handle(&mut self, Work(time): Work, _: &ActorRef<Self>) -> usize {
        sleep(time).await;
        self.plan.journal.write("work");
        self.handled += 1;
        self.handled
    }
}

impl Message<Fail> for Station {
    type Reply = Result<(), &'static str>;

    async fn handle(&mut self, Fail: Fail, _: &ActorRef<Self>) -> Result<(), &'static str> {
        Err("a failed message")
    }
}

impl Message<Storm> for Station {
    type Reply = ();

    async fn handle(&mut self, Storm: Storm, _: &ActorRef<Self>) {
        panic!("a storm");
    }
}

type Task = JoinHandle<ActorResult<Station>>;

async fn end(task: Task) -> ActorResult<Station> {
    within("the end of the station", task).await.unwrap()
}

fn ticks(every: Duration) -> Option<Ticks> {
    let mut ticks = interval(every);
    ticks.reset();
    Some(Box::pin(IntervalStream::new(ticks).map(|_| ())))
}

/// "The phases of a life": a failed start gives the error, and no actor.
#[test]
fn a_failed_start_gives_no_actor() {
    check(|| async {
        let journal = Journal::default();
        let (station, task) = spawn::<Station>(Plan {
            start_fails: true,
            journal: journal.clone(),
            ..Plan::default()
        });
        let result = end(task).await;
        assert!(result.is_failed() && result.is_startup_failed() && !result.is_runtime_failed());
        assert!(!result.has_actor());
        assert_eq!(result.error(), Some(&"no such place"));
        assert!(result.actor().is_none());
        assert_eq!(result.into_error(), Some("no such place"));
        assert!(journal.entries().is_empty());
        assert!(
            within("an answer", station.ask(Work(SECOND)))
                .await
                .is_err()
        );
    });
}

/// "The phases of a life": `on_run` is gone. An error of `on_idle`, its successor, gives the actor; and `on_stop` is called, other than
/// the documentation of `on_run` had it.
#[test]
fn an_error_of_on_idle_calls_on_stop_and_gives_the_actor() {
    check(|| async {
        for stop_fails in [false, true] {
            let journal = Journal::default();
            let plan = Plan {
                journal: journal.clone(),
                idle_fails: true,
                stop_fails,
                ticks: ticks(SECOND),
                ..Plan::default()
            };
            let (station, task) =
                spawn_with_options::<Station>(plan, SpawnOptions::new().with_idle());
            let result = end(task).await;
            assert_eq!(journal.entries(), ["start", "idle", "stop"]);
            assert!(result.is_runtime_failed() && result.has_actor());
            assert_eq!(result.error(), Some(&"no sensor"));
            assert_eq!(result.actor().map(|station| station.handled), Some(0));
            let phase = match stop_fails {
                false => FailurePhase::OnIdle,
                true => FailurePhase::OnIdleThenOnStop,
            };
            assert_eq!(result.phase(), Some(phase));
            assert!(!station.is_alive());
        }
    });
}

/// "The phases of a life": an error of `on_stop` gives the actor.
#[test]
fn an_error_of_on_stop_gives_the_actor() {
    check(|| async {
        let (station, task) = spawn::<Station>(Plan {
            stop_fails: true,
            ..Plan::default()
        });
        station.kill();
        match end(task).await {
            ActorResult::Failed {
                failure: ActorFailure::OnStop { error, .. },
                killed,
            } => {
                assert_eq!((error, killed), ("no end", true));
            }
            _ => panic!("it is an error of on_stop"),
        }
    });
}

/// "The phases of a life": the documentation says that `on_stop` is not called after an error of a handler. Such an error is a reply,
/// and the actor lives on.
#[test]
fn an_error_of_a_handler_is_a_reply() {
    check(|| async {
        let journal = Journal::default();
        let (station, task) = spawn::<Station>(Plan {
            journal: journal.clone(),
            ..Plan::default()
        });
        let reply = within("the reply", station.ask(Fail)).await;
        assert_eq!(reply.unwrap(), Err("a failed message"));
        station.tell(Fail).await.unwrap();
        assert_eq!(
            within("the reply", station.ask(Work(SECOND)))
                .await
                .unwrap(),
            1
        );
        within("the stop", station.stop()).await;
        assert!(end(task).await.is_completed());
        assert_eq!(journal.count("stop"), 1);
    });
}

/// "The phases of a life": a panic of a handler calls nothing but `Drop`, and is in the `JoinError`. Nothing is started again.
#[test]
fn a_panic_calls_drop_and_nothing_else() {
    check(|| async {
        expect_panics("a storm");
        let journal = Journal::default();
        let (station, task) = spawn::<Station>(Plan {
            journal: journal.clone(),
            ..Plan::default()
        });
        assert!(within("an answer", station.ask(Storm)).await.is_err());
        let error = within("the end", task).await.err().unwrap();
        assert!(error.is_panic());
        assert_eq!(journal.entries(), ["start", "drop"]);
        assert!(!station.is_alive());
        assert!(station.tell(Work(SECOND)).await.is_err());
    });
}

/// "Who keeps it alive": when the last reference goes, what was accepted is handled, and `on_stop` is called. The documentation had
/// said "only on an explicit stop or kill" once.
#[test]
fn the_last_reference_calls_on_stop() {
    check(|| async {
        let journal = Journal::default();
        let (station, task) = spawn::<Station>(Plan {
            journal: journal.clone(),
            ..Plan::default()
        });
        for _ in 0..3 {
            station.tell(Work(SECOND)).await.unwrap();
        }
        let weak = ActorRef::downgrade(&station);
        drop(station);
        let result = end(task).await;
        assert!(result.is_completed() && !result.was_killed());
        assert_eq!(result.into_actor().map(|station| station.handled), Some(3));
        assert_eq!(
            journal.entries(),
            ["start", "work", "work", "work", "stop", "drop"]
        );
        assert!(weak.upgrade().is_none());
    });
}

/// "Who keeps it alive": a full reference to itself keeps it alive for ever.
#[test]
fn a_full_reference_to_itself_is_a_leak() {
    check(|| async {
        let (station, task) = spawn::<Station>(Plan {
            keeps_itself: true,
            ..Plan::default()
        });
        settle().await;
        drop(station);
        sleep(3600 * SECOND).await;
        assert!(!task.is_finished());
        assert_eq!(alive_tasks().await, 1);
        task.abort();
    });
}

/// "Stop and kill": a stop is a message. What came before it is handled; what comes after it is accepted, and lost.
#[test]
fn a_stop_is_a_message() {
    check(|| async {
        let journal = Journal::default();
        let (station, task) = spawn::<Station>(Plan {
            journal: journal.clone(),
            ..Plan::default()
        });
        for _ in 0..5 {
            station.tell(Work(SECOND)).await.unwrap();
        }
        within("a slot for the stop", station.stop()).await;
        station.tell(Work(SECOND)).await.unwrap();
        assert!(!end(task).await.was_killed());
        assert_eq!(journal.count("work"), 5, "the sixth was accepted, too");
    });
}

/// "Stop and kill": a stop waits for a slot. A kill does not, and goes before what waits; the message in hand is finished.
#[test]
fn a_stop_waits_for_a_slot_and_a_kill_does_not() {
    check(|| async {
        for _ in 0..64 {
            let journal = Journal::default();
            let plan = Plan {
                journal: journal.clone(),
                ..Plan::default()
            };
            let (station, task) = spawn_with_mailbox_capacity::<Station>(plan, 1);
            station.tell(Work(SECOND)).await.unwrap();
            settle().await;
            station.tell(Work(SECOND)).await.unwrap();
            let start = Instant::now();
            let stop = tokio::spawn({
                let station = station.clone();
                async move { station.stop().await }
            });
            settle().await;
            assert!(!stop.is_finished());
            station.kill();
            assert!(end(task).await.was_killed());
            assert!(start.elapsed() < 2 * SECOND);
            assert_eq!(journal.entries(), ["start", "work", "killed", "drop"]);
            within("the end of the stop", stop).await.unwrap();
        }
    });
}

/// "Stop and kill": during a stop that is under way, a kill is heard as long as messages are handled.
#[test]
fn a_kill_goes_before_a_stop_that_waits() {
    check(|| async {
        let journal = Journal::default();
        let (station, task) = spawn::<Station>(Plan {
            journal: journal.clone(),
            ..Plan::default()
        });
        for _ in 0..5 {
            station.tell(Work(SECOND)).await.unwrap();
        }
        station.stop().await;
        sleep(SECOND / 2).await;
        station.kill();
        assert!(end(task).await.was_killed());
        assert_eq!(journal.count("work"), 1);
    });
}

/// "The trap of on_run": the ticks of a stream go on under traffic, one at a time with the messages.
#[test]
fn a_stream_of_ticks_goes_on_under_traffic() {
    check(|| async {
        let journal = Journal::default();
        let plan = Plan {
            journal: journal.clone(),
            ticks: ticks(SECOND),
            ..Plan::default()
        };
        let (station, task) = spawn_with_options::<Station>(plan, SpawnOptions::new().with_idle());
        for _ in 0..20 {
            station.tell(Work(Duration::ZERO)).await.unwrap();
            sleep(SECOND / 2).await;
        }
        drop(station);
        assert!(end(task).await.is_completed());
        assert!(
            (9..=10).contains(&journal.count("idle")),
            "{:?}",
            journal.entries()
        );
        assert_eq!(journal.count("work"), 20);
    });
}

/// "The trap of on_run": messages go first. As long as one waits, no tick is handled.
#[test]
fn messages_starve_the_ticks() {
    check(|| async {
        let journal = Journal::default();
        let plan = Plan {
            journal: journal.clone(),
            ticks: ticks(SECOND),
            ..Plan::default()
        };
        let (station, task) = spawn_with_options::<Station>(plan, SpawnOptions::new().with_idle());
        for _ in 0..20 {
            station.tell(Work(2 * SECOND)).await.unwrap();
        }
        sleep(39 * SECOND).await;
        assert_eq!(journal.count("idle"), 0);
        drop(station);
        end(task).await;
    });
}

/// "The trap of on_run": without the option, there is no stream: the subscription is an error.
#[test]
fn own_work_is_an_option() {
    check(|| async {
        let (station, task) = spawn::<Station>(Plan::default());
        let refused = station.subscribe_idle(tokio_stream::iter([()]));
        assert!(refused.is_err() && !station.has_idle_channel());
        drop(station);
        end(task).await;
    });
}

/// "The trap of on_run": an actor can end itself from its own work.
#[test]
fn own_work_can_end_the_actor() {
    check(|| async {
        let journal = Journal::default();
        let plan = Plan {
            journal: journal.clone(),
            ticks: ticks(SECOND),
            idle_stops: true,
            ..Plan::default()
        };
        let (_station, task) = spawn_with_options::<Station>(plan, SpawnOptions::new().with_idle());
        assert!(end(task).await.was_killed());
        assert_eq!(journal.entries(), ["start", "idle", "killed", "drop"]);
    });
}

/// "A frame, line by line": messages are handled one at a time, in order; each reference names the same actor.
#[test]
fn messages_are_handled_in_turn() {
    check(|| async {
        let (station, task) = spawn::<Station>(Plan::default());
        let clone = station.clone();
        assert_eq!(station.identity(), clone.identity());
        for count in 1..=3 {
            assert_eq!(
                within("a reply", clone.ask(Work(SECOND))).await.unwrap(),
                count
            );
        }
        within("the stop", station.stop()).await;
        assert!(end(task).await.stopped_normally());
        let told = in_no_time("a refusal", station.tell(Work(SECOND))).await;
        assert!(told.is_err());
    });
}
