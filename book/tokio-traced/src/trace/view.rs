//! What a page shows of a run: after each event, how every actor is and what lies in every mailbox.

use super::Trace;
use crate::event::{ActorId, BoxId, Ended, Event, Got, Kind, MessageId, ReplyId, Wait};

/// An actor, as a page shows it. `tone` is its colour's name.
#[derive(Clone)]
pub(super) struct ActorView {
    pub tone: &'static str,
    pub words: String,
    /// The message that it works on.
    pub hand: Option<MessageId>,
    /// The answer that it has just got, or that waits for it.
    pub answer: Option<ReplyId>,
    waits: Vec<Wait>,
}

/// A mailbox, as a page shows it.
#[derive(Clone, Default)]
pub(super) struct BoxView {
    /// `None`: a permit that is taken, or a lock.
    pub inside: Vec<Option<MessageId>>,
    /// Messages whose senders wait for a slot.
    pub outside: Vec<MessageId>,
    pub closed: bool,
}

#[derive(Clone)]
pub(super) struct View {
    pub actors: Vec<ActorView>,
    pub boxes: Vec<BoxView>,
}

/// The way of a message or an answer: from an event and an actor to a later event and its actor.
pub(super) struct Way {
    /// "mail", "reply", or "left": mail that nobody has taken leads to the mailbox's owner at the run's end.
    pub kind: &'static str,
    pub from: (usize, ActorId),
    pub to: (usize, ActorId),
}

impl ActorView {
    fn set(&mut self, tone: &'static str, words: impl Into<String>, waits: Vec<Wait>) {
        (self.tone, self.words, self.waits) = (tone, words.into(), waits);
    }
}

impl Trace {
    /// One for each event.
    pub(super) fn views(&self) -> Vec<View> {
        let absent = ActorView {
            tone: "absent",
            words: "not there yet".to_owned(),
            hand: None,
            answer: None,
            waits: Vec::new(),
        };
        let mut view = View {
            actors: vec![absent; self.actors.len()],
            boxes: vec![BoxView::default(); self.boxes.len()],
        };
        let mut views = Vec::with_capacity(self.events.len());
        for event in &self.events {
            view.take(self, event);
            views.push(view.clone());
        }
        views
    }

    pub(super) fn ways(&self) -> Vec<Way> {
        let mut sent = vec![None; self.messages.len()];
        let mut replied = vec![None; self.replies.len()];
        let mut ways = Vec::new();
        for (at, event) in self.events.iter().enumerate() {
            let here = (at, event.actor);
            let (kind, from) = match event.kind {
                Kind::Sent { message, .. } => {
                    sent[message] = Some(here);
                    continue;
                }
                Kind::Replied { reply, .. } => {
                    replied[reply] = Some(here);
                    continue;
                }
                Kind::Received(Got::Mail { message, .. }) => ("mail", sent[message]),
                Kind::Received(Got::Answer { reply, .. }) => ("reply", replied[reply]),
                _ => continue,
            };
            ways.extend(from.map(|from| Way {
                kind,
                from,
                to: here,
            }));
        }
        let last = self.views().pop();
        for (mailbox, view) in self.boxes.iter().zip(last.iter().flat_map(|v| &v.boxes)) {
            let messages = view.inside.iter().flatten();
            ways.extend(
                messages
                    .filter_map(|&message| sent[message])
                    .map(|from| Way {
                        kind: "left",
                        from,
                        to: (self.events.len() - 1, mailbox.owner.unwrap_or(0)),
                    }),
            );
        }
        ways
    }

    /// What [`Trace::sentences`] says of an actor, without its name.
    fn words(&self, actor: ActorId, sentence: &str) -> String {
        let words = sentence.strip_prefix(self.actor(actor));
        words.unwrap_or(sentence).trim().to_owned()
    }
}

impl View {
    fn take(&mut self, trace: &Trace, event: &Event) {
        let who = event.actor;
        let concludes = matches!(event.kind, Kind::Stuck | Kind::Leaked(_) | Kind::Cut(_));
        if !concludes {
            // There is one thread: who ran before has lost its turn.
            for actor in self.actors.iter_mut().filter(|a| a.tone == "running") {
                actor.set("ready", "ready", Vec::new());
            }
            let me = &mut self.actors[who];
            me.answer = None;
            if !matches!(me.tone, "ended" | "failed") {
                me.set("running", "running", Vec::new());
            }
        }
        let me = &mut self.actors[who];
        match &event.kind {
            Kind::Spawn { actor, .. } => self.actors[*actor].set("ready", "ready", Vec::new()),
            Kind::Sent { to, message } => {
                let is_mailbox = trace.boxes[*to].kind == "mpsc";
                let mailbox = &mut self.boxes[*to];
                mailbox.outside.retain(|other| other != message);
                if !is_mailbox {
                    mailbox.inside.clear();
                }
                mailbox.inside.push(Some(*message));
                self.wake(|wait| matches!(wait, Wait::Mail(of) | Wait::Change(of) if of == to));
            }
            Kind::Blocked { to, message } => {
                let words = format!("waits: {} is full", trace.mailbox(*to));
                me.set("full", words, vec![Wait::Slot(*to, Some(*message))]);
                self.boxes[*to].outside.push(*message);
            }
            Kind::Refused { to, message, .. } | Kind::Cancelled(Wait::Slot(to, Some(message))) => {
                self.boxes[*to].outside.retain(|other| other != message);
            }
            Kind::Asked(reply) => {
                let words = format!("waits for {}", trace.answer_of(*reply, who));
                me.set("asks", words, vec![Wait::Answer(*reply)]);
            }
            Kind::Waits(waits) => {
                let words = trace.words(who, &trace.waiting(who, waits, event.ms));
                let waits: Vec<Wait> = waits.iter().map(|waits| waits.what.clone()).collect();
                if waits.iter().any(|wait| matches!(wait, Wait::Mail(_))) {
                    me.hand = None;
                }
                let tone = if waits.iter().any(|wait| matches!(wait, Wait::Slot(..))) {
                    "full"
                } else if waits.iter().any(|wait| matches!(wait, Wait::Answer(_))) {
                    "asks"
                } else {
                    "waits"
                };
                me.set(tone, words, waits);
            }
            Kind::Received(Got::Mail { from, message }) => {
                me.hand = Some(*message);
                let mailbox = &mut self.boxes[*from];
                mailbox.inside.retain(|other| other != &Some(*message));
                let next = mailbox.outside.first().copied();
                self.wake(|wait| matches!(wait, Wait::Slot(_, Some(m)) if Some(*m) == next));
            }
            Kind::Received(Got::Answer {
                reply,
                answered: true,
            }) => me.answer = Some(*reply),
            Kind::Received(Got::Permit(of, permits)) => {
                let taken = std::iter::repeat_n(None, *permits);
                self.boxes[*of].inside.extend(taken);
            }
            Kind::Received(Got::Lock(of, _)) => self.boxes[*of].inside.push(None),
            Kind::Received(Got::Barrier(of)) => {
                self.wake(|wait| matches!(wait, Wait::Barrier(other) if other == of));
            }
            Kind::Notifies { of, .. } => {
                self.wake(|wait| matches!(wait, Wait::Notified(other) if other == of));
            }
            Kind::Replied { reply, taken } => {
                if let (true, Some(asker)) = (taken, trace.replies[*reply].asker) {
                    self.actors[asker].answer = Some(*reply);
                }
                self.wake(|wait| matches!(wait, Wait::Answer(of) if of == reply));
            }
            Kind::NoReply(reply) => {
                self.wake(|wait| matches!(wait, Wait::Answer(of) if of == reply));
            }
            Kind::Released { of, permits } => {
                let inside = &mut self.boxes[*of].inside;
                inside.truncate(inside.len().saturating_sub(*permits));
                self.wake(|wait| matches!(wait, Wait::Permit(other, _) | Wait::Lock(other, _) if other == of));
            }
            Kind::RxDrop { of, .. } => {
                self.boxes[*of].inside.clear();
                self.close(*of);
                self.wake(|wait| matches!(wait, Wait::Slot(other, _) if other == of));
            }
            Kind::Closed(of) => self.close(*of),
            Kind::Works(ms) => me.set("busy", format!("busy for {ms} ms"), Vec::new()),
            Kind::Ended(how) => {
                me.hand = None;
                match how {
                    Ended::Returned => me.set("ended", "ended", Vec::new()),
                    Ended::Panicked => me.set("failed", "panicked", Vec::new()),
                    Ended::Aborted => me.set("failed", "aborted", Vec::new()),
                }
                self.wake(|wait| matches!(wait, Wait::Tasks(actors) if actors.contains(&who)));
            }
            Kind::Panicked { message, at } => {
                me.set("failed", format!("panics at {at}: {message}"), Vec::new());
            }
            Kind::Leaked(_) => {
                let words = trace.words(who, &trace.leak(who));
                me.set("leaked", words, Vec::new());
            }
            Kind::Cancelled(_)
            | Kind::Received(_)
            | Kind::Wakes(_)
            | Kind::Aborts(_)
            | Kind::Joined { .. }
            | Kind::Stuck
            | Kind::Cut(_) => {}
        }
    }

    fn close(&mut self, mailbox: BoxId) {
        self.boxes[mailbox].closed = true;
        self.wake(|wait| matches!(wait, Wait::Mail(of) if *of == mailbox));
    }

    /// Whoever waits for this could go on now.
    fn wake(&mut self, comes: impl Fn(&Wait) -> bool) {
        for actor in &mut self.actors {
            if actor.waits.iter().any(&comes) {
                actor.set("ready", "ready", Vec::new());
            }
        }
    }
}
