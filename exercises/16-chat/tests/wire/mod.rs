//! What the tests have instead of sockets: a door that clients come in by, and clients that say lines and hear some. The stream is a pipe in
//! memory, whose other end the server has.

use chat::{Limits, Listener, Shutdown, serve};
use harness::within;
use std::{
    future::{pending, poll_fn},
    io::{self, ErrorKind},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{
        AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, ReadBuf,
        duplex,
    },
    sync::{mpsc, oneshot},
    task::coop::unconstrained,
};

/// Brings clients to the door, and errors.
pub type Way = mpsc::UnboundedSender<io::Result<Wire>>;

/// A server, and the way to its door.
pub struct Server {
    pub door: Way,
    pub shutdown: Shutdown,
    /// How often the server has called `accept`.
    pub accepts: Arc<AtomicUsize>,
}

impl Server {
    pub fn open(limits: Limits) -> Self {
        let (door, clients) = mpsc::unbounded_channel();
        let accepts = Arc::default();
        let listener = Door {
            clients,
            accepts: Arc::clone(&accepts),
        };
        Self {
            door,
            shutdown: serve(listener, limits),
            accepts,
        }
    }

    /// A client that comes in.
    pub fn connect(&self) -> Client {
        self.connect_by(64 * 1024)
    }

    /// The same, by a stream that holds so many bytes each way.
    pub fn connect_by(&self, bytes: usize) -> Client {
        Client::comes_by(&self.door, bytes)
    }

    /// A client with a name.
    pub async fn named(&self, name: &str) -> Client {
        let mut client = self.connect();
        client.named(name).await;
        client
    }

    /// A client with a name, in a room.
    pub async fn joined(&self, name: &str, room: &str) -> Client {
        let mut client = self.named(name).await;
        client.joins(room).await;
        client
    }
}

pub struct Door {
    clients: mpsc::UnboundedReceiver<io::Result<Wire>>,
    accepts: Arc<AtomicUsize>,
}

impl Listener for Door {
    type Stream = Wire;

    async fn accept(&mut self) -> io::Result<Wire> {
        self.accepts.fetch_add(1, Relaxed);
        match self.clients.recv().await {
            Some(client) => client,
            None => pending().await,
        }
    }
}

/// The server's end of a stream, which can be reset, or break.
pub struct Wire {
    stream: DuplexStream,
    reset: Option<oneshot::Receiver<()>>,
    /// Nothing can be written to it.
    is_broken: Arc<AtomicBool>,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(reset) = &mut self.reset
            && let Poll::Ready(reset) = Pin::new(reset).poll(cx)
        {
            // Once, as a socket does: the next read finds the end. An error says that the client has gone without one.
            self.reset = None;
            if reset.is_ok() {
                return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
            }
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_broken.load(Relaxed) {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A client. Dropping it is going without a word.
pub struct Client<S = DuplexStream> {
    pub stream: BufReader<S>,
    /// For messages.
    name: String,
    said: String,
    /// What has come of the next line.
    part: Vec<u8>,
    reset: Option<oneshot::Sender<()>>,
    is_broken: Arc<AtomicBool>,
}

impl Client {
    pub fn comes_by(door: &Way, bytes: usize) -> Self {
        let (stream, other) = duplex(bytes);
        let (reset, resets) = oneshot::channel();
        let client = Self {
            reset: Some(reset),
            ..Self::on(stream)
        };
        let wire = Wire {
            stream: other,
            reset: Some(resets),
            is_broken: Arc::clone(&client.is_broken),
        };
        assert!(
            door.send(Ok(wire)).is_ok(),
            "the server has dropped its listener, and nobody has stopped it"
        );
        client
    }

    /// The stream fails: a cable is pulled, a program killed.
    pub fn resets(mut self) {
        if let Some(reset) = self.reset.take() {
            let _ = reset.send(()); // the server may have gone
        }
    }

    /// It has gone, and only the half that writes can find out: writing fails from now on, and there is nothing to read.
    pub fn breaks(&self) {
        self.is_broken.store(true, Relaxed);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub fn on(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
            name: "a client".to_owned(),
            said: "nothing yet".to_owned(),
            part: Vec::new(),
            reset: None,
            is_broken: Arc::default(),
        }
    }

    pub async fn named(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.says(&format!("NICK {name}")).await;
        self.hears(&format!("NICK {name}"), "the name is free")
            .await;
    }

    pub async fn joins(&mut self, room: &str) {
        let joined = format!("JOINED {room} {}", self.name);
        self.says(&format!("JOIN {room}")).await;
        self.hears(&joined, "it joins, and hears so itself").await;
    }

    /// Writes a line, or several.
    pub async fn says(&mut self, lines: &str) {
        self.writes(format!("{lines}\n").as_bytes()).await;
    }

    pub async fn writes(&mut self, bytes: &[u8]) {
        self.said = format!("{:?}", String::from_utf8_lossy(bytes));
        if self.said.len() > 80 {
            self.said = format!("{} bytes", bytes.len());
        }
        let what = format!("{}'s write: does the server read its stream?", self.name);
        let written = within(&what, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        });
        assert!(
            written.await.is_ok(),
            "{} said {}, and its stream has ended: who dropped it?",
            self.name,
            self.said
        );
    }

    /// The next line has to be this one.
    pub async fn hears(&mut self, expected: &str, why: &str) {
        let what = format!(
            "{expected:?}, for {}, which has said {} ({why}),",
            self.name, self.said
        );
        let heard = within(&what, self.next()).await;
        assert_eq!(
            heard.as_deref(),
            Some(expected),
            "{} has said {}, and this is not the line that comes next: {why}",
            self.name,
            self.said
        );
    }

    /// The server stops: perhaps it hears who leaves, then `BYE`, and then the end.
    pub async fn hears_bye(&mut self) {
        let mut heard = within("BYE", self.next()).await;
        while heard.as_ref().is_some_and(|line| line.starts_with("LEFT")) {
            heard = within("BYE", self.next()).await;
        }
        assert_eq!(
            heard.as_deref(),
            Some("BYE"),
            "the server stops, and {} has to hear BYE",
            self.name
        );
        self.hears_the_end("it has heard BYE").await;
    }

    /// Nothing is left but the end.
    pub async fn hears_the_end(&mut self, why: &str) {
        let what = format!("the end of {}'s stream, after {}", self.name, self.said);
        let heard = within(&what, self.next()).await;
        assert_eq!(heard, None, "the stream of {} has to end: {why}", self.name);
    }

    /// Nothing has come for it.
    pub async fn hears_nothing(&mut self, why: &str) {
        self.says("PING nothing?").await;
        self.hears("PONG nothing?", why).await;
    }

    /// `None`: the stream has ended, or failed.
    pub async fn next(&mut self) -> Option<String> {
        let read = self.stream.read_until(b'\n', &mut self.part).await;
        let line = std::mem::take(&mut self.part);
        read.ok().filter(|read| *read > 0)?;
        let line = String::from_utf8(line).expect("lines are text");
        let whole = line.strip_suffix('\n');
        assert!(
            whole.is_some(),
            "the stream of {} ends in the middle of a line: {line:?}",
            self.name
        );
        whole.map(str::to_owned)
    }

    /// The lines that have come. The last one is `None` when the stream has ended.
    pub async fn heard_so_far(&mut self) -> Vec<Option<String>> {
        let mut lines = Vec::new();
        loop {
            let next = {
                let mut next = pin!(unconstrained(self.next()));
                poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await
            };
            match next {
                Poll::Ready(Some(line)) => lines.push(Some(line)),
                Poll::Ready(None) => lines.push(None),
                Poll::Pending => return lines,
            }
            if lines.last() == Some(&None) {
                return lines;
            }
        }
    }

    /// Has sent everything, and still reads.
    pub async fn has_sent_everything(&mut self) {
        self.said = "everything".to_owned();
        let ended = self.stream.shutdown().await;
        assert!(ended.is_ok(), "the stream has ended before");
    }
}
