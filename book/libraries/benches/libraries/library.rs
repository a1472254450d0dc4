//! The same actor on each library, for the measurements.

use actor_libraries::*;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
    task::{LocalSet, spawn_local},
};

/// What is measured.
#[derive(Clone, Copy)]
pub enum What {
    /// One ask after the other.
    Ask,
    /// Tells, until the actor has handled all of them.
    Tell,
    /// An actor is started, answers once, and ends.
    Start,
}

/// What gives out numbers.
pub trait Library: 'static {
    const NAME: &'static str;

    /// Whether there is a tell that is not an ask.
    const TELLS: bool = true;

    /// Whether its actors run on any thread.
    const ON_MANY_THREADS: bool = true;

    /// The package, its version and features for a project that has nothing else; and the module of the listing. `None`: the package is not
    /// built by itself.
    const PACKAGE: Option<(&'static str, &'static str, &'static str)>;

    type Handle: 'static;

    fn start() -> impl Future<Output = Self::Handle>;

    fn ask(handle: &Self::Handle) -> impl Future<Output = u64>;

    fn tell(handle: &Self::Handle) -> impl Future<Output = ()>;

    /// Ends the actor. It need not have ended when this returns.
    fn end(handle: Self::Handle) -> impl Future<Output = ()> {
        async move { drop(handle) }
    }

    /// How long so many take. The caller is a task like the actor, and not the future of `block_on`: that is measured in `pays`.
    fn measure(runtime: &Runtime, what: What, times: u64) -> Duration;
}

/// Not a generic function: whether a future is Send is known only where its type is.
macro_rules! operation {
    ($what:expr, $times:expr) => {
        async move {
            let start = Instant::now();
            if let What::Start = $what {
                for _ in 0..$times {
                    let actor = Self::start().await;
                    black_box(Self::ask(&actor).await);
                    Self::end(actor).await;
                }
                return start.elapsed();
            }
            let actor = Self::start().await;
            let start = Instant::now();
            match $what {
                What::Tell => {
                    for _ in 0..$times {
                        Self::tell(&actor).await;
                    }
                    black_box(Self::ask(&actor).await);
                }
                _ => {
                    for _ in 0..$times {
                        black_box(Self::ask(&actor).await);
                    }
                }
            }
            let took = start.elapsed();
            Self::end(actor).await;
            took
        }
    };
}

macro_rules! measure_in_a_task {
    () => {
        fn measure(runtime: &Runtime, what: What, times: u64) -> Duration {
            let task = runtime.spawn(operation!(what, times));
            runtime.block_on(task).expect("nothing panics")
        }
    };
}

macro_rules! measure_in_a_local_set {
    () => {
        fn measure(runtime: &Runtime, what: What, times: u64) -> Duration {
            LocalSet::new().block_on(runtime, async {
                let task = spawn_local(operation!(what, times));
                task.await.expect("nothing panics")
            })
        }
    };
}

/// A library whose handle is made by `new()`.
macro_rules! library {
    ($library:ident, $name:literal, $module:ident, $package:expr) => {
        pub struct $library;

        impl Library for $library {
            const NAME: &'static str = $name;
            const PACKAGE: Option<(&'static str, &'static str, &'static str)> = $package;
            type Handle = $module::SequencerHandle;

            async fn start() -> Self::Handle {
                $module::SequencerHandle::new()
            }

            async fn ask(handle: &Self::Handle) -> u64 {
                handle.next_number().await
            }

            async fn tell(handle: &Self::Handle) {
                handle.skip(1).await;
            }

            measure_in_a_task!();
        }
    };
}

const TOKIO: &str =
    r#"tokio = { version = "1", default-features = false, features = ["rt", "sync"] }"#;

library!(
    ByHand,
    "by hand",
    by_hand,
    Some(("tokio", TOKIO, include_str!("../../src/by_hand.rs")))
);
library!(
    Kameo,
    "kameo",
    on_kameo,
    Some((
        "kameo",
        r#"kameo = "0.22.2""#,
        include_str!("../../src/on_kameo.rs")
    ))
);
library!(
    Rsactor,
    "rsactor",
    on_rsactor,
    Some((
        "rsactor",
        r#"rsactor = "0.17.0""#,
        include_str!("../../src/on_rsactor.rs")
    ))
);
library!(
    Xtra,
    "xtra",
    on_xtra,
    Some((
        "xtra",
        r#"xtra = { version = "0.6.0", features = ["macros", "tokio"] }"#,
        include_str!("../../src/on_xtra.rs")
    ))
);

/// A channel and a loop, with no handle, no enum and no struct around them: the floor.
pub struct Raw;

impl Library for Raw {
    const NAME: &'static str = "a bare loop";
    const PACKAGE: Option<(&'static str, &'static str, &'static str)> = None;
    type Handle = mpsc::Sender<Option<oneshot::Sender<u64>>>;

    async fn start() -> Self::Handle {
        let (sender, mut mailbox) = mpsc::channel::<Option<oneshot::Sender<u64>>>(64);
        tokio::spawn(async move {
            let mut last = 0;
            while let Some(reply) = mailbox.recv().await {
                last += 1;
                if let Some(reply) = reply {
                    let _ = reply.send(last);
                }
            }
        });
        sender
    }

    async fn ask(handle: &Self::Handle) -> u64 {
        let (reply, number) = oneshot::channel();
        let _ = handle.send(Some(reply)).await;
        number.await.expect("the loop is there")
    }

    async fn tell(handle: &Self::Handle) {
        handle.send(None).await.expect("the loop is there");
    }

    measure_in_a_task!();
}

/// By hand where actix runs, caller and actor in one `LocalSet`; and as there, an ask takes a slot that is free without the wait of `send`.
pub struct Local;

impl Library for Local {
    const NAME: &'static str = "by hand, in a `LocalSet`, `try_send` first";
    const ON_MANY_THREADS: bool = false;
    const PACKAGE: Option<(&'static str, &'static str, &'static str)> = None;
    type Handle = by_hand::SequencerHandle;

    async fn start() -> Self::Handle {
        by_hand::SequencerHandle::local()
    }

    async fn ask(handle: &Self::Handle) -> u64 {
        handle.next_number_tried_first().await
    }

    async fn tell(handle: &Self::Handle) {
        handle.skip(1).await;
    }

    measure_in_a_local_set!();
}

/// `tower`'s buffer, which has no tell.
pub struct Tower;

impl Library for Tower {
    const NAME: &'static str = "tower's `Buffer`";
    const TELLS: bool = false;
    const PACKAGE: Option<(&'static str, &'static str, &'static str)> = Some((
        "tower",
        r#"tower = { version = "0.5.3", default-features = false, features = ["buffer", "util"] }"#,
        include_str!("../../src/service.rs"),
    ));
    type Handle = service::SequencerHandle;

    async fn start() -> Self::Handle {
        service::SequencerHandle::new()
    }

    async fn ask(handle: &Self::Handle) -> u64 {
        handle.next_number().await
    }

    async fn tell(_: &Self::Handle) {}

    measure_in_a_task!();
}

/// Its actors are local to a thread, and a tell that waits for a slot is an ask.
pub struct Actix;

impl Library for Actix {
    const NAME: &'static str = "actix";
    const TELLS: bool = false;
    const ON_MANY_THREADS: bool = false;
    const PACKAGE: Option<(&'static str, &'static str, &'static str)> = Some((
        "actix",
        r#"actix = "0.13.5""#,
        include_str!("../../src/on_actix.rs"),
    ));
    type Handle = on_actix::SequencerHandle;

    async fn start() -> Self::Handle {
        on_actix::SequencerHandle::new()
    }

    async fn ask(handle: &Self::Handle) -> u64 {
        handle.next_number().await
    }

    async fn tell(_: &Self::Handle) {}

    measure_in_a_local_set!();
}

/// Its mailbox has no bound, and its actor has to be stopped.
pub struct Ractor;

impl Library for Ractor {
    const NAME: &'static str = "ractor";
    const PACKAGE: Option<(&'static str, &'static str, &'static str)> = Some((
        "ractor",
        r#"ractor = "0.16.5""#,
        include_str!("../../src/on_ractor.rs"),
    ));
    type Handle = on_ractor::SequencerHandle;

    async fn start() -> Self::Handle {
        on_ractor::SequencerHandle::new().await.0
    }

    async fn ask(handle: &Self::Handle) -> u64 {
        handle.next_number().await
    }

    async fn tell(handle: &Self::Handle) {
        handle.skip(1);
    }

    async fn end(handle: Self::Handle) {
        handle.stop();
    }

    measure_in_a_task!();
}
