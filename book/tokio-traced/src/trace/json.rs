//! A trace as JSON: README.md describes it.
//!
//! By hand: learners' code is compiled together with this crate, and every dependency would make them wait.

use super::Trace;
use crate::event::{Cut, Ended, Event, Got, Kind, Timer, Wait};
use std::fmt::{Display, Write};

impl Trace {
    /// The trace as one line of JSON, safe to be put into a `<script>`.
    pub fn json(&self) -> String {
        let actors = self.actors.iter().map(|a| text(&a.name));
        let boxes = self.boxes.iter().map(|b| {
            format!(
                "{{\"cap\":{},\"owner\":{},\"kind\":{},\"name\":{}}}",
                or_null(b.capacity),
                or_null(b.owner),
                text(b.kind),
                text(&b.name)
            )
        });
        let messages = self.messages.iter().map(|m| text(m));
        let replies = self.replies.iter().map(|r| {
            let answer = r.answer.as_deref().map(text);
            list([
                or_null(r.message),
                or_null(r.asker),
                or_null(r.answerer),
                or_null(answer),
            ])
        });
        let pieces = self.pieces.iter().map(|p| {
            let mut piece = vec![
                p.first.to_string(),
                p.lines.to_string(),
                text(&p.text),
                p.length.to_string(),
            ];
            if !p.without.is_empty() {
                piece.push(list(p.without.iter()));
            }
            list(piece)
        });
        format!(
            "{{\"v\":1,\"title\":{},\"actors\":{},\"boxes\":{},\"msgs\":{},\"replies\":{},\"pieces\":{},\"ev\":{}}}",
            text(&self.title),
            list(actors),
            list(boxes),
            list(messages),
            list(replies),
            list(pieces),
            list(self.events.iter().map(event)),
        )
    }
}

fn event(event: &Event) -> String {
    let mut parts = vec![
        event.ms.to_string(),
        event.actor.to_string(),
        event.line.to_string(),
        text(name(&event.kind)),
    ];
    let mut add = |part: &dyn Display| parts.push(part.to_string());
    match &event.kind {
        Kind::Spawn { actor, thread } => {
            add(actor);
            if *thread {
                add(&text("thread"));
            }
        }
        Kind::Sent { to, message } | Kind::Blocked { to, message } => {
            add(to);
            add(message);
        }
        Kind::Cancelled(wait) => add(&list(self::wait(wait))),
        Kind::Refused { to, message, full } => {
            add(to);
            add(message);
            add(&text(if *full { "full" } else { "closed" }));
        }
        Kind::Waits(waits) => {
            let waits = waits.iter().map(|waits| {
                let mut parts = wait(&waits.what);
                parts.push(waits.line.to_string());
                list(parts)
            });
            add(&list(waits));
        }
        Kind::Received(got) => parts.extend(self::got(got)),
        Kind::Asked(reply) | Kind::NoReply(reply) => add(reply),
        Kind::Replied { reply, taken } => {
            add(reply);
            add(&u8::from(*taken));
        }
        Kind::Closed(of) => add(of),
        Kind::RxDrop { of, lost } => {
            add(of);
            add(lost);
        }
        Kind::Released { of, permits } => {
            add(of);
            add(permits);
        }
        Kind::Works(ms) => add(ms),
        Kind::Wakes(timer) => add(&text(timer_name(*timer))),
        Kind::Aborts(actor) => add(actor),
        Kind::Joined { actor, how } => {
            add(actor);
            add(&text(how_name(*how)));
        }
        Kind::Panicked { message, at } => {
            add(&text(message));
            add(&text(at));
        }
        Kind::Ended(how) => add(&text(how_name(*how))),
        Kind::Stuck => {}
        Kind::Leaked(boxes) => add(&list(boxes)),
        Kind::Cut(why) => add(&text(match why {
            Cut::Long => "long",
            Cut::Blocked => "blocked",
            Cut::Spins(_) => "spins",
        })),
    }
    list(parts)
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

fn wait(wait: &Wait) -> Vec<String> {
    let (name, what): (&str, Vec<String>) = match wait {
        Wait::Mail(of) => ("mail", vec![of.to_string()]),
        Wait::Slot(of, message) => ("slot", vec![of.to_string(), or_null(*message)]),
        Wait::Answer(reply) => ("answer", vec![reply.to_string()]),
        Wait::Tasks(actors) => ("tasks", vec![list(actors)]),
        Wait::Change(of) => ("change", vec![of.to_string()]),
        Wait::Permit(of, n) => ("permit", vec![of.to_string(), n.to_string()]),
        Wait::Gone(of) => ("gone", vec![of.to_string()]),
        Wait::Unwanted(reply) => ("unwanted", vec![reply.to_string()]),
        Wait::Until(timer, ms) => (timer_name(*timer), vec![ms.to_string()]),
    };
    [text(name)].into_iter().chain(what).collect()
}

fn got(got: &Got) -> Vec<String> {
    let (name, what): (&str, Vec<String>) = match got {
        Got::Mail { from, message } => ("mail", vec![from.to_string(), message.to_string()]),
        Got::End(of) => ("end", vec![of.to_string()]),
        Got::Answer { reply, answered } => (
            "answer",
            vec![reply.to_string(), u8::from(*answered).to_string()],
        ),
        Got::Change(of) => ("change", vec![of.to_string()]),
        Got::Missed(of, n) => ("missed", vec![of.to_string(), n.to_string()]),
        Got::Permit(of, n) => ("permit", vec![of.to_string(), n.to_string()]),
    };
    [text(name)].into_iter().chain(what).collect()
}

fn timer_name(timer: Timer) -> &'static str {
    match timer {
        Timer::Sleep => "sleep",
        Timer::Timeout => "timeout",
        Timer::Tick => "tick",
    }
}

fn how_name(how: Ended) -> &'static str {
    match how {
        Ended::Returned => "returned",
        Ended::Panicked => "panicked",
        Ended::Aborted => "aborted",
    }
}

fn or_null(value: Option<impl Display>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
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
