//! What to do when cargo fails though no Rust code is wrong: found by what cargo says.

use std::env;

/// What cargo said from its first error on, without what it did before.
pub fn error(words: &str) -> &str {
    let lines = words.split_inclusive('\n').scan(0, |at, line| {
        let begin = *at;
        *at += line.len();
        Some((begin, line))
    });
    let mut errors = lines.filter(|(_, line)| line.trim_start().starts_with("error"));
    errors
        .next()
        .map_or(words, |(begin, _)| &words[begin..])
        .trim()
}

/// The next step for the person who reads cargo's words.
pub fn next_step(words: &str) -> String {
    step(words, env::var("CARGO_TARGET_DIR").ok().as_deref())
}

/// What to do where a file cannot be written.
pub fn place() -> &'static str {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(_) => "make room or rights for it, or set CARGO_TARGET_DIR to another folder",
        None => "make room or rights for it, or set CARGO_TARGET_DIR to a folder of yours",
    }
}

fn step(words: &str, target: Option<&str>) -> String {
    let says = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    let target = target.filter(|target| !target.is_empty());
    if says(&["path segment contains separator"]) {
        let which = match target {
            Some(_) => "Set CARGO_TARGET_DIR to a folder",
            None => "Rename the folder that has it, or set CARGO_TARGET_DIR to a folder",
        };
        return format!(
            "A path above contains the character that separates two paths. {which} whose path has none."
        );
    }
    if let Some(program) = never_executed(words) {
        return format!(
            "`{program}` does not start. Is it named by RUSTC_WRAPPER, RUSTC_WORKSPACE_WRAPPER or RUSTC, or in the \
             `[build]` of a .cargo/config.toml? Install it, or take that setting away."
        );
    }
    if says(&["to learn about target-specific information"]) {
        return "rustc does not take the flags or the target that it is given. They come from RUSTFLAGS, \
                CARGO_ENCODED_RUSTFLAGS or CARGO_BUILD_TARGET, or from a .cargo/config.toml."
            .to_owned();
    }
    if says(&["could not find `Cargo.toml`"]) {
        return "Run this inside the course's folder (the one that holds `exercises` and `book`)."
            .to_owned();
    }
    if says(&["toolchain"]) && says(&["is not installed"]) {
        return "`rustup show` says where that toolchain is named (RUSTUP_TOOLCHAIN, or a rust-toolchain.toml): take it away there, \
                or install it with `rustup toolchain install` and its name."
            .to_owned();
    }
    let setting = SETTINGS.iter().find(|(sign, _)| words.contains(sign));
    if let Some(name) = setting.map(|&(_, name)| name).or(variable(words)) {
        return format!(
            "Cargo does not take what {name} says (or a .cargo/config.toml, in its place): correct it, or take it away."
        );
    }
    // The numbers are the system's for: no such place, no rights, in the way, no folder, no room, read-only.
    let cannot_write = ["2)", "13)", "17)", "20)", "28)", "30)"]
        .iter()
        .any(|number| words.contains(&format!("os error {number}")));
    match target {
        Some(target) if cannot_write && words.contains(target.trim_end_matches('/')) => format!(
            "CARGO_TARGET_DIR is `{target}`, and cargo cannot build there: set it to another folder, or unset it."
        ),
        _ if says(&["os error 13)", "os error 20)", "os error 28)", "os error 30)"]) => {
            let mut step = place().to_owned();
            step.replace_range(..1, "M");
            step + "."
        }
        _ if says(&["failed to download", "resolve host", "network", "--offline"]) => {
            "The first build downloads packages: connect to the network once and check again.".to_owned()
        }
        _ if says(&["Cargo.toml", "Cargo.lock", "manifest"]) => {
            "A Cargo.toml that was changed by accident comes back with `git checkout -- PATH`, with the path of that \
             one file."
                .to_owned()
        }
        _ => "Cargo's own words are all that is known: `git status` shows whether something was changed here."
            .to_owned(),
    }
}

/// What cargo says of a setting without naming it.
const SETTINGS: [(&str, &str); 2] = [
    ("argument for --color must be", "CARGO_TERM_COLOR"),
    ("Number of parallel jobs", "CARGO_BUILD_JOBS"),
];

/// The setting that cargo names: "error in environment variable `CARGO_HTTP_TIMEOUT`: invalid digit".
fn variable(words: &str) -> Option<&str> {
    let name = words.split('`').find(|name| name.starts_with("CARGO_"))?;
    words.contains("environment variable").then_some(name)
}

/// The program that cargo could not start: "could not execute process `sccache rustc -vV` (never executed)".
fn never_executed(words: &str) -> Option<&str> {
    let (before, _) = words.split_once("` (never executed)")?;
    let (_, command) = before.rsplit_once("could not execute process `")?;
    command.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_without_what_was_done_before() {
        assert_eq!(
            error("   Compiling a v1\nerror: no\n\nCaused by:\n  this\n"),
            "error: no\n\nCaused by:\n  this"
        );
        assert_eq!(error("no such word\n"), "no such word");
    }

    #[test]
    fn each_cause_has_its_own_next_step() {
        for (words, target, advice) in [
            (
                "error: could not execute process `nowhere /a/rustc -vV` (never executed)\n\nCaused by:\n  No such file or directory (os error 2)",
                None,
                "`nowhere` does not start",
            ),
            (
                "error: failed to run `rustc` to learn about target-specific information\n  error: Unrecognized option: 'no'",
                None,
                "RUSTFLAGS",
            ),
            (
                "error: failed to join paths from `$LD_LIBRARY_PATH` together\n    \"/a:b/debug\"\n  path segment contains separator `:`",
                None,
                "Rename the folder",
            ),
            (
                "error: failed to join paths from `$LD_LIBRARY_PATH` together\n    \"/a:b/debug\"\n  path segment contains separator `:`",
                Some("/a:b"),
                ". Set CARGO_TARGET_DIR to a folder whose path has none",
            ),
            (
                "error: failed to create directory `/etc/passwd/debug`\n\nCaused by:\n  Not a directory (os error 20)",
                Some("/etc/passwd/"),
                "CARGO_TARGET_DIR is `/etc/passwd/`, and cargo cannot build there",
            ),
            (
                "error: No such file or directory (os error 2) at path \"/proc/xKYI7dF\"",
                Some("/proc/x"),
                "CARGO_TARGET_DIR is `/proc/x`",
            ),
            (
                "error: Read-only file system (os error 30) at path \"/a\"",
                None,
                "Make room or rights for it, or set CARGO_TARGET_DIR to a folder of yours.",
            ),
            (
                "error: failed to download `tokio`",
                None,
                "connect to the network",
            ),
            (
                "error: failed to parse manifest at `/a/Cargo.toml`",
                None,
                "git checkout",
            ),
            (
                "error: could not find `Cargo.toml` in `/` or any parent directory",
                None,
                "inside the course's folder",
            ),
            (
                "error: toolchain '1.12.3' is not installed\nhelp: run `rustup toolchain install` to install it",
                None,
                "rustup show",
            ),
            (
                "error: argument for --color must be auto, always, or never, but found `banana`",
                None,
                "what CARGO_TERM_COLOR says",
            ),
            (
                "error: could not parse `x`. Number of parallel jobs should be `default` or a number.",
                None,
                "what CARGO_BUILD_JOBS says",
            ),
            (
                "error: the target directory is set to an empty string in the `CARGO_TARGET_DIR` environment variable",
                Some(""),
                "what CARGO_TARGET_DIR says",
            ),
            ("error: something new", None, "git status"),
        ] {
            let step = step(words, target);
            assert!(step.contains(advice), "{words}: {step}");
        }
    }
}
