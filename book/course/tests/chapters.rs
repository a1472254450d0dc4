//! What each chapter must have, and the command that begins one. Of the course's tests these come first: where a chapter is not
//! written yet, theirs are the first words of a red `cargo test-book`.

use course::{
    cli::chapter::begin,
    error::Error,
    judge::{self, told},
    workspace::{Exercise, Workspace, files},
};
use std::{collections::BTreeMap, fs, path::Path};
use tempfile::TempDir;

fn course() -> Workspace {
    Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A file's name as the course's texts have it.
fn name(workspace: &Workspace, path: &Path) -> String {
    let path = path.strip_prefix(&workspace.root).unwrap();
    path.to_str().unwrap().replace('\\', "/")
}

/// The files of a chapter, and what must be in each.
fn parts(exercise: &Exercise) -> [(String, String); 14] {
    let (folder, rust) = (exercise.folder_name(), exercise.crate_name());
    let page = format!("book/src/{folder}.md");
    let tests = format!("exercises/{folder}/tests");
    let own_box = format!("<exercise-check name=\"{}\"", exercise.name);
    let included = format!("/{tests}/{rust}.rs\"]");
    [
        (page.clone(), own_box),
        (format!("book/notes/{}.md", exercise.name), "- ".into()),
        ("book/src/SUMMARY.md".into(), format!("]({folder}.md)")),
        (
            "book/src/introduction.md".into(),
            format!("]({folder}.md): "),
        ),
        ("Cargo.toml".into(), format!("\"solutions/{folder}\",")),
        (exercise.file(), format!("//! Page: {page}")),
        (
            format!("solutions/{folder}/stub.rs"),
            format!("//! Page: {page}"),
        ),
        (
            format!("{tests}/{rust}.rs"),
            "fn your_promises_hold_whatever_callers_do()".into(),
        ),
        (format!("{tests}/scenarios/mod.rs"), "use harness::".into()),
        (format!("solutions/{folder}/tests/{rust}.rs"), included),
        (
            "book/listings/src/lib.rs".into(),
            format!("pub mod {rust};"),
        ),
        (format!("book/listings/src/{rust}.rs"), "#[test]".into()),
        (
            "book/traces/src/main.rs".into(),
            format!("{rust}::pages(),"),
        ),
        (
            format!("book/traces/src/{rust}.rs"),
            "Scenario::record(".into(),
        ),
    ]
}

/// What a chapter lacks: parts, answers, hints, and words wherever `cargo course chapter` left a `todo:`.
fn missing(workspace: &Workspace, exercise: &Exercise) -> Vec<String> {
    let mut missing = Vec::new();
    let parts = parts(exercise);
    for (file, words) in &parts {
        let text = fs::read_to_string(workspace.root.join(file));
        if !text.is_ok_and(|text| text.contains(words)) {
            missing.push(format!("{file}: `{words}`"));
        }
    }
    let findings = judge::what_is_missing(exercise).unwrap().into_iter();
    missing.extend(findings.map(|finding| format!("{}: {}", finding.label, finding.what)));
    let mut written: Vec<_> = parts
        .iter()
        .map(|(file, _)| workspace.root.join(file))
        .collect();
    written.push(exercise.folder.join("hints.md"));
    written.extend(files::files(&exercise.solution));
    written.sort();
    written.dedup();
    for path in written {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let path = name(workspace, &path);
        // A learner may have notes there.
        let is_learners = path == exercise.file();
        let lines = (1..).zip(text.lines().map(str::trim));
        let left = lines.filter(|(_, line)| {
            line.contains("todo: ")
                && (!is_learners || line.starts_with("//!") || line.starts_with("///"))
        });
        missing.extend(left.map(|(number, line)| format!("{path}:{number}: {line}")));
    }
    missing
}

#[test]
fn nothing_is_missing_in_any_chapter() {
    let workspace = course();
    for exercise in &workspace.exercises {
        let missing = missing(&workspace, exercise);
        assert!(
            missing.is_empty(),
            "chapter {} is not finished, this is missing:\n  {}\n",
            exercise.folder_name(),
            missing.join("\n  ")
        );
    }
}

#[test]
fn each_chapters_page_has_the_answers_that_its_exercise_rejects() {
    let workspace = course();
    for exercise in &workspace.exercises {
        let stale = told::stale(&workspace, exercise).unwrap();
        assert_eq!(
            stale,
            None,
            "book/src/answers/{}.js",
            exercise.folder_name()
        );
    }
}

/// Their order in the summary is their number on the page.
#[test]
fn the_summary_has_each_chapter_once_in_the_order_of_its_number() {
    let summary = fs::read_to_string(course().root.join("book/src/SUMMARY.md")).unwrap();
    let lines: Vec<_> = summary
        .lines()
        .filter(|line| line.starts_with("- ["))
        .collect();
    let mut titles: Vec<_> = lines
        .iter()
        .filter_map(|line| line.split(']').next())
        .collect();
    titles.sort_unstable();
    let twice = titles.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None, "SUMMARY.md names a chapter twice");
    for (place, line) in lines.iter().enumerate() {
        let page = line.split_once("](").unwrap().1;
        if page != ")" {
            let number = format!("{:02}-", place + 1);
            assert!(page.starts_with(&number), "line {} is {line}", place + 1);
        }
    }
}

const LISTS: [&str; 5] = [
    "Cargo.toml",
    "book/src/SUMMARY.md",
    "book/src/introduction.md",
    "book/listings/src/lib.rs",
    "book/traces/src/main.rs",
];

/// The course's own lists in a folder of their own, with one more draft.
fn with_a_draft() -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let workspace = course();
    for list in LISTS {
        let mut text = fs::read_to_string(workspace.root.join(list)).unwrap();
        if list.ends_with("SUMMARY.md") {
            text.push_str("\n- [Night watch]()\n");
        }
        let copy = folder.path().join(list);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, text).unwrap();
    }
    let root = folder.path().to_owned();
    (folder, Workspace { root, ..workspace })
}

/// All files with their texts.
fn texts(workspace: &Workspace) -> BTreeMap<String, String> {
    let all = files::files(&workspace.root).into_iter();
    all.map(|path| (name(workspace, &path), fs::read_to_string(&path).unwrap()))
        .collect()
}

#[test]
fn a_draft_becomes_a_chapter_that_is_named_everywhere_and_says_what_is_to_be_written() {
    let (_folder, mut workspace) = with_a_draft();
    let before = texts(&workspace);
    begin(&workspace, "night-watch").unwrap();
    let after = texts(&workspace);

    let folder = after
        .keys()
        .find_map(|name| name.strip_prefix("exercises/")?.strip_suffix("/hints.md"));
    let folder = folder.expect("an exercise").to_owned();
    let (number, _) = folder.split_once('-').unwrap();
    let exercise = Exercise {
        number: number.to_owned(),
        name: "night-watch".to_owned(),
        folder: workspace.root.join("exercises").join(&folder),
        solution: workspace.root.join("solutions").join(&folder),
        starts_with: "not yet implemented: step 1".to_owned(),
        real_tokio: None,
    };
    for list in LISTS {
        let (mut old, mut added) = (before[list].lines().peekable(), Vec::new());
        for line in after[list].lines() {
            if old.next_if_eq(&line).is_none() {
                added.push(line.trim());
            }
        }
        let [exercise, solution] =
            ["exercises", "solutions"].map(|kind| format!("\"{kind}/{folder}\","));
        let expected = match list {
            "Cargo.toml" => vec![exercise, solution.clone(), solution],
            "book/src/introduction.md" => vec![format!(
                "- [Night watch]({folder}.md): todo: what the reader builds"
            )],
            "book/listings/src/lib.rs" => vec!["pub mod night_watch;".to_owned()],
            "book/traces/src/main.rs" => ["mod night_watch;", "night_watch::pages(),"]
                .map(str::to_owned)
                .into(),
            _ => {
                assert_eq!(
                    after[list],
                    before[list].replace("[Night watch]()", &format!("[Night watch]({folder}.md)"))
                );
                continue;
            }
        };
        assert_eq!(added, expected, "{list}");
        assert_eq!(old.next(), None, "{list}: only lines are added");
    }

    // Nothing is missing but words: that it has all its parts is judged as of any chapter.
    let missing = missing(&workspace, &exercise);
    let others: Vec<_> = missing
        .iter()
        .filter(|line| !line.contains("todo: "))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    for (name, text) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        assert!(
            !text.contains('@'),
            "{name}: a mark that is not filled in:\n{text}"
        );
        let is_asked_for = missing.iter().any(|line| line.starts_with(name.as_str()));
        assert_eq!(is_asked_for, text.contains("todo: "), "{name}");
    }

    workspace.exercises.push(exercise);
    for name in ["night-watch", &folder] {
        assert!(matches!(
            begin(&workspace, name),
            Err(Error::NoDraft { .. })
        ));
    }
    assert_eq!(texts(&workspace), after);
}

#[test]
fn nothing_is_written_for_what_is_no_draft_or_exists() {
    let (_folder, workspace) = with_a_draft();
    let before = texts(&workspace);
    for name in ["recipe", "1", "01-recipe", "night", "../night-watch", ""] {
        let error = begin(&workspace, name).unwrap_err();
        assert!(matches!(error, Error::NoDraft { .. }), "{error}");
        assert!(error.to_string().contains("-night-watch"), "{error}");
    }
    assert_eq!(texts(&workspace), before);

    let listing = workspace.root.join("book/listings/src/night_watch.rs");
    fs::write(&listing, "mine").unwrap();
    let before = texts(&workspace);
    let error = begin(&workspace, "night-watch").unwrap_err();
    assert!(
        matches!(&error, Error::Exists(file) if *file == listing),
        "{error}"
    );
    assert_eq!(texts(&workspace), before);
    fs::remove_file(&listing).unwrap();

    let manifest = workspace.root.join("Cargo.toml");
    fs::write(&manifest, "[workspace]\nmembers = [\"exercises/*\"]\n").unwrap();
    let before = texts(&workspace);
    let error = begin(&workspace, "night-watch").unwrap_err();
    assert!(matches!(error, Error::NoList { .. }), "{error}");
    assert_eq!(texts(&workspace), before);
}
