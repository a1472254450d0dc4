//! `cargo course chapter`: begins a chapter that is a draft of the book.

use crate::{
    error::Error,
    terminal,
    workspace::{Exercise, Workspace},
};
use std::{fs, path::PathBuf};

const SUMMARY: &str = "book/src/SUMMARY.md";
const INTRODUCTION: &str = "book/src/introduction.md";

/// What a chapter consists of. What stands between two `@` is filled in, in the names of the files, too.
const TEMPLATES: [(&str, &str); 15] = [
    (
        "book/src/@folder@.md",
        include_str!("../../templates/page.md"),
    ),
    (
        "book/notes/@name@.md",
        include_str!("../../templates/notes.md"),
    ),
    (
        "book/listings/src/@crate@.rs",
        include_str!("../../templates/listing.rs"),
    ),
    (
        "book/traces/src/@crate@.rs",
        include_str!("../../templates/recording.rs"),
    ),
    (
        "exercises/@folder@/Cargo.toml",
        include_str!("../../templates/exercise.toml"),
    ),
    (
        "exercises/@folder@/src/lib.rs",
        include_str!("../../templates/exercise.rs"),
    ),
    (
        "exercises/@folder@/hints.md",
        include_str!("../../templates/hints.md"),
    ),
    (
        "exercises/@folder@/tests/@crate@.rs",
        include_str!("../../templates/tests.rs"),
    ),
    (
        "exercises/@folder@/tests/scenarios/mod.rs",
        include_str!("../../templates/scenarios.rs"),
    ),
    (
        "solutions/@folder@/Cargo.toml",
        include_str!("../../templates/solution.toml"),
    ),
    (
        "solutions/@folder@/src/lib.rs",
        include_str!("../../templates/solution.rs"),
    ),
    (
        "solutions/@folder@/stub.rs",
        include_str!("../../templates/exercise.rs"),
    ),
    (
        "solutions/@folder@/tests/@crate@.rs",
        include_str!("../../templates/solution_tests.rs"),
    ),
    (
        "solutions/@folder@/accepted/pattern.rs",
        include_str!("../../templates/accepted.rs"),
    ),
    (
        "solutions/@folder@/rejected/pattern.rs",
        include_str!("../../templates/rejected.rs"),
    ),
];

/// Begins a chapter, and says which files it wrote.
///
/// # Errors
/// As [`begin`].
pub fn chapter(workspace: &Workspace, name: &str) -> Result<u8, Error> {
    for path in begin(workspace, name)? {
        let path = path.strip_prefix(&workspace.root).unwrap_or(&path);
        terminal::say(format_args!("wrote {}", path.display()));
    }
    terminal::say(
        "\nnow write what says `todo:`, and `cargo test-book` names what is missing; `cargo course record` makes the recordings",
    );
    Ok(0)
}

/// Writes all files of a chapter, with a `todo:` wherever something belongs, and names it where the course lists its chapters.
///
/// # Errors
/// It is no draft of `SUMMARY.md`, one of its files exists already, or a list has another form than it had: then nothing is
/// written.
pub fn begin(workspace: &Workspace, name: &str) -> Result<Vec<PathBuf>, Error> {
    let root = &workspace.root;
    let draft = Draft::find(&File::read(root.join(SUMMARY))?.text, name)?;
    let marks = draft.marks(workspace);
    let fill = |text: &str| {
        marks.iter().fold(text.to_owned(), |text, (mark, words)| {
            text.replace(&format!("@{mark}@"), words)
        })
    };
    let mut files = Vec::new();
    for (path, template) in TEMPLATES {
        let path = root.join(fill(path));
        if path.exists() {
            return Err(Error::Exists(path));
        }
        let text = fill(template);
        files.push(File { path, text });
    }
    files.extend(draft.lists(workspace)?);
    for file in &files {
        file.write()?;
    }
    Ok(files.into_iter().map(|file| file.path).collect())
}

/// A chapter without a page: `- [Shared state]()`.
struct Draft {
    title: String,
    number: usize,
    name: String,
}

impl Draft {
    fn find(summary: &str, name: &str) -> Result<Self, Error> {
        let chapters = summary.lines().filter_map(|line| {
            let (title, rest) = line.trim_start().strip_prefix("- [")?.split_once("](")?;
            Some((title, rest == ")"))
        });
        let drafts = (1..).zip(chapters).filter(|(_, (_, is_draft))| *is_draft);
        let drafts: Vec<Self> = drafts
            .map(|(number, (title, _))| Self {
                title: title.to_owned(),
                number,
                name: title.to_lowercase().replace(' ', "-"),
            })
            .collect();
        let all: Vec<String> = drafts.iter().map(Self::folder).collect();
        let same = |draft: &Self| {
            draft.name == name || draft.folder() == name || name.parse() == Ok(draft.number)
        };
        drafts.into_iter().find(same).ok_or_else(|| Error::NoDraft {
            name: name.to_owned(),
            all: all.join(", "),
        })
    }

    fn folder(&self) -> String {
        format!("{:02}-{}", self.number, self.name)
    }

    fn crate_name(&self) -> String {
        self.name.replace('-', "_")
    }

    /// What is filled in.
    fn marks(&self, workspace: &Workspace) -> [(&'static str, String); 8] {
        let before = |number: usize| {
            let mut exercises = workspace.exercises.iter();
            exercises.rfind(|exercise| {
                exercise
                    .number
                    .parse()
                    .is_ok_and(|other: usize| other <= number)
            })
        };
        // What a page recalls; of the first chapters, none is so far back.
        let last = before(self.number - 1).or(workspace.exercises.first());
        let early = before(self.number.saturating_sub(3)).or(workspace.exercises.first());
        let name =
            |of: Option<&Exercise>| of.map(|exercise| exercise.name.clone()).unwrap_or_default();
        [
            ("title", self.title.clone()),
            ("number", format!("{:02}", self.number)),
            ("name", self.name.clone()),
            ("crate", self.crate_name()),
            ("folder", self.folder()),
            ("last", name(last)),
            (
                "last-folder",
                last.map(Exercise::folder_name).unwrap_or_default(),
            ),
            ("early", name(early)),
        ]
    }

    /// The files that list the chapters, with this one in their lists.
    fn lists(&self, workspace: &Workspace) -> Result<[File; 5], Error> {
        let (folder, name) = (self.folder(), self.crate_name());
        let read = |path| File::read(workspace.root.join(path));

        let mut summary = read(SUMMARY)?;
        let (draft, link) = (
            format!("[{}]()", self.title),
            format!("[{}]({folder}.md)", self.title),
        );
        summary.text = summary.text.replace(&draft, &link);

        let mut introduction = read(INTRODUCTION)?;
        let line = format!("- {link}: todo: what the reader builds");
        let page = |line: &str| Some(line.strip_prefix("- [")?.split_once("](")?.1.to_owned());
        introduction.list(
            &line,
            |other| page(other).is_some(),
            |other| page(other) > page(&line),
        )?;

        let mut manifest = read("Cargo.toml")?;
        for kind in ["exercises", "solutions"] {
            let begin = format!("    \"{kind}/");
            let line = format!("{begin}{folder}\",");
            let is_chapter = |other: &str| {
                let rest = other.strip_prefix(&begin);
                rest.is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
            };
            manifest.list(&line, is_chapter, |other| other > line.as_str())?;
        }

        let mut listings = read("book/listings/src/lib.rs")?;
        let line = format!("pub mod {name};");
        listings.list(
            &line,
            |other| other.starts_with("pub mod "),
            |other| other > line.as_str(),
        )?;

        let mut recordings = read("book/traces/src/main.rs")?;
        let line = format!("mod {name};");
        let is_chapter = |other: &str| other.starts_with("mod ") && other != "mod listings;";
        recordings.list(&line, is_chapter, |other| other > line.as_str())?;
        // In the book's order, not by name.
        let is_later = |other: &str| {
            let mut exercises = workspace.exercises.iter();
            exercises.any(|exercise| {
                self.folder() < exercise.folder_name()
                    && other.trim() == format!("{}::pages(),", exercise.crate_name())
            })
        };
        let line = format!("        {name}::pages(),");
        recordings.list(&line, |other| other.ends_with("::pages(),"), is_later)?;

        Ok([summary, introduction, manifest, listings, recordings])
    }
}

struct File {
    path: PathBuf,
    text: String,
}

impl File {
    fn read(path: PathBuf) -> Result<Self, Error> {
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    fn write(&self) -> Result<(), Error> {
        let folder = self.path.parent().unwrap_or(&self.path);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&self.path, &self.text));
        written.map_err(|source| Error::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// Adds a line to each list of lines that are `in_list`, in front of the first one that is later.
    fn list(
        &mut self,
        line: &str,
        in_list: impl Fn(&str) -> bool,
        is_later: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let mut lines: Vec<&str> = Vec::new();
        let (mut found, mut missing) = (false, false);
        for other in self.text.lines().chain([""]) {
            let begins = in_list(other) && !lines.last().is_some_and(|before| in_list(before));
            (found, missing) = (found | begins, missing | begins);
            if missing && (is_later(other) || !in_list(other)) {
                lines.push(line);
                missing = false;
            }
            lines.push(other);
        }
        if !found {
            return Err(Error::NoList {
                file: self.path.clone(),
                line: line.trim().to_owned(),
            });
        }
        self.text = lines.join("\n");
        Ok(())
    }
}
