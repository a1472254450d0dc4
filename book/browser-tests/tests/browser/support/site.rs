//! The book as plain files, as it is published.

use super::copy::Copy;
use std::{fs, sync::OnceLock};
use url::Url;

/// The `file://` address of a page of the static site, which is built once for all tests.
pub fn site(page: &str) -> String {
    static SITE: OnceLock<Url> = OnceLock::new();
    let folder = SITE.get_or_init(|| build(&Copy::fresh(), "target/site"));
    folder.join(page).unwrap().to_string()
}

/// The address of a page with recorded runs to try things on: a chapter of the tests' own, before the last one.
pub fn recorded_runs() -> String {
    static SITE: OnceLock<Url> = OnceLock::new();
    let folder = SITE.get_or_init(|| {
        let copy = Copy::fresh();
        let summary = copy.read("book/src/SUMMARY.md");
        let (before, last) = summary.trim_end().rsplit_once('\n').unwrap();
        let summary = format!("{before}\n[Recorded runs](recorded-runs.md)\n{last}\n");
        fs::write(copy.path("book/src/SUMMARY.md"), summary).unwrap();
        let page = include_str!("../pages/recorded-runs.md");
        fs::write(copy.path("book/src/recorded-runs.md"), page).unwrap();
        build(&copy, "target/recorded-runs")
    });
    folder.join("recorded-runs.html").unwrap().to_string()
}

fn build(copy: &Copy, folder: &str) -> Url {
    let folder = copy.path(folder);
    let mut course = copy.cargo_course();
    let output = course
        .args(["build", "--dest"])
        .arg(&folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Url::from_directory_path(folder).unwrap()
}
