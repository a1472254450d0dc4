//! What a connection promises, step by step. Each test says what it wants and which slip it is there to catch.
//!
//! There is no socket: the stream is a pipe in memory (`tokio::io::duplex`) or a script of reads and writes (`tokio_test::io::Builder`). The
//! tests run in virtual time, on a runtime of their own (see exercises/harness). When a test's body ends, the handle, the receiver and the
//! peer are dropped, and then every task has to end as well.

#![allow(clippy::drop_non_drop)] // the stub's handles are empty

mod scenarios;

use connection::{Closed, ConnectionHandle, Incoming, LONGEST, connect};
use harness::{
    accepted_sends, alive_tasks, check, in_no_time, on_a_runtime_that_ends, settle, wake_ups,
    within,
};
use std::{
    io::{Error, ErrorKind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    sync::{Semaphore, mpsc::Receiver},
    time::{sleep, timeout},
};
use tokio_test::io::Builder;

/// A night. No round number: somebody may have a time-out.
const LONG: Duration = Duration::from_millis(36_717_310);

/// Step 1. Lines come in as the peer sent them.
///
/// Page: "Bytes are not lines". The slips: the end stays with the line; more than the end is taken off, or something at the beginning; an empty line that is taken for the end.
#[test]
fn lines_come_in_whole_and_in_order() {
    check(|| async {
        let (_handle, mut lines, mut peer) = open(4);
        let all = "hello\n\nthree\r\n four \r inside \nfive\r\r\n\u{feff}six\0\n";
        says(&mut peer, all).await;
        for expected in [
            "hello",
            "",
            "three",
            " four \r inside ",
            "five\r",
            "\u{feff}six\0",
        ] {
            assert_eq!(
                next(&mut lines, "a line").await,
                line(expected),
                "the peer sent six lines, {all:?}. They come in in this order, each without its end: the \\n, and one \\r right before it"
            );
        }
        drop(peer);
        assert_eq!(
            next(&mut lines, "the end, after the peer has gone").await,
            None,
            "the peer has gone, and every line was taken: the receiver gives None"
        );
    });
}

/// Step 1. A stream knows nothing of lines: it may be cut anywhere.
///
/// Page: "Bytes are not lines". The slips: one read is one line; each read is made text by itself, in the middle of a letter.
#[test]
fn a_line_may_come_in_pieces() {
    check(|| async {
        // Each of these is what one read brings.
        let mut script = Builder::new();
        for piece in ["he", "llo\nwor", "ld\r", "\n", "a", "b", "c\nd\n\ne\n"] {
            script.read(piece.as_bytes());
        }
        // "ü" is two bytes.
        script.read(b"gr\xc3").read(b"\xbc\xc3").read(b"\x9fe\n");
        let (_handle, mut lines) = connect(script.build(), 4);
        for expected in ["hello", "world", "abc", "d", "", "e", "grüße"] {
            assert_eq!(
                next(&mut lines, "a line that comes in pieces").await,
                line(expected),
                "the pieces \"he\", \"llo\\nwor\", \"ld\\r\", \"\\n\" are the lines \"hello\" and \"world\": what one read brings may be a part of a \
                 line, or of a letter, or several lines"
            );
        }
        assert_eq!(
            next(&mut lines, "the end").await,
            None,
            "the script is over"
        );
    });
}

/// Step 1. A slow peer is no trouble.
///
/// Page: "Bytes are not lines". The slips: a time-out; reading that spins.
#[test]
fn a_line_may_take_a_night() {
    check(|| async {
        let (_handle, mut lines, mut peer) = open(4);
        says(&mut peer, "good ni").await;
        let woken = wake_ups().await;
        assert!(
            woken < 30,
            "nothing comes from the peer, and the runtime woke up {woken} times in a minute. Who looks, instead of waiting?"
        );
        sleep(LONG).await;
        says(&mut peer, "ght\n").await;
        assert_eq!(
            next(&mut lines, "the line").await,
            line("good night"),
            "half of the line came, a night went by, and the other half came"
        );
    });
}

/// Step 1. What stands before the end is a line.
///
/// Page: "Bytes are not lines". The slip: what has no line feed behind it is thrown away.
#[test]
fn the_last_line_needs_no_line_feed() {
    check(|| async {
        let (_handle, mut lines, mut peer) = open(4);
        says(&mut peer, "one\nand two").await;
        peer.shutdown().await.expect("the pipe is there");
        assert_eq!(next(&mut lines, "the first line").await, line("one"));
        assert_eq!(
            next(&mut lines, "the last line").await,
            line("and two"),
            "the peer sent \"one\\nand two\" and no more: what stands behind the last line feed is a line, too"
        );
        assert_eq!(
            next(&mut lines, "the end").await,
            None,
            "the peer has sent everything: no line is left, not even an empty one"
        );
    });
}

/// Step 1. An endless line is refused.
///
/// Page: "An endless line". The slips: no limit at all; a limit that is looked at when the line is there; one byte too few.
#[test]
fn a_line_that_is_too_long_is_refused() {
    check(|| async {
        let (_handle, mut lines, mut peer) = open(4);
        let longest = "x".repeat(LONGEST);
        says(&mut peer, &format!("{longest}\n")).await;
        assert_eq!(
            brief(next(&mut lines, "a line of 1,024 bytes").await),
            brief(line(&longest)),
            "a line of {LONGEST} bytes is not too long"
        );
        // There is no line feed, and there never will be.
        let endless = "y".repeat(2 * LONGEST);
        let written = async {
            // The connection may have been dropped in the middle of it.
            let _ = peer.write_all(endless.as_bytes()).await;
        };
        within("a peer that writes an endless line", written).await;
        assert_eq!(
            next(&mut lines, "news of an endless line").await,
            Some(Incoming::TooLong),
            "{} bytes came, and no line feed among them. A peer may go on like this for ever: count, before you keep",
            2 * LONGEST
        );
        assert_eq!(
            next(&mut lines, "the end").await,
            None,
            "after a line that is too long nothing comes: where would the next one begin?"
        );
    });
}

/// Step 1. One byte more than the longest line is too much, whatever its end.
///
/// Page: "An endless line". The slips: the limit is that of the whole buffer; characters are counted instead of bytes; a \r is not counted.
#[test]
fn the_limit_counts_bytes() {
    check(|| async {
        // Half as many letters as bytes.
        let letters = "ü".repeat(LONGEST / 2);
        let (short, long) = ("x".repeat(LONGEST - 1), "x".repeat(LONGEST));
        for (sent, expected) in [
            (format!("{letters}\nnext\n"), line(&letters)),
            (format!("{letters}x\nnext\n"), Some(Incoming::TooLong)),
            (format!("{short}\r\nnext\n"), line(&short)),
            (format!("{long}\r\nnext\n"), Some(Incoming::TooLong)),
            // The last line, without a line feed.
            (long.clone(), line(&long)),
        ] {
            let (_handle, mut lines, mut peer) = open(4);
            let _ = peer.write_all(sent.as_bytes()).await;
            let _ = peer.shutdown().await;
            assert_eq!(
                brief(next(&mut lines, "a line of two-byte letters, or with \\r\\n").await),
                brief(expected),
                "{} bytes stand before the line feed or the end of the stream, and {LONGEST} may. A \\r counts",
                sent.find('\n').unwrap_or(sent.len())
            );
        }
    });
}

/// Step 1. What is no text ends the connection.
///
/// Page: "An endless line". The slips: unwrap; letters that are replaced, so that nobody notices; half of a letter that is cut off.
#[test]
fn what_is_no_text_is_refused() {
    check(|| async {
        // Without a line feed it is a line all the same.
        for bytes in [
            &b"fine \xef\xbf\xbd\nnot \xff text\nlost\n"[..],
            b"fine \xef\xbf\xbd\nnot \xff",
            // The first half of an "ü".
            b"fine \xef\xbf\xbd\nnot \xc3\nlost\n",
            b"fine \xef\xbf\xbd\nnot \xc3",
        ] {
            let (_handle, mut lines, mut peer) = open(4);
            peer.write_all(bytes).await.expect("the pipe is there");
            peer.shutdown().await.expect("the pipe is there");
            assert_eq!(
                next(&mut lines, "a line").await,
                line("fine \u{fffd}"),
                "U+FFFD often stands for what is no text, and it is text itself"
            );
            assert_eq!(
                next(&mut lines, "news of what is no text").await,
                Some(Incoming::NotText),
                "\"{}\" came. The byte 0xff, or half of a letter, is no UTF-8: the line is told as NotText, and no line is made of it",
                bytes.escape_ascii()
            );
            assert_eq!(
                next(&mut lines, "the end").await,
                None,
                "a peer that sends no text may not mean this protocol: nothing comes after it"
            );
        }
    });
}

/// Step 1. A read that fails is the end.
///
/// Page: "Who tells whom". The slips: unwrap on a read; trying again at once, for ever.
#[test]
fn a_read_that_fails_is_the_end() {
    check(|| async {
        let (_handle, mut lines) = connect(Reset { before: b"one\nha" }, 4);
        assert_eq!(next(&mut lines, "a line").await, line("one"));
        assert_eq!(
            next(&mut lines, "the end").await,
            None,
            "\"one\\nha\" came, and then a read failed: the first line is there, half a line is none, and the receiver gives None"
        );
    });
}

/// Step 2. Lines go out as they were sent.
///
/// Page: "Two directions at once". The slips: no line feed; a flush that comes late, by a timer or with the next line, or never.
#[test]
fn lines_go_out_in_order() {
    check(|| async {
        let (handle, _lines, mut peer) = open(4);
        for text in ["hello", "", "world"] {
            send(&handle, text).await;
            let expected = format!("{text}\n");
            assert_eq!(
                hears(&mut peer, expected.len()).await,
                expected,
                "a line goes out with a line feed behind it, at once: the next one may be an hour away. Does a buffer keep something?"
            );
        }
        let clone = handle.clone();
        for number in 0..4 {
            let handle = if number % 2 == 0 { &handle } else { &clone };
            send(handle, &number.to_string()).await;
        }
        assert_eq!(
            hears(&mut peer, 8).await,
            "0\n1\n2\n3\n",
            "lines go out in the order in which they were accepted, through whichever handle"
        );
    });
}

/// Step 2. A peer that does not read is still heard.
///
/// Page: "Two directions at once". The slips: one loop that writes a line in a branch of `select!`, and reads nothing until it is out; one that takes
/// it for done when it is in a buffer; a time-out for the write.
#[test]
fn a_peer_that_does_not_read_is_still_heard() {
    check(|| async {
        for length in [1_000, 20_000] {
            let (handle, mut lines, mut peer) = open_with(4, 16);
            // More than the pipe holds, and the second time more than a buffer, too: it cannot be written until the peer reads.
            send(&handle, &"x".repeat(length)).await;
            settle().await;
            for number in 0..10 {
                says(&mut peer, &format!("{number}\n")).await;
                assert_eq!(
                    next(&mut lines, "a line of a peer that reads nothing").await,
                    line(&number.to_string()),
                    "a line cannot go out, since the peer does not read. What it writes still comes in"
                );
            }
            sleep(LONG).await;
            assert_eq!(
                hears(&mut peer, length + 1).await.len(),
                length + 1,
                "when the peer reads at last, ten hours later, the line is whole"
            );
        }
    });
}

/// Step 2. Lines stay whole while others go the other way.
///
/// Page: "The trouble first". The slips: `read_line` or `read_until` in a `select!` that begins anew with each line that goes out; `write_all`
/// there, which is cut short by a line that comes in.
#[test]
fn nothing_is_lost_where_both_directions_meet() {
    check(|| async {
        let (handle, mut lines, mut peer) = open(4);
        for round in 0..20 {
            says(&mut peer, "be").await;
            settle().await;
            send(&handle, &format!("out {round}")).await;
            let expected = format!("out {round}\n");
            assert_eq!(
                hears(&mut peer, expected.len()).await,
                expected,
                "the line that goes out"
            );
            says(&mut peer, "gin\n").await;
            assert_eq!(
                next(&mut lines, "a line that came in two pieces").await,
                line("begin"),
                "half of a line had come, then a line went out, then the other half came. Who still has the first half? Is the read dropped \
                 in the middle, by a `select!`?"
            );
        }
        // So little fits into this pipe that a line takes many writes, and each of them waits for the peer.
        let (handle, mut lines, mut peer) = open_with(4, 3);
        for round in 0..20 {
            let text = format!("out {round} {}", "and more ".repeat(5));
            send(&handle, &text).await;
            settle().await;
            let expected = format!("{text}\n");
            let (first, rest) = expected.split_at(4);
            assert_eq!(
                hears(&mut peer, first.len()).await,
                first,
                "the line that goes out"
            );
            says(&mut peer, "in\n").await;
            assert_eq!(
                next(&mut lines, "a line that comes while another one goes out").await,
                line("in"),
                "it came while half of a line had gone out"
            );
            assert_eq!(
                hears(&mut peer, rest.len()).await,
                rest,
                "half of a line had gone out, then a line came in. Is the write dropped in the middle, and begins anew or never?"
            );
        }
    });
}

/// Step 2. The peer has to wait when nobody takes its lines.
///
/// Page: "Two directions at once". The slips: an unbounded channel of lines; a reader that takes lines out of the stream into a list; lines
/// that are dropped when the receiver is full; a buffer for far more than some kilobytes.
#[test]
fn a_peer_waits_when_nobody_takes_its_lines() {
    check(|| async {
        for capacity in [1, 2, 200] {
            let (handle, mut lines, mut peer) = open_with(capacity, 256);
            let text = "z".repeat(999);
            let mut written = 0;
            let endless = async {
                while written < 1000 {
                    let bytes = format!("{text}\n");
                    if peer.write_all(bytes.as_bytes()).await.is_err() {
                        break;
                    }
                    written += 1;
                }
            };
            tokio::select! {
                () = endless => {}
                () = sleep(Duration::from_secs(70)) => {}
            }
            assert!(
                written <= capacity + 60,
                "`capacity` is {capacity}, nobody takes a line, and the peer could send {written} lines of 1,000 bytes. Where are they kept? The peer has to wait"
            );
            assert_eq!(
                lines.len(),
                capacity,
                "`capacity` is {capacity}, and {} lines wait in the receiver, where {capacity} may wait before the peer has to",
                lines.len()
            );
            // Writing does not wait for that.
            send(&handle, "still here").await;
            assert_eq!(
                hears(&mut peer, 11).await,
                "still here\n",
                "nobody takes lines out of the receiver. Lines still go out"
            );
            for number in 0..written {
                assert!(
                    next(&mut lines, "a line that waited").await == line(&text),
                    "line {number} of {written} that the peer had sent waited in the receiver, in the pipe or on the way, and it is not what comes next"
                );
            }
        }

        // The pipe is full before there is a connection: what does it take out of that?
        let (stream, mut peer) = duplex(1 << 20);
        let text = "z".repeat(1023) + "\n";
        says(&mut peer, &text.repeat(1024)).await;
        let (_handle, _lines) = connect(stream, 2);
        let mut more = 0;
        while more < 1024 {
            let wrote = timeout(Duration::from_secs(7), peer.write_all(text.as_bytes())).await;
            if wrote.is_err() {
                break;
            }
            more += 1;
        }
        assert!(
            more <= 60,
            "`capacity` is 2, nobody takes a line, and of a pipe that was full the connection took {more} kilobytes: some kilobytes may wait before the receiver"
        );
    });
}

/// Step 2. Callers wait when the peer takes nothing.
///
/// Page: "Two directions at once". The slips: an unbounded mailbox; a task for each line; a list in the task that writes, or a buffer as large
/// as the mailbox; a few slots more than were asked for.
#[test]
fn callers_wait_when_the_peer_takes_nothing() {
    check(|| async {
        for (capacity, pipe) in [(1, 16), (3, 16), (200, 4096)] {
            let (handle, _lines, mut peer) = open_with(capacity, pipe);
            let text = "w".repeat(999);
            let accepted = accepted_sends(1000, || {
                let (handle, text) = (handle.clone(), text.clone());
                async move { handle.send(text).await }
            })
            .await
            .unwrap_or(1000);
            settle().await;
            let more = accepted_sends(1000, || {
                let (handle, text) = (handle.clone(), text.clone());
                async move { handle.send(text).await }
            })
            .await
            .unwrap_or(1000);
            assert!(
                accepted >= capacity && accepted + more <= capacity + 40,
                "`capacity` is {capacity}, the peer reads nothing, and {} lines of 1,000 bytes were accepted: {capacity} may wait, and some kilobytes \
                 on the way. Then `send` waits",
                accepted + more
            );
            let all = (accepted + more) * 1000;
            assert_eq!(
                hears(&mut peer, all).await.matches(&text).count(),
                accepted + more,
                "every line that was accepted goes out, when the peer reads again"
            );
        }

        // Of lines that are no longer short, only a few are some kilobytes.
        let (handle, _lines, _peer) = open_with(1, 16);
        let accepted = accepted_sends(100, || {
            let handle = handle.clone();
            async move { handle.send("w".repeat(100_000)).await }
        })
        .await
        .unwrap_or(100);
        assert!(
            accepted <= 6,
            "`capacity` is 1, the peer reads nothing, and {accepted} lines of 100,000 bytes were accepted: one may wait, and a few on the way. Then \
             `send` waits"
        );

        // As many as there can be: a buffer for that many, or one slot more, and it panics.
        let (stream, mut peer) = duplex(64);
        let (handle, _lines) = connect(stream, Semaphore::MAX_PERMITS);
        send(&handle, "hello").await;
        assert_eq!(hears(&mut peer, 6).await, "hello\n", "a line goes out");
    });
}

/// Step 2. A call that is given up sends nothing.
///
/// Page: "Two directions at once". The slips: a task for each call, which sends all the same; a call that gives up by itself.
#[test]
fn a_call_that_is_given_up_sends_nothing() {
    check(|| async {
        let (handle, _lines, mut peer) = open_with(1, 16);
        let text = "w".repeat(999);
        let mut accepted = 0;
        while timeout(Duration::from_secs(7), handle.send(text.clone())).await == Ok(Ok(())) {
            accepted += 1;
            assert!(
                accepted < 100,
                "the peer reads nothing, and `send` never waits"
            );
        }
        let given_up = timeout(Duration::from_secs(7), handle.send("given up".to_owned())).await;
        assert!(given_up.is_err(), "no slot is free: `send` waits");
        let waits = tokio::spawn(async move { handle.send("the last".to_owned()).await });
        sleep(LONG).await;
        assert!(
            !waits.is_finished(),
            "the peer read nothing for ten hours, and `send` did not wait for so long. It waits for a slot, and a peer may take its time"
        );
        let expected = format!("{}the last\n", format!("{text}\n").repeat(accepted));
        assert!(
            hears(&mut peer, expected.len()).await == expected,
            "the call that was given up while it waited sent something all the same, or a line is out of its order"
        );
        let sent = within("the call that waited", waits)
            .await
            .expect("it does not panic");
        assert_eq!(sent, Ok(()), "the peer reads again: the call gets its slot");
    });
}

/// Step 3. With the last handle, the peer sees the end.
///
/// Page: "Who tells whom". The slips: the half that writes is dropped, and the stream stays open as long as the other half lives; the rest in a
/// buffer is lost, or given up after a while; the whole connection ends with the last handle.
#[test]
fn the_peer_sees_the_end_after_the_last_line() {
    check(|| async {
        let (handle, mut lines, mut peer) = open_with(8, 16);
        let clone = handle.clone();
        for number in 0..6 {
            send(&handle, &format!("line {number}")).await;
        }
        drop(handle);
        drop(clone);
        sleep(LONG).await;
        let mut all = String::new();
        within(
            "the end of the stream, after the last handle was dropped",
            peer.read_to_string(&mut all),
        )
        .await
        .expect("text");
        assert_eq!(
            all, "line 0\nline 1\nline 2\nline 3\nline 4\nline 5\n",
            "six lines were accepted before the last handle was dropped: all of them go out, even if the peer takes its time, and then it sees the end"
        );
        let said = within("the peer's write", peer.write_all(b"one more\n")).await;
        assert!(
            said.is_ok(),
            "no more lines go out, and now nothing is read either. The peer may still have something to say"
        );
        assert_eq!(
            next(&mut lines, "a line of a peer that has seen the end").await,
            line("one more"),
            "no more lines go out. The peer may still have something to say"
        );
        drop(peer);
        assert_eq!(
            next(&mut lines, "the end").await,
            None,
            "now the peer has gone"
        );
        assert_eq!(
            alive_tasks().await,
            0,
            "both directions have ended: nothing is left of the connection"
        );
    });
}

/// Step 3. A peer that has sent everything may still want answers.
///
/// Page: "Who tells whom". The slip: the end of what comes in is taken for the end of all.
#[test]
fn a_peer_that_has_sent_everything_is_still_answered() {
    check(|| async {
        let (handle, mut lines, mut peer) = open(4);
        says(&mut peer, "what time is it?\n").await;
        peer.shutdown().await.expect("the pipe is there");
        assert_eq!(
            next(&mut lines, "a question").await,
            line("what time is it?")
        );
        assert_eq!(
            next(&mut lines, "the end").await,
            None,
            "the peer has sent everything"
        );
        sleep(LONG).await;
        send(&handle, "too late").await;
        assert_eq!(
            hears(&mut peer, 9).await,
            "too late\n",
            "the peer sends no more, and it still reads: a half-closed connection still carries answers"
        );
    });
}

/// Step 3. A write that fails ends both directions.
///
/// Page: "Who tells whom". The slips: unwrap on a write; the task that reads waits for a peer that cannot be answered; callers that wait are
/// forgotten.
#[test]
fn a_write_that_fails_ends_both() {
    check(|| async {
        // The script stays open for reading: the peer is silent, in the middle of a line.
        let (stream, _silent) = Builder::new()
            .read(b"before\nha")
            .write(b"one\n")
            .write_error(Error::from(ErrorKind::BrokenPipe))
            .build_with_handle();
        let (handle, mut lines) = connect(stream, 1);
        assert_eq!(next(&mut lines, "a line").await, line("before"));
        send(&handle, "one").await;
        settle().await;
        send(&handle, "two").await;
        within("a call after a write has failed", async {
            let mut sent = 0;
            while handle.send("three".to_owned()).await == Ok(()) {
                sent += 1;
                assert!(
                    sent < 10,
                    "a write has failed, and `send` goes on to accept lines"
                );
                settle().await;
            }
        })
        .await;
        assert_eq!(
            next(&mut lines, "the end (the peer is silent)").await,
            None,
            "a write has failed, so the connection has: the receiver gives None, even if the peer says nothing. Half a line is none. Who tells the task that reads?"
        );
        assert_eq!(
            alive_tasks().await,
            0,
            "nothing is left of a connection that has failed"
        );

        // The receiver is full, and another line waits for a slot in it; the last handle may be gone already.
        for dropped in [false, true] {
            let (handle, mut lines, mut peer) = open(1);
            says(&mut peer, "one\ntwo\n").await;
            settle().await;
            drop(peer);
            send(&handle, "hello").await;
            let _handle = (!dropped).then_some(handle);
            assert_eq!(
                alive_tasks().await,
                0,
                "a write has failed, and nobody takes a line: the task that reads waits for a slot, and has to end all the same"
            );
            assert_eq!(
                next(&mut lines, "a line").await,
                line("one"),
                "this line had come in before the write failed"
            );
            while let Some(late) = next(&mut lines, "the end").await {
                assert!(
                    matches!(late, Incoming::Line(_)),
                    "the peer's lines are short enough, and text"
                );
            }
        }
    });
}

/// Step 3. Callers that wait hear of it.
///
/// Page: "Who tells whom". The slip: the mailbox is kept, by a task that does not read it any more.
#[test]
fn callers_that_wait_hear_of_a_failure() {
    check(|| async {
        let (handle, lines, peer) = open_with(1, 16);
        let text = "w".repeat(999);
        let waiting: Vec<_> = (0..60)
            .map(|_| {
                let (handle, text) = (handle.clone(), text.clone());
                tokio::spawn(async move { handle.send(text).await })
            })
            .collect();
        settle().await;
        let refused_before = waiting.iter().filter(|call| call.is_finished()).count();
        assert!(
            refused_before < 60,
            "the peer reads nothing, and all calls have their slots"
        );
        drop(peer);
        let mut closed = 0;
        for call in waiting {
            let sent = within("a call that waited while the peer went", call).await;
            closed += usize::from(sent.expect("it does not panic") == Err(Closed));
        }
        assert!(
            closed > 0,
            "calls waited for a slot, and the peer went: they get Closed"
        );
        drop(lines);
    });
}

/// Step 3. What comes in wrong ends what goes out.
///
/// Page: "Who tells whom". The slips: only the task that reads ends; what was accepted is still written; news that is lost because the receiver is full; a reset that is taken for an
/// end like any other.
#[test]
fn a_line_that_is_refused_ends_both() {
    check(|| async {
        for bad in [vec![b'x'; LONGEST + 2], b"\xff\n".to_vec()] {
            let (handle, mut lines, mut peer) = open_with(1, 2048);
            // It does not fit into the pipe: a part of it waits there and in the connection.
            send(&handle, &"w".repeat(9999)).await;
            says(&mut peer, "good\n").await;
            let _ = within("the write of a bad line", peer.write_all(&bad)).await;
            // The receiver is full for a night.
            sleep(LONG).await;
            assert_eq!(next(&mut lines, "a good line").await, line("good"));
            let refused = next(&mut lines, "news of a bad line").await;
            assert!(
                matches!(refused, Some(Incoming::TooLong | Incoming::NotText)),
                "a bad line came while the receiver was full, and there is no news of it: {refused:?}. It has to wait for a slot, as lines do"
            );
            assert_eq!(
                next(&mut lines, "the end").await,
                None,
                "nothing comes after it"
            );
            settle().await;
            assert_eq!(
                within(
                    "a call after the connection has failed",
                    handle.send("hello?".to_owned())
                )
                .await,
                Err(Closed),
                "the connection has failed, since the peer sent what is no line. Who tells the task that writes?"
            );
            assert_eq!(
                alive_tasks().await,
                0,
                "the connection has failed, and the peer does not read. What was not written yet is lost: nobody waits until it can be"
            );
            let end = within("the end of the stream", peer.read_to_end(&mut Vec::new())).await;
            assert!(
                end.is_ok(),
                "the connection has failed: the stream is dropped, and the peer sees that"
            );
        }
        // The last handle is dropped, and the rest waits for the peer: it is as lost.
        let (handle, mut lines, mut peer) = open_with(1, 16);
        send(&handle, &"w".repeat(999)).await;
        drop(handle);
        settle().await;
        peer.write_all(b"\xff\n").await.expect("the pipe is there");
        assert_eq!(
            next(&mut lines, "news of a bad line").await,
            Some(Incoming::NotText),
            "no more lines go out. What is no text is told all the same"
        );
        assert_eq!(
            alive_tasks().await,
            0,
            "the last handle was dropped, the peer takes nothing, and then it sent what is no text: the connection has failed, and nobody waits until \
             the last line is written"
        );
        let (handle, mut lines) = connect(Reset { before: b"good\n" }, 4);
        settle().await;
        assert_eq!(
            within(
                "a call after a read has failed",
                handle.send("hello?".to_owned())
            )
            .await,
            Err(Closed),
            "a read has failed, and that is not the end of one direction: it ends both, even if nobody has taken the lines yet. Who tells the task that writes?"
        );
        assert_eq!(next(&mut lines, "a good line").await, line("good"));
        assert_eq!(next(&mut lines, "the end").await, None, "the read failed");
    });
}

/// Step 3. Nobody listens, and the peer is silent.
///
/// Page: "Who tells whom". The slip: the task that reads notices it when the next line comes, and none comes.
#[test]
fn nothing_is_left_when_nobody_listens() {
    check(|| async {
        let (handle, lines, mut peer) = open(4);
        says(&mut peer, "half of a li").await;
        drop(lines);
        settle().await;
        send(&handle, "goodbye").await;
        assert_eq!(
            hears(&mut peer, 8).await,
            "goodbye\n",
            "nobody listens to the peer any more. Lines still go out"
        );
        drop(handle);
        assert_eq!(
            alive_tasks().await,
            0,
            "the receiver and the handle are dropped, and the peer is silent. Who still reads, and what for? `closed()` of a Sender tells at once \
             when its Receiver is gone"
        );
        // It is still there.
        drop(peer);
    });
}

/// Step 3. A handle may outlive the connection, whose runtime has ended.
///
/// Page: "Who tells whom". The slip: a mailbox that somebody else than the connection's tasks holds as well.
#[test]
fn a_handle_may_outlive_the_runtime() {
    check(|| async {
        let (handle, mut lines, _peer) = on_a_runtime_that_ends(|| async {
            let (handle, lines, peer) = open(2);
            settle().await;
            (handle, lines, peer)
        });
        assert_eq!(
            in_no_time("the end of `send`", handle.send("hello".to_owned())).await,
            Err(Closed),
            "the runtime of the connection has ended, and all its tasks with it: nobody will write this line. A handle is left, and its calls say so"
        );
        assert_eq!(
            next(&mut lines, "the end, without the runtime").await,
            None,
            "the runtime of the connection has ended, and nobody reads: the receiver gives None"
        );
    });
}

/// Step 3. All of it, whatever callers and peers do.
///
/// Page: "Who tells whom". The slips: those that nobody thought of.
#[test]
fn your_promises_hold_whatever_callers_do() {
    harness::scenarios::<scenarios::Wire>(300);
}

/// A stream that has been reset: from then on each read fails.
struct Reset {
    before: &'static [u8],
}

impl AsyncRead for Reset {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Error>> {
        if self.before.is_empty() {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        let count = self.before.len().min(buffer.remaining());
        let (now, later) = self.before.split_at(count);
        buffer.put_slice(now);
        self.before = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Reset {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }
}

/// A connection, and its peer with a pipe that holds enough.
fn open(capacity: usize) -> (ConnectionHandle, Receiver<Incoming>, DuplexStream) {
    open_with(capacity, 64 * 1024)
}

/// With a pipe that holds so many bytes each way.
fn open_with(capacity: usize, pipe: usize) -> (ConnectionHandle, Receiver<Incoming>, DuplexStream) {
    let (stream, peer) = duplex(pipe);
    let (handle, lines) = connect(stream, capacity);
    (handle, lines, peer)
}

fn line(text: &str) -> Option<Incoming> {
    Some(Incoming::Line(text.to_owned()))
}

/// It in few words: a line may be a thousand letters long.
fn brief(incoming: Option<Incoming>) -> String {
    match incoming {
        Some(Incoming::Line(text)) if text.len() > 99 => {
            format!("a line of {} bytes: {:.9}…", text.len(), text)
        }
        other => format!("{other:?}"),
    }
}

async fn next(lines: &mut Receiver<Incoming>, what: &str) -> Option<Incoming> {
    within(what, lines.recv()).await
}

async fn says(peer: &mut DuplexStream, text: &str) {
    within(
        "the peer's write: does anybody read the stream?",
        peer.write_all(text.as_bytes()),
    )
    .await
    .expect("the connection is there, and takes what the peer writes");
}

/// The next bytes that the peer gets at once: so many, or those that come. In virtual time a millisecond is over when every task waits.
async fn hears(peer: &mut DuplexStream, count: usize) -> String {
    let (mut bytes, mut heard) = (vec![0; count], 0);
    let reads = async {
        while let Ok(read @ 1..) = peer.read(&mut bytes[heard..]).await {
            heard += read;
        }
    };
    let _ = timeout(Duration::from_millis(1), reads).await;
    bytes.truncate(heard);
    String::from_utf8(bytes).expect("lines are text")
}

async fn send(handle: &ConnectionHandle, text: &str) {
    let sent = within(
        "the return of `send`, which has a free slot and does not wait until the line is written,",
        handle.send(text.to_owned()),
    )
    .await;
    assert_eq!(sent, Ok(()), "nothing has failed, and `send` says Closed");
}
