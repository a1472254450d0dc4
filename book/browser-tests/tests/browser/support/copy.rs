//! The workspace once more, as in a fresh clone, where tests may write into it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A space and a letter outside of ASCII: paths like this are where tools break.
const NAME: &str = "the café";

/// There is one copy, at the same place in each run, so that what Cargo has built in it can be used again. Only one test has it at a time.
static ONLY: Mutex<()> = Mutex::new(());

/// A copy of the workspace as it is in the working tree, without what git ignores. Nothing else is in it but its own `target`.
pub struct Copy {
    root: PathBuf,
    _only: MutexGuard<'static, ()>,
}

impl Copy {
    pub fn fresh() -> Self {
        let only = ONLY.lock().unwrap_or_else(PoisonError::into_inner);
        let original = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .canonicalize()
            .unwrap();
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(NAME);
        let files = files(&original);
        remove_others(&root, &root, &files);
        for file in files {
            let to = root.join(&file);
            let content = fs::read(original.join(&file)).unwrap();
            // An untouched file keeps its time, and Cargo what it has built from it.
            if fs::read(&to).is_ok_and(|old| old == content) {
                continue;
            }
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, content).unwrap();
        }
        Self { root, _only: only }
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Saves an exercise's `src/lib.rs`, as the learner's editor does.
    pub fn save(&self, exercise: &str, answer: &str) {
        fs::write(
            self.path(&format!("exercises/{exercise}/src/lib.rs")),
            answer,
        )
        .unwrap();
    }

    /// `cargo course …` in this copy, and in no other target folder than its own.
    pub fn cargo_course(&self) -> Command {
        let mut command = Command::new("cargo");
        command
            .arg("course")
            .current_dir(&self.root)
            .env_remove("CARGO_TARGET_DIR");
        command
    }

    /// The processes that run a program from this copy's `target`, or did until it was built again.
    pub fn running_tests_of(&self, exercise: &str) -> Vec<PathBuf> {
        let program = self.path(&format!("target/debug/deps/{exercise}-"));
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let programs =
            processes.filter_map(|process| fs::read_link(process.path().join("exe")).ok());
        programs
            .filter(|path| {
                path.to_string_lossy()
                    .starts_with(&*program.to_string_lossy())
            })
            .collect()
    }
}

/// What git has or would take.
fn files(original: &Path) -> Vec<PathBuf> {
    let mut git = Command::new("git");
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ])
    .current_dir(original);
    let output = git.output().expect("git is needed to copy the workspace");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).unwrap();
    let files = names.split_terminator('\0').map(PathBuf::from);
    files.filter(|file| original.join(file).is_file()).collect()
}

fn remove_others(root: &Path, folder: &Path, files: &[PathBuf]) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let inside = path.strip_prefix(root).unwrap();
        if inside == Path::new("target") {
            continue;
        }
        if path.is_dir() {
            remove_others(root, &path, files);
        } else if !files.iter().any(|file| file == inside) {
            fs::remove_file(path).unwrap();
        }
    }
}
