//! `cargo course` without a command: puts the actors together. Who tells whom:
//!
//! ```text
//! watcher ──> checker ──> progress ──> pages and terminal (they watch)
//!    │           ^           ^
//!    │           └─ server ──┘
//!    └────> publisher <─┘
//! ```
//!
//! No arrow leads back, so nobody can wait for somebody who waits for them, and when the server ends, the handles are
//! dropped and all actors end.

pub mod book;
pub mod checker;
pub mod hosts;
pub mod publisher;
pub mod serve;
pub mod watcher;

use crate::{
    check::{
        self,
        meanwhile::Meanwhile,
        progress::ProgressHandle,
        settings::{CargoWords, Settings},
        status::Status,
    },
    error::Error,
    live::{
        checker::{CheckerHandle, Leisure},
        hosts::Host,
        publisher::PublisherHandle,
        serve::Site,
        watcher::{Place, WatcherHandle, What},
    },
    stand_in::{explore, who_waits::Recorder},
    terminal::{self, Detail, Verdict},
    workspace::{Exercise, Workspace},
};
use std::{collections::HashSet, future, sync::Arc};
use tokio::{net::TcpListener, select, sync::watch, task::spawn_blocking};

/// What the keys in the terminal need to steer the program.
#[derive(Clone, Debug)]
pub struct Live {
    /// The whole course.
    pub workspace: Arc<Workspace>,
    /// Its exercises, by their numbers.
    pub exercises: Arc<[Exercise]>,
    /// Knows how they stand.
    pub progress: ProgressHandle,
    /// Runs their tests.
    pub checker: CheckerHandle,
    /// Which of them was saved last; `None`: none since the program began.
    pub saved: watch::Receiver<Option<usize>>,
    /// Where the book is served: "http://127.0.0.1:3000".
    pub url: String,
}

/// Serves the book on `port` (or the next free one), also under the names `hosts`, and checks what is saved, until
/// `steer` ends or the future is dropped.
///
/// # Errors
/// No port is free, or the server ends by an error.
pub async fn run<S: Future<Output = ()>>(
    workspace: Workspace,
    port: u16,
    hosts: Vec<Host>,
    steer: impl FnOnce(Live) -> S,
) -> Result<(), Error> {
    begin(&workspace);
    let workspace = Arc::new(workspace);
    let listener = serve::bind(port).await?;
    let address = address(&listener)?;

    let progress = ProgressHandle::new(workspace.exercises.iter().map(waiting).collect());
    // The checks tell what they saw before and after the tests ran; the watcher looks, and nobody waits.
    let (meanwhile_sender, meanwhile) = watch::channel(Meanwhile::default());
    let (asked_sender, asked) = watch::channel(HashSet::new());
    let checker = checker(&workspace, &progress, meanwhile_sender, asked_sender);
    // The port is ours alone, so is the folder with its number.
    let folder = workspace.course_folder().join(address.port().to_string());
    let publisher = PublisherHandle::new(workspace.root.join("book"), folder);

    terminal::say("building the book …");
    publisher.rebuild();
    publisher.tried(1).await;
    if port != 0 && port != address.port() {
        terminal::say(format_args!(
            "port {port} is taken: using {} (choose with --port)",
            address.port()
        ));
    }
    let url = format!("http://{address}");
    terminal::say(format_args!(
        "the book is at {}  (Ctrl-C ends this)\n",
        terminal::strong(format_args!("{url}/"))
    ));
    terminal::say("your exercises:");

    let all: Arc<[Exercise]> = workspace.exercises.clone().into();
    let (saved_sender, saved) = watch::channel(None);
    for (index, exercise) in all.iter().enumerate() {
        if let Some(status) = progress.watch(&exercise.name).await {
            tokio::spawn(tell(
                status,
                all.clone(),
                index,
                asked.clone(),
                saved_sender.clone(),
                url.clone(),
            ));
        }
        // Progress is not stored: it is what the tests say. What has large dependencies is left until it is saved, or Run is pressed:
        // nobody who reads chapter 1 should build it.
        if exercise.real_tokio.is_none() {
            let _ = checker.check_later(&exercise.name).await;
        }
    }
    let _watcher = WatcherHandle::new(
        places(&workspace),
        watcher::PERIOD,
        checker.clone(),
        publisher.clone(),
        meanwhile,
    );

    let live = Live {
        workspace: workspace.clone(),
        exercises: all,
        progress: progress.clone(),
        checker: checker.clone(),
        saved,
        url,
    };
    let site = Site {
        progress,
        checker,
        publisher,
        workspace,
        hosts,
    };
    // Dropping this future is the other way in which it ends: see `main.rs`.
    select! {
        served = serve::serve(listener, site, future::pending()) => served.map_err(Error::Serve),
        () = steer(live) => Ok(()),
    }
}

fn begin(workspace: &Workspace) {
    if let Some(first) = workspace.exercises.first() {
        terminal::say(format_args!(
            "{}\nto begin at once: read the page here (`cargo course read {}`, in another terminal), change {}, save; the verdict comes by itself\n",
            terminal::strong("Actors with Tokio"),
            first.name,
            first.file(),
        ));
    }
}

fn address(listener: &TcpListener) -> Result<std::net::SocketAddr, Error> {
    listener.local_addr().map_err(Error::Serve)
}

fn waiting(exercise: &Exercise) -> Status {
    // Hints that cannot be read are told by the check, which follows at once.
    Status::waiting(&exercise.name, &exercise.hints().unwrap_or_default())
}

fn checker(
    workspace: &Arc<Workspace>,
    progress: &ProgressHandle,
    meanwhile: watch::Sender<Meanwhile>,
    asked: watch::Sender<HashSet<String>>,
) -> CheckerHandle {
    let mut settings = Settings::new(&workspace.root, CargoWords::Notes);
    settings.meanwhile = Some(meanwhile);
    let (workspace, progress) = (workspace.clone(), progress.clone());
    CheckerHandle::new(move |name, is_asked| {
        if is_asked {
            asked.send_modify(|asked| {
                asked.insert(name.clone());
            });
        }
        let exercise = (workspace.exercises.iter())
            .find(|exercise| exercise.name == name)
            .cloned();
        let (settings, workspace, progress) =
            (settings.clone(), workspace.clone(), progress.clone());
        Box::pin(async move {
            // All names come from the same list: there is always one.
            let exercise = exercise?;
            let status = check::check(
                &exercise,
                &settings,
                &progress,
                &Recorder(workspace.clone()),
            )
            .await;
            // A save is to end the exploration at once, so nothing else may change the exercise meanwhile.
            let is_quiet = (settings.meanwhile.as_ref())
                .is_none_or(|meanwhile| meanwhile.borrow().note().is_empty());
            (status.is_green() && is_quiet).then(|| explores(workspace, exercise, status, progress))
        })
    })
}

/// What a green exercise is worth in other schedules.
fn explores(
    workspace: Arc<Workspace>,
    exercise: Exercise,
    status: Status,
    progress: ProgressHandle,
) -> Leisure {
    Box::new(move || {
        let (workspace, exercise) = (workspace.clone(), exercise.clone());
        let (status, progress) = (status.clone(), progress.clone());
        Box::pin(async move {
            explore::after_green(&workspace, &exercise, status, &progress).await;
        })
    })
}

fn places(workspace: &Workspace) -> Vec<Place> {
    let mut places: Vec<Place> = (workspace.exercises.iter())
        .map(|exercise| Place {
            paths: exercise.sources(),
            what: What::Exercise(exercise.name.clone()),
        })
        .collect();

    let book = workspace.root.join("book");
    let mut sources: Vec<_> = ["book.toml", "src", "theme", "listings/src"]
        .map(|name| book.join(name))
        .into();
    // The pages include these too.
    for exercise in &workspace.exercises {
        sources.push(exercise.folder.join("hints.md"));
        sources.push(exercise.solution.clone());
    }
    places.push(Place {
        paths: sources,
        what: What::Book,
    });
    places
}

/// The terminal watches an exercise like a page does: the first verdict in a line, unless somebody has asked for it; those of a save in
/// detail.
async fn tell(
    mut status: watch::Receiver<Status>,
    all: Arc<[Exercise]>,
    index: usize,
    asked: watch::Receiver<HashSet<String>>,
    saved: watch::Sender<Option<usize>>,
    url: String,
) {
    let Some(exercise) = all.get(index) else {
        return;
    };
    let mut told_before = false;
    let mut told_long = 0;
    let mut verdict_told = false;
    // An error: the progress actor has ended, and so does the program.
    while status.changed().await.is_ok() {
        let status = status.borrow_and_update().clone();
        if !status.phase.is_verdict() {
            if status.long > told_long {
                let text = terminal::long(exercise, &status);
                let _ = spawn_blocking(move || terminal::say(text)).await;
            }
            told_long = status.long;
            verdict_told = false;
            continue;
        }
        let is_asked = told_before || asked.borrow().contains(&exercise.name);
        let mut texts = Vec::new();
        let schedules = status.schedules.as_ref();
        if !verdict_told || schedules.is_none() {
            let verdict = Verdict {
                exercise,
                status: &status,
                detail: Detail::First,
                next: all.get(index + 1),
                served: Some(&url),
            };
            texts.push(match is_asked {
                true => verdict.to_string(),
                false => terminal::line(exercise, &status),
            });
        }
        texts.extend(schedules.map(|schedules| terminal::schedules(exercise, schedules)));
        let text = texts.join("\n");
        (told_before, verdict_told) = (true, true);
        // A terminal that is paused (Ctrl-S) blocks the thread that writes to it: one of its own, so that the pages go on.
        let _ = spawn_blocking(move || terminal::say(text)).await;
        if is_asked {
            saved.send_replace(Some(index));
        }
    }
}
