//! What a connection promises, whatever its users and its peer do: lines in pieces, lines that nobody takes, a peer that does not read, halves
//! that end in any order, and failures in between. Nothing is asked here that the page and src/lib.rs do not promise.

use connection::{Closed, ConnectionHandle, Incoming, LONGEST, connect};
use harness::{Calls, Dice, Scenario, Story, alive_tasks, settle};
use std::{
    collections::BTreeSet,
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    sync::mpsc::{Receiver, error::TryRecvError},
    task::{coop::unconstrained, yield_now},
};

/// One thing that happens at the connection.
#[derive(Clone, Copy)]
pub enum Step {
    /// The peer writes these bytes.
    Says(&'static str),
    /// The peer writes so many lines.
    SaysLines(usize),
    /// A letter of two bytes, one by one.
    SaysInHalves,
    /// The peer reads up to so many bytes.
    Reads(usize),
    /// So many lines are sent, each by a call of its own.
    Send(usize),
    /// A call that waits is given up.
    GiveUp,
    /// So many lines are taken, if they are there.
    Take(usize),
    DropReceiver,
    CloneHandle,
    DropHandle,
    /// The peer has sent everything, and still reads.
    PeerEnds,
    PeerGoes,
    /// It goes, and the next read fails.
    PeerResets,
    /// An endless line.
    TooLong,
    NoText,
    /// Virtual time, in milliseconds.
    Rest(u64),
    /// The next step comes before any task gets to run.
    AtOnce,
}

use Step::*;

/// The test as a whole may take a virtual day: so long it rests.
const RESTS: Duration = Duration::from_secs(20 * 3600);

/// As good as everything.
const ALL: usize = 1_000_000;

#[derive(Clone)]
pub struct Wire {
    capacity: usize,
    /// How many bytes it holds each way.
    pipe: usize,
}

impl Scenario for Wire {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            capacity: dice.pick(&[1, 1, 2, 3, 8, 1000]),
            pipe: dice.pick(&[1, 3, 16, 100, 4096, 65_536]),
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        match dice.below(48) {
            0..=9 => {
                Says(dice.pick(&["a\n", "b", "c\r\n", "\n", "d\ne\nf", "g\r", "\r\n", "hi\n"]))
            }
            10..=12 => SaysLines(dice.pick_small(&[2, 10, 40])),
            13 => SaysInHalves,
            14..=17 => Reads(dice.pick(&[1, 2, 7, 100])),
            18..=21 => Reads(ALL),
            22..=28 => Send(dice.pick_small(&[1, 1, 2, 1, 5, 30])),
            29..=30 => GiveUp,
            31..=36 => Take(dice.pick(&[1, 1, 2, ALL])),
            37 => DropReceiver,
            38 => CloneHandle,
            39..=40 => DropHandle,
            41 => PeerEnds,
            42 => match dice.below(4) {
                0 => PeerGoes,
                1 => TooLong,
                2 => PeerResets,
                _ => NoText,
            },
            43..=44 => Rest(dice.pick(&[310, 5_390, 36_717_000])),
            _ => AtOnce,
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        let mut at = AtTheWire::open(&self, story);
        for step in steps {
            at.take(step).await;
        }
        at.end().await;
    }
}

struct AtTheWire {
    story: Story,
    handles: Vec<ConnectionHandle>,
    lines: Option<Receiver<Incoming>>,
    peer: Option<DuplexStream>,
    reset: Arc<AtomicBool>,
    /// What the peer has written: what comes in, until one line is refused.
    said: Vec<u8>,
    /// It has written the first half of a letter.
    in_a_letter: bool,
    /// What it will write as soon as it can: more of an endless line.
    rest: Vec<u8>,
    /// What is to come after the last good line.
    refused: Option<Incoming>,
    /// The peer has sent everything.
    peer_ended: bool,
    /// A read or a write may have failed by now, since the peer has gone; or a line was refused.
    may_have_failed: bool,
    /// How many lines have come in.
    came: usize,
    /// The receiver has given `None`.
    over: bool,
    /// What was refused has been told.
    told: bool,
    calls: Calls<Result<(), Closed>>,
    /// How many calls there were, and which of them were not accepted.
    called: usize,
    not_accepted: BTreeSet<usize>,
    /// What the peer has read.
    heard: Vec<u8>,
    at_once: bool,
}

impl AtTheWire {
    fn open(wire: &Wire, story: Story) -> Self {
        story.tell(format!(
            "connect: capacity {}, and {} bytes are on the wire at most, each way",
            wire.capacity, wire.pipe
        ));
        let (stream, peer) = duplex(wire.pipe);
        let reset = Arc::new(AtomicBool::new(false));
        let stream = MayReset {
            stream,
            reset: reset.clone(),
        };
        let (handle, lines) = connect(stream, wire.capacity);
        Self {
            story,
            handles: vec![handle],
            lines: Some(lines),
            peer: Some(peer),
            reset,
            said: Vec::new(),
            in_a_letter: false,
            rest: Vec::new(),
            refused: None,
            peer_ended: false,
            may_have_failed: false,
            came: 0,
            over: false,
            told: false,
            calls: Calls::new(),
            called: 0,
            not_accepted: BTreeSet::new(),
            heard: Vec::new(),
            at_once: false,
        }
    }

    fn tell(&self, what: impl Into<String>) {
        self.story.tell(what);
    }

    async fn take(&mut self, step: Step) {
        match step {
            Says(text) => self.says(text.as_bytes()).await,
            SaysLines(count) => self.says("line\n".repeat(count).as_bytes()).await,
            SaysInHalves => {
                let before = self.said.len();
                self.says(b"\xc3").await;
                self.in_a_letter = self.said.len() > before;
                settle().await;
                self.ends_the_letter().await;
            }
            Reads(bytes) => self.reads(bytes).await,
            Send(count) => self.send(count).await,
            GiveUp => {
                if let Some(call) = self.calls.give_up_oldest() {
                    self.not_accepted.insert(call);
                    self.tell(format!("the call with line {call} is given up"));
                }
            }
            Take(count) => self.take_lines(count),
            DropReceiver => {
                if self.lines.take().is_some() {
                    self.tell("the receiver is dropped");
                }
            }
            CloneHandle => {
                if let Some(handle) = self.handles.first().cloned() {
                    self.handles.push(handle);
                    self.tell("the handle is cloned");
                }
            }
            DropHandle => {
                if self.handles.pop().is_some() {
                    self.tell(match self.handles.len() {
                        0 => "the last handle is dropped".to_owned(),
                        left => format!("a handle is dropped, {left} are left"),
                    });
                }
            }
            PeerEnds => {
                // An endless line that cannot be written yet still goes on.
                let may_end =
                    !self.peer_ended && self.rest.is_empty() && self.ends_the_letter().await;
                if let Some(peer) = self.peer.as_mut().filter(|_| may_end) {
                    let _ = peer.shutdown().await;
                    self.peer_ended = true;
                    self.tell("the peer has sent everything");
                }
            }
            PeerGoes => {
                if self.ends_the_letter().await && self.peer.take().is_some() {
                    self.peer_ended = true;
                    self.may_have_failed = true;
                    self.tell("the peer goes");
                }
            }
            PeerResets => {
                if !self.peer_ended && self.refused.is_none() && self.peer.is_some() {
                    self.reset.store(true, Relaxed);
                    self.peer = None;
                    self.may_have_failed = true;
                    self.tell("the peer resets the connection");
                }
            }
            TooLong => self.bad(&[b'x'; 2 * LONGEST], Incoming::TooLong).await,
            NoText => self.bad(b"\xff\n", Incoming::NotText).await,
            Rest(ms) => {
                let time = Duration::from_millis(ms);
                if self.story.now() + time > RESTS {
                    return;
                }
                self.tell("time passes");
                let mut done = Vec::new();
                self.calls
                    .rest(time, |call, sent| done.push((call, sent)))
                    .await;
                self.returned(done);
                return;
            }
            AtOnce => {
                self.at_once = true;
                return;
            }
        }
        if !std::mem::take(&mut self.at_once) {
            self.everybody_runs().await;
        }
    }

    async fn everybody_runs(&mut self) {
        settle().await;
        let done = self.calls.look().await;
        if !done.is_empty() {
            self.returned(done);
            settle().await;
        }
    }

    /// Whether the peer is between two letters: only then something else may follow.
    async fn ends_the_letter(&mut self) -> bool {
        if let (Some(peer), true) = (&mut self.peer, self.in_a_letter)
            && write_now(peer, b"\xbc").await == 1
        {
            self.said.push(b'\xbc');
            self.in_a_letter = false;
            self.tell("the peer writes the other half of the letter");
        }
        !self.in_a_letter
    }

    /// Writes as much of it as fits on the wire now.
    async fn says(&mut self, bytes: &[u8]) {
        // Only `bad` sends a bad line.
        let open = self
            .said
            .rsplit(|byte| *byte == b'\n')
            .next()
            .map_or(0, <[u8]>::len);
        if self.refused.is_some()
            || self.peer_ended
            || open + bytes.len() >= LONGEST
            || !self.ends_the_letter().await
        {
            return;
        }
        let Some(peer) = &mut self.peer else { return };
        let written = write_now(peer, bytes).await;
        if written == 0 {
            return;
        }
        self.said.extend(&bytes[..written]);
        self.tell(format!(
            "the peer writes {:?}",
            String::from_utf8_lossy(&bytes[..written])
        ));
    }

    async fn bad(&mut self, bytes: &[u8], refused: Incoming) {
        if self.refused.is_some()
            || self.peer_ended
            || self.said.last().is_some_and(|byte| *byte != b'\n')
        {
            return;
        }
        if self.peer.is_none() {
            return;
        }
        self.rest = bytes.to_vec();
        self.writes_the_rest().await;
        self.may_have_failed = true;
        self.tell(match refused {
            Incoming::NotText => "the peer writes a line that is no text",
            _ => "the peer writes a line without an end",
        });
        self.refused = Some(refused);
    }

    /// Of a line that does not fit on the wire at once.
    async fn writes_the_rest(&mut self) {
        while let (Some(peer), false) = (&mut self.peer, self.rest.is_empty()) {
            match until_it_moves(async || write_now(peer, &self.rest).await).await {
                0 => return,
                written => drop(self.rest.drain(..written)),
            }
        }
    }

    async fn reads(&mut self, limit: usize) {
        let Some(peer) = &mut self.peer else { return };
        let mut got = Vec::new();
        while got.len() < limit {
            let mut buffer = vec![0; (limit - got.len()).min(4096)];
            match until_it_moves(async || read_now(peer, &mut buffer).await).await {
                0 => break,
                count => got.extend(&buffer[..count]),
            }
        }
        if got.is_empty() {
            return;
        }
        self.tell(format!(
            "the peer reads {:?}",
            String::from_utf8_lossy(&got)
        ));
        self.heard.extend(got);
        self.out_is_right();
    }

    async fn send(&mut self, count: usize) {
        for _ in 0..count {
            let Some(handle) = self.handles.first().cloned() else {
                return;
            };
            // A call that has got its slot uses it, before another one comes.
            let done = self.calls.look().await;
            self.returned(done);
            self.called += 1;
            let call = self.called;
            self.tell(format!("a call sends line {call}"));
            let sent = self
                .calls
                .start(call, async move { handle.send(text(call)).await })
                .await;
            self.returned(sent.map(|sent| (call, sent)));
        }
    }

    fn returned(&mut self, done: impl IntoIterator<Item = (usize, Result<(), Closed>)>) {
        for (call, sent) in done {
            if sent == Err(Closed) {
                self.not_accepted.insert(call);
                self.tell(format!("the call with line {call} gets Closed"));
                assert!(
                    self.may_have_failed,
                    "the call with line {call} got Closed, and nothing has failed: no read, no write, no line. The end of one direction is not the end \
                     of the other"
                );
            }
        }
    }

    /// The lines that the peer has sent, in their order.
    fn said_lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.said.split(|byte| *byte == b'\n').collect();
        let rest = lines
            .pop()
            .filter(|rest| self.peer_ended && !rest.is_empty());
        let whole = lines
            .into_iter()
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        whole
            .chain(rest)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }

    fn take_lines(&mut self, limit: usize) {
        let said = self.said_lines();
        for _ in 0..limit {
            let Some(lines) = &mut self.lines else { return };
            match lines.try_recv() {
                Ok(Incoming::Line(line)) => {
                    self.tell(format!("line {line:?} comes in"));
                    assert_eq!(
                        Some(&line),
                        said.get(self.came),
                        "this is not the next line that the peer has sent"
                    );
                    self.came += 1;
                }
                Ok(refused) => {
                    self.tell(format!("{refused:?} comes in"));
                    assert_eq!(
                        Some(&refused),
                        self.refused.as_ref(),
                        "the peer's lines are short enough, and text"
                    );
                    assert_eq!(
                        self.came,
                        said.len(),
                        "lines that came before this one are missing"
                    );
                    self.told = true;
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.tell("the receiver gives None");
                    assert!(
                        self.peer_ended || self.may_have_failed,
                        "the receiver gives None, and the peer has not sent everything. The end of one direction is not the end of the other"
                    );
                    assert!(
                        self.came == said.len() || self.may_have_failed,
                        "the receiver gives None after {} lines, and the peer has sent {}",
                        self.came,
                        said.len()
                    );
                    self.over = true;
                    return;
                }
            }
        }
    }

    /// What the peer has read is the beginning of what was accepted.
    fn out_is_right(&self) {
        let expected: String = (1..=self.called)
            .filter(|call| !self.not_accepted.contains(call))
            .map(|call| text(call) + "\n")
            .collect();
        assert!(
            expected.as_bytes().starts_with(&self.heard),
            "the peer has read {:?}, and the lines that were accepted are {:?}",
            String::from_utf8_lossy(&self.heard),
            expected
        );
    }

    /// Everything comes to its end: what was accepted has gone out, what was sent has come in, and nothing is left.
    async fn end(mut self) {
        self.tell("in the end the peer reads everything, and every line is taken");
        // What waits for a slot gets one, line by line.
        loop {
            let before = (self.heard.len(), self.came, self.calls.waiting().len());
            self.everybody_runs().await;
            self.ends_the_letter().await;
            self.writes_the_rest().await;
            self.reads(ALL).await;
            self.take_lines(ALL);
            if before == (self.heard.len(), self.came, self.calls.waiting().len()) {
                break;
            }
        }
        let waiting = self.calls.waiting().len();
        assert!(
            waiting == 0,
            "{waiting} calls still wait in `send`, and {}",
            match self.peer {
                Some(_) => "the peer has read everything",
                None => "the peer has gone",
            }
        );
        let accepted = (1..=self.called)
            .filter(|call| !self.not_accepted.contains(call))
            .count();
        if !self.may_have_failed {
            let out = self.heard.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(
                out, accepted,
                "so many lines have gone out, and so many were accepted"
            );
            let said = self.said_lines().len();
            assert!(
                self.lines.is_none() || self.came == said,
                "{} lines have come in, and the peer has sent {said}",
                self.came
            );
        }
        if let (Some(refused), Some(_), true) = (&self.refused, &self.lines, self.peer.is_some()) {
            assert!(
                self.told,
                "the peer's last line is {refused:?}, and nobody was told"
            );
        }
        // Then every read was tried, and the last one failed.
        if self.reset.load(Relaxed) && self.lines.is_some() {
            assert!(
                self.over,
                "the peer has reset the connection, every line is taken, and the receiver does not give None"
            );
            if let Some(handle) = self.handles.first().cloned() {
                let sent = self
                    .calls
                    .start(0, async move { handle.send(text(0)).await });
                assert!(
                    sent.await == Some(Err(Closed)),
                    "the peer has reset the connection: a read has failed. And `send` does not say Closed"
                );
            }
        }
        self.tell(
            "the handles and the receiver are dropped; the peer, if it is there, says nothing",
        );
        self.handles.clear();
        self.lines = None;
        let alive = alive_tasks().await;
        assert!(
            alive == 0,
            "both directions have ended, and {alive} tasks are alive. What do they wait for?"
        );
    }
}

/// A stream whose peer goes with a reset: instead of the end, a read gives an error.
struct MayReset {
    stream: DuplexStream,
    reset: Arc<AtomicBool>,
}

impl AsyncRead for MayReset {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let end = buffer.filled().len() == before;
        Poll::Ready(match end && self.reset.load(Relaxed) {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        })
    }
}

impl AsyncWrite for MayReset {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn text(call: usize) -> String {
    format!("out {call}")
}

/// Tries it until bytes move, or none can move any more. Mostly somebody has to run for a moment only, and `settle` takes much longer.
async fn until_it_moves(mut try_it: impl AsyncFnMut() -> usize) -> usize {
    for _ in 0..4 {
        match try_it().await {
            0 => yield_now().await,
            moved => return moved,
        }
    }
    settle().await;
    try_it().await
}

/// Writes what fits, while no task gets to run.
async fn write_now(peer: &mut DuplexStream, bytes: &[u8]) -> usize {
    unconstrained(poll_fn(|cx| {
        Poll::Ready(match Pin::new(&mut *peer).poll_write(cx, bytes) {
            Poll::Ready(Ok(written)) => written,
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        })
    }))
    .await
}

/// Reads what is there, while no task gets to run.
async fn read_now(peer: &mut DuplexStream, buffer: &mut [u8]) -> usize {
    unconstrained(poll_fn(|cx| {
        let mut buffer = ReadBuf::new(buffer);
        let read = Pin::new(&mut *peer).poll_read(cx, &mut buffer);
        let filled = buffer.filled().len();
        Poll::Ready(if read.is_ready() { filled } else { 0 })
    }))
    .await
}
