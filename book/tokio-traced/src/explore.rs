//! Other schedules: in which order tasks that could run do run. Tokio's one-thread runtime takes them in the order in which they
//! were woken, always; several threads take them in any. Here a task that is to run may be put off, by a seeded generator: it says
//! Pending, and wakes itself. Only whole polls are put off, never an operation inside of one, so whatever happens can happen
//! on threads, too; and it happens again with the same number.

use std::cell::RefCell;

thread_local! {
    /// The schedule that this thread's runtime is in.
    static HERE: RefCell<Option<Schedule>> = const { RefCell::new(None) };
}

/// A task gets ahead of a lower one whenever both could run.
const LEVELS: usize = 4;

/// So often is a task put off in a row, although no other one could run, where the runtime's main future is to get ahead of it as
/// well: Tokio looks at that one after 61 polls.
const LET_MAIN_RUN: u32 = 64;

/// So often are tasks put off for their level in one schedule: a thousand of them, each behind all others, would take a million.
const PUT_OFF: u64 = 10_000;

struct Schedule {
    seed: u64,
    how: How,
    tasks: u64,
    /// How often a `select!` has rolled the dice.
    rolls: u64,
    /// Polls so far.
    now: u64,
    /// When a task of this level could run last.
    seen: [u64; LEVELS],
}

/// How a schedule decides. Each finds faults that the others miss.
enum How {
    /// A coin for each poll.
    Coin,
    /// A level for each task, drawn anew now and then; a task runs when none of a higher one could.
    Levels { let_main_run: bool },
}

/// Explores on this thread from now on: what is spawned here runs in the schedule of this number.
pub fn begin(number: u64) {
    HERE.set(Some(Schedule {
        seed: mix(number, 0),
        how: match number % 3 {
            0 | 1 => How::Coin,
            _ => How::Levels {
                let_main_run: mix(number, 1).is_multiple_of(2),
            },
        },
        tasks: 0,
        rolls: 0,
        now: 0,
        seen: [0; LEVELS],
    }));
}

/// A task's part in it.
pub(crate) struct Turns {
    task: u64,
    /// Its polls so far.
    polls: u64,
    level: usize,
    /// It is put off since then.
    since: Option<u64>,
    in_a_row: u32,
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
                level: here.draw(here.tasks, 0) as usize % LEVELS,
                since: None,
                in_a_row: 0,
            })
        })
    }

    /// Whether the task, which is to be polled now, comes later.
    pub fn puts_off(&mut self) -> bool {
        HERE.with_borrow_mut(|here| here.as_mut().is_some_and(|here| self.later(here)))
    }

    fn later(&mut self, here: &mut Schedule) -> bool {
        self.polls += 1;
        let dice = here.draw(self.task, self.polls);
        match here.how {
            How::Coin => dice.is_multiple_of(2),
            How::Levels { let_main_run } => {
                here.now += 1;
                here.seen[self.level] = here.now;
                let late = match self.since {
                    _ if here.now > PUT_OFF => false,
                    None => true,
                    Some(since) => {
                        let others = here.seen[self.level + 1..].iter().any(|&seen| seen > since);
                        self.in_a_row = if others { 0 } else { self.in_a_row + 1 };
                        others || (let_main_run && self.in_a_row < LET_MAIN_RUN)
                    }
                };
                self.since = late.then_some(here.now);
                if !late {
                    self.in_a_row = 0;
                    if dice.is_multiple_of(16) {
                        self.level = (dice >> 8) as usize % LEVELS;
                    }
                }
                late
            }
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
