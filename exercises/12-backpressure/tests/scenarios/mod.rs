//! What the previews promise, whatever their callers do: random links by every way to submit, by callers that wait and callers that give
//! up, for pages that are quick, slow or panic. Nothing is asked here that the page and src/lib.rs do not promise.

mod books;

use backpressure::{Closed, Fetch, PreviewsHandle, Refused, Url, open};
use books::{Books, Way};
use harness::{
    Calls, Dice, Scenario, Story, alive_tasks, at_time, expect_panics, settle, wake_ups_so_far,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tokio::time::sleep;

/// One thing that a caller does.
#[derive(Clone, Copy)]
pub enum Step {
    Submit(Way),
    /// The link that was submitted last, once more.
    TheSameAgain(Way),
    /// So many links. Of many callers that have to wait, all but one give up.
    Burst(usize, Way),
    /// What the page of the next link does.
    NextPage(Page),
    /// A caller of its own, with so many slots; the next links come from it.
    Limit(usize),
    /// The next links come through another handle.
    Switch(usize),
    CloneHandle,
    DropHandle,
    /// Of the callers that wait for a slot.
    OldestGivesUp,
    NewestGivesUp,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before the service gets to run.
    AtOnce,
    /// For so many milliseconds, and during the next step, nobody who waits looks whether its turn has come.
    Inattentive(u64),
}

#[derive(Clone, Copy, PartialEq)]
pub enum Page {
    /// Milliseconds.
    Takes(u64),
    PanicsAfter(u64),
    /// Before there is anything to await.
    PanicsAtOnce,
}

use Step::*;

const QUICK: Page = Page::Takes(130);

/// The test as a whole may take a virtual day: so long it rests, and so long all pages take together.
const RESTS: Duration = Duration::from_secs(12 * 3600);
const PAGES: Duration = Duration::from_secs(8 * 3600);

#[derive(Clone)]
pub struct Previews {
    capacity: usize,
    workers: usize,
    /// What a page does, unless something else is said. In a burst, pages are quick.
    page: Page,
}

impl Scenario for Previews {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            capacity: dice.pick(&[1, 1, 1, 2, 2, 3, 3, 4, 17, 1000]),
            workers: dice.pick(&[1, 1, 2, 3, 4, 19]),
            page: dice.pick(&[Page::Takes(1000), Page::Takes(1000), Page::Takes(7_627_000)]),
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(42) {
            0..=9 => Submit(way(dice)),
            10..=11 => TheSameAgain(way(dice)),
            12..=17 if self.capacity < 1000 => Burst(dice.pick(&[3, 3, 3, 40, 40]), way(dice)),
            12..=17 => Burst(dice.pick(&[3, 40, 3000]), way(dice)),
            18..=20 => NextPage(dice.pick(&[
                Page::Takes(0),
                Page::Takes(47_300),
                // No round number: somebody may have a time-out.
                Page::Takes(25_873_000),
                Page::PanicsAfter(310),
                Page::PanicsAtOnce,
            ])),
            21..=24 => Limit(dice.pick(&[1, 2, 3, 1 + self.capacity / 2, self.capacity + 2])),
            25..=27 => Switch(dice.below(8)),
            28 => CloneHandle,
            29 => DropHandle,
            30 => OldestGivesUp,
            31 => NewestGivesUp,
            32..=33 => Inattentive(dice.pick(&[0, 130, 1170, 5_390, 61_700])),
            34..=36 => AtOnce,
            _ => Rest(dice.pick(&[130, 310, 1000, 1170, 5_390, 61_700, 40_317_000])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        expect_panics(books::PANICS);
        let mut service = Service::open(&self, story);
        for step in steps {
            service.take(step).await;
        }
        service.end().await;
    }
}

fn way(dice: &mut Dice) -> Way {
    match dice.below(5) {
        0..=1 => Way::Submit,
        2 => Way::Try,
        _ => Way::Within(dice.pick(&[
            Duration::ZERO,
            Duration::from_millis(310),
            Duration::from_millis(1_470),
            Duration::from_millis(53_100),
            Duration::from_secs(18_437),
            Duration::MAX,
        ])),
    }
}

struct Service {
    story: Story,
    handles: Vec<Handle>,
    /// Which of them is used.
    current: usize,
    waiting: Calls<Result<(), Refused<Url>>>,
    books: Shared,
    page: Page,
    next_page: Option<Page>,
    last_page: Option<Page>,
    /// What all pages take together.
    pages: Duration,
    at_once: bool,
    /// Whether those who wait look for their turn.
    attentive: bool,
}

struct Handle {
    previews: PreviewsHandle,
    caller: usize,
}

/// The fetches write into them as well.
#[derive(Clone)]
struct Shared(Arc<Mutex<Books>>);

impl Shared {
    fn open(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    fn open(with: &Previews, story: Story) -> Self {
        let &Previews {
            capacity,
            workers,
            page,
        } = with;
        story.tell(format!("open: {capacity} may wait, {workers} at work"));
        let books = Shared(Arc::new(Mutex::new(Books::new(
            story.clone(),
            capacity,
            workers,
        ))));
        let previews = open(capacity, workers, site(books.clone()));
        Self {
            story,
            handles: vec![Handle {
                previews,
                caller: 0,
            }],
            current: 0,
            waiting: Calls::new(),
            books,
            page,
            next_page: None,
            last_page: None,
            pages: Duration::ZERO,
            at_once: false,
            attentive: true,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Submit(way) => self.submit(way, false).await,
            TheSameAgain(way) => self.submit(way, true).await,
            Burst(count, way) => self.burst(count, way).await,
            NextPage(page) => {
                self.next_page = Some(page);
                return;
            }
            Limit(slots) => self.limit(slots),
            Switch(to) => self.current = to % self.handles.len().max(1),
            CloneHandle => {
                if let Some(Handle { previews, caller }) = self.handles.get(self.current) {
                    let (previews, caller) = (previews.clone(), *caller);
                    self.handles.push(Handle { previews, caller });
                    self.current = self.handles.len() - 1;
                }
            }
            DropHandle => self.drop_handle(),
            OldestGivesUp => {
                let call = self.waiting.give_up_oldest();
                self.gave_up(call);
            }
            NewestGivesUp => {
                let call = self.waiting.give_up_newest();
                self.gave_up(call);
            }
            Rest(ms) => self.rest(Duration::from_millis(ms)).await,
            AtOnce => {
                self.at_once = true;
                return;
            }
            Inattentive(ms) => {
                self.story.tell("those who wait do not look for a while");
                self.attentive = false;
                self.books.open().callers_look(false);
                self.rest(Duration::from_millis(ms)).await;
                settle().await;
                return;
            }
        }
        if !std::mem::take(&mut self.at_once) {
            self.everybody_runs().await;
        }
        self.attentive = true;
    }

    /// Until all wait: the service, and its callers if they look.
    async fn everybody_runs(&mut self) {
        loop {
            let tasks = alive_tasks().await;
            self.books.open().tasks(tasks);
            if !self.attentive || !self.look().await {
                break;
            }
        }
        self.books.open().say_what_is_broken();
    }

    /// The callers that wait look whether their turn has come. Whether it had, for any of them.
    async fn look(&mut self) -> bool {
        let returned = self.waiting.look().await;
        let any = !returned.is_empty();
        let mut books = self.books.open();
        for (call, result) in returned {
            let words = books.returned(call, result);
            self.story.tell(words);
        }
        books.callers_look(self.attentive);
        any
    }

    /// A caller that waits looks before others come, unless nobody looks.
    async fn look_first(&mut self) {
        if self.attentive {
            self.look().await;
        }
    }

    /// Polls a call once, and leaves it waiting if it has to.
    async fn call(&mut self, way: Way, again: bool, page: Page) -> Option<usize> {
        let Handle { previews, caller } = self.handles.get(self.current)?;
        let (call, url) = {
            let mut books = self.books.open();
            let call = books.call(*caller, way, again, page);
            (call, books.url(call))
        };
        let future = submit(previews.clone(), url, way);
        let result = self.waiting.start(call, future).await;
        let mut books = self.books.open();
        match result {
            Some(result) => books.returned_at_once(call, result),
            None => books.waits(call),
        }
        Some(call)
    }

    async fn submit(&mut self, way: Way, again: bool) {
        self.look_first().await;
        let page = match self.last_page {
            Some(last) if again => last,
            _ => self.next_page.take().unwrap_or(self.page),
        };
        let affordable = self.affordable(page);
        // A page that costs too much is another page.
        let again = again && affordable == page;
        let page = affordable;
        if let Some(call) = self.call(way, again, page).await {
            let words = self.books.open().words(call);
            self.story.tell(words);
        }
        self.books.open().say_what_is_broken();
    }

    async fn burst(&mut self, count: usize, way: Way) {
        self.look_first().await;
        let (mut waiting, mut calls) = (0, Vec::new());
        for _ in 0..count {
            let page = self.affordable(QUICK);
            let Some(call) = self.call(way, false, page).await else {
                return;
            };
            calls.push(call);
            let mut books = self.books.open();
            if books.is_waiting(call) {
                waiting += 1;
                if count > 40 && waiting > 1 {
                    self.waiting.give_up_newest();
                    books.gave_up(call);
                }
            }
        }
        let words = self.books.open().words_of_many(&calls);
        self.story.tell(words);
        self.books.open().say_what_is_broken();
    }

    /// All pages together take no longer than what is left of the day.
    fn affordable(&mut self, page: Page) -> Page {
        let takes = |page| match page {
            Page::Takes(ms) | Page::PanicsAfter(ms) => Duration::from_millis(ms),
            Page::PanicsAtOnce => Duration::ZERO,
        };
        let page = match self.pages + takes(page) {
            all if all > PAGES => Page::Takes(0),
            _ => page,
        };
        self.pages += takes(page);
        self.last_page = Some(page);
        page
    }

    fn limit(&mut self, slots: usize) {
        // What becomes of a handle that is limited twice is up to the learner.
        let Some(unlimited) = self.handles.iter().find(|handle| handle.caller == 0) else {
            return;
        };
        let previews = unlimited.previews.limited_to(slots);
        let caller = self.books.open().limited_caller(slots);
        self.handles.push(Handle { previews, caller });
        self.current = self.handles.len() - 1;
        self.story.tell(format!(
            "{} is a handle that is limited to {slots}",
            books::name(caller)
        ));
    }

    fn drop_handle(&mut self) {
        if self.current < self.handles.len() {
            let Handle { caller, .. } = self.handles.remove(self.current);
            self.current = 0;
            self.story.tell(match self.handles.len() {
                0 => "the last handle is dropped".to_owned(),
                _ => format!("a handle of {} is dropped", books::name(caller)),
            });
        }
    }

    fn gave_up(&mut self, call: Option<usize>) {
        if let Some(call) = call {
            let words = self.books.open().gave_up(call);
            self.story.tell(words);
        }
    }

    async fn rest(&mut self, duration: Duration) {
        if self.story.now() + duration > RESTS {
            return;
        }
        self.pass(duration).await;
    }

    async fn pass(&mut self, duration: Duration) {
        if !duration.is_zero() {
            self.story.tell(format!("({} pass)", at_time(duration)));
        }
        if self.attentive {
            self.look().await;
        }
        // In longer and longer pieces: whoever ticks is found out before hours of ticks are played.
        let (mut left, mut piece) = (duration, Duration::from_secs(60));
        while !left.is_zero() {
            let passes = left.min(piece);
            let happened = self.books.open().happened();
            let wake_ups = wake_ups_so_far();
            self.pass_at_once(passes).await;
            let wake_ups = wake_ups_so_far() - wake_ups;
            let mut books = self.books.open();
            books.woke_up(passes, wake_ups, happened);
            books.say_what_is_broken();
            left -= passes;
            piece *= 8;
        }
    }

    async fn pass_at_once(&mut self, duration: Duration) {
        if !self.attentive {
            return sleep(duration).await;
        }
        let (books, story) = (self.books.clone(), self.story.clone());
        self.waiting
            .rest(duration, |call, result| {
                let words = books.open().returned(call, result);
                story.tell(words);
            })
            .await;
    }

    async fn end(mut self) {
        self.handles.clear();
        self.story.tell("all handles are dropped");
        self.attentive = true;
        self.everybody_runs().await;
        self.pass(self.pages + Duration::from_secs(60)).await;
        self.everybody_runs().await;
        self.books.open().end();
    }
}

async fn submit(previews: PreviewsHandle, url: Url, way: Way) -> Result<(), Refused<Url>> {
    match way {
        Way::Submit => {
            let result = previews.submit(url.clone()).await;
            result.map_err(|Closed| Refused::Closed(url))
        }
        Way::Try => previews.try_submit(url),
        Way::Within(longest) => previews.submit_within(url, longest).await,
    }
}

/// A web site that writes down what is fetched.
fn site(books: Shared) -> Fetch {
    Fetch::new(move |url| {
        let page = books.open().begins(&url);
        let fetch = Fetching {
            books: books.clone(),
            url,
            done: false,
        };
        if matches!(page, Page::PanicsAtOnce) {
            panic!("{} (as it was to)", books::PANICS);
        }
        async move {
            match page {
                Page::Takes(0) | Page::PanicsAtOnce => {}
                Page::Takes(ms) => sleep(Duration::from_millis(ms)).await,
                Page::PanicsAfter(ms) => {
                    sleep(Duration::from_millis(ms)).await;
                    panic!("{} (as it was to)", books::PANICS);
                }
            }
            fetch.ends_well();
        }
    })
}

/// A fetch under way. Dropping it ends it.
struct Fetching {
    books: Shared,
    url: Url,
    done: bool,
}

impl Fetching {
    fn ends_well(mut self) {
        self.done = true;
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        let mut books = self.books.open();
        books.ends(&self.url, self.done, thread::panicking());
    }
}
