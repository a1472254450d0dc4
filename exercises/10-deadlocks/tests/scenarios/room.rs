//! Part a: what the room promises to those who post.

use super::answers;
use deadlocks::{Refused, RoomHandle, open};
use harness::{Calls, Dice, Scenario, Story, at_time, in_no_time, settle};
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};
use tokio::time::sleep;

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    Post(Author),
    Ask(Author),
    /// The caller of a post, or of a question, gives up at once.
    PostInVain(Author),
    AskInVain(Author),
    /// So many callers of one author post in one instant, and wait for their answers.
    Burst(Author, usize),
    /// So many callers of one new author post in one instant, and give up at once.
    Rush(usize),
    Clone,
    Drop,
    /// Of the callers that wait.
    OldestGivesUp,
    NewestGivesUp,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before room and moderator get to run.
    AtOnce,
    /// A caller that waits does not look before the next step is done: its answer may be there by then.
    Inattentive,
}

#[derive(Clone, Copy)]
pub enum Author {
    Known(&'static str),
    New,
}

use Step::*;

/// What the room is opened with.
#[derive(Clone)]
pub struct Opened {
    mailbox: usize,
    limit: u32,
}

impl Scenario for Opened {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            mailbox: dice.pick(&[1, 1, 3, 4, 1000]),
            limit: dice.pick(&[0, 1, 2, 2, 3, 7, 40, u32::MAX]),
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        // Names that differ by little are different authors.
        let author = match dice.below(10) {
            0..=4 => Author::Known("ann"),
            5..=6 => Author::Known("bob"),
            7 => Author::Known(dice.pick(&["Ann", "ann ", ""])),
            _ => Author::New,
        };
        match dice.below(32) {
            0..=8 => Post(author),
            9..=11 => Ask(author),
            12 => PostInVain(author),
            13 => AskInVain(author),
            14 => Burst(author, dice.pick(&[2, 3, 40])),
            15 => Rush(dice.pick(&[3, 40, 3000])),
            16 => Clone,
            17 => Drop,
            18..=19 => OldestGivesUp,
            20..=21 => NewestGivesUp,
            22..=24 => Inattentive,
            25..=28 => AtOnce,
            _ => Rest(dice.pick(&[130, 5_390, 61_070, 3_700_000, 40_317_000])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        story.tell(format!(
            "a room opens, with a mailbox of {} and a limit of {}",
            self.mailbox,
            match self.limit {
                u32::MAX => "u32::MAX".to_owned(),
                limit => limit.to_string(),
            }
        ));
        let mut room = Room::open(self, story);
        for step in steps {
            room.take(step).await;
        }
        room.end().await;
    }
}

enum Answer {
    Posted(Result<u64, Refused>),
    Count(u32),
}

/// A call of a handle.
struct Call {
    author: String,
    posts: bool,
    /// For a post: the highest number that had been given when it began. For a question: what the author had posted for certain.
    at_least: u64,
}

/// What is known about an author.
#[derive(Default)]
struct Posts {
    accepted: u32,
    /// Nobody knows yet.
    under_way: u32,
    /// Nobody will ever know: posted or not, both are right.
    given_up: u32,
    refused: bool,
}

impl Posts {
    fn at_most(&self) -> u32 {
        self.accepted + self.under_way + self.given_up
    }
}

struct Room {
    opened: Opened,
    story: Story,
    handles: Vec<RoomHandle>,
    waiting: Calls<Answer>,
    /// By their number, from 1.
    calls: Vec<Call>,
    authors: BTreeMap<String, Posts>,
    numbers: HashSet<u64>,
    highest: u64,
    newcomers: usize,
    at_once: bool,
    attentive: bool,
}

impl Room {
    fn open(opened: Opened, story: Story) -> Self {
        Self {
            handles: vec![open(opened.mailbox, opened.limit)],
            opened,
            story,
            waiting: Calls::new(),
            calls: Vec::new(),
            authors: BTreeMap::new(),
            numbers: HashSet::new(),
            highest: 0,
            newcomers: 0,
            at_once: false,
            attentive: true,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Post(author) => {
                let author = self.name(author);
                self.call(&author, true, true).await;
            }
            Ask(author) => {
                let author = self.name(author);
                self.call(&author, false, true).await;
            }
            PostInVain(author) => self.call_in_vain(author, true).await,
            AskInVain(author) => self.call_in_vain(author, false).await,
            Burst(author, count) => {
                if !self.handles.is_empty() {
                    let author = self.name(author);
                    let first = self.calls.len() + 1;
                    self.tell(format!(
                        "calls {first} to {}: posts by {author:?}, all at once",
                        first + count - 1
                    ));
                    for _ in 0..count {
                        self.call(&author, true, false).await;
                    }
                }
            }
            Rush(count) => self.rush(count).await,
            Clone => self.handles.extend(self.handles.last().cloned()),
            Drop => {
                if self.handles.pop().is_some() && self.handles.is_empty() {
                    self.tell("the last handle is dropped (callers that wait still have one)");
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
            Rest(milliseconds) => self.rest(Duration::from_millis(milliseconds)).await,
            AtOnce => {
                self.at_once = true;
                return;
            }
            Inattentive => {
                self.attentive = false;
                return;
            }
        }
        if std::mem::take(&mut self.at_once) {
            return;
        }
        if std::mem::replace(&mut self.attentive, true) {
            self.look().await;
        } else {
            settle().await;
        }
    }

    fn tell(&self, what: impl Into<String>) {
        self.story.tell(what);
    }

    fn name(&mut self, author: Author) -> String {
        match author {
            Author::Known(name) => name.to_owned(),
            Author::New => {
                self.newcomers += 1;
                format!("guest {}", self.newcomers)
            }
        }
    }

    async fn call(&mut self, author: &str, posts: bool, told: bool) {
        let Some(handle) = self
            .handles
            .get(self.calls.len() % self.handles.len().max(1))
        else {
            return;
        };
        let (handle, known) = (
            handle.clone(),
            self.authors.entry(author.to_owned()).or_default(),
        );
        let at_least = if posts {
            known.under_way += 1;
            self.highest
        } else {
            known.accepted.into()
        };
        self.calls.push(Call {
            author: author.to_owned(),
            posts,
            at_least,
        });
        let number = self.calls.len();
        if told {
            self.tell(self.words(number));
        }
        let author = author.to_owned();
        let call = async move {
            if posts {
                Answer::Posted(handle.post(&author, "hello").await)
            } else {
                Answer::Count(handle.posts_by(&author).await)
            }
        };
        if let Some(answer) = self.waiting.start(number, call).await {
            self.returned(number, answer);
        }
    }

    async fn call_in_vain(&mut self, author: Author, posts: bool) {
        let before = self.waiting.waiting().len();
        let author = self.name(author);
        self.call(&author, posts, true).await;
        if self.waiting.waiting().len() > before {
            let number = self.waiting.give_up_newest();
            self.gave_up(number);
        }
    }

    fn words(&self, number: usize) -> String {
        let call = &self.calls[number - 1];
        if call.posts {
            format!("call {number}: a post by {:?}", call.author)
        } else {
            format!(
                "call {number}: the question how much {:?} has posted",
                call.author
            )
        }
    }

    async fn rush(&mut self, count: usize) {
        let Some(handle) = self.handles.last().cloned() else {
            return;
        };
        let author = self.name(Author::New);
        self.tell(format!(
            "{count} callers post as {author:?} at once, and all of them give up at once"
        ));
        for _ in 0..count {
            let (handle, author) = (handle.clone(), author.clone());
            let mut call = Calls::new();
            let post = async move { handle.post(&author, "hello").await };
            let _ = call.start(0, post).await;
        }
        // The others found the mailbox full, and the room did not get to run meanwhile.
        let waited = u32::try_from(count.min(self.opened.mailbox)).unwrap_or(u32::MAX);
        self.authors.entry(author).or_default().given_up = waited;
    }

    /// All callers that wait get their answers.
    async fn look(&mut self) {
        let mut waiting = std::mem::replace(&mut self.waiting, Calls::new());
        let answers = answers(&mut waiting, &self.story, |number| self.words(number)).await;
        for (number, answer) in answers {
            self.returned(number, answer);
        }
    }

    fn gave_up(&mut self, number: Option<usize>) {
        let Some(number) = number else { return };
        self.tell(format!("the caller of call {number} gives up"));
        let call = &self.calls[number - 1];
        if call.posts {
            let known = self.authors.entry(call.author.clone()).or_default();
            known.under_way -= 1;
            known.given_up += 1;
        }
    }

    fn returned(&mut self, number: usize, answer: Answer) {
        let call = &self.calls[number - 1];
        let (author, at_least, limit) = (&call.author, call.at_least, self.opened.limit);
        let known = self.authors.entry(author.clone()).or_default();
        match answer {
            Answer::Posted(Ok(post)) => {
                self.story
                    .tell(format!("→ call {number}: posted, it has number {post}"));
                known.under_way -= 1;
                known.accepted += 1;
                assert!(
                    known.accepted <= limit,
                    "{author:?} has posted {} times, and {limit} are allowed",
                    known.accepted
                );
                assert!(
                    self.numbers.insert(post),
                    "two posts have the number {post}"
                );
                assert!(
                    post > at_least,
                    "call {number} got number {post}, and number {at_least} had been given before it began: posts are numbered 1, 2, 3 …"
                );
                self.highest = self.highest.max(post);
            }
            Answer::Posted(Err(Refused)) => {
                self.story.tell(format!("→ call {number}: Refused"));
                assert!(
                    known.at_most() > limit,
                    "{author:?} was refused, and has posted {} of {limit}",
                    match known.at_most() - 1 {
                        0 => "0".to_owned(),
                        most => format!("{most} at the most"),
                    }
                );
                known.under_way -= 1;
                known.refused = true;
            }
            Answer::Count(count) => {
                self.story.tell(format!("→ call {number}: {count}"));
                Self::check_count(author, count, at_least, known, limit);
            }
        }
    }

    fn check_count(author: &str, count: u32, at_least: u64, known: &Posts, limit: u32) {
        assert!(
            u64::from(count) >= at_least,
            "`posts_by` says that {author:?} has posted {count}, and {at_least} had been accepted before the question"
        );
        let at_most = known.at_most().min(limit);
        assert!(
            count <= at_most,
            "`posts_by` says that {author:?} has posted {count}, and it can be {at_most} at the most: a caller that is refused, or gives up while it waits for the mailbox, has not posted"
        );
    }

    async fn rest(&mut self, duration: Duration) {
        // The test as a whole may take a virtual day.
        if self.story.now() + duration > Duration::from_secs(20 * 3600) {
            return;
        }
        if self.attentive {
            self.look().await;
        }
        self.tell(format!("({} pass)", at_time(duration)));
        sleep(duration).await;
    }

    async fn end(mut self) {
        self.look().await;
        let Some(handle) = self.handles.pop() else {
            return;
        };
        self.tell("at the end");
        let (limit, mut total) = (self.opened.limit, 0);
        for (author, known) in &self.authors {
            let mut posts = in_no_time("the answer of `posts_by`", handle.posts_by(author)).await;
            self.story.tell(format!("{author:?} has posted {posts}"));
            Self::check_count(author, posts, known.accepted.into(), known, limit);
            assert!(
                !known.refused || posts == limit,
                "{author:?} has posted {posts} of {limit}, and was refused"
            );
            if limit < 10 {
                posts = self.use_up(&handle, author, posts).await;
            }
            total += u64::from(posts);
        }
        if limit > 0 {
            let post =
                in_no_time("the answer to a post", handle.post("the last one", "hello")).await;
            let next = total + 1;
            assert!(
                post != Err(Refused),
                "\"the last one\" was refused, and has posted 0 of {limit}"
            );
            assert!(
                post == Ok(next),
                "`posts_by` counts {total} posts in all, so the next one should get number {next}, and got {post:?}"
            );
        }
    }

    /// What is left of an author's limit, nobody else has used up.
    async fn use_up(&self, handle: &RoomHandle, author: &str, mut posts: u32) -> u32 {
        let limit = self.opened.limit;
        loop {
            let post = in_no_time("the answer to a post", handle.post(author, "hello")).await;
            self.tell(format!("{author:?} posts: {post:?}"));
            if post == Err(Refused) {
                assert!(
                    posts == limit,
                    "{author:?} has posted {posts} of {limit}, and was refused"
                );
                return posts;
            }
            posts += 1;
            assert!(
                posts <= limit,
                "{author:?} has posted {posts} times, and {limit} are allowed"
            );
        }
    }
}
