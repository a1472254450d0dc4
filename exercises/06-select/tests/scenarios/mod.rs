//! What the delivery promises, whatever its callers do: random posts and presses, in any order, by callers that wait and callers that
//! give up. Nothing is asked here that the page and src/lib.rs do not promise.

use harness::{Calls, Dice, Scenario, Story, at_time, settle, within};
use select::{Closed, ControlHandle, Event, PostsHandle, open};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, time::sleep};

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    Post,
    PostTheSameAgain,
    /// A text that is not like the others.
    PostOdd(&'static str),
    /// So many callers post. Of those that have to wait, one does, and the others give up.
    Burst(usize),
    /// A pause, and then a burst.
    PauseAndBurst,
    /// So many posts, one after another, by a caller that always waits.
    Row(usize),
    Press(Press),
    ClonePosts,
    DropPosts,
    CloneControl,
    DropControl,
    /// Of the callers that wait for a place.
    OldestGivesUp,
    NewestGivesUp,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before the actor gets to run.
    AtOnce,
    /// Who waits does not look before the next step is done: its turn may have come by then.
    Inattentive,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Press {
    Pause,
    Resume,
}

use Step::*;

#[derive(Clone)]
pub struct Delivery;

impl Scenario for Delivery {
    type Step = Step;

    fn begin(_dice: &mut Dice) -> Self {
        Self
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(36) {
            0..=4 => Post,
            5 => PostTheSameAgain,
            6 => PostOdd(dice.pick(&ODD)),
            7 => Burst(dice.pick(&[3, 40, 3000])),
            8..=10 => Press(self::Press::Pause),
            11..=13 => Press(self::Press::Resume),
            14 => ClonePosts,
            15 => DropPosts,
            16 => CloneControl,
            17 => DropControl,
            18 => OldestGivesUp,
            19 => NewestGivesUp,
            20..=21 => Inattentive,
            22..=24 => AtOnce,
            25..=26 => PauseAndBurst,
            27 => Row(dice.pick(&[40, 300])),
            // Into a delivery, to its very end, over hours. No round number: somebody may have a time-out.
            _ => Rest(dice.pick(&[130, 310, 730, 1000, 1170, 5_390, 67_300, 40_317_000])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let mut room = Room::open(story);
        for step in steps {
            room.take(step).await;
        }
        room.end().await;
    }
}

const ODD: [&str; 3] = [
    "",
    "  a text between spaces \n",
    "a text that is longer than a hundred characters, so that nobody can make it shorter without being found out by whoever reads it",
];

/// A test as a whole may take a virtual day: this is most of it.
const DAY: Duration = Duration::from_secs(20 * 3600);

/// A moment: milliseconds, and how often everybody has come to rest before. So two things that happen in one millisecond have an order
/// if the actor ran in between.
type Moment = (u64, u32);

/// A post that was accepted.
struct Accepted {
    number: usize,
    text: String,
    at: Moment,
    /// Whether that moment is known: not if its caller did not look.
    exactly: bool,
}

struct Room {
    story: Story,
    posts: Vec<PostsHandle>,
    control: Vec<ControlHandle>,
    waiting: Calls<Result<(), Closed>>,
    /// What was reported, and when, in milliseconds.
    log: Arc<Mutex<Vec<(u64, Event)>>>,
    texts: Vec<String>,
    accepted: Vec<Accepted>,
    presses: Vec<(Moment, Press)>,
    without_control: Option<Moment>,
    rests: u32,
    at_once: bool,
    attentive: bool,
}

impl Room {
    fn open(story: Story) -> Self {
        let (out, mut events) = mpsc::unbounded_channel();
        let (posts, control) = open(out);
        let log: Arc<Mutex<Vec<(u64, Event)>>> = Arc::default();
        let room = Self {
            story: story.clone(),
            posts: vec![posts],
            control: vec![control],
            waiting: Calls::new(),
            log: log.clone(),
            texts: Vec::new(),
            accepted: Vec::new(),
            presses: Vec::new(),
            without_control: None,
            rests: 0,
            at_once: false,
            attentive: true,
        };
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                story.tell(match &event {
                    Event::Delivered(text) => format!("→ delivered {text:?}"),
                    pressed => format!("→ {pressed:?}"),
                });
                let at = milliseconds(story.now());
                log.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((at, event));
            }
        });
        room
    }

    async fn take(&mut self, step: Step) {
        match step {
            Post => self.post(None, "").await,
            PostOdd(text) => self.post(Some(text.to_owned()), "").await,
            PostTheSameAgain => {
                let again = self.texts.last().cloned();
                self.post(again, "the same again, ").await;
            }
            Burst(count) => self.burst(count).await,
            PauseAndBurst => {
                self.press(self::Press::Pause).await;
                self.burst(40).await;
            }
            Row(count) => self.row(count).await,
            Press(press) => self.press(press).await,
            ClonePosts => self.posts.extend(self.posts.last().cloned()),
            CloneControl => self.control.extend(self.control.last().cloned()),
            DropPosts => {
                if self.posts.pop().is_some() && self.posts.is_empty() {
                    self.story.tell("the last PostsHandle is dropped");
                }
            }
            DropControl => {
                if self.control.pop().is_some() && self.control.is_empty() {
                    self.story.tell("the last ControlHandle is dropped");
                    self.without_control = Some(self.now());
                }
            }
            OldestGivesUp => {
                let number = self.waiting.give_up_oldest();
                self.gave_up(number);
            }
            NewestGivesUp => {
                let number = self.waiting.give_up_newest();
                self.gave_up(number);
            }
            Rest(ms) => self.rest(Duration::from_millis(ms)).await,
            AtOnce => {
                self.at_once = true;
                return;
            }
            Inattentive => {
                self.attentive = false;
                return;
            }
        }
        if !std::mem::take(&mut self.at_once) {
            settle().await;
            self.rests += 1;
        }
        if std::mem::replace(&mut self.attentive, true) {
            self.look().await;
        }
    }

    /// The callers that wait look whether their turn has come.
    async fn look(&mut self) {
        for (number, result) in self.waiting.look().await {
            let text = &self.texts[number - 1];
            self.story
                .tell(format!("post {text:?}, which waited: {result:?}"));
            self.returned(number, result, self.now(), false);
        }
    }

    fn now(&self) -> Moment {
        (milliseconds(self.story.now()), self.rests)
    }

    /// `None`: nobody has a handle.
    async fn call(&mut self, text: Option<String>) -> Option<(usize, Option<Result<(), Closed>>)> {
        let posts = self.posts.last()?.clone();
        // Who waits is served before who comes later, if they take what they are given.
        self.look().await;
        let number = self.texts.len() + 1;
        let text = text.unwrap_or_else(|| number.to_string());
        self.texts.push(text.clone());
        let call = async move { posts.post(text).await };
        Some((number, self.waiting.start(number, call).await))
    }

    async fn post(&mut self, text: Option<String>, how: &str) {
        let Some((number, result)) = self.call(text).await else {
            return;
        };
        let text = &self.texts[number - 1];
        match result {
            None => self
                .story
                .tell(format!("post {text:?}: {how}waits for a place")),
            Some(result) => {
                self.story.tell(format!("post {text:?}: {how}{result:?}"));
                self.returned(number, result, self.now(), true);
            }
        }
    }

    async fn burst(&mut self, count: usize) {
        let (mut accepted, mut must_wait) = (0, 0);
        for _ in 0..count {
            match self.call(None).await {
                None => return,
                Some((number, Some(result))) => {
                    accepted += 1;
                    self.returned(number, result, self.now(), true);
                }
                Some((_, None)) => {
                    must_wait += 1;
                    if must_wait > 1 {
                        self.waiting.give_up_newest();
                    }
                }
            }
        }
        self.story.tell(format!(
            "{count} more posts: {accepted} accepted{}",
            match must_wait {
                0 => String::new(),
                1 => ", 1 waits for a place".to_owned(),
                more => format!(", 1 waits for a place, {} give up", more - 1),
            }
        ));
        assert!(
            accepted < 2000,
            "{accepted} posts were accepted at once, and nobody had to wait: what bounds the posts that wait?"
        );
    }

    async fn row(&mut self, count: usize) {
        if self.posts.is_empty() || self.is_paused() {
            // Nobody could resume while this caller waits.
            return;
        }
        self.story.tell(format!("{count} posts in a row begin"));
        // The actor gets to run in between, so all that waits is served.
        self.at_once = false;
        self.attentive = true;
        for _ in 0..count {
            if let Some((number, Some(result))) = self.call(None).await {
                self.returned(number, result, self.now(), true);
            }
            while self.waiting.waiting().len() > 0 {
                self.pass(Duration::from_millis(1100)).await;
                assert!(
                    self.story.now() < DAY,
                    "`post` still waits for a place after most of a day, and nobody has paused"
                );
            }
        }
        self.story
            .tell(format!("{count} posts in a row are accepted"));
    }

    fn is_paused(&self) -> bool {
        let last = self.presses.last().map(|(_, press)| *press);
        last == Some(self::Press::Pause) && !self.control.is_empty()
    }

    fn gave_up(&mut self, number: Option<usize>) {
        if let Some(number) = number {
            let text = &self.texts[number - 1];
            self.story
                .tell(format!("the caller who waits to post {text:?} gives up"));
        }
    }

    fn returned(&mut self, number: usize, result: Result<(), Closed>, at: Moment, exactly: bool) {
        assert!(
            result.is_ok(),
            "`post` said Closed to a caller with a PostsHandle: the actor lives as long as it"
        );
        let text = self.texts[number - 1].clone();
        let accepted = Accepted {
            number,
            text,
            at,
            exactly,
        };
        // Callers wait in line: whoever asked first is in the mailbox first.
        let place = self.accepted.partition_point(|other| other.number < number);
        self.accepted.insert(place, accepted);
    }

    async fn press(&mut self, press: Press) {
        let Some(control) = self.control.last().cloned() else {
            return;
        };
        let words = match press {
            self::Press::Pause => "pause",
            self::Press::Resume => "resume",
        };
        self.story.tell(words);
        let call = async move {
            match press {
                self::Press::Pause => control.pause().await,
                self::Press::Resume => control.resume().await,
            }
        };
        let mut calls = Calls::new();
        let mut result = calls.start(0, call).await;
        let at = self.now();
        if result.is_none() {
            // It has to wait for a place, so the actor gets to run.
            let rest = calls.rest(Duration::from_millis(2), |_, pressed| {
                result = Some(pressed)
            });
            within("a place for a press", rest).await;
            self.rests += 1;
        }
        assert_ne!(
            result,
            Some(Err(Closed)),
            "`{words}` said Closed to a caller with a ControlHandle: the actor lives as long as it"
        );
        assert!(
            result.is_some(),
            "`{words}` waits for a place: a press is heard at once, and then there is one"
        );
        self.presses.push((at, press));
    }

    async fn rest(&mut self, duration: Duration) {
        if self.story.now() + duration > DAY {
            return;
        }
        self.story.tell(format!("({} pass)", at_time(duration)));
        self.pass(duration).await;
    }

    async fn pass(&mut self, duration: Duration) {
        if !self.attentive {
            return sleep(duration).await;
        }
        let mut done = Vec::new();
        self.waiting
            .rest(duration, |number, result| {
                self.story.tell(format!(
                    "post {:?}, which waited: {result:?}",
                    self.texts[number - 1]
                ));
                let at = (milliseconds(self.story.now()), self.rests);
                done.push((number, result, at));
            })
            .await;
        for (number, result, at) in done {
            self.returned(number, result, at, false);
        }
    }

    async fn end(mut self) {
        self.posts.clear();
        if !self.control.is_empty() {
            self.control.clear();
            self.without_control = Some(self.now());
        }
        self.attentive = true;
        self.story.tell("all handles are dropped");
        settle().await;
        let waiting = self.waiting.waiting().len() + self.accepted.len();
        self.rest(Duration::from_secs(60 + 2 * waiting as u64))
            .await;
        settle().await;
        if let Some(number) = self.waiting.waiting().next() {
            panic!(
                "post {:?} still waits for a place, long after everything before it should have been delivered",
                self.texts[number - 1]
            );
        }
        let log = std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner));
        self.presses_are_heard(&log);
        self.posts_are_delivered(&log);
    }

    fn presses_are_heard(&self, log: &[(u64, Event)]) {
        let mut reports = log
            .iter()
            .filter(|(_, event)| !matches!(event, Event::Delivered(_)));
        for ((at, _), press) in &self.presses {
            let report = match press {
                self::Press::Pause => Event::Paused,
                self::Press::Resume => Event::Resumed,
            };
            let Some((heard, event)) = reports.next() else {
                panic!("{report:?} was never reported: each press is");
            };
            assert_eq!(
                *event, report,
                "{event:?} was reported, and the press before it was never heard: each press is reported, in order"
            );
            assert!(
                heard.abs_diff(*at) <= 3,
                "the press at {} was reported at {}: it goes before the posts that wait, and is heard during a delivery",
                moment(*at),
                moment(*heard),
            );
        }
        let paused = matches!(self.presses.last(), Some((_, self::Press::Pause)));
        let more: Vec<_> = reports.map(|(_, event)| event).collect();
        assert!(
            more.is_empty() || paused && more == [&Event::Resumed],
            "{more:?} was reported, and nobody pressed"
        );
    }

    fn posts_are_delivered(&self, log: &[(u64, Event)]) {
        let mut delivered = log.iter().filter_map(|(at, event)| match event {
            Event::Delivered(text) => Some((*at, text)),
            Event::Paused | Event::Resumed => None,
        });
        let pauses = self.pauses();
        // Who delivers is free from this moment on, and how sure that is.
        let mut free: Moment = (0, 0);
        let mut free_is_a_guess = false;
        for post in &self.accepted {
            let text = &post.text;
            let Some((at, got)) = delivered.next() else {
                panic!("post {text:?} was accepted, and never delivered");
            };
            assert_eq!(
                got, text,
                "{got:?} was delivered where {text:?} was next: posts are delivered in the order in which they were accepted, each once"
            );
            let mut begin = post.at.max(free);
            let mut either = false;
            let mut paused = String::new();
            for &(from, to) in &pauses {
                if begin.0.abs_diff(from.0) <= 3
                    && (free_is_a_guess && begin == free || !post.exactly)
                {
                    // It was to begin in the instant of the press: both orders are right.
                    either = true;
                } else if from <= begin && begin < to {
                    begin = to;
                    paused = format!(" (paused from {} on)", moment(from.0));
                }
            }
            let end = begin.0 + 1000;
            if !either && post.exactly {
                assert!(
                    at + 3 >= free.0 + 1000,
                    "{text:?} was delivered at {}, and the delivery before it ended at {}: one takes a second, and there is one at a time",
                    moment(at),
                    moment(free.0),
                );
                assert!(
                    at + 3 >= end,
                    "{text:?} was delivered at {}, so it began at {}: that is before {}, when it could{paused}",
                    moment(at),
                    moment(at.saturating_sub(1000)),
                    moment(begin.0),
                );
                assert!(
                    at <= end + 3,
                    "{text:?} was delivered at {}, and could have been at {}: nobody had paused, and nothing else was under way",
                    moment(at),
                    moment(end),
                );
            }
            free = (at, 0);
            free_is_a_guess = true;
        }
        if let Some((_, text)) = delivered.next() {
            panic!(
                "{text:?} was delivered, and never accepted: its caller had given up while it waited for a place (or it came twice)"
            );
        }
    }

    /// From when to when no delivery may begin.
    fn pauses(&self) -> Vec<(Moment, Moment)> {
        let mut pauses = Vec::new();
        let mut since = None;
        for (at, press) in &self.presses {
            match press {
                self::Press::Pause => since = since.or(Some(*at)),
                self::Press::Resume => pauses.extend(since.take().map(|since| (since, *at))),
            }
        }
        let end = self.without_control.unwrap_or((u64::MAX, 0));
        pauses.extend(since.map(|since| (since, end)));
        pauses
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn moment(milliseconds: u64) -> String {
    at_time(Duration::from_millis(milliseconds))
}
