//! axe-core has nothing to complain of, in no theme, before and after the verdict; and the browser's console is empty.

use crate::support::{Course, Page, THEMES, site};
use fantoccini::key::Key;
use std::{fs, path::Path, process::Command, sync::OnceLock};

const AXE: &str = "axe-core@4.14.1";

/// axe-core's source, fetched from npm once and kept under `target/tmp`.
fn axe() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(AXE);
        let file = folder.join("node_modules/axe-core/axe.min.js");
        if !file.exists() {
            let npm = Command::new("npm")
                .args(["install", "--no-audit", "--no-fund", AXE, "--prefix"])
                .arg(&folder)
                .output();
            let npm = npm.expect("npm is needed to fetch axe-core: apt-get install npm");
            assert!(
                npm.status.success(),
                "{}",
                String::from_utf8_lossy(&npm.stderr)
            );
        }
        fs::read_to_string(file).unwrap()
    })
}

pub async fn assert_accessible(page: &Page, what: &str) {
    page.execute(axe(), vec![]).await.unwrap();
    // Two frames: what was unfolded has its size then, and the page has made what scrolls reachable by keyboard.
    page.awaited("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        .await;
    let violations = page
        .awaited(
            "axe.run({ preload: location.protocol !== 'file:' }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
                nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`)))",
        )
        .await;
    let violations: Vec<_> = violations
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert!(violations.is_empty(), "{what}:\n{}", violations.join("\n"));
    assert_eq!(page.complaints().await, [""; 0], "{what}");
}

/// As published: no verdicts, but all recordings.
#[tokio::test]
async fn no_page_of_the_book_has_a_violation_in_any_theme() {
    let page = Page::new().await;
    page.with_less_motion().await;
    page.open(&site("index.html")).await;
    for chapter in page.chapters().await {
        page.open(&chapter).await;
        for theme in THEMES {
            page.set_theme(theme).await;
            page.unfold().await;
            assert_accessible(&page, &format!("{chapter}, {theme}")).await;
        }
    }
}

#[tokio::test]
async fn no_page_with_a_verdict_has_a_violation_in_any_theme() {
    let course = Course::start();
    let page = Page::new().await;
    page.with_less_motion().await;
    let pages = [
        ("01-recipe.html", "exercise-check summary.fails"),
        ("02-run-method.html", ".exercise-bar pre"),
    ];
    for (name, loaded) in pages {
        page.open(&course.url(name)).await;
        for theme in THEMES {
            page.set_theme(theme).await;
            page.sees(loaded, "").await;
            page.unfold().await;
            assert_accessible(&page, &format!("{name}, {theme}")).await;
        }
    }
}

#[tokio::test]
async fn answers_right_and_wrong_and_a_green_exercise_have_no_violation_in_any_theme() {
    let course = Course::start();
    course.save("01-recipe", &course.read("solutions/01-recipe/src/lib.rs"));
    let page = Page::new().await;
    page.with_less_motion().await;
    page.open(&course.url("01-recipe.html")).await;
    for theme in THEMES {
        page.set_theme(theme).await;
        page.sees("exercise-check [role=status]", "✓ All ").await;
        for choice in 1..=2 {
            page.click(&format!("check-yourself input[value='{choice}']"))
                .await;
            page.click("check-yourself button").await;
            page.until("document.querySelector('check-yourself [role=status]').innerText !== ''")
                .await;
            assert_accessible(&page, &format!("choice {choice}, {theme}")).await;
        }
    }
}

#[tokio::test]
async fn the_sidebar_closes_and_opens_by_keyboard() {
    let page = Page::new().await;
    page.open(&site("introduction.html")).await;
    let button = "button[aria-controls=mdbook-sidebar]";
    for open in ["false", "true"] {
        page.tab_to(button).await;
        page.press(Key::Enter).await;
        page.until(&format!(
            "document.querySelector('{button}').ariaExpanded === '{open}'"
        ))
        .await;
        page.until(&format!(
            "document.getElementById('mdbook-sidebar').checkVisibility() === {open}"
        ))
        .await;
    }
}
