//! What a handle promises whose actor is on another machine, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! There is no socket: a connection is a pipe in memory (`tokio::io::duplex`). In some tests the test itself is the client, or the server, and
//! speaks the frames of exercises/wire. The tests run in virtual time, on a runtime of their own (see exercises/harness). When a
//! test's body ends, all handles and pipes are dropped, and then every task has to end as well.

mod scenarios;

use harness::{alive_tasks, check, on_a_runtime_that_ends, settle, wake_ups, within};
use remote::{AT_ONCE, CallError, CallId, REMEMBERED, SequencerHandle, serve};
use std::{
    collections::BTreeSet,
    future::{Ready, pending, ready},
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, join, split},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use wire::{Answer, Frame, Incoming, Outgoing, Request};

/// So long a call may take. No round number: somebody may have a time-out of their own.
const WITHIN: Duration = Duration::from_millis(7_310);

/// A night.
const NIGHT: Duration = Duration::from_millis(36_717_310);

/// Step 1. Each request is answered, with its own id.
///
/// Page: "A call is two messages". The slips: the number of requests is taken for the id; the answer waits in a buffer.
#[test]
fn each_request_is_answered_with_its_id() {
    check(|| async {
        let room = SequencerHandle::new();
        assert_eq!(
            here(&room).await,
            Ok(1),
            "the actor is on this machine, and nothing has failed"
        );
        let mut client = client_of(room.clone());
        for (id, number) in [(7, 2), (3, 3), (u64::MAX, 4), (7, 5)] {
            client.asks(id).await;
            assert_eq!(
                client.is_answered().await,
                (id, Ok(number)),
                "the client has asked under the id {id}, and number {number} is next. Its answer comes with that id, at once"
            );
        }
        assert_eq!(
            here(&room).await,
            Ok(6),
            "all callers of a room count together, wherever they are"
        );
    });
}

/// Step 1. A client that goes takes nobody with it.
///
/// Page: "No owner by move, no end by Drop". The slips: unwrap on a write; the end of a connection is the end of the actor.
#[test]
fn a_client_that_goes_takes_nobody_with_it() {
    check(|| async {
        let room = SequencerHandle::new();
        let mut stays = client_of(room.clone());
        for turn in 0..5 {
            let mut goes = client_of(room.clone());
            goes.asks(1).await;
            match turn {
                // Before anything has happened.
                0 => {}
                // Its answer is on the way.
                1 => settle().await,
                // In the middle of a request.
                2 => {
                    let _ = goes.out_raw(b"\0\0\0\x09\0").await;
                    settle().await;
                }
                3 => assert!(goes.is_answered().await.1.is_ok()),
                _ => {
                    let mut more = client_of(room.clone());
                    more.asks(1).await;
                }
            }
            drop(goes);
            settle().await;
            stays.asks(turn).await;
            let (id, number) = stays.is_answered().await;
            assert!(
                id == turn && number.is_ok(),
                "another client has gone, and this one gets {number:?} under the id {id}. Each client has its own connection, and the actor belongs to \
                 none of them"
            );
        }
        assert!(here(&room).await.is_ok(), "clients went, the actor stays");
    });
}

/// Step 1. What is no request ends one connection.
///
/// Page: "No owner by move, no end by Drop". The slips: unwrap on what comes from outside; reading on after nonsense.
#[test]
fn nonsense_ends_one_connection() {
    check(|| async {
        let room = SequencerHandle::new();
        let (mut rude, server) = client_and_server(room.clone());
        // So many answers that it takes none of them fit on no wire.
        for id in 0..10 {
            within("the server's read", rude.asks(id)).await;
        }
        let _ = rude.out_raw(b"\0\0\0\x01\x09").await;
        within(
            "the end of `serve`, whose client sends nonsense and takes no answers",
            server,
        )
        .await
        .expect("it does not panic");
        for nonsense in [
            &b"\xff\xff\xff\xff"[..],
            b"\0\0\0\x01\x09",
            b"GET / HTTP/1.1\r\n",
        ] {
            let mut rude = client_of(room.clone());
            let _ = rude.out_raw(nonsense).await;
            assert_eq!(
                within("the end of the connection", rude.reads::<Answer>()).await,
                None,
                "the client has sent {nonsense:?}, which is no request: the connection ends, and nothing is answered"
            );
            let mut other = client_of(room.clone());
            other.asks(1).await;
            assert!(
                other.is_answered().await.1.is_ok(),
                "another client is served as before"
            );
        }
    });
}

/// Step 1. The server of a client ends with it.
///
/// Page: "No owner by move, no end by Drop". The slips: a task that waits for a client that has gone; a handle that outlives the connection.
#[test]
fn a_server_ends_with_its_client() {
    check(|| async {
        let (mut client, server) = client_and_server(SequencerHandle::new());
        client.asks(1).await;
        assert_eq!(client.is_answered().await, (1, Ok(1)));
        let woken = wake_ups().await;
        assert!(
            woken < 30,
            "the client is silent, and the runtime woke up {woken} times in a minute. Who looks, instead of waiting?"
        );
        sleep(NIGHT).await;
        client.asks(2).await;
        assert_eq!(
            client.is_answered().await,
            (2, Ok(2)),
            "a client may be silent for a night"
        );
        drop(client);
        within("the end of `serve`", server)
            .await
            .expect("it does not panic");
        assert_eq!(
            alive_tasks().await,
            0,
            "the client has gone, and its server had the last handle: the actor ends, too"
        );

        // A client that still sends, and to which nothing can be written.
        let (sends, reader) = duplex(64);
        let stream = join(reader, duplex(64).0);
        let server = tokio::spawn(serve(SequencerHandle::new(), stream));
        let mut client = Peer::new(sends);
        client.asks(1).await;
        within("the end of `serve`, whose answer cannot be written", server)
            .await
            .expect("it does not panic");
    });
}

/// Step 1. A client that takes no answers gets no new ones.
///
/// Page: "A call is two messages". The slip: answers pile up in the server.
#[test]
fn a_client_that_takes_no_answers_gets_no_new_ones() {
    check(|| async {
        let room = SequencerHandle::new();
        let mut client = client_with(room.clone(), 256);
        let mut asked = 0;
        while asked < 2000 {
            let asks = timeout(Duration::from_secs(1), client.asks(asked)).await;
            let Ok(taken) = asks else { break };
            assert!(
                taken,
                "the client takes no answers, and after {asked} requests the server has ended the connection. Stop reading while they wait: what is answered \
                 is under way no more"
            );
            asked += 1;
            settle().await;
        }
        assert!(
            asked < 1000,
            "the client takes no answers, and the server took {asked} requests from it. Where are the answers? Stop reading while they wait"
        );
        assert!(
            asked >= AT_ONCE as u64,
            "a client may have {AT_ONCE} calls under way before it takes an answer, and the server read {asked} requests. Does it wait for a write?"
        );
        let mut numbers = BTreeSet::new();
        for _ in 0..asked {
            numbers.extend(client.is_answered().await.1);
        }
        assert!(
            numbers.iter().copied().eq(1..=asked),
            "{asked} requests were taken. When the client reads again, all answers come"
        );
    });
}

/// Step 1. An actor that is gone is told.
///
/// Page: "A call is two messages". The slips: unwrap on the reply; no answer at all, so that the client waits.
#[test]
fn an_actor_that_is_gone_is_told() {
    check(|| async {
        let gone = on_a_runtime_that_ends(|| async { SequencerHandle::new() });
        assert_eq!(
            here(&gone).await,
            Err(CallError::Closed),
            "the actor's runtime has ended, and with it the actor"
        );
        let mut client = client_of(gone);
        client.asks(1).await;
        assert_eq!(
            client.is_answered().await,
            (1, Err(CallError::Closed)),
            "the client's network is fine, and the actor is gone: that is the answer"
        );
    });
}

/// Step 2. A handle is there at once.
///
/// Page: "The client is an actor". The slips: `block_on` in `connect`; a connection that nobody has asked for; one for each clone.
#[test]
fn a_handle_is_there_at_once() {
    check(|| async {
        let (connect, mut dialled) = network(64);
        let handle = SequencerHandle::connect(connect, WITHIN);
        settle().await;
        assert!(
            dialled.try_recv().is_err(),
            "nobody has called, and there is a connection already. It is made when the first call needs it"
        );
        let call = start(&handle);
        let mut server = accepted(&mut dialled).await;
        let (id, _, _) = server.is_asked().await;
        server.answers(id, Ok(41)).await;
        assert_eq!(result(call).await, Ok(41));
        let call = start(&handle.clone());
        let (id, _, _) = server.is_asked().await;
        server.answers(id, Ok(42)).await;
        assert_eq!(result(call).await, Ok(42));
        assert!(
            dialled.try_recv().is_err(),
            "all clones share one connection"
        );
    });
}

/// Step 2. What chapter 1 promises holds here and there.
///
/// Page: "The client is an actor". The slips: each clone counts by itself; two rooms share one count.
#[test]
fn chapter_1s_promises_hold_on_both() {
    check(|| async {
        for is_remote in [false, true] {
            let place = if is_remote {
                "another machine"
            } else {
                "this machine"
            };
            let room = || {
                let room = SequencerHandle::new();
                if is_remote { reached(room) } else { room }
            };
            let (handle, other) = (room(), room());
            let clone = handle.clone();
            for number in 1..=3 {
                let of = if number == 2 { &clone } else { &handle };
                assert_eq!(
                    here(of).await,
                    Ok(number),
                    "the actor is on {place}: numbers start at 1 and go on, through all clones"
                );
            }
            let calls: Vec<_> = (0..250).map(|_| start(&handle)).collect();
            let mut numbers = BTreeSet::new();
            for call in calls {
                numbers.extend(result(call).await);
            }
            assert!(
                numbers.iter().copied().eq(4..254),
                "the actor is on {place}: 250 calls at once get 4 to 253, each of them once, and not {numbers:?}"
            );
            assert_eq!(
                here(&other).await,
                Ok(1),
                "the actor is on {place}: another room has a count of its own"
            );
            drop((handle, clone, other));
            assert_eq!(
                alive_tasks().await,
                0,
                "the actor is on {place}: all handles are dropped, and nothing is left"
            );
        }
    });
}

/// Step 2. An answer finds its call by its id.
///
/// Page: "The client is an actor". The slips: answers are matched by their order; an answer with an id that nobody has is an error.
#[test]
fn answers_find_their_calls_by_their_ids() {
    check(|| async {
        let (handle, mut server) = connected().await;
        for _ in 0..3 {
            let mut calls = Vec::new();
            for number in 0..5 {
                let call = start(&handle);
                let (id, _, _) = server.is_asked().await;
                calls.push((call, id, number * 10));
            }
            // Of a call long ago, or of none.
            let nobodys = (0..).find(|id| calls.iter().all(|(_, other, _)| other != id));
            server.answers(nobodys.unwrap_or_default(), Ok(999)).await;
            for (_, id, number) in calls.iter().rev() {
                server.answers(*id, Ok(*number)).await;
                server.answers(*id, Ok(999)).await;
            }
            for (call, id, number) in calls {
                assert_eq!(
                    result(call).await,
                    Ok(number),
                    "the server has answered five calls, the last one first, and {number} under the id {id} of this one. An id that no call has, or has any \
                     more, is nobody's answer"
                );
            }
        }

        // One call is slow, and a thousand others are not.
        let (connect, mut dialled) = network(64 * 1024);
        let handle = SequencerHandle::connect(connect, WITHIN);
        let slow = start(&handle);
        let mut server = accepted(&mut dialled).await;
        let (slow_id, _, _) = server.is_asked().await;
        for _ in 0..11 {
            let calls: Vec<_> = (1..AT_ONCE).map(|_| start(&handle)).collect();
            for id in server.all_that_comes().await {
                assert_ne!(
                    id, slow_id,
                    "one call is slow, and of 1,089 calls after it one got the same id: whose is the answer now? An id that a call under way has is not free"
                );
                server.out.push(Answer { id, number: Ok(1) });
            }
            let _ = server.out.write().await;
            for call in calls {
                let end = within("a call's end", call).await;
                assert_eq!(end.expect("it does not panic"), Ok(1));
            }
        }
        server.answers(slow_id, Ok(2)).await;
        assert_eq!(
            result(slow).await,
            Ok(2),
            "many calls were made and answered while this one was under way"
        );
    });
}

/// Step 2. Many calls are under way on one connection.
///
/// Page: "The client is an actor". The slips: one call after the other; a connection for each call.
#[test]
fn many_calls_go_over_one_connection() {
    check(|| async {
        let (connect, mut dialled) = network(64);
        let handle = SequencerHandle::connect(connect, WITHIN);
        let calls: Vec<_> = (0..50).map(|_| start(&handle)).collect();
        let mut server = accepted(&mut dialled).await;
        let ids = server.all_that_comes().await;
        assert_eq!(
            ids.len(),
            50,
            "50 calls were made, none is answered, and {} requests have come. Does a call wait for the one before it?",
            ids.len()
        );
        assert_eq!(
            BTreeSet::from_iter(&ids).len(),
            50,
            "two requests that are under way have one id"
        );
        assert!(
            dialled.try_recv().is_err(),
            "50 calls, and more than one connection"
        );
        for id in ids.into_iter().rev() {
            server.answers(id, Ok(id)).await;
        }
        for call in calls {
            assert!(result(call).await.is_ok());
        }
    });
}

/// Step 2. A server does not let one call wait for another.
///
/// Page: "A call is two messages". The slip: the next request is read when the last one is answered.
#[test]
fn a_server_answers_as_results_come() {
    check(|| async {
        // The room is on a third machine, and that one is the test: what `serve` asks comes out there.
        let (handle, mut room) = connected().await;
        let mut client = client_of(handle);
        for id in 100..105 {
            client.asks(id).await;
        }
        let asked = room.all_that_comes().await;
        assert_eq!(
            asked.len(),
            5,
            "a client has made five calls at once, and {} of them have reached the room. Does the server read the next request before it has answered?",
            asked.len()
        );
        let mut answered = BTreeSet::new();
        for (number, id) in asked.into_iter().rev().enumerate() {
            let number = number as u64;
            room.answers(id, Ok(number)).await;
            let (id, result) = client.is_answered().await;
            assert_eq!(
                result,
                Ok(number),
                "five calls are under way, and the room answers the last one first: so does the server"
            );
            answered.insert(id);
        }
        assert!(
            answered.into_iter().eq(100..105),
            "each call has its answer"
        );
    });
}

/// Step 2. When the connection breaks, all who wait hear of it.
///
/// Page: "What a network takes away". The slips: callers that wait for ever; unwrap on what the network gives; a server's `Closed` made `Net`.
#[test]
fn a_connection_that_breaks_is_an_error_at_once() {
    check(|| async {
        for (how, bad) in [
            ("was cut", None),
            ("brought what is no answer", Some(&b"\0\0\0\x01x"[..])),
            ("was cut within an answer", Some(&b"\0\0\0\x11x"[..])),
        ] {
            let (handle, mut server) = connected().await;
            let calls: Vec<_> = (0..20).map(|_| start(&handle)).collect();
            let (id, _, _) = server.is_asked().await;
            server.answers(id, Err(CallError::Closed)).await;
            settle().await;
            let _ = server.out_raw(bad.unwrap_or_default()).await;
            let begin = Instant::now();
            if how != "brought what is no answer" {
                drop(server);
            }
            let mut results = Vec::new();
            for call in calls {
                results.push(within("a call's end, after the connection", call).await);
            }
            let results: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
            let count = |error| results.iter().filter(|got| **got == Err(error)).count();
            assert_eq!(
                (count(CallError::Closed), count(CallError::Net)),
                (1, 19),
                "20 calls were under way. One was answered by Closed, and then the connection {how}: the other 19 get Net, and none of them panics"
            );
            assert_eq!(
                begin.elapsed(),
                Duration::ZERO,
                "the connection {how}, which is known at once. Why wait for the deadline?"
            );
        }

        // Nothing can be written on it, and nothing comes.
        let (_silent, reader) = duplex(64);
        let mut stream = Some(join(reader, duplex(64).0));
        let connect = move || {
            let stream = stream.take().ok_or(io::ErrorKind::ConnectionRefused);
            ready(stream.map_err(io::Error::from))
        };
        let handle = SequencerHandle::connect(connect, WITHIN);
        let begin = Instant::now();
        let end = here(&handle).await;
        assert_eq!(
            (end, begin.elapsed()),
            (Err(CallError::Net), Duration::ZERO),
            "the request cannot be written: the connection has failed, though nothing was read. That is known at once"
        );
    });
}

/// Step 2. No more than a hundred calls are under way.
///
/// Page: "The client is an actor". The slips: no bound; a server that lets one client bring as much work as it likes.
#[test]
fn no_more_than_a_hundred_calls_are_under_way() {
    check(|| async {
        let (handle, mut server) = connected().await;
        let calls: Vec<_> = (0..AT_ONCE + 30).map(|_| start(&handle)).collect();
        let mut ids = server.all_that_comes().await;
        assert_eq!(
            ids.len(),
            AT_ONCE,
            "{} calls were made, and none is answered: {AT_ONCE} of them are under way, and the others wait",
            calls.len()
        );
        for _ in 0..30 {
            server.answers(ids.remove(0), Ok(1)).await;
            ids.push(server.is_asked().await.0);
        }
        for id in ids {
            server.answers(id, Ok(1)).await;
        }
        for call in calls {
            assert_eq!(result(call).await, Ok(1), "all were answered");
        }

        let (handle, mut room) = connected().await;
        let mut rude = client_with(handle, 64 * 1024);
        for id in 0..=AT_ONCE as u64 {
            rude.asks(id).await;
        }
        assert_eq!(
            within(
                "the end of the connection of a client that asks for too much",
                rude.reads::<Answer>()
            )
            .await,
            None,
            "a client has {} calls under way: the server ends the connection",
            AT_ONCE + 1
        );
        assert!(
            room.all_that_comes().await.len() <= AT_ONCE,
            "more than {AT_ONCE} calls of one client have reached the room"
        );
    });
}

/// Step 3. After a failure, the next call connects anew.
///
/// Page: "A connection comes and goes". The slips: a handle that is of no use after its first failure; a failure that is noticed by a call that could have had a new
/// connection; ids that begin anew, so that a Cancel for the old connection hits a call on the new one.
#[test]
fn the_next_call_connects_anew() {
    check(|| async {
        let (connect, mut dialled) = network(64);
        let handle = SequencerHandle::connect(connect, WITHIN);
        for number in 1..=4 {
            let call = start(&handle);
            let mut server = accepted(&mut dialled).await;
            let (id, _, _) = server.is_asked().await;
            server.answers(id, Ok(number)).await;
            assert_eq!(
                result(call).await,
                Ok(number),
                "the connection before was cut while nobody waited, and now there is a new one"
            );
            if number % 2 == 0 {
                let call = start(&handle);
                server.is_asked().await;
                drop(server);
                assert_eq!(
                    result(call).await,
                    Err(CallError::Net),
                    "the connection was cut while this call was under way"
                );
            } else {
                drop(server);
            }
            settle().await;
            assert!(
                dialled.try_recv().is_err(),
                "the connection was cut, and nobody has called since: who needs a new one?"
            );
        }

        // 50 callers hear of the end, and each of them tries again at once.
        let calls: Vec<_> = (0..50).map(|_| start_twice(&handle)).collect();
        let mut server = accepted(&mut dialled).await;
        server.all_that_comes().await;
        drop(server);
        let mut server = accepted(&mut dialled).await;
        for id in server.all_that_comes().await {
            server.answers(id, Ok(1)).await;
        }
        for call in calls {
            let ends = within("both calls' end", call).await;
            assert_eq!(
                ends.expect("it does not panic"),
                (Err(CallError::Net), Ok(1)),
                "the connection was cut, and 50 callers tried again at once, over the next one, which holds. Has something of the old one reached it?"
            );
        }
    });
}

/// Step 3. A connection that cannot be made is an error.
///
/// Page: "A connection comes and goes". The slips: the task ends by the first error; trying again and again, while the caller waits.
#[test]
fn a_connection_that_cannot_be_made_is_an_error() {
    check(|| async {
        let (mut there, mut dialled) = network(64);
        let (is_down, tries) = (
            Arc::new(AtomicBool::new(true)),
            Arc::new(AtomicUsize::new(0)),
        );
        let (down, tried) = (is_down.clone(), tries.clone());
        let connect = move || {
            tried.fetch_add(1, SeqCst);
            if down.load(SeqCst) {
                ready(Err(io::ErrorKind::ConnectionRefused.into()))
            } else {
                there()
            }
        };
        let handle = SequencerHandle::connect(connect, WITHIN);
        for round in 1..=3 {
            let begin = Instant::now();
            assert_eq!(
                here(&handle).await,
                Err(CallError::Net),
                "no connection can be made"
            );
            assert_eq!(begin.elapsed(), Duration::ZERO, "and that is known at once");
            sleep(NIGHT / 10).await;
            assert_eq!(
                tries.load(SeqCst),
                round,
                "{round} calls were made, one after the other, and each tries to connect once. Nobody has called since"
            );
        }
        is_down.store(false, SeqCst);
        let call = start(&handle);
        let mut server = accepted(&mut dialled).await;
        let (id, _, _) = server.is_asked().await;
        server.answers(id, Ok(5)).await;
        assert_eq!(
            result(call).await,
            Ok(5),
            "the other machine is back: the next call reaches it"
        );
        let gone = on_a_runtime_that_ends(|| async {
            let (connect, _) = network(64);
            SequencerHandle::connect(connect, WITHIN)
        });
        let end = here(&gone).await;
        assert!(
            matches!(end, Err(CallError::Closed | CallError::Net)),
            "the runtime on which the handle was made has ended, and nobody listens: that is an error, and not {end:?}"
        );
    });
}

/// Step 3. Nothing is tried again by itself.
///
/// Page: "At most once, at least once". The slip: a second attempt, by which a call counts twice.
#[test]
fn nothing_is_tried_again_by_itself() {
    check(|| async {
        let room = SequencerHandle::new();
        let (connect, mut dialled) = network(64);
        let handle = SequencerHandle::connect(connect, WITHIN);
        let call = start(&handle);
        // The request gets through, and its answer does not.
        let mut server = accepted(&mut dialled).await;
        server.is_asked().await;
        assert_eq!(here(&room).await, Ok(1));
        drop(server);
        settle().await;
        let again = dialled.try_recv();
        assert!(
            again.is_err(),
            "the connection was cut, and somebody connects anew, for a call that may have been counted. What it gets then is a second number"
        );
        assert_eq!(
            result(call).await,
            Err(CallError::Net),
            "the connection was cut: that is what the caller has to hear, who alone can say whether to try again"
        );
        assert_eq!(here(&room).await, Ok(2));
    });
}

/// Step 3. With the last handle, all ends.
///
/// Page: "A connection comes and goes". The slips: a task that reads as long as the server is there; one that still dials; one that waits for its write.
#[test]
fn the_last_handle_ends_the_connection() {
    check(|| async {
        let (handle, mut server) = connected().await;
        let clone = handle.clone();
        drop(handle);
        let call = start(&clone);
        let (id, _, _) = server.is_asked().await;
        server.answers(id, Ok(1)).await;
        assert_eq!(result(call).await, Ok(1), "a clone is left");
        drop(clone);
        assert_eq!(
            alive_tasks().await,
            0,
            "the last handle is dropped, and the server is silent. Who still waits for it?"
        );
        assert_eq!(
            within("the end of the connection", server.reads::<Request>()).await,
            None,
            "the last handle is dropped: the server sees the end of the connection"
        );

        let handle = SequencerHandle::connect(pending::<io::Result<DuplexStream>>, WITHIN);
        let call = start(&handle);
        settle().await;
        drop(handle);
        call.abort();
        assert_eq!(
            alive_tasks().await,
            0,
            "the last handle is dropped while somebody dials: for whom?"
        );

        // So little fits on the wire that the request waits.
        let (connect, mut dialled) = network(3);
        let handle = SequencerHandle::connect(connect, WITHIN);
        let call = start(&handle);
        let _server = within("a connection", dialled.recv()).await;
        settle().await;
        drop(handle);
        call.abort();
        assert_eq!(
            alive_tasks().await,
            0,
            "the last handle is dropped while a request is written to a server that does not read"
        );
    });
}

/// Step 3. A connection may be silent for a night.
///
/// Page: "A connection comes and goes". The slips: a loop that looks; a connection that is given up.
#[test]
fn a_connection_may_be_silent_for_a_night() {
    check(|| async {
        let (handle, mut server) = connected().await;
        for number in 1..=2 {
            let call = start(&handle);
            let (id, _, _) = server.is_asked().await;
            server.answers(id, Ok(number)).await;
            assert_eq!(
                result(call).await,
                Ok(number),
                "a night has gone by on this connection"
            );
            let woken = wake_ups().await;
            assert!(
                woken < 30,
                "nobody calls, and the runtime woke up {woken} times in a minute. Who looks, instead of waiting?"
            );
            sleep(NIGHT).await;
        }
    });
}

/// Step 4. No call takes longer than it may.
///
/// Page: "A time-out does not tell". The slips: no time-out; one around the answer alone, so that a connection, or a slot, may take for ever; an attempt
/// to connect that never ends.
#[test]
fn no_call_takes_longer_than_it_may() {
    check(|| async {
        for limit in [WITHIN, Duration::from_millis(1), Duration::ZERO] {
            let dials = SequencerHandle::connect(pending::<io::Result<DuplexStream>>, limit);
            // The attempt to connect is over in the same moment as the call: either may come first, and the next call comes after both.
            for _ in 0..2 {
                sleep(Duration::from_millis(1)).await;
                let end = ends_in_time(&dials, limit, "nobody takes the connection").await;
                assert!(
                    matches!(end, Err(CallError::TimedOut | CallError::Net)),
                    "nobody takes the connection, the call may take {limit:?}, and it ends with {end:?}"
                );
            }
        }
        let (silent, mut server) = connected().await;
        times_out(&silent, WITHIN, "the server does not answer").await;
        let calls: Vec<_> = (0..3 * AT_ONCE).map(|_| start(&silent)).collect();
        settle().await;
        times_out(
            &silent,
            WITHIN,
            "the server does not answer, and so many calls wait that this one does not even get its slot",
        )
        .await;
        for call in calls {
            assert_eq!(
                within("a call's end", call)
                    .await
                    .expect("it does not panic"),
                Err(CallError::TimedOut)
            );
        }
        server.all_that_comes().await;
        let (connect, mut dialled) = network(3);
        let handle = SequencerHandle::connect(connect, WITHIN);
        let call = start(&handle);
        let does_not_read = within("a connection", dialled.recv()).await;
        let does_not_read = does_not_read.expect("somebody dials");
        times_out(&handle, WITHIN, "the server does not read").await;
        assert_eq!(result(call).await, Err(CallError::TimedOut));
        for _ in 0..4 {
            let calls: Vec<_> = (0..AT_ONCE).map(|_| start(&handle)).collect();
            for call in calls {
                let end = within("a call's end", call).await;
                assert_eq!(end.expect("it does not panic"), Err(CallError::TimedOut));
            }
        }
        let asked = Peer::new(does_not_read).all_that_comes().await.len();
        assert!(
            asked < 2 * AT_ONCE,
            "the server has read nothing, 400 calls have timed out, and {asked} of their requests waited to be written. What cannot be written must not pile up"
        );

        let patient = reached_within(SequencerHandle::new(), Duration::MAX);
        assert_eq!(
            here(&patient).await,
            Ok(1),
            "`within` is Duration::MAX: no deadline. Does a sum overflow?"
        );

        // Only the first attempt to connect hangs.
        let (mut there, mut dialled) = network(64);
        let mut attempts = 0;
        let connect = move || {
            attempts += 1;
            let stream = (attempts > 1).then(&mut there);
            async move {
                match stream {
                    Some(stream) => stream.await,
                    None => pending().await,
                }
            }
        };
        let dials = SequencerHandle::connect(connect, WITHIN);
        assert!(here(&dials).await.is_err(), "nobody takes the connection");
        sleep(Duration::from_millis(1)).await;
        let call = start(&dials);
        settle().await;
        let Ok(stream) = dialled.try_recv() else {
            panic!(
                "an attempt to connect has got no answer, and its time is over: the next call makes another one"
            );
        };
        let mut server = Peer::new(stream);
        let (id, _, _) = server.is_asked().await;
        server.answers(id, Ok(1)).await;
        assert_eq!(result(call).await, Ok(1));
    });
}

/// Step 4. The time that is left goes along.
///
/// Page: "Deadlines travel". The slips: the server is given the whole time anew; the time in front of the mailbox is not counted.
#[test]
fn the_time_that_is_left_goes_along() {
    check(|| async {
        let (mut there, mut dialled) = network(64);
        let late = Duration::from_secs(3);
        let connect = move || {
            let stream = there();
            async move {
                sleep(late).await;
                stream.await
            }
        };
        let handle = SequencerHandle::connect(connect, WITHIN);
        let calls: Vec<_> = (0..AT_ONCE + 30).map(|_| start(&handle)).collect();
        let mut server = accepted(&mut dialled).await;
        sleep(late).await;
        assert!(
            dialled.try_recv().is_err(),
            "many calls wait for a connection, and more than one is made. There is one attempt to connect at a time"
        );
        let asked = server.all().await;
        assert_eq!(
            asked.len(),
            AT_ONCE,
            "{} calls waited for the connection: {AT_ONCE} of them are under way now, and the others wait on",
            calls.len()
        );
        for request in asked {
            let Request::Next { id, within, .. } = request else {
                panic!("nobody has given up, and there is a Cancel")
            };
            assert_eq!(
                within,
                WITHIN - late,
                "the caller waits for {WITHIN:?} in all, in front of the mailbox, too, and the connection took {late:?} of that"
            );
            server.answers(id, Ok(1)).await;
        }
        for _ in 0..30 {
            let (id, _, left) = server.is_asked().await;
            assert_eq!(
                left,
                WITHIN - late,
                "this call waited for the connection and for one of the {AT_ONCE}, perhaps in front of the mailbox, and that took {late:?}"
            );
            server.answers(id, Ok(1)).await;
        }
        for call in calls {
            assert_eq!(result(call).await, Ok(1));
        }
        let call = start(&handle);
        assert_eq!(
            server.is_asked().await.2,
            WITHIN,
            "now there is a connection, and all of the time is left"
        );
        call.abort();
    });
}

/// Step 4. A server stops when nobody can be waiting any more.
///
/// Page: "Deadlines travel". The slip: `within` is read and not used.
#[test]
fn a_server_stops_when_the_time_is_over() {
    check(|| async {
        let (handle, mut room) = connected_within(NIGHT).await;
        let mut client = client_of(handle);
        let begin = Instant::now();
        for (id, seconds) in [(1, 5), (2, 2)] {
            client
                .asks_within(id, CallId::new(), Duration::from_secs(seconds))
                .await;
            room.is_asked().await;
        }
        for (id, seconds) in [(2, 2), (1, 5)] {
            assert_eq!(
                client.is_answered().await,
                (id, Err(CallError::TimedOut)),
                "request {id} may take {seconds} s, and the room does not answer"
            );
            assert_eq!(
                begin.elapsed(),
                Duration::from_secs(seconds),
                "request {id} may take {seconds} s, and so long it took"
            );
            let told = within("the room's share of it", room.reads()).await;
            assert!(
                matches!(told, Some(Request::Cancel { .. })),
                "the time of request {id} is over: the call that the server has under way for it is dropped, and so the room hears Cancel, and not {told:?}"
            );
        }
        client.out.push(Request::Cancel { id: 1 });
        client.out.push(Request::Cancel { id: 77 });
        let _ = client.out.write().await;
        let end = timeout(Duration::from_secs(1), client.reads::<Answer>()).await;
        assert!(
            end.is_err(),
            "a Cancel has come for a call that was answered already, and one for none. It may come too late: that is no error, and needs no answer"
        );
        client
            .asks_within(3, CallId::new(), Duration::from_nanos(u64::MAX))
            .await;
        let (id, _, _) = room.is_asked().await;
        room.answers(id, Ok(1)).await;
        assert_eq!(
            client.is_answered().await,
            (3, Ok(1)),
            "a client may be very patient"
        );
    });
}

/// Step 4. A call that is given up costs nobody anything.
///
/// Page: "Cancellation travels". The slips: the server is never told; it is told and goes on; a client that goes leaves its calls behind.
#[test]
fn a_call_that_is_given_up_costs_nobody() {
    check(|| async {
        // Client, server, room: the test is the room.
        let (to_room, mut room) = connected_within(NIGHT).await;
        let (connect, mut dialled) = network(64);
        let handle = SequencerHandle::connect(connect, NIGHT);
        let calls: Vec<_> = (0..4).map(|_| start(&handle)).collect();
        let stream = within("a connection", dialled.recv()).await;
        let server = tokio::spawn(serve(to_room, stream.expect("somebody dials")));
        let ids = room.all_that_comes().await;
        assert_eq!(ids.len(), 4, "four calls are under way");
        calls[1].abort();
        calls[3].abort();
        let told = room.all_that_is_cancelled().await;
        assert_eq!(
            told.len(),
            2,
            "two of four callers have given up. The server is told by Cancel, drops what it has under way for them, and so the room hears Cancel twice, \
             and not {} times",
            told.len()
        );
        assert!(
            told.iter().all(|id| ids.contains(id)),
            "the room hears Cancel for {told:?}, and was asked under {ids:?}"
        );
        for id in ids.iter().filter(|id| !told.contains(id)) {
            room.answers(*id, Ok(*id)).await;
        }
        for (index, call) in calls.into_iter().enumerate() {
            if index % 2 == 0 {
                let end = within("an answer, after a Cancel,", call).await;
                assert!(
                    end.expect("it does not panic").is_ok(),
                    "two others have given up, and this call has not"
                );
            }
        }
        // What is done is not cancelled.
        assert!(
            room.all_that_is_cancelled().await.is_empty(),
            "a call that was answered is over, and nobody needs to hear Cancel"
        );
        // Now the whole client goes.
        let calls: Vec<_> = (0..3).map(|_| start(&handle)).collect();
        assert_eq!(room.all_that_comes().await.len(), 3);
        for call in calls {
            call.abort();
        }
        drop(handle);
        within("the end of `serve`", server)
            .await
            .expect("it does not panic");
        assert_eq!(
            alive_tasks().await,
            0,
            "the client has gone, and its three calls with it. Who still works for them?"
        );
    });
}

/// Step 4. A call that is cancelled is under way no more.
///
/// Page: "Cancellation travels". The slips: it counts until its task has ended, and a client that did nothing wrong is thrown out; a Cancel is answered.
#[test]
fn what_is_cancelled_is_under_way_no_more() {
    check(|| async {
        let (to_room, mut room) = connected_within(NIGHT).await;
        let mut client = client_with(to_room.clone(), 64 * 1024);
        let at_once = AT_ONCE as u64;
        for id in 0..at_once {
            client.asks(id).await;
        }
        let mut under_way = BTreeSet::new();
        room.follows(&mut under_way).await;
        assert_eq!(
            under_way.len(),
            AT_ONCE,
            "a client may have {AT_ONCE} calls under way, and has made so many"
        );
        for id in 0..20 {
            client.out.push(Request::Cancel { id });
            client.out.push(Request::Next {
                id: at_once + id,
                call: CallId::new(),
                within: WITHIN,
            });
        }
        let _ = client.out.write().await;
        room.follows(&mut under_way).await;
        assert_eq!(
            under_way.len(),
            AT_ONCE,
            "a client has {AT_ONCE} calls under way. It gives up 20 and makes 20 new ones, in turn, and now {} are under way. Does a call that was given up count?",
            under_way.len()
        );
        for id in under_way {
            room.answers(id, Ok(1)).await;
        }
        for _ in 0..AT_ONCE {
            let (id, _) = client.is_answered().await;
            assert!(
                id >= 20,
                "the client has given up its calls 0 to 19, and gets an answer to call {id}: for whom?"
            );
        }
    });
}

/// Step 4. What is over is forgotten.
///
/// Page: "Late answers". The slips: the map of those that wait keeps what timed out; a late answer is given to another call.
#[test]
fn late_answers_do_not_pile_up() {
    check(|| async {
        let (handle, mut server) = connected().await;
        let mut late = Vec::new();
        for _ in 0..5 {
            let calls: Vec<_> = (0..AT_ONCE).map(|_| start(&handle)).collect();
            let ids = server.all_that_comes().await;
            assert_eq!(
                ids.len(),
                AT_ONCE,
                "{} calls before these have timed out. {AT_ONCE} new ones can be under way, and {} are: who still has a slot?",
                late.len(),
                ids.len()
            );
            for call in calls {
                let end = within("a call's end", call).await;
                assert_eq!(end.expect("it does not panic"), Err(CallError::TimedOut));
            }
            let told = server.all_that_is_cancelled().await;
            assert_eq!(
                told.len(),
                AT_ONCE,
                "{AT_ONCE} calls have timed out: the server is told, so that it need not work for them any longer"
            );
            late.extend(ids);
        }
        let call = start(&handle);
        let (id, _, _) = server.is_asked().await;
        for late in late {
            server.answers(late, Ok(666)).await;
        }
        server.answers(id, Ok(1)).await;
        assert_eq!(
            result(call).await,
            Ok(1),
            "the answers of calls that are over have come, late. They are nobody's"
        );

        // 100 calls are under way, and 30 wait. Ten of the former are given up, and then ten that wait.
        let mut calls: Vec<_> = (0..AT_ONCE + 30).map(|_| start(&handle)).collect();
        let mut under_way = BTreeSet::from_iter(server.all_that_comes().await);
        let mut answered = 0;
        for given_up in [0..10, AT_ONCE..AT_ONCE + 10] {
            for call in calls.drain(given_up) {
                call.abort();
            }
            server.follows(&mut under_way).await;
        }
        while let Some(id) = under_way.pop_first() {
            server.answers(id, Ok(2)).await;
            answered += 1;
            server.follows(&mut under_way).await;
        }
        assert_eq!(
            answered,
            calls.len(),
            "{} calls are left of those that were under way or waited, and the server was asked {answered} times. For whom?",
            calls.len()
        );
        for call in calls {
            assert_eq!(
                result(call).await,
                Ok(2),
                "others have given up, and this call has not"
            );
        }
    });
}

/// Step 5. A call that is tried again counts once.
///
/// Page: "A name for each call". The slips: each attempt is a call of its own; what was answered is remembered by the connection, which is gone.
#[test]
fn a_call_that_is_tried_again_counts_once() {
    check(|| async {
        let room = SequencerHandle::new();
        let handle = reached_over(room.clone(), [Cut::AnswersAreLost, Cut::Never]);
        let call = CallId::new();
        let first = named(&handle, call).await;
        assert_eq!(
            first,
            Err(CallError::Net),
            "the request got through, and the connection was cut before the answer"
        );
        assert_eq!(
            named(&handle, call).await,
            Ok(1),
            "the first attempt was counted as number 1, and its answer was lost. The second one has the same name, so it gets the same number"
        );
        assert_eq!(
            here(&handle).await,
            Ok(2),
            "one call was made, by two attempts: the next one is number 2"
        );
        assert_eq!(
            named(&handle, call).await,
            Ok(1),
            "and a third attempt, out of order, gets what the first one got"
        );
        assert_eq!(
            named(&room, call).await,
            Ok(1),
            "through a handle on the actor's own machine, too: the name counts, and not the way"
        );
        let (one, other) = tokio::join!(named(&room, call), named(&handle, call));
        assert_eq!((one, other), (Ok(1), Ok(1)), "two attempts at once, too");
    });
}

/// Step 5. Two clients do not get each other's numbers.
///
/// Page: "A name for each call". The slips: the request's id is taken for the call's name; names that begin anew with each connection.
#[test]
fn names_do_not_begin_anew() {
    check(|| async {
        let room = SequencerHandle::new();
        let (one, other) = (reached(room.clone()), reached(room.clone()));
        for round in 0..3 {
            for (index, handle) in [&one, &other, &room].into_iter().enumerate() {
                let number = 3 * round + index as u64 + 1;
                assert_eq!(
                    here(handle).await,
                    Ok(number),
                    "three handles of one room call in turn, and this is call {number}. Two calls have the same number: have they the same name, since \
                     somebody began to count anew?"
                );
            }
        }
        let one = reached_over(
            room.clone(),
            [Cut::AfterAnAnswer, Cut::AfterAnAnswer, Cut::Never],
        );
        for number in 10..=12 {
            assert_eq!(
                here(&one).await,
                Ok(number),
                "the connection was cut after the last answer, and this is another call, over a new one. Does it have an old name?"
            );
        }
    });
}

/// Step 5. A time-out does not say that it has not happened.
///
/// Page: "A time-out does not tell". The slip: the number is taken back, and somebody else gets it.
#[test]
fn a_number_is_never_taken_back() {
    check(|| async {
        let room = SequencerHandle::new();
        let (connect, mut dialled) = network(64);
        let handle = SequencerHandle::connect(connect, WITHIN);
        let call = CallId::new();
        // The request gets through, and the answer is an hour late.
        let attempt = start_named(&handle, call);
        let mut slow = accepted(&mut dialled).await;
        let (id, name, left) = slow.is_asked().await;
        let mut server = client_of(room.clone());
        server.asks_within(id, name, left).await;
        let (_, number) = server.is_answered().await;
        assert_eq!(result(attempt).await, Err(CallError::TimedOut));
        server.out.push(Request::Cancel { id });
        let _ = server.out.write().await;
        settle().await;
        assert_eq!(
            here(&room).await,
            Ok(2),
            "a call was counted as number 1, and its caller timed out and was told nothing. The number is used all the same: nobody else gets it"
        );
        slow.answers(id, number).await;
        assert_eq!(
            named(&room, call).await,
            Ok(1),
            "that caller tries again, by the same name, and gets the number that it was given"
        );
        // Given up at once, before any task could run: counted or not, both are right.
        let given_up = CallId::new();
        drop(named_call(&room, given_up));
        let polled = timeout(Duration::ZERO, named_call(&room, given_up)).await;
        let after = here(&room).await;
        let again = named(&room, given_up).await;
        assert_ne!(after, again, "two calls have the same number");
        assert_eq!(
            after.ok().max(again.ok()),
            Some(4),
            "one call was given up before the actor got to it, and made again; one came between. That makes numbers 3 and 4, and here are {after:?} and {again:?}. \
             Was the first attempt counted, and not remembered?"
        );
        if let Ok(first) = polled {
            assert_eq!(first, again, "one call has two numbers");
        }
        // The last number was told, and then its call is made again and given up.
        let last = CallId::new();
        assert_eq!(named(&room, last).await, Ok(5));
        let _ = timeout(Duration::ZERO, named_call(&room, last)).await;
        settle().await;
        assert_eq!(
            here(&room).await,
            Ok(6),
            "a call got number 5, and was made again by somebody who gave up. Number 5 is used all the same"
        );
        assert_eq!(named(&room, last).await, Ok(5));
    });
}

/// Step 5. The name goes along, through any number of machines.
///
/// Page: "A name for each call". The slip: a server gives each request a name of its own.
#[test]
fn the_name_goes_along_to_the_actor() {
    check(|| async {
        let (to_room, mut room) = connected().await;
        let handle = reached(reached(to_room));
        for _ in 0..2 {
            let call = CallId::new();
            let attempt = start_named(&handle, call);
            let (id, name, _) = room.is_asked().await;
            assert_eq!(
                name, call,
                "two machines pass this call on. On the third one it is still the same call, so it has the same name"
            );
            room.answers(id, Ok(1)).await;
            assert_eq!(result(attempt).await, Ok(1));
        }
        let (one, other) = (start(&handle), start(&handle));
        let names = [room.is_asked().await.1, room.is_asked().await.1];
        assert_ne!(
            names[0], names[1],
            "two calls that nobody has named have the same name"
        );
        one.abort();
        other.abort();
    });
}

/// Step 5. The actor remembers a thousand calls, and not all of them for ever.
///
/// Page: "A name for each call". The slips: it remembers the last one only; it never forgets, or all at once; an attempt makes it forget.
#[test]
fn the_actor_forgets_at_last() {
    check(|| async {
        let room = SequencerHandle::new();
        let ask = || within("a call's end", room.next_number());
        let ask_as = |call| within("a call's end", room.next_number_as(call));
        let calls: Vec<_> = (0..REMEMBERED).map(|_| CallId::new()).collect();
        for (call, number) in calls.iter().zip(1..) {
            assert_eq!(ask_as(*call).await, Ok(number));
        }
        sleep(NIGHT).await;
        for (index, call) in calls.iter().enumerate().rev() {
            assert_eq!(
                ask_as(*call).await,
                Ok(index as u64 + 1),
                "{REMEMBERED} calls were made, and all of them are tried again, after a night: the actor remembers so many"
            );
        }
        for forgotten in [10, 20] {
            for number in forgotten - 9..=forgotten {
                assert_eq!(ask().await, Ok((REMEMBERED + number) as u64));
            }
            for (index, call) in calls.iter().enumerate().skip(forgotten) {
                assert_eq!(
                    ask_as(*call).await,
                    Ok(index as u64 + 1),
                    "{forgotten} more calls were counted, so the {forgotten} oldest may be forgotten, and this one is not among them. Which calls are the last \
                     {REMEMBERED} does not depend on who tries again"
                );
            }
        }
        for number in 21..=REMEMBERED as u64 {
            assert_eq!(
                ask().await,
                Ok(REMEMBERED as u64 + number),
                "a new call gets a new number"
            );
        }
        let again = ask_as(calls[0]).await;
        assert_eq!(
            again,
            Ok(2 * REMEMBERED as u64 + 1),
            "{REMEMBERED} other calls were counted after this one. The actor remembers so many and no more: what grows with each call fills the memory some day"
        );
    });
}

/// Step 5. All of it, whatever callers and networks do.
///
/// Page: "Where it goes wrong". The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Machines>(200);
}

/// One end of a connection: the test is the client, or the server.
struct Peer {
    incoming: Incoming<ReadHalf<DuplexStream>>,
    out: Outgoing<WriteHalf<DuplexStream>>,
}

impl Peer {
    fn new(stream: DuplexStream) -> Self {
        let (reader, writer) = split(stream);
        Self {
            incoming: Incoming::new(reader),
            out: Outgoing::new(writer),
        }
    }

    /// The next frame; `None` when the other side has gone.
    async fn reads<T: Frame>(&mut self) -> Option<T> {
        self.incoming.next().await.ok().flatten()
    }

    /// Whether the server is there.
    async fn asks(&mut self, id: u64) -> bool {
        self.asks_within(id, CallId::new(), WITHIN).await
    }

    async fn asks_within(&mut self, id: u64, call: CallId, within: Duration) -> bool {
        self.out.push(Request::Next { id, call, within });
        self.out.write().await.is_ok()
    }

    /// What is no frame, or half of one.
    async fn out_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.get_mut().write_all(bytes).await
    }

    /// The next answer.
    async fn is_answered(&mut self) -> (u64, Result<u64, CallError>) {
        match within("the server's answer", self.reads()).await {
            Some(Answer { id, number }) => (id, number),
            None => {
                panic!("the server has ended the connection of a client that did nothing wrong")
            }
        }
    }

    /// The next request that is no Cancel.
    async fn is_asked(&mut self) -> (u64, CallId, Duration) {
        loop {
            match within("a request", self.reads()).await {
                Some(Request::Next { id, call, within }) => return (id, call, within),
                Some(Request::Cancel { .. }) => {}
                None => panic!(
                    "the client has ended this connection, and somebody calls: all calls go over one connection, as long as it holds"
                ),
            }
        }
    }

    async fn answers(&mut self, id: u64, number: Result<u64, CallError>) {
        self.out.push(Answer { id, number });
        let written = within(
            "the server's write: does the client read while its calls wait?",
            self.out.write(),
        );
        let _ = written.await;
    }

    /// The ids of all requests that come while no time passes.
    async fn all_that_comes(&mut self) -> Vec<u64> {
        let all = self.all().await.into_iter();
        all.filter_map(|request| match request {
            Request::Next { id, .. } => Some(id),
            Request::Cancel { .. } => None,
        })
        .collect()
    }

    /// The ids of all Cancels.
    async fn all_that_is_cancelled(&mut self) -> Vec<u64> {
        let all = self.all().await.into_iter();
        all.filter_map(|request| match request {
            Request::Cancel { id } => Some(id),
            Request::Next { .. } => None,
        })
        .collect()
    }

    /// Which calls are under way after all that comes.
    async fn follows(&mut self, under_way: &mut BTreeSet<u64>) {
        for request in self.all().await {
            match request {
                Request::Next { id, .. } => under_way.insert(id),
                Request::Cancel { id } => under_way.remove(&id),
            };
            assert!(
                under_way.len() <= AT_ONCE,
                "some calls were given up, and others have their slots. Cancel has to come first: until then {} are under way",
                under_way.len()
            );
        }
    }

    async fn all(&mut self) -> Vec<Request> {
        let mut all = Vec::new();
        loop {
            settle().await;
            tokio::select! {
                biased;
                request = self.reads() => match request {
                    Some(request) => all.push(request),
                    None => return all,
                },
                () = settle() => return all,
            }
        }
    }
}

/// A client of a server that serves this handle.
fn client_of(handle: SequencerHandle) -> Peer {
    client_with(handle, 64)
}

fn client_with(handle: SequencerHandle, pipe: usize) -> Peer {
    let (here, there) = duplex(pipe);
    tokio::spawn(serve(handle, there));
    Peer::new(here)
}

fn client_and_server(handle: SequencerHandle) -> (Peer, JoinHandle<()>) {
    let (here, there) = duplex(64);
    (Peer::new(here), tokio::spawn(serve(handle, there)))
}

/// What `connect` is given, and where the other ends of the connections come out. A pipe holds so many bytes.
fn network(
    pipe: usize,
) -> (
    impl FnMut() -> Ready<io::Result<DuplexStream>> + Send + 'static,
    mpsc::UnboundedReceiver<DuplexStream>,
) {
    let (sender, dialled) = mpsc::unbounded_channel();
    let connect = move || {
        let (here, there) = duplex(pipe);
        let sent = sender.send(there);
        ready(sent.map(|()| here).map_err(io::Error::other))
    };
    (connect, dialled)
}

/// The server's end of the next connection.
async fn accepted(dialled: &mut mpsc::UnboundedReceiver<DuplexStream>) -> Peer {
    let stream = within("a connection: does a call make one?", dialled.recv()).await;
    Peer::new(stream.expect(
        "nobody holds what makes connections any more, and there is a handle: after a failure, the next call connects anew. Has the task ended?",
    ))
}

/// A handle, and the server behind it, which is the test. One call has been made and answered.
async fn connected() -> (SequencerHandle, Peer) {
    connected_within(WITHIN).await
}

async fn connected_within(limit: Duration) -> (SequencerHandle, Peer) {
    let (connect, mut dialled) = network(64);
    let handle = SequencerHandle::connect(connect, limit);
    let call = start(&handle);
    let mut server = accepted(&mut dialled).await;
    let (id, _, _) = server.is_asked().await;
    server.answers(id, Ok(0)).await;
    assert_eq!(
        result(call).await,
        Ok(0),
        "the first call on a new connection: the server has answered 0 under its id"
    );
    (handle, server)
}

/// A handle of another machine on which this one is served.
fn reached(room: SequencerHandle) -> SequencerHandle {
    reached_within(room, WITHIN)
}

fn reached_within(room: SequencerHandle, limit: Duration) -> SequencerHandle {
    let (connect, mut dialled) = network(64);
    tokio::spawn(async move {
        while let Some(stream) = dialled.recv().await {
            tokio::spawn(serve(room.clone(), stream));
        }
    });
    SequencerHandle::connect(connect, limit)
}

/// What becomes of a connection.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Never,
    /// The first request gets through and is counted, and the connection is cut before the answer gets back.
    AnswersAreLost,
    AfterAnAnswer,
}

/// The same, over connections of which this becomes.
fn reached_over<const N: usize>(room: SequencerHandle, cuts: [Cut; N]) -> SequencerHandle {
    let (connect, mut dialled) = network(64);
    tokio::spawn(async move {
        let mut cuts = cuts.into_iter();
        while let Some(stream) = dialled.recv().await {
            match cuts.next() {
                None | Some(Cut::Never) => drop(tokio::spawn(serve(room.clone(), stream))),
                Some(cut) => {
                    let mut client = Peer::new(stream);
                    let mut server = client_of(room.clone());
                    let Some(request) = client.reads::<Request>().await else {
                        continue;
                    };
                    server.out.push(request);
                    let _ = server.out.write().await;
                    let answer = server.reads::<Answer>().await;
                    if let (Some(answer), Cut::AfterAnAnswer) = (answer, cut) {
                        client.out.push(answer);
                        let _ = client.out.write().await;
                        // The answer arrives first, and then the cut. (`settle` is in use by the caller.)
                        for _ in 0..100 {
                            tokio::task::yield_now().await;
                        }
                    }
                }
            }
        }
    });
    SequencerHandle::connect(connect, WITHIN)
}

async fn here(handle: &SequencerHandle) -> Result<u64, CallError> {
    let number = within("a call's end", handle.next_number()).await;
    // What its end sets off comes to rest.
    settle().await;
    number
}

async fn named(handle: &SequencerHandle, call: CallId) -> Result<u64, CallError> {
    let number = within("a call's end", handle.next_number_as(call)).await;
    settle().await;
    number
}

fn named_call(
    handle: &SequencerHandle,
    call: CallId,
) -> impl Future<Output = Result<u64, CallError>> + 'static {
    let handle = handle.clone();
    async move { handle.next_number_as(call).await }
}

type Call = JoinHandle<Result<u64, CallError>>;

/// A call that somebody makes meanwhile.
fn start(handle: &SequencerHandle) -> Call {
    let handle = handle.clone();
    tokio::spawn(async move { handle.next_number().await })
}

/// A call, and another one after it, whatever the first one brings.
fn start_twice(
    handle: &SequencerHandle,
) -> JoinHandle<(Result<u64, CallError>, Result<u64, CallError>)> {
    let handle = handle.clone();
    tokio::spawn(async move { (handle.next_number().await, handle.next_number().await) })
}

fn start_named(handle: &SequencerHandle, call: CallId) -> Call {
    tokio::spawn(named_call(handle, call))
}

async fn result(call: Call) -> Result<u64, CallError> {
    let joined = within("a call's end", call).await;
    settle().await;
    joined.expect("the call does not panic, whatever the network does")
}

async fn times_out(handle: &SequencerHandle, limit: Duration, why: &str) {
    let end = ends_in_time(handle, limit, why).await;
    assert_eq!(
        end,
        Err(CallError::TimedOut),
        "{why}, and the call may take {limit:?}"
    );
}

/// A call that ends when its time is over, and not before.
async fn ends_in_time(
    handle: &SequencerHandle,
    limit: Duration,
    why: &str,
) -> Result<u64, CallError> {
    let begin = Instant::now();
    let end = within("a call's end", handle.next_number()).await;
    let took = begin.elapsed();
    assert!(
        took >= limit && took <= limit + Duration::from_millis(2),
        "{why}: the call may take {limit:?}, and took {took:?}. What is counted from where?"
    );
    end
}
