//! accepted: one actor knows all names and rooms, so whatever happens is one after the other, and there are no races to think of. In return one core does all the
//! telling, and a big room makes the small ones wait.

use std::{
    collections::{HashMap, VecDeque},
    fmt::{self, Display, Formatter},
    io,
    time::Duration,
};
use tokio::{
    io::{
        AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter,
        split,
    },
    net::{TcpListener, TcpStream},
    select,
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

/// The hub's mailbox.
const MAILBOX: usize = 32;

/// So long after an `accept` that failed the next one comes.
const PAUSE: Duration = Duration::from_millis(100);

/// What a client may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Ping(String),
    Nick(String),
    Join(String),
    Say(String),
    Leave,
    Quit,
}

impl Command {
    /// Reads a line, given without its end.
    ///
    /// # Errors
    /// [`Failure::UnknownCommand`], or [`Failure::BadName`] of `NICK` and `JOIN`: to be told to the client, and nothing else happens.
    pub fn parse(line: &str) -> Result<Self, Failure> {
        let (word, text) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "PING" => Ok(Self::Ping(text.to_owned())),
            "NICK" => name(text).map(Self::Nick),
            "JOIN" => name(text).map(Self::Join),
            "SAY" => Ok(Self::Say(text.to_owned())),
            "LEAVE" => Ok(Self::Leave),
            "QUIT" => Ok(Self::Quit),
            _ => Err(Failure::UnknownCommand),
        }
    }
}

/// A name of a client or of a room: 1 to 24 letters, digits, `-` and `_`, all of them ASCII.
fn name(text: &str) -> Result<String, Failure> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match text.len() {
        1..=24 if text.bytes().all(is_allowed) => Ok(text.to_owned()),
        _ => Err(Failure::BadName),
    }
}

/// What a client hears: `to_string()` is the line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Pong(String),
    Named(String),
    Joined {
        room: String,
        name: String,
    },
    Said {
        room: String,
        name: String,
        text: String,
    },
    Left {
        room: String,
        name: String,
    },
    Failed(Failure),
    Bye,
}

/// Why a command did not do what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    UnknownCommand,
    BadName,
    NameTaken,
    AlreadyNamed,
    NoName,
    AlreadyInARoom,
    NotInARoom,
    LineTooLong,
    NotText,
}

impl Display for Reply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pong(text) => write!(f, "PONG {text}"),
            Self::Named(name) => write!(f, "NICK {name}"),
            Self::Joined { room, name } => write!(f, "JOINED {room} {name}"),
            Self::Said { room, name, text } => write!(f, "SAID {room} {name} {text}"),
            Self::Left { room, name } => write!(f, "LEFT {room} {name}"),
            Self::Failed(failure) => write!(f, "ERR {failure}"),
            Self::Bye => f.write_str("BYE"),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownCommand => "unknown command",
            Self::BadName => "bad name",
            Self::NameTaken => "name taken",
            Self::AlreadyNamed => "already named",
            Self::NoName => "no name",
            Self::AlreadyInARoom => "already in a room",
            Self::NotInARoom => "not in a room",
            Self::LineTooLong => "line too long",
            Self::NotText => "not text",
        })
    }
}

/// Where clients come from.
pub trait Listener: Send + 'static {
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Waits for the next client.
    ///
    /// # Errors
    /// This one could not come in. Others may: not all errors are for good, and none of them concerns those who are in.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits loses nobody.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<TcpStream> {
        let (stream, _) = TcpListener::accept(self).await?;
        Ok(stream)
    }
}

/// What a client may cost. Each is at least 1, and at most 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a line from a client, without its end.
    pub line: usize,
    /// Lines that may wait for a client which does not read, beside those in the buffers of its connection.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 512,
            waiting: 1_000,
        }
    }
}

type Id = u64;

enum Event {
    Came {
        outbox: mpsc::Sender<Reply>,
        dropped: oneshot::Sender<()>,
    },
    Said(Command),
    /// A line that is no command.
    Failed(Failure),
    Gone,
}

/// Everything that the server knows. One actor: whatever happens is one after the other.
struct Hub {
    /// Who, what, and whom to tell when it is done.
    mailbox: mpsc::Receiver<(Id, Event, oneshot::Sender<()>)>,
    clients: HashMap<Id, Known>,
    /// Those that were too slow in this turn.
    too_slow: VecDeque<Id>,
}

struct Known {
    outbox: mpsc::Sender<Reply>,
    /// Dropped with the client: its task then hears that it was too slow.
    _dropped: oneshot::Sender<()>,
    name: Option<String>,
    room: Option<String>,
}

impl Hub {
    async fn run(mut self) {
        while let Some((id, event, done)) = self.mailbox.recv().await {
            match event {
                Event::Came { outbox, dropped } => {
                    let known = Known {
                        outbox,
                        _dropped: dropped,
                        name: None,
                        room: None,
                    };
                    self.clients.insert(id, known);
                }
                Event::Said(command) => self.obey(id, command),
                Event::Failed(failure) => self.tell(id, Reply::Failed(failure)),
                Event::Gone => self.leave(id, true),
            }
            while let Some(id) = self.too_slow.pop_front() {
                self.leave(id, true);
            }
            let _ = done.send(()); // the client has been dropped, and the whole server with it
        }
    }

    fn obey(&mut self, id: Id, command: Command) {
        let Some(client) = self.clients.get(&id) else {
            return; // it was too slow
        };
        let reply = match (command, client.name.clone(), client.room.clone()) {
            (Command::Ping(text), ..) => Reply::Pong(text),
            (Command::Nick(_), Some(_), _) => Reply::Failed(Failure::AlreadyNamed),
            (Command::Nick(name), None, _) => self.nick(id, name),
            (Command::Join(_), None, _) => Reply::Failed(Failure::NoName),
            (Command::Join(_), _, Some(_)) => Reply::Failed(Failure::AlreadyInARoom),
            (Command::Join(room), Some(name), None) => {
                if let Some(client) = self.clients.get_mut(&id) {
                    client.room = Some(room.clone());
                }
                return self.tell_all(&room.clone(), Reply::Joined { room, name });
            }
            (Command::Say(text), Some(name), Some(room)) => {
                return self.tell_all(&room.clone(), Reply::Said { room, name, text });
            }
            (Command::Leave, _, Some(_)) => return self.leave(id, false),
            (Command::Say(_) | Command::Leave, ..) => Reply::Failed(Failure::NotInARoom),
            (Command::Quit, ..) => return, // its task says goodbye
        };
        self.tell(id, reply);
    }

    fn nick(&mut self, id: Id, name: String) -> Reply {
        // It looks at all of them: with very many clients, keep a set of the names.
        if self
            .clients
            .values()
            .any(|client| client.name.as_ref() == Some(&name))
        {
            return Reply::Failed(Failure::NameTaken);
        }
        if let Some(client) = self.clients.get_mut(&id) {
            client.name = Some(name.clone());
        }
        Reply::Named(name)
    }

    /// Leaves its room, and the server too if it has `gone`.
    fn leave(&mut self, id: Id, gone: bool) {
        let Some(client) = self.clients.get_mut(&id) else {
            return; // for the second time
        };
        if let (Some(room), Some(name)) = (client.room.take(), client.name.clone()) {
            let left = Reply::Left {
                room: room.clone(),
                name,
            };
            if self.too_slow.is_empty() {
                self.tell(id, left.clone());
            }
            self.tell_all(&room, left);
        }
        if gone {
            self.clients.remove(&id);
        }
    }

    fn tell_all(&mut self, room: &str, reply: Reply) {
        for (id, client) in &self.clients {
            if client.room.as_deref() == Some(room)
                && client.outbox.try_send(reply.clone()).is_err()
                && !self.too_slow.contains(id)
            {
                self.too_slow.push_back(*id);
            }
        }
    }

    fn tell(&mut self, id: Id, reply: Reply) {
        if let Some(client) = self.clients.get(&id)
            && client.outbox.try_send(reply).is_err()
            && !self.too_slow.contains(&id)
        {
            self.too_slow.push_back(id);
        }
    }
}

/// A client's way to the hub.
struct HubHandle {
    id: Id,
    sender: mpsc::Sender<(Id, Event, oneshot::Sender<()>)>,
}

impl HubHandle {
    /// Returns when the hub has done it: what the client says next comes behind that.
    async fn tell(&self, event: Event) {
        let (done, answer) = oneshot::channel();
        let _ = self.sender.send((self.id, event, done)).await;
        let _ = answer.await; // without the hub, the server has ended
    }
}

async fn client<S>(stream: S, hub: HubHandle, limits: Limits, closing: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer) = split(stream);
    let (outbox, replies) = mpsc::channel(limits.waiting);
    let (dropped, is_dropped) = oneshot::channel();
    // In a set, which aborts it when this task is dropped, or returns.
    let mut writing = JoinSet::new();
    writing.spawn(write(writer, replies));
    let came = Event::Came {
        outbox: outbox.clone(),
        dropped,
    };
    hub.tell(came).await;
    let mut client = Client {
        hub,
        outbox,
        is_dropped,
    };
    let is_polite = client.talk(BufReader::new(reader), limits, closing).await;
    client.hub.tell(Event::Gone).await;
    if is_polite {
        // No slot: then it waits for the client to read, or to go.
        let _ = client.outbox.send(Reply::Bye).await;
        drop(client);
        writing.join_next().await;
    }
}

struct Client {
    hub: HubHandle,
    outbox: mpsc::Sender<Reply>,
    /// The hub drops the other end when the client is too slow.
    is_dropped: oneshot::Receiver<()>,
}

impl Client {
    /// Returns whether to say goodbye.
    async fn talk(
        &mut self,
        mut reader: impl AsyncBufReadExt + Unpin,
        limits: Limits,
        mut closing: watch::Receiver<bool>,
    ) -> bool {
        loop {
            let line = select! {
                biased;
                _ = &mut self.is_dropped => return false,
                () = self.outbox.closed() => return false,
                _ = closing.wait_for(|closing| *closing) => return true,
                line = next_line(&mut reader, limits.line) => line,
            };
            let event = match line {
                Ok(Line::Text(text)) => match Command::parse(&text) {
                    Ok(Command::Quit) => return true,
                    Ok(command) => Event::Said(command),
                    Err(failure) => Event::Failed(failure),
                },
                Ok(Line::Bad(failure)) => {
                    self.hub.tell(Event::Failed(failure)).await;
                    return true;
                }
                Ok(Line::End) => return true,
                Err(_) => return false,
            };
            self.hub.tell(event).await;
        }
    }
}

enum Line {
    Text(String),
    Bad(Failure),
    End,
}

async fn next_line(
    reader: &mut (impl AsyncBufReadExt + Unpin),
    longest: usize,
) -> io::Result<Line> {
    let mut line = Vec::new();
    // So many bytes decide it, the line feed included: an endless line costs no more memory than this. The end may have two.
    let mut limited = reader.take(longest as u64 + 2);
    if limited.read_until(b'\n', &mut line).await? == 0 {
        return Ok(Line::End);
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    }
    if line.len() > longest {
        return Ok(Line::Bad(Failure::LineTooLong));
    }
    Ok(String::from_utf8(line).map_or(Line::Bad(Failure::NotText), Line::Text))
}

/// Writes what the client is to hear, until nobody has anything to tell it any more.
async fn write(
    stream: impl AsyncWrite + Unpin,
    mut replies: mpsc::Receiver<Reply>,
) -> io::Result<()> {
    let mut stream = BufWriter::new(stream);
    while let Some(reply) = replies.recv().await {
        stream.write_all(format!("{reply}\n").as_bytes()).await?;
        // What waits can go out together. Before this task waits itself, all of it has to.
        if replies.is_empty() {
            stream.flush().await?;
        }
    }
    stream.shutdown().await
}

/// What `Shutdown::stop` sends.
struct Stop {
    grace: Duration,
    /// Its caller holds the other end, and hears when this is dropped. When that is gone, nobody waits any longer.
    done: oneshot::Sender<()>,
}

/// Stops the server, see [`stop`](Self::stop). Dropping it stops the server as well, without grace: everything ends, and nobody is told.
pub struct Shutdown {
    /// The accepting task listens to it. Dropping it says "stop" as well.
    stop: oneshot::Sender<Stop>,
}

/// Starts a server, for the clients that come from the listener.
///
/// # Clients
/// Any number of them. When `accept` fails, the next call of it comes within a second, and while it goes on to fail there are at most 20 calls
/// a second. Clients that are in notice nothing.
///
/// However a client ends (it says `QUIT`, has sent everything, goes without a word, or is dropped), those in its room hear one `LEFT`,
/// at once, and its name is free again. Both has happened when it hears its `BYE`. Nothing is left of it, as soon as it has read what
/// waited for it, or has gone.
///
/// # Slow clients
/// A client may fall behind: by [`Limits::waiting`] lines for certain, and by less than twice as many and 100. Then it is too slow, and
/// dropped: what waits for it is lost. All of that costs the other clients no time.
///
/// What answers its own commands may make a client too slow, too; or the server reads no more of its commands until it has read. In
/// either case no more than that waits for it.
///
/// # Rooms
/// A room begins with the first client that joins it, and nothing is left of it when the last one has left.
///
/// # Panics
/// Outside of a Tokio runtime.
pub fn serve<L: Listener>(listener: L, limits: Limits) -> Shutdown {
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(accept(listener, limits, stopped));
    Shutdown { stop }
}

async fn accept<L: Listener>(mut listener: L, limits: Limits, mut stop: oneshot::Receiver<Stop>) {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let hub = Hub {
        mailbox,
        clients: HashMap::new(),
        too_slow: VecDeque::new(),
    };
    tokio::spawn(hub.run());
    let mut id = 0;
    let (closing, closed) = watch::channel(false);
    let mut clients = JoinSet::new();
    let mut not_before = Instant::now();
    let stop = loop {
        select! {
            biased;
            stop = &mut stop => break stop,
            // Those that have ended stay in the set until they are taken out.
            Some(_) = clients.join_next() => {}
            stream = next_client(&mut listener, &mut not_before) => {
                id += 1;
                let sender = sender.clone();
                clients.spawn(client(stream, HubHandle { id, sender }, limits, closed.clone()));
            }
        }
    };
    // The intake first.
    drop(listener);
    if let Ok(Stop { grace, mut done }) = stop {
        closing.send_replace(true);
        let all = async { while clients.join_next().await.is_some() {} };
        select! {
            _ = timeout(grace, all) => {}
            () = done.closed() => {}
        }
        clients.shutdown().await;
    }
}

/// The pause is kept outside: this is dropped, and called anew, whenever a client ends.
async fn next_client<L: Listener>(listener: &mut L, not_before: &mut Instant) -> L::Stream {
    loop {
        sleep_until(*not_before).await;
        match listener.accept().await {
            Ok(stream) => return stream,
            // Too many open files, for example: that passes, when others go. Until then it fails at once, again and again.
            Err(_) => *not_before = Instant::now() + PAUSE,
        }
    }
}

impl Shutdown {
    /// Stops the server. From now on no client comes in: the listener is dropped. No more commands are read, and those that were read are answered.
    /// Each client hears what waits for it, then `BYE`, and then sees the end of its stream. What others in its room hear of it
    /// meanwhile may be missing.
    ///
    /// Returns as soon as all of them have ended, or when `grace` is over, and by then those that are left have been dropped. `grace` is for
    /// all of them together; it may be anything from [`Duration::ZERO`] to [`Duration::MAX`].
    ///
    /// # Cancel safety
    /// A call that is dropped has no more grace.
    pub async fn stop(self, grace: Duration) {
        let (done, over) = oneshot::channel();
        let _ = self.stop.send(Stop { grace, done }); // its runtime has ended, and so has the server
        let _ = over.await; // never sent: it is dropped, when the server has ended
    }
}
