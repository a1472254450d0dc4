//! rejected: nobody_is_lost_while_a_room_ends
//! says: 300 other rooms have come and gone meanwhile
//! thinks: "The map is only there to find a room. Its members hold the Sender, so I may clear it now and then."

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

const MAILBOX: usize = 32;

const PAUSE: Duration = Duration::from_millis(100);

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

fn name(text: &str) -> Result<String, Failure> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match text.len() {
        1..=24 if text.bytes().all(is_allowed) => Ok(text.to_owned()),
        _ => Err(Failure::BadName),
    }
}

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

pub trait Listener: Send + 'static {
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<TcpStream> {
        let (stream, _) = TcpListener::accept(self).await?;
        Ok(stream)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub line: usize,
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

struct Registry {
    mailbox: mpsc::Receiver<Ask>,
    names: HashSet<String>,
    rooms: HashMap<String, mpsc::WeakSender<(ToRoom, oneshot::Sender<()>)>>,
}

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
            self.rooms.clear();
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

enum ToRoom {
    Join { name: String, member: Member },
    Say { name: String, text: String },
    Leave { name: String },
}

struct Member {
    outbox: mpsc::Sender<Reply>,
    _membership: oneshot::Sender<()>,
}

struct Room {
    name: String,
    mailbox: mpsc::Receiver<(ToRoom, oneshot::Sender<()>)>,
    members: HashMap<String, Member>,
}

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
    async fn ask(&self, message: ToRoom) -> Result<(), End> {
        let (done, answer) = oneshot::channel();
        let _ = self.sender.send((message, done)).await; // then there is no answer either
        answer.await.map_err(|_| End::Gone)
    }
}

enum End {
    Polite,
    Gone,
}

struct Client {
    registry: RegistryHandle,
    outbox: mpsc::Sender<Reply>,
    name: Option<String>,
    room: Option<Membership>,
}

struct Membership {
    handle: RoomHandle,
    room: String,
    name: String,
    lost: oneshot::Receiver<()>,
}

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

impl Client {
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

    async fn leave(&mut self) -> Option<Reply> {
        let Membership {
            handle, room, name, ..
        } = self.room.take()?;
        let leave = ToRoom::Leave { name: name.clone() };
        let _ = handle.ask(leave).await; // without the room, there is nobody to be told
        Some(Reply::Left { room, name })
    }

    async fn reply(&mut self, reply: Reply) -> Result<(), End> {
        select! {
            sent = self.outbox.send(reply) => sent.map_err(|_| End::Gone),
            () = lost(&mut self.room) => Err(End::Gone),
        }
    }
}

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

struct Stop {
    grace: Duration,
    done: oneshot::Sender<()>,
}

pub struct Shutdown {
    stop: oneshot::Sender<Stop>,
}

pub fn serve<L: Listener>(listener: L, limits: Limits) -> Shutdown {
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(accept(listener, limits, stopped));
    Shutdown { stop }
}

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

impl Shutdown {
    pub async fn stop(self, grace: Duration) {
        let (done, over) = oneshot::channel();
        let _ = self.stop.send(Stop { grace, done }); // its runtime has ended, and so has the server
        let _ = over.await; // never sent: it is dropped, when the server has ended
    }
}
