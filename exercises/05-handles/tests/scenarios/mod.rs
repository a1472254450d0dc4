//! What a room promises, whatever its callers do: members that come and go, post one by one or in a crowd, wait or give up, and a moderator
//! who sets limits, looks, leaves or closes. Nothing is asked here that the page and src/lib.rs do not promise.

use handles::{MemberHandle, ModeratorHandle, Refused, Status, open};
use harness::{Calls, Dice, Scenario, Story, at_time, settle, start_and_drop, wake_ups_so_far};
use std::{mem, rc::Rc, time::Duration};
use tokio::{runtime::Handle, time::sleep};

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    Post,
    /// A text that is not like the others: which one.
    PostOdd(usize),
    /// Polled once, and dropped.
    PostAndGiveUp,
    /// So many post in one moment, and wait for their answers.
    Burst(usize),
    /// So many post in one moment and give up: at once, or after the actor has run, without another look.
    Crowd {
        count: usize,
        late: bool,
    },
    SlowMode(u32),
    /// Many post, the limit is set, and one more posts: all in one moment, in which the mailbox is full.
    SlowModeWhenFull(u32),
    Look,
    NewMember,
    CloneMember,
    DropMember,
    DropModerator,
    Close,
    CloseAndGiveUp,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before the actor gets to run.
    AtOnce,
}

use Step::*;

/// Where to read about a promise that is broken.
const CODE: &str = "(Page: \"The code\")";
const ORDER: &str = "(Page: \"Order\")";
const ALIVE: &str = "(Page: \"Who keeps it alive\")";
const TIMER: &str = "(Page: \"A limit without a timer\")";

/// More messages than these may not be in a mailbox, or it is as good as unbounded.
const LARGEST_MAILBOX: u64 = 2_000;

/// The test as a whole may take a virtual day: this is most of it.
const LATEST: Duration = Duration::from_secs(20 * 3600);

/// How often the runtime wakes at most though no task has a timer: the clock goes on in steps.
const QUIET: u64 = 24;

#[derive(Clone)]
pub struct Room;

impl Scenario for Room {
    type Step = Step;

    fn begin(_dice: &mut Dice) -> Self {
        Self
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(42) {
            0..=6 => Post,
            7 => PostOdd(dice.below(3)),
            8 => PostAndGiveUp,
            9..=11 => Burst(dice.pick(&[3, 3, 40, 100])),
            12 => Crowd {
                count: dice.pick(&[3, 40, 40, 2_500]),
                late: false,
            },
            13 => Crowd {
                count: dice.pick(&[3, 40]),
                late: true,
            },
            14..=18 => SlowMode(dice.pick(&[0, 1, 1, 2, 3, 40, u32::MAX])),
            19..=21 => Look,
            22 => NewMember,
            23 => CloneMember,
            24..=25 => DropMember,
            26 => DropModerator,
            27 => Close,
            28 => CloseAndGiveUp,
            29..=33 => AtOnce,
            34..=35 => SlowModeWhenFull(dice.pick(&[0, 1, 45])),
            // Up to a minute's end, over it, over hours. No round number: somebody may have a time-out.
            _ => Rest(dice.pick(&[
                130, 1_170, 29_870, 30_130, 59_999, 60_000, 61_300, 5_390_000, 40_317_000,
            ])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let mut evening = Evening::open(story);
        for step in steps {
            evening.take(step).await;
        }
        evening.end().await;
    }
}

/// What the actor should say.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Posted(Result<u64, Refused>),
    Told,
    Is(Status),
    Was(Status),
}

/// A room as it should be.
struct Model {
    status: Status,
    /// When the limit was set, the minute since then, and its posts.
    minute: (Duration, u64, u32),
    closed: bool,
}

impl Model {
    fn post(&mut self, text: String, now: Duration) -> Result<u64, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        if let Some(limit) = self.status.per_minute {
            let (since, minute, posts) = &mut self.minute;
            let this = (now - *since).as_secs() / 60;
            if this != *minute {
                (*minute, *posts) = (this, 0);
            }
            if *posts == limit {
                self.status.refused += 1;
                return Err(Refused::TooFast);
            }
            *posts += 1;
        }
        self.status.posts += 1;
        self.status.last = Some(text);
        Ok(self.status.posts)
    }

    fn slow_mode(&mut self, per_minute: u32, now: Duration) {
        self.status.per_minute = Some(per_minute);
        self.minute = (now, 0, 0);
    }
}

struct Evening {
    story: Story,
    members: Vec<MemberHandle>,
    moderator: Option<Rc<ModeratorHandle>>,
    /// Those of the room.
    tasks: usize,
    model: Model,
    calls: Calls<Answer>,
    /// What each call should get, and who made it.
    expected: Vec<(String, Answer)>,
    texts: usize,
    at_once: bool,
}

impl Evening {
    fn open(story: Story) -> Self {
        let (member, moderator) = open();
        Self {
            story,
            members: vec![member],
            moderator: Some(Rc::new(moderator)),
            tasks: alive(),
            model: Model {
                status: Status {
                    posts: 0,
                    refused: 0,
                    last: None,
                    per_minute: None,
                },
                minute: (Duration::ZERO, 0, 0),
                closed: false,
            },
            calls: Calls::new(),
            expected: Vec::new(),
            texts: 0,
            at_once: false,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            AtOnce => return self.at_once = true,
            Post => {
                let text = self.text();
                self.post(text).await;
            }
            PostOdd(which) => self.post(odd(which)).await,
            PostAndGiveUp => self.post_and_give_up().await,
            Burst(count) => self.burst(count).await,
            Crowd { count, late } => self.crowd(count, late).await,
            SlowMode(per_minute) => self.slow_mode(per_minute).await,
            SlowModeWhenFull(per_minute) => {
                self.burst(40).await;
                self.slow_mode(per_minute).await;
                let text = self.text();
                self.post(text).await;
            }
            Look => self.look_at_the_room().await,
            NewMember => {
                if let Some(moderator) = &self.moderator {
                    self.members.push(moderator.member());
                    self.story.tell("the moderator makes one more member");
                }
            }
            CloneMember => self.members.extend(self.members.last().cloned()),
            DropMember => {
                if !self.members.is_empty() {
                    self.members.remove(0);
                    self.story.tell(match self.members.len() {
                        0 => "the last member leaves",
                        _ => "a member leaves, and others are there",
                    });
                }
            }
            DropModerator => {
                if self.moderator.take().is_some() {
                    self.story.tell("the moderator leaves, and closes nothing");
                }
            }
            Close => self.close(false).await,
            CloseAndGiveUp => self.close(true).await,
            Rest(milliseconds) => self.rest(Duration::from_millis(milliseconds)).await,
        }
        if !mem::take(&mut self.at_once) {
            self.settle().await;
        }
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {}", self.texts)
    }

    fn member(&self) -> Option<MemberHandle> {
        let count = self.members.len();
        (count > 0).then(|| self.members[self.texts % count].clone())
    }

    /// Begins a call, and polls it once.
    async fn begin(
        &mut self,
        who: String,
        expected: Answer,
        call: impl Future<Output = Answer> + 'static,
    ) {
        // Callers that wait are served before those that come later, if they take what they are given.
        self.look().await;
        let number = self.expected.len();
        self.expected.push((who, expected));
        if let Some(answer) = self.calls.start(number, call).await {
            self.answered(number, answer);
        }
    }

    async fn post(&mut self, text: String) {
        if let Some(what) = self.begin_post(text).await {
            self.story.tell(what);
        }
    }

    /// How it is told; `None` when nobody can post.
    async fn begin_post(&mut self, text: String) -> Option<String> {
        let member = self.member()?;
        let what = format!("a member posts {text:?}");
        let expected = Answer::Posted(self.model.post(text.clone(), self.story.now()));
        let call = async move { Answer::Posted(member.post(text).await) };
        self.begin(what.clone(), expected, call).await;
        Some(what)
    }

    async fn post_and_give_up(&mut self) {
        // The mailbox is empty, so that the message goes in.
        self.settle().await;
        let text = self.text();
        let Some(member) = self.member() else { return };
        self.story
            .tell(format!("a member posts {text:?}, and gives up at once"));
        let _ = self.model.post(text.clone(), self.story.now());
        start_and_drop(1, || member.post(text.clone())).await;
    }

    async fn burst(&mut self, count: usize) {
        for _ in 0..count {
            let text = self.text();
            if self.begin_post(text).await.is_none() {
                return;
            }
        }
        self.story
            .tell(format!("members post {count} texts in one moment"));
    }

    async fn crowd(&mut self, count: usize, late: bool) {
        // The moderator is asked how many of them were in the mailbox.
        self.settle().await;
        let (Some(member), Some(moderator)) = (self.member(), self.moderator.clone()) else {
            return;
        };
        let when = if late {
            "when the room has run"
        } else {
            "at once"
        };
        self.story.tell(format!(
            "members post \"of a crowd\" {count} times in one moment, and give up {when}"
        ));
        let post = |member: MemberHandle| async move {
            Answer::Posted(member.post("of a crowd".to_owned()).await)
        };
        if late {
            let mut crowd = Calls::new();
            for number in 0..count {
                crowd.start(number, post(member.clone())).await;
            }
            settle().await;
        } else {
            start_and_drop(count, || post(member.clone())).await;
        }
        settle().await;
        let handled = |status: &Status| status.posts + status.refused;
        let mut asking = Calls::new();
        let early = asking.start(0, async move { moderator.status().await });
        let early = early.await;
        settle().await;
        let later = asking.look().await.pop().map(|(_, status)| status);
        let Some(status) = early.or(later) else {
            panic!(
                "the moderator looks after that, and has no answer, and nobody is at work {CODE}"
            );
        };
        self.story.tell(format!(
            "→ the moderator looks: {} accepted, {} refused",
            status.posts, status.refused
        ));
        let sent = handled(&status).saturating_sub(handled(&self.model.status));
        assert!(
            sent >= 1,
            "the mailbox was empty, so the first post of the crowd was in it: it is handled though its caller gave up {CODE}"
        );
        // Late, those that were given a slot when others were handled have not looked, and so have not sent.
        assert!(
            sent <= (count as u64).min(LARGEST_MAILBOX),
            "{sent} posts of the crowd were handled: a caller that waits for a slot has posted nothing, and a mailbox has so many slots and no more {CODE}"
        );
        for _ in 0..sent {
            let _ = self.model.post("of a crowd".to_owned(), self.story.now());
        }
        assert_eq!(
            status, self.model.status,
            "{sent} posts of the crowd were in the mailbox, and this is what the room says (left), and what it should be (right) {TIMER}"
        );
    }

    async fn slow_mode(&mut self, per_minute: u32) {
        let Some(moderator) = self.moderator.clone() else {
            return;
        };
        let what = format!("the moderator sets slow mode to {per_minute} a minute");
        self.story.tell(what.clone());
        self.model.slow_mode(per_minute, self.story.now());
        let call = async move {
            moderator.slow_mode(per_minute).await;
            Answer::Told
        };
        self.begin(what, Answer::Told, call).await;
    }

    async fn look_at_the_room(&mut self) {
        let Some(moderator) = self.moderator.clone() else {
            return;
        };
        self.story.tell("the moderator looks");
        let expected = Answer::Is(self.model.status.clone());
        let call = async move { Answer::Is(moderator.status().await) };
        self.begin("the moderator looks".to_owned(), expected, call)
            .await;
    }

    async fn close(&mut self, gives_up: bool) {
        // Its own calls are done before it gives its handle away; in vain it closes only with an empty mailbox, so that its message goes in.
        let calls = self
            .moderator
            .as_ref()
            .is_some_and(|moderator| Rc::strong_count(moderator) > 1);
        if calls || gives_up {
            self.settle().await;
        }
        let Some(moderator) = self.moderator.take() else {
            return;
        };
        let moderator = Rc::into_inner(moderator).expect("its calls are done");
        let expected = Answer::Was(self.model.status.clone());
        let call = async move { Answer::Was(moderator.close().await) };
        self.model.closed = true;
        if gives_up {
            self.story
                .tell("the moderator closes the room, and gives up at once");
            let mut call = Some(call);
            start_and_drop(1, || call.take().expect("it is called once")).await;
        } else {
            self.story.tell("the moderator closes the room");
            self.begin("the moderator closes".to_owned(), expected, call)
                .await;
        }
    }

    async fn rest(&mut self, time: Duration) {
        self.settle().await;
        if self.story.now() + time > LATEST {
            return;
        }
        self.story.tell(format!("({} pass)", at_time(time)));
        let before = wake_ups_so_far();
        sleep(time).await;
        let wake_ups = wake_ups_so_far() - before;
        assert!(
            wake_ups <= QUIET,
            "in {} in which nobody called, timers woke the runtime {wake_ups} times {TIMER}",
            at_time(time)
        );
    }

    /// The callers that wait look whether their turn has come. Whether one of them has its answer.
    async fn look(&mut self) -> bool {
        let answers = self.calls.look().await;
        let some = !answers.is_empty();
        for (number, answer) in answers {
            self.answered(number, answer);
        }
        some
    }

    /// Until all who wait have their answers. Some may have to wait for a slot first.
    async fn settle(&mut self) {
        let mut in_vain = 0;
        loop {
            settle().await;
            let some = self.look().await;
            let oldest = self.calls.waiting().next();
            match oldest {
                // Those that have just been answered had handles, too.
                None if !some => break,
                Some(oldest) => assert!(
                    in_vain < 6,
                    "{}, and has no answer, and nobody is at work: it waits for a timer, or for something that never comes {CODE}",
                    self.expected[oldest].0
                ),
                None => {}
            }
            in_vain = if some { 0 } else { in_vain + 1 };
        }
        let alive = alive();
        if self.model.closed {
            assert!(
                alive == 0,
                "the room is closed, and {alive} of its tasks are still there, whoever has a handle {ALIVE}"
            );
        } else if self.members.is_empty() && self.moderator.is_none() {
            assert!(
                alive == 0,
                "nobody has a handle any more, and {alive} tasks are still there: who holds a Sender? {ALIVE}"
            );
        } else {
            assert!(
                alive > 0,
                "the room's task has ended, and there are handles and nobody has closed it {ALIVE}"
            );
            assert!(
                alive <= self.tasks,
                "{alive} tasks are there, and the room began with {}: neither a call nor a handle starts one {CODE}",
                self.tasks
            );
        }
    }

    fn answered(&mut self, number: usize, answer: Answer) {
        let (who, expected) = &self.expected[number];
        // Of a burst not every answer is told.
        if answer != Answer::Told && self.calls.waiting().len() < 8 {
            self.story.tell(format!("→ {}", told(&answer)));
        }
        assert!(
            answer == *expected,
            "{who}, and gets {}. It should be {}: what was sent first is handled first, by one room, and a minute has as many posts as slow mode says {ORDER} {TIMER}",
            told(&answer),
            told(expected)
        );
    }

    async fn end(mut self) {
        self.settle().await;
        self.members.clear();
        self.moderator = None;
        self.story.tell("all handles are dropped");
        self.settle().await;
    }
}

fn told(answer: &Answer) -> String {
    match answer {
        Answer::Posted(posted) => format!("{posted:?}"),
        Answer::Told => "nothing".to_owned(),
        Answer::Is(status) | Answer::Was(status) => {
            let mut status = status.clone();
            // A long text is told by its length, so that the first line can be read.
            if let Some(last) = status.last.as_mut().filter(|last| last.len() > 80) {
                let start: String = last.chars().take(40).collect();
                *last = format!("{start}… ({} characters)", last.chars().count());
            }
            format!("{status:?}")
        }
    }
}

fn odd(which: usize) -> String {
    match which {
        0 => String::new(),
        1 => "two lines\r\n, a \0, and a crab: 🦀".to_owned(),
        _ => "a text that nobody can cut without being found out, ".repeat(2_000),
    }
}

fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}
