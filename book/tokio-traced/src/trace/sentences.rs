//! A trace in plain words: one sentence for each event.

use super::Trace;
use crate::event::{Access, ActorId, BoxId, Cut, Ended, Event, Got, Kind, Timer, Wait, Waits};

impl Trace {
    /// What happens, a sentence for each event. The time is said whenever it has moved on.
    pub fn sentences(&self) -> Vec<String> {
        let mut teller = Teller::new(self);
        let mut last_ms = 0;
        let mut sentences = Vec::new();
        for (position, event) in self.events.iter().enumerate() {
            let mut sentence = capitalized(&teller.tell(event));
            let main_ends = event.actor == 0 && matches!(event.kind, Kind::Ended(Ended::Returned));
            if main_ends && position + 1 < self.events.len() {
                sentence += " In a program the runtime would end with it; here it goes on.";
            }
            if event.ms != last_ms {
                sentence = format!("At {} ms: {sentence}", event.ms);
                last_ms = event.ms;
            }
            sentences.push(sentence);
        }
        sentences
    }

    /// "room's answer", as in "main waits for room's answer".
    pub(super) fn awaited(&self, who: ActorId, what: &Wait, now: u64) -> String {
        match what {
            Wait::Mail(of) => self.mail(who, *of),
            Wait::Slot(of, _) => format!("a slot in {}", self.mailbox_of(who, *of)),
            Wait::Answer(reply) => self.answer_of(*reply, who),
            Wait::Tasks(actors) => match actors.as_slice() {
                [] => "a task to end".to_owned(),
                [only] if *only == who => "its own end".to_owned(),
                [only] => format!("{} to end", self.actor(*only)),
                few if few.len() <= 3 => {
                    let names: Vec<_> = few.iter().map(|a| self.actor(*a)).collect();
                    format!("one of {} to end", names.join(", "))
                }
                many => format!("one of {} tasks to end", many.len()),
            },
            Wait::Change(of) => format!("{} to change", self.mailbox(*of)),
            Wait::Permit(of, n) => format!("{} of {}", permits(*n), self.mailbox(*of)),
            Wait::Lock(of, access) => match (self.boxes[*of].kind, access) {
                ("rwlock", Access::Shared) => format!("{}, to read", self.mailbox(*of)),
                ("rwlock", Access::Alone) => format!("{}, to write", self.mailbox(*of)),
                ("oncecell", _) => format!("{} to be filled", self.mailbox(*of)),
                _ => self.mailbox(*of).to_owned(),
            },
            Wait::Notified(of) => format!("a notification from {}", self.mailbox(*of)),
            Wait::Barrier(of) => format!("{} to come to {}", self.all_of(*of), self.mailbox(*of)),
            Wait::Gone(of) => format!("the end of everybody who reads {}", self.mailbox(*of)),
            Wait::Unwanted(_) => "whoever asked to give up".to_owned(),
            Wait::NotRecorded => "something that is not recorded".to_owned(),
            Wait::Rest => "all others to wait".to_owned(),
            Wait::Until(Timer::Sleep, until) => {
                format!("{} ms to pass", until.saturating_sub(now))
            }
            Wait::Until(Timer::Timeout, until) => {
                format!("at most {} ms", until.saturating_sub(now))
            }
            Wait::Until(Timer::Tick, until) => {
                format!("the next tick, in {} ms", until.saturating_sub(now))
            }
        }
    }

    /// "main waits for room's answer, at most 5 ms"
    pub(super) fn waiting(&self, who: ActorId, waits: &[Waits], now: u64) -> String {
        self.waiting_with(who, waits, now, |_| String::new())
    }

    /// The same, with `more` to say of each thing.
    pub(super) fn waiting_with(
        &self,
        who: ActorId,
        waits: &[Waits],
        now: u64,
        more: impl Fn(&Wait) -> String,
    ) -> String {
        let name = self.actor(who);
        let is_limit = |w: &&Waits| matches!(w.what, Wait::Until(Timer::Timeout, _));
        let (limits, others): (Vec<_>, Vec<_>) = waits.iter().partition(is_limit);
        let words = |w: &&Waits| self.awaited(who, &w.what, now);
        let limits: String = limits.iter().map(|w| format!(", {}", words(w))).collect();
        let more = |w: &&Waits| more(&w.what);
        match others.as_slice() {
            [] => format!("{name} waits for something that is not recorded{limits}"),
            [only] => format!("{name} waits for {}{}{limits}", words(only), more(only)),
            several => {
                // Of a kind, and what each of that kind is about.
                let mut kinds: Vec<(String, String, Vec<String>)> = Vec::new();
                for w in several {
                    let (words, more, about) = (words(w), more(w), self.about(&w.what));
                    match kinds.iter_mut().find(|(w, m, _)| (w, m) == (&words, &more)) {
                        Some((.., abouts)) => abouts.push(about),
                        None => kinds.push((words, more, vec![about])),
                    }
                }
                let several = kinds.iter().flat_map(|(words, more, abouts)| {
                    let alike = abouts.iter().all(String::is_empty);
                    let few = abouts.len() <= 2 && !alike;
                    let told = if few { abouts.as_slice() } else { &abouts[..1] };
                    let others = match abouts.len() - told.len() {
                        0 => String::new(),
                        n if alike => format!(" ({} times)", n + 1),
                        n => format!(" and {n} others"),
                    };
                    told.iter()
                        .map(move |about| format!("{words}{about}{others}{more}"))
                });
                let told = several.collect::<Vec<_>>().join("; ");
                let words = match kinds.as_slice() {
                    [(.., abouts)] if abouts.iter().all(String::is_empty) => told,
                    _ => format!("several things: {told}"),
                };
                format!("{name} waits for {words}{limits}")
            }
        }
    }

    /// What tells two waits of the same kind apart: "room's answer to Topic".
    fn about(&self, what: &Wait) -> String {
        let (word, message) = match what {
            Wait::Answer(reply) => ("to", self.replies[*reply].message),
            Wait::Slot(_, message) => ("for", *message),
            _ => return String::new(),
        };
        message.map_or_else(String::new, |m| format!(" {word} {}", self.message(m)))
    }

    fn mail(&self, who: ActorId, of: BoxId) -> String {
        let own = self.boxes.iter().filter(|b| b.owner == Some(who));
        match self.boxes[of].kind {
            "mpsc" if own.count() == 1 => "mail".to_owned(),
            "wire" => format!("bytes on {}", self.mailbox_of(who, of)),
            _ => format!("mail in {}", self.mailbox_of(who, of)),
        }
    }

    /// Whether somebody who spins waits for something else now and then.
    fn waits_between(&self, who: ActorId) -> bool {
        let own = self.events.iter().rev().filter(|e| e.actor == who);
        let last_end = |e: &&Event| matches!(e.kind, Kind::Received(Got::End(_)));
        let mut ends = 0;
        let last = own.take_while(|e| {
            ends += usize::from(last_end(e));
            ends < 3
        });
        let mut last = last.map(|event| &event.kind);
        last.any(|kind| matches!(kind, Kind::Waits(_) | Kind::Blocked { .. } | Kind::Asked(_)))
    }

    /// "all 3"
    fn all_of(&self, barrier: BoxId) -> String {
        format!("all {}", self.boxes[barrier].capacity.unwrap_or_default())
    }

    /// "its own mailbox"
    pub(super) fn mailbox_of(&self, who: ActorId, of: BoxId) -> String {
        let owner = format!("{}'s ", self.actor(who));
        match self.mailbox(of).strip_prefix(&owner) {
            Some(mailbox) => format!("its own {mailbox}"),
            None => self.mailbox(of).to_owned(),
        }
    }
}

/// Goes through the events and keeps in mind what a sentence needs to know of those before.
struct Teller<'a> {
    trace: &'a Trace,
    /// Messages in each box, or permits taken.
    filled: Vec<usize>,
    /// Messages that wait for a slot.
    blocked: Vec<bool>,
    /// Who is at work, rather than waiting for a timer.
    works: Vec<bool>,
    /// The newest message in each box.
    newest: Vec<Option<usize>>,
}

impl<'a> Teller<'a> {
    fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            filled: vec![0; trace.boxes.len()],
            blocked: vec![false; trace.messages.len()],
            works: vec![false; trace.actors.len()],
            newest: vec![None; trace.boxes.len()],
        }
    }

    fn tell(&mut self, event: &Event) -> String {
        let trace = self.trace;
        let who = trace.actor(event.actor);
        match &event.kind {
            Kind::Spawn { actor, thread } => {
                let place = if *thread { " on another thread" } else { "" };
                format!("{who} spawns {}{place}.", trace.actor(*actor))
            }
            Kind::Sent { to, message } => self.sent(event.actor, *to, *message),
            Kind::Blocked { to, message } => {
                self.blocked[*message] = true;
                format!(
                    "{} is full: {who} waits for a slot, to send {}.",
                    trace.mailbox(*to),
                    trace.message(*message)
                )
            }
            Kind::Cancelled(Wait::Slot(to, Some(message))) => format!(
                "{who} gives up sending {} to {}.",
                trace.message(*message),
                trace.mailbox_of(event.actor, *to)
            ),
            Kind::Cancelled(what) => format!(
                "{who} no longer waits for {}.",
                trace.awaited(event.actor, what, event.ms)
            ),
            Kind::Refused { to, message, full } => {
                let (mailbox, message) = (trace.mailbox(*to), trace.message(*message));
                if *full {
                    format!("{mailbox} is full: {who} has {message} back.")
                } else {
                    format!("nobody reads {mailbox} any more: {who} has {message} back.")
                }
            }
            Kind::Waits(waits) => format!("{}.", trace.waiting(event.actor, waits, event.ms)),
            Kind::Received(got) => self.received(event.actor, got),
            Kind::Asked(reply) => {
                format!("{who} waits for {}.", trace.answer_of(*reply, event.actor))
            }
            Kind::Replied { reply, taken } => {
                let reply = &trace.replies[*reply];
                let answer = reply.answer.as_deref().unwrap_or("something");
                match reply.asker {
                    _ if !taken => {
                        format!("{who} answers {answer}, but nobody waits for it any more.")
                    }
                    Some(asker) => format!("{who} answers {}: {answer}.", trace.actor(asker)),
                    None => format!("{who} answers {answer}."),
                }
            }
            Kind::NoReply(reply) => {
                let question = match trace.replies[*reply].message {
                    Some(message) => format!("the reply to {}", trace.message(message)),
                    None => "the sender of a oneshot channel".to_owned(),
                };
                format!("{who} drops {question}: no answer will come.")
            }
            Kind::Closed(of) => format!(
                "{who} drops the last sender of {}: it is closed.",
                trace.mailbox_of(event.actor, *of)
            ),
            Kind::RxDrop { of, lost } => {
                let lost = match lost {
                    0 => String::new(),
                    1 => ", and with it a message that nobody has read".to_owned(),
                    n => format!(", and with it {n} messages that nobody has read"),
                };
                format!("{who} drops {}{lost}.", trace.mailbox_of(event.actor, *of))
            }
            Kind::Released { of, permits: n } => {
                self.filled[*of] = self.filled[*of].saturating_sub(*n);
                let (n, mailbox) = (permits(*n), trace.mailbox(*of));
                match trace.boxes[*of].kind {
                    "semaphore" => format!("{who} gives {n} back to {mailbox}{}.", self.free(*of)),
                    "oncecell" => format!("{who} no longer fills {mailbox}."),
                    _ => format!("{who} unlocks {mailbox}."),
                }
            }
            Kind::Notifies { of, all: true } => {
                format!(
                    "{who} notifies all who wait for {} now.",
                    trace.mailbox(*of)
                )
            }
            Kind::Notifies { of, all: false } => format!(
                "{who} notifies one who waits for {}, or else the next one who will.",
                trace.mailbox(*of)
            ),
            Kind::Works(ms) => {
                self.works[event.actor] = true;
                format!("{who} is busy for {ms} ms and hears nothing meanwhile.")
            }
            Kind::Wakes(Timer::Sleep) if std::mem::take(&mut self.works[event.actor]) => {
                format!("{who} is done with that.")
            }
            Kind::Wakes(Timer::Sleep) => {
                format!("{who} has waited long enough: its timer goes off.")
            }
            Kind::Wakes(Timer::Timeout) => format!("{who} has waited long enough: time is up."),
            Kind::Wakes(Timer::Tick) => format!("{who} gets a tick of its interval."),
            Kind::Aborts(actor) => format!("{who} aborts {}.", trace.actor(*actor)),
            Kind::Joined { actor, how } => {
                let how = match how {
                    Ended::Returned => "has ended",
                    Ended::Panicked => "has panicked",
                    Ended::Aborted => "was aborted",
                };
                format!("{who} learns that {} {how}.", trace.actor(*actor))
            }
            Kind::Panicked { message, at } => format!("{who} panics at {at}: {message}"),
            Kind::Ended(Ended::Returned) => format!("{who} ends."),
            Kind::Ended(Ended::Panicked) => format!("{who} ends by its panic."),
            Kind::Ended(Ended::Aborted) => format!("{who} is aborted."),
            Kind::Stuck => {
                let why = trace.why_stuck().unwrap_or_default();
                let until = match trace.waits_for_a_timer() {
                    true => "until a timer goes off",
                    false => "any more",
                };
                format!("Stuck: nothing can run {until}. {}.", capitalized(&why))
            }
            Kind::Leaked(_) => format!("{}.", trace.leak(event.actor)),
            Kind::Cut(Cut::Long) => format!(
                "The recording stops here: after {} steps, it is long enough.",
                trace.events.len() - 1
            ),
            Kind::Cut(Cut::Restless) => format!(
                "The recording stops here: after {} steps, it is long enough. The tasks go on and on: there was no moment in which all of them wait.",
                trace.events.len() - 1
            ),
            Kind::Cut(Cut::Blocked) => {
                "The recording stops here: a thread is blocked, and nothing else happens."
                    .to_owned()
            }
            Kind::Cut(Cut::Spins(_)) if trace.waits_between(event.actor) => format!(
                "The recording stops here: {who} spins. What it reads is closed, and it goes on to read it."
            ),
            Kind::Cut(Cut::Spins(_)) => format!(
                "The recording stops here: {who} spins. It runs again and again and never has to wait."
            ),
        }
    }

    fn sent(&mut self, who: ActorId, to: BoxId, message: usize) -> String {
        let trace = self.trace;
        let (name, what) = (trace.actor(who), trace.message(message));
        let mailbox = trace.mailbox_of(who, to);
        self.newest[to] = Some(message);
        match trace.boxes[to].kind {
            "watch" => return format!("{name} sets {mailbox} to {what}."),
            "broadcast" => return format!("{name} sends {what} to {mailbox}."),
            "wire" => return format!("{name} writes {what}: it is on {mailbox}."),
            _ => {}
        }
        self.filled[to] += 1;
        let filled = match trace.boxes[to].capacity {
            Some(capacity) => format!("{} of {capacity}", self.filled[to]),
            None => format!("{}, unbounded", self.filled[to]),
        };
        let again = match self.blocked[message] {
            true => "There is a slot again: ",
            false => "",
        };
        format!("{again}{name} puts {what} into {mailbox} ({filled}).")
    }

    fn received(&mut self, actor: ActorId, got: &Got) -> String {
        let trace = self.trace;
        let who = trace.actor(actor);
        match *got {
            Got::Mail { from, message } if trace.boxes[from].kind == "mpsc" => {
                self.filled[from] = self.filled[from].saturating_sub(1);
                let left = match self.filled[from] {
                    0 => "none left".to_owned(),
                    n => format!("{n} left"),
                };
                let from = trace.mailbox_of(actor, from).replace("its own ", "its ");
                format!(
                    "{who} takes {} out of {from} ({left}).",
                    trace.message(message)
                )
            }
            Got::Mail { from, message } if trace.boxes[from].kind == "wire" => {
                format!("{who} reads {}.", trace.message(message))
            }
            Got::Mail { message, .. } => format!("{who} hears {}.", trace.message(message)),
            Got::End(of) if trace.boxes[of].kind == "mpsc" => {
                let of = trace.mailbox_of(actor, of).replace("its own ", "its ");
                format!("{who} finds {of} empty and closed: recv gives None.")
            }
            Got::End(of) if trace.boxes[of].kind == "wire" => {
                format!(
                    "{who} reads the end: nothing more comes on {}.",
                    trace.mailbox(of)
                )
            }
            Got::End(of) => format!("{who} finds {} closed.", trace.mailbox(of)),
            Got::Answer {
                reply,
                answered: true,
            } => {
                let answer = trace.replies[reply].answer.as_deref();
                format!("{who} has its answer: {}.", answer.unwrap_or("something"))
            }
            Got::Answer { .. } => {
                format!("{who} gets a RecvError instead of an answer: none will come.")
            }
            Got::Change(of) => match self.newest[of] {
                Some(value) => format!("{who} sees the new value: {}.", trace.message(value)),
                None => format!("{who} sees the first value."),
            },
            Got::Missed(of, n) => {
                format!(
                    "{who} was too slow for {}: it missed {n} messages.",
                    trace.mailbox(of)
                )
            }
            Got::Permit(of, n) => {
                self.filled[of] += n;
                let (n, mailbox) = (permits(n), trace.mailbox(of));
                format!("{who} takes {n} of {mailbox}{}.", self.free(of))
            }
            Got::Lock(of, access) => match (trace.boxes[of].kind, access) {
                ("rwlock", Access::Shared) => {
                    format!("{who} locks {}, to read.", trace.mailbox(of))
                }
                ("rwlock", Access::Alone) => {
                    format!("{who} locks {}, to write.", trace.mailbox(of))
                }
                ("oncecell", _) => format!("{who} begins to fill {}.", trace.mailbox(of)),
                _ => format!("{who} locks {}.", trace.mailbox(of)),
            },
            Got::Notified(of) => format!("{who} is notified by {}.", trace.mailbox(of)),
            Got::Barrier(of) => format!(
                "{who} passes {}: {} have come.",
                trace.mailbox(of),
                trace.all_of(of)
            ),
        }
    }

    fn free(&self, of: BoxId) -> String {
        let capacity = self.trace.boxes[of].capacity.unwrap_or_default();
        format!(" ({} free)", capacity.saturating_sub(self.filled[of]))
    }
}

fn permits(n: usize) -> String {
    match n {
        1 => "a permit".to_owned(),
        n => format!("{n} permits"),
    }
}

fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
