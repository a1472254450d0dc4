//! What the actor does whose turn it is: the shadowed types tell it.

use crate::{
    event::{ActorId, BoxId, Cut, Got, Kind, MessageId, ReplyId},
    label::Label,
    place::{Place, file_name},
    recorder::Recorder,
    state::{Message, Phase, ReplyState},
    turn,
};
use std::{mem, panic, sync::Arc, thread};

/// Operations of one task without coming back from its poll: far more than any listing needs.
const STEPS_IN_ONE_TURN: u32 = 100_000;
/// And in turns that only Tokio ended, or a `yield_now`.
const STEPS_WITHOUT_A_WAIT: u32 = 200_000;

/// Thrown through a task that never comes back from its poll.
struct GivenUp;

impl Recorder {
    pub fn push(self: &Arc<Self>, place: Option<Place>, kind: Kind) {
        self.push_at(self.line(place), kind);
    }

    pub fn push_at(self: &Arc<Self>, line: u32, kind: Kind) {
        let actor = self.me();
        self.state().push(actor, line, kind);
    }

    /// The actor that runs on this thread now.
    pub fn me(self: &Arc<Self>) -> ActorId {
        turn::current(self).unwrap_or_else(|| {
            let mut state = self.state();
            match state.others {
                Some(others) => others,
                None => {
                    let others = state.add_actor("unknown task".to_owned());
                    *state.others.insert(others)
                }
            }
        })
    }

    pub fn spawned(self: &Arc<Self>, place: Option<Place>, name: String, thread: bool) -> ActorId {
        let actor = {
            let mut state = self.state();
            let actor = state.add_actor(name);
            state.actors[actor].spawned_at =
                place.map(|place| format!("{}:{}", file_name(place), place.line()));
            actor
        };
        self.push(place, Kind::Spawn { actor, thread });
        actor
    }

    /// The task that reads a mailbox first is its owner.
    pub fn reads(self: &Arc<Self>, mailbox: BoxId) {
        let me = self.me();
        self.state().boxes[mailbox].owner.get_or_insert(me);
    }

    /// The receiver is dropped. In the end, that tells who had it.
    pub fn receiver_dropped(self: &Arc<Self>, of: BoxId) {
        let me = self.me();
        let mut state = self.state();
        if state.phase == Phase::Aftermath {
            state.boxes[of].reader.get_or_insert(me);
        }
    }

    pub fn sender_dropped(self: &Arc<Self>, to: BoxId) {
        let me = self.me();
        let mut state = self.state();
        state.boxes[to].held -= 1;
        if state.phase == Phase::Aftermath {
            state.held.push((me, to));
        }
        if state.boxes[to].held == 0 {
            state.push(me, 0, Kind::Closed(to));
        }
    }

    pub fn new_reply(self: &Arc<Self>) -> ReplyId {
        let me = self.me();
        let mut state = self.state();
        state.replies.push(ReplyState::default());
        let reply = state.replies.len() - 1;
        state.actors[me].unsent_reply = Some(reply);
        reply
    }

    /// A message that somebody is about to send.
    pub fn new_message(self: &Arc<Self>, mut label: Label) -> MessageId {
        let me = self.me();
        let mut state = self.state();
        let message = state.messages.len();
        // Without a word from `Debug`, the reply channel that was made for this message may be the one made last. Who got the
        // message tells in the end whether that is true.
        let made_last = state.actors[me].unsent_reply.take();
        if cfg!(not(feature = "debug")) {
            label.replies.extend(made_last);
        }
        for &reply in &label.replies {
            state.replies[reply].message = Some(message);
        }
        state.messages.push(Message {
            label,
            by: me,
            sent: false,
            waits: false,
        });
        message
    }

    pub fn sent(self: &Arc<Self>, place: Option<Place>, to: BoxId, message: MessageId) {
        if !mem::replace(&mut self.state().messages[message].sent, true) {
            self.push(place, Kind::Sent { to, message });
        }
    }

    pub fn received(self: &Arc<Self>, place: Option<Place>, from: BoxId, message: MessageId) {
        let mut state = self.state();
        // Another thread can only tell after it has sent, and this one may be faster.
        if !mem::replace(&mut state.messages[message].sent, true) {
            let by = state.messages[message].by;
            state.push(by, 0, Kind::Sent { to: from, message });
        }
        drop(state);
        self.push(place, Kind::Received(Got::Mail { from, message }));
    }

    pub fn no_reply(self: &Arc<Self>, reply: ReplyId) {
        let me = self.me();
        let mut state = self.state();
        if state.phase == Phase::Aftermath {
            state.replies[reply].holder.get_or_insert(me);
        } else if !state.replies[reply].unwanted {
            state.replies[reply].answerer.get_or_insert(me);
            state.push(me, 0, Kind::NoReply(reply));
        }
    }

    pub fn replied(
        self: &Arc<Self>,
        place: Option<Place>,
        reply: ReplyId,
        answer: Label,
        taken: bool,
    ) {
        let me = self.me();
        {
            let reply = &mut self.state().replies[reply];
            (reply.answer, reply.answerer) = (Some(answer), Some(me));
        }
        self.push(place, Kind::Replied { reply, taken });
    }

    /// The actor that runs now waits for this answer.
    pub fn asks(self: &Arc<Self>, reply: ReplyId) {
        let me = self.me();
        self.state().replies[reply].asker = Some(me);
    }

    /// One operation that does not wait. Ends a task that does nothing else: its poll would never return.
    pub fn step(self: &Arc<Self>) {
        let me = self.me();
        let mut state = self.state();
        let actor = &mut state.actors[me];
        actor.steps += 1;
        actor.busy_steps += 1;
        let comes_back = actor.steps <= STEPS_IN_ONE_TURN;
        if actor.busy_steps > STEPS_WITHOUT_A_WAIT && comes_back {
            state.cut(Cut::Spins(me));
        } else if !comes_back && !thread::panicking() {
            state.cut(Cut::Spins(me));
            drop(state);
            panic::resume_unwind(Box::new(GivenUp));
        }
    }
}
