//! `cargo course pack`: the whole course in one archive, for machines without a network: sources, all crates, the built book and
//! START.txt.

use crate::{
    error::{Error, advice},
    live::book,
    process::{echo, group::Group},
    terminal,
    workspace::{Workspace, cargo_program, files},
};
use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};
use tokio::{process::Command, task::spawn_blocking};

/// The archive's only folder.
const NAME: &str = "actors-with-tokio";

/// What is packed: the course, and nothing else that lies in its folder.
pub const PACKED: [&str; 14] = [
    ".cargo",
    ".devcontainer",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".vscode",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "book",
    "exercises",
    "solutions",
];

/// All crates are in the folder; nobody is asked for them.
const CONFIG: &str = "
# Made by `cargo course pack`: the crates are in `vendor`, and no network is needed.
[source.crates-io]
replace-with = \"vendored-sources\"
[source.vendored-sources]
directory = \"vendor\"
[net]
offline = true
";

const START: &str = "Actors with Tokio, to go
========================

1. You need Rust 1.95 or later, with its linker. It is not in here. `rustc --version` says whether you have it.
2. Unpack this archive to your own disk, not on the stick, to a place where programs may run. It needs 2 GB there.
   `tar -xzf` and the archive's name does it, also on Windows. Then open a terminal in the unpacked folder.
3. Run

       cargo course

   The first start compiles for one to three minutes, without a network, and prints an address: open it in a browser.
   Begin with exercises/01-recipe/src/lib.rs.

`cargo course ready` builds everything beforehand, and ends with one line for your trainer.
To read alone, without Rust, open read/index.html.
Nothing that you build comes back here: `target` may be deleted at any time.
";

/// Makes the archive, at `destination` or under the target folder, and says how large it is.
///
/// # Errors
/// A file cannot be read or written; cargo has not all crates and no network; the book does not build; there is no `tar`.
///
/// # Cancel safety
/// Dropping the future ends the processes. The archive appears when it is whole.
pub async fn pack(workspace: &Workspace, destination: Option<PathBuf>) -> Result<u8, Error> {
    let begin = Instant::now();
    let outer = workspace.course_folder().join("pack");
    let stage = outer.join(NAME);
    let destination_is_given = destination.is_some();
    let archive = destination.unwrap_or_else(|| outer.join(format!("{NAME}.tar.gz")));
    let archive = std::path::absolute(&archive).map_err(failed(&archive))?;
    // Now, and not after half a minute of work.
    let folder = archive.parent().unwrap_or(&archive);
    let what = match destination_is_given {
        true if archive.is_dir() => {
            Some("it is a folder, so add a name, as in --dest FOLDER/actors-with-tokio.tar.gz")
        }
        true if !folder.is_dir() => Some("its folder is not there, so make that first"),
        _ => None,
    };
    if let Some(what) = what {
        return Err(Error::Archive {
            path: archive,
            what,
        });
    }
    clear(&stage)?;

    terminal::note(terminal::quiet("copying the sources …"));
    for name in PACKED {
        copy(workspace, &workspace.root.join(name), &stage)?;
    }
    for exercise in &workspace.exercises {
        let folder = stage.join("exercises").join(exercise.folder_name());
        let source = folder.join("src");
        // Yours stays here. Chapter 16's program is no answer.
        let program = read(&source.join("main.rs")).ok();
        clear(&source)?;
        if let Some(program) = program {
            write(&source.join("main.rs"), &program)?;
        }
        write(&source.join("lib.rs"), &read(&exercise.stub())?)?;
    }
    write(&stage.join("START.txt"), START.as_bytes())?;

    terminal::note(terminal::quiet("collecting the crates …"));
    let mut vendor = Command::new(cargo_program());
    vendor
        .args(["vendor", "--locked", "--manifest-path"])
        .arg(stage.join("Cargo.toml"))
        .arg(stage.join("vendor"))
        .current_dir(&workspace.root);
    run(vendor, "cargo vendor").await?;
    let config = stage.join(".cargo").join("config.toml");
    // One that was made in a pack has it already.
    let before = fs::read_to_string(&config).unwrap_or_default();
    if !before.contains(CONFIG) {
        write(&config, format!("{before}{CONFIG}").as_bytes())?;
    }

    terminal::note(terminal::quiet("building the book …"));
    let (source, into) = (workspace.root.join("book"), stage.join("read"));
    let scratch = workspace.course_folder().join("pack-sources");
    let built = spawn_blocking(move || book::build(&source, &into, &scratch)).await;
    for warning in built.map_err(|panic| Error::Book(panic.to_string()))?? {
        terminal::warn(&warning);
    }

    terminal::note(terminal::quiet("packing …"));
    let part = archive.with_extension("part");
    // Windows has it, too.
    let mut tar = Command::new("tar");
    tar.arg("-czf").arg(&part).arg("-C").arg(&outer).arg(NAME);
    run(tar, "tar").await?;
    fs::rename(&part, &archive).map_err(failed(&archive))?;
    clear(&stage)?;

    let bytes = fs::metadata(&archive).map_err(failed(&archive))?.len();
    terminal::say(format_args!(
        "{}: {:.0} MB, made in {} s\ntry it where there is no network: unpack it, and run `cargo course ready` in there",
        terminal::strong(archive.display()),
        bytes as f64 / 1e6,
        begin.elapsed().as_secs()
    ));
    Ok(0)
}

/// A file, or all files of a folder that are no results of a build.
fn copy(workspace: &Workspace, from: &Path, stage: &Path) -> Result<(), Error> {
    let files = match from.is_dir() {
        true => files::files(from),
        false if from.is_file() => vec![from.to_owned()],
        false => Vec::new(),
    };
    let built_book = workspace.root.join("book").join("book");
    for file in files {
        let is_built = file.starts_with(&workspace.target)
            || file.starts_with(&built_book)
            || file
                .components()
                .any(|part| part.as_os_str() == OsStr::new("target"));
        if is_built {
            continue;
        }
        let copy = stage.join(file.strip_prefix(&workspace.root).unwrap_or(&file));
        write(&copy, &read(&file)?)?;
    }
    Ok(())
}

async fn run(mut command: Command, name: &str) -> Result<(), Error> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    echo::to_pipe(&mut command, false);
    let mut process = Group::spawn(command).map_err(|source| Error::Program {
        name: name.to_owned(),
        words: source.to_string(),
        next: "install it, or check that it is in the PATH".to_owned(),
    })?;
    let mut said = echo::lines(process.take_stderr(), false);
    let mut words = String::new();
    while let Some(line) = said.next().await {
        words.push_str(&echo::words(&line));
        words.push('\n');
    }
    match process.wait().await {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Error::Program {
            name: name.to_owned(),
            words: advice::error(&words).to_owned(),
            next: advice::next_step(&words),
        }),
    }
}

fn clear(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(folder)(error)),
        _ => Ok(()),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|source| Error::Read {
        path: file.to_owned(),
        source,
    })
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = file.parent().unwrap_or(file);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(file, bytes));
    written.map_err(failed(file))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Write { path, source }
}
