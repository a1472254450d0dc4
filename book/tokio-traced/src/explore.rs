//! Other schedules: in which order tasks run that could run at the same time. Tokio's one-thread runtime takes them in the order in
//! which they were woken, always; several threads take them in any. Here a task that is to run may be put off, by a seeded
//! generator: it says Pending, and wakes itself. Only whole polls are put off, and one operation inside of them: a `send` may have its
//! slot, and be put off before its message is in the mailbox. So whatever happens here can happen on threads, too; and with the same
//! number it happens again.

use std::{
    cell::RefCell,
    mem,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
};

/// Of all threads that explore.
static POLLS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The schedule that this thread's runtime is in.
    static HERE: RefCell<Option<Schedule>> = const { RefCell::new(None) };
}

/// Tokio looks at the runtime's main future after each 61 polls of tasks: a task that waits for longer lets that one run, too.
const UNTIL_MAIN_RUNS: u32 = 64;

/// No task is put off for ever: one that looks again and again for what it is to do has to find it.
const MOST_POLLS: u64 = 10_000;

struct Schedule {
    seed: u64,
    how: How,
    tasks: u64,
    /// How often a `select!` has rolled the dice.
    rolls: u64,
    /// Polls so far, those that were put off included.
    polls: u64,
    /// Tasks that a panic has ended.
    panics: u64,
    /// The task that is polled now, and how often it was.
    running: Option<(u64, u64)>,
}

/// How a schedule decides. These two find what was found by any of seven that were tried, a level for each task among them.
enum How {
    /// Each poll is put off with a probability of 7/8: tasks that could run do so in any order.
    Shuffle,
    /// One task runs only when no other one could, for this many polls of its own.
    Last { task: u64, polls: u32 },
}

/// From now on, what is spawned on this thread runs in the schedule of this number.
pub fn begin(number: u64) {
    let seed = mix(number, 0);
    let how = match number % 3 {
        0 => How::Last {
            // Actors are among the first, callers come later.
            task: 1 + mix(seed, 1) % [2, 4, 16][mix(seed, 2) as usize % 3],
            polls: [1, UNTIL_MAIN_RUNS][mix(seed, 3) as usize % 2],
        },
        _ => How::Shuffle,
    };
    HERE.set(Some(Schedule {
        seed,
        how,
        tasks: 0,
        rolls: 0,
        polls: 0,
        panics: 0,
        running: None,
    }));
}

/// How many tasks of this thread's schedule a panic has ended so far. A panic hook does not hear of all: `resume_unwind` calls none.
pub fn panics() -> u64 {
    HERE.with_borrow(|here| here.as_ref().map_or(0, |here| here.panics))
}

/// Around a task's poll that is not put off.
pub(crate) struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        HERE.with_borrow_mut(|here| here.iter_mut().for_each(|here| here.running = None));
    }
}

/// Whether the task that runs is put off now, in the midst of a `send`: it has its slot, and its message is not in the mailbox yet. On threads,
/// somebody else may close the mailbox, or look into it, in between. What the runtime's main future sends is there at once.
pub(crate) fn puts_off_a_send() -> bool {
    HERE.with_borrow(|here| here.as_ref().is_some_and(Schedule::puts_off_a_send))
}

/// Puts off nothing inside of this part of a task's poll, if so.
pub(crate) fn all_of_it_if<R>(so: bool, poll: impl FnOnce() -> R) -> R {
    let running = |new| {
        HERE.with_borrow_mut(|here| {
            here.as_mut()
                .map(|here| mem::replace(&mut here.running, new))
        })
    };
    let before = so.then(|| running(None)).flatten();
    let result = poll();
    if let Some(before) = before {
        running(before);
    }
    result
}

/// Around a task's poll: counts the panic that leaves it.
pub(crate) struct Poll;

impl Drop for Poll {
    fn drop(&mut self) {
        if thread::panicking() {
            HERE.with_borrow_mut(|here| here.iter_mut().for_each(|here| here.panics += 1));
        }
    }
}

/// How often tasks of this process were polled or put off in the schedules so far: what they cost, the same at every run.
pub fn polls() -> u64 {
    POLLS.load(Relaxed)
}

/// A task's part in a schedule.
pub(crate) struct Turns {
    task: u64,
    polls: u64,
    /// So many polls of this thread there were when this task was put off last.
    put_off: Option<u64>,
    /// So often was it put off in a row although no other one could run.
    alone: u32,
}

impl Turns {
    /// For a task that is spawned here; `None` where nobody explores.
    pub fn take() -> Option<Self> {
        HERE.with_borrow_mut(|here| {
            let here = here.as_mut()?;
            here.tasks += 1;
            Some(Self {
                task: here.tasks,
                polls: 0,
                put_off: None,
                alone: 0,
            })
        })
    }

    /// Whether the task, which is to be polled now, comes later.
    pub fn puts_off(&mut self) -> bool {
        HERE.with_borrow_mut(|here| here.as_mut().is_some_and(|here| self.comes_later(here)))
    }

    fn comes_later(&mut self, here: &mut Schedule) -> bool {
        self.polls += 1;
        here.polls += 1;
        POLLS.fetch_add(1, Relaxed);
        let later = self.is_late(here);
        here.running = (!later).then_some((self.task, self.polls));
        later
    }

    fn is_late(&mut self, here: &Schedule) -> bool {
        match here.how {
            How::Shuffle => !here.draw(self.task, self.polls).is_multiple_of(8),
            How::Last { task, polls } if task == self.task && self.polls < MOST_POLLS => {
                // The queue goes round: every other task that could run was polled since this one was.
                self.alone = match self.put_off {
                    Some(before) if before + 1 == here.polls => self.alone + 1,
                    _ => 0,
                };
                let later = self.alone < polls;
                self.put_off = later.then_some(here.polls);
                later
            }
            How::Last { .. } => false,
        }
    }
}

/// Which of so many sides falls; `None` where nobody explores.
pub(crate) fn roll(sides: u32) -> Option<u32> {
    HERE.with_borrow_mut(|here| {
        let here = here.as_mut()?;
        here.rolls += 1;
        Some((here.draw(0, here.rolls) % u64::from(sides.max(1))) as u32)
    })
}

impl Schedule {
    /// Whether the task that runs is put off between the slot and the message of what it sends.
    fn puts_off_a_send(&self) -> bool {
        let Some((running, polls)) = self.running else {
            return false;
        };
        match self.how {
            How::Shuffle => self.draw(running, u64::MAX - 1 - polls).is_multiple_of(4),
            How::Last { task, .. } => task == running && polls < MOST_POLLS,
        }
    }

    /// A number that depends on nothing else: what one task does moves no other one's numbers.
    fn draw(&self, task: u64, count: u64) -> u64 {
        mix(self.seed ^ task.rotate_left(32), count)
    }
}

/// SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
fn mix(seed: u64, count: u64) -> u64 {
    let mut z = seed.wrapping_add((count + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
