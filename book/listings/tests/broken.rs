//! Listings that must not compile, and what the compiler says about them: `broken/NAME.rs` and `broken/NAME.stderr`.
//!
//! The words are compared on the version of rustc that wrote them; other versions have to report the same errors. After a
//! change, `BLESS=1 cargo test -p listings --test broken` writes them anew: read what changed, and whether the page still fits.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const WORDS_ARE_OF: &str = "rustc 1.95.";

#[test]
fn the_compiler_says_what_the_book_says() {
    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("broken");
    let mut names: Vec<String> = fs::read_dir(&broken)
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_str()?
                .strip_suffix(".rs")
                .map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let said = compile(&broken.join(format!("{name}.rs")), &name);
        let expected = broken.join(format!("{name}.stderr"));
        if env::var_os("BLESS").is_some() {
            fs::write(&expected, &said).unwrap();
            continue;
        }
        let book = fs::read_to_string(&expected).unwrap_or_default();
        if rustc_version().starts_with(WORDS_ARE_OF) {
            assert_eq!(
                said, book,
                "{name}: what the compiler says is not what the book shows"
            );
        } else {
            assert_eq!(
                codes(&said),
                codes(&book),
                "{name}: other errors than the book shows:\n{said}"
            );
        }
    }
}

/// What `cargo check` says about a crate that consists of this file.
fn compile(file: &Path, name: &str) -> String {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken");
    let package = scratch.join(name);
    fs::create_dir_all(package.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n[lints.rust]\nunused = \"allow\"\n\
         [dependencies]\ntokio = {{ version = \"1\", features = [\"macros\", \"rt\", \"sync\"] }}\n"
    );
    write_if_changed(&package.join("Cargo.toml"), &manifest);
    let locked = fs::read_to_string(workspace().join("Cargo.lock")).unwrap();
    write_if_changed(&package.join("Cargo.lock"), &locked);
    write_if_changed(
        &package.join("src/lib.rs"),
        &fs::read_to_string(file).unwrap(),
    );
    let output = Command::new(env!("CARGO"))
        .args([
            "check",
            "--quiet",
            "--offline",
            "--color=never",
            "--target-dir",
        ])
        .arg(scratch.join("target"))
        .current_dir(&package)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success(),
        "{name}.rs compiles, but it is here because it does not"
    );
    // What is left is the compiler's; cargo adds a last line that the book does not need.
    let said = said
        .replace("src/lib.rs", &format!("{name}.rs"))
        .replace("src\\lib.rs", &format!("{name}.rs"));
    let (compiler, _) = said
        .split_once("error: could not compile")
        .expect("cargo's last line");
    let lines = compiler.trim_end().lines().map(without_cargos_folders);
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Where cargo keeps Tokio's sources is not the same everywhere.
fn without_cargos_folders(line: &str) -> String {
    match (line.split_once("--> "), line.rfind("tokio-1.")) {
        (Some((arrow, _)), Some(from)) => {
            format!("{arrow}--> {}", line[from..].replace('\\', "/"))
        }
        _ => line.to_owned(),
    }
}

/// An unchanged file keeps its time, and cargo its cache.
fn write_if_changed(path: &Path, text: &str) {
    // cargo drops from the lock file what this package does not need; that is no change of ours.
    let is_lock = path.ends_with("Cargo.lock");
    if (is_lock && path.exists()) || fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::write(path, text).unwrap();
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rustc_version() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The error codes, `error[E0521]` and the like, in their order.
fn codes(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("error[")?.split(']').next())
        .collect()
}
