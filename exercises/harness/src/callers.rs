//! The callers of one actor, as a scenario has them: they ask, wait, give up, or look at their answers later.

use crate::{Calls, Dice, Story, alive_tasks, at_time, settle, start_and_drop, wait::wake_ups_in};
use std::{fmt::Display, mem, time::Duration};
use tokio::runtime::Handle;

/// More messages than these may not be in a mailbox, or it is as good as unbounded.
const LARGEST_MAILBOX: usize = 2_000;

/// How often timers wake the runtime at most though no task has any: the clock goes on in steps. (12 is the most that 3,000 scenarios
/// have seen. With a tick each two hours, it is 26 in the longest rest.)
const QUIET: u64 = 16;

/// The test as a whole may take a virtual day.
const LATEST: Duration = Duration::from_secs(20 * 3600);

/// What happens between the questions, whatever they are.
#[derive(Clone, Copy)]
pub enum Moment {
    /// Those that do something else come back and look at their answers.
    ComeBack,
    Clone,
    Drop,
    /// Of the callers that wait.
    OldestGivesUp,
    NewestGivesUp,
    Rest(Duration),
    /// The next step comes before the actor gets to run.
    AtOnce,
    /// Callers that wait do not look before the next step is done: their turn may have come by then.
    Inattentive,
}

impl Moment {
    /// One of them; some come more often.
    pub fn pick(dice: &mut Dice) -> Self {
        match dice.below(18) {
            0..=1 => Self::ComeBack,
            2..=3 => Self::Clone,
            4..=5 => Self::Drop,
            6 => Self::OldestGivesUp,
            7 => Self::NewestGivesUp,
            8..=9 => Self::Inattentive,
            10..=13 => Self::AtOnce,
            // Over hours, too. No round number: somebody may have a time-out.
            _ => Self::Rest(Duration::from_millis(
                dice.pick(&[130, 1_170, 61_300, 5_390_000, 40_317_000]),
            )),
        }
    }
}

/// A call: what was asked, and what became of it.
pub struct Asked<Q, T> {
    pub question: Q,
    pub fate: Fate<T>,
}

/// What became of a call.
pub enum Fate<T> {
    Waits {
        /// Whether its message was in the mailbox after the first poll: nobody else was there.
        sent: bool,
    },
    Answered(T),
    /// Its caller has given up, or a crowd of them; so many messages had been sent, at least and at most.
    GaveUp {
        least: usize,
        most: usize,
    },
}

/// The callers of an actor all of whose tasks are started with it, with the handles that they share. They ask `Q` and are answered `T`.
pub struct Callers<H, Q, T> {
    story: Story,
    handles: Vec<H>,
    /// Those of the actor.
    tasks: usize,
    /// In the order in which they were asked.
    asked: Vec<Asked<Q, T>>,
    waiting: Calls<T>,
    /// They do something else before they look at their answers.
    away: Calls<T>,
    /// Whether all that was asked before is done.
    idle: bool,
    at_once: bool,
    attentive: bool,
}

impl<H: Clone, Q: Clone, T: Copy + Display + 'static> Callers<H, Q, T> {
    /// Those that will call the actor behind `handle`, which has just been started.
    pub async fn of(handle: H, story: Story) -> Self {
        let tasks = alive_tasks().await;
        assert!(
            tasks > 0,
            "no async task has been started, or it has ended already: who owns the actor's state?"
        );
        Self {
            story,
            handles: vec![handle],
            tasks,
            asked: Vec::new(),
            waiting: Calls::new(),
            away: Calls::new(),
            idle: true,
            at_once: false,
            attentive: true,
        }
    }

    /// "caller 3": the one who made that call.
    pub fn name(call: usize) -> String {
        format!("caller {}", call + 1)
    }

    /// All calls, in the order in which they began.
    pub fn asked(&self) -> &[Asked<Q, T>] {
        &self.asked
    }

    /// A handle; `None` when all are dropped.
    pub fn handle(&self) -> Option<H> {
        let count = self.handles.len();
        (count > 0).then(|| self.handles[self.asked.len() % count].clone())
    }

    /// One more caller asks, polled once. Its index; `None` when nobody has a handle.
    pub async fn ask<F>(&mut self, question: Q, call: impl FnOnce(H) -> F) -> Option<usize>
    where
        F: Future<Output = T> + 'static,
    {
        let handle = self.handle()?;
        // Callers that wait are served before those that come later, if they take what they are given.
        self.look().await;
        let (caller, sent) = (self.asked.len(), self.nobody_is_there());
        self.begin(question, sent);
        let early = self.waiting.start(caller, call(handle)).await;
        not_known_without_the_actor(early);
        Some(caller)
    }

    /// The same, and it gives up at once.
    pub async fn ask_in_vain<F>(&mut self, question: Q, call: impl FnOnce(H) -> F) -> Option<usize>
    where
        F: Future<Output = T> + 'static,
    {
        let caller = self.ask(question, call).await?;
        let newest = self.waiting.give_up_newest();
        self.give_up(newest);
        Some(caller)
    }

    /// So many ask in one moment and give up at once. Whether anybody has a handle.
    pub async fn crowd<F>(&mut self, count: usize, question: Q, call: impl Fn(H) -> F) -> bool
    where
        F: Future<Output = T>,
    {
        let Some(handle) = self.handle() else {
            return false;
        };
        self.look().await;
        let fate = Fate::GaveUp {
            least: usize::from(self.nobody_is_there()),
            most: count.min(LARGEST_MAILBOX),
        };
        self.idle = false;
        let done = start_and_drop(count, || call(handle.clone())).await;
        not_known_without_the_actor((done > 0).then_some(done));
        self.asked.push(Asked { question, fate });
        true
    }

    /// So many ask, one after the other, and do something else before they look at their answers. Whether anybody has a handle.
    pub async fn ask_and_go_away<F>(
        &mut self,
        count: usize,
        question: Q,
        call: impl Fn(H) -> F,
    ) -> bool
    where
        F: Future<Output = T> + 'static,
    {
        self.settle().await;
        self.answers_come().await;
        for _ in 0..count {
            let Some(handle) = self.handle() else {
                return false;
            };
            let caller = self.asked.len();
            self.begin(question.clone(), true);
            let early = self.away.start(caller, call(handle)).await;
            not_known_without_the_actor(early);
            self.settle().await;
        }
        true
    }

    /// What happens between the questions.
    pub async fn live(&mut self, moment: Moment) {
        match moment {
            Moment::AtOnce => return self.at_once = true,
            Moment::Inattentive => return self.attentive = false,
            Moment::Rest(time) => return self.rest(time).await,
            Moment::Clone => {
                self.handles.extend(self.handles.last().cloned());
                return self.no_more_tasks();
            }
            Moment::ComeBack => self.come_back().await,
            Moment::Drop => self.drop_a_handle(),
            Moment::OldestGivesUp => {
                let oldest = self.waiting.give_up_oldest();
                self.tell_who_gave_up(oldest);
            }
            Moment::NewestGivesUp => {
                let newest = self.waiting.give_up_newest();
                self.tell_who_gave_up(newest);
            }
        }
        self.go_on().await;
    }

    /// After a question: the actor gets to run, and those who wait look whether their answers have come. (Not if the next step comes
    /// at once, and not those who are inattentive.)
    pub async fn go_on(&mut self) {
        self.no_more_tasks();
        let attentive = mem::replace(&mut self.attentive, true);
        if !mem::take(&mut self.at_once) {
            self.settle().await;
            if attentive {
                self.answers_come().await;
            }
        }
    }

    /// All handles are dropped, and all who wait get their answers.
    pub async fn end(&mut self) {
        self.handles.clear();
        self.story.tell("all handles are dropped");
        self.settle().await;
        self.answers_come().await;
        self.come_back().await;
        self.settle().await;
    }

    fn begin(&mut self, question: Q, sent: bool) {
        let fate = Fate::Waits { sent };
        self.asked.push(Asked { question, fate });
        self.idle = false;
    }

    /// Whether a message that is sent now finds an empty mailbox, however small that is.
    fn nobody_is_there(&self) -> bool {
        self.idle && self.waiting.waiting().len() == 0
    }

    fn drop_a_handle(&mut self) {
        // The first one, so that its clones have to do without it.
        if !self.handles.is_empty() {
            self.handles.remove(0);
            self.story.tell(match self.handles.len() {
                0 => "the last handle is dropped",
                _ => "a handle is dropped, and clones of it are left",
            });
        }
    }

    fn give_up(&mut self, caller: Option<usize>) {
        let asked = caller.and_then(|caller| self.asked.get_mut(caller));
        if let Some(Asked { fate, .. }) = asked {
            let sent = matches!(fate, Fate::Waits { sent: true });
            *fate = Fate::GaveUp {
                least: usize::from(sent),
                most: 1,
            };
        }
    }

    fn tell_who_gave_up(&mut self, caller: Option<usize>) {
        self.give_up(caller);
        if let Some(caller) = caller {
            self.story.tell(format!("{} gives up", Self::name(caller)));
        }
    }

    async fn rest(&mut self, time: Duration) {
        if self.story.now() + time > LATEST {
            return;
        }
        self.story.tell(format!("({} pass)", at_time(time)));
        let wake_ups = wake_ups_in(time).await;
        assert!(
            wake_ups <= QUIET,
            "in {} in which nobody asked anything, timers woke the runtime {wake_ups} times. An actor waits for the next message with `recv().await`, and needs no timer",
            at_time(time)
        );
        self.no_more_tasks();
    }

    /// Lets all tasks run until they wait.
    async fn settle(&mut self) {
        settle().await;
        self.idle = true;
        if self.waiting.waiting().len() + self.away.waiting().len() + self.handles.len() > 0 {
            self.no_more_tasks();
            assert!(
                alive() == self.tasks,
                "a task of the actor has ended, and there are handles: it runs as long as any of them is alive"
            );
        } else {
            assert!(
                alive() == 0,
                "the last handle is gone, and a task is still there. Who holds a Sender, or waits for what nobody will send?"
            );
        }
    }

    fn no_more_tasks(&self) {
        assert!(
            alive() <= self.tasks,
            "there are more tasks than the actor began with: neither a call nor a clone, nor the end of one, starts a task"
        );
    }

    async fn look(&mut self) {
        let answers = self.waiting.look().await;
        self.answered(answers);
    }

    /// Those who wait have their answers. Some may have to wait for a slot first.
    async fn answers_come(&mut self) {
        self.look().await;
        let mut in_vain = 0;
        loop {
            let oldest = self.waiting.waiting().next();
            let Some(oldest) = oldest else { return };
            assert!(
                in_vain < 2,
                "{} still waits for its answer, and nobody is at work: either for a timer, or for something that never comes",
                Self::name(oldest)
            );
            let before = self.waiting.waiting().len();
            self.settle().await;
            self.look().await;
            let as_before = self.waiting.waiting().len() == before;
            in_vain = if as_before { in_vain + 1 } else { 0 };
        }
    }

    async fn come_back(&mut self) {
        self.settle().await;
        let answers = self.away.look().await;
        self.answered(answers);
        let left = self.away.waiting().next();
        if let Some(caller) = left {
            panic!(
                "{}, which did something else meanwhile, has no answer yet, and nobody is at work on it",
                Self::name(caller)
            );
        }
    }

    fn answered(&mut self, answers: Vec<(usize, T)>) {
        match &*answers {
            [] => {}
            [(caller, answer)] => {
                let name = Self::name(*caller);
                self.story.tell(format!("→ {name}: {answer}"));
            }
            [(_, first), .., (_, last)] => self.story.tell(format!(
                "→ {} callers have their answers, the first one {first} and the last one {last}",
                answers.len()
            )),
        }
        for (caller, answer) in answers {
            self.asked[caller].fate = Fate::Answered(answer);
        }
    }
}

fn not_known_without_the_actor(early: Option<impl Display>) {
    assert!(
        early.is_none(),
        "a call returned before any task could run: the handle knows the answer without asking the actor"
    );
}

fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}
