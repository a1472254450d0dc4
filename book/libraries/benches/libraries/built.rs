//! What a library costs before it runs: a project that has nothing else but the listing of the page is built from nothing.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// What came out.
pub struct Built {
    /// Processor time, for the first time. `None` where the system does not tell.
    pub took: Option<Duration>,
    /// The packages that are built, the project itself not counted.
    pub packages: usize,
}

/// Builds it.
///
/// # Panics
/// When cargo cannot build it.
pub fn built(name: &str, dependency: &str, listing: &str) -> Built {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("built")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("src")).expect("a folder can be made");
    let manifest = format!(
        "[package]\nname = \"sequencer\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}\n\n[workspace]\n"
    );
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::write(folder.join("Cargo.toml"), manifest).expect("the manifest can be written");
    fs::write(folder.join("src/lib.rs"), listing).expect("the listing can be written");
    // The same versions as here.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("there is a lock file");

    let tree = cargo(
        &folder,
        &["tree", "--edges", "normal,build", "--prefix", "none"],
    );
    let packages: BTreeSet<_> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    let before = processor_time();
    cargo(&folder, &["build"]);
    let took = processor_time().zip(before);
    let took = took.map(|(after, before)| after - before);
    let _ = fs::remove_dir_all(folder.join("target"));
    Built {
        took,
        packages: packages.len() - 1,
    }
}

/// Of all programs that this one has waited for.
fn processor_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // What comes behind the name, which may have spaces in it. Both are in hundredths of a second.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(13);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks()? + ticks()?)))
}

fn cargo(folder: &Path, arguments: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .stderr(Stdio::piped())
        .output()
        .expect("cargo can be started");
    assert!(
        output.status.success(),
        "{}: {}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
