//! A solution of exercise 15: a message type for each call, and a supervisor that lives as long as the handles do.

use kameo::{
    Actor,
    actor::{ActorId, ActorRef, Spawn, WeakActorRef},
    error::{ActorStopReason, Infallible, SendError},
    mailbox,
    message::{Context, Message},
    supervision::RestartPolicy,
};
use std::{ops::ControlFlow, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Written down, though Kameo has a default: how long the queue may get is for us to say.
const MAILBOX: usize = 8;

/// Rooms on Kameo.
pub struct OnKameo;

impl Rooms for OnKameo {
    type Member = MemberHandle;
    type Moderator = ModeratorHandle;

    async fn open(screen: Screen) -> (MemberHandle, ModeratorHandle) {
        handles(
            Room::spawn_with_mailbox(screen, mailbox::bounded(MAILBOX)),
            None,
        )
    }
}

/// Rooms on Kameo that are opened again when they panic.
pub struct Supervised;

impl Rooms for Supervised {
    type Member = MemberHandle;
    type Moderator = ModeratorHandle;

    async fn open(screen: Screen) -> (MemberHandle, ModeratorHandle) {
        let supervisor = Supervisor::spawn(Supervisor);
        let room = Room::supervise(&supervisor, screen)
            // Not `Permanent`: a room that was closed stays closed.
            .restart_policy(RestartPolicy::Transient)
            .restart_limit(5, Duration::from_secs(60))
            .spawn_with_mailbox(mailbox::bounded(MAILBOX))
            .await;
        handles(room, Some(supervisor))
    }
}

fn handles(
    room: ActorRef<Room>,
    supervisor: Option<ActorRef<Supervisor>>,
) -> (MemberHandle, ModeratorHandle) {
    let member = MemberHandle {
        room,
        _supervisor: supervisor,
    };
    (member.clone(), ModeratorHandle { member })
}

impl Actor for Room {
    type Args = Screen;
    type Error = Infallible;

    async fn on_start(screen: Screen, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Self::new(screen))
    }
}

struct Post(String);
struct Look;
struct SetSlowMode(u32);
struct Close;

impl Message<Post> for Room {
    type Reply = Result<u64, Refused>;

    async fn handle(
        &mut self,
        Post(text): Post,
        _: &mut Context<Self, Self::Reply>,
    ) -> Self::Reply {
        self.post(text)
    }
}

impl Message<Look> for Room {
    type Reply = Status;

    async fn handle(&mut self, Look: Look, _: &mut Context<Self, Status>) -> Status {
        self.status()
    }
}

impl Message<SetSlowMode> for Room {
    type Reply = ();

    async fn handle(&mut self, SetSlowMode(per_minute): SetSlowMode, _: &mut Context<Self, ()>) {
        self.slow_mode(per_minute);
    }
}

impl Message<Close> for Room {
    type Reply = Status;

    async fn handle(&mut self, Close: Close, context: &mut Context<Self, Status>) -> Status {
        // After this message. Kameo then tells those who are behind it that the room does not run.
        context.stop();
        self.status()
    }
}

/// Holds the room's mailbox while the room is opened again.
struct Supervisor;

impl Actor for Supervisor {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(supervisor: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(supervisor)
    }

    /// Called only when the room is not opened again: it was closed, or has panicked too often. Then nothing is left to be done, whoever
    /// still holds a handle.
    async fn on_link_died(
        &mut self,
        _: WeakActorRef<Self>,
        _: ActorId,
        _: ActorStopReason,
    ) -> Result<ControlFlow<ActorStopReason>, Infallible> {
        Ok(ControlFlow::Break(ActorStopReason::Normal))
    }
}

/// For everybody who posts.
#[derive(Clone)]
pub struct MemberHandle {
    room: ActorRef<Room>,
    /// Nobody sends to it. It lives as long as any handle does, and ends the room when it ends: it holds a sender of the room's mailbox,
    /// so the room by itself would not see that the handles are gone.
    _supervisor: Option<ActorRef<Supervisor>>,
}

/// For the one who looks after the room.
pub struct ModeratorHandle {
    member: MemberHandle,
}

impl Member for MemberHandle {
    async fn post(&self, text: String) -> Result<u64, Refused> {
        let asked = self.room.ask(Post(text)).await;
        asked.map_err(|error| match error {
            SendError::HandlerError(refused) => refused,
            SendError::ActorStopped => Refused::Lost,
            // Without a time-out the others do not come.
            _ => Refused::Closed,
        })
    }
}

impl Moderator for ModeratorHandle {
    type Member = MemberHandle;

    fn member(&self) -> MemberHandle {
        self.member.clone()
    }

    async fn status(&self) -> Status {
        let asked = self.member.room.ask(Look).await;
        asked.expect("the room's actor is gone")
    }

    async fn slow_mode(&self, per_minute: u32) {
        let told = self.member.room.tell(SetSlowMode(per_minute)).await;
        told.expect("the room's actor is gone");
    }

    async fn close(self) -> Status {
        let asked = self.member.room.ask(Close).await;
        asked.expect("the room's actor is gone")
    }
}

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

/// The state of a room and its rules, which are those of chapter 5. It knows nothing of actors: its owner has a room.
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
