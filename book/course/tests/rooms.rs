//! The program's rooms: small, and in layers.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A folder with more files than this tells a newcomer nothing.
const FILES: usize = 12;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The rooms, the lowest first, as `lib.rs` has them.
fn rooms() -> Vec<String> {
    let lib = fs::read_to_string(source().join("lib.rs")).unwrap();
    let rooms = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    rooms.map(str::to_owned).collect()
}

/// The files of a room, by the folders that they are in. A part of a room may have a folder of its own.
fn folders(room: &str) -> Vec<Vec<PathBuf>> {
    let mut folders = vec![vec![source().join(room).with_extension("rs")]];
    let mut open = vec![source().join(room)];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let entries = entries.map(|entry| entry.unwrap().path());
        let (inner, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        open.extend(inner);
        folders.push(files);
    }
    folders
}

/// The rooms that a file names in its `use crate::{…}`.
fn used(text: &str) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    for (at, start) in text.match_indices("crate::") {
        let (mut depth, mut begin) = (0, at + start.len());
        for (at, letter) in text.bytes().enumerate().skip(begin) {
            match letter {
                b'a'..=b'z' | b'_' | b' ' | b'\n' => continue,
                b'{' => depth += 1,
                b'}' => depth -= 1,
                // The end of a name: what stands in a room's own braces belongs to it.
                _ if depth <= 1 => _ = used.insert(text[begin..at].trim()),
                _ => {}
            }
            begin = at + 1;
            if depth == 0 {
                break;
            }
        }
    }
    used
}

#[test]
fn no_room_uses_one_above_it() {
    let rooms = rooms();
    assert!(rooms.len() > 5, "{rooms:?}");
    for (layer, room) in rooms.iter().enumerate() {
        for file in folders(room).concat() {
            let text = fs::read_to_string(&file).unwrap();
            let used = used(&text);
            let above = rooms[layer + 1..]
                .iter()
                .find(|other| used.contains(other.as_str()));
            assert_eq!(above, None, "{} uses a room above its own", file.display());
        }
    }
}

#[test]
fn a_room_has_about_ten_files() {
    let rooms = rooms();
    let top = fs::read_dir(source()).unwrap().count();
    assert!(
        top <= 2 * rooms.len() + 2,
        "a file in `src` that is no room"
    );
    for room in rooms {
        for files in folders(&room) {
            let count = files.len();
            assert!(
                count < FILES,
                "a folder of {room} has {count} files: divide it"
            );
        }
    }
}
