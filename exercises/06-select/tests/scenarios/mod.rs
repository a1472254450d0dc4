//! What the delivery promises, whatever its callers do: random posts and presses, in any order, by callers that wait and callers that
//! give up. Nothing is asked here that the page and src/lib.rs do not promise.

use harness::{Calls, Dice, Scenario, Story, at_time, settle};
use select::{Closed, ControlHandle, Event, PostsHandle, open};
use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::mpsc,
    task::coop::unconstrained,
    time::{sleep, timeout},
};

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    Post,
    PostTheSameAgain,
    /// A text that is not like the others: which one.
    PostOdd(usize),
    /// So many callers post. Of those that have to wait, one does, and the others give up.
    Burst(usize),
    /// A pause, and then a burst.
    PauseAndBurst,
    /// So many posts, one after another, by a caller that always waits.
    Row(usize),
    /// So many posts, one after another, by callers that soon lose patience.
    Impatient(usize),
    Press(Press),
    /// So many presses in turn, this one first. The actor gets to run only when one of them has to wait for a slot.
    Presses(Press, usize),
    ClonePosts,
    DropPosts,
    CloneControl,
    DropControl,
    /// Of the callers that wait for a slot.
    OldestGivesUp,
    NewestGivesUp,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before the actor gets to run.
    AtOnce,
    /// A caller that waits does not look before the next step is done: its turn may have come by then.
    Inattentive,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Press {
    Pause,
    Resume,
}

impl Press {
    fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

use Step::*;

/// Where to read about a promise that is broken.
const MAILBOXES: &str = "(Page: \"Two mailboxes\")";
const CLOSED: &str = "(Page: \"A closed channel answers at once\")";
const ELSE: &str = "(Page: \"What else does not cover\")";
const ORDER: &str = "(Page: \"Order\")";
const ALONE: &str = "(Page: \"Handlers run alone\")";
const DROPS: &str = "(Page: \"What select! drops\")";
const ENDS: &str = "(Page: \"Where it ends\")";

#[derive(Clone)]
pub struct Delivery;

impl Scenario for Delivery {
    type Step = Step;

    fn begin(_dice: &mut Dice) -> Self {
        Self
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(40) {
            0..=4 => Post,
            5 => PostTheSameAgain,
            6 => PostOdd(dice.below(4)),
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
            28 => Impatient(dice.pick(&[40, 400])),
            29 => Presses(self::Press::Pause, dice.pick(&[3, 300, 301])),
            30 => Presses(self::Press::Resume, 2),
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

fn odd(which: usize) -> String {
    match which {
        0 => String::new(),
        1 => "  a text between spaces \n".to_owned(),
        2 => "two lines\r\n, a \0, and a crab: 🦀".to_owned(),
        _ => "a text that nobody can cut without being found out".repeat(2_000),
    }
}

/// A text as it is told: of a long one only the beginning.
fn told(text: &str) -> String {
    match text.char_indices().nth(40) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?} ({} bytes)", format!("{}…", &text[..end]), text.len()),
    }
}

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

/// A pause or resume that the actor was sent.
struct Pressed {
    at: Moment,
    press: Press,
    /// Whether it had to wait for a slot. What the actor did in that instant may have come before it, or after.
    waited: bool,
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
    presses: Vec<Pressed>,
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
            // How many in this millisecond: a few of them are told.
            let mut at_once = (0, 0);
            while let Some(event) = events.recv().await {
                let at = milliseconds(story.now());
                at_once = (at, if at_once.0 == at { at_once.1 + 1 } else { 1 });
                match (at_once.1, &event) {
                    (8, _) => story.tell("→ and more"),
                    (9.., _) => {}
                    (_, Event::Delivered(text)) => {
                        story.tell(format!("→ delivered {}", told(text)))
                    }
                    (_, pressed) => story.tell(format!("→ {pressed:?}")),
                }
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
            PostOdd(which) => self.post(Some(odd(which)), "").await,
            PostTheSameAgain => {
                let again = self.texts.last().cloned();
                self.post(again, "the same again, ").await;
            }
            Burst(count) => self.burst(count).await,
            PauseAndBurst => {
                self.story.tell("pause");
                self.press(self::Press::Pause).await;
                self.burst(40).await;
            }
            Row(count) => self.row(count).await,
            Impatient(count) => self.impatient(count).await,
            Press(press) => self.presses(press, 1).await,
            Presses(first, count) => self.presses(first, count).await,
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
            let text = told(&self.texts[number - 1]);
            self.story
                .tell(format!("post {text}, which waited: {result:?}"));
            self.returned(number, result, self.now(), false);
        }
    }

    fn now(&self) -> Moment {
        (milliseconds(self.story.now()), self.rests)
    }

    /// `None`: nobody has a handle.
    async fn call(&mut self, text: Option<String>) -> Option<(usize, Option<Result<(), Closed>>)> {
        let posts = self.posts.last()?.clone();
        // A caller that waits is served before one that comes later, if it takes what it is given.
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
        let text = told(&self.texts[number - 1]);
        match result {
            None => self
                .story
                .tell(format!("post {text}: {how}waits for a slot")),
            Some(result) => {
                self.story.tell(format!("post {text}: {how}{result:?}"));
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
                1 => ", 1 waits for a slot".to_owned(),
                more => format!(", 1 waits for a slot, {} give up", more - 1),
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
            self.patient().await;
        }
        self.story
            .tell(format!("{count} posts in a row are accepted"));
    }

    /// One post, by a caller that waits for its turn, however long that takes.
    async fn patient(&mut self) {
        if let Some((number, Some(result))) = self.call(None).await {
            self.returned(number, result, self.now(), true);
        }
        let mut seconds_of_silence = 0;
        while self.waiting.waiting().len() > 0 {
            let before = self.reported();
            self.pass(Duration::from_millis(1100)).await;
            seconds_of_silence += 1;
            if self.reported() > before {
                seconds_of_silence = 0;
            }
            assert!(
                seconds_of_silence < 60,
                "`post` waits for a slot, and for a minute nothing was delivered though nobody has paused. Who holds the slots, a caller \
                 that gave up? {MAILBOXES}"
            );
        }
    }

    /// Callers that give up at once, when their turn may have come, and after a look at what they got then.
    async fn impatient(&mut self, count: usize) {
        if self.posts.is_empty() || self.is_paused() {
            // Nobody could resume meanwhile.
            return;
        }
        self.story
            .tell(format!("{count} posts by callers that soon give up"));
        self.at_once = false;
        self.attentive = true;
        let mut gave_up = 0;
        for (post, patience) in (0..4).cycle().take(count).enumerate() {
            let text = (post % 5 == 0).then(|| odd(3));
            let Some((number, result)) = self.call(text).await else {
                return;
            };
            if let Some(result) = result {
                self.returned(number, result, self.now(), true);
                continue;
            }
            for turn in 0..patience {
                if turn == 1 {
                    self.look().await;
                } else {
                    sleep(Duration::from_millis(1100)).await;
                }
            }
            if self.waiting.waiting().last() == Some(number) {
                self.waiting.give_up_newest();
                gave_up += 1;
            }
        }
        self.story
            .tell(format!("{gave_up} of them have given up; one more posts"));
        self.patient().await;
    }

    fn reported(&self) -> usize {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    fn is_paused(&self) -> bool {
        let last = self.presses.last().map(|pressed| pressed.press);
        last == Some(self::Press::Pause) && !self.control.is_empty()
    }

    fn gave_up(&mut self, number: Option<usize>) {
        if let Some(number) = number {
            let text = told(&self.texts[number - 1]);
            self.story
                .tell(format!("the caller who waits to post {text} gives up"));
        }
    }

    fn returned(&mut self, number: usize, result: Result<(), Closed>, at: Moment, exactly: bool) {
        assert!(
            result.is_ok(),
            "`post` said Closed to a caller with a PostsHandle: the actor lives as long as it, and a caller waits for a slot, however long that takes. {ENDS}"
        );
        let text = self.texts[number - 1].clone();
        let accepted = Accepted {
            number,
            text,
            at,
            exactly,
        };
        // Callers wait in line: the one that asked first is in the mailbox first.
        let position = self.accepted.partition_point(|other| other.number < number);
        self.accepted.insert(position, accepted);
    }

    async fn presses(&mut self, first: Press, count: usize) {
        if self.control.is_empty() {
            return;
        }
        let (other, words) = match first {
            self::Press::Pause => (self::Press::Resume, "pause and resume"),
            self::Press::Resume => (self::Press::Pause, "resume and pause"),
        };
        self.story.tell(match count {
            1 => first.name().to_owned(),
            2 => format!("{words} at once"),
            _ => format!("{count} presses at once, {words} in turn"),
        });
        for press in [first, other].into_iter().cycle().take(count) {
            self.press(press).await;
        }
    }

    async fn press(&mut self, press: Press) {
        let Some(control) = self.control.last().cloned() else {
            return;
        };
        let words = press.name();
        let call = async move {
            match press {
                self::Press::Pause => control.pause().await,
                self::Press::Resume => control.resume().await,
            }
        };
        let mut call = pin!(call);
        // One poll, in which the actor does not get to run.
        let poll = unconstrained(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx)))).await;
        let (result, waited) = match poll {
            Poll::Ready(result) => (Some(result), false),
            Poll::Pending => {
                // The actor gets to run.
                self.rests += 1;
                (timeout(Duration::from_millis(2), call).await.ok(), true)
            }
        };
        assert_ne!(
            result,
            Some(Err(Closed)),
            "`{words}` said Closed to a caller with a ControlHandle: the actor lives as long as it. {ENDS}"
        );
        assert!(
            result.is_some(),
            "`{words}` waits for a slot: a press is heard at once, and then there is a slot. {ALONE}"
        );
        self.presses.push(Pressed {
            at: self.now(),
            press,
            waited,
        });
    }

    async fn rest(&mut self, duration: Duration) {
        if self.story.now() + duration > DAY {
            return;
        }
        self.story.tell(format!("({} pass)", at_time(duration)));
        // A minute first: where something wakes up all the time, that is enough to see it.
        let first = duration.min(Duration::from_secs(60));
        for time in [first, duration - first] {
            let metrics = Handle::current().metrics();
            let wake_ups = metrics.worker_park_count(0);
            let reported = self.reported();
            self.pass(time).await;
            let wake_ups = metrics.worker_park_count(0) - wake_ups;
            let reported = self.reported() - reported;
            assert!(
                wake_ups < 100 + 20 * reported as u64,
                "{} pass with {reported} reports, and something woke up {wake_ups} times: an actor with nothing to do waits, and does not look again and again. {CLOSED}",
                at_time(time),
            );
        }
    }

    async fn pass(&mut self, duration: Duration) {
        if !self.attentive {
            return sleep(duration).await;
        }
        let mut done = Vec::new();
        self.waiting
            .rest(duration, |number, result| {
                self.story.tell(format!(
                    "post {}, which waited: {result:?}",
                    told(&self.texts[number - 1])
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
                "post {} still waits for a slot, long after everything before it should have been delivered. Is a pause not over, or are slots lost with callers that gave up? {ENDS}",
                told(&self.texts[number - 1])
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
        for Pressed { at, press, .. } in &self.presses {
            let report = match press {
                self::Press::Pause => Event::Paused,
                self::Press::Resume => Event::Resumed,
            };
            let Some((heard, event)) = reports.next() else {
                panic!("{report:?} was never reported: each press is. {MAILBOXES}");
            };
            assert_eq!(
                *event, report,
                "{event:?} was reported, and the press before it was never heard: each press is reported, in order. {MAILBOXES}"
            );
            assert!(
                heard.abs_diff(at.0) <= 3,
                "the press at {} was reported at {}: it goes before the posts that wait, and is heard during a delivery. {ALONE}",
                moment(at.0),
                moment(*heard),
            );
        }
        let last = self.presses.last().map(|pressed| pressed.press);
        let paused = last == Some(self::Press::Pause);
        let more: Vec<_> = reports.map(|(_, event)| event).collect();
        assert!(
            more.is_empty() || paused && more == [&Event::Resumed],
            "{more:?} was reported, and nobody pressed. {MAILBOXES}"
        );
    }

    fn posts_are_delivered(&self, log: &[(u64, Event)]) {
        let mut delivered = log.iter().filter_map(|(at, event)| match event {
            Event::Delivered(text) => Some((*at, text)),
            Event::Paused | Event::Resumed => None,
        });
        let pauses = self.pauses();
        // From when on the next delivery may begin, and how sure that is.
        let mut free: Moment = (0, 0);
        let mut free_is_a_guess = false;
        for post in &self.accepted {
            let text = told(&post.text);
            let Some((at, got)) = delivered.next() else {
                panic!("post {text} was accepted, and never delivered. {ENDS}");
            };
            assert!(
                *got == post.text,
                "{} was delivered where {text} was next: posts are delivered in the order in which they were accepted, each once, as they are. {MAILBOXES}",
                told(got),
            );
            // A press within 3 ms: both orders are right.
            let after_pauses = |mut begin: Moment| {
                let mut either = false;
                let mut paused = String::new();
                for &(from, to, waited) in &pauses {
                    if begin.0.abs_diff(from.0) <= 3
                        && (free_is_a_guess && begin == free || !post.exactly || waited)
                    {
                        either = true;
                    } else if from <= begin && begin < to {
                        begin = to;
                        paused = format!(" (paused from {} on)", moment(from.0));
                    }
                }
                (!either).then_some((begin, paused))
            };
            assert!(
                at + 3 >= post.at.0 + 1000 || !post.exactly,
                "{text} was accepted at {}, and delivered at {}: that takes a second. {ALONE}",
                moment(post.at.0),
                moment(at),
            );
            assert!(
                at + 3 >= free.0 + 1000,
                "{text} was delivered at {}, and the delivery before it ended at {}: one takes a second, and there is one at a time. {MAILBOXES}",
                moment(at),
                moment(free.0),
            );
            // A post that waited for a slot was accepted when its caller looked, or earlier.
            let earliest = if post.exactly {
                post.at.max(free)
            } else {
                free
            };
            if let Some((begin, paused)) = after_pauses(earliest) {
                assert!(
                    at + 3 >= begin.0 + 1000,
                    "{text} was delivered at {}, so it began at {}: that is before {}, when it could{paused}. {ORDER}",
                    moment(at),
                    moment(at.saturating_sub(1000)),
                    moment(begin.0),
                );
            }
            if let Some((begin, _)) = after_pauses(post.at.max(free)) {
                let end = begin.0 + 1000;
                assert!(
                    at <= end + 3,
                    "{text} was delivered at {}, and could have been at {}: nobody had paused, and nothing else was under way. {ELSE}",
                    moment(at),
                    moment(end),
                );
            }
            free = (at, 0);
            free_is_a_guess = true;
        }
        if let Some((_, text)) = delivered.next() {
            panic!(
                "{} was delivered, and never accepted: its caller had given up while it waited for a slot (or it came twice). {DROPS}",
                told(text)
            );
        }
    }

    /// From when to when no delivery may begin, and whether the press that began it had to wait.
    fn pauses(&self) -> Vec<(Moment, Moment, bool)> {
        let mut pauses = Vec::new();
        let mut since = None;
        for Pressed { at, press, waited } in &self.presses {
            match press {
                self::Press::Pause => since = since.or(Some((*at, *waited))),
                self::Press::Resume => {
                    pauses.extend(since.take().map(|(since, waited)| (since, *at, waited)));
                }
            }
        }
        let end = self.without_control.unwrap_or((u64::MAX, 0));
        pauses.extend(since.map(|(since, waited)| (since, end, waited)));
        pauses
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn moment(milliseconds: u64) -> String {
    at_time(Duration::from_millis(milliseconds))
}
