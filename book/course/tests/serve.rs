//! The server, asked as a browser and as a stranger would ask.

mod common;

use common::{Fixture, WATCHDOG, ask_raw, code, file};
use course::{
    check::{
        progress::ProgressHandle,
        status::{Phase, Status},
    },
    live::{
        checker::CheckerHandle,
        publisher::PublisherHandle,
        serve::{self, Site},
    },
};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// A server with one exercise, `recipe`, and a book with one page.
struct Server {
    fixture: Fixture,
    port: u16,
    progress: ProgressHandle,
    publisher: PublisherHandle,
    checked: mpsc::UnboundedReceiver<String>,
    shutdown: oneshot::Sender<()>,
    ended: JoinHandle<io::Result<()>>,
}

impl Server {
    async fn start() -> Self {
        let fixture = Fixture::new().exercise("01-recipe", "", "", &["counts"]);
        let publisher = PublisherHandle::new(fixture.root.join("book"), fixture.root.join("built"));
        publisher.rebuild();
        publisher.tried(1).await;
        let hints = fixture.workspace().exercises[0].hints().unwrap();
        let progress = ProgressHandle::new(vec![Status::waiting("recipe", &hints)]);
        let (sender, checked) = mpsc::unbounded_channel();
        let checker = CheckerHandle::new(move |name, _asked| {
            let _ = sender.send(name);
            Box::pin(async { None })
        });

        let listener = serve::bind(0).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (shutdown, stop) = oneshot::channel();
        let site = Site {
            progress: progress.clone(),
            checker,
            publisher: publisher.clone(),
            workspace: Arc::new(fixture.workspace()),
            hosts: vec!["book.example".parse().unwrap()],
        };
        let stop = async { _ = stop.await };
        let ended = tokio::spawn(serve::serve(listener, site, stop));
        Self {
            fixture,
            port,
            progress,
            publisher,
            checked,
            shutdown,
            ended,
        }
    }

    /// Sends a request with our Host and `more` header lines; returns the whole response.
    async fn ask(&self, request: &str, more: &str) -> String {
        let port = self.port;
        ask_raw(
            port,
            &format!(
                "{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}Connection: close\r\n\r\n"
            ),
        )
        .await
    }

    /// Opens the stream of events of `recipe`.
    async fn events(&self) -> Events {
        let port = self.port;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request =
            format!("GET /api/exercises/recipe/events HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Events(BufReader::new(stream))
    }
}

struct Events(BufReader<TcpStream>);

impl Events {
    /// The next event's data; `None` when the stream has ended.
    async fn next(&mut self) -> Option<serde_json::Value> {
        loop {
            let mut line = String::new();
            let read = timeout(WATCHDOG, self.0.read_line(&mut line)).await;
            if read.expect("no event").unwrap() == 0 {
                return None;
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn it_says_how_each_exercise_stands() {
    let server = Server::start().await;
    let mut status = Status::waiting("recipe", &[]);
    (status.passed, status.of, status.phase) = (5, 14, Phase::Done);
    server.progress.report(status).await.unwrap();
    let response = server.ask("GET /api/progress", "").await;
    assert_eq!(code(&response), "200");
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(body).unwrap(),
        serde_json::json!([{ "page": "01-recipe", "passed": 5, "of": 14, "phase": "done" }])
    );
}

#[tokio::test]
async fn pages_come_with_headers_that_keep_them_to_this_server() {
    let server = Server::start().await;
    let response = server.ask("GET /one.html", "").await;
    assert_eq!(code(&response), "200", "{response}");
    assert!(response.contains("First words"));
    let response = response.to_lowercase();
    for header in [
        "content-security-policy: default-src 'self';",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(response.contains(header), "{header} in {response}");
    }
    assert!(!response.contains("access-control-"), "{response}");
}

#[tokio::test]
async fn a_page_that_is_not_there_is_the_book_s_404_with_status_404() {
    let server = Server::start().await;
    let response = server.ask("GET /gone.html", "").await;
    assert_eq!(code(&response), "404");
    assert!(response.contains("Document not found"), "{response}");
}

#[tokio::test]
async fn a_book_that_was_cleaned_away_is_built_anew() {
    let server = Server::start().await;
    std::fs::remove_dir_all(server.fixture.root.join("built")).unwrap();
    let response = server.ask("GET /one.html", "").await;
    assert_eq!(code(&response), "200", "{response}");
    assert!(response.contains("First words"), "{response}");
}

#[tokio::test]
async fn no_url_leads_out_of_the_book() {
    let server = Server::start().await;
    file(&server.fixture.root.join("built/secret.html"), "secret");
    for path in [
        "/../secret.html",
        "/..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/..\\secret.html",
        "/%2e%2e%5csecret.html",
        "//etc/passwd",
    ] {
        let response = server.ask(&format!("GET {path}"), "").await;
        assert!(
            matches!(code(&response), "400" | "404"),
            "{path}: {response}"
        );
        assert!(
            !response.contains("secret\n") && !response.ends_with("secret"),
            "{path}: {response}"
        );
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused_and_so_is_none() {
    let server = Server::start().await;
    let port = server.port;
    for host in [
        "evil.example",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "evil.example:80",
        &format!("evil.example:{port}"),
        &format!("0.0.0.0:{port}"),
    ] {
        for path in ["/one.html", "/api/exercises/recipe/events"] {
            let response = ask_raw(
                port,
                &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            )
            .await;
            assert_eq!(code(&response), "403", "{host} {path}: {response}");
            let next = format!("cargo course --host {host}\n");
            assert!(response.contains(&next), "{host} {path}: {response}");
        }
    }
    let response = ask_raw(port, "GET /one.html HTTP/1.0\r\n\r\n").await;
    assert_eq!(code(&response), "403", "{response}");
    let response = ask_raw(
        port,
        &format!("GET /one.html HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"),
    )
    .await;
    assert_eq!(code(&response), "200", "{response}");
}

#[tokio::test]
async fn only_our_own_pages_start_a_check() {
    let mut server = Server::start().await;
    let port = server.port;
    let check = "POST /api/exercises/recipe/check";
    for origin in [
        "",
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://127.0.0.1\r\n",
        &format!("Origin: https://127.0.0.1:{port}\r\n"),
        &format!("Origin: http://localhost:{port}\r\n"),
    ] {
        let response = server
            .ask(check, &format!("{origin}Content-Length: 0\r\n"))
            .await;
        assert_eq!(code(&response), "403", "{origin}: {response}");
    }
    let ours = format!("Origin: http://127.0.0.1:{port}\r\nContent-Length: 0\r\n");
    let forwarded = "Origin: https://book.example\r\nContent-Length: 0\r\n";
    for origin in [&ours, forwarded] {
        assert_eq!(code(&server.ask(check, origin).await), "202");
        assert_eq!(server.checked.recv().await.unwrap(), "recipe");
    }

    assert_eq!(
        code(&server.ask("POST /api/exercises/unknown/check", &ours).await),
        "404"
    );
    assert_eq!(
        code(&server.ask("GET /api/exercises/recipe/check", "").await),
        "405"
    );
    assert_eq!(
        code(&server.ask("GET /api/exercises/unknown/events", "").await),
        "404"
    );
    assert!(
        server.checked.is_empty(),
        "only two of these started a check"
    );
}

#[tokio::test]
async fn a_page_hears_how_it_stands_at_once_and_then_each_change() {
    let server = Server::start().await;
    let mut events = server.events().await;
    assert_eq!(events.next().await.unwrap()["phase"], "waiting");

    let mut status = Status::waiting("recipe", &[]);
    status.phase = Phase::Building;
    status.note = "compiling tokio".to_owned();
    server.progress.report(status).await.unwrap();
    let event = events.next().await.unwrap();
    assert_eq!(
        (event["phase"].as_str(), event["note"].as_str()),
        (Some("building"), Some("compiling tokio"))
    );
}

#[tokio::test]
async fn two_hundred_open_pages_hear_each_change_and_hold_up_nobody() {
    let server = Server::start().await;
    let mut pages = Vec::new();
    for _ in 0..200 {
        let mut page = server.events().await;
        assert_eq!(page.next().await.unwrap()["phase"], "waiting");
        pages.push(page);
    }
    assert_eq!(code(&server.ask("GET /one.html", "").await), "200");

    let mut status = Status::waiting("recipe", &[]);
    status.phase = Phase::Done;
    server.progress.report(status).await.unwrap();
    for page in &mut pages {
        assert_eq!(page.next().await.unwrap()["phase"], "done");
    }
}

#[tokio::test]
async fn at_the_end_streams_end_and_then_the_actors() {
    let server = Server::start().await;
    let mut page = server.events().await;
    page.next().await.unwrap();
    let mut watching = server.progress.watch("recipe").await.unwrap();

    drop(server.progress);
    server.shutdown.send(()).unwrap();
    assert_eq!(page.next().await, None);
    timeout(WATCHDOG, server.ended)
        .await
        .expect("the server never ends")
        .unwrap()
        .unwrap();
    // The server's handle was the last one: the actor ends and drops its side.
    assert!(watching.changed().await.is_err());
}

#[tokio::test]
async fn pages_are_served_while_the_book_is_rebuilt() {
    let server = Server::start().await;
    for count in 2..6 {
        file(
            &server.fixture.root.join("book/src/one.md"),
            &format!("# First words, edition {count}\n"),
        );
        server.publisher.rebuild();
        let mut asked = 0;
        loop {
            let response = server.ask("GET /one.html", "").await;
            assert_eq!(code(&response), "200", "{response}");
            asked += 1;
            if server.publisher.edition().number == count {
                break;
            }
        }
        assert!(asked > 0);
        assert!(
            server
                .ask("GET /one.html", "")
                .await
                .contains(&format!("edition {count}"))
        );
    }
}

#[tokio::test]
async fn a_taken_port_means_the_next_free_one() {
    let taken = serve::bind(0).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let next = serve::bind(port).await.unwrap();
    let got = next.local_addr().unwrap().port();
    assert!(got > port && got - port < 20, "{port} {got}");
}

#[tokio::test]
async fn only_our_own_pages_have_a_run_recorded_and_only_of_a_test_that_there_is() {
    let server = Server::start().await;
    let ours = format!(
        "Origin: http://127.0.0.1:{}\r\nContent-Length: 0\r\n",
        server.port
    );
    let theirs = "Origin: http://evil.example\r\nContent-Length: 0\r\n";
    let path = "/api/exercises/recipe/trace/counts";
    let post = |path: &str| format!("POST {path}");
    assert_eq!(code(&server.ask(&post(path), theirs).await), "403");
    assert_eq!(code(&server.ask(&format!("GET {path}"), "").await), "405");
    for unknown in [
        "/api/exercises/unknown/trace/counts",
        "/api/exercises/recipe/trace/unknown",
        "/api/exercises/recipe/trace/..%2f..%2fcounts",
    ] {
        let response = server.ask(&post(unknown), &ours).await;
        assert_eq!(code(&response), "404", "{response}");
    }
    // This course has no stand-in that could record.
    let response = server.ask(&post(path), &ours).await;
    assert_eq!(code(&response), "200", "{response}");
    assert!(
        response.contains("content-type: application/json"),
        "{response}"
    );
    assert!(response.contains("{\"error\":\""), "{response}");
}

#[tokio::test]
async fn a_page_shows_the_readers_own_code_and_its_tests_and_no_other_file() {
    let server = Server::start().await;
    let path = "GET /api/exercises/recipe/source";
    for there in ["src/lib.rs", "tests/recipe.rs"] {
        let response = server.ask(&format!("{path}/{there}"), "").await;
        assert_eq!(code(&response), "200", "{there}: {response}");
        assert!(response.contains("content-type: text/plain"), "{response}");
    }
    for elsewhere in [
        "src/nowhere.rs",
        "Cargo.toml",
        "hints.md",
        "src/..%2fCargo.toml",
        "..%2f..%2f..%2fCargo.toml",
        "%2fetc%2fpasswd",
        "./src/lib.rs/../../Cargo.toml",
    ] {
        let response = server.ask(&format!("{path}/{elsewhere}"), "").await;
        assert_eq!(code(&response), "404", "{elsewhere}: {response}");
    }
    let response = server
        .ask("GET /api/exercises/unknown/source/src/lib.rs", "")
        .await;
    assert_eq!(code(&response), "404", "{response}");
}
