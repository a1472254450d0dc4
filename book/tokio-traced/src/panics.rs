//! Panics while recording: an event, and not a line on the terminal.

use crate::{event::Kind, place::file_name, recorder::Recorder, turn};
use std::{
    panic::{self, Location},
    sync::{Arc, Once},
};

/// From here on, a panic of an actor that is being recorded becomes an event; any other goes to the hook that was there before.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let Some(recorder) = turn::current_recorder() else {
                return before(info);
            };
            let message = info.payload_as_str().unwrap_or("a panic without words");
            tell(&recorder, message.to_owned(), info.location());
        }));
    });
}

/// Panics at another place than this one: for a function that fails on behalf of its caller, and cannot be `#[track_caller]`.
///
/// # Panics
/// Always; outside of a recording without a line on the terminal.
pub fn panic_at(message: String, place: &Location<'_>) -> ! {
    if let Some(recorder) = turn::current_recorder() {
        tell(&recorder, message.clone(), Some(place));
    }
    panic::resume_unwind(Box::new(message));
}

fn tell(recorder: &Arc<Recorder>, message: String, place: Option<&Location<'_>>) {
    let (at, line) = match place {
        Some(place) => (
            format!("{}:{}", file_name(place), place.line()),
            recorder.line_at(place),
        ),
        None => (String::new(), 0),
    };
    recorder.push_at(line, Kind::Panicked { message, at });
}
