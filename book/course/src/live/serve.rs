//! The web server on this machine alone: the book's pages, the stream of verdicts for each exercise, the button that
//! starts a check, and the one that shows a test's run.
//!
//! Other web pages in the same browser can reach a server on this machine. So: bound to 127.0.0.1, the Host must be
//! ours and what has an effect needs our Origin (see [`hosts`](crate::hosts)), no CORS header, and a policy that keeps
//! our own pages to this server.

use crate::{
    check::{progress::ProgressHandle, said::scenario_in, status::Status},
    error::Error,
    live::{
        checker::CheckerHandle,
        hosts::{Host, Hosts},
        publisher::PublisherHandle,
    },
    stand_in::trace,
    workspace::{Workspace, files::files},
};
use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::stream;
use std::{
    convert::Infallible,
    fs, io,
    net::Ipv4Addr,
    path::{self, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, sync::watch};
use tower_http::services::{ServeDir, ServeFile};

/// How many ports are tried before we give up.
const PORTS: u16 = 20;

/// mdBook's pages need inline scripts and styles. Its table of contents is a frame of the same site where there is no
/// JavaScript.
const POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// What the server needs of the rest.
#[derive(Clone, Debug)]
pub struct Site {
    /// Pages watch it.
    pub progress: ProgressHandle,
    /// The pages' Run button tells it what to check.
    pub checker: CheckerHandle,
    /// Knows where the built book is.
    pub publisher: PublisherHandle,
    /// Whose exercises are recorded when a page asks for it.
    pub workspace: Arc<Workspace>,
    /// Other names of ours, which the reader has told.
    pub hosts: Vec<Host>,
}

#[derive(Clone)]
struct App {
    site: Site,
    hosts: Hosts,
    /// [`serve`] holds the other end and drops it when the server is to end: then every stream ends. Without this
    /// they would wait for the progress actor to end, that one for our handle of it, and we for the streams.
    closing: watch::Receiver<()>,
}

/// Takes `port` on 127.0.0.1, or the next free one; 0 stands for any.
///
/// # Errors
/// [`Error::Ports`]: none of 20 is free.
pub async fn bind(port: u16) -> Result<TcpListener, Error> {
    let mut tried = port;
    loop {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, tried)).await {
            Ok(listener) => return Ok(listener),
            Err(source) => match tried.checked_add(1).filter(|next| next - port < PORTS) {
                Some(next) => tried = next,
                None => {
                    return Err(Error::Ports {
                        first: port,
                        last: tried,
                        source,
                    });
                }
            },
        }
    }
}

/// Serves until `shutdown` ends; then every stream is ended and requests that are under way are answered.
///
/// # Errors
/// The system's, of the listener.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (closing_sender, closing) = watch::channel(());
    let port = listener.local_addr()?.port();
    let app = App {
        hosts: Hosts::new(port, site.hosts.clone()),
        site,
        closing,
    };
    let router = Router::new()
        .route("/api/progress", get(progress))
        .route("/api/exercises/{name}/events", get(events))
        .route("/api/exercises/{name}/check", post(check))
        .route("/api/exercises/{name}/source/{*file}", get(source))
        .route("/api/exercises/{name}/trace/{test}", post(record))
        .fallback(page)
        .layer(middleware::from_fn_with_state(app.clone(), guard))
        .with_state(app);
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            shutdown.await;
            drop(closing_sender);
        })
        .await
}

/// How each exercise stands at this moment, with the name of its page: `[{"page": "01-recipe", "passed": 5, "of": 14, "phase": "done"}, …]`.
async fn progress(State(app): State<App>) -> Response {
    let mut standings = Vec::new();
    for exercise in &app.site.workspace.exercises {
        if let Some(status) = app.site.progress.watch(&exercise.name).await {
            let status = status.borrow();
            standings.push(serde_json::json!({
                "page": exercise.folder_name(),
                "passed": status.passed,
                "of": status.of,
                "phase": status.phase,
            }));
        }
    }
    json(&serde_json::Value::from(standings))
}

/// The status of an exercise: at once, then at each change.
async fn events(State(app): State<App>, Path(name): Path<String>) -> Response {
    let Some(mut status) = app.site.progress.watch(&name).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    status.mark_changed();
    let events = stream::unfold(
        (status, app.closing),
        |(mut status, mut closing)| async move {
            tokio::select! {
                changed = status.changed() => changed.ok()?,
                // An error: the sender was dropped. That is its message.
                _ = closing.changed() => return None,
            }
            let event = event(&status.borrow_and_update());
            Some((Ok::<_, Infallible>(event), (status, closing)))
        },
    );
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn event(status: &Status) -> Event {
    // The only errors are map keys that are no strings; a status has no map.
    Event::default().data(serde_json::to_string(status).unwrap_or_default())
}

async fn check(State(app): State<App>, Path(name): Path<String>) -> StatusCode {
    if app.site.progress.watch(&name).await.is_none() {
        return StatusCode::NOT_FOUND;
    }
    match app.site.checker.check_now(&name).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A file of the learner's own code, or of its tests, as it is at this moment.
async fn source(State(app): State<App>, Path((name, file)): Path<(String, String)>) -> Response {
    let exercises = &app.site.workspace.exercises;
    let exercise = exercises.iter().find(|exercise| exercise.name == name);
    let text = exercise.and_then(|exercise| {
        let is_it = |path: &PathBuf| {
            path.strip_prefix(&exercise.folder)
                .is_ok_and(|path| path == path::Path::new(&file))
        };
        let folders = ["src", "tests"].map(|folder| files(&exercise.folder.join(folder)));
        fs::read_to_string(folders.into_iter().flatten().find(is_it)?).ok()
    });
    match text {
        Some(text) => text.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A test's run and the code that ran: `{"html": …, "source": …, "file": …}`, or `{"error": …}` if it cannot be recorded. When the page is closed before, axum drops
/// this future, and the recording ends with it.
async fn record(State(app): State<App>, Path((name, test)): Path<(String, String)>) -> Response {
    let exercises = &app.site.workspace.exercises;
    let exercise = exercises.iter().find(|exercise| exercise.name == name);
    let status = app.site.progress.watch(&name).await;
    let (Some(exercise), Some(status)) = (exercise, status) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let said = (status.borrow().tests.iter())
        .find(|known| known.name == test)
        .map(|known| known.said.clone());
    let Some(said) = said else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let run = trace::Run {
        scenario: scenario_in(&said),
        ..trace::Run::default()
    };
    let source = || fs::read_to_string(exercise.folder.join("src").join("lib.rs"));
    let before = source().unwrap_or_default();
    let answer = match trace::trace(&app.site.workspace, exercise, &test, run).await {
        Ok(trace) => {
            // A save meanwhile: the lines of the run may be those of either.
            let source = source().ok().filter(|after| *after == before);
            serde_json::json!({ "html": trace.fragment, "source": source.unwrap_or_default(), "file": exercise.file() })
        }
        Err(error) => serde_json::json!({ "error": error.to_string() }),
    };
    json(&answer)
}

fn json(value: &serde_json::Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        value.to_string(),
    )
        .into_response()
}

/// A page of the book, from the edition that is published at this moment.
async fn page(State(app): State<App>, request: Request) -> Response {
    let Some(folder) = app.site.publisher.whole_edition().await.folder else {
        let text = "The book is not there. If it does not build, the terminal says why: correct that and reload this page.";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let not_found = ServeFile::new(folder.join("404.html"));
    let served = ServeDir::new(folder)
        .not_found_service(not_found)
        .try_call(request)
        .await;
    match served {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Lets nobody in but our own pages, and says to the browser what they may do.
async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match app.hosts.admit(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => (StatusCode::FORBIDDEN, why).into_response(),
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        // By this a page knows, under whatever name, that it is served live. Nobody else needs to know.
        (header::SET_COOKIE, "cargo-course=live; SameSite=Strict"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
