//! Who waits for whom when nothing moves any more, and what keeps actors alive that should have ended.

use super::Trace;
use crate::event::{Access, ActorId, BoxId, Event, Got, Kind, Timer, Wait};

/// More names than that are a number.
const MOST_NAMES: usize = 3;

impl Trace {
    /// "room waits for moderator's answer; moderator waits for room's answer": those who wait for each other, or else the
    /// chain that begins with main. `None` if the run did not get stuck.
    pub fn why_stuck(&self) -> Option<String> {
        let stuck = self.events.iter().find(|e| e.kind == Kind::Stuck)?;
        let mut chain = self.stuck_chain();
        if chain.len() > 1 && chain.first() == chain.last() {
            chain.pop();
        }
        let sentences: Vec<String> = chain
            .iter()
            .map(|&actor| self.placed(actor, self.waiting_in_the_end(actor, stuck.ms)))
            .collect();
        Some(sentences.join("; "))
    }

    /// Each waits for the next one. A circle ends with the actor it began with. Empty if the run did not get stuck.
    pub(super) fn stuck_chain(&self) -> Vec<ActorId> {
        if !self.events.iter().any(|e| e.kind == Kind::Stuck) {
            return Vec::new();
        }
        let circle = (0..self.actors.len()).find_map(|actor| {
            let circle = self.cycle_of(actor)?;
            Some([circle, vec![actor]].concat())
        });
        circle.unwrap_or_else(|| self.chain_of(0))
    }

    /// What is still alive after main has ended, a sentence for each: "sequencer never ends: it holds a Sender of its own mailbox".
    /// "is still alive" where it may end later.
    pub fn leaks(&self) -> Vec<String> {
        let leaked = self.events.iter().filter_map(|event| match &event.kind {
            Kind::Leaked(_) => Some(self.placed(event.actor, self.leak(event.actor))),
            _ => None,
        });
        leaked.collect()
    }

    pub(super) fn leak(&self, actor: ActorId) -> String {
        let name = self.actor(actor);
        let holds: Vec<String> = self
            .holds_to_itself(actor)
            .into_iter()
            .map(|of| match self.boxes[of].owner == Some(actor) {
                true => "a Sender of its own mailbox".to_owned(),
                false => format!("a Sender of {}", self.mailbox(of)),
            })
            .collect();
        if !holds.is_empty() {
            return format!("{name} never ends: it holds {}", holds.join(" and "));
        }
        let waits = &self.actors[actor].waits;
        let is_timer = |wait: &Wait| matches!(wait, Wait::Until(Timer::Sleep | Timer::Tick, _));
        let rings = |event: &&Event| {
            event.actor == actor && matches!(event.kind, Kind::Wakes(Timer::Sleep | Timer::Tick))
        };
        let again = self.events.iter().filter(rings).count() > 1;
        if again && waits.iter().all(|waits| is_timer(&waits.what)) {
            return format!(
                "{name} is still alive: it waits for its timer again and again{}",
                self.refused(actor)
            );
        }
        let waiting = self.waiting_in_the_end(actor, self.end());
        let ends = match self.may_go_on() {
            true => "is still alive",
            false => "never ends",
        };
        format!("{name} {ends}: {}", waiting.replacen(name, "it", 1))
    }

    /// Whether somebody hears of a timer, or of something that is not recorded: nobody knows what that one does then.
    fn may_go_on(&self) -> bool {
        self.waits_for_a_timer() || self.anybody_waits(|what| *what == Wait::NotRecorded)
    }

    pub(super) fn waits_for_a_timer(&self) -> bool {
        self.anybody_waits(|what| matches!(what, Wait::Until(..)))
    }

    fn anybody_waits(&self, such: impl Fn(&Wait) -> bool) -> bool {
        let mut waits = self.actors.iter().flat_map(|actor| &actor.waits);
        waits.any(|waits| such(&waits.what))
    }

    /// The channels by whose senders an actor keeps itself alive: its own mailbox, or that of another one who keeps it alive
    /// in turn. Empty unless it waits for mail and nothing else.
    fn holds_to_itself(&self, actor: ActorId) -> Vec<BoxId> {
        let mail = |actor: ActorId| -> Option<Vec<BoxId>> {
            let waits = self.actors[actor].waits.iter();
            waits.map(|waits| channel_of(&waits.what)).collect()
        };
        let keeps_alive = |holder: ActorId, of: BoxId| self.boxes[of].holders.contains(&holder);
        let Some(own) = mail(actor).filter(|own| !own.is_empty()) else {
            return Vec::new();
        };
        if let Some(&own) = own.iter().find(|&&own| keeps_alive(actor, own)) {
            return vec![own];
        }
        // Along those who wait for mail, and whose mailbox somebody keeps open who is kept alive by the one before.
        let mut kept = vec![actor];
        let mut at = 0;
        while at < kept.len() {
            for other in 0..self.actors.len() {
                let others = mail(other).unwrap_or_default();
                if !kept.contains(&other) && others.iter().any(|&of| keeps_alive(kept[at], of)) {
                    kept.push(other);
                }
            }
            at += 1;
        }
        let comes_back = |of: &BoxId| {
            let waits_for_it = |other: &ActorId| mail(*other).is_some_and(|mail| mail.contains(of));
            kept.iter().skip(1).any(waits_for_it)
        };
        match own
            .iter()
            .any(|&own| kept.iter().any(|&other| keeps_alive(other, own)))
        {
            true => (0..self.boxes.len())
                .filter(|&of| keeps_alive(actor, of))
                .filter(comes_back)
                .collect(),
            false => Vec::new(),
        }
    }

    /// ", and nobody reads main's mailbox any more": what its last send was told.
    fn refused(&self, actor: ActorId) -> String {
        let mut events = self.events.iter().rev().filter(|e| e.actor == actor);
        let refused = events.find_map(|event| match event.kind {
            Kind::Refused {
                to, full: false, ..
            } => Some(Some(to)),
            Kind::Sent { .. } => Some(None),
            _ => None,
        });
        match refused.flatten() {
            Some(of) => format!(
                ", although nobody reads {} any more",
                self.mailbox_of(actor, of)
            ),
            None => String::new(),
        }
    }

    fn end(&self) -> u64 {
        self.events.last().map_or(0, |event| event.ms)
    }

    /// What it waits for in the end, with who has that in hand.
    fn waiting_in_the_end(&self, actor: ActorId, now: u64) -> String {
        self.waiting_with(actor, &self.actors[actor].waits, now, |what| {
            self.in_whose_hands(actor, what) + &self.behind_whom(actor, what)
        })
    }

    /// " (main holds a Sender)"
    fn in_whose_hands(&self, who: ActorId, what: &Wait) -> String {
        let (of, one, several) = match what {
            // A stream has no Sender: what has its other end may write.
            Wait::Mail(of) if self.boxes[*of].kind == "wire" => return String::new(),
            // What no Sender can end: it is closed, and `recv` gives None when all is taken out and no slot is reserved.
            Wait::Mail(of) if self.boxes[*of].shut && self.boxes[*of].capacity.is_some() => {
                return " (it is closed, and a slot in it is reserved)".to_owned();
            }
            Wait::Mail(of) | Wait::Change(of) => (*of, "a Sender", "Senders"),
            Wait::Permit(of, _) => (*of, "one", "some"),
            Wait::Lock(of, _) if self.boxes[*of].kind == "oncecell" => {
                let words = self.hands(who, *of, "fills it", "fill it");
                return words.map_or_else(String::new, |words| format!(" ({words})"));
            }
            Wait::Lock(of, Access::Shared) if let Some(writer) = self.writer_before(who, *of) => {
                return format!(" (behind {}, who waits to write)", self.actor(writer));
            }
            Wait::Lock(of, _) => (*of, "it", "it"),
            Wait::Barrier(of) => {
                let have_come = self.actors.iter().flat_map(|actor| &actor.waits);
                let have_come = have_come.filter(|waits| waits.what == *what).count();
                return format!(
                    " ({have_come} of {} are there)",
                    self.boxes[*of].capacity.unwrap_or_default()
                );
            }
            Wait::Slot(of, Some(_)) if self.has_reserved_slots(*of) => {
                return " (a slot in it is reserved)".to_owned();
            }
            Wait::Slot(of, _) | Wait::Gone(of) => {
                let of = &self.boxes[*of];
                return match of.reader.filter(|&reader| of.owner != Some(reader)) {
                    Some(reader) if reader == who => " (it has the Receiver itself)".to_owned(),
                    Some(reader) => format!(" ({} has the Receiver)", self.actor(reader)),
                    None => String::new(),
                };
            }
            Wait::Answer(reply) => {
                let reply = &self.replies[*reply];
                let unknown = reply.answerer.is_none() && reply.holder.is_none();
                return if unknown {
                    " (its Sender is held outside of the recorded tasks)".to_owned()
                } else {
                    String::new()
                };
            }
            _ => return String::new(),
        };
        let elsewhere = self.boxes[of].held_elsewhere;
        match self.hands(who, of, &format!("holds {one}"), &format!("hold {several}")) {
            Some(words) if elsewhere => {
                format!(" ({words}; one more is held outside of the recorded tasks)")
            }
            Some(words) => format!(" ({words})"),
            None if elsewhere => {
                format!(" ({one} is held outside of the recorded tasks)")
            }
            // It goes to that one next.
            None if self.boxes[of].not_polled.is_some() => String::new(),
            None => format!(" (nobody holds {one})"),
        }
    }

    /// Who waits to write while others read: whoever else wants to read comes after that one. Not known where several wait to
    /// write, or where no more than some may read.
    fn writer_before(&self, reader: ActorId, of: BoxId) -> Option<ActorId> {
        let last = self.events.iter().rev().find_map(|event| match event.kind {
            Kind::Received(Got::Lock(lock, access)) if lock == of => Some(access),
            _ => None,
        });
        let writes = Wait::Lock(of, Access::Alone);
        let waits_to_write = |&actor: &ActorId| {
            let mut waits = self.actors[actor].waits.iter();
            waits.any(|waits| waits.what == writes)
        };
        let mut writers = (0..self.actors.len()).filter(waits_to_write);
        let only = writers.next().filter(|_| writers.next().is_none());
        let is_known = last == Some(Access::Shared) && self.boxes[of].capacity.is_none();
        only.filter(|&writer| writer != reader && is_known)
    }

    /// Whether a mailbox is full with fewer messages than it has slots. Not known where somebody reserves, for that may be several at once.
    fn has_reserved_slots(&self, of: BoxId) -> bool {
        let mailbox = &self.boxes[of];
        if mailbox.not_polled.is_some() || self.anybody_waits(|what| *what == Wait::Slot(of, None))
        {
            return false;
        }
        let inside = self
            .events
            .iter()
            .fold(0, |inside, event| match event.kind {
                Kind::Sent { to, .. } if to == of => inside + 1,
                Kind::Received(Got::Mail { from, .. }) if from == of => inside - 1,
                _ => inside,
            });
        mailbox
            .capacity
            .is_some_and(|slots| inside < slots as isize)
    }

    /// " (behind a future of its own, which it does not poll)": what has come to be free goes to that one first.
    fn behind_whom(&self, who: ActorId, what: &Wait) -> String {
        let (Wait::Slot(of, _) | Wait::Permit(of, _) | Wait::Lock(of, _)) = what else {
            return String::new();
        };
        match self.boxes[*of].not_polled {
            Some(other) if other == who => {
                " (behind another future of its own, which it does not poll)".to_owned()
            }
            Some(other) => {
                let other = self.actor(other);
                format!(" (behind a future of {other}, who does not poll it)")
            }
            None => String::new(),
        }
    }

    /// "it and main hold Senders"
    fn hands(&self, who: ActorId, of: BoxId, holds: &str, hold: &str) -> Option<String> {
        let holders = &self.boxes[of].holders;
        let itself = holders.contains(&who).then(|| "it".to_owned());
        let others = holders.iter().filter(|&&other| other != who);
        let mut names: Vec<String> = itself
            .into_iter()
            .chain(others.map(|&other| self.actor(other).to_owned()))
            .collect();
        if names.len() > MOST_NAMES {
            let rest = names.len() - (MOST_NAMES - 1);
            names.truncate(MOST_NAMES - 1);
            names.push(format!("{rest} others"));
        }
        let last = names.pop()?;
        Some(match names.as_slice() {
            [] if last == "it" => format!("it {holds} itself"),
            [] => format!("{last} {holds}"),
            names => format!("{} and {last} {hold}", names.join(", ")),
        })
    }

    /// Puts the place behind a name that does not tell who it is.
    fn placed(&self, actor: ActorId, sentence: String) -> String {
        let name = self.actor(actor);
        match (&self.actors[actor].spawned_at, sentence.strip_prefix(name)) {
            (Some(place), Some(rest)) => format!("{name} (spawned at {place}){rest}"),
            _ => sentence,
        }
    }

    fn has_ended(&self, actor: ActorId) -> bool {
        let mut events = self.events.iter().filter(|e| e.actor == actor);
        events.any(|event| matches!(event.kind, Kind::Ended(_)))
    }

    /// Those who have to do something before this actor can go on.
    fn waits_for(&self, actor: ActorId) -> Vec<ActorId> {
        let waits = self.actors[actor].waits.iter();
        let all = waits.flat_map(|waits| match &waits.what {
            Wait::Slot(of, _) | Wait::Gone(of) => {
                let of = &self.boxes[*of];
                of.reader.or(of.owner).into_iter().collect()
            }
            Wait::Answer(reply) => {
                let reply = &self.replies[*reply];
                reply.holder.or(reply.answerer).into_iter().collect()
            }
            Wait::Tasks(actors) => actors.clone(),
            Wait::Lock(of, Access::Shared) if let Some(writer) = self.writer_before(actor, *of) => {
                vec![writer]
            }
            Wait::Permit(of, _) | Wait::Lock(of, _) => self.boxes[*of].holders.clone(),
            _ => Vec::new(),
        });
        all.filter(|&other| !self.has_ended(other)).collect()
    }

    /// Those who could send it something, or end that: every one of them may be the one.
    fn may_hear_from(&self, actor: ActorId) -> Vec<ActorId> {
        let waits = self.actors[actor].waits.iter();
        let channels = waits.filter_map(|waits| channel_of(&waits.what));
        let holders = channels.flat_map(|of| self.boxes[of].holders.clone());
        holders.collect()
    }

    /// The shortest way from an actor back to itself.
    fn cycle_of(&self, actor: ActorId) -> Option<Vec<ActorId>> {
        let mut ways = vec![vec![actor]];
        let mut seen = vec![false; self.actors.len()];
        while let Some(way) = ways.pop() {
            for next in self.waits_for(way[way.len() - 1]) {
                if next == actor {
                    return Some(way);
                }
                if !std::mem::replace(&mut seen[next], true) {
                    ways.insert(0, [way.as_slice(), &[next]].concat());
                }
            }
        }
        None
    }

    fn chain_of(&self, actor: ActorId) -> Vec<ActorId> {
        let mut chain = vec![actor];
        loop {
            let last = chain[chain.len() - 1];
            let next = self.waits_for(last).first().copied();
            let next = next.or_else(|| {
                let others = self.may_hear_from(last);
                // What it could send itself, nobody else is to blame for.
                others.first().copied().filter(|_| !others.contains(&last))
            });
            match next {
                Some(next) if !chain.contains(&next) => chain.push(next),
                _ => return chain,
            }
        }
    }
}

/// The channel whose senders end this wait.
fn channel_of(wait: &Wait) -> Option<BoxId> {
    match wait {
        Wait::Mail(of) | Wait::Change(of) => Some(*of),
        _ => None,
    }
}
