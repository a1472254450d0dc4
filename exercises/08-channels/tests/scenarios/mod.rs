//! What a board promises, whatever its callers do: random topics and events, by several handles, for readers and subscribers that come, sleep,
//! look once, give up and go. Nothing is asked here that the page and src/lib.rs do not promise.

use super::{account, can_be_spawned, event, look, poll_once, screen, topic};
use channels::{Board, BoardHandle, Events, Seen, Topic, show_topic};
use harness::{Calls, Dice, Scenario, Story, settle};
use std::{
    pin::pin,
    sync::{Arc, Weak},
    task::Poll,
    time::Duration,
};
use tokio::sync::{mpsc, watch};

/// One thing that happens at the board.
#[derive(Clone, Copy)]
pub enum Step {
    /// So many events, one after the other.
    Publish(usize),
    Subscribe,
    /// One of the subscribers looks, until it has to wait.
    Look(usize),
    /// The same, once.
    LookOnce(usize),
    /// It waits, an event is published, and it gives up before it looks.
    GiveUp(usize),
    /// It waits in a task of its own, an event is published, and wakes it.
    Wait(usize),
    Unsubscribe(usize),
    /// So many topics, one after the other.
    SetTopic(usize),
    Watch,
    /// One of those who watch the topic looks for a new one.
    SeeTopic(usize),
    NewScreen,
    Switch(usize),
    CloneHandle,
    DropHandle,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before any task gets to run.
    AtOnce,
}

use Step::*;

/// The test as a whole may take a virtual day: so long it rests.
const RESTS: Duration = Duration::from_secs(20 * 3600);

#[derive(Clone)]
pub struct Room {
    capacity: usize,
}

impl Scenario for Room {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            capacity: dice.pick(&[1, 1, 2, 2, 3, 4, 5, 17, 1000]),
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(40) {
            0..=5 => Publish(1),
            6..=8 => Publish(dice.pick(&[2, self.capacity, self.capacity + 1])),
            9..=10 => Publish(dice.pick_small(&[3, 2 * self.capacity, 40, 10_000])),
            11..=13 => Subscribe,
            14..=17 => Look(dice.below(8)),
            18..=20 => LookOnce(dice.below(8)),
            21..=22 => GiveUp(dice.below(8)),
            23..=24 => Wait(dice.below(8)),
            25 => Unsubscribe(dice.below(8)),
            26..=28 => SetTopic(dice.pick(&[1, 1, 2, 1000])),
            29 => Watch,
            30..=31 => SeeTopic(dice.below(8)),
            32 => NewScreen,
            33 => Switch(dice.below(8)),
            34 => CloneHandle,
            35 => DropHandle,
            36..=37 => Rest(dice.pick(&[310, 1170, 5_390, 36_717_000])),
            _ => AtOnce,
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        can_be_spawned();
        let mut at = AtTheBoard::open(self.capacity, story);
        for step in steps {
            at.take(step).await;
        }
        at.end().await;
    }
}

struct AtTheBoard {
    story: Story,
    capacity: usize,
    /// The texts of the events that may be in memory.
    texts: Vec<Weak<str>>,
    handles: Vec<BoardHandle>,
    /// Which of them is used.
    current: usize,
    /// How many events and topics there were; the numbers of the last ones.
    published: usize,
    topics: usize,
    subscribers: Vec<Subscriber>,
    readers: Vec<Reader>,
    screens: Calls<()>,
    drawn: Vec<Drawn>,
    at_once: bool,
}

struct Subscriber {
    name: String,
    events: Events,
    /// The last event that it has seen, or was told that it missed.
    last: usize,
    /// How many of them it has not taken since it last had to wait, at the most. No more than `capacity`, and it misses none.
    most: usize,
    /// So many are kept for it, at least: what is published is kept as long as fewer than `capacity` are.
    kept: usize,
}

struct Reader {
    name: String,
    topic: watch::Receiver<Topic>,
    /// The last topic that it has seen.
    last: usize,
}

/// What a screen has drawn.
struct Drawn {
    name: String,
    topics: mpsc::UnboundedReceiver<Topic>,
    last: Option<usize>,
    /// The topic that was set when it began.
    first: usize,
}

impl AtTheBoard {
    fn open(capacity: usize, story: Story) -> Self {
        story.tell(format!(
            "open: topic 0, and {capacity} events may wait for a subscriber"
        ));
        Self {
            story,
            capacity,
            texts: Vec::new(),
            handles: vec![Board::open(topic(0), capacity)],
            current: 0,
            published: 0,
            topics: 0,
            subscribers: Vec::new(),
            readers: Vec::new(),
            screens: Calls::new(),
            drawn: Vec::new(),
            at_once: false,
        }
    }

    fn tell(&self, what: impl Into<String>) {
        self.story.tell(what);
    }

    fn handle(&self) -> Option<BoardHandle> {
        self.handles.get(self.current).cloned()
    }

    async fn take(&mut self, step: Step) {
        match step {
            Publish(count) => {
                self.publish(count);
                if count == 1 {
                    self.tell(format!("event {} is published", self.published));
                } else {
                    self.tell(format!("{count} events, up to {}", self.published));
                }
            }
            Subscribe => self.subscribe(),
            Look(of) => self.look(of).await,
            LookOnce(of) => self.look_once(of).await,
            GiveUp(of) => self.give_up(of).await,
            Wait(of) => self.wait(of).await,
            Unsubscribe(of) => {
                if let Some(of) = self.subscriber(of) {
                    let Subscriber { name, .. } = self.subscribers.remove(of);
                    self.tell(format!("{name} goes"));
                }
            }
            SetTopic(count) => self.set_topic(count),
            Watch => self.watch().await,
            SeeTopic(of) => self.see_topic(of).await,
            NewScreen => self.new_screen().await,
            Switch(to) => {
                self.current = to % self.handles.len().max(1);
                return;
            }
            CloneHandle => {
                if let Some(board) = self.handle() {
                    self.handles.push(board);
                    self.current = self.handles.len() - 1;
                    self.tell("the handle is cloned, and the clone used from now on");
                }
            }
            DropHandle => {
                if self.current < self.handles.len() {
                    drop(self.handles.remove(self.current));
                    self.current = 0;
                    self.tell(match self.handles.len() {
                        0 => "the last handle is dropped".to_owned(),
                        left => format!("a handle is dropped, {left} are left"),
                    });
                }
            }
            Rest(ms) => {
                let time = Duration::from_millis(ms);
                if self.story.now() + time > RESTS {
                    return;
                }
                self.tell("time passes");
                self.screens.rest(time, |_, ()| ()).await;
                self.screens_are_right();
                return;
            }
            AtOnce => {
                self.at_once = true;
                return;
            }
        }
        if !std::mem::take(&mut self.at_once) {
            settle().await;
            self.memory_is_bounded();
        }
    }

    /// At any time, and not only when somebody looks.
    fn memory_is_bounded(&mut self) {
        self.texts.retain(|text| text.strong_count() > 0);
        // Each may have missed others.
        let most = (2 * self.capacity - 1) * self.subscribers.len().max(1);
        let kept = self.texts.len();
        assert!(
            kept <= most,
            "{kept} events are in memory, {} are subscribed, and {} may wait for each: of those that a subscriber has not seen, fewer than twice as many are kept, \
             also while it does not look",
            self.subscribers.len(),
            self.capacity
        );
    }

    fn publish(&mut self, count: usize) {
        let Some(board) = self.handle() else { return };
        for _ in 0..count {
            self.published += 1;
            let event = event(self.published);
            self.texts.push(Arc::downgrade(&event.0));
            board.publish(event);
        }
        self.more_is_waiting(count);
    }

    /// So many more.
    fn more_is_waiting(&mut self, count: usize) {
        for subscriber in &mut self.subscribers {
            subscriber.most = subscriber.most.max(self.published - subscriber.last);
            subscriber.kept = self.capacity.min(subscriber.kept + count);
        }
    }

    fn subscribe(&mut self) {
        let Some(board) = self.handle() else { return };
        if self.subscribers.len() >= 8 {
            return;
        }
        let name = format!("subscriber {}", self.subscribers.len());
        self.tell(format!("{name} subscribes"));
        self.subscribers.push(Subscriber {
            name,
            events: board.subscribe(),
            last: self.published,
            most: 0,
            kept: 0,
        });
    }

    fn subscriber(&self, of: usize) -> Option<usize> {
        of.checked_rem(self.subscribers.len())
    }

    async fn look(&mut self, of: usize) {
        let Some(of) = self.subscriber(of) else {
            return;
        };
        let (capacity, published, open) = (self.capacity, self.published, !self.handles.is_empty());
        let subscriber = &mut self.subscribers[of];
        let told = look(&mut subscriber.events).await;
        let name = &subscriber.name;
        self.story.tell(format!(
            "{name} looks: {} events, and {} missed{}",
            told.events(),
            told.missed,
            if told.ended { ", the end" } else { "" }
        ));
        account(&told, subscriber.last, published);
        assert_eq!(
            told.ended, !open,
            "{name} has seen all that was left: the events end when the board is closed, and not before"
        );
        if subscriber.most <= capacity {
            assert_eq!(
                told.missed, 0,
                "no more than {} events were waiting for {name}, and {capacity} may: it misses none",
                subscriber.most
            );
        }
        let kept = told.events();
        assert!(
            kept < 2 * capacity,
            "{kept} events were kept for {name}, and {capacity} may wait: fewer than twice as many are kept"
        );
        assert!(
            kept >= subscriber.kept,
            "{kept} events were kept for {name}, and it should have been {} at least: as long as fewer than {capacity} wait for it, what is published is kept, also after it has missed some",
            subscriber.kept
        );
        subscriber.caught_up(published);
    }

    async fn look_once(&mut self, of: usize) {
        let Some(of) = self.subscriber(of) else {
            return;
        };
        let subscriber = &mut self.subscribers[of];
        let seen = poll_once(subscriber.events.next()).await;
        let name = subscriber.name.clone();
        self.story.tell(format!("{name} looks once: {seen:?}"));
        self.came(of, seen);
    }

    /// What one poll of `next` has brought.
    fn came(&mut self, of: usize, seen: Poll<Option<Seen>>) {
        let (published, capacity, open) = (self.published, self.capacity, !self.handles.is_empty());
        let subscriber = &mut self.subscribers[of];
        let name = &subscriber.name;
        match seen {
            // It may need a task to run first.
            Poll::Pending => {}
            Poll::Ready(None) => {
                assert!(!open, "the board is open, and {name} was told of its end");
                assert_eq!(
                    subscriber.last, published,
                    "{name} was told of the end before it had seen, or was told that it missed, each event up to this one"
                );
            }
            Poll::Ready(Some(Seen::Missed(missed))) => {
                assert!(
                    subscriber.most > capacity,
                    "no more than {} events were waiting for {name}, and {capacity} may: it misses none",
                    subscriber.most
                );
                let left = (published - subscriber.last) as u64;
                assert!(
                    (1..=left).contains(&missed),
                    "{name} was told that it missed {missed}, and {left} were published since the last event that it knows of"
                );
                subscriber.last += missed as usize;
            }
            Poll::Ready(Some(Seen::Event(seen))) => {
                subscriber.last += 1;
                assert_eq!(
                    seen,
                    event(subscriber.last),
                    "the next event for {name}, after what it has seen and was told that it missed"
                );
                subscriber.kept = subscriber.kept.saturating_sub(1);
            }
        }
    }

    async fn give_up(&mut self, of: usize) {
        let Some(of) = self.subscriber(of) else {
            return;
        };
        self.look(of).await;
        let Some(board) = self.handle() else { return };
        let subscriber = &mut self.subscribers[of];
        {
            let mut waiting = pin!(subscriber.events.next());
            assert!(
                poll_once(waiting.as_mut()).await.is_pending(),
                "{} has seen all that there is, and has to wait",
                subscriber.name
            );
            board.publish(event(self.published + 1));
            settle().await;
        }
        let name = subscriber.name.clone();
        self.published += 1;
        self.more_is_waiting(1);
        self.tell(format!(
            "{name} waits, event {} is published, and it gives up before it looks",
            self.published
        ));
    }

    async fn wait(&mut self, of: usize) {
        let Some(of) = self.subscriber(of) else {
            return;
        };
        self.look(of).await;
        let Some(board) = self.handle() else { return };
        let Subscriber {
            name, mut events, ..
        } = self.subscribers.remove(of);
        let waiting = tokio::spawn(async move {
            let seen = events.next().await;
            (seen, events)
        });
        settle().await;
        let next = self.published + 1;
        self.tell(format!("{name} waits, and event {next} is published"));
        drop(board);
        self.publish(1);
        settle().await;
        assert!(
            waiting.is_finished(),
            "{name} waits for an event, one was published, and it was not woken"
        );
        let (seen, events) = waiting.await.expect("it does not panic");
        assert_eq!(
            seen,
            Some(Seen::Event(event(next))),
            "what {name} waited for"
        );
        self.subscribers.push(Subscriber {
            name,
            events,
            last: next,
            most: 0,
            kept: 0,
        });
    }

    fn set_topic(&mut self, count: usize) {
        let Some(board) = self.handle() else { return };
        for _ in 0..count {
            self.topics += 1;
            board.set_topic(topic(self.topics));
        }
        self.tell(format!("topic {} is set", self.topics));
        assert_eq!(
            *board.topic().borrow(),
            topic(self.topics),
            "the topic, for somebody who looks just now"
        );
    }

    async fn watch(&mut self) {
        let Some(board) = self.handle() else { return };
        let name = format!("reader {}", self.readers.len());
        self.tell(format!("{name} watches the topic"));
        self.readers.push(Reader {
            name,
            topic: board.topic(),
            last: self.topics,
        });
    }

    async fn see_topic(&mut self, of: usize) {
        let Some(of) = of.checked_rem(self.readers.len()) else {
            return;
        };
        let reader = &mut self.readers[of];
        let changed = poll_once(reader.topic.changed()).await;
        let name = &reader.name;
        self.story
            .tell(format!("{name} looks for a new topic: {changed:?}"));
        match changed {
            Poll::Ready(Ok(())) => assert!(
                reader.last < self.topics,
                "{name} was told of a new topic, and there was none"
            ),
            Poll::Ready(Err(_)) => {
                assert!(
                    self.handles.is_empty(),
                    "{name} was told that the board is closed, and it is open"
                );
                assert_eq!(
                    reader.last, self.topics,
                    "{name} was told of the end, and had not seen the last topic"
                );
            }
            Poll::Pending => {
                assert_eq!(
                    reader.last, self.topics,
                    "{name} has to wait, and there is a topic that it has not seen"
                );
                assert!(
                    !self.handles.is_empty(),
                    "{name} has to wait, and the board is closed"
                );
            }
        }
        reader.last = self.topics;
        assert_eq!(
            *reader.topic.borrow_and_update(),
            topic(self.topics),
            "the newest topic, for {name}"
        );
    }

    async fn new_screen(&mut self) {
        let Some(board) = self.handle() else { return };
        let name = format!("screen {}", self.drawn.len());
        self.tell(format!("{name} begins"));
        let (screen, topics) = screen();
        let call = show_topic(board.topic(), screen);
        // No handle may be left in here when the screen looks.
        drop(board);
        let ended = self.screens.start(self.drawn.len(), call).await;
        assert!(
            ended.is_none(),
            "{name} has ended, and its first topic is not drawn yet"
        );
        self.drawn.push(Drawn {
            name,
            topics,
            last: None,
            first: self.topics,
        });
    }

    fn screens_are_right(&mut self) {
        for drawn in &mut self.drawn {
            while let Ok(Topic(text)) = drawn.topics.try_recv() {
                let number = text.strip_prefix("topic ").and_then(|n| n.parse().ok());
                let Some(number) = number.filter(|number| *number <= self.topics) else {
                    panic!("{} has drawn {text:?}, and nobody has set that", drawn.name);
                };
                self.story.tell(format!("{} has drawn {text}", drawn.name));
                match drawn.last {
                    None => assert_eq!(
                        number, drawn.first,
                        "{} draws the topic first that is set when it begins",
                        drawn.name
                    ),
                    Some(last) => assert!(
                        number > last,
                        "{} draws a topic once, and then a newer one",
                        drawn.name
                    ),
                }
                drawn.last = Some(number);
            }
        }
    }

    async fn end(mut self) {
        self.handles.clear();
        self.tell("all handles are dropped");
        for of in 0..self.subscribers.len() {
            self.look(of).await;
        }
        for of in 0..self.readers.len() {
            self.see_topic(of).await;
            self.see_topic(of).await;
        }
        self.screens.rest(Duration::from_secs(60), |_, ()| ()).await;
        self.screens_are_right();
        for drawn in &self.drawn {
            assert_eq!(
                drawn.last,
                Some(self.topics),
                "the board is closed, and the last topic is drawn on {}",
                drawn.name
            );
        }
        assert_eq!(
            self.screens.waiting().len(),
            0,
            "the board is closed, a minute has passed, and a screen has not ended"
        );
    }
}

impl Subscriber {
    fn caught_up(&mut self, published: usize) {
        self.last = published;
        self.most = 0;
        self.kept = 0;
    }
}
