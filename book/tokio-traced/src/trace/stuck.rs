//! Who waits for whom when nothing moves any more, and what keeps actors alive that should have ended.

use super::Trace;
use crate::event::{ActorId, BoxId, Kind, Wait};

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
            .map(|&actor| self.waiting(actor, &self.actors[actor].waits, stuck.ms))
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
    pub fn leaks(&self) -> Vec<String> {
        let leaked = self.events.iter().filter_map(|event| match &event.kind {
            Kind::Leaked(boxes) => Some(self.leak(event.actor, boxes)),
            _ => None,
        });
        leaked.collect()
    }

    pub(super) fn leak(&self, actor: ActorId, held: &[BoxId]) -> String {
        let name = self.actor(actor);
        let waits: Vec<BoxId> = self.actors[actor]
            .waits
            .iter()
            .filter_map(|waits| match waits.what {
                Wait::Mail(of) => Some(of),
                _ => None,
            })
            .collect();
        let senders: Vec<String> = held
            .iter()
            .map(|&of| match self.boxes[of].owner == Some(actor) {
                true => "a Sender of its own mailbox".to_owned(),
                false => format!("a Sender of {}", self.mailbox(of)),
            })
            .collect();
        let holds = senders.join(" and ");
        let waiting = self.waiting(actor, &self.actors[actor].waits, self.end());
        let somebody_holds = |of: &BoxId| {
            self.events.iter().any(|event| match &event.kind {
                Kind::Leaked(boxes) => boxes.contains(of),
                _ => false,
            })
        };
        if !holds.is_empty() {
            format!("{name} never ends: it holds {holds}")
        } else if waits.is_empty() || waits.iter().any(somebody_holds) {
            format!("{name} never ends: {}", waiting.replacen(name, "it", 1))
        } else {
            format!(
                "{name} never ends: it waits for mail, and a Sender of its mailbox is still somewhere outside of the tasks"
            )
        }
    }

    fn end(&self) -> u64 {
        self.events.last().map_or(0, |event| event.ms)
    }

    /// Those who have to do something before this actor can go on.
    fn waits_for(&self, actor: ActorId) -> Vec<ActorId> {
        let waits = self.actors[actor].waits.iter();
        waits
            .flat_map(|waits| match &waits.what {
                Wait::Slot(of, _) => self.boxes[*of].owner.into_iter().collect(),
                Wait::Answer(reply) => self.replies[*reply].answerer.into_iter().collect(),
                Wait::Tasks(actors) => actors.clone(),
                _ => Vec::new(),
            })
            .collect()
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
        while let Some(&next) = self.waits_for(chain[chain.len() - 1]).first() {
            if chain.contains(&next) {
                break;
            }
            chain.push(next);
        }
        chain
    }
}
