//! accepted: a model of ten lines says what each answer has to be, and a long row of calls and pauses is compared with it. It finds more than cases that
//! somebody thought of; what it says when it fails is less clear.

use std::{cell::Cell, panic, sync::Once, time::Duration};
use tokio::{
    runtime::Handle,
    task::yield_now,
    time::{Instant, sleep, timeout},
};
use tokio_test::task;

/// Flood control: at most so many posts in a window of time. The exercise says what a right one promises.
pub trait Limiter: Send + Sync + Sized + 'static {
    fn new(posts: u32, per: Duration) -> Self;

    fn allow(&self) -> impl Future<Output = bool> + Send;
}

/// What a limiter has to answer.
struct Model {
    posts: u32,
    per: Duration,
    opened: Option<Instant>,
    made: u32,
}

impl Model {
    fn allow(&mut self) -> bool {
        if self.opened.is_none_or(|at| at.elapsed() > self.per) {
            (self.opened, self.made) = (Some(Instant::now()), 0);
        }
        let is_allowed = self.made < self.posts;
        self.made += u32::from(is_allowed);
        is_allowed
    }

    /// At the end of a window either answer is right.
    fn is_sure(&self) -> bool {
        self.opened.is_none_or(|at| at.elapsed() != self.per)
    }
}

/// # Panics
/// When `L` breaks a promise.
pub async fn suite<L: Limiter>() {
    let before = panics();
    // Tasks that spin would stop the clock: they are found before it has to move.
    drop(L::new(1, Duration::from_secs(1)));
    end().await;
    for posts in [1, 2, 3, 258] {
        compare::<L>(posts).await;
        end().await;
    }
    assert_eq!(panics(), before, "nothing panics");
}

async fn compare<L: Limiter>(posts: u32) {
    let per = Duration::from_millis(1000);
    let make = || {
        let model = Model {
            posts,
            per,
            opened: None,
            made: 0,
        };
        (L::new(posts, per), model)
    };
    let mut members = [make(), make()];
    let mut chance: u32 = 1;
    for step in 0..400 {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let dice = chance >> 16;
        let (limiter, model) = &mut members[(dice % 2) as usize];
        match dice / 2 % 8 {
            0 => sleep(Duration::from_millis(u64::from(dice % 700))).await,
            1 if step % 5 == 0 => sleep(100 * per).await,
            _ if !model.is_sure() => {}
            1 => {
                let mut call = task::spawn(limiter.allow());
                if call.poll().is_ready() {
                    model.allow();
                }
            }
            2 => {
                let mut call = task::spawn(limiter.allow());
                let early = (0..20).any(|_| call.poll().is_ready());
                // A caller that looked so often and was answered was answered rightly, or the next answers are wrong.
                let answer = if early {
                    None
                } else {
                    Some(answered(call).await)
                };
                let expected = model.allow();
                assert_eq!(
                    answer.unwrap_or(expected),
                    expected,
                    "step {step}, polled often"
                );
            }
            3 => {
                let expected = [model.allow(), model.allow()];
                let calls = (answered(limiter.allow()), answered(limiter.allow()));
                let (one, other) = tokio::join!(calls.0, calls.1);
                // Which of them is allowed is not promised.
                let count = |answers: [bool; 2]| answers.into_iter().filter(|&yes| yes).count();
                assert_eq!(count([one, other]), count(expected), "step {step}, both");
            }
            _ => {
                let expected = model.allow();
                assert_eq!(answered(limiter.allow()).await, expected, "step {step}");
            }
        }
    }
}

async fn answered(call: impl Future<Output = bool>) -> bool {
    let answer = timeout(Duration::from_secs(600), call).await;
    answer.expect("an answer needs no time")
}

async fn end() {
    for _ in 0..200 {
        yield_now().await;
    }
    let alive = Handle::current().metrics().num_alive_tasks();
    assert_eq!(alive, 0, "tasks are alive, and no limiter is");
}

/// How many panics there have been on this thread so far, those of spawned tasks included.
pub fn panics() -> usize {
    thread_local! {
        static HEARD: Cell<usize> = const { Cell::new(0) };
    }
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            HEARD.set(HEARD.get() + 1);
            before(info);
        }));
    });
    HEARD.get()
}
