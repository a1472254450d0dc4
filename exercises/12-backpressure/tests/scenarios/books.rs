//! The books on what callers asked for and what came of it. They know what was promised, and say what is broken.

use super::Page;
use backpressure::{Refused, Url};
use harness::{Story, at_time};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

/// The first words of a panic that is meant to be.
pub const PANICS: &str = "the page panics";

/// Parts of the page.
const WAITS: &str = "Who waits, and who is refused";
const WORK: &str = "Work beside the mailbox";
const OWN: &str = "A bound for each caller";
const SPAWNING: &str = "Spawning is no way out";

/// What happens within so many milliseconds happens at once: timers have no finer grain.
const AT_ONCE: u64 = 3;

#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    Submit,
    Try,
    Within(Duration),
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Waits,
    Accepted,
    Refused,
    GaveUp,
}

struct Call {
    caller: usize,
    way: Way,
    link: usize,
    asked: Duration,
    /// Whether its caller had a slot of its own left when it asked: then it has waited for a shared one from the beginning.
    for_a_shared_slot: bool,
    state: State,
}

struct Link {
    page: Page,
    /// How many fetches of it began before the call that submitted it had returned.
    early: usize,
}

/// A caller: somebody with a handle of `limited_to` and its clones, or all the others together (number 0).
struct Caller {
    slots: usize,
    /// Links of it that wait for a worker.
    links: usize,
    /// Calls of it that wait for a slot, oldest first.
    calls: BTreeSet<usize>,
}

pub struct Books {
    story: Story,
    capacity: usize,
    workers: usize,
    callers: Vec<Caller>,
    /// Calls that have waited for a shared slot since they were made, oldest first. Each of them is also with its caller.
    shared_line: BTreeSet<usize>,
    calls: Vec<Call>,
    links: Vec<Link>,
    /// Links that wait for a worker, in the order in which they were accepted: that number, and their call.
    waiting: VecDeque<(usize, usize)>,
    accepted: usize,
    under_way: usize,
    /// Whether callers that wait look for their turn.
    callers_look: bool,
    /// All this holds since then, in milliseconds …
    since: u64,
    /// … and of the calls that were accepted, and of the links that were taken by a worker at that time, the newest.
    newest_call: Option<usize>,
    newest_taken: Option<(usize, usize)>,
    /// How many fetches have begun and ended, and how many calls have returned or given up.
    happened: usize,
    broken: Option<String>,
}

impl Books {
    pub fn new(story: Story, capacity: usize, workers: usize) -> Self {
        let mut books = Self {
            story,
            capacity,
            workers,
            callers: Vec::new(),
            shared_line: BTreeSet::new(),
            calls: Vec::new(),
            links: Vec::new(),
            waiting: VecDeque::new(),
            accepted: 0,
            under_way: 0,
            callers_look: true,
            since: 0,
            newest_call: None,
            newest_taken: None,
            happened: 0,
            broken: None,
        };
        books.limited_caller(usize::MAX);
        books
    }

    pub fn limited_caller(&mut self, slots: usize) -> usize {
        self.callers.push(Caller {
            slots,
            links: 0,
            calls: BTreeSet::new(),
        });
        self.callers.len() - 1
    }

    /// Writes down a call that is about to be made, and gives it a number.
    pub fn call(&mut self, caller: usize, way: Way, again: bool, page: Page) -> usize {
        if !again || self.links.is_empty() {
            self.links.push(Link { page, early: 0 });
        }
        let Caller {
            slots,
            links,
            ref calls,
        } = self.callers[caller];
        let for_a_shared_slot = links + calls.len() < slots;
        self.calls.push(Call {
            caller,
            way,
            link: self.links.len() - 1,
            asked: self.story.now(),
            for_a_shared_slot,
            state: State::GaveUp,
        });
        self.calls.len() - 1
    }

    pub fn url(&self, call: usize) -> Url {
        Url(format!(
            "https://example.org/Links/{}",
            self.calls[call].link + 1
        ))
    }

    pub fn waits(&mut self, call: usize) {
        self.time_passes();
        self.calls[call].state = State::Waits;
        let caller = self.calls[call].caller;
        self.callers[caller].calls.insert(call);
        if self.calls[call].for_a_shared_slot {
            self.shared_line.insert(call);
        }
    }

    pub fn is_waiting(&self, call: usize) -> bool {
        self.calls[call].state == State::Waits
    }

    pub fn gave_up(&mut self, call: usize) -> String {
        self.leaves(call, State::GaveUp);
        format!("{} gives up", self.subject(call))
    }

    /// Whether those who wait for a slot look for it from now on.
    pub fn callers_look(&mut self, look: bool) {
        self.time_passes();
        self.callers_look = look;
    }

    pub fn returned_at_once(&mut self, call: usize, result: Result<(), Refused<Url>>) {
        let Call { caller, way, .. } = self.calls[call];
        let Caller {
            slots,
            links,
            ref calls,
        } = self.callers[caller];
        let waiting = self.waiting.len();
        let free = self.workers - self.under_way.min(self.workers);
        let taken = format!(
            "{waiting} of {} slots were taken{}",
            self.capacity,
            match caller {
                0 => String::new(),
                _ => format!(", and {links} of the caller's own {slots}"),
            }
        );
        if result.is_ok() {
            // A link for which there is a worker may be said to wait no longer.
            let no_slot = |wait: usize, may: usize| wait >= may.saturating_add(free);
            // Those who wait and look have not got a slot. Those who do not look may have one, which is theirs.
            let others = self.shared_line.len();
            let in_line = self.shared_line.first().or(calls.first());
            if no_slot(waiting, self.capacity) || no_slot(links, slots) {
                self.broken(
                    WAITS,
                    format!(
                        "{} was accepted, and there was no slot for it: {taken}",
                        self.subject(call)
                    ),
                );
            } else if let Some(&first) = in_line
                && (self.callers_look
                    || no_slot(waiting + others, self.capacity)
                    || no_slot(links + calls.len(), slots))
            {
                self.broken(WAITS, format!(
                    "{} was accepted, and {}, who asked before, still waited for the same slot: callers stand in line",
                    self.subject(call),
                    self.subject(first)
                ));
            }
        } else if matches!(result, Err(Refused::Full(_)))
            && matches!(way, Way::Try | Way::Within(Duration::ZERO))
        {
            let all: usize = self.callers.iter().map(|caller| caller.calls.len()).sum();
            let promised = match self.callers_look {
                true => (0, 0),
                false => (all, calls.len()),
            };
            if waiting + promised.0 < self.capacity && links + promised.1 < slots {
                self.broken(
                    WAITS,
                    format!(
                        "{} was refused, and there was a slot for it: {taken}",
                        self.subject(call)
                    ),
                );
            }
        }
        self.returned(call, result);
    }

    /// A call is done. Words for that.
    pub fn returned(&mut self, call: usize, result: Result<(), Refused<Url>>) -> String {
        match result {
            Ok(()) => {
                self.in_time(call, "accepted");
                self.leaves(call, State::Accepted);
                self.accepted += 1;
                self.newest_call = self.newest_call.max(Some(call));
                let Call { caller, link, .. } = self.calls[call];
                if self.links[link].early > 0 {
                    self.links[link].early -= 1;
                } else {
                    self.waiting.push_back((self.accepted, call));
                    self.callers[caller].links += 1;
                }
            }
            Err(Refused::Full(url)) => {
                if url != self.url(call) {
                    self.broken(
                        WAITS,
                        format!(
                            "{} was refused, and {url:?} came back: the link comes back as it was",
                            self.subject(call)
                        ),
                    );
                }
                self.in_time(call, "refused");
                self.leaves(call, State::Refused);
            }
            Err(Refused::Closed(_)) => {
                self.broken(WORK, format!(
                    "{} was told that the service has ended. It runs as long as there is a handle, also when a fetch panics",
                    self.subject(call)
                ));
                self.leaves(call, State::Refused);
            }
        }
        self.words(call)
    }

    /// Whether a call returned when it was to.
    fn in_time(&mut self, call: usize, how: &str) {
        let Call { way, asked, .. } = self.calls[call];
        let Way::Within(longest) = way else { return };
        let waited = self.story.now() - asked;
        let late = waited > longest.saturating_add(Duration::from_millis(AT_ONCE));
        if how == "refused" && waited < longest || self.callers_look && late {
            self.broken(WAITS, format!(
                "{} was {how} after {}: it waits so long as its caller said, not more and not less",
                self.subject(call),
                at_time(waited)
            ));
        }
    }

    fn leaves(&mut self, call: usize, state: State) {
        self.time_passes();
        self.happened += 1;
        let caller = self.calls[call].caller;
        self.callers[caller].calls.remove(&call);
        self.shared_line.remove(&call);
        self.calls[call].state = state;
    }

    /// A fetch begins.
    pub fn begins(&mut self, url: &Url) -> Page {
        self.time_passes();
        self.happened += 1;
        let number = url.0.rsplit('/').next().and_then(|link| link.parse().ok());
        let link = number.unwrap_or(0_usize).wrapping_sub(1);
        let Some(&Link { page, .. }) = self.links.get(link) else {
            self.broken(WORK, format!("{url:?} is fetched, and nobody submitted it"));
            return Page::Takes(0);
        };
        self.under_way += 1;
        let mut waiting = self.waiting.iter();
        match waiting.position(|&(_, call)| self.calls[call].link == link) {
            Some(position) => {
                let taken = self.waiting.remove(position);
                self.newest_taken = self.newest_taken.max(taken);
                if let Some((_, call)) = taken {
                    self.callers[self.calls[call].caller].links -= 1;
                }
            }
            None => self.links[link].early += 1,
        }
        if self.under_way > self.workers {
            self.broken(
                WORK,
                format!(
                    "{} fetches are under way, and there are {} workers",
                    self.under_way, self.workers
                ),
            );
        }
        self.story
            .tell(format!("→ a worker takes link {}", link + 1));
        page
    }

    pub fn ends(&mut self, url: &Url, done: bool, panics: bool) {
        self.time_passes();
        self.happened += 1;
        self.under_way = self.under_way.saturating_sub(1);
        let link = url.0.rsplit('/').next().unwrap_or_default();
        self.story.tell(match (done, panics) {
            (true, _) => format!("→ link {link} is fetched"),
            (false, true) => format!("→ the fetch of link {link} panics"),
            (false, false) => format!("→ the fetch of link {link} is dropped"),
        });
        if !done && !panics {
            self.broken(WORK, format!(
                "the fetch of link {link} was dropped before its end: what was accepted is fetched, however long it takes"
            ));
        }
    }

    /// So many tasks are alive. Some for each worker, each link and each call that waits are all right.
    pub fn tasks(&mut self, alive: usize) {
        self.time_passes();
        let calls: usize = self.callers.iter().map(|caller| caller.calls.len()).sum();
        let links = self.waiting.len();
        if alive > 8 + 3 * (self.workers + links + calls) {
            self.broken(SPAWNING, format!(
                "{alive} tasks are alive, while {} workers have something to do, {links} links wait for one, and {calls} calls wait for a slot. \
                 What do the others wait for? Nothing bounds their number",
                self.under_way
            ));
        }
    }

    /// Looks at how things stood until now, if that was for some time: nobody was about to do anything then.
    fn time_passes(&mut self) {
        let now = u64::try_from(self.story.now().as_millis()).unwrap_or(u64::MAX);
        if now - self.since > AT_ONCE {
            self.check();
            (self.newest_call, self.newest_taken) = (None, None);
        }
        self.since = now;
    }

    fn check(&mut self) {
        let since = at_time(Duration::from_millis(self.since));
        let (waiting, capacity) = (self.waiting.len(), self.capacity);
        if waiting > capacity {
            return self.broken(
                WAITS,
                format!("{waiting} links waited for a worker at {since}, and {capacity} may"),
            );
        }
        if let Some(&(turn, call)) = self.waiting.front() {
            let link = self.link(call);
            if self.under_way < self.workers {
                return self.broken(WORK, format!(
                    "{link} was accepted and waited at {since}, while {} of {} workers had something to do",
                    self.under_way, self.workers
                ));
            }
            if let Some((_, later)) = self.newest_taken.filter(|&(taken, _)| taken > turn) {
                return self.broken(WORK, format!(
                    "a worker took {} at {since}, and {link}, which was accepted before it, still waited",
                    self.link(later)
                ));
            }
        }
        for caller in 0..self.callers.len() {
            self.check_caller(caller, &since);
        }
        if let Some(&first) = self.shared_line.first() {
            self.stands_in_line(first, |_| true, &since);
        }
    }

    /// Callers that look get their slots in the order in which they asked: the newest one that was accepted, if `same_line` says that
    /// it is one of this line, is no newer than the first that waits.
    fn stands_in_line(&mut self, first: usize, same_line: impl Fn(&Call) -> bool, since: &str) {
        let newest = (self.newest_call).filter(|&newest| {
            self.callers_look && newest > first && same_line(&self.calls[newest])
        });
        if let Some(newest) = newest {
            self.broken(WAITS, format!(
                "{} was accepted at {since}, and {}, who asked before, still waited for the same slot: callers stand in line",
                self.subject(newest),
                self.subject(first)
            ));
        }
    }

    /// So much has happened that may have needed a timer.
    pub fn happened(&self) -> usize {
        self.happened
    }

    /// The runtime woke up so often in this time, when so much had `happened` before it.
    pub fn woke_up(&mut self, time: Duration, wake_ups: u64, happened: usize) {
        let calls: usize = self.callers.iter().map(|caller| caller.calls.len()).sum();
        // What ended meanwhile, and what may have a timer still. Tokio moves a timer on a few times before it fires.
        let timers = self.happened - happened + calls + self.under_way;
        if wake_ups > 40 + 10 * timers as u64 {
            self.broken(WAITS, format!(
                "in {} the runtime woke up {wake_ups} times, and next to nothing happened: something looks again and again instead of waiting",
                at_time(time)
            ));
        }
    }

    fn check_caller(&mut self, caller: usize, since: &str) {
        let Caller {
            slots,
            links,
            ref calls,
        } = self.callers[caller];
        let waiting = self.waiting.len();
        let first = calls.first().copied();
        if links > slots {
            return self.broken(
                OWN,
                format!(
                    "{links} links of {} waited for a worker at {since}, and {slots} may",
                    name(caller)
                ),
            );
        }
        let Some(first) = first else { return };
        if self.callers_look && waiting < self.capacity && links < slots {
            return self.broken(WAITS, format!(
                "{} still waited at {since}, and there was a slot for it: {waiting} of {} were taken{}",
                self.subject(first),
                self.capacity,
                match caller {
                    0 => String::new(),
                    _ => format!(", and {links} of the caller's own {slots}"),
                }
            ));
        }
        self.stands_in_line(first, |newest| newest.caller == caller, since);
    }

    /// All handles are gone, and there was time for everything.
    pub fn end(&mut self) {
        self.time_passes();
        self.check();
        if let Some(call) = self.callers.iter().find_map(|caller| caller.calls.first()) {
            self.broken(
                WAITS,
                format!(
                    "{} still waits, long after there was a slot for it",
                    self.subject(*call)
                ),
            );
        }
        if let Some((_, call)) = self.waiting.front() {
            self.broken(
                WORK,
                format!("{} was accepted, and never fetched", self.link(*call)),
            );
        }
        if let Some(link) = self.links.iter().position(|link| link.early > 0) {
            self.broken(WAITS, format!(
                "link {} was fetched, and not accepted: its caller was refused or had given up, or it was fetched twice",
                link + 1
            ));
        }
        self.say_what_is_broken();
    }

    /// What was promised is in this part of the page.
    fn broken(&mut self, part: &str, promise: String) {
        self.broken
            .get_or_insert_with(|| format!("{promise}. (Page: \"{part}\")"));
    }

    /// # Panics
    /// When a promise is broken.
    pub fn say_what_is_broken(&self) {
        if let Some(promise) = &self.broken {
            panic!("{promise}");
        }
    }

    fn link(&self, call: usize) -> String {
        format!("link {}", self.calls[call].link + 1)
    }

    fn subject(&self, call: usize) -> String {
        let Call { caller, way, .. } = self.calls[call];
        let who = match caller {
            0 => String::new(),
            _ => format!("{}: ", name(caller)),
        };
        format!("{who}{} of {}", way.words(), self.link(call))
    }

    pub fn words(&self, call: usize) -> String {
        format!(
            "{}: {}",
            self.subject(call),
            match self.calls[call].state {
                State::Waits => "waits",
                State::Accepted => "accepted",
                State::Refused => "refused",
                State::GaveUp => "given up",
            }
        )
    }

    pub fn words_of_many(&self, calls: &[usize]) -> String {
        let [first, .., last] = *calls else {
            return String::new();
        };
        let mut words = format!("{} to {}: ", self.subject(first), self.calls[last].link + 1);
        let states = [
            (State::Accepted, "accepted"),
            (State::Refused, "refused"),
            (State::Waits, "wait"),
            (State::GaveUp, "waited and gave up"),
        ];
        let counts = states.iter().filter_map(|(state, name)| {
            let count = calls
                .iter()
                .filter(|&&call| self.calls[call].state == *state);
            match count.count() {
                0 => None,
                count => Some(format!("{count} {name}")),
            }
        });
        words.push_str(&counts.collect::<Vec<_>>().join(", "));
        words
    }
}

impl Way {
    fn words(self) -> String {
        match self {
            Self::Submit => "`submit`".to_owned(),
            Self::Try => "`try_submit`".to_owned(),
            Self::Within(Duration::MAX) => "`submit_within` (Duration::MAX)".to_owned(),
            Self::Within(longest) => format!("`submit_within` ({})", at_time(longest)),
        }
    }
}

/// Caller A, B, …
pub fn name(caller: usize) -> String {
    match caller {
        0 => "nobody in particular".to_owned(),
        _ => format!(
            "caller {}",
            char::from(b'A' + u8::try_from((caller - 1) % 26).unwrap_or(0))
        ),
    }
}
