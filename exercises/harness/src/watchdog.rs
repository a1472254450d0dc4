//! Ends what no time-out inside the runtime can see: a loop that never waits, a blocked thread. It looks at the test's
//! thread from outside, and tells the two apart by the CPU time that the thread uses (on Linux; elsewhere it goes by the clock, and by
//! what the runtime says of itself).

use std::{
    env,
    time::{Duration, Instant},
};
use tokio::runtime::RuntimeMetrics;

/// How long a test may go on without a sign of life.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// CPU time without the runtime going idle once. A test of ours needs some milliseconds.
    pub spinning: Duration,
    /// CPU time altogether.
    pub busy: Duration,
    /// Time during which the thread does nothing at all.
    pub blocked: Duration,
    /// Whether to look at the thread's CPU time, where the system shows it.
    pub by_cpu: bool,
}

impl Limits {
    /// 2 s spinning, 10 s busy, 5 s blocked. `HARNESS_PATIENCE=3` makes each three times as long, for slow machines; the harness's own
    /// tests make them shorter.
    pub fn from_env() -> Self {
        let patience = env::var("HARNESS_PATIENCE")
            .ok()
            .and_then(|p| p.parse().ok());
        let patience = patience
            .filter(|&p: &f64| (0.1..=1000.0).contains(&p))
            .unwrap_or(1.0);
        Self {
            spinning: Duration::from_secs(2).mul_f64(patience),
            busy: Duration::from_secs(10).mul_f64(patience),
            blocked: Duration::from_secs(5).mul_f64(patience),
            by_cpu: true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// Tasks are woken again and again, and none of them ever has to wait.
    SpinsYielding,
    /// One task does not come back from its poll.
    SpinsInOnePoll,
    /// It waits now and then, and still never gets anywhere.
    Busy,
    /// The thread sleeps, outside of the runtime's own waiting.
    Blocked,
    /// The runtime waits, and its clock does not move.
    StandsStill,
    /// It spins in one poll, or is blocked: without the CPU time there is no way to tell.
    Unknown,
}

/// What was seen of the test's thread at one moment.
struct Look {
    at: Instant,
    cpu: Option<Cpu>,
    /// How often the runtime went idle, and came back from it: odd while it is idle.
    turns: u64,
    busy: Duration,
}

pub(crate) struct Watchdog {
    limits: Limits,
    thread: Option<String>,
    metrics: RuntimeMetrics,
    last: Look,
    /// For how long the thread has done nothing at all; without its CPU time: for how long the runtime has not gone idle or come back from it.
    idle: Duration,
    /// For how long it has slept in one turn of the runtime, short looks around included.
    asleep: Duration,
    /// CPU time when the runtime last went idle.
    cpu_at_park: Duration,
    /// The runtime's own measure of work done at that moment: grows only between polls.
    busy_at_park: Duration,
}

impl Watchdog {
    /// `thread` is what [`current_thread`] said on the thread to watch.
    pub fn new(limits: Limits, thread: Option<String>, metrics: RuntimeMetrics) -> Self {
        let last = look(thread.as_deref(), &metrics);
        let cpu_at_park = last.cpu.map_or(Duration::ZERO, |cpu| cpu.used);
        let busy_at_park = last.busy;
        Self {
            limits,
            thread,
            metrics,
            last,
            idle: Duration::ZERO,
            asleep: Duration::ZERO,
            cpu_at_park,
            busy_at_park,
        }
    }

    pub fn alive_tasks(&self) -> usize {
        self.metrics.num_alive_tasks()
    }

    /// Looks once; to be called every few milliseconds.
    pub fn look(&mut self) -> Option<Stuck> {
        let now = look(self.thread.as_deref(), &self.metrics);
        let elapsed = now.at - self.last.at;
        let parked = now.turns != self.last.turns;
        let is_parked = now.turns % 2 == 1;
        let stuck = match (now.cpu, self.last.cpu) {
            (Some(cpu), Some(before)) => {
                if parked {
                    self.cpu_at_park = cpu.used;
                    self.busy_at_park = now.busy;
                }
                // A thread that wants to run and is not let run (a busy machine) is not idle.
                if cpu.used == before.used && !cpu.runnable {
                    self.idle += elapsed;
                    self.asleep += elapsed;
                } else {
                    self.idle = Duration::ZERO;
                    // A thread that sleeps a millisecond and looks, again and again, is seen awake now and then.
                    self.asleep = self.asleep.saturating_sub(2 * elapsed);
                }
                if parked || is_parked {
                    self.asleep = Duration::ZERO;
                }
                if cpu.used.saturating_sub(self.cpu_at_park) > self.limits.spinning {
                    let comes_back = now.busy > self.busy_at_park;
                    Some(if comes_back {
                        Stuck::SpinsYielding
                    } else {
                        Stuck::SpinsInOnePoll
                    })
                } else if cpu.used > self.limits.busy {
                    Some(Stuck::Busy)
                } else if is_parked {
                    (self.idle > self.limits.blocked).then_some(Stuck::StandsStill)
                } else {
                    let still = self.idle.max(self.asleep);
                    (still > self.limits.blocked).then_some(Stuck::Blocked)
                }
            }
            _ => {
                if parked {
                    self.idle = Duration::ZERO;
                    self.busy_at_park = now.busy;
                } else {
                    self.idle += elapsed;
                }
                // On a busy machine, what takes a second of CPU time takes several by the clock.
                if now.busy > 2 * self.limits.busy {
                    Some(Stuck::Busy)
                } else if self.idle <= self.limits.blocked {
                    None
                } else if is_parked {
                    Some(Stuck::StandsStill)
                } else if now.busy > self.busy_at_park {
                    Some(Stuck::SpinsYielding)
                } else {
                    Some(Stuck::Unknown)
                }
            }
        };
        self.last = now;
        stuck
    }
}

fn look(thread: Option<&str>, metrics: &RuntimeMetrics) -> Look {
    Look {
        at: Instant::now(),
        cpu: thread.and_then(cpu_of),
        turns: metrics.worker_park_unpark_count(0),
        busy: metrics.worker_total_busy_duration(0),
    }
}

#[derive(Clone, Copy)]
struct Cpu {
    used: Duration,
    runnable: bool,
}

/// The calling thread's folder under `/proc`; `None` where there is no such thing.
pub(crate) fn current_thread() -> Option<String> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    Some(link.to_str()?.to_owned())
}

/// State and CPU time of a thread, from `/proc/PID/task/TID/stat` (see proc_pid_stat(5): fields 3, 14 and 15).
fn cpu_of(thread: &str) -> Option<Cpu> {
    // Linux reports these in USER_HZ, which is 100 a second for every program.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string(format!("/proc/{thread}/stat")).ok()?;
    // The second field is the name in brackets, which may contain anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let runnable = fields.next()? == "R";
    let user: u32 = fields.nth(10)?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(Cpu {
        used: TICK * user.saturating_add(system),
        runnable,
    })
}
