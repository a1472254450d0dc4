//! accepted: five seconds of Tokio's time are a pause, after which the room survives five panics again; its mailbox holds one message

use kameo::{
    Actor,
    actor::{ActorRef, Spawn, WeakActorRef},
    error::{ActorStopReason, Infallible, SendError},
    message::{Context, Message},
};
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::time::Instant;

/// Rooms on Kameo.
pub struct OnKameo;

/// Rooms on Kameo that are opened again when they panic. Beside the rules of all rooms:
///
/// - The post over which the room panicked is [`Refused::Lost`]. What waits in the mailbox stays there, in its order, and all handles stay
///   valid. (What comes before a room has begun is another matter, here and after a panic: when it panics over one of these
///   messages, those behind it may be lost, too.)
/// - The room that goes on is a new one: no posts, no slow mode, the same screen.
/// - It survives five panics without a pause between them, and does not survive a sixth. Then it is gone for good, like one that was closed.
pub struct Supervised;

/// For everybody who posts.
#[derive(Clone)]
pub struct MemberHandle {
    room: ActorRef<Owner>,
}

/// For the one who looks after the room. There is no second one: it is not Clone.
pub struct ModeratorHandle {
    room: ActorRef<Owner>,
}

struct Owner {
    room: Room,
    screen: Screen,
    survives: bool,
    panics: u32,
    first: Option<Instant>,
}

impl Actor for Owner {
    type Args = (Screen, bool);
    type Error = Infallible;

    async fn on_start(
        (screen, survives): (Screen, bool),
        _: ActorRef<Self>,
    ) -> Result<Self, Infallible> {
        Ok(Owner {
            room: Room::new(screen.clone()),
            screen,
            survives,
            panics: 0,
            first: None,
        })
    }

    async fn on_panic(
        &mut self,
        _: WeakActorRef<Self>,
        p: kameo::error::PanicError,
    ) -> Result<ControlFlow<ActorStopReason>, Infallible> {
        if self
            .first
            .is_none_or(|first| first.elapsed() > std::time::Duration::from_secs(5))
        {
            self.first = Some(Instant::now());
            self.panics = 0;
        }
        self.panics += 1;
        if !self.survives || self.panics > 5 {
            return Ok(ControlFlow::Break(ActorStopReason::Panicked(p)));
        }
        self.room = Room::new(self.screen.clone());
        Ok(ControlFlow::Continue(()))
    }
}

struct Post(String);

impl Message<Post> for Owner {
    type Reply = Result<u64, Refused>;

    async fn handle(
        &mut self,
        Post(text): Post,
        _: &mut Context<Self, Self::Reply>,
    ) -> Self::Reply {
        let posted = self.room.post(text);
        posted
    }
}

struct GetStatus;

impl Message<GetStatus> for Owner {
    type Reply = Status;

    async fn handle(&mut self, _: GetStatus, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        self.room.status()
    }
}

struct Close;

impl Message<Close> for Owner {
    type Reply = Status;

    async fn handle(&mut self, _: Close, cx: &mut Context<Self, Self::Reply>) -> Self::Reply {
        cx.stop();
        self.room.status()
    }
}

struct SlowModeMsg(u32);

impl Message<SlowModeMsg> for Owner {
    type Reply = ();

    async fn handle(&mut self, m: SlowModeMsg, _: &mut Context<Self, Self::Reply>) {
        self.room.slow_mode(m.0)
    }
}

impl Rooms for OnKameo {
    type Member = MemberHandle;
    type Moderator = ModeratorHandle;

    async fn open(screen: Screen) -> (MemberHandle, ModeratorHandle) {
        let room = Owner::spawn_with_mailbox((screen, false), kameo::mailbox::bounded(1));
        (
            MemberHandle { room: room.clone() },
            ModeratorHandle { room },
        )
    }
}

impl Rooms for Supervised {
    type Member = MemberHandle;
    type Moderator = ModeratorHandle;

    async fn open(screen: Screen) -> (MemberHandle, ModeratorHandle) {
        let room = Owner::spawn_with_mailbox((screen, true), kameo::mailbox::bounded(1));
        (
            MemberHandle { room: room.clone() },
            ModeratorHandle { room },
        )
    }
}

impl Member for MemberHandle {
    async fn post(&self, text: String) -> Result<u64, Refused> {
        self.room
            .ask(Post(text))
            .await
            .map_err(|error| match error {
                SendError::HandlerError(refused) => refused,
                SendError::ActorStopped => Refused::Lost,
                _ => Refused::Closed,
            })
    }
}

impl Moderator for ModeratorHandle {
    type Member = MemberHandle;

    fn member(&self) -> MemberHandle {
        MemberHandle {
            room: self.room.clone(),
        }
    }

    async fn status(&self) -> Status {
        self.room.ask(GetStatus).await.expect("the room is gone")
    }

    async fn slow_mode(&self, per_minute: u32) {
        self.room
            .tell(SlowModeMsg(per_minute))
            .await
            .expect("the room is gone");
    }

    async fn close(self) -> Status {
        self.room.ask(Close).await.expect("the room is gone")
    }
}

// What follows is given: leave it as it is.

/// Why a post has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Slow mode: this minute has as many posts as it may have.
    TooFast,
    /// The room has been closed, or its actor is gone: nobody has taken the post.
    Closed,
    /// The room had the post, and there was no answer: it panicked over it, or ended before its turn. Whether it was shown is not known.
    Lost,
}

/// How a room is. `Reply` lets it be the answer to a message of Kameo.
#[derive(Debug, Clone, PartialEq, Eq, kameo::Reply)]
pub struct Status {
    /// Posts that were accepted since the room was opened.
    pub posts: u64,
    /// Posts that were refused as too fast since the room was opened.
    pub refused: u64,
    /// The text of the last post that was accepted.
    pub last: Option<String>,
    /// How many posts a minute may have; `None` as long as nobody has set a slow mode.
    pub per_minute: Option<u32>,
}

/// For everybody who posts. Every clone reaches the same room.
pub trait Member: Clone + Send + Sync + 'static {
    /// Posts a text. Its number in the room.
    ///
    /// A call that is dropped after its message was sent has posted; one that still waits for a slot in the mailbox has not.
    ///
    /// # Errors
    /// See [`Refused`]. A post that is refused gets no number.
    fn post(&self, text: String) -> impl Future<Output = Result<u64, Refused>> + Send;
}

/// For the one who looks after the room.
///
/// # Panics
/// Each of its calls panics when the actor is gone for good: it has panicked and nobody opens it again, or its runtime has ended.
pub trait Moderator: Send + Sync + 'static {
    type Member: Member;

    /// One more member of this room.
    fn member(&self) -> Self::Member;

    /// How the room is.
    fn status(&self) -> impl Future<Output = Status> + Send;

    /// From now on at most `per_minute` posts are accepted in a minute; 0: none.
    ///
    /// Posts that are sent after this has returned are held to it. It does not wait until the actor has heard of it.
    fn slow_mode(&self, per_minute: u32) -> impl Future<Output = ()> + Send;

    /// Closes the room, and returns how it was in the end. What was sent before this is handled first; every post behind it is refused
    /// or lost.
    fn close(self) -> impl Future<Output = Status> + Send;
}

/// A way to open rooms, whatever is behind the handles. The rules of chapter 5 hold for each: all handles reach one actor, by one mailbox
/// that has a bound; messages are handled in the order in which they were sent, whichever kind of handle sent them. The room lives as long as
/// any handle of either kind, does nothing while nobody calls, and ends with `close`.
pub trait Rooms: 'static {
    type Member: Member;
    type Moderator: Moderator<Member = Self::Member>;

    /// Opens a room, which shows its posts on `screen`.
    ///
    /// To be called inside a Tokio runtime. All tasks of the room are started there.
    fn open(screen: Screen) -> impl Future<Output = (Self::Member, Self::Moderator)> + Send;
}

/// Where the posts are shown. It is somebody else's code, and may panic.
#[derive(Clone)]
pub struct Screen(Arc<Show>);

type Show = dyn Fn(u64, &str) + Send + Sync;

impl Screen {
    /// `show` gets the number and the text of each post that is accepted.
    pub fn new(show: impl Fn(u64, &str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(show))
    }
}

/// The state of a room and its rules, which are those of chapter 5. It knows nothing of actors: whoever owns one has a room.
pub struct Room {
    screen: Screen,
    posts: u64,
    refused: u64,
    last: Option<String>,
    slow_mode: Option<SlowMode>,
}

/// A limit, and how much of it this minute has used up.
struct SlowMode {
    per_minute: u32,
    /// When the moderator set it: minutes are counted from here.
    since: Instant,
    minute: u64,
    posts: u32,
}

impl Room {
    /// A room in which nobody has posted.
    pub fn new(screen: Screen) -> Self {
        Self {
            screen,
            posts: 0,
            refused: 0,
            last: None,
            slow_mode: None,
        }
    }

    /// Takes a post in, and shows it. Its number.
    ///
    /// # Errors
    /// [`Refused::TooFast`], and no other.
    ///
    /// # Panics
    /// When the screen does.
    pub fn post(&mut self, text: String) -> Result<u64, Refused> {
        if self.slow_mode.as_mut().is_some_and(|slow| !slow.allows()) {
            self.refused += 1;
            return Err(Refused::TooFast);
        }
        self.posts += 1;
        (self.screen.0)(self.posts, &text);
        self.last = Some(text);
        Ok(self.posts)
    }

    /// A new limit: a minute begins.
    pub fn slow_mode(&mut self, per_minute: u32) {
        self.slow_mode = Some(SlowMode {
            per_minute,
            since: Instant::now(),
            minute: 0,
            posts: 0,
        });
    }

    /// How it is.
    pub fn status(&self) -> Status {
        Status {
            posts: self.posts,
            refused: self.refused,
            last: self.last.clone(),
            per_minute: self.slow_mode.as_ref().map(|slow| slow.per_minute),
        }
    }
}

impl SlowMode {
    /// Whether one more post is allowed now. No timer is needed: the clock is read when somebody posts.
    fn allows(&mut self) -> bool {
        let minute = self.since.elapsed().as_secs() / 60;
        if minute != self.minute {
            (self.minute, self.posts) = (minute, 0);
        }
        let allowed = self.posts < self.per_minute;
        self.posts += u32::from(allowed);
        allowed
    }
}
