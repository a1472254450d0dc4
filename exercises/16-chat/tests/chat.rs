//! What the server promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! Clients and server talk through pipes in memory, in virtual time, on a runtime of their own (see exercises/harness and wire/mod.rs). One
//! test has real sockets. When a test's body ends, its `Shutdown` and its clients are dropped, and then every task has to end as well.

#![allow(clippy::drop_non_drop)] // the stub's `Shutdown` is empty

mod scenarios;
mod soak;
mod wire;

use chat::{Limits, serve};
use harness::{
    alive_tasks, check, check_in_real_time, in_no_time, on_a_runtime_that_ends, one_schedule,
    settle, wake_ups, within,
};
use std::{
    collections::BTreeSet,
    future::poll_fn,
    io::{Error, ErrorKind},
    sync::atomic::Ordering::Relaxed,
    task::Poll,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::coop::unconstrained,
    time::{Instant, sleep},
};
use wire::{Client, Server};

/// A night. No round number: somebody may have a time-out.
const LONG: Duration = Duration::from_millis(36_717_310);

fn limits() -> Limits {
    Limits::default()
}

/// Step 1. Clients come in, and are answered.
///
/// Page: "At the door". The slips: one client after another; a client that is served in the loop that accepts.
#[test]
fn ping_is_answered_by_pong() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.connect();
        let mut ben = server.connect();
        for _ in 0..2 {
            ben.says("PING from ben").await;
            ben.hears("PONG from ben", "a PING is answered, whoever came first")
                .await;
            ann.says("PING 1  2 ").await;
            ann.hears(
                "PONG 1  2 ",
                "all that stands behind the first blank comes back as it is",
            )
            .await;
            sleep(LONG).await;
        }
        ann.says("QUIT").await;
        ann.hears("BYE", "QUIT is answered by BYE").await;
        ann.hears_the_end("a client that has heard BYE hears no more")
            .await;
        ben.hears_nothing("one client has gone, and the other stays")
            .await;
    });
}

/// Step 1. Each command has its answer, in their order, however they are cut.
///
/// Page: "At the door". The slips: one read is one command; an answer of its own for each task; a command that is not known ends the client.
#[test]
fn commands_are_answered_in_their_order() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.connect();
        for piece in [
            "PI",
            "NG a\nPING b\r",
            "\n\nPING  \nping c\nNI",
            "CK a b\nPING d\r\r\n",
        ] {
            ann.writes(piece.as_bytes()).await;
            settle().await;
        }
        for expected in [
            "PONG a",
            "PONG b",
            "ERR unknown command",
            "PONG  ",
            "ERR unknown command",
            "ERR bad name",
            "PONG d\r",
        ] {
            ann.hears(
                expected,
                "the lines were \"PING a\", \"PING b\" with \\r\\n behind it, an empty one, \"PING  \", \"ping c\", \"NICK a b\", and \"PING d\\r\" with \\r\\n behind it",
            )
            .await;
        }
        let many: String = (0..500).map(|i| format!("PING {i}\n")).collect();
        ann.writes(many.as_bytes()).await;
        for i in 0..500 {
            ann.hears(
                &format!("PONG {i}"),
                "500 commands came at once, and each has an answer, in their order",
            )
            .await;
        }
        ann.hears_nothing("each command has one answer").await;
    });
}

/// Step 1. A failed `accept` is no reason to close.
///
/// Page: "At the door". The slips: `accept().await?`, or unwrap; a loop that tries again at once, for ever; a pause that another branch of `select!` cuts short, or
/// begins anew; no pause after an error that concerns one client only.
#[test]
fn accepting_survives_errors() {
    // The last one is what a firewall may answer.
    for kind in [
        ErrorKind::Other,
        ErrorKind::ConnectionAborted,
        ErrorKind::PermissionDenied,
    ] {
        check(move || async move {
            let server = Server::open(limits());
            let mut ann = server.connect();
            ann.hears_nothing("ann is in").await;
            // A night without an error saves up no calls.
            sleep(LONG).await;
            // Two that gave up before they were in, and then an error that stays for a while: no file descriptor is left, or all give up.
            for _ in 0..2 {
                let gone = Err(Error::from(ErrorKind::ConnectionAborted));
                assert!(server.door.send(gone).is_ok());
            }
            in_no_time("an answer while accepting fails", async {
                ann.says("PING there?").await;
                ann.hears(
                    "PONG there?",
                    "an `accept` that fails concerns nobody who is in",
                )
                .await;
            })
            .await;
            let mut ben = server.connect();
            let before = Instant::now();
            ben.hears_nothing("two calls of `accept` have failed, and the third brings ben")
                .await;
            assert!(
                before.elapsed() <= Duration::from_millis(2_000),
                "after an `accept` that failed, the next one comes within a second, and ben was let in after {:?}",
                before.elapsed()
            );
            let mut guests: Vec<_> = (0..380).map(|_| server.connect_by(64)).collect();
            settle().await;
            let before = server.accepts.load(Relaxed);
            for _ in 0..1_000 {
                let full = Err(Error::from(kind));
                assert!(
                    server.door.send(full).is_ok(),
                    "an `accept` has failed, and the server has dropped its listener"
                );
            }
            // Meanwhile clients go, 38 a second.
            let mut calls = Vec::new();
            while guests.pop().is_some() {
                sleep(Duration::from_micros(26_500)).await;
                calls.push(server.accepts.load(Relaxed) - before);
            }
            let tried = server.accepts.load(Relaxed) - before;
            assert!(
                (10..=202).contains(&tried),
                "`accept` fails ({kind}), and goes on to fail at once, while clients end, 38 a second. In ten seconds it was called {tried} times. Call it at least once a second, and at most 20 \
                 times a second, whatever the error is. Is there an error without a pause, one that ends the server, or a \
                 pause that has saved up calls, as `interval` does? What does another branch of `select!` do to the pause?"
            );
            // Twice as many, for those who count by the seconds of a clock.
            let seconds = calls.windows(39).map(|second| second[38] - second[0]);
            let most = seconds.max().unwrap_or_default();
            assert!(
                most <= 41,
                "`accept` fails ({kind}), and goes on to fail at once. It was called {most} times in one second, and may be called 20 times. Does a pause save up calls for later?"
            );
            ann.hears_nothing("`accept` has failed many times, and ann is in")
                .await;
            // All those errors, a second each.
            sleep(Duration::from_secs(1_000)).await;
            server
                .connect()
                .hears_nothing("`accept` has failed 1,000 times, and fails no more: whoever comes now is let in within a second")
                .await;
        });
    }
}

/// Step 2. A line without an end is refused.
///
/// Page: "Rude clients". The slips: no limit; a limit that is looked at when the line is there; the end counts, or half of it.
#[test]
fn an_endless_line_is_refused() {
    check(|| async {
        for line in [16, 512] {
            let server = Server::open(Limits { line, ..limits() });
            let mut ann = server.connect();
            let longest = format!("PING {}", "x".repeat(line - 5));
            for end in ["\n", "\r\n"] {
                ann.writes(format!("{longest}{end}").as_bytes()).await;
                let pong = longest.replacen("PING", "PONG", 1);
                ann.hears(&pong, &format!("a line of {line} bytes is not too long"))
                    .await;
                ann.hears_nothing(&format!(
                    "{end:?} ended a line of {line} bytes, and is no line of its own"
                ))
                .await;
            }
            ann.writes(format!("{longest}\r").as_bytes()).await;
            settle().await;
            assert_eq!(
                ann.heard_so_far().await,
                [],
                "{line} bytes and a `\\r` have come. A `\\n` may come behind it: then the line is not too long"
            );
            ann.writes(b"\n").await;
            ann.hears(
                &longest.replacen("PING", "PONG", 1),
                &format!(
                    "a line of {line} bytes is not too long, though its `\\r\\n` came in two pieces"
                ),
            )
            .await;
            let mut ben = server.connect();
            ben.says(&format!("{longest}x")).await;
            ben.hears(
                "ERR line too long",
                &format!("a line may have {line} bytes, and this one has one more"),
            )
            .await;
            ben.hears("BYE", "a line that is too long is taken for QUIT")
                .await;
            ben.hears_the_end("where would the next line begin?").await;
            // There is no end, and there never will be.
            let mut cem = server.connect();
            cem.writes(&vec![b'x'; 2 * line]).await;
            cem.hears(
                "ERR line too long",
                "twice as many bytes have come as a line may have: count, before you keep",
            )
            .await;
            cem.hears("BYE", "a line that is too long is taken for QUIT")
                .await;
            ann.hears_nothing("what others send is not ann's fault")
                .await;
        }
    });
    check(|| async {
        let server = Server::open(Limits {
            line: 100_000,
            ..limits()
        });
        let mut ann = server.connect_by(300_000);
        let text = "x".repeat(99_995);
        ann.says(&format!("PING {text}")).await;
        let heard = within("PONG, to a line of 100,000 bytes", ann.next()).await;
        let heard = heard.unwrap_or_default();
        assert!(
            heard == format!("PONG {text}"),
            "a line may have 100,000 bytes here. A PING of so many was answered by {} bytes, {:?} and so on",
            heard.len(),
            heard.chars().take(20).collect::<String>()
        );
    });
}

/// Step 2. What is no text ends the client that sent it, and nobody else.
///
/// Page: "Rude clients". The slips: unwrap; the whole server ends; letters that are replaced; each piece that comes has to be text.
#[test]
fn garbage_is_refused() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.connect();
        for garbage in [
            &b"PING \xff\n"[..],
            b"\x80\n",
            b"PING \xc3\n\xbc\n",
            b"\0\0\xfe\xff\n",
        ] {
            let mut ben = server.connect();
            ben.writes(garbage).await;
            ben.hears("ERR not text", "bytes that are no UTF-8 are refused")
                .await;
            ben.hears("BYE", "what is no text is taken for QUIT").await;
            ben.hears_the_end("what comes behind it is not read").await;
        }
        ann.writes(b"PING \xc3").await;
        settle().await;
        assert_eq!(
            ann.heard_so_far().await,
            [],
            "half of a letter has come, and its other half may come: look at the line when it is whole"
        );
        ann.writes(b"\xbc\n").await;
        ann.hears("PONG \u{fc}", "a letter may come in two pieces")
            .await;
        ann.says("\0\u{1F4A9}\u{7f}\tPING").await;
        ann.hears("ERR unknown command", "this is UTF-8, and no command")
            .await;
        ann.hears_nothing("what others send is not ann's fault")
            .await;
    });
}

/// Step 2. A client may close its half, and read on.
///
/// Page: "Rude clients". The slips: the end of what comes is the end of all; a last line that is thrown away.
#[test]
fn a_client_that_has_sent_everything_is_answered() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.connect();
        ann.writes(b"PING 1\nPING 2\nPING 3").await;
        ann.has_sent_everything().await;
        for expected in ["PONG 1", "PONG 2", "PONG 3", "BYE"] {
            ann.hears(
                expected,
                "\"PING 1\\nPING 2\\nPING 3\" came, and then the end: three lines, and then what QUIT gives",
            )
            .await;
        }
        ann.hears_the_end("it has heard BYE").await;
        let mut ben = server.connect();
        ben.writes(b"PING 1\r").await;
        ben.has_sent_everything().await;
        ben.hears(
            "PONG 1\r",
            "a `\\r` belongs to the end of a line only right before a `\\n`",
        )
        .await;
    });
}

/// Step 2. Clients come and go as they like, and nothing is left of them.
///
/// Page: "Rude clients". The slips: unwrap on a read or a write; a task that waits for the other one; ended tasks that are kept.
#[test]
fn nothing_is_left_of_clients_that_go() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.connect();
        ann.hears_nothing("ann is in").await;
        let before = alive_tasks().await;
        let mut broken = Vec::new();
        for round in 0..300 {
            let mut ben = server.connect();
            ben.says("PING first").await;
            ben.hears("PONG first", "ben is in").await;
            match round % 6 {
                // Without a word.
                0 => drop(ben),
                // In the middle of one.
                1 => {
                    ben.writes(b"half of a li").await;
                    drop(ben);
                }
                2 => ben.resets(),
                // With answers under way.
                3 => {
                    ben.says(&"PING\n".repeat(40)).await;
                    drop(ben);
                }
                // Only a write can find that out.
                4 => {
                    ben.breaks();
                    ben.says("PING").await;
                    broken.push(ben);
                }
                _ => {
                    ben.says("QUIT").await;
                    ben.hears("BYE", "QUIT is answered by BYE").await;
                    ben.hears_the_end("it has heard BYE").await;
                }
            }
        }
        let left = alive_tasks().await;
        assert!(
            left <= before,
            "300 clients have come and gone, and {} more tasks are alive than before them. Who waits for a client that has gone? One half may find out, and the other one never.",
            left - before
        );
        ann.hears_nothing("others have gone, in all ways there are")
            .await;
    });
}

/// Step 2. A thousand clients that say nothing cost nothing.
///
/// Page: "Rude clients". The slips: a timer for each client; a loop that looks.
#[test]
fn a_thousand_silent_clients_cost_nothing() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.connect();
        let mut silent: Vec<Client> = (0..1_100).map(|_| server.connect_by(64)).collect();
        ann.hears_nothing("ann was the first").await;
        settle().await;
        let woken = wake_ups().await;
        assert!(
            woken < 30,
            "nobody says anything, and the runtime woke up {woken} times in a minute. Who looks, instead of waiting?"
        );
        in_no_time("an answer among a thousand silent clients", async {
            ann.says("PING").await;
            ann.hears("PONG ", "a thousand others are silent").await;
        })
        .await;
        silent[1_099]
            .hears_nothing("any number of clients may come, and it was the last of 1,100")
            .await;
        drop(silent);
        assert!(
            alive_tasks().await < 100,
            "a thousand clients have gone, and their tasks are still there"
        );
    });
}

/// Step 2. A client that never reads its answers fills nothing but its own share.
///
/// Page: "Rude clients". The slip: an unbounded channel of answers.
#[test]
fn answers_that_nobody_reads_are_bounded() {
    check(|| async {
        for waiting in [1, 50] {
            let server = Server::open(Limits {
                waiting,
                ..limits()
            });
            let mut ann = server.connect_by(64);
            let ping = |number| format!("PING {number} {}\n", "x".repeat(400));
            let mut taken = 0;
            while let Ok(Ok(())) =
                tokio::time::timeout(LONG / 1_000, ann.stream.write_all(ping(taken).as_bytes()))
                    .await
            {
                taken += 1;
                assert!(
                    taken < 600,
                    "a client has sent {taken} commands of 400 bytes, reads no answer, and the server goes on to take commands. {waiting} lines may wait for it, \
                     and at most twice as many and 100. Where are the answers?"
                );
            }
            let mut ben = server.connect();
            ben.hears_nothing("another one does not read").await;
            sleep(LONG / 10).await;
            for number in 0..taken {
                let mut line = String::new();
                let read = within(
                    "an answer, when it reads again",
                    ann.stream.read_line(&mut line),
                );
                if read.await.is_err() || !line.ends_with('\n') {
                    break; // too slow, by its own answers
                }
                assert!(
                    line == ping(number).replacen("PING", "PONG", 1),
                    "a client has sent {taken} commands, read nothing for an hour, and reads again. Its next line should be the answer to number {number}, and is {:?} and so on",
                    line.chars().take(12).collect::<String>()
                );
            }
        }
    });
}

/// Step 3. A name has one owner.
///
/// Page: "Names". The slips: names that each client's task keeps for itself; a second name.
#[test]
fn a_name_belongs_to_one_client() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.named("ann").await;
        let mut ben = server.connect();
        ben.says("NICK ann\nNICK \nNICK b!\nNICK Ann\nNICK ben")
            .await;
        ben.hears("ERR name taken", "another client has this name")
            .await;
        ben.hears("ERR bad name", "a name has at least one letter")
            .await;
        ben.hears("ERR bad name", "a name has no other signs than - and _")
            .await;
        ben.hears(
            "NICK Ann",
            "small and capital letters are different letters",
        )
        .await;
        ben.hears("ERR already named", "a client has one name")
            .await;
        ann.says("NICK ann\nNICK cem").await;
        ann.hears("ERR already named", "a client has one name, for good")
            .await;
        ann.hears("ERR already named", "a client has one name, for good")
            .await;
        let mut cem = server.connect();
        cem.says("NICK ben\nJOIN").await;
        cem.hears("NICK ben", "a name that was refused belongs to nobody")
            .await;
        cem.hears("ERR bad name", "the room has no name").await;
        ben.says("QUIT").await;
        ben.hears("BYE", "QUIT is answered by BYE").await;
        let mut dan = server.connect();
        for _ in 0..300 {
            dan.says("NICK ann").await;
            dan.hears(
                "ERR name taken",
                "ben was refused this name and has gone, and it is ann's still, however often somebody asks for it",
            )
            .await;
        }
        dan.says("NICK dan").await;
        dan.hears(
            "NICK dan",
            "it was refused another name 300 times, and has none",
        )
        .await;
    });
}

/// Step 3. Of many that ask at once, one gets the name.
///
/// Page: "Names". The slip: to look whether the name is free, and to take it later.
#[test]
fn of_a_hundred_that_ask_one_gets_the_name() {
    check(|| async {
        let server = Server::open(limits());
        for round in 0..3 {
            let mut all: Vec<Client> = (0..100).map(|_| server.connect()).collect();
            for client in &mut all {
                client.says(&format!("NICK ann{round}")).await;
            }
            let mut got = 0;
            for client in &mut all {
                let heard = within("an answer to NICK", client.next()).await;
                got += usize::from(heard.as_deref() == Some(&format!("NICK ann{round}")));
            }
            assert_eq!(
                got, 1,
                "a hundred clients asked for one name at the same time, and {got} got it. What can happen between the look and the taking?"
            );
        }
    });
}

/// Step 3. The name is free when its client has gone, however it went.
///
/// Page: "Names". The slips: a name that only QUIT gives back; one that is given back after the BYE, or twice.
#[test]
fn a_name_is_free_when_its_client_has_gone() {
    check(|| async {
        let server = Server::open(limits());
        for way in ["QUIT", "too long", "the end"].iter().cycle().take(30) {
            let mut ann = server.named("ann").await;
            let mut next = server.connect();
            next.hears_nothing("it is in, and waits for the name").await;
            match *way {
                "QUIT" => ann.says("QUIT").await,
                "too long" => ann.says(&"x".repeat(600)).await,
                _ => ann.has_sent_everything().await,
            }
            // At this very moment: so by a task, which has its turn between those of the server. ann is still connected.
            let both = tokio::spawn(async move {
                let mut heard = ann.next().await;
                while heard.as_ref().is_some_and(|line| line != "BYE") {
                    heard = ann.next().await;
                }
                next.says("NICK ann\nQUIT").await;
                (ann, next, heard)
            });
            let (_ann, mut next, heard) = within("BYE", both).await.expect("it does not panic");
            assert!(
                heard.is_some(),
                "the stream has ended without BYE, after {way}"
            );
            next.hears(
                "NICK ann",
                &format!(
                    "the client of that name has heard BYE (after {way}), so its name is free"
                ),
            )
            .await;
            next.hears("BYE", "QUIT is answered by BYE").await;
        }
        for is_reset in [true, false] {
            let ann = server.named("ann").await;
            match is_reset {
                true => ann.resets(),
                false => drop(ann),
            }
            settle().await;
        }
        server.named("ann").await;
    });
}

/// Step 4. All in a room hear what happens in it, and nobody else does.
///
/// Page: "Rooms". The slips: news that its author does not hear; one room for all; a word that is lost.
#[test]
fn all_in_a_room_hear_what_is_said() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.connect();
        ann.says("JOIN lobby\nSAY hi\nLEAVE").await;
        ann.hears("ERR no name", "a client that joins has a name")
            .await;
        ann.hears("ERR not in a room", "there is nobody to say it to")
            .await;
        ann.hears("ERR not in a room", "there is nothing to leave")
            .await;
        ann.named("ann").await;
        ann.joins("lobby").await;
        let mut ben = server.joined("ben", "lobby").await;
        let mut cem = server.joined("cem", "lobby-2").await;
        ann.hears("JOINED lobby ben", "ben has joined ann's room")
            .await;
        let mut dan = server.connect();
        dan.says("NICK lobby").await;
        dan.hears(
            "NICK lobby",
            "there is a room of this name, and no client has this name",
        )
        .await;
        ben.says("SAY hello  you\nJOIN other\nSAY ").await;
        for client in [&mut ann, &mut ben] {
            client
                .hears(
                    "SAID lobby ben hello  you",
                    "all in the room hear it, ben as well, and before the answer to its next command",
                )
                .await;
        }
        ben.hears("ERR already in a room", "a client is in one room at a time")
            .await;
        for client in [&mut ann, &mut ben] {
            client.hears("SAID lobby ben ", "a text may be empty").await;
        }
        ben.says("LEAVE\nSAY gone\nJOIN lobby-2").await;
        ann.hears("LEFT lobby ben", "ben has left").await;
        ben.hears("LEFT lobby ben", "ben has left, and hears so itself")
            .await;
        ben.hears("ERR not in a room", "ben has left").await;
        for client in [&mut cem, &mut ben] {
            client
                .hears("JOINED lobby-2 ben", "ben is in the other room now")
                .await;
        }
        ann.says("SAY alone?").await;
        ann.hears("SAID lobby ann alone?", "ann is still there")
            .await;
        for client in [&mut ann, &mut ben, &mut cem] {
            client
                .hears_nothing("rooms hear nothing of each other")
                .await;
        }
    });
    check(|| async {
        // What she says fits into her pipe, and what she hears does not: some of it has to wait.
        let server = Server::open(limits());
        let mut ann = server.connect_by(80);
        ann.named("ann").await;
        ann.joins("lobby").await;
        let says: String = (0..6).map(|i| format!("SAY {i}\nPING {i}\n")).collect();
        ann.writes(says.as_bytes()).await;
        settle().await;
        for number in 0..6 {
            for expected in [format!("SAID lobby ann {number}"), format!("PONG {number}")] {
                let why = "it has said SAY and PING by turns, and reads late: answers come in the order of the commands";
                ann.hears(&expected, why).await;
            }
        }
    });
}

/// Step 4. All hear the same, in the same order.
///
/// Page: "Rooms". The slips: a task for each line; members that are told one by one by the client that speaks; an answer that overtakes.
#[test]
fn all_hear_the_same_in_the_same_order() {
    check(|| async {
        let server = Server::open(limits());
        let mut all = Vec::new();
        for name in ["ann", "ben", "cem"] {
            all.push(server.joined(name, "lobby").await);
        }
        for (number, client) in all.iter_mut().enumerate() {
            for late in ["ann", "ben", "cem"].iter().skip(number + 1) {
                client
                    .hears(&format!("JOINED lobby {late}"), "it came later")
                    .await;
            }
        }
        for client in &mut all {
            let lines: String = (0..100).map(|i| format!("SAY {i}\n")).collect();
            client
                .writes(format!("{lines}PING done\n").as_bytes())
                .await;
        }
        let mut heard = Vec::new();
        for client in &mut all {
            let (mut lines, mut own) = (Vec::new(), 0);
            for _ in 0..301 {
                let line = within("each of the 300 lines, and a PONG", client.next()).await;
                let line = line.expect("nobody is too slow: 300 lines wait, and 1,000 may");
                if line == "PONG done" {
                    own = lines.len();
                } else {
                    lines.push(line);
                }
            }
            heard.push((lines, own));
        }
        for (name, (lines, own)) in ["ann", "ben", "cem"].iter().zip(&heard) {
            for author in ["ann", "ben", "cem"] {
                let of_author = lines
                    .iter()
                    .filter(|line| line.starts_with(&format!("SAID lobby {author}")));
                let numbers: Vec<_> = of_author
                    .filter_map(|line| line.rsplit(' ').next())
                    .collect();
                let expected: Vec<_> = (0..100).map(|i| i.to_string()).collect();
                assert_eq!(
                    numbers, expected,
                    "{author} said 0 to 99, and this is what {name} heard of it: each line once, in the order in which it was said"
                );
            }
            let last = lines
                .iter()
                .rposition(|line| line.starts_with(&format!("SAID lobby {name}")));
            assert!(
                last < Some(*own),
                "{name} said PING after its last SAY, and heard the PONG before it heard itself: answers come in the order of the commands"
            );
        }
        assert!(
            heard.windows(2).all(|two| two[0].0 == two[1].0),
            "ann, ben and cem spoke at the same time, and heard it in different orders. Who decides what comes first?"
        );
    });
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.joined("ann", "lobby").await;
        let mut all: Vec<Client> = (0..100).map(|_| server.connect()).collect();
        for (number, client) in all.iter_mut().enumerate() {
            client
                .says(&format!("NICK c{number}\nJOIN lobby\nSAY hi"))
                .await;
        }
        let mut heard = BTreeSet::new();
        for _ in 0..200 {
            let what = "each of 100 JOINED and 100 SAID: does a room lose what comes all at once?";
            heard.extend(within(what, ann.next()).await);
        }
        assert_eq!(
            heard.len(),
            200,
            "a hundred clients joined and spoke at the same time, each once: 200 different lines"
        );
    });
    one_schedule("this is about how many, not about when");
    check(|| async {
        // 520 lines for each of them: its pipe holds them.
        let server = Server::open(limits());
        let mut all: Vec<Client> = (0..260).map(|_| server.connect()).collect();
        settle().await;
        // All of them have said it before the server has its turn.
        unconstrained(async {
            for (number, client) in all.iter_mut().enumerate() {
                client.says(&format!("NICK c{number}\nJOIN lobby")).await;
            }
        })
        .await;
        settle().await;
        let mut ann = server.joined("ann", "lobby").await;
        unconstrained(async {
            for client in &mut all {
                client.says("SAY hi").await;
            }
        })
        .await;
        settle().await;
        let heard: BTreeSet<_> = ann.heard_so_far().await.into_iter().flatten().collect();
        assert_eq!(
            heard.len(),
            260,
            "260 clients joined at the same moment, and spoke at the same moment, each once: so many different lines ann should have heard, which came between the two"
        );
    });
}

/// Step 4. A client that leaves is heard to leave, once.
///
/// Page: "Rooms". The slips: only LEAVE is told; LEFT is told by two tasks; nobody notices that a client has gone.
#[test]
fn leaving_is_heard_once() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.joined("ann", "lobby").await;
        for round in 0..14 {
            let mut ben = server.joined("ben", "lobby").await;
            ann.hears("JOINED lobby ben", "ben has joined").await;
            let how = match round % 7 {
                0 => {
                    ben.says("LEAVE\nQUIT").await;
                    "LEAVE, and QUIT"
                }
                1 => {
                    ben.says("QUIT").await;
                    ben.hears("LEFT lobby ben", "QUIT leaves the room first")
                        .await;
                    ben.hears("BYE", "QUIT is answered by BYE").await;
                    "QUIT"
                }
                2 => {
                    ben.has_sent_everything().await;
                    ben.hears("LEFT lobby ben", "it has left the room").await;
                    ben.hears("BYE", "it has sent everything").await;
                    "the end of what it sends"
                }
                3 => {
                    ben.writes(b"SAY half of a li").await;
                    settle().await;
                    ben.resets();
                    "a reset in the middle of a line, which is no command then"
                }
                4 => {
                    ben.says(&"x".repeat(600)).await;
                    "a line that is too long"
                }
                5 => {
                    ben.says("QUIT\nLEAVE\nQUIT").await;
                    "QUIT, and more"
                }
                _ => {
                    drop(ben);
                    "going without a word"
                }
            };
            let why = format!(
                "ben leaves by {how}, and somebody has to tell the room, in which nobody speaks"
            );
            in_no_time("LEFT", ann.hears("LEFT lobby ben", &why)).await;
            sleep(LONG / 100).await;
            ann.says("SAY still here").await;
            ann.hears(
                "SAID lobby ann still here",
                &format!("after {how}, all have heard that ben left, and they hear it once"),
            )
            .await;
        }
    });
    // It goes while ann speaks: a write to it fails.
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.joined("ann", "lobby").await;
        let mut dan = server.joined("dan", "lobby").await;
        ann.hears("JOINED lobby dan", "dan has joined").await;
        for _ in 0..5 {
            let ben = server.joined("ben", "lobby").await;
            ben.breaks();
            let said: String = (0..10).map(|i| format!("SAY {i}\n")).collect();
            ann.writes(said.as_bytes()).await;
            settle().await;
            for client in [&mut ann, &mut dan] {
                let mut heard: Vec<_> = client.heard_so_far().await.into_iter().flatten().collect();
                heard.retain(|line| !line.ends_with(" ben"));
                let expected: Vec<_> = (0..10).map(|i| format!("SAID lobby ann {i}")).collect();
                assert_eq!(
                    heard, expected,
                    "one of the room has gone while ann said 0 to 9, and the others hear all of it"
                );
            }
        }
    });
}

/// Step 4. When the last one leaves, nothing is left of a room.
///
/// Page: "Rooms". The slips: rooms that are kept for ever; a room that holds a handle of itself.
#[test]
fn nothing_is_left_of_an_empty_room() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.named("ann").await;
        let before = alive_tasks().await;
        for room in 0..300 {
            ann.joins(&format!("room-{room}")).await;
            ann.says("LEAVE").await;
            ann.hears(&format!("LEFT room-{room} ann"), "ann leaves")
                .await;
        }
        let left = alive_tasks().await;
        assert!(
            left <= before,
            "ann was in 300 rooms and has left them all, and {} more tasks are alive than before. Who keeps an empty room alive?",
            left.saturating_sub(before)
        );
    });
}

/// Step 4. A client that joins while the last one leaves is in the room that others will join.
///
/// Page: "Rooms". The slips: a room that ends with somebody at its door; two rooms of one name; rooms that are forgotten when others come.
#[test]
fn nobody_is_lost_while_a_room_ends() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.named("ann").await;
        let mut ben = server.named("ben").await;
        let mut cem = server.named("cem").await;
        for round in 0..20 {
            ann.joins("lobby").await;
            // In either order; and the later the round, the further the one has come when the other speaks. In a task, which has its turn between
            // those of the server.
            let both = tokio::spawn(async move {
                if round % 2 == 0 {
                    ann.says("LEAVE").await;
                    let_others_run(round / 2).await;
                    ben.says("JOIN lobby").await;
                } else {
                    ben.says("JOIN lobby").await;
                    let_others_run(round / 2).await;
                    ann.says("LEAVE").await;
                }
                (ann, ben)
            });
            (ann, ben) = both.await.expect("it does not panic");
            while within("LEFT, for ann", ann.next()).await.as_deref() != Some("LEFT lobby ann") {}
            let heard = within(
                "JOINED for ben, which joined while the room's last member left",
                ben.next(),
            )
            .await;
            assert_eq!(
                heard.as_deref(),
                Some("JOINED lobby ben"),
                "ben joins while ann, the last one, leaves"
            );
            cem.joins("lobby").await;
            loop {
                let heard = within(
                    "JOINED lobby cem, for ben: are ben and cem in the same room?",
                    ben.next(),
                )
                .await;
                match heard.as_deref() {
                    Some("JOINED lobby cem") => break,
                    other => assert_eq!(
                        other,
                        Some("LEFT lobby ann"),
                        "ben joined while ann left, and then cem joined"
                    ),
                }
            }
            for client in [&mut ben, &mut cem] {
                client.says("LEAVE").await;
            }
            for (client, name) in [(&mut ben, "ben"), (&mut cem, "cem")] {
                let left = format!("LEFT lobby {name}");
                while within("LEFT", client.next()).await.as_deref() != Some(&left) {}
            }
        }
        ben.joins("lobby").await;
        for room in 0..300 {
            ann.joins(&format!("room-{room}")).await;
            ann.says("LEAVE").await;
            ann.hears(&format!("LEFT room-{room} ann"), "ann leaves")
                .await;
        }
        cem.says("JOIN lobby").await;
        for client in [&mut cem, &mut ben] {
            client
                .hears(
                    "JOINED lobby cem",
                    "ben is in the lobby, 300 other rooms have come and gone meanwhile, and then cem joins the lobby: it is still ben's",
                )
                .await;
        }
    });
    check(|| async {
        let server = Server::open(limits());
        let mut all = Vec::new();
        for number in 0..20 {
            all.push(server.named(&format!("c{number}")).await);
        }
        for client in &mut all {
            client.says("JOIN lobby").await;
        }
        settle().await;
        for client in &mut all {
            client.heard_so_far().await;
        }
        all[0].says("SAY who is here?").await;
        for client in &mut all {
            client
                .hears(
                    "SAID lobby c0 who is here?",
                    "20 clients joined at the same moment a room that nobody was in, and then one of them speaks: there is one room of a name, whoever begins it",
                )
                .await;
        }
    });
}

/// Goes so often to the end of the queue of those who may run. (`yield_now` would wait until it is empty.)
async fn let_others_run(turns: usize) {
    let mut left = turns;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Step 5. One client does not read, and the others do not notice.
///
/// Page: "Slow clients". The slips: the room awaits a slot in each outbox; a time-out for each send.
#[test]
fn a_slow_client_slows_nobody_down() {
    check(|| async {
        let server = Server::open(Limits {
            waiting: 8,
            ..limits()
        });
        let mut slow = server.connect_by(64);
        slow.named("slow").await;
        slow.joins("lobby").await;
        let mut ann = server.joined("ann", "lobby").await;
        let mut ben = server.joined("ben", "lobby").await;
        ann.hears("JOINED lobby ben", "ben has joined").await;
        let text = "x".repeat(400);
        let mut left = 0;
        in_no_time("each of 300 lines, for ann and ben", async {
            for number in 0..300 {
                ann.says(&format!("SAY {number} {text}")).await;
                let said = format!("SAID lobby ann {number} {text}");
                for client in [&mut ann, &mut ben] {
                    let mut heard = within(
                        "a line in a room with a member that does not read",
                        client.next(),
                    )
                    .await;
                    if heard.as_deref() == Some("LEFT lobby slow") {
                        left += 1;
                        heard = client.next().await;
                    }
                    assert_eq!(
                        heard.as_deref(),
                        Some(&*said),
                        "one member of the room does not read, and that costs the others nothing: no line, and no time"
                    );
                }
            }
        })
        .await;
        assert_eq!(
            left, 2,
            "300 lines were said, 8 may wait for a client that reads nothing: ann and ben have to hear that it left, each of them once"
        );
        drop(slow);
    });
}

/// Step 5. A client that is too slow is dropped, at its limit and not before, and nothing is left of it.
///
/// Page: "Slow clients". The slips: a limit that only others feel; a client that is out of its room and does not know; a name that stays taken.
#[test]
fn a_slow_client_is_dropped_at_its_limit() {
    check(|| async {
        for waiting in [4, 60] {
            let server = Server::open(Limits {
                waiting,
                ..limits()
            });
            let mut ann = server.joined("ann", "lobby").await;
            let before = alive_tasks().await;
            let mut slow = server.connect_by(64);
            slow.named("slow").await;
            slow.joins("lobby").await;
            ann.hears("JOINED lobby slow", "it has joined").await;
            let text = "x".repeat(400);
            let (mut said, mut has_left) = (0, false);
            while !has_left {
                said += 1;
                ann.says(&format!("SAY {said} {text}\nPING")).await;
                let before = Instant::now();
                loop {
                    match within("a PONG", ann.next()).await.as_deref() {
                        Some("LEFT lobby slow") => has_left = true,
                        Some("PONG ") => break,
                        Some(line) if line.starts_with("SAID lobby ann") => {}
                        other => panic!("ann has said a line, and heard {other:?}"),
                    }
                }
                assert_eq!(
                    before.elapsed(),
                    Duration::ZERO,
                    "the other one in ann's room does not read, and that costs ann no time"
                );
                // What the client's task finds out by itself.
                settle().await;
                assert!(
                    said <= 2 * waiting + 200,
                    "{waiting} lines may wait for a client. One reads nothing, {said} lines of 400 bytes were said, and nobody has heard that it left. If it is still in the room, where are they?"
                );
            }
            assert!(
                said > waiting,
                "{waiting} lines may wait for a client, and it was dropped when {said} had been said"
            );
            assert!(
                alive_tasks().await <= before,
                "a client was too slow and has been dropped, and some of its tasks are still there. Who tells those that wait for it to read?"
            );
            let mut lines = 0;
            while let Some(line) = within(
                "what was on its way, and then the end",
                next_part(&mut slow),
            )
            .await
            {
                lines += 1;
                assert_ne!(
                    line, "BYE",
                    "what waited for it is lost, so a BYE at the end would say too much"
                );
            }
            assert!(
                lines <= said,
                "it hears what had been on its way to it, and then the end of its stream"
            );
            let mut again = server.connect();
            again.named("slow").await;
            ann.hears_nothing("its LEFT was heard, and once").await;
        }
    });
    check(|| async {
        let server = Server::open(Limits {
            waiting: 8,
            ..limits()
        });
        let mut ann = server.joined("ann", "lobby").await;
        let before = alive_tasks().await;
        let mut slow = server.connect_by(64);
        slow.named("slow").await;
        slow.joins("lobby").await;
        ann.hears("JOINED lobby slow", "it has joined").await;
        let asks = tokio::spawn(async move {
            let ping = format!("PING {}\n", "x".repeat(400));
            // Until its stream ends.
            while slow.stream.write_all(ping.as_bytes()).await.is_ok() {}
        });
        settle().await;
        let mut said = 0;
        loop {
            said += 1;
            ann.says(&format!("SAY {said}\nPING")).await;
            let mut has_left = false;
            while let Some(line) = within("a PONG", ann.next()).await
                && line != "PONG "
            {
                has_left |= line == "LEFT lobby slow";
            }
            settle().await;
            if has_left {
                break;
            }
            assert!(
                said < 300,
                "a client sends one PING after another and reads no answer. {said} lines were said in its room, 8 may wait for it, and it is still there"
            );
        }
        assert!(
            alive_tasks().await <= before,
            "a client sent PINGs and read no answer. Its room has dropped it, and some of its tasks are still there: one of them waits for a slot for the next PONG. Does it hear there that it was dropped?"
        );
        asks.abort();
        let mut again = server.connect();
        again.named("slow").await;
        drop(again);
        // Alone in its room: nobody hears that it left.
        let mut alone = server.connect_by(64);
        alone.named("alone").await;
        alone.joins("attic").await;
        let say = format!("SAY {}\n", "x".repeat(400));
        for _ in 0..300 {
            let write = alone.stream.write_all(say.as_bytes());
            if !matches!(tokio::time::timeout(LONG, write).await, Ok(Ok(()))) {
                break;
            }
        }
        drop(alone);
        assert!(
            alive_tasks().await <= before,
            "a client was alone in its room, spoke and read nothing, and has gone. Some of the tasks are still there: does the room end, whatever made the last one leave?"
        );
    });
}

/// The next line of a stream that may end in the middle of one.
async fn next_part(client: &mut Client) -> Option<String> {
    let mut line = String::new();
    let read = client.stream.read_line(&mut line).await;
    read.ok()
        .filter(|read| *read > 0)
        .map(|_| line.trim_end().to_owned())
}

/// Step 5. One line may be too much for several, and the news that one of them left for the next. Those who stay have heard all of it.
///
/// Page: "Slow clients". The slips: the second round of news is sent as if nobody could be too slow for it; a client that joins is told its own JOINED apart.
#[test]
fn dropping_one_may_drop_the_next() {
    for talks_on in [true, false] {
        check(move || async move {
            let server = Server::open(Limits {
                waiting: 8,
                ..limits()
            });
            let mut ann = server.joined("ann", "lobby").await;
            let mut heard = Vec::new();
            // The earlier one of them joined, the more lines wait for it. Each is stuck in a PONG of its own.
            let mut slow = Vec::new();
            for number in 0..4 {
                let mut client = server.connect_by(64);
                client.named(&format!("slow-{number}")).await;
                client.joins("lobby").await;
                client.says(&format!("PING {}", "x".repeat(400))).await;
                heard.extend(after(&mut ann, "PING").await);
                slow.push(client);
            }
            // Newcomers are news as well. Sorted by their names, some come before those who are slow, and some after them.
            let name_of = |number: usize| format!("{}-{number}", ["new", "young"][number % 2]);
            let mut new = Vec::new();
            while !heard.iter().any(|line| line.starts_with("LEFT")) {
                let number = new.len();
                assert!(
                    number < 200,
                    "8 lines may wait for a client. Some read nothing, {number} have joined, and nobody has heard that one left"
                );
                new.push(server.joined(&name_of(number), "lobby").await);
                heard.extend(after(&mut ann, "PING").await);
            }
            // The others still read nothing.
            if talks_on {
                heard.extend(after(&mut ann, "SAY and so on").await);
            }
            heard.retain(|line| !line.starts_with("PONG"));
            let from = |name: &str| {
                let joined = format!("JOINED lobby {name}");
                let from = heard.iter().position(|line| *line == joined);
                &heard[from.expect("ann has heard of all") + 1..]
            };
            for (number, client) in new.iter_mut().enumerate() {
                let name = name_of(number);
                let mut lines = after(client, "PING").await;
                lines.retain(|line| !line.starts_with("PONG"));
                assert_eq!(
                    lines,
                    from(&name),
                    "{name} has joined, and from then on it hears what ann hears, in the same order: also who left because JOINED was one line too many for it"
                );
            }
            for (number, client) in slow.iter_mut().enumerate() {
                let name = format!("slow-{number}");
                if heard.contains(&format!("LEFT lobby {name}")) {
                    continue;
                }
                assert!(
                    client.stream.write_all(b"PING\n").await.is_ok(),
                    "{name} was dropped, and ann has not heard that it left: each LEFT is news as well, and goes on until nobody is left who is too slow for it"
                );
                let mut lines = after(client, "PING").await;
                lines.retain(|line| !line.starts_with("PONG"));
                assert_eq!(
                    lines,
                    from(&name),
                    "{name} is in the room, and ann has not heard that it left. So it has missed nothing, and what it hears is what ann has heard: also who left before it"
                );
            }
        });
    }
}

/// Says it, and a PING behind it. What the client hears up to its PONG, and what comes when all tasks have done what they had to.
async fn after(client: &mut Client, line: &str) -> Vec<String> {
    client.says(&format!("{line}\nPING done")).await;
    let mut heard = Vec::new();
    let what =
        format!("the PONG behind {line:?} (Does a room wait for somebody who does not read?)");
    while let Some(line) = within(&what, client.next()).await
        && line != "PONG done"
    {
        heard.push(line);
    }
    settle().await;
    heard.extend(client.heard_so_far().await.into_iter().flatten());
    heard
}

/// Step 5. A client that reads again in time has missed nothing.
///
/// Page: "Slow clients". The slips: what does not fit is left out, without a word; the oldest lines are dropped.
#[test]
fn a_client_that_reads_in_time_misses_nothing() {
    check(|| async {
        for waiting in [1, 3, 700] {
            let server = Server::open(Limits {
                waiting,
                ..limits()
            });
            let mut ann = server.joined("ann", "lobby").await;
            let mut late = server.connect_by(30);
            late.named("late").await;
            late.joins("lobby").await;
            ann.hears("JOINED lobby late", "it has joined").await;
            for round in 0..3 {
                for number in 0..waiting {
                    ann.says(&format!("SAY {round} {number}")).await;
                    ann.hears(&format!("SAID lobby ann {round} {number}"), &format!("{waiting} lines may wait for the one that is late, and {} have been said", number + 1))
                        .await;
                }
                sleep(LONG / 10).await;
                for number in 0..waiting {
                    late.hears(
                        &format!("SAID lobby ann {round} {number}"),
                        &format!("{waiting} lines waited for it, and so many may"),
                    )
                    .await;
                }
                settle().await;
            }
            late.says("SAY here").await;
            ann.hears("SAID lobby late here", "it is in the room").await;
        }
    });
    one_schedule("this is about how many, not about when");
    check(|| async {
        let server = Server::open(Limits {
            waiting: 100_000,
            ..limits()
        });
        let mut ann = server.joined("ann", "lobby").await;
        let mut late = server.connect_by(30);
        late.named("late").await;
        late.joins("lobby").await;
        ann.hears("JOINED lobby late", "it has joined").await;
        let expected: Vec<_> = (0..MANY).map(|i| format!("SAID lobby ann {i}")).collect();
        for part in expected.chunks(250) {
            for line in part {
                ann.says(&line.replacen("SAID lobby ann", "SAY", 1)).await;
            }
            for line in part {
                ann.hears(
                    line,
                    "every word is heard, however many there were before it",
                )
                .await;
            }
        }
        sleep(LONG / 10).await;
        for line in &expected {
            late.hears(
                line,
                &format!("100,000 lines may wait for it, and {MANY} do"),
            )
            .await;
        }
    });
}

/// More than anybody counts to by mistake.
const MANY: usize = 11_000;

/// Step 6. Everybody hears BYE.
///
/// Page: "Bye". The slips: abort at once; the listener is kept; a word that waits behind others; one that is heard between two lines only.
#[test]
fn everybody_hears_bye() {
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.joined("ann", "lobby").await;
        let ben = server.joined("ben", "lobby").await;
        ann.hears("JOINED lobby ben", "ben has joined").await;
        let mut all = vec![ann, ben];
        all.extend((0..100).map(|_| server.connect()));
        for (number, client) in all.iter_mut().enumerate() {
            client.says(&format!("PING {number}")).await;
        }
        settle().await;
        all[1].says("SAY one more").await;
        settle().await;
        let Server { door, shutdown, .. } = server;
        let _ = door.send(Err(Error::other("too many open files")));
        settle().await;
        let readers: Vec<_> = all
            .into_iter()
            .map(|client| tokio::spawn(to_the_end(client)))
            .collect();
        in_no_time(
            "the end, when all clients read, and an `accept` has just failed,",
            shutdown.stop(LONG),
        )
        .await;
        assert!(
            door.is_closed(),
            "`stop` has returned, and the listener is still there: on a socket, its port would be in use"
        );
        for (number, reader) in readers.into_iter().enumerate() {
            let mut heard = within("the end of a client's stream", reader)
                .await
                .expect("it does not panic");
            assert_eq!(
                heard.pop().as_deref(),
                Some("BYE"),
                "the server stops, and each client hears BYE as its last line"
            );
            heard.retain(|line| !line.starts_with("LEFT"));
            let mut expected = vec![format!("PONG {number}")];
            if number < 2 {
                expected.push("SAID lobby ben one more".to_owned());
            }
            assert_eq!(
                heard, expected,
                "what waited for a client comes before its BYE"
            );
        }
        assert_eq!(
            alive_tasks().await,
            0,
            "the server has stopped, and tasks of it are alive"
        );
    });
    check(|| async {
        let server = Server::open(limits());
        let mut ann = server.connect();
        ann.writes(b"PING, and no end of th").await;
        settle().await;
        let heard = tokio::spawn(to_the_end(ann));
        in_no_time(
            "the end, when a client has said half a line (BYE does not wait for the other half: is the stop heard while a line is read?)",
            server.shutdown.stop(LONG),
        )
        .await;
        let heard = within("the end of its stream", heard).await;
        assert_eq!(
            heard.expect("it does not panic"),
            ["BYE"],
            "a client has said half a line, which is no command, and hears BYE"
        );
    });
}

/// Step 6. Those who are behind hear BYE as well, and those who say one thing after another.
///
/// Page: "Bye". The slips: a BYE for which there has to be a slot at this moment; a stop that is heard when there is nothing else to do.
#[test]
fn bye_comes_to_those_who_are_behind_or_busy() {
    check(|| async {
        let limits = Limits {
            waiting: 4,
            ..limits()
        };
        let text = format!("SAY {}", "x".repeat(400));
        // How many lines are too many is up to the server. The next one stays below that, with a slot for its own LEFT.
        let mut most = usize::MAX;
        for _ in 0..2 {
            let server = Server::open(limits);
            let mut ann = server.joined("ann", "lobby").await;
            let mut late = server.connect_by(64);
            late.named("late").await;
            late.joins("lobby").await;
            ann.hears("JOINED lobby late", "it has joined").await;
            let (mut said, mut has_left) = (0, false);
            while !has_left && said + 3 < most {
                said += 1;
                let heard = after(&mut ann, &text).await;
                has_left = heard.iter().any(|line| line == "LEFT lobby late");
                assert!(
                    said < 210,
                    "4 lines may wait for a client that reads nothing, {said} lines of 400 bytes were said, and nobody has heard that it left"
                );
            }
            if has_left {
                most = said;
                continue;
            }
            ann.says("LEAVE").await;
            ann.hears("LEFT lobby ann", "ann leaves").await;
            settle().await;
            let stop = tokio::spawn(server.shutdown.stop(LONG));
            settle().await;
            let mut heard = Vec::new();
            while let Some(line) = within("the end of its stream", next_part(&mut late)).await {
                heard.push(line);
            }
            assert_eq!(
                heard.pop().as_deref(),
                Some("BYE"),
                "{said} lines of 400 bytes and a LEFT waited for a client when the server stopped, {most} would have been too many. Then it has read them all, and its last line is BYE"
            );
            heard.retain(|line| line != "LEFT lobby late");
            assert_eq!(
                heard.len(),
                said + 1,
                "what waited for a client when the server stopped comes before its BYE"
            );
            within("the end, when all clients have read", stop)
                .await
                .expect("it does not panic");
        }
    });
    check(|| async {
        heard_of_one_who_talks().await;
    });
    one_schedule(
        "another one may put off the task that hears the stop until a client has said 20,000 things",
    );
    check(|| async {
        assert!(
            heard_of_one_who_talks().await < 20_000,
            "a client says 20,000 things, one after another. The server was to stop after its first PONG, and has answered all of them: is the stop heard only when there is no \
             command?"
        );
    });
}

/// How many lines a client hears that says one thing after another, 20,000 in all, while the server stops.
async fn heard_of_one_who_talks() -> usize {
    let server = Server::open(limits());
    let mut ann = server.connect();
    let (tell_first, first) = oneshot::channel();
    // It is ahead of the server by 900 commands, which is no more than may wait for it.
    let talks = tokio::spawn(async move {
        let mut tell_first = Some(tell_first);
        let mut heard = Vec::new();
        ann.says(&"PING\n".repeat(899)).await;
        while let Some(line) = ann.next().await {
            heard.push(line);
            if heard.len() < 20_000 {
                let _ = ann.stream.write_all(b"PING\n").await; // the server may have said BYE
            }
            if let Some(first) = tell_first.take() {
                let _ = first.send(());
            }
        }
        heard
    });
    let _ = within("a PONG", first).await;
    in_no_time(
        "the end, while a client says one thing after another,",
        server.shutdown.stop(LONG),
    )
    .await;
    let heard = within("the end of its stream", talks)
        .await
        .expect("it does not panic");
    assert_eq!(
        heard.last().map(String::as_str),
        Some("BYE"),
        "a client says one thing after another when the server stops, and BYE is its last line"
    );
    heard.len()
}

/// Step 6. What was read when the server stops is answered.
///
/// Page: "Bye". The slip: the stop is a branch beside the answer, too, and cuts it off.
#[test]
fn what_was_read_is_answered() {
    check(|| async {
        let server = Server::open(Limits {
            waiting: 4,
            ..limits()
        });
        // A line does not fit into its pipe. So the server has read what is not in there any more, and no more than one line at once.
        let mut ann = server.connect_by(64);
        let pings: Vec<u8> = (0..1_000)
            .flat_map(|number| format!("PING {number:0100}\n").into_bytes())
            .collect();
        let mut sent = 0;
        while let Ok(written) =
            tokio::time::timeout(LONG / 1_000, ann.stream.write(&pings[sent..])).await
        {
            match written {
                Ok(bytes) if bytes > 0 => sent += bytes,
                // Too slow, by its own answers.
                _ => return,
            }
        }
        let read = (sent - 64) / format!("PING {:0100}\n", 0).len();
        let stop = tokio::spawn(server.shutdown.stop(LONG));
        settle().await;
        let what = "the end of its stream, which it reads when the server has been told to stop (does a task hear that which was busy at that moment?),";
        let mut heard = within(what, to_the_end(ann)).await;
        assert_eq!(
            heard.pop().as_deref(),
            Some("BYE"),
            "a client reads again when the server has stopped, and BYE is its last line"
        );
        assert!(
            heard.len() >= read,
            "the server had read {read} commands of a client when it stopped, and answered {} of them: what was read is answered. Is a command cut off by the stop?",
            heard.len()
        );
        within("the end, when all clients have read", stop)
            .await
            .expect("it does not panic");
    });
}

async fn to_the_end(mut client: Client) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = client.next().await {
        lines.push(line);
    }
    lines
}

/// Step 6. While the server stops, nobody comes in and nobody is heard, and none of that waits for the slow.
///
/// Page: "Bye". The slips: the intake is open to the end; `join_all` without a deadline; a sleep as long as the grace.
#[test]
fn a_slow_client_cannot_hold_up_the_end() {
    check(|| async {
        for grace in [
            Duration::ZERO,
            Duration::from_millis(3_130),
            Duration::from_millis(1_835_866),
            LONG,
        ] {
            let server = Server::open(limits());
            let mut ann = server.joined("ann", "lobby").await;
            let mut slow = server.connect_by(16);
            slow.named("slow").await;
            slow.joins("lobby").await;
            ann.hears("JOINED lobby slow", "it has joined").await;
            ann.says("SAY a line that does not fit into its pipe").await;
            ann.hears(
                "SAID lobby ann a line that does not fit into its pipe",
                "ann reads",
            )
            .await;
            let mut late = server.connect_by(16);
            late.says("PING a line that does not fit into its pipe")
                .await;
            settle().await;
            let Server { door, shutdown, .. } = server;
            let begin = Instant::now();
            let stop = tokio::spawn(shutdown.stop(grace));
            settle().await;
            assert!(
                door.is_closed(),
                "the server stops, and its listener is still there: the intake is closed first"
            );
            if !grace.is_zero() {
                ann.hears_bye().await;
                tokio::spawn(async move {
                    sleep(grace * 2 / 3).await;
                    to_the_end(late).await
                });
            }
            // `within` is for an hour at most.
            let ended = match grace < LONG {
                true => within("the end, though a client does not read", stop).await,
                false => stop.await,
            };
            ended.expect("it does not panic");
            assert_eq!(
                begin.elapsed(),
                grace,
                "one client does not read, another one does when two thirds of the grace are over. `stop` waits for all of them together as long as its grace, and no longer"
            );
            assert_eq!(
                alive_tasks().await,
                0,
                "the grace is over, and tasks of the server are alive"
            );
        }
        // And the longest there is.
        let server = Server::open(limits());
        tokio::spawn(to_the_end(server.connect()));
        settle().await;
        within(
            "the end, with a grace of Duration::MAX, when all clients read",
            server.shutdown.stop(Duration::MAX),
        )
        .await;
    });
}

/// Step 6. Nobody waits for the end: then it comes at once.
///
/// Page: "Bye". The slips: a Shutdown that was dropped says nothing; a `stop` that was given up goes on in its place; one that panics when the
/// server has ended already.
#[test]
fn without_anyone_who_waits_the_end_comes_at_once() {
    check(|| async {
        for is_called in [false, true] {
            let server = Server::open(limits());
            let mut slow = server.connect_by(2);
            slow.named("slow").await;
            slow.joins("lobby").await;
            slow.says("SAY more than fits").await;
            let mut ann = server.named("ann").await;
            settle().await;
            let Server { door, shutdown, .. } = server;
            if is_called {
                let stop = tokio::time::timeout(Duration::from_millis(1_730), shutdown.stop(LONG));
                assert!(
                    stop.await.is_err(),
                    "a client does not read: `stop` waits for it"
                );
                ann.hears_bye().await;
            } else {
                drop(shutdown);
            }
            assert_eq!(
                alive_tasks().await,
                0,
                "the {} was dropped, so nobody waits for the end. It comes at once, and tasks are alive",
                if is_called {
                    "call of `stop`"
                } else {
                    "Shutdown"
                }
            );
            assert!(
                door.is_closed(),
                "the server has ended, and its listener is still there"
            );
            if !is_called {
                ann.hears_the_end("the server has ended").await;
            }
        }
        let shutdown = on_a_runtime_that_ends(|| async {
            let server = Server::open(limits());
            settle().await;
            server.shutdown
        });
        // The server has ended with it: there is nobody to wait for, and no reason to panic.
        in_no_time(
            "the end, when the server's runtime has ended",
            shutdown.stop(LONG),
        )
        .await;
    });
}

/// Step 6. The same over real sockets.
///
/// Page: "Bye". The slips: a port that stays in use; what only works in memory.
#[test]
fn it_works_over_tcp() {
    check_in_real_time(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let shutdown = serve(listener, limits());
        let connect = || async {
            let stream = TcpStream::connect(address).await;
            Client::on(stream.expect("the server listens"))
        };
        let mut ann = connect().await;
        ann.named("ann").await;
        ann.joins("lobby").await;
        let mut ben = connect().await;
        ben.named("ben").await;
        ben.joins("lobby").await;
        ann.hears("JOINED lobby ben", "ben has joined").await;
        let lines: String = (0..200).map(|i| format!("SAY {i}\n")).collect();
        ann.writes(lines.as_bytes()).await;
        for number in 0..200 {
            let said = format!("SAID lobby ann {number}");
            ann.hears(&said, "200 lines were said, and 1,000 may wait")
                .await;
            ben.hears(&said, "200 lines were said, and 1,000 may wait")
                .await;
        }
        // One goes with an answer unread: its socket is reset.
        ben.says("PING unread").await;
        ann.hears_nothing("ben goes").await;
        drop(ben);
        ann.hears("LEFT lobby ben", "ben has gone").await;
        let mut cem = connect().await;
        cem.writes(b"NICK cem\nJOIN lobby\nSAY hi").await;
        cem.has_sent_everything().await;
        for expected in [
            "NICK cem",
            "JOINED lobby cem",
            "SAID lobby cem hi",
            "LEFT lobby cem",
            "BYE",
        ] {
            cem.hears(expected, "it has sent three lines, and then the end")
                .await;
        }
        cem.hears_the_end("it has heard BYE").await;
        for expected in ["JOINED lobby cem", "SAID lobby cem hi", "LEFT lobby cem"] {
            ann.hears(expected, "it was in the room for a moment").await;
        }
        let waits = connect().await;
        let reads = tokio::spawn(async move {
            ann.hears_bye().await;
        });
        within(
            "the end of the server",
            shutdown.stop(Duration::from_secs(20)),
        )
        .await;
        within("ann's BYE", reads).await.expect("ann hears BYE");
        let again = TcpListener::bind(address).await;
        assert!(
            again.is_ok(),
            "`stop` has returned, and the port is still in use: {:?}",
            again.err()
        );
        drop(waits);
    });
}

/// Step 6. Ten minutes of traffic.
///
/// Page: "Bye". The slips: those that need a crowd.
#[test]
fn ten_minutes_of_traffic_leave_nothing_behind() {
    check(|| async {
        let server = Server::open(limits());
        settle().await;
        let before = alive_tasks().await;
        let logs = soak::traffic(&server, Duration::from_secs(600)).await;
        soak::all_agree(&logs);
        settle().await;
        let left = alive_tasks().await;
        assert!(
            left <= before,
            "ten minutes have gone by, all clients have left, and {left} tasks are alive. Before them it was {before}"
        );
        let names: BTreeSet<_> = logs.iter().map(|log| log.name.as_str()).collect();
        for name in names {
            server.named(name).await;
        }
    });
}

/// Step 6. All of it, whatever clients do.
///
/// Page: "Bye". The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Clients>(300);
}
