//! The trainer's room: asked as learners, the two pages, a stranger and a hostile one would ask; then both programs as people start them.

mod common;

use common::{Fixture, WATCHDOG, ask_raw, code, file};
use course::{
    room::{
        door,
        people::{self, PeopleHandle},
        plan::Plan,
        push::{Place, Refused, Request, deliver},
        secret::Secret,
        serve::{self, Room},
        standing::{LONGEST, Standing},
    },
    workspace::Workspace,
};
use std::{path::Path, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    task::JoinSet,
    time::timeout,
};

/// A course whose one exercise has two tests, and a thought that fails one of them.
fn fixture() -> Fixture {
    let fixture = Fixture::new().exercise("01-recipe", "", "", &["starts", "ends"]);
    file(
        &fixture.root.join("solutions/01-recipe/rejected/forgets.rs"),
        "//! rejected: ends\n//! says: no end\n//! thinks: \"It ends <i>by itself</i>.\"\n",
    );
    fixture
}

struct Server {
    port: u16,
    room: Room,
}

impl Server {
    async fn start() -> Self {
        let room = Room {
            people: PeopleHandle::new(),
            plan: Arc::new(Plan::of(&fixture().workspace()).unwrap()),
            code: Secret::new(Secret::CODE).unwrap(),
            token: Secret::new(Secret::TOKEN).unwrap(),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(door::serve(listener, serve::router(room.clone())));
        Self { port, room }
    }

    fn place(&self) -> Place {
        let code = self.room.code.reveal();
        format!("127.0.0.1:{}/{code}", self.port).parse().unwrap()
    }

    /// Says where somebody stands, as their program does.
    async fn tell(&self, standing: Standing, key: &Secret) -> Result<(), Refused> {
        deliver(&self.place(), key, &Request::Standing(standing)).await
    }

    /// Sends a request with this secret, more header lines and a body.
    async fn ask(&self, request: &str, secret: &str, more: &str, body: &str) -> String {
        let port = self.port;
        let length = body.len();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\nContent-Length: {length}\r\n{more}\r\n"
        );
        ask_raw(port, &format!("{head}{body}")).await
    }

    /// What the trainer's page shows.
    async fn places(&self) -> serde_json::Value {
        let response = self
            .ask("GET /places", self.room.token.reveal(), "", "")
            .await;
        json(&response)
    }

    async fn names(&self) -> Vec<String> {
        let people = self.room.people.see().await;
        (people.iter())
            .map(|person| person.standing.who.to_string())
            .collect()
    }
}

fn json(response: &str) -> serde_json::Value {
    assert_eq!(code(response), "200", "{response}");
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

fn at(who: &str, first: &str) -> Standing {
    Standing {
        v: 1,
        who: who.parse().unwrap(),
        exercise: "recipe".to_owned(),
        passed: 1,
        of: 2,
        first: first.to_owned(),
        hints: 3,
    }
}

fn key() -> Secret {
    Secret::new(Secret::TOKEN).unwrap()
}

#[tokio::test]
async fn the_trainer_sees_who_is_where_and_why_and_the_projector_counts() {
    let server = Server::start().await;
    let (anna, bo) = (key(), key());
    server.tell(at("<b>Anna</b>", "ends"), &anna).await.unwrap();
    server.tell(at("Bo", "compile"), &bo).await.unwrap();
    let row =
        |who| serde_json::json!({ "who": who, "passed": 1, "of": 2, "hints": 3, "minutes": 0 });
    let place = |title, thoughts: &[&str], who| serde_json::json!({ "chapter": "01-recipe", "title": title, "thoughts": thoughts, "people": [row(who)] });
    let all = [
        place("It does not compile", &[], "Bo"),
        place(
            "Promise of ends",
            &["\"It ends <i>by itself</i>.\""],
            "<b>Anna</b>",
        ),
    ];
    assert_eq!(
        server.places().await,
        serde_json::json!({ "people": 2, "places": all })
    );

    let code = server.room.code.reveal();
    let counts = server.ask("GET /counts", code, "", "").await;
    assert!(
        !counts.contains("Anna") && !counts.contains("ends"),
        "{counts}"
    );
    assert_eq!(
        json(&counts),
        serde_json::json!({ "people": 2, "chapters": [{ "chapter": "01-recipe", "at_work": 2, "done": 0 }] })
    );
}

#[tokio::test]
async fn who_leaves_is_gone_at_once_and_nobody_else_can_send_them_away() {
    let server = Server::start().await;
    let (anna, other) = (key(), key());
    server.tell(at("Anna", "ends"), &anna).await.unwrap();
    let leave = Request::Leave("Anna".parse().unwrap());
    let taken = server.tell(at("Anna", "starts"), &other).await;
    assert!(matches!(taken, Err(Refused::Taken)), "{taken:?}");
    deliver(&server.place(), &other, &leave).await.unwrap();
    assert_eq!(server.names().await, ["Anna"]);
    deliver(&server.place(), &anna, &leave).await.unwrap();
    assert_eq!(server.names().await, [""; 0]);
}

#[tokio::test]
async fn a_secret_opens_its_own_door_alone() {
    let server = Server::start().await;
    let (code_, token) = (server.room.code.reveal(), server.room.token.reveal());
    let body = at("Anna", "ends").json();
    let line = format!("x-room-key: {}\r\n", key().reveal());
    let wrong = Secret::new(Secret::CODE).unwrap();
    for secret in [
        "",
        wrong.reveal(),
        token,
        &code_[1..],
        &code_.to_ascii_uppercase(),
    ] {
        for request in ["POST /standing", "POST /leave", "GET /counts"] {
            let response = server.ask(request, secret, &line, &body).await;
            assert_eq!(code(&response), "401", "{request} {secret}: {response}");
        }
    }
    for secret in ["", code_, &token[1..], wrong.reveal()] {
        let response = server.ask("GET /places", secret, "", "").await;
        assert_eq!(code(&response), "401", "{secret}: {response}");
    }
    let place = format!("127.0.0.1:{}/{}", server.port, wrong.reveal());
    let request = Request::Standing(at("Anna", "ends"));
    let refused = deliver(&place.parse().unwrap(), &key(), &request).await;
    assert!(matches!(refused, Err(Refused::Code)), "{refused:?}");
    assert_eq!(server.names().await, [""; 0]);
}

#[tokio::test]
async fn no_foreign_page_gets_in_under_whatever_name() {
    let server = Server::start().await;
    let port = server.port;
    let token = server.room.token.reveal();
    for host in [
        "evil.example",
        "localhost",
        &format!("evil.example:{port}"),
        "",
        "1.2.3.4.evil.example",
    ] {
        for path in ["/", "/places"] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
            );
            let response = ask_raw(port, &request).await;
            assert_eq!(code(&response), "403", "{host} {path}: {response}");
        }
    }
    let lines = |origin: &str| format!("Origin: {origin}\r\nx-room-key: {}\r\n", key().reveal());
    let body = at("Anna", "ends").json();
    for origin in [
        "null",
        "http://evil.example",
        &format!("https://127.0.0.1:{port}"),
        "http://127.0.0.1",
    ] {
        let secret = server.room.code.reveal();
        let response = server
            .ask("POST /standing", secret, &lines(origin), &body)
            .await;
        assert_eq!(code(&response), "403", "{origin}: {response}");
        let response = server.ask("GET /places", token, &lines(origin), "").await;
        assert_eq!(code(&response), "403", "{origin}: {response}");
    }
    assert_eq!(server.names().await, [""; 0]);
    let ours = lines(&format!("http://127.0.0.1:{port}"));
    let response = server.ask("GET /places", token, &ours, "").await;
    assert_eq!(code(&response), "200", "{response}");
    // A page asks beforehand whether it may send such a header.
    let response = server
        .ask("OPTIONS /places", "", "Origin: http://evil.example\r\n", "")
        .await;
    assert!(
        !response.to_lowercase().contains("access-control"),
        "{response}"
    );
}

#[tokio::test]
async fn the_pages_use_nothing_of_others_and_name_nobody() {
    let server = Server::start().await;
    server.tell(at("Anna", "ends"), &key()).await.unwrap();
    for path in [
        "/",
        "/trainer",
        "/room.css",
        "/course.css",
        "/room.js",
        "/favicon.svg",
    ] {
        let response = server.ask(&format!("GET {path}"), "", "", "").await;
        assert_eq!(code(&response), "200", "{path}");
        for secret in [
            "Anna",
            server.room.code.reveal(),
            server.room.token.reveal(),
        ] {
            assert!(!response.contains(secret), "{path}: {secret}");
        }
        let head = response.to_lowercase();
        for header in [
            "content-security-policy: default-src 'none';",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(header), "{path}: {header}");
        }
        assert!(!head.contains("access-control") && !head.contains("set-cookie"));
    }
}

#[tokio::test]
async fn what_is_too_big_or_strange_is_refused_and_nothing_of_it_is_kept() {
    let server = Server::start().await;
    let secret = server.room.code.reveal();
    let line = format!("x-room-key: {}\r\n", key().reveal());
    let right = at("Anna", "ends").json();
    let padded = format!("{right}{}", " ".repeat(LONGEST - right.len()));
    let response = server.ask("POST /standing", secret, &line, &padded).await;
    assert_eq!(code(&response), "204", "{response}");

    let bo = right.replace("Anna", "Bo");
    let too_big = format!("{bo}{}", " ".repeat(LONGEST + 1 - bo.len()));
    let response = server.ask("POST /standing", secret, &line, &too_big).await;
    assert_eq!(code(&response), "413", "{response}");
    // The same without a word about its length.
    let port = server.port;
    let head = format!(
        "POST /standing HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\n{line}Transfer-Encoding: chunked\r\n\r\n"
    );
    let chunk = format!("{:x}\r\n{too_big}\r\n0\r\n\r\n", too_big.len());
    let response = ask_raw(port, &format!("{head}{chunk}")).await;
    assert_eq!(code(&response), "413", "{response}");
    for strange in [
        "",
        "{}",
        "[1]",
        "\u{0}\u{0}",
        &bo.replace("\"v\":1", "\"v\":2"),
        &bo.replace("Bo", "B\\no"),
        &bo.replace("Bo", &"o".repeat(41)),
        &bo.replace("recipe", "../../etc/passwd"),
        &bo.replace("ends", "my_secret"),
        &bo.replace("\"passed\":1", "\"passed\":3"),
        &bo.replace("\"passed\":1", "\"passed\":-1"),
        &bo.replace("\"passed\":1", "\"passed\":99999999999"),
        &bo.replace("\"hints\"", "\"code\":\"fn main() {}\",\"hints\""),
        &format!("{bo}{bo}"),
    ] {
        let response = server.ask("POST /standing", secret, &line, strange).await;
        assert_eq!(code(&response), "422", "{strange}: {response}");
    }
    for no_key in [
        "",
        "x-room-key: a\r\n",
        &format!("x-room-key: {}\r\n", "a".repeat(2000)),
    ] {
        let response = server.ask("POST /standing", secret, no_key, &bo).await;
        assert_eq!(code(&response), "422", "{no_key}: {response}");
    }
    let head = format!("x-more: {}\r\n", "a".repeat(16 * 1024));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // The server may close before it was all sent.
    let _ = stream
        .write_all(format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}").as_bytes())
        .await;
    let mut response = Vec::new();
    let read = timeout(WATCHDOG, stream.read_to_end(&mut response)).await;
    let _ = read.expect("no answer to an endless head");
    assert!(response.is_empty() || response.starts_with(b"HTTP/1.1 431"));
    assert_eq!(server.names().await, ["Anna"]);
}

#[tokio::test]
async fn one_too_many_waits_for_somebody_to_leave() {
    let server = Server::start().await;
    let keys: Vec<Secret> = (0..people::MOST).map(|_| key()).collect();
    for (number, key) in keys.iter().enumerate() {
        server
            .tell(at(&format!("Anna {number}"), "ends"), key)
            .await
            .unwrap();
    }
    let bo = key();
    let busy = server.tell(at("Bo", "ends"), &bo).await;
    assert!(matches!(busy, Err(Refused::Busy)), "{busy:?}");
    let leave = Request::Leave("Anna 3".parse().unwrap());
    deliver(&server.place(), &keys[3], &leave).await.unwrap();
    server.tell(at("Bo", "ends"), &bo).await.unwrap();
    assert_eq!(server.names().await.len(), people::MOST);
}

/// How a hostile connection begins; none of them goes on.
fn hostile(number: usize, port: u16) -> Vec<u8> {
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    match number % 5 {
        // Silent.
        0 => Vec::new(),
        1 => b"POST /standing HTTP/1.1\r\nHo".to_vec(),
        2 => format!("POST /standing HTTP/1.1\r\n{host}Content-Length: 400\r\n\r\n{{").into_bytes(),
        3 => format!(
            "POST /standing HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"
        )
        .into_bytes(),
        // Garbage.
        _ => (0..4096).map(|at| (at * 31 + number) as u8).collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_learners_get_in_past_two_hundred_hostile_connections() {
    let server = Arc::new(Server::start().await);
    let port = server.port;
    // Beside the connections: the server, the actor, the 64 learners, and one that has just ended on each thread.
    let bound = door::MOST + 2 + 64 + 2;
    let alive = || Handle::current().metrics().num_alive_tasks();

    let mut held = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let _ = stream.write_all(&hostile(number, port)).await;
        held.push(stream);
        assert!(alive() <= bound, "{}", alive());
    }
    let keys: Vec<Secret> = (0..64).map(|_| key()).collect();
    for first in ["starts", "ends"] {
        let mut learners = JoinSet::new();
        for (number, key) in keys.iter().cloned().enumerate() {
            let server = server.clone();
            let standing = at(&format!("Anna {number}"), first);
            learners.spawn(async move {
                let told = server.tell(standing, &key).await;
                let busy = matches!(told, Err(Refused::Busy));
                assert!(told.is_ok() || first == "ends" && busy, "{told:?}");
            });
        }
        while let Some(ended) = learners.join_next().await {
            ended.unwrap();
            assert!(alive() <= bound, "{}", alive());
        }
        assert_eq!(server.names().await.len(), 64);
    }
    assert_eq!(server.places().await["people"], 64);

    // All that a connection can do ends with the server's patience, and with it all that was kept of it.
    let ended = async {
        for mut stream in held {
            // An error is a reset: ended, too.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    };
    timeout(WATCHDOG, ended)
        .await
        .expect("a connection goes on for ever");
}

/// Every address in 127.0.0.0/8 is this machine's, on Linux.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_flood_from_one_address_ends_its_own_connections() {
    use tokio::net::TcpSocket;

    let server = Server::start().await;
    let port = server.port;
    let body = at("Anna", "ends").json();
    let (head, rest) = body.split_at(10);
    let mut slow = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "POST /standing HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {}\r\nx-room-key: {}\r\nContent-Length: {}\r\n\r\n{head}",
        server.room.code.reveal(),
        key().reveal(),
        body.len()
    );
    slow.write_all(request.as_bytes()).await.unwrap();

    let mut held = Vec::new();
    for _ in 0..3 * door::MOST {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let server = ([127, 0, 0, 1], port).into();
        held.push(socket.connect(server).await.unwrap());
    }
    server.tell(at("Bo", "ends"), &key()).await.unwrap();

    slow.write_all(rest.as_bytes()).await.unwrap();
    let mut response = String::new();
    let read = timeout(WATCHDOG, slow.read_to_string(&mut response)).await;
    read.expect("no answer").unwrap();
    assert_eq!(code(&response), "204", "{response}");
    assert_eq!(server.names().await, ["Anna", "Bo"]);
}

#[tokio::test]
async fn what_is_no_room_is_told_from_one_that_is_away() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let place: Place = format!("{address}/abcdefgh").parse().unwrap();
    let request = Request::Standing(at("Anna", "ends"));
    for (answer, is_final) in [
        ("HTTP/1.1 404 Not Found\r\n\r\n", true),
        ("HTTP/1.1 429 Too Many Requests\r\n\r\n", false),
        ("HTTP/1.1 503 Busy\r\n\r\n", false),
        ("SSH-2.0-OpenSSH\r\n", false),
        ("", false),
    ] {
        let answering = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            // All of it: a connection that is closed with something unread is reset.
            let mut said = Vec::new();
            while !said.ends_with(b"}") {
                stream.read_buf(&mut said).await.unwrap();
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        };
        let key = key();
        let (told, ()) = tokio::join!(deliver(&place, &key, &request), answering);
        assert_eq!(told.unwrap_err().is_final(), is_final, "{answer}");
    }
    drop(listener);
    let away = deliver(&place, &key(), &request).await.unwrap_err();
    assert!(matches!(away, Refused::Unreachable(_)), "{away}");
}

#[tokio::test]
async fn whatever_this_course_can_say_fits_into_a_message() {
    let course = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let plan = Plan::of(&course).unwrap();
    // The longest name, of letters that take four bytes.
    let who: String = "\u{1F9D1}".repeat(39) + "a";
    let mut longest = 0;
    for chapter in &plan.chapters {
        for test in &chapter.tests {
            let standing = Standing {
                v: 1,
                who: who.parse().unwrap(),
                exercise: chapter.name.clone(),
                passed: u16::MAX,
                of: u16::MAX,
                first: test.name.clone(),
                hints: u16::MAX,
            };
            assert!(plan.has(&standing));
            longest = longest.max(standing.json().len());
        }
    }
    assert!(longest > 200 && longest <= LONGEST, "{longest}");
    let thoughts = plan.chapters.iter().flat_map(|chapter| &chapter.tests);
    assert!(thoughts.filter(|test| !test.thoughts.is_empty()).count() > 50);
}
