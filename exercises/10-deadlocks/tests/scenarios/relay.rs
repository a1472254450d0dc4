//! Part b: what the relay promises to those who forward, and to the one who reads.

use super::answers;
use deadlocks::{Closed, RelayHandle, relay};
use harness::{Calls, Dice, Scenario, Story, alive_tasks, at_time, in_no_time, settle, within};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, Receiver, WeakSender},
    time::sleep,
};

/// One thing that a caller or the reader does.
#[derive(Clone, Copy)]
pub enum Step {
    Forward,
    /// Two texts that are equal, one after the other.
    ForwardTwice,
    ForwardAnEmptyText,
    /// So many callers forward a text in one instant. One of those that have to wait does so, and the others give up.
    Burst(usize),
    /// So many texts, one after the other.
    Stream(usize),
    Ask,
    /// The caller of a `forward`, or of a question, gives up at once.
    ForwardInVain,
    AskInVain,
    /// The reader takes so many texts, as they come.
    Read(usize),
    /// The reader takes at most so many that are in the output already.
    ReadNow(usize),
    /// So many times: the reader takes a text, and a caller forwards one in the same instant.
    ReadAndForward(usize),
    ReaderGoes,
    Clone,
    Drop,
    /// Of the callers that wait.
    OldestGivesUp,
    NewestGivesUp,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before the relay gets to run.
    AtOnce,
    /// A caller that waits does not look before the next step is done: its turn may have come by then.
    Inattentive,
}

use Step::*;

/// The relay's output has so many slots.
#[derive(Clone)]
pub struct Output(usize);

impl Scenario for Output {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self(dice.pick(&[1, 1, 2, 3, 4, 1000]))
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(40) {
            0..=6 => Forward,
            7 => ForwardTwice,
            8 => ForwardAnEmptyText,
            9..=10 => Burst(dice.pick(&[3, 40, 40, 3000])),
            11..=12 => Stream(dice.pick(&[3, 40, 40, 300])),
            13..=14 => Ask,
            15 => dice.pick(&[ForwardInVain, AskInVain]),
            16..=19 => Read(1 + dice.below(6)),
            20..=21 => ReadNow(1 + dice.below(6)),
            22 => ReadAndForward(dice.pick(&[1, 8])),
            23 => ReaderGoes,
            24 => Clone,
            25..=26 => Drop,
            27 => OldestGivesUp,
            28..=29 => NewestGivesUp,
            30..=31 => Inattentive,
            32..=35 => AtOnce,
            _ => Rest(dice.pick(&[130, 5_390, 61_070, 3_700_000, 40_317_000])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        story.tell(format!("a relay starts; its output has {}", slots(self.0)));
        let mut relay = Relay::start(self.0, story);
        for step in steps {
            relay.take(step).await;
        }
        relay.end().await;
    }
}

enum Answer {
    Forwarded(Result<(), Closed>),
    Accepted(Result<u64, Closed>),
}

/// A call of a handle.
enum Call {
    /// Of the text with this number.
    Forward(usize),
    /// What the answer has to be at least: so many texts had been accepted when it began.
    Accepted(u64),
}

/// A text that was given to `forward`.
struct Text {
    text: String,
    /// When its call began, and when it returned `Ok`: a count of all that happened.
    began: usize,
    accepted: Option<usize>,
    came_out: bool,
}

struct Relay {
    story: Story,
    slots: usize,
    handles: Vec<RelayHandle>,
    waiting: Calls<Answer>,
    calls: Vec<Call>,
    texts: Vec<Text>,
    /// Which texts read so and have not come out yet.
    by_text: HashMap<String, VecDeque<usize>>,
    /// What came out, in its order.
    read: Vec<usize>,
    accepted: usize,
    /// Of these, so many have come out.
    accepted_and_read: usize,
    answered: u64,
    moment: usize,
    out: WeakSender<String>,
    reader: Option<Receiver<String>>,
    /// So many texts had come out, or were in the output, when the reader went.
    handed_on: usize,
    has_ended: bool,
    at_once: bool,
    attentive: bool,
}

impl Relay {
    fn start(slots: usize, story: Story) -> Self {
        let (out, reader) = mpsc::channel(slots);
        let weak = out.downgrade();
        Self {
            handles: vec![relay(out)],
            out: weak,
            reader: Some(reader),
            story,
            slots,
            waiting: Calls::new(),
            calls: Vec::new(),
            texts: Vec::new(),
            by_text: HashMap::new(),
            read: Vec::new(),
            accepted: 0,
            accepted_and_read: 0,
            answered: 0,
            moment: 0,
            handed_on: 0,
            has_ended: false,
            at_once: false,
            attentive: true,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Forward => {
                let text = self.texts.len() + 1;
                self.forward(text.to_string(), true).await;
            }
            ForwardInVain => {
                let (before, text) = (self.waiting.waiting().len(), self.texts.len() + 1);
                self.forward(text.to_string(), true).await;
                self.gives_up_if_it_waits(before);
            }
            AskInVain => {
                let before = self.waiting.waiting().len();
                self.ask().await;
                self.gives_up_if_it_waits(before);
            }
            ForwardTwice => {
                let text = format!("{} twice", self.texts.len() + 1);
                // One after the other: with both under way, nobody could tell which of them came out.
                if !self.forward(text.clone(), true).await {
                    self.look(true).await;
                }
                self.forward(text, true).await;
            }
            ForwardAnEmptyText => {
                if self.texts.iter().all(|text| !text.text.is_empty()) {
                    self.forward(String::new(), true).await;
                }
            }
            Burst(count) => self.burst(count).await,
            Stream(count) => self.stream(count).await,
            Ask => self.ask().await,
            Read(count) => self.read(count).await,
            ReadNow(count) => self.read_now(count),
            ReadAndForward(count) => {
                for _ in 0..count {
                    // Whether there is a slot or an older text waits: the relay finds both when it gets to run.
                    self.read_now(1);
                    let text = self.texts.len() + 1;
                    self.forward(text.to_string(), true).await;
                    settle().await;
                }
            }
            ReaderGoes => self.reader_goes(),
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
            self.look(true).await;
        }
        settle().await;
        self.slots_are_taken();
        self.ends_without_a_reader().await;
        self.ends_without_handles().await;
    }

    fn tell(&self, what: impl Into<String>) {
        self.story.tell(what);
    }

    fn now(&mut self) -> usize {
        self.moment += 1;
        self.moment
    }

    fn handle(&self) -> Option<RelayHandle> {
        let handle = self.calls.len() % self.handles.len().max(1);
        self.handles.get(handle).cloned()
    }

    /// Whether it returned at once.
    async fn forward(&mut self, text: String, told: bool) -> bool {
        let Some(handle) = self.handle() else {
            return false;
        };
        let began = self.now();
        self.by_text
            .entry(text.clone())
            .or_default()
            .push_back(self.texts.len());
        self.calls.push(Call::Forward(self.texts.len()));
        self.texts.push(Text {
            text: text.clone(),
            began,
            accepted: None,
            came_out: false,
        });
        let number = self.calls.len();
        if told {
            self.tell(format!("call {number}: forward {text:?}"));
        }
        let call = async move { Answer::Forwarded(handle.forward(text).await) };
        match self.waiting.start(number, call).await {
            None => false,
            Some(answer) => {
                self.returned(number, answer, told);
                true
            }
        }
    }

    async fn burst(&mut self, count: usize) {
        if self.handles.is_empty() {
            return;
        }
        let first = self.texts.len() + 1;
        let (mut accepted, mut waiting) = (0, 0);
        for text in first..first + count {
            if self.forward(text.to_string(), false).await {
                accepted += 1;
            } else {
                waiting += 1;
                if waiting > 1 {
                    self.waiting.give_up_newest();
                }
            }
        }
        self.tell(format!(
            "{count} callers forward a text each at once, \"{first}\" to \"{}\": {accepted} return at once{}",
            first + count - 1,
            match waiting {
                0 => String::new(),
                1 => ", 1 waits".to_owned(),
                more => format!(", 1 waits, {} give up", more - 1),
            }
        ));
    }

    async fn stream(&mut self, count: usize) {
        if self.handles.is_empty() {
            return;
        }
        let first = self.texts.len() + 1;
        let last = first + count - 1;
        self.tell(format!(
            "the texts \"{first}\" to \"{last}\" are forwarded, one after the other"
        ));
        for text in first..=last {
            if !self.forward(text.to_string(), false).await {
                self.look(false).await;
            }
        }
    }

    async fn ask(&mut self) {
        let Some(handle) = self.handle() else {
            return;
        };
        let at_least = self.answered.max(self.accepted as u64);
        self.calls.push(Call::Accepted(at_least));
        let number = self.calls.len();
        self.tell(self.words(number));
        let call = async move { Answer::Accepted(handle.accepted().await) };
        if let Some(answer) = self.waiting.start(number, call).await {
            self.returned(number, answer, true);
        }
    }

    fn words(&self, number: usize) -> String {
        match self.calls[number - 1] {
            Call::Forward(text) => format!("call {number}: forward {:?}", self.texts[text].text),
            Call::Accepted(_) => format!("call {number}: how many texts are accepted?"),
        }
    }

    /// All callers that wait get their answers, whether anybody reads or not.
    async fn look(&mut self, told: bool) {
        let mut waiting = std::mem::replace(&mut self.waiting, Calls::new());
        let answers = answers(&mut waiting, &self.story, |number| self.words(number)).await;
        for (number, answer) in answers {
            self.returned(number, answer, told);
        }
    }

    fn gives_up_if_it_waits(&mut self, waiting_before: usize) {
        if self.waiting.waiting().len() > waiting_before {
            let number = self.waiting.give_up_newest();
            self.gave_up(number);
        }
    }

    fn gave_up(&mut self, number: Option<usize>) {
        if let Some(number) = number {
            self.tell(format!("the caller of call {number} gives up"));
        }
    }

    fn returned(&mut self, number: usize, answer: Answer, told: bool) {
        let closed = match (&self.calls[number - 1], &answer) {
            (Call::Forward(text), Answer::Forwarded(Ok(()))) => {
                let text = *text;
                if told {
                    self.tell(format!("→ call {number}: Ok"));
                }
                self.texts[text].accepted = Some(self.now());
                self.accepted += 1;
                self.accepted_and_read += usize::from(self.texts[text].came_out);
                false
            }
            (Call::Accepted(at_least), Answer::Accepted(Ok(count))) => {
                self.tell(format!("→ call {number}: {count}"));
                assert!(
                    count >= at_least,
                    "`accepted` says {count}, and {at_least} texts had been accepted before the question"
                );
                let given = self.texts.len() as u64;
                assert!(
                    *count <= given,
                    "`accepted` says {count}, and only {given} texts were given to `forward` so far"
                );
                self.answered = self.answered.max(*count);
                false
            }
            _ => {
                self.tell(format!("→ call {number}: Closed"));
                true
            }
        };
        assert!(
            !closed || self.reader.is_none(),
            "a call says Closed, and its caller has a handle, and the output has a reader: the relay lives as long as they do"
        );
        assert!(
            closed || !self.has_ended,
            "nobody reads the output any more, the relay has ended, and a call does not say Closed"
        );
    }

    /// What the reader has got.
    fn got(&mut self, text: String) {
        let known = self.by_text.get_mut(&text);
        let Some(index) = known.and_then(VecDeque::pop_front) else {
            panic!(
                "{text:?} came out {}",
                if self.texts.iter().any(|known| known.text == text) {
                    "once more than it was forwarded"
                } else {
                    "of the output, and nobody has forwarded it"
                }
            );
        };
        self.texts[index].came_out = true;
        self.accepted_and_read += usize::from(self.texts[index].accepted.is_some());
        self.read.push(index);
    }

    async fn read(&mut self, count: usize) {
        let mut texts = Vec::new();
        for _ in 0..count {
            let Some(mut reader) = self.reader.take() else {
                return;
            };
            if self.accepted > self.accepted_and_read {
                let text = self.next(&mut reader).await;
                texts.push(format!("{text:?}"));
                self.got(text);
            }
            self.reader = Some(reader);
        }
        if !texts.is_empty() {
            self.tell(format!("the reader gets {}", texts.join(", ")));
        }
    }

    async fn next(&self, reader: &mut Receiver<String>) -> String {
        let missing = self.texts.iter().find(|text| text.is_missing());
        let what = match missing {
            Some(text) => format!(
                "the next text (the first one that is accepted and missing is {:?})",
                text.text
            ),
            None => "the next text".to_owned(),
        };
        match in_no_time(&what, reader.recv()).await {
            Some(text) => text,
            None => panic!("the output has ended, and {what} has not come out"),
        }
    }

    fn read_now(&mut self, count: usize) {
        let Some(mut reader) = self.reader.take() else {
            return;
        };
        let texts: Vec<_> = std::iter::from_fn(|| reader.try_recv().ok())
            .take(count)
            .collect();
        self.reader = Some(reader);
        if !texts.is_empty() {
            self.tell(format!("the reader finds {texts:?}"));
        }
        texts.into_iter().for_each(|text| self.got(text));
    }

    fn reader_goes(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.tell("the reader goes: nobody reads the output any more");
            self.handed_on = self.read.len() + reader.len();
        }
    }

    /// Everybody has come to rest.
    fn slots_are_taken(&self) {
        let Some(reader) = &self.reader else { return };
        let here = reader.len();
        let missing = self.accepted - self.accepted_and_read;
        assert!(
            here == self.slots || missing <= here,
            "accepted and not read yet: {missing}. In the output, which has {}: {here}. A text takes a slot as soon as there is one, and none is lost",
            slots(self.slots)
        );
        // What is sent, and what a permit is held for, counts as used.
        if let Some(out) = self.out.upgrade() {
            let unused = out.max_capacity() - out.capacity() - here;
            assert!(
                unused == 0,
                "the relay holds a permit of its output and has nothing to send: nobody else can use that slot meanwhile"
            );
        }
    }

    /// With something to hand on, and nobody to hand it to, the relay ends.
    async fn ends_without_a_reader(&mut self) {
        if self.reader.is_some() || self.has_ended || self.accepted <= self.handed_on {
            return;
        }
        if self.waiting.waiting().len() > 0 {
            // A caller that does not look may hold a permit of the mailbox, and be waited for.
            return;
        }
        let alive = alive_tasks().await;
        assert!(
            alive == 0,
            "the relay has something to hand on, and nobody reads its output any more: it should end at once, and is alive"
        );
        self.has_ended = true;
    }

    /// With nobody who could forward, and nothing left to hand on, the relay ends, whether what it has handed on is read or not.
    async fn ends_without_handles(&self) {
        let Some(reader) = &self.reader else { return };
        if !self.handles.is_empty() || self.waiting.waiting().len() > 0 {
            return;
        }
        let here = reader.len();
        let missing = self.accepted - self.accepted_and_read;
        // While the output is full, what a caller that gave up has left may still wait.
        let none_gave_up = self.texts.len() == self.accepted;
        if here < self.slots || none_gave_up && missing == here {
            let alive = alive_tasks().await;
            assert!(
                alive == 0,
                "all handles are gone, and all texts are in the output or read: the relay should end, and is alive"
            );
        }
    }

    async fn rest(&mut self, duration: Duration) {
        // The test as a whole may take a virtual day.
        if self.story.now() + duration > Duration::from_secs(20 * 3600) {
            return;
        }
        if self.attentive {
            self.look(true).await;
        }
        self.tell(format!("({} pass)", at_time(duration)));
        sleep(duration).await;
    }

    async fn end(mut self) {
        self.look(true).await;
        let last = self.handle();
        self.handles.clear();
        let Some(mut reader) = self.reader.take() else {
            return;
        };
        if last.is_some() && self.texts.len().is_multiple_of(2) {
            // Half of the time the last handle goes first, with all that waits.
            self.tell("all handles are dropped");
            drop(last);
        } else if let Some(last) = last {
            self.tell("at the end, the reader reads on");
            while self.accepted > self.accepted_and_read {
                let text = self.next(&mut reader).await;
                self.got(text);
            }
            settle().await;
            // Callers that gave up may have left a text.
            while let Ok(text) = reader.try_recv() {
                self.got(text);
                settle().await;
            }
            let count = in_no_time("the answer of `accepted`", last.accepted()).await;
            let came_out = self.read.len() as u64;
            assert!(
                count == Ok(came_out),
                "`accepted` says {count:?}, and {came_out} came out in all: what is accepted counts and comes out, and nothing else"
            );
            self.tell("the last handle is dropped");
            drop(last);
        }
        while let Some(text) = within("the end of the output", reader.recv()).await {
            self.got(text);
        }
        self.came_out_in_order();
    }

    /// A text that was accepted before another one was given comes out before it.
    fn came_out_in_order(&self) {
        if let Some(text) = self.texts.iter().find(|text| text.is_missing()) {
            panic!(
                "{:?} was accepted, and the output has ended without it",
                text.text
            );
        }
        let mut earlier: Option<&Text> = None;
        for &index in self.read.iter().rev() {
            let text = &self.texts[index];
            if let Some(earlier) = earlier
                && earlier.accepted < Some(text.began)
            {
                panic!(
                    "{:?} came out after {:?}, and had been accepted before that was forwarded",
                    earlier.text, text.text
                );
            }
            if text.accepted.is_some()
                && earlier.is_none_or(|earlier| text.accepted < earlier.accepted)
            {
                earlier = Some(text);
            }
        }
    }
}

impl Text {
    fn is_missing(&self) -> bool {
        self.accepted.is_some() && !self.came_out
    }
}

fn slots(count: usize) -> String {
    match count {
        1 => "1 slot".to_owned(),
        more => format!("{more} slots"),
    }
}
