//! The page "Testing" shows how to test a project of one's own: here that project is made, in a folder outside of this workspace, and its tests
//! run. Nothing in it comes from this course but, where other schedules are explored, the stand-in for Tokio.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn listings() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A listing without the lines that mark its pieces.
fn listing(name: &str) -> String {
    let text = fs::read_to_string(listings().join("own").join(name)).unwrap();
    let lines = text.lines().filter(|line| !line.contains("ANCHOR"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Makes the project, with these tests, and runs them. Whether they pass, and what they say.
fn cargo_test(name: &str, manifest: &str, support: &str, tests: &[&str]) -> (bool, String) {
    let scratch = env::temp_dir().join(format!("own-project-{}", std::process::id()));
    let project = scratch.join(name);
    fs::create_dir_all(project.join("src")).unwrap();
    fs::create_dir_all(project.join("tests/support")).unwrap();
    let write = |file: &str, text: &str| fs::write(project.join(file), text).unwrap();
    write("Cargo.toml", manifest);
    let lock = listings().join("../../Cargo.lock");
    write("Cargo.lock", &fs::read_to_string(lock).unwrap());
    write("src/lib.rs", &listing("lib.rs"));
    write("tests/support/mod.rs", support);
    for test in tests {
        write(&format!("tests/{test}"), &listing(test));
    }
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--color=never", "--tests"])
        .current_dir(&project)
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("own"),
        )
        .env_remove("CARGO_MANIFEST_DIR")
        .output()
        .unwrap();
    fs::remove_dir_all(&scratch).unwrap();
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    (output.status.success(), said.concat())
}

/// Page: "Test your own project like this".
#[test]
fn a_project_of_ones_own_is_tested_like_this() {
    let (passes, said) = cargo_test(
        "usual",
        &listing("manifest.toml"),
        &listing("support.rs"),
        &["test.rs", "finds.rs", "racy.rs"],
    );
    assert!(passes, "{said}");
    for test in [
        "two_callers_get_two_numbers",
        "a_deadlock - should panic",
        "it_has_had_its_turn",
    ] {
        assert!(said.contains(&format!("test {test} ... ok")), "{said}");
    }

    // The harness of the exercises can be a dependency.
    let harness = listings().join("../../exercises/harness");
    let manifest = format!(
        "{}harness = {{ path = {harness:?} }}\n",
        listing("manifest.toml")
    );
    let (passes, said) = cargo_test(
        "harness",
        &manifest,
        &listing("support.rs"),
        &["with_harness.rs"],
    );
    assert!(
        passes && said.contains("test it_ends_with_its_handle ... ok"),
        "{said}"
    );

    // The same, in other schedules: two changes, as the page says.
    let stand_in = listings().with_file_name("tokio-traced");
    let stand_in = format!("{{ package = \"tokio-traced\", path = {stand_in:?},");
    let manifest = listing("manifest.toml").replace("{ version = \"1.53\",", &stand_in);
    let usual = listing("support.rs");
    let (support, _) = usual.split_once("const SCHEDULES").unwrap();
    let support = format!("{support}{}", listing("explored.rs"));
    let (passes, said) = cargo_test("explored", &manifest, &support, &["test.rs", "finds.rs"]);
    assert!(passes, "{said}");
    let (passes, said) = cargo_test("racy", &manifest, &support, &["racy.rs"]);
    assert!(!passes && said.contains("not yet"), "{said}");
}
