//! The repository's address is set in one place, `git-repository-url` in `book/book.toml`. All others that name it follow.
//!
//! After a change, `BLESS=1 cargo test -p course --test address` carries it to them.

use course::workspace::Workspace;
use std::{env, fs, path::Path};

/// Each of them says where to clone from, or links to the repository.
const NAMED_IN: [&str; 4] = [
    "book/book.toml",
    "README.md",
    "CHANGELOG.md",
    "book/src/how-to-use.md",
];

/// The value of a key of `book.toml`.
fn value<'a>(config: &'a str, key: &str) -> &'a str {
    let line = config.lines().find_map(|line| line.strip_prefix(key));
    let value = line.and_then(|line| line.strip_prefix(" = \"")?.strip_suffix('"'));
    value.unwrap_or_else(|| panic!("book/book.toml: where is `{key} = \"…\"`?"))
}

#[test]
fn the_repositorys_address_is_the_same_everywhere() {
    let root = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR")))
        .unwrap()
        .root;
    let config = fs::read_to_string(root.join("book/book.toml")).unwrap();
    let address = value(&config, "git-repository-url");
    let edit = value(&config, "edit-url-template");
    let before = edit.split_once("/edit/").expect("…/edit/BRANCH/…").0;
    let site = |address: &str| {
        let name = address.rsplit('/').next().unwrap();
        format!("site-url = \"/{name}/\"")
    };
    for file in NAMED_IN {
        let path = root.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let current = text
            .replace(before, address)
            .replace(&site(before), &site(address));
        if env::var_os("BLESS").is_some() {
            fs::write(&path, &current).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text == current && text.contains(address),
            "{file} does not name {address}: run `BLESS=1 cargo test -p course --test address`"
        );
    }
    let config = fs::read_to_string(root.join("book/book.toml")).unwrap();
    assert!(config.contains(&site(address)), "{}", site(address));
}
