//! Exercise 15, libraries: the room of chapter 5, behind the same handles, on an actor library.
//!
//! What a room does is written already, and so is what callers see: the traits. Behind them, tests/by_hand/mod.rs has a room by the recipe,
//! which passes the tests as it is. Write one on Kameo that nobody can tell from it, and then one that survives its panics.
//!
//! Page: book/src/15-libraries.md, with this exercise in four steps. The tests are in tests/libraries.rs, in the same order:
//!
//!     cargo test -p libraries
//!
//! The first time, this builds Kameo: no other exercise needs it. Stuck? `cargo course hint libraries` says a little more each time.

use std::sync::Arc;
use tokio::time::Instant;

/// Rooms on Kameo. One that panics is gone for good.
pub struct OnKameo;

/// Rooms on Kameo that are opened again when they panic. Beside the rules of all rooms:
///
/// - The post over which the room panicked is [`Refused::Lost`]. What waits in the mailbox stays there, in its order, and all handles stay
///   valid. (What comes before a room has begun is another matter, here and after a panic: when it panics over one of these
///   messages, those behind it may be lost, too.)
/// - The room that goes on is a new one: no posts, no slow mode, the same screen.
/// - It survives five panics without a pause between them, and does not survive a sixth. Then it is gone for good, like one that was closed.
///   (Posts that go well are no pause. How long one has to be is yours to say.)
pub struct Supervised;

/// For everybody who posts.
#[derive(Clone)]
pub struct MemberHandle {
    // Step 1: what does it need? Step 4: and what has to live as long as it does?
}

/// For the one who looks after the room. There is no second one: it is not Clone.
pub struct ModeratorHandle {
    // Step 1: what does it need? Step 4: and what has to live as long as it does?
}

impl Rooms for OnKameo {
    type Member = MemberHandle;
    type Moderator = ModeratorHandle;

    async fn open(screen: Screen) -> (MemberHandle, ModeratorHandle) {
        let _ = (Room::new, Room::post, Room::status, Room::slow_mode, screen);
        todo!("step 1: `impl kameo::Actor for Room`, and start one")
    }
}

impl Rooms for Supervised {
    type Member = MemberHandle;
    type Moderator = ModeratorHandle;

    async fn open(screen: Screen) -> (MemberHandle, ModeratorHandle) {
        let _ = screen;
        todo!("step 4: a supervisor, and a room that it opens again")
    }
}

impl Member for MemberHandle {
    async fn post(&self, text: String) -> Result<u64, Refused> {
        let _ = text;
        todo!("step 1: ask, and say in the room's own words what went wrong")
    }
}

impl Moderator for ModeratorHandle {
    type Member = MemberHandle;

    fn member(&self) -> MemberHandle {
        todo!("step 2: what does a member need, and does the moderator have it?")
    }

    async fn status(&self) -> Status {
        todo!("step 2: an ask like any other")
    }

    async fn slow_mode(&self, per_minute: u32) {
        let _ = per_minute;
        todo!("step 2: nothing comes back, so the send is all there is to check")
    }

    async fn close(self) -> Status {
        todo!("step 3: the last message of all")
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
