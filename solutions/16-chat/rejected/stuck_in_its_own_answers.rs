//! rejected: a_slow_client_is_dropped_at_its_limit
//! says: waits for a slot for the next PONG
//! thinks: "My task waits for the client's next line, so that is where it has to hear that it was dropped."

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt::{self, Display, Formatter},
    future::pending,
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

/// The mailboxes of the registry and of the rooms. Those that send to them wait: more would only make the wait longer.
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

// ANCHOR: registry
enum Ask {
    TakeName {
        name: String,
        reply: oneshot::Sender<bool>,
    },
    FreeName {
        name: String,
    },
    Room {
        room: String,
        reply: oneshot::Sender<RoomHandle>,
    },
}

/// Knows which names are taken, and which rooms there are.
struct Registry {
    /// The clients' tasks and the accepting task hold the other end. It ends with the last of them.
    mailbox: mpsc::Receiver<Ask>,
    names: HashSet<String>,
    /// Weak: the members keep a room alive, not the registry.
    rooms: HashMap<String, mpsc::WeakSender<(ToRoom, oneshot::Sender<()>)>>,
}
// ANCHOR_END: registry

// ANCHOR: registry-run
impl Registry {
    async fn run(mut self) {
        while let Some(ask) = self.mailbox.recv().await {
            // A reply that nobody takes: the client has been dropped, and the whole server with it.
            match ask {
                Ask::TakeName { name, reply } => {
                    let _ = reply.send(self.names.insert(name));
                }
                Ask::FreeName { name } => {
                    self.names.remove(&name);
                }
                Ask::Room { room, reply } => {
                    let _ = reply.send(self.room(room));
                }
            }
        }
    }

    fn room(&mut self, name: String) -> RoomHandle {
        let alive = self.rooms.get(&name).and_then(mpsc::WeakSender::upgrade);
        let sender = alive.unwrap_or_else(|| {
            // Those that have ended go when a new one comes.
            self.rooms.retain(|_, room| room.strong_count() > 0);
            let (sender, mailbox) = mpsc::channel(MAILBOX);
            self.rooms.insert(name.clone(), sender.downgrade());
            let members = HashMap::new();
            tokio::spawn(
                Room {
                    name,
                    mailbox,
                    members,
                }
                .run(),
            );
            sender
        });
        RoomHandle { sender }
    }
}
// ANCHOR_END: registry-run

#[derive(Clone)]
struct RegistryHandle {
    sender: mpsc::Sender<Ask>,
}

impl RegistryHandle {
    fn new() -> Self {
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let registry = Registry {
            mailbox,
            names: HashSet::new(),
            rooms: HashMap::new(),
        };
        tokio::spawn(registry.run());
        Self { sender }
    }

    async fn take_name(&self, name: String) -> Result<bool, End> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::TakeName { name, reply }, answer).await
    }

    async fn free_name(&self, name: String) {
        let _ = self.sender.send(Ask::FreeName { name }).await; // without a registry there are no names
    }

    async fn room(&self, room: String) -> Result<RoomHandle, End> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Room { room, reply }, answer).await
    }

    async fn ask<T>(&self, ask: Ask, answer: oneshot::Receiver<T>) -> Result<T, End> {
        let _ = self.sender.send(ask).await; // then there is no answer either
        answer.await.map_err(|_| End::Gone)
    }
}

// ANCHOR: room
enum ToRoom {
    Join { name: String, member: Member },
    Say { name: String, text: String },
    Leave { name: String },
}

/// What a room keeps of a client. Dropping it tells the client's task: it is in the room no more.
struct Member {
    /// What the client is to hear. The room never waits for a slot in it.
    outbox: mpsc::Sender<Reply>,
    _membership: oneshot::Sender<()>,
}

struct Room {
    name: String,
    /// The members' tasks hold the other end: a room lives as long as somebody is in it, or about to join.
    mailbox: mpsc::Receiver<(ToRoom, oneshot::Sender<()>)>,
    members: HashMap<String, Member>,
}
// ANCHOR_END: room

// ANCHOR: room-run
impl Room {
    async fn run(mut self) {
        while let Some((message, done)) = self.mailbox.recv().await {
            match message {
                ToRoom::Join { name, member } => {
                    self.members.insert(name.clone(), member);
                    self.tell_all(self.joined(name));
                }
                ToRoom::Say { name, text } => self.tell_all(self.said(name, text)),
                ToRoom::Leave { name } => {
                    // Not there any more: it was too slow, and all have heard that it left.
                    if self.members.remove(&name).is_some() {
                        self.tell_all(self.left(name));
                    }
                }
            }
            let _ = done.send(()); // the client has been dropped, and the whole server with it
        }
    }

    /// Tells all members, and drops those whose outbox is full. That they left is news for the others.
    fn tell_all(&mut self, news: Reply) {
        let mut news = VecDeque::from([news]);
        while let Some(reply) = news.pop_front() {
            let too_slow =
                |_: &String, member: &mut Member| member.outbox.try_send(reply.clone()).is_err();
            let gone: Vec<_> = self.members.extract_if(too_slow).collect();
            news.extend(gone.into_iter().map(|(name, _)| self.left(name)));
        }
    }
}
// ANCHOR_END: room-run

impl Room {
    fn joined(&self, name: String) -> Reply {
        let room = self.name.clone();
        Reply::Joined { room, name }
    }

    fn said(&self, name: String, text: String) -> Reply {
        let room = self.name.clone();
        Reply::Said { room, name, text }
    }

    fn left(&self, name: String) -> Reply {
        let room = self.name.clone();
        Reply::Left { room, name }
    }
}

struct RoomHandle {
    sender: mpsc::Sender<(ToRoom, oneshot::Sender<()>)>,
}

impl RoomHandle {
    /// Returns when the room has told its members: what the client is answered next comes behind that.
    async fn ask(&self, message: ToRoom) -> Result<(), End> {
        let (done, answer) = oneshot::channel();
        let _ = self.sender.send((message, done)).await; // then there is no answer either
        answer.await.map_err(|_| End::Gone)
    }
}

// ANCHOR: end
/// How a client's task ends.
enum End {
    /// It is told `BYE`, and gets what waits for it.
    Polite,
    /// The stream has failed, or the client was too slow.
    Gone,
}
// ANCHOR_END: end

// ANCHOR: client
/// What the server knows of a client. It belongs to the client's task, and nobody else sees it.
struct Client {
    registry: RegistryHandle,
    /// The task that writes holds the other end, and drops it when a write has failed.
    outbox: mpsc::Sender<Reply>,
    name: Option<String>,
    room: Option<Membership>,
}

struct Membership {
    /// Keeps the room alive.
    handle: RoomHandle,
    room: String,
    name: String,
    /// The room holds the other end, and drops it when the client is too slow.
    lost: oneshot::Receiver<()>,
}
// ANCHOR_END: client

// ANCHOR: connection
/// A client's task, from its first word to its last.
async fn client<S>(
    stream: S,
    registry: RegistryHandle,
    limits: Limits,
    closing: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer) = split(stream);
    let (outbox, replies) = mpsc::channel(limits.waiting);
    // In a set, which aborts it when this task is dropped, or returns.
    let mut writing = JoinSet::new();
    writing.spawn(write(writer, replies));
    let mut client = Client {
        registry,
        outbox,
        name: None,
        room: None,
    };
    let end = client.talk(BufReader::new(reader), limits, closing).await;
    let left = client.leave().await;
    if let Some(name) = client.name.take() {
        client.registry.free_name(name).await;
    }
    if matches!(end, End::Polite) {
        for reply in left.into_iter().chain([Reply::Bye]) {
            let _ = client.reply(reply).await; // the stream may fail now, too
        }
        // With the last sender the writing task ends, when it has written everything.
        drop(client);
        writing.join_next().await;
    }
}
// ANCHOR_END: connection

// ANCHOR: talk
impl Client {
    /// Does what the client says, until it ends, or has to.
    async fn talk(
        &mut self,
        mut reader: impl AsyncBufReadExt + Unpin,
        limits: Limits,
        mut closing: watch::Receiver<bool>,
    ) -> End {
        loop {
            // Each of these ends the loop but the line: so it does no harm that the others are dropped, and the half of a line with them.
            let line = select! {
                biased;
                () = lost(&mut self.room) => return End::Gone,
                () = self.outbox.closed() => return End::Gone,
                _ = closing.wait_for(|closing| *closing) => return End::Polite,
                line = next_line(&mut reader, limits.line) => line,
            };
            if let Err(end) = self.hear(line).await {
                return end;
            }
        }
    }
}
// ANCHOR_END: talk

impl Client {
    async fn hear(&mut self, line: io::Result<Line>) -> Result<(), End> {
        match line {
            Ok(Line::Text(text)) => match Command::parse(&text) {
                Ok(command) => self.obey(command).await,
                Err(failure) => self.reply(Reply::Failed(failure)).await,
            },
            Ok(Line::Bad(failure)) => {
                self.reply(Reply::Failed(failure)).await?;
                Err(End::Polite)
            }
            Ok(Line::End) => Err(End::Polite),
            Err(_) => Err(End::Gone),
        }
    }

    async fn obey(&mut self, command: Command) -> Result<(), End> {
        let reply = match command {
            Command::Ping(text) => Reply::Pong(text),
            Command::Nick(_) if self.name.is_some() => Reply::Failed(Failure::AlreadyNamed),
            Command::Nick(name) => match self.registry.take_name(name.clone()).await? {
                true => Reply::Named(self.name.insert(name).clone()),
                false => Reply::Failed(Failure::NameTaken),
            },
            Command::Join(room) => match &self.name {
                None => Reply::Failed(Failure::NoName),
                Some(_) if self.room.is_some() => Reply::Failed(Failure::AlreadyInARoom),
                Some(name) => return self.join(room, name.clone()).await,
            },
            Command::Say(text) => match &self.room {
                None => Reply::Failed(Failure::NotInARoom),
                Some(Membership { handle, name, .. }) => {
                    let name = name.clone();
                    return handle.ask(ToRoom::Say { name, text }).await;
                }
            },
            Command::Leave => match self.leave().await {
                None => Reply::Failed(Failure::NotInARoom),
                Some(left) => left,
            },
            Command::Quit => return Err(End::Polite),
        };
        self.reply(reply).await
    }

    /// The room answers, by its news.
    async fn join(&mut self, room: String, name: String) -> Result<(), End> {
        let handle = self.registry.room(room.clone()).await?;
        let (_membership, lost) = oneshot::channel();
        let member = Member {
            outbox: self.outbox.clone(),
            _membership,
        };
        let join = ToRoom::Join {
            name: name.clone(),
            member,
        };
        handle.ask(join).await?;
        self.room = Some(Membership {
            handle,
            room,
            name,
            lost,
        });
        Ok(())
    }

    /// What the client is to hear of it, if it was in a room. The others have been told.
    async fn leave(&mut self) -> Option<Reply> {
        let Membership {
            handle, room, name, ..
        } = self.room.take()?;
        let leave = ToRoom::Leave { name: name.clone() };
        let _ = handle.ask(leave).await; // without the room, there is nobody to be told
        Some(Reply::Left { room, name })
    }

    /// Waits for a slot: a client that does not read its answers is not read either.
    async fn reply(&mut self, reply: Reply) -> Result<(), End> {
        self.outbox.send(reply).await.map_err(|_| End::Gone)
    }
}

/// Returns when the room has dropped its member.
async fn lost(room: &mut Option<Membership>) {
    match room {
        Some(membership) => {
            let _ = (&mut membership.lost).await; // nothing is ever sent on it
        }
        None => pending().await,
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

// ANCHOR: accept
async fn accept<L: Listener>(mut listener: L, limits: Limits, mut stop: oneshot::Receiver<Stop>) {
    let registry = RegistryHandle::new();
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
                clients.spawn(client(stream, registry.clone(), limits, closed.clone()));
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
// ANCHOR_END: accept

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
