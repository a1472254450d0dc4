//! The same pages with less: no server, no JavaScript, on paper, on a phone.

use crate::support::{Page, site};
use fantoccini::key::Key;

const CHAPTERS: [&str; 2] = ["01-recipe.html", "02-run-method.html"];
const PROMISES: &str = "exercise-check > details > summary";

async fn count(page: &Page, css: &str) -> u64 {
    let shown = format!(
        "[...document.querySelectorAll('{css}')].filter(found => found.checkVisibility()).length"
    );
    page.value(&shown).await.as_u64().unwrap()
}

#[tokio::test]
async fn from_files_the_page_shows_promises_hints_and_the_command() {
    let page = Page::new().await;
    for chapter in CHAPTERS {
        page.open(&site(chapter)).await;
        assert!(count(&page, PROMISES).await > 0);
        assert!(page.text("exercise-check").await.contains("cargo test -p "));
        assert!(!page.text("exercise-check").await.contains("Run the tests"));
        page.click(PROMISES).await;
        page.click("exercise-check > details > details > summary")
            .await;
        page.sees("exercise-check > details > details > p", "")
            .await;
        assert_eq!(page.complaints().await, [""; 0]);
    }
}

#[tokio::test]
async fn without_javascript_all_is_there_to_be_unfolded() {
    let page = Page::new().await;
    page.without_javascript().await;
    for chapter in CHAPTERS {
        page.open(&site(chapter)).await;
        assert_eq!(
            page.value("document.documentElement.classList.contains('js')")
                .await,
            false
        );
        assert!(count(&page, PROMISES).await > 0);
        assert_eq!(
            count(&page, "exercise-check button, check-yourself button").await,
            0
        );
        // All hints of a promise, once it is open, and not the first alone.
        page.click(PROMISES).await;
        let hints = page.value("document.querySelectorAll('exercise-check > details')[0].querySelectorAll(':scope > details').length").await;
        assert_eq!(
            count(&page, "exercise-check > details > details > summary").await,
            hints.as_u64().unwrap()
        );
        // The question as a list, with its why.
        assert!(count(&page, "check-yourself > ol > li").await > 0);
        assert_eq!(
            count(&page, "check-yourself > details > summary").await,
            count(&page, "check-yourself").await
        );
    }
}

#[tokio::test]
async fn on_paper_every_hint_and_every_why_is_unfolded_and_no_button_is_left() {
    let page = Page::new().await;
    for chapter in CHAPTERS {
        page.open(&site(chapter)).await;
        page.as_printed().await;
        assert_eq!(count(&page, ".course-button").await, 0);
        for folded in [
            "exercise-check[step] > details > details > p",
            "check-yourself > details > p",
            "main > details pre",
        ] {
            let all = page
                .value(&format!("document.querySelectorAll('{folded}').length"))
                .await;
            assert!(all.as_u64().unwrap() > 0, "{chapter} has no {folded}");
            assert_eq!(
                count(&page, folded).await,
                all.as_u64().unwrap(),
                "{chapter}: {folded}"
            );
        }
        // The box of the whole exercise has nothing that does not stand at its steps.
        assert_eq!(
            count(&page, "exercise-check:not([step]) > details").await,
            0
        );
    }
}

#[tokio::test]
async fn the_page_that_prints_the_book_is_left_as_it_is() {
    let page = Page::new().await;
    page.open(&site("print.html")).await;
    assert!(count(&page, PROMISES).await > 0);
    assert_eq!(count(&page, ".course-button").await, 0);
    assert!(count(&page, "check-yourself > ol > li").await > 0);
    // What scrolls on a screen is cut off on paper, or makes empty pages.
    page.as_printed().await;
    assert!(count(&page, "actor-trace li").await > 1000);
    let cut = page
        .value(
            "[...document.querySelectorAll('main *')]
                .filter(box => box.scrollHeight > box.clientHeight && !['visible', 'clip'].includes(getComputedStyle(box).overflowY))
                .map(box => box.outerHTML.slice(0, 80))",
        )
        .await;
    assert_eq!(cut, serde_json::json!([]));
}

#[tokio::test]
async fn the_handout_has_all_questions_and_promises_and_no_answer() {
    let page = Page::new().await;
    page.open(&site("print.html")).await;
    let (questions, promises) = (
        count(&page, "check-yourself > ol").await,
        count(&page, PROMISES).await,
    );
    page.open(&site("print.html?handout")).await;
    assert_eq!(count(&page, "check-yourself > ol").await, questions);
    assert_eq!(count(&page, PROMISES).await, promises);
    for answer in [
        "check-yourself > details",
        "check-yourself[answer]",
        "exercise-check details details",
        "h2[id^=after-it-passes]",
        "h2[id^=in-exercise]",
    ] {
        let left = format!("document.querySelectorAll('{answer}').length");
        assert_eq!(page.value(&left).await, 0, "{answer}");
    }
    let text = page.text("main").await;
    assert!(!text.contains("A solution"));
    assert!(text.contains("Where it goes wrong") && text.contains("Further reading"));
}

#[tokio::test]
async fn on_a_phone_no_page_scrolls_sideways() {
    let page = Page::new().await;
    page.as_on_a_phone().await;
    page.open(&site("index.html")).await;
    for chapter in page.chapters().await {
        page.open(&chapter).await;
        page.assert_fits_a_phone().await;
    }
}

#[tokio::test]
async fn wide_code_scrolls_by_keyboard_and_the_page_is_not_turned() {
    let page = Page::new().await;
    page.as_on_a_phone().await;
    page.open(&site("01-recipe.html")).await;
    page.tab_to("pre > code").await;
    page.press(Key::Right).await;
    page.until("document.activeElement.scrollLeft > 0").await;
    page.until("location.pathname.endsWith('/01-recipe.html')")
        .await;
}
