//! What a handle promises whose actor is on another machine, whatever its callers and the network do: calls that are given up and tried again, a
//! network that refuses, hangs, stalls or is cut, and handles that go. Nothing is asked here that the page and src/lib.rs do not promise.

use super::reached_within;
use harness::{Calls, Dice, Scenario, Story, alive_tasks, at_time, settle, wake_ups_so_far};
use remote::{CallError, CallId, SequencerHandle, serve};
use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split},
    sync::{mpsc, watch},
    task::JoinSet,
};

/// One thing that happens between the machines.
#[derive(Clone, Copy)]
pub enum Step {
    /// So many calls begin on the other machine, each with a name of its own.
    Ask(usize),
    /// A call of before is made again, by its name.
    AskAgain,
    /// The same on the actor's machine.
    AskAgainHere,
    AskHere,
    OldestGivesUp,
    NewestGivesUp,
    /// Connections break.
    Cut,
    /// No connection can be made.
    Refuse,
    /// An attempt to connect gets no answer.
    Hang,
    /// Nothing arrives any more, in neither direction.
    Stall,
    /// Connections can be made, and what was sent arrives.
    Mend,
    Clone,
    Drop,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before any task gets to run.
    AtOnce,
}

use Step::*;

/// The test as a whole may take a virtual day: so long it rests.
const RESTS: Duration = Duration::from_secs(20 * 3600);

/// The actor remembers more calls than these.
const MOST_CALLS: usize = 800;

#[derive(Clone)]
pub struct Machines {
    /// How many bytes a connection holds each way.
    pipe: usize,
    within: Duration,
    /// Another machine passes the calls on.
    is_far: bool,
}

impl Scenario for Machines {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            pipe: dice.pick(&[16, 64, 1000, 65_536]),
            within: Duration::from_millis(dice.pick(&[730, 7_310, 61_070, 36_717_310])),
            is_far: dice.below(4) == 0,
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(44) {
            0..=11 => Ask(dice.pick_small(&[1, 1, 2, 3, 8])),
            12..=17 => AskAgain,
            18 => AskAgainHere,
            19..=20 => AskHere,
            21..=22 => OldestGivesUp,
            23..=24 => NewestGivesUp,
            25..=27 => Cut,
            28 => Refuse,
            29 => Hang,
            30..=31 => Stall,
            32..=34 => Mend,
            35 => Clone,
            36 => Drop,
            37..=40 => Rest(dice.pick(&[310, 1_390, 7_310, 61_700, 5_390_000])),
            41 if self.pipe >= 1000 => Ask(dice.pick_small(&[1, 110])),
            _ => AtOnce,
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let mut between = Between::open(self, story);
        for step in steps {
            between.take(step).await;
        }
        between.end().await;
    }
}

type Dialled = Pin<Box<dyn Future<Output = io::Result<DuplexStream>> + Send>>;

#[derive(Clone, Copy, PartialEq)]
enum Dialling {
    Works,
    Refused,
    Hangs,
}

/// What lies between the two machines.
struct Network {
    dialling: watch::Sender<Dialling>,
    stalled: watch::Sender<bool>,
    /// What carries bytes, for each connection.
    wires: Arc<Mutex<JoinSet<()>>>,
}

impl Network {
    /// And what `connect` is given.
    fn to(room: SequencerHandle, pipe: usize) -> (Self, impl FnMut() -> Dialled + Send + 'static) {
        let network = Self {
            dialling: watch::channel(Dialling::Works).0,
            stalled: watch::channel(false).0,
            wires: Arc::default(),
        };
        let (accept, mut accepted) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(stream) = accepted.recv().await {
                tokio::spawn(serve(room.clone(), stream));
            }
        });
        let (dialling, stalled) = (network.dialling.subscribe(), network.stalled.subscribe());
        let wires = network.wires.clone();
        let connect = move || {
            let (mut dialling, stalled) = (dialling.clone(), stalled.clone());
            let (accept, wires) = (accept.clone(), wires.clone());
            let dials = async move {
                let ready = dialling.wait_for(|dialling| *dialling != Dialling::Hangs);
                let dialling = *ready.await.map_err(io::Error::other)?;
                if dialling == Dialling::Refused {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                let (client, here) = duplex(pipe);
                let (there, server) = duplex(pipe);
                let mut wires = wires.lock().unwrap_or_else(PoisonError::into_inner);
                wires.spawn(carry(here, there, stalled));
                accept.send(server).map_err(io::Error::other)?;
                Ok(client)
            };
            Box::pin(dials) as Dialled
        };
        (network, connect)
    }

    fn is_troubled(&self) -> bool {
        *self.stalled.borrow() || *self.dialling.borrow() != Dialling::Works
    }

    fn cut(&self) {
        let mut wires = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
        wires.abort_all();
    }
}

/// Carries bytes both ways, until one side goes.
async fn carry(here: DuplexStream, there: DuplexStream, stalled: watch::Receiver<bool>) {
    let ((from_here, to_here), (from_there, to_there)) = (split(here), split(there));
    tokio::select! {
        () = one_way(from_here, to_there, stalled.clone()) => {}
        () = one_way(from_there, to_here, stalled) => {}
    }
}

async fn one_way(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    mut stalled: watch::Receiver<bool>,
) {
    let mut bytes = [0; 512];
    loop {
        let Ok(count) = from.read(&mut bytes).await else {
            return;
        };
        let flows = stalled.wait_for(|stalled| !*stalled).await.is_ok();
        if count == 0 || !flows || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// A call, and what became of it.
struct Asked {
    name: CallId,
    began: Duration,
}

struct Between {
    machines: Machines,
    story: Story,
    room: SequencerHandle,
    network: Network,
    handles: Vec<SequencerHandle>,
    calls: Calls<Result<u64, CallError>>,
    /// All attempts, by their number.
    asked: Vec<Asked>,
    /// Each name once, in the order in which they were first used.
    names: Vec<CallId>,
    /// The number of each name that is known, by its index.
    numbers: BTreeMap<usize, u64>,
    /// When the network last refused or lost something.
    last_loss: Option<Duration>,
    /// When it last kept somebody waiting.
    last_wait: Option<Duration>,
    at_once: bool,
    again: usize,
}

impl Between {
    fn open(machines: Machines, story: Story) -> Self {
        let room = SequencerHandle::new();
        let served = if machines.is_far {
            reached_within(room.clone(), Duration::MAX)
        } else {
            room.clone()
        };
        let (network, connect) = Network::to(served, machines.pipe);
        story.tell(format!(
            "connect: a call may take {}, a connection holds {} bytes{}",
            at_time(machines.within),
            machines.pipe,
            if machines.is_far {
                ", and the machine behind it passes calls on to a third one"
            } else {
                ""
            }
        ));
        let handle = SequencerHandle::connect(connect, machines.within);
        Self {
            machines,
            story,
            room,
            network,
            handles: vec![handle],
            calls: Calls::new(),
            asked: Vec::new(),
            names: Vec::new(),
            numbers: BTreeMap::new(),
            last_loss: None,
            last_wait: None,
            at_once: false,
            again: 0,
        }
    }

    fn tell(&self, what: impl Into<String>) {
        self.story.tell(what);
    }

    async fn take(&mut self, step: Step) {
        match step {
            Ask(count) => {
                for _ in 0..count {
                    let name = self.new_name();
                    self.ask(name).await;
                }
            }
            AskAgain => {
                if let Some(name) = self.old_name() {
                    self.ask(name).await;
                }
            }
            AskAgainHere => {
                if let Some(name) = self.old_name() {
                    self.ask_here(name).await;
                }
            }
            AskHere => {
                let name = self.new_name();
                self.ask_here(name).await;
            }
            OldestGivesUp => {
                if let Some(call) = self.calls.give_up_oldest() {
                    self.tell(format!("the caller of {} gives up", self.call(call)));
                }
            }
            NewestGivesUp => {
                if let Some(call) = self.calls.give_up_newest() {
                    self.tell(format!("the caller of {} gives up", self.call(call)));
                }
            }
            Cut => {
                self.tell("the connection is cut, if there is one");
                self.network.cut();
                self.last_loss = Some(self.story.now());
            }
            Refuse => self.dialling(Dialling::Refused, "from now on no connection can be made"),
            Hang => self.dialling(
                Dialling::Hangs,
                "from now on an attempt to connect gets no answer",
            ),
            Stall => {
                self.tell("from now on nothing arrives");
                self.trouble();
                self.network.stalled.send_replace(true);
                self.trouble();
            }
            Mend => {
                self.network.stalled.send_replace(false);
                self.dialling(Dialling::Works, "the network works");
            }
            Clone => self.handles.extend(self.handles.last().cloned()),
            Drop => self.drop_a_handle(),
            Rest(ms) => return self.rest(Duration::from_millis(ms)).await,
            AtOnce => return self.at_once = true,
        }
        if !std::mem::take(&mut self.at_once) {
            self.go_on().await;
        }
    }

    fn new_name(&mut self) -> usize {
        self.names.push(CallId::new());
        self.names.len() - 1
    }

    /// One of those that there are.
    fn old_name(&mut self) -> Option<usize> {
        let count = self.names.len();
        self.again += 1;
        (count > 0).then(|| self.again % count)
    }

    fn call(&self, attempt: usize) -> String {
        let name = self.asked[attempt].name;
        let index = self.names.iter().position(|other| *other == name);
        format!("call {}", index.unwrap_or_default() + 1)
    }

    /// An attempt by the other machine.
    async fn ask(&mut self, name: usize) {
        let Some(handle) = self.handles.first().cloned() else {
            return;
        };
        if self.names.len() > MOST_CALLS {
            return;
        }
        let (attempt, name) = (self.asked.len(), self.names[name]);
        self.asked.push(Asked {
            name,
            began: self.story.now(),
        });
        self.tell(format!("{} is made", self.call(attempt)));
        let call = async move { handle.next_number_as(name).await };
        let done = self.calls.start(attempt, call).await;
        self.ended(done.map(|end| (attempt, end)));
    }

    async fn ask_here(&mut self, name: usize) {
        let (call, end) = (
            name + 1,
            self.room.clone().next_number_as(self.names[name]).await,
        );
        self.tell(format!(
            "call {call} is made on the actor's machine: {end:?}"
        ));
        match end {
            Ok(number) => self.has_number(name, number),
            Err(error) => panic!("the actor is there, and a call on its machine got {error:?}"),
        }
    }

    fn dialling(&mut self, dialling: Dialling, what: &str) {
        self.tell(what);
        self.trouble();
        self.network.dialling.send_replace(dialling);
        self.trouble();
    }

    /// What the network does now may be the reason for what happens to calls.
    fn trouble(&mut self) {
        let now = Some(self.story.now());
        if self.network.is_troubled() {
            self.last_wait = now;
        }
        if *self.network.dialling.borrow() != Dialling::Works {
            self.last_loss = now;
        }
    }

    fn drop_a_handle(&mut self) {
        if self.handles.pop().is_some() {
            self.tell(match self.handles.len() {
                0 => "the last handle is dropped",
                _ => "a handle is dropped, and clones of it are left",
            });
        }
    }

    async fn rest(&mut self, time: Duration) {
        if self.story.now() + time > RESTS {
            return;
        }
        self.go_on().await;
        self.tell(format!("({} pass)", at_time(time)));
        self.trouble();
        let (idle, before) = (self.calls.waiting().len() == 0, wake_ups_so_far());
        let mut done = Vec::new();
        let story = self.story.clone();
        self.calls
            .rest(time, |attempt, end| done.push((attempt, end, story.now())))
            .await;
        // Before those that have ended are looked at: the trouble was there all the time.
        self.trouble();
        for (attempt, end, at) in done {
            self.ended_at(attempt, end, at);
        }
        let woken = wake_ups_so_far() - before;
        assert!(
            !idle || woken <= 40,
            "no call was under way for {}, and timers woke the runtime {woken} times. What is looked for?",
            at_time(time)
        );
        self.go_on().await;
    }

    /// All tasks run until they wait, and all callers look.
    async fn go_on(&mut self) {
        self.trouble();
        // A call may take several turns: for a slot, a connection, an answer.
        let mut in_vain = 0;
        while in_vain < 4 && self.calls.waiting().len() > 0 {
            settle().await;
            let done = self.calls.look().await;
            in_vain = if done.is_empty() { in_vain + 1 } else { 0 };
            self.ended(done);
        }
        settle().await;
        if let Some(attempt) = self.calls.waiting().next() {
            let limit = self.machines.within + Duration::from_millis(2);
            assert!(
                self.story.now() <= self.asked[attempt].began + limit,
                "{} is still under way, and its time is over",
                self.call(attempt)
            );
            assert!(
                self.network.is_troubled(),
                "{} is still under way, and the network works. What does it wait for?",
                self.call(attempt)
            );
        }
    }

    fn ended(&mut self, done: impl IntoIterator<Item = (usize, Result<u64, CallError>)>) {
        for (attempt, end) in done {
            self.ended_at(attempt, end, self.story.now());
        }
    }

    fn ended_at(&mut self, attempt: usize, end: Result<u64, CallError>, at: Duration) {
        let (call, Asked { name, began }) = (self.call(attempt), &self.asked[attempt]);
        let (began, took) = (*began, at.saturating_sub(*began));
        let name = self.names.iter().position(|other| other == name);
        self.tell(match end {
            Ok(number) => format!("→ {call}: number {number}"),
            Err(error) => format!("→ {call}: {error:?}, after {}", at_time(took)),
        });
        assert!(
            took <= self.machines.within + Duration::from_millis(2),
            "{call} took {}",
            at_time(took)
        );
        let since = |when: Option<Duration>| when.is_some_and(|when| when >= began);
        match end {
            Ok(number) => self.has_number(name.unwrap_or_default(), number),
            Err(CallError::Closed) => panic!("the actor is there, and {call} got Closed"),
            // The network may also have let an attempt to connect wait until that was given up.
            Err(CallError::Net) => assert!(
                since(self.last_loss) || since(self.last_wait),
                "{call} got Net, and while it was under way no connection was cut, and none was refused"
            ),
            Err(CallError::TimedOut) => {
                assert!(
                    took >= self.machines.within,
                    "{call} timed out before its time was over"
                );
                assert!(
                    since(self.last_wait),
                    "{call} timed out, and the network worked all the time"
                );
            }
        }
    }

    fn has_number(&mut self, name: usize, number: u64) {
        let before = *self.numbers.entry(name).or_insert(number);
        assert_eq!(
            before,
            number,
            "call {} was made before, and got another number",
            name + 1
        );
        let same = self.numbers.values().filter(|other| **other == number);
        assert_eq!(
            same.count(),
            1,
            "call {} got number {number}, which another call has",
            name + 1
        );
        let count = self.names.len();
        assert!(
            number <= count as u64,
            "number {number} was given out, and only {count} calls were made: has one of them counted twice?"
        );
    }

    async fn end(mut self) {
        self.go_on().await;
        self.tell("in the end, the network works, and each call is made once more");
        self.network.stalled.send_replace(false);
        self.network.dialling.send_replace(Dialling::Works);
        self.go_on().await;
        for name in 0..self.names.len() {
            self.ask_here(name).await;
        }
        let count = self.names.len() as u64;
        assert!(
            self.numbers.values().all(|number| *number <= count),
            "{count} calls were made, and their numbers go beyond that"
        );
        self.tell("all handles are dropped");
        self.handles.clear();
        drop(self.room);
        let alive = alive_tasks().await;
        assert!(
            alive == 0,
            "all handles are dropped, and {alive} tasks are alive. What do they wait for?"
        );
    }
}
