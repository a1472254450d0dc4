//! The solution's server with its two kinds of actors on Kameo. Clients are tasks, as there: a library's actor reads no socket.

use super::actors::{Command, Failure, Limits, Reply};
use kameo::{
    Actor,
    actor::{ActorRef, Spawn, WeakActorRef},
    mailbox,
    message::{Context, Message},
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, split},
    net::{TcpListener, TcpStream},
    select,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

const MAILBOX: usize = 32;

#[derive(Actor)]
struct Registry {
    names: HashSet<String>,
    /// Weak: the members keep a room alive.
    rooms: HashMap<String, WeakActorRef<Room>>,
}

struct TakeName(String);
struct FreeName(String);
struct GetRoom(String);

impl Message<TakeName> for Registry {
    type Reply = bool;

    async fn handle(&mut self, TakeName(name): TakeName, _: &mut Context<Self, bool>) -> bool {
        self.names.insert(name)
    }
}

impl Message<FreeName> for Registry {
    type Reply = ();

    async fn handle(&mut self, FreeName(name): FreeName, _: &mut Context<Self, ()>) {
        self.names.remove(&name);
    }
}

impl Message<GetRoom> for Registry {
    type Reply = ActorRef<Room>;

    async fn handle(
        &mut self,
        GetRoom(name): GetRoom,
        _: &mut Context<Self, ActorRef<Room>>,
    ) -> ActorRef<Room> {
        let alive = self.rooms.get(&name).and_then(WeakActorRef::upgrade);
        alive.unwrap_or_else(|| {
            self.rooms.retain(|_, room| room.strong_count() > 0);
            let room = Room {
                name: name.clone(),
                members: HashMap::new(),
            };
            let room = Room::spawn_with_mailbox(room, mailbox::bounded(MAILBOX));
            self.rooms.insert(name, room.downgrade());
            room
        })
    }
}

#[derive(Actor)]
struct Room {
    name: String,
    members: HashMap<String, Member>,
}

/// Dropping it tells the client: it is in the room no more.
struct Member {
    outbox: mpsc::Sender<Reply>,
    _membership: oneshot::Sender<()>,
}

struct Join(String, Member);
struct Say(String, String);
struct Leave(String);

impl Message<Join> for Room {
    type Reply = ();

    async fn handle(&mut self, Join(name, member): Join, _: &mut Context<Self, ()>) {
        self.members.insert(name.clone(), member);
        let room = self.name.clone();
        self.tell_all(Reply::Joined { room, name });
    }
}

impl Message<Say> for Room {
    type Reply = ();

    async fn handle(&mut self, Say(name, text): Say, _: &mut Context<Self, ()>) {
        let room = self.name.clone();
        self.tell_all(Reply::Said { room, name, text });
    }
}

impl Message<Leave> for Room {
    type Reply = ();

    async fn handle(&mut self, Leave(name): Leave, _: &mut Context<Self, ()>) {
        if self.members.remove(&name).is_some() {
            self.tell_all(self.left(name));
        }
    }
}

impl Room {
    fn left(&self, name: String) -> Reply {
        let room = self.name.clone();
        Reply::Left { room, name }
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

/// Serves until it is dropped.
pub fn serve(listener: TcpListener, limits: Limits) -> JoinSet<()> {
    let mut accepting = JoinSet::new();
    accepting.spawn(async move {
        let registry = Registry {
            names: HashSet::new(),
            rooms: HashMap::new(),
        };
        let registry = Registry::spawn_with_mailbox(registry, mailbox::bounded(MAILBOX));
        let mut clients = JoinSet::new();
        loop {
            select! {
                Some(_) = clients.join_next() => {}
                Ok((stream, _)) = listener.accept() => {
                    clients.spawn(client(stream, registry.clone(), limits));
                }
            }
        }
    });
    accepting
}

async fn client(stream: TcpStream, registry: ActorRef<Registry>, limits: Limits) {
    let (reader, writer) = split(stream);
    let (outbox, replies) = mpsc::channel(limits.waiting);
    let mut writing = JoinSet::new();
    writing.spawn(write(writer, replies));
    let mut client = Client {
        registry,
        outbox,
        name: None,
        room: None,
    };
    let mut reader = BufReader::new(reader);
    while let Ok(Some(line)) = client.next_line(&mut reader, limits.line).await
        && client.obey(&line).await.is_some()
    {}
    client.leave().await;
    if let Some(name) = client.name.take() {
        let _ = client.registry.tell(FreeName(name)).await;
    }
    let _ = client.outbox.send(Reply::Bye).await;
    drop(client);
    writing.join_next().await;
}

struct Client {
    registry: ActorRef<Registry>,
    outbox: mpsc::Sender<Reply>,
    name: Option<String>,
    room: Option<(ActorRef<Room>, String, oneshot::Receiver<()>)>,
}

impl Client {
    /// `None` when the client has ended, or was too slow.
    async fn next_line(
        &mut self,
        reader: &mut (impl AsyncBufReadExt + Unpin),
        longest: usize,
    ) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut limited = reader.take(longest as u64 + 2);
        let lost = async {
            match &mut self.room {
                Some((_, _, lost)) => {
                    let _ = lost.await;
                }
                None => std::future::pending().await,
            }
        };
        select! {
            biased;
            () = lost => return Ok(None),
            () = self.outbox.closed() => return Ok(None),
            read = limited.read_until(b'\n', &mut line) => read?,
        };
        let is_whole = line.pop_if(|byte| *byte == b'\n').is_some();
        Ok(String::from_utf8(line).ok().filter(|_| is_whole))
    }

    /// `None` when the client is to end.
    async fn obey(&mut self, line: &str) -> Option<()> {
        let reply = match Command::parse(line) {
            Err(failure) => Reply::Failed(failure),
            Ok(Command::Ping(text)) => Reply::Pong(text),
            Ok(Command::Nick(_)) if self.name.is_some() => Reply::Failed(Failure::AlreadyNamed),
            Ok(Command::Nick(name)) => {
                match self.registry.ask(TakeName(name.clone())).await.ok()? {
                    true => Reply::Named(self.name.insert(name).clone()),
                    false => Reply::Failed(Failure::NameTaken),
                }
            }
            Ok(Command::Join(_)) if self.room.is_some() => Reply::Failed(Failure::AlreadyInARoom),
            Ok(Command::Join(name)) => match self.name.clone() {
                Some(own) => {
                    let room = self.registry.ask(GetRoom(name.clone())).await.ok()?;
                    let (_membership, lost) = oneshot::channel();
                    let outbox = self.outbox.clone();
                    let member = Member {
                        outbox,
                        _membership,
                    };
                    room.ask(Join(own, member)).await.ok()?;
                    self.room = Some((room, name, lost));
                    return Some(());
                }
                None => Reply::Failed(Failure::NoName),
            },
            Ok(Command::Say(text)) => match (&self.room, &self.name) {
                (Some((room, ..)), Some(name)) => {
                    return room.ask(Say(name.clone(), text)).await.ok();
                }
                _ => Reply::Failed(Failure::NotInARoom),
            },
            Ok(Command::Leave) => self
                .leave()
                .await
                .unwrap_or(Reply::Failed(Failure::NotInARoom)),
            Ok(Command::Quit) => return None,
        };
        self.outbox.send(reply).await.ok()
    }

    async fn leave(&mut self) -> Option<Reply> {
        let (handle, room, _) = self.room.take()?;
        let name = self.name.clone()?;
        let _ = handle.ask(Leave(name.clone())).await;
        Some(Reply::Left { room, name })
    }
}

async fn write(
    stream: impl AsyncWrite + Unpin,
    mut replies: mpsc::Receiver<Reply>,
) -> io::Result<()> {
    let mut stream = BufWriter::new(stream);
    while let Some(reply) = replies.recv().await {
        stream.write_all(format!("{reply}\n").as_bytes()).await?;
        if replies.is_empty() {
            stream.flush().await?;
        }
    }
    stream.shutdown().await
}
