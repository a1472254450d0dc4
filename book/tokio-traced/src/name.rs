//! An actor's name, from the type of its future.

use std::any::type_name;

/// Functions that start something are not what it is.
const STARTERS: [&str; 8] = [
    "build", "create", "launch", "new", "open", "spawn", "start", "with",
];

/// `chat::Room::run::{{closure}}` is "room", `chat::sequencer::{{closure}}` is "sequencer", and a block in `fn open` is "open's task".
pub(crate) fn of<F>() -> String {
    from_type(type_name::<F>())
}

/// A closure on another thread: one in `Db::save` is "db's thread".
pub(crate) fn of_thread<F>() -> String {
    let name = of::<F>();
    let owner = name.strip_suffix("'s task").unwrap_or(&name);
    if owner == "task" {
        "thread".to_owned()
    } else {
        format!("{owner}'s thread")
    }
}

/// A type's name without its path and its parameters: `chat::Message<u8>` is "Message".
pub(crate) fn short<T>() -> String {
    let name = type_name::<T>();
    let end = name.find('<').unwrap_or(name.len());
    let start = name[..end].rfind("::").map_or(0, |at| at + 2);
    name[start..end].to_owned()
}

fn from_type(name: &str) -> String {
    // `Timeout<chat::Room::run::{{closure}}>`: the path in front of the first closure.
    let Some(end) = name.find("::{{closure}}") else {
        return "task".to_owned();
    };
    let closures = name[end..].matches("{{closure}}").count();
    let path = path_at_the_end(&name[..end]);
    let path: Vec<&str> = path.split("::").collect();
    let function = path.last().copied().unwrap_or_default();
    let parent = path.len().checked_sub(2).map(|at| path[at]);
    let of_type = parent.filter(|p| p.starts_with(char::is_uppercase));
    if let Some(of_type) = of_type {
        // A type that is only called what it is: its module tells more, but not the crate's root.
        let of_module = path
            .len()
            .checked_sub(3)
            .filter(|&at| at > 0)
            .map(|at| path[at]);
        if let (Some(module), "Actor" | "Handle") = (of_module, of_type) {
            return module.replace('_', " ");
        }
        let of_type = ["Handle", "Actor"].iter().fold(of_type, |name, end| {
            name.strip_suffix(end)
                .filter(|n| !n.is_empty())
                .unwrap_or(name)
        });
        // A block in a method is not the one whose method it is; in one that starts it, it is.
        let first_word = function.split('_').next().unwrap_or_default();
        return match closures > 1 && !STARTERS.contains(&first_word) {
            true => format!("{}'s task", words(of_type)),
            false => words(of_type),
        };
    }
    if function == "run" {
        // A free function says nothing, its module may: but not the crate's root.
        let module = parent.filter(|_| path.len() > 2);
        return module.map_or_else(|| "task".to_owned(), |m| m.replace('_', " "));
    }
    let function = function.strip_prefix("run_").unwrap_or(function);
    let plain = function.replace('_', " ");
    let first_word = plain.split(' ').next().unwrap_or_default();
    if plain.len() > 24 {
        "task".to_owned()
    } else if closures > 1 || STARTERS.contains(&first_word) {
        format!("{plain}'s task")
    } else {
        plain
    }
}

/// `Timeout<chat::Room<u8>::run` ends in the path `chat::Room::run`.
fn path_at_the_end(name: &str) -> String {
    let (mut path, mut depth) = (Vec::new(), 0);
    for letter in name.chars().rev() {
        match letter {
            '>' => depth += 1,
            '<' | '(' | ',' | ' ' | '&' if depth == 0 => break,
            '<' => depth -= 1,
            _ if depth == 0 => path.push(letter),
            _ => {}
        }
    }
    path.into_iter().rev().collect()
}

/// `ChatRoom` is "chat room".
fn words(camel: &str) -> String {
    let mut words = String::new();
    for letter in camel.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Names that occur more than once get numbers, in the order of their spawning. The first one is main, and stays it.
pub(crate) fn numbered(names: &[String]) -> Vec<String> {
    let mut numbered: Vec<String> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let is_only = names.iter().filter(|other| *other == name).count() == 1;
        let before = names[..at].iter().filter(|other| *other == name).count();
        let first_number = if names[0] == *name {
            before
        } else {
            before + 1
        };
        let mut own = match is_only || at == 0 {
            true => name.clone(),
            false => format!("{name} {first_number}"),
        };
        // `fn worker_2` may be the second worker's name already.
        for number in names.len().. {
            if !numbered.contains(&own) && (is_only || at == 0 || !names.contains(&own)) {
                break;
            }
            own = format!("{name} {number}");
        }
        numbered.push(own);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_task_is() {
        for (name, expected) in [
            ("chat::Room::run::{{closure}}", "room"),
            ("chat::ChatRoom::run::{{closure}}", "chat room"),
            ("chat::RoomHandle::new::{{closure}}", "room"),
            ("chat::room::Actor::run::{{closure}}", "room"),
            ("chat::Actor::run::{{closure}}", "actor"),
            ("chat::RoomHandle::open::{{closure}}::{{closure}}", "room"),
            ("chat::Room::run::{{closure}}::{{closure}}", "room's task"),
            ("chat::sequencer::{{closure}}", "sequencer"),
            ("chat::run_worker::{{closure}}", "worker"),
            ("chat::relay::run::{{closure}}", "relay"),
            ("chat::run::{{closure}}", "task"),
            ("chat::open::{{closure}}", "open's task"),
            ("chat::main::{{closure}}::{{closure}}", "main's task"),
            (
                "tokio::time::Timeout<chat::Room<u8>::run::{{closure}}>",
                "room",
            ),
            (
                "core::pin::Pin<alloc::boxed::Box<dyn Future<Output = ()>>>",
                "task",
            ),
        ] {
            assert_eq!(from_type(name), expected, "{name}");
        }
    }

    #[test]
    fn equal_names_get_numbers() {
        let names = ["main", "caller", "room", "caller"].map(str::to_owned);
        assert_eq!(numbered(&names), ["main", "caller 1", "room", "caller 2"]);
        let names = ["main", "worker", "worker 2", "worker", "main"].map(str::to_owned);
        let expected = ["main", "worker 1", "worker 2", "worker 5", "main 1"];
        assert_eq!(numbered(&names), expected);
    }
}
