//! One file of recordings, and how it is written and compared.

use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tokio::{Recording, Trace};

/// Scenarios that stand beside each other in a page; the reader picks one.
#[derive(Clone)]
pub struct Page {
    /// The chapter's name and the file's, without its ending: "recipe/ask".
    pub name: &'static str,
    pub scenarios: Vec<Scenario>,
}

#[derive(Clone)]
pub struct Scenario {
    /// What the reader picks it by.
    pub label: String,
    pub trace: Trace,
}

/// A listing's file: its path below `listings/src`, and its text.
pub type Listing = (&'static str, &'static str);

impl Scenario {
    /// Runs `main` and records what happens in the listing.
    pub fn record(label: &str, title: &str, listing: Listing, main: impl Future) -> Self {
        let (file, source) = listing;
        // What drives a listing is in a file of the same name.
        let file = format!("listings/src/{file}");
        let trace = Recording::new(title).listing(&file, source).run(main);
        Self {
            label: label.to_owned(),
            trace,
        }
    }
}

impl Page {
    pub fn html(&self) -> String {
        let sections = self.scenarios.iter().map(|s| s.trace.fragment(&s.label));
        sections.collect()
    }

    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.html", self.name))
    }

    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let path = self.path(folder);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, self.html())
    }

    /// Compares the committed file with what the code does now, and says where they part.
    pub fn differs(&self, folder: &Path) -> io::Result<bool> {
        let path = self.path(folder);
        let committed = match fs::read_to_string(&path) {
            Ok(committed) => committed.replace("\r\n", "\n"),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                eprintln!("{}: is not there", path.display());
                return Ok(true);
            }
            Err(e) => return Err(e),
        };
        let now = self.html();
        if committed == now {
            return Ok(false);
        }
        let same = committed
            .lines()
            .zip(now.lines())
            .take_while(|(a, b)| a == b);
        let line = same.count();
        let of_line = |text: &str| text.lines().nth(line).unwrap_or("(nothing)").to_owned();
        let (before, after) = (of_line(&committed), of_line(&now));
        let same = before
            .chars()
            .zip(after.chars())
            .take_while(|(a, b)| a == b);
        let part = same.count().saturating_sub(40);
        let at = |line: &str| line.chars().skip(part).take(120).collect::<String>();
        eprintln!("{}:{}: differs", path.display(), line + 1);
        eprintln!("  committed: {}\n  now:       {}", at(&before), at(&after));
        Ok(true)
    }
}
