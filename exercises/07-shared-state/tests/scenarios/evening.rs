//! One evening in the lobby, and what must hold after each step.

use super::{
    super::world::{self, Lookup, World, guest, joining, may_panic},
    Step,
};
use harness::{Calls, Story, alive_tasks, at_time, settle, start_and_drop};
use shared_state::{JoinError, Lobby, LobbyHandle, Member};
use std::{collections::BTreeMap, thread, time::Duration};
use tokio::time::sleep;

/// The test as a whole may take a virtual day: so long it rests.
const RESTS: Duration = Duration::from_secs(20 * 3600);

/// What became of a call; `None`: its lookup panicked, and so did the call.
type Outcome = Option<Result<Member, JoinError>>;

/// A call that has a seat, and waits for its lookup.
struct Joining {
    name: String,
    lookup: Lookup,
    /// When its lookup is over, at the earliest and at the latest. `None`: never.
    due: Option<(Duration, Duration)>,
}

/// A call that has begun.
struct Undecided {
    number: usize,
    name: String,
    lookup: Lookup,
    since: Duration,
}

pub struct InTheLobby {
    story: Story,
    world: World,
    seats: usize,
    handles: Vec<LobbyHandle>,
    /// Which of them is used.
    current: usize,
    /// How many calls there were.
    calls: usize,
    waiting: Calls<Outcome>,
    /// Those that have begun and of which nothing is known, in their order.
    undecided: Vec<Undecided>,
    joining: BTreeMap<usize, Joining>,
    members: Vec<(String, Member)>,
    names: Vec<String>,
    at_once: bool,
}

impl InTheLobby {
    pub fn open(seats: usize, story: Story) -> Self {
        story.tell(format!("open, with {seats} seats"));
        let (accounts, world) = world::accounts();
        Self {
            story,
            world,
            seats,
            handles: vec![Lobby::open(accounts, seats)],
            current: 0,
            calls: 0,
            waiting: Calls::new(),
            undecided: Vec::new(),
            joining: BTreeMap::new(),
            members: Vec::new(),
            names: Vec::new(),
            at_once: false,
        }
    }

    pub fn any_handle(&self) -> &LobbyHandle {
        &self.handles[0]
    }

    fn handle(&self) -> Option<LobbyHandle> {
        self.handles.get(self.current).cloned()
    }

    fn tell(&self, what: impl Into<String>) {
        self.story.tell(what);
    }

    pub async fn take(&mut self, step: Step) {
        match step {
            Step::AtOnce => {
                self.at_once = true;
                return;
            }
            Step::Switch(to) => {
                self.current = to % self.handles.len().max(1);
                return;
            }
            Step::Join(lookup) => {
                let name = self.new_name();
                self.join(name, lookup).await;
            }
            Step::JoinAgain(which, lookup) => {
                if let Some(at) = which.checked_rem(self.names.len()) {
                    self.join(self.names[at].clone(), lookup).await;
                }
            }
            Step::Rush(count) => {
                for _ in 0..count {
                    let name = self.new_name();
                    self.join(name, Lookup::Takes(130)).await;
                }
            }
            Step::Crowd(count) => self.crowd(count).await,
            Step::Leave(which) => {
                if let Some((name, member)) = self.leaving(which) {
                    drop(member);
                    self.tell(format!("{name} goes"));
                }
            }
            Step::LeaveElsewhere(which) => {
                if let Some((name, member)) = self.leaving(which) {
                    let dropped = thread::spawn(move || drop(member)).join();
                    self.tell(format!("{name} goes, on a thread without a runtime"));
                    assert!(dropped.is_ok(), "the Drop of a Member does not panic");
                }
            }
            Step::Replace(which, by_same_name) => {
                // Those who came before have to be decided.
                self.go_on().await;
                if self.handle().is_some()
                    && let Some((name, member)) = self.leaving(which)
                {
                    drop(member);
                    self.tell(format!("{name} goes, and in the same moment"));
                    let next = if by_same_name { name } else { self.new_name() };
                    self.join(next, Lookup::Takes(310)).await;
                }
            }
            Step::Find(which) => {
                self.go_on().await;
                self.find(which).await;
            }
            Step::OldestGivesUp => {
                if self.waiting.waiting().next() != self.only_undecided() {
                    self.go_on().await;
                }
                let oldest = self.waiting.give_up_oldest();
                return self.gave_up(oldest).await;
            }
            Step::NewestGivesUp => {
                if self.undecided.len() > 1 {
                    self.go_on().await;
                }
                let newest = self.waiting.give_up_newest();
                return self.gave_up(newest).await;
            }
            Step::ForgetsAndGivesUp(ms) => {
                if self.undecided.len() > 1 {
                    self.go_on().await;
                }
                self.forget(ms).await;
                let newest = self.waiting.give_up_newest();
                return self.gave_up(newest).await;
            }
            Step::Forgets(ms) => self.forget(ms).await,
            Step::GivesUpWhenItHasJoined => {
                self.go_on().await;
                let newest = self.waiting.waiting().last();
                let over = newest.and_then(|number| self.joining[&number].due);
                if let Some((_, over)) = over {
                    let time = over.saturating_sub(self.story.now());
                    self.forget(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
                        .await;
                    for (number, outcome) in self.waiting.look().await {
                        self.done(number, outcome);
                    }
                    settle().await;
                    if self.waiting.waiting().last() == newest {
                        let newest = self.waiting.give_up_newest();
                        return self.gave_up(newest).await;
                    }
                }
            }
            Step::Rest(ms) => {
                self.go_on().await;
                self.rest(Duration::from_millis(ms)).await;
            }
            Step::CloneHandle => {
                if let Some(handle) = self.handle() {
                    self.handles.push(handle);
                    self.current = self.handles.len() - 1;
                    self.tell("the handle is cloned, and the clone used from now on");
                }
            }
            Step::DropHandle => {
                if self.current < self.handles.len() {
                    drop(self.handles.remove(self.current));
                    self.current = 0;
                    self.tell(match self.handles.len() {
                        0 => "the last handle is dropped".to_owned(),
                        left => format!("a handle is dropped, {left} are left"),
                    });
                }
            }
        }
        if !std::mem::take(&mut self.at_once) {
            self.go_on().await;
            self.all_is_well().await;
        }
    }

    fn new_name(&mut self) -> String {
        let name = guest(self.names.len() + 1);
        self.names.push(name.clone());
        name
    }

    async fn join(&mut self, name: String, lookup: Lookup) {
        let Some(lobby) = self.handle() else { return };
        let now = self.story.now();
        let is_over = |call: &Joining| call.due.is_some_and(|(earliest, _)| earliest <= now);
        if self.undecided.iter().any(|call| call.name == name) || self.joining.values().any(is_over)
        {
            // Which of two lookups by one name is meant has to be clear, and whether somebody whose lookup is over still has a seat.
            self.go_on().await;
        }
        // What takes no time may be over before those that come in the same moment are decided, or not.
        let lookup = match lookup {
            Lookup::Takes(0)
            | Lookup::FailsAfter(0)
            | Lookup::PanicsAtOnce
            | Lookup::PanicsAfter(_)
                if self.at_once || !self.undecided.is_empty() =>
            {
                Lookup::Takes(130)
            }
            lookup => lookup,
        };
        let number = self.calls;
        self.calls += 1;
        if self.undecided.len() < 8 {
            self.tell(format!("{name} joins; its lookup: {}", in_words(lookup)));
        }
        // Somebody else may be at work on this name; that lookup has begun.
        self.world.on(&name, lookup);
        self.undecided.push(Undecided {
            number,
            name: name.clone(),
            lookup,
            since: self.story.now(),
        });
        let call = joining(&lobby, name);
        let outcome = match lookup {
            Lookup::PanicsAfter(_) | Lookup::PanicsAtOnce => {
                self.waiting.start(number, may_panic(call)).await
            }
            _ => {
                let call = async { Some(call.await) };
                self.waiting.start(number, call).await
            }
        };
        if let Some(outcome) = outcome {
            self.done(number, outcome);
        }
    }

    async fn crowd(&mut self, count: usize) {
        self.go_on().await;
        let Some(lobby) = self.handle() else { return };
        let mut number = self.names.len() + 1_000_000;
        self.tell(format!("{count} people join, and give up at once"));
        start_and_drop(count, || {
            number += 1;
            joining(&lobby, guest(number))
        })
        .await;
        // Where nobody has to be asked, it was their turn at once.
        let begun = self.world.asked();
        drop(lobby);
        self.go_on().await;
        assert_eq!(
            self.world.asked(),
            begun,
            "so many accounts have been looked up, and so many before {count} people gave up: none is looked up for somebody who has given up before"
        );
    }

    fn leaving(&mut self, which: usize) -> Option<(String, Member)> {
        let at = which.checked_rem(self.members.len())?;
        Some(self.members.remove(at))
    }

    /// The call of which nothing is known, if it is the only one: that may give up before it is decided. Of several, those that come later might
    /// be decided before the lobby has noticed, or after that.
    fn only_undecided(&self) -> Option<usize> {
        match &*self.undecided {
            [only] => Some(only.number),
            _ => None,
        }
    }

    async fn gave_up(&mut self, number: Option<usize>) {
        let Some(number) = number else { return };
        let name = match self.joining.remove(&number) {
            Some(call) => call.name,
            None => {
                let at = self.undecided.iter().position(|call| call.number == number);
                self.undecided.remove(at.expect("it waits")).name
            }
        };
        self.tell(format!("{name} gives up"));
        // What it leaves is gone when the tasks have run; so nobody comes before that.
        self.at_once = false;
        self.go_on().await;
        self.all_is_well().await;
    }

    async fn find(&mut self, which: usize) {
        let Some(lobby) = self.handle() else { return };
        let Some(at) = which.checked_rem(self.names.len()) else {
            return;
        };
        let name = self.names[at].clone();
        let found = harness::in_no_time("the answer of find", lobby.find(&name)).await;
        self.tell(format!("find {name}: {found:?}"));
        let member = self.members.iter().find(|(member, _)| *member == name);
        assert_eq!(
            found,
            member.map(|(_, member)| member.id()),
            "find {name}, who is {}",
            match (member, self.joining.values().any(|call| call.name == name)) {
                (Some(_), _) => "a member",
                (None, true) => "just joining",
                (None, false) => "not in the lobby",
            }
        );
    }

    async fn forget(&mut self, ms: u64) {
        let time = Duration::from_millis(ms);
        if self.story.now() + time > RESTS {
            return;
        }
        // Those of whom nothing is known have their seats by now, or an answer that they do not look at.
        self.tell(format!(
            "{} pass, and nobody who waits looks",
            at_time(time)
        ));
        settle().await;
        if time > Duration::ZERO {
            sleep(time).await;
            settle().await;
        }
        for call in self.joining.values_mut() {
            // A lookup that is done in the caller may begin, and its end be seen, so much later.
            if let Some((_, latest)) = &mut call.due {
                *latest += time;
            }
        }
    }

    async fn rest(&mut self, time: Duration) {
        if self.story.now() + time > RESTS {
            return;
        }
        self.tell(format!("({} pass)", at_time(time)));
        let mut outcomes = Vec::new();
        let (story, joining) = (&self.story, &self.joining);
        self.waiting
            .rest(time, |number, outcome| {
                if let Some(call) = joining.get(&number) {
                    story.tell(format!("→ {} {}", call.name, outcome_in_words(&outcome)));
                }
                outcomes.push((number, outcome, story.now()));
            })
            .await;
        for (number, outcome, at) in outcomes {
            self.done_at(number, outcome, at);
        }
    }

    /// Everybody gets to run, and looks, until nothing moves any more. Then all is decided.
    async fn go_on(&mut self) {
        let (mut in_vain, mut asked) = (0, self.world.asked());
        while in_vain < 3 {
            settle().await;
            let outcomes = self.waiting.look().await;
            // With many callers, a few at a time find a slot in the mailbox.
            let moves = !outcomes.is_empty() || self.world.asked() > asked;
            in_vain = if moves { 0 } else { in_vain + 1 };
            asked = self.world.asked();
            for (number, outcome) in outcomes {
                self.done(number, outcome);
            }
        }
        for call in std::mem::take(&mut self.undecided) {
            self.begins(call);
        }
    }

    /// It is decided, and has a seat.
    fn begins(&mut self, call: Undecided) {
        let Undecided {
            number,
            name,
            lookup,
            since,
        } = call;
        self.has_a_seat(&name);
        // If nobody looked meanwhile, its lookup has begun long ago, or just now.
        let due = lookup
            .time()
            .map(|time| (since + time, self.story.now() + time));
        self.joining.insert(number, Joining { name, lookup, due });
    }

    /// It may have a seat: there is one for it, and nobody else has its name.
    fn has_a_seat(&self, name: &str) {
        let is_taken = self.is_taken(name);
        assert!(
            !is_taken,
            "{name} joins, and neither is refused nor has joined; and somebody of this name is in the lobby, or is just joining: a name is given once"
        );
        let taken = self.joining.len() + self.members.len();
        assert!(
            taken < self.seats,
            "{name} joins, and neither is refused nor has joined; and {taken} of {} seats are taken: that the lobby is full is known at once",
            self.seats
        );
    }

    fn is_taken(&self, name: &str) -> bool {
        self.members.iter().any(|(member, _)| member == name)
            || self.joining.values().any(|call| call.name == name)
    }

    fn done(&mut self, number: usize, outcome: Outcome) {
        if let Some(call) = self.joining.get(&number) {
            let words = outcome_in_words(&outcome);
            self.tell(format!("→ {} {words}", call.name));
        }
        self.done_at(number, outcome, self.story.now());
    }

    fn done_at(&mut self, number: usize, outcome: Outcome, at: Duration) {
        // Those before it have been decided before: for a seat, unless they had their answer.
        while self
            .undecided
            .first()
            .is_some_and(|first| first.number < number)
        {
            let first = self.undecided.remove(0);
            self.begins(first);
        }
        if self
            .undecided
            .first()
            .is_some_and(|first| first.number == number)
        {
            let Undecided { name, lookup, .. } = self.undecided.remove(0);
            let words = outcome_in_words(&outcome);
            self.tell(format!("→ {name} {words}"));
            match outcome {
                Some(Err(JoinError::Full)) => {
                    let taken = self.joining.len() + self.members.len();
                    assert!(
                        taken >= self.seats,
                        "{name} is told that the lobby is full, and {taken} of {} seats were taken when its call began. Calls are decided in the order in which they began: is a newer one handled first, or a full mailbox told as Full?",
                        self.seats
                    );
                }
                Some(Err(JoinError::Taken)) => assert!(
                    self.is_taken(&name),
                    "{name} is told that the name is taken, and nobody had it when its call began. Is a newer call handled first, or does the owner hear too late of a member that has gone?"
                ),
                outcome => {
                    self.has_a_seat(&name);
                    self.looked_up(name, lookup, outcome);
                }
            }
            return;
        }
        let call = self.joining.remove(&number).expect("it waited");
        let Some((earliest, latest)) = call.due else {
            panic!("{} has an answer, and its lookup never ends", call.name);
        };
        assert!(
            (earliest..=latest).contains(&at),
            "{} has its answer after {}, and its lookup was over after {}. It waits for nothing else that takes time",
            call.name,
            at_time(at),
            at_time(latest)
        );
        self.looked_up(call.name, call.lookup, outcome);
    }

    /// What comes of a lookup.
    fn looked_up(&mut self, name: String, lookup: Lookup, outcome: Outcome) {
        let expected = match lookup {
            Lookup::Takes(_) => Ok(world::id(&name)),
            _ => Err(JoinError::Unknown),
        };
        match outcome {
            None => assert!(
                matches!(lookup, Lookup::PanicsAfter(_) | Lookup::PanicsAtOnce),
                "the join of {name} panicked, and its lookup did not"
            ),
            Some(outcome) => {
                assert_eq!(
                    outcome.as_ref().map(Member::id).map_err(|error| *error),
                    expected,
                    "what {name} is told, whose lookup {}",
                    in_words(lookup)
                );
                if let Ok(member) = outcome {
                    self.members.push((name, member));
                }
            }
        }
    }

    /// What must hold when nothing moves.
    async fn all_is_well(&mut self) {
        let under_way = self.world.lookups.now();
        assert_eq!(
            under_way,
            self.joining.len(),
            "so many lookups are under way, and so many people are just joining: a lookup begins when a seat is taken for it, and ends when its caller gives up"
        );
        let most = self.world.lookups.most();
        assert!(
            most <= self.seats,
            "{most} lookups were under way at a time, and there are {} seats: an account is looked up for somebody who has a seat",
            self.seats
        );
        if let Some(lobby) = self.handle() {
            let count = harness::in_no_time("the answer of count", lobby.count()).await;
            assert_eq!(
                count,
                self.members.len(),
                "so many members are counted, and so many are in the lobby; {} are just joining",
                self.joining.len()
            );
        } else if self.handles.is_empty() && self.waiting.waiting().len() == 0 {
            let alive = alive_tasks().await;
            assert_eq!(
                alive,
                0,
                "so many tasks are alive, and the last handle is gone, and nobody is just joining; {} members are still there, and do not keep the lobby open",
                self.members.len()
            );
        }
    }

    pub async fn end(mut self) {
        self.go_on().await;
        self.all_is_well().await;
        self.rest(Duration::from_secs(60)).await;
        self.go_on().await;
        self.all_is_well().await;
        while let Some(number) = self.waiting.give_up_oldest() {
            self.joining.remove(&number);
        }
        self.tell("all who still wait give up");
        self.go_on().await;
        self.all_is_well().await;
        // As many as there are seats, once more.
        if let Some(lobby) = self.handle() {
            for number in self.members.len()..self.seats.min(20) {
                let name = format!("late guest {number}");
                let late = self.world.joins_at_once(&lobby, &name).await;
                match late {
                    Ok(member) => self.members.push((name, member)),
                    Err(error) => panic!(
                        "{name} is told {error:?} in the end, and {number} of {} seats are taken",
                        self.seats
                    ),
                }
            }
        }
        self.handles.clear();
        self.tell("all handles are dropped");
        self.go_on().await;
        self.all_is_well().await;
    }
}

fn in_words(lookup: Lookup) -> String {
    let after = |ms| at_time(Duration::from_millis(ms));
    match lookup {
        Lookup::Takes(ms) => format!("takes {}", after(ms)),
        Lookup::FailsAfter(ms) => format!("fails after {}", after(ms)),
        Lookup::PanicsAfter(ms) => format!("panics after {}", after(ms)),
        Lookup::PanicsAtOnce => "panics at once".to_owned(),
        Lookup::Never => "never ends".to_owned(),
    }
}

fn outcome_in_words(outcome: &Outcome) -> String {
    match outcome {
        None => "finds that its lookup has panicked".to_owned(),
        Some(Ok(_)) => "has joined".to_owned(),
        Some(Err(error)) => format!("is told {error:?}"),
    }
}
