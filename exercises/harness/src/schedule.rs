//! In which schedules a test runs. Plain `cargo test` knows one: the order in which Tokio's one-thread runtime takes its tasks.
//! `cargo course explore` compiles this harness with the feature `schedules` against `book/tokio-traced`, where a task that could run
//! may be put off: [`check`](crate::check) then runs its body in one schedule after another, until one is red.

#[cfg(feature = "schedules")]
pub use explored::one_schedule;
#[cfg(feature = "schedules")]
pub(crate) use explored::{Schedule, each, panics, skip_to};

/// Says that only the usual schedule makes sense for this test, and why. To be called before [`check`](crate::check).
#[cfg(not(feature = "schedules"))]
pub fn one_schedule(_reason: &str) {}

/// Runs a test in each schedule that is asked for, up to the first one that fails.
#[cfg(not(feature = "schedules"))]
pub(crate) fn each<E>(mut run: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    run()
}

/// Lets the next body run in this one of those that are asked for, or of those after them, counted from 0.
#[cfg(not(feature = "schedules"))]
pub(crate) fn skip_to(_index: u32) {}

/// How many tasks of the body that runs on this thread a panic has ended, as far as somebody counts.
#[cfg(not(feature = "schedules"))]
pub(crate) fn panics() -> u64 {
    0
}

/// The schedule of one body.
#[cfg(not(feature = "schedules"))]
pub(crate) struct Schedule;

#[cfg(not(feature = "schedules"))]
impl Schedule {
    /// The one that is at hand on the test's own thread.
    pub fn next() -> Self {
        Self
    }

    /// Whatever is spawned on this thread from now on runs in it.
    pub fn begin(self) {}
}

#[cfg(feature = "schedules")]
mod explored {
    use std::{cell::Cell, env, fs, ops::Range};
    pub(crate) use tokio::explore::panics;

    /// Which schedules, by their numbers: "1..201". Without it, it is the usual one.
    const NUMBERS: &str = "HARNESS_SCHEDULES";

    /// Names a file that says which schedule was begun last, however badly it ended.
    const LAST: &str = "HARNESS_SCHEDULE_FILE";

    /// For each so many polls that a body takes, one of the next schedules is left out.
    const MANY_POLLS: u64 = 5_000;

    /// From this schedule on, it is five times as many that are left out: thousands are for authors, who run all tests in them.
    const THOUSANDS: u64 = 201;

    thread_local! {
        static CHECKS: Cell<u64> = const { Cell::new(0) };
        /// A body that nobody has chosen a schedule for takes the one after the last.
        static NEXT: Cell<Option<u64>> = const { Cell::new(None) };
        static ONLY_ONE: Cell<bool> = const { Cell::new(false) };
    }

    fn numbers() -> Option<Range<u64>> {
        let numbers = env::var(NUMBERS).ok().filter(|_| !ONLY_ONE.get())?;
        let (first, end) = numbers.split_once("..")?;
        Some(first.parse().ok()?..end.parse().ok()?)
    }

    pub(crate) fn each<E>(mut run: impl FnMut() -> Result<(), E>) -> Result<(), E> {
        let Some(numbers) = numbers() else {
            return run();
        };
        // A test that checks the same 64 times does not need 64 times as many schedules: its n-th check takes each n-th of them.
        let check = CHECKS.get() + 1;
        CHECKS.set(check);
        let mut next = numbers.start;
        for number in numbers.filter(|number| number % check == 0) {
            if number < next {
                continue;
            }
            NEXT.set(Some(number));
            let before = tokio::explore::polls();
            run()?;
            let many = MANY_POLLS / if number < THOUSANDS { 1 } else { 5 };
            next = number + 1 + (tokio::explore::polls() - before) / many;
        }
        Ok(())
    }

    pub(crate) fn skip_to(index: u32) {
        NEXT.set(numbers().map(|numbers| numbers.start + u64::from(index)));
    }

    pub fn one_schedule(_reason: &str) {
        ONLY_ONE.set(true);
    }

    pub(crate) struct Schedule(Option<u64>);

    impl Schedule {
        pub fn next() -> Self {
            let number = numbers().map(|numbers| NEXT.get().unwrap_or(numbers.start));
            NEXT.set(number.map(|number| number + 1));
            Self(number)
        }

        pub fn begin(self) {
            // What this body tries runs in the same one.
            NEXT.set(self.0);
            let Some(number) = self.0 else { return };
            if let Some(file) = env::var_os(LAST) {
                // An error leaves the number unknown, and the verdict as it is.
                let _ = fs::write(file, number.to_string());
            }
            tokio::explore::begin(number);
        }
    }
}
