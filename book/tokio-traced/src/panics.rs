//! Panics while recording: an event, and not a line on the terminal.

use crate::{actor, event::Kind, place::file_name};
use std::{panic, sync::Once};

/// From here on, a panic of an actor that is being recorded becomes an event; any other goes to the hook that was there before.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let Some(recorder) = actor::current_recorder() else {
                return before(info);
            };
            let message = info.payload_as_str().unwrap_or("a panic without words");
            let message = message.to_owned();
            let (at, line) = match info.location() {
                Some(place) => (
                    format!("{}:{}", file_name(place), place.line()),
                    recorder.line_at(place),
                ),
                None => (String::new(), 0),
            };
            recorder.push_at(line, Kind::Panicked { message, at });
        }));
    });
}
