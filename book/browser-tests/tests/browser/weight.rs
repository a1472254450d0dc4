//! What a first visit to a chapter costs.

use crate::support::{Course, Page};

/// mdBook as it comes: 288.
const KIB_AT_MOST: f64 = 115.0;

/// A chapter's wrong answers, which are loaded when somebody wants to see them.
const ANSWERS_AT_MOST: f64 = 40.0;

#[tokio::test]
async fn each_chapter_is_light_and_asks_nobody_else() {
    let course = Course::start();
    let summary = course.read("book/src/SUMMARY.md");
    let chapters = summary.lines().filter_map(|line| {
        line.strip_prefix("- [")?
            .split_once("](")?
            .1
            .strip_suffix(".md)")
    });
    let mut visited = 0;
    for chapter in chapters {
        visit(&course, &format!("{chapter}.html")).await;
        visited += 1;
    }
    assert!(visited > 5, "{visited} chapters");
}

/// The first visit of somebody who has seen no other page.
async fn visit(course: &Course, chapter: &str) {
    let page = Page::new().await;
    page.open(&course.url(chapter)).await;
    // The verdicts' stream, which is not part of the page, opens after all that is.
    page.sees("exercise-check [role=status]", "").await;

    let requests = page
        .awaited(
            "Promise.all([...new Set([
                location.href,
                ...[...document.querySelectorAll('link[rel~=icon]')].map(icon => icon.href),
                ...performance.getEntriesByType('resource').map(entry => entry.name).filter(name => !name.includes('/api/')),
            ])].map(async url => {
                if (url.startsWith('data:')) return { url, size: 0 };
                const zipped = (await fetch(url)).body.pipeThrough(new CompressionStream('gzip'));
                return { url, size: (await new Response(zipped).arrayBuffer()).byteLength };
            }))",
        )
        .await;

    let mut total = 0.0;
    for request in requests.as_array().unwrap() {
        let (url, size) = (
            request["url"].as_str().unwrap(),
            request["size"].as_f64().unwrap(),
        );
        assert!(
            url.starts_with(&course.url("")) || url.starts_with("data:"),
            "a third party is asked: {url}"
        );
        println!(
            "{:7.1} KiB  {}",
            size / 1024.0,
            url.chars().take(100).collect::<String>()
        );
        total += size / 1024.0;
    }
    println!(
        "{total:7.1} KiB compressed, {} requests: {chapter}",
        requests.as_array().unwrap().len()
    );
    assert!(
        total <= KIB_AT_MOST,
        "{chapter}: {total:.1} KiB, at most {KIB_AT_MOST} are wanted"
    );
    let answers = page
        .awaited(
            "Promise.all(['js', 'runs.js'].map(async end => {
            const answers = await fetch(document.querySelector('.others').dataset.answers.replace(/js$/, end));
            const zipped = answers.body.pipeThrough(new CompressionStream('gzip'));
            return answers.ok ? (await new Response(zipped).arrayBuffer()).byteLength / 1024 : NaN;
        })).then(([answers, runs]) => answers + runs)",
        )
        .await;
    let answers = answers
        .as_f64()
        .unwrap_or_else(|| panic!("{chapter} has no answers to show"));
    println!("{answers:7.1} KiB of answers and their runs");
    assert!(
        answers <= ANSWERS_AT_MOST,
        "{chapter}: {answers:.1} KiB of answers, at most {ANSWERS_AT_MOST} are wanted"
    );
}
