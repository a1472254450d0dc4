//! A trace as JSON: README.md describes it.
//!
//! By hand: learners' code is compiled together with this crate, and every dependency would make them wait.

use super::{
    Trace,
    view::{ActorView, BoxView, View, Way},
};
use crate::event::{Event, Kind};
use std::fmt::{Display, Write};

impl Trace {
    /// The trace as one line of JSON, safe to be put into a `<script>`.
    pub fn json(&self) -> String {
        let actors = self.actors.iter().map(|a| text(&a.name));
        let boxes = self.boxes.iter().map(|b| {
            // What is no container is not shown with anybody.
            let owner = match b.kind {
                "rwlock" | "oncecell" | "notify" | "barrier" => None,
                _ => Some(b.owner.unwrap_or(0)),
            };
            let of = owner.map_or_else(String::new, |owner| format!("{}'s ", self.actor(owner)));
            let name = b.name.strip_prefix(of.as_str()).unwrap_or(&b.name);
            format!(
                "{{\"name\":{},\"cap\":{},\"owner\":{}}}",
                text(name),
                match (b.kind, b.capacity) {
                    ("wire", _) => "0".to_owned(),
                    (_, None) => "null".to_owned(),
                    (_, Some(cap)) => cap.to_string(),
                },
                owner.map_or_else(|| "null".to_owned(), |owner| owner.to_string()),
            )
        });
        let messages = self.messages.iter().map(|message| text(message));
        let answers = self.replies.iter().map(|reply| {
            let answer = reply.answer.as_deref();
            text(answer.unwrap_or("an answer"))
        });
        let pieces = self.pieces.iter().map(|piece| {
            list([
                text(&piece.text),
                piece.length.to_string(),
                list(&piece.lines),
            ])
        });
        let views = self.views();
        let before = std::iter::once(None).chain(views.iter().map(Some));
        let steps = self.events.iter().zip(before.zip(&views));
        format!(
            "{{\"v\":2,\"actors\":{},\"boxes\":{},\"labels\":{},\"answers\":{},\"pieces\":{},\"steps\":{},\"ways\":{},\"stuck\":{}}}",
            list(actors),
            list(boxes),
            list(messages.chain(answers)),
            self.messages.len(),
            list(pieces),
            list(steps.map(|(event, (before, after))| self.step(event, before, after))),
            list(self.ways().iter().map(way)),
            list(self.stuck_chain()),
        )
    }

    /// An event, and how everybody and everything is after it that was otherwise before.
    fn step(&self, event: &Event, before: Option<&View>, after: &View) -> String {
        let actors = changes(
            before.map(|view| view.actors.as_slice()),
            &after.actors,
            |view| self.actor_view(view),
        );
        let boxes = changes(
            before.map(|view| view.boxes.as_slice()),
            &after.boxes,
            box_view,
        );
        let mut parts = vec![
            event.ms.to_string(),
            event.actor.to_string(),
            event.line.to_string(),
            text(name(&event.kind)),
            actors,
        ];
        if boxes != "{}" {
            parts.push(boxes);
        }
        list(parts)
    }

    fn actor_view(&self, view: &ActorView) -> String {
        let message = view.hand;
        let answer = view.answer.map(|reply| self.messages.len() + reply);
        let tray: Vec<usize> = message.into_iter().chain(answer).collect();
        let mut parts = vec![text(view.tone)];
        if view.words != view.tone || !tray.is_empty() {
            parts.push(text(&view.words));
        }
        if !tray.is_empty() {
            parts.push(list(tray));
        }
        list(parts)
    }
}

/// What a page shows otherwise than before, by its index; in the beginning, all.
fn changes<T>(before: Option<&[T]>, after: &[T], json: impl Fn(&T) -> String) -> String {
    let mut changes = Vec::new();
    for (at, view) in after.iter().enumerate() {
        let view = json(view);
        if before.is_none_or(|before| json(&before[at]) != view) {
            changes.push(format!("\"{at}\":{view}"));
        }
    }
    format!("{{{}}}", changes.join(","))
}

fn box_view(view: &BoxView) -> String {
    let inside = view.inside.iter().map(|message| match message {
        Some(message) => message.to_string(),
        None => "-1".to_owned(),
    });
    let mut parts = vec![list(inside), list(&view.outside)];
    if view.closed {
        parts.push("1".to_owned());
    }
    list(parts)
}

fn way(way: &Way) -> String {
    let ((from, sender), (to, receiver)) = (way.from, way.to);
    list([
        text(way.kind),
        from.to_string(),
        sender.to_string(),
        to.to_string(),
        receiver.to_string(),
    ])
}

fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Spawn { .. } => "spawn",
        Kind::Sent { .. } => "sent",
        Kind::Blocked { .. } => "blocked",
        Kind::Cancelled(_) => "cancelled",
        Kind::Refused { .. } => "refused",
        Kind::Waits(_) => "waits",
        Kind::Received(_) => "received",
        Kind::Asked(_) => "asked",
        Kind::Replied { .. } => "replied",
        Kind::NoReply(_) => "noreply",
        Kind::Closed(_) => "closed",
        Kind::RxDrop { .. } => "rxdrop",
        Kind::Released { .. } => "released",
        Kind::Notifies { .. } => "notifies",
        Kind::Works(_) => "works",
        Kind::Wakes(_) => "wakes",
        Kind::Aborts(_) => "aborts",
        Kind::Joined { .. } => "joined",
        Kind::Panicked { .. } => "panicked",
        Kind::Ended(_) => "ended",
        Kind::Stuck => "stuck",
        Kind::Leaked(_) => "leaked",
        Kind::Cut(_) => "cut",
    }
}

fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(","))
}

/// A JSON string. `<` is written as an escape: `</script>` must not end the script.
fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '<' | '\u{2028}' | '\u{2029}' => escape(&mut quoted, letter),
            c if c.is_control() => escape(&mut quoted, c),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn escape(quoted: &mut String, letter: char) {
    // Writing to a String cannot fail.
    let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
}
