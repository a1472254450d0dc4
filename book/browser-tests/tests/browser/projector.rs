//! The page on a projector of 1280 by 720: key `p`.

use crate::support::{Page, site};
use fantoccini::key::Key;
use std::collections::BTreeSet;

/// Listings with too many lines for one screen, by page and first line. This list only shrinks: shorten the listing, or divide it.
const TOO_LONG: [&str; 2] = [
    "06-select.html: use tokio::sync::{mpsc, oneshot};",
    "09-cycles.html: #[derive(Debug)]",
];

/// In pixels of such a screen; what is smaller cannot be read from the last row.
const LETTERS: f64 = 13.0;

/// What does not fit the screen that is shown, each run of a player looked at.
const MISFITS: &str = "(() => {
    const found = [];
    for (const block of document.querySelectorAll('main > :is(pre, .side-by-side, .drawing, actor-trace)')) {
        if (!block.checkVisibility()) continue;
        const radios = [...block.querySelectorAll('.top input')];
        for (const radio of [...radios.slice(1), radios[0]]) {
            radio?.click();
            const box = block.getBoundingClientRect();
            const drawing = block.matches('actor-trace') ? null : block.querySelector('svg');
            const code = block.matches('actor-trace') ? block : block.querySelector('text, code');
            const lines = [block, ...block.querySelectorAll('pre > code, :scope > code')];
            const isWide = !block.matches('actor-trace') && lines.some(line => line.scrollWidth > line.clientWidth);
            const letters = parseFloat(getComputedStyle(code).fontSize) * code.currentCSSZoom
                * (drawing ? drawing.clientWidth / drawing.viewBox.baseVal.width : 1);
            if (box.bottom > innerHeight || box.right > innerWidth || isWide || letters < SMALLEST) {
                found.push(block.getAttribute('label') ?? code.textContent.trim().split('\\n')[0]);
            }
        }
    }
    return found;
})()";

const IS_ON: &str = "document.documentElement.classList.contains('projector')";

/// Its script is loaded by the key.
async fn begin(page: &Page) {
    page.press('p').await;
    page.until(IS_ON).await;
}

/// "3 / 17": the screen, and how many there are.
async fn place(page: &Page) -> (usize, usize) {
    let text = page.text(".projector-count").await;
    let (at, of) = text.split_once(" / ").unwrap();
    (at.parse().unwrap(), of.parse().unwrap())
}

#[tokio::test]
async fn every_run_and_every_listing_fits_a_projector() {
    let page = Page::new().await;
    page.as_on_a_projector().await;
    page.open(&site("index.html")).await;
    let misfits = MISFITS.replace("SMALLEST", &LETTERS.to_string());
    let mut found = BTreeSet::new();
    let chapters = page.chapters().await.into_iter();
    // The sidebar has places of the open page, too.
    for chapter in chapters.filter(|chapter| !chapter.contains('#')) {
        // As if it were opened alone, and not from the chapter before.
        page.value("sessionStorage.clear()").await;
        page.open(&chapter).await;
        begin(&page).await;
        let (_, screens) = place(&page).await;
        for screen in 1..=screens {
            assert_eq!(place(&page).await, (screen, screens), "{chapter}");
            let here = page.value(&misfits).await;
            let name = chapter.rsplit('/').next().unwrap();
            let here = here.as_array().unwrap().iter();
            found.extend(here.map(|what| format!("{name}: {}", what.as_str().unwrap())));
            if screen < screens {
                page.press(Key::PageDown).await;
            }
        }
    }
    let known = TOO_LONG.map(str::to_owned);
    assert_eq!(found, BTreeSet::from(known));
}

#[tokio::test]
async fn keys_and_clickers_turn_it_and_the_next_chapter_goes_on() {
    let page = Page::new().await;
    page.as_on_a_projector().await;
    page.open(&site("01-recipe.html")).await;
    assert!(page.shows(".menu-title").await);
    begin(&page).await;
    for gone in [".menu-title", "#mdbook-sidebar"] {
        assert!(!page.shows(gone).await, "{gone}");
    }
    let (first, screens) = place(&page).await;
    assert_eq!(first, 1);
    page.press(Key::PageDown).await;
    assert_eq!(place(&page).await.0, 2);
    // Another window holds more, and still shows the same.
    let heading = "[...document.querySelectorAll('main > *')].find(part => part.checkVisibility()).textContent";
    let before = page.value(heading).await;
    page.as_on_a_phone().await;
    page.until(&format!(
        "!document.querySelector('.projector-count').textContent.endsWith(' {screens}')"
    ))
    .await;
    assert_eq!(page.value(heading).await, before);
    page.as_on_a_projector().await;
    page.until(&format!(
        "document.querySelector('.projector-count').textContent.endsWith(' {screens}')"
    ))
    .await;
    page.press(Key::PageUp).await;
    assert_eq!(place(&page).await.0, 1);
    for _ in 1..screens {
        page.press(Key::PageDown).await;
    }
    assert_eq!(place(&page).await.0, screens);
    page.press(Key::PageDown).await;
    page.until("location.pathname.endsWith('/02-run-method.html')")
        .await;
    page.until(IS_ON).await;
    assert_eq!(place(&page).await.0, 1);

    page.press(Key::Escape).await;
    assert_eq!(page.value(IS_ON).await, false);
    assert!(page.shows(".menu-title").await);
    page.load_again().await;
    assert_eq!(page.value(IS_ON).await, false);
    assert_eq!(page.complaints().await, [""; 0]);
}

/// Somebody who answered at home does not give the answer away.
#[tokio::test]
async fn an_answer_that_is_remembered_is_hidden_until_it_is_asked_for() {
    const QUESTION: &str = "check-yourself:not([answer*=\",\"])";
    let page = Page::new().await;
    page.as_on_a_projector().await;
    page.open(&site("01-recipe.html")).await;
    let choice = page
        .value(&format!(
            "document.querySelector('{QUESTION}').getAttribute('answer')"
        ))
        .await;
    let choose = format!("{QUESTION} input[value=\"{}\"]", choice.as_str().unwrap());
    page.click(&choose).await;
    page.click(&format!("{QUESTION} button")).await;
    page.load_again().await;
    page.sees(&format!("{QUESTION} .feedback"), "Right").await;
    assert!(page.shows(&format!("{QUESTION} > details")).await);

    begin(&page).await;
    let is_shown = format!("document.querySelector('{QUESTION}').checkVisibility()");
    while page.value(&is_shown).await == false {
        page.press(Key::PageDown).await;
    }
    assert_eq!(page.text(&format!("{QUESTION} .feedback")).await, "");
    assert!(!page.shows(&format!("{QUESTION} > details")).await);
    let chosen = format!("document.querySelectorAll('{QUESTION} :checked').length");
    assert_eq!(page.value(&chosen).await, 0);

    page.click(&choose).await;
    page.click(&format!("{QUESTION} button")).await;
    page.sees(&format!("{QUESTION} .feedback"), "Right").await;
    page.sees(&format!("{QUESTION} > details"), "").await;
}

#[tokio::test]
async fn a_letter_that_somebody_types_is_a_letter() {
    let page = Page::new().await;
    page.open(&site("01-recipe.html")).await;
    begin(&page).await;
    page.press('p').await;
    page.press('s').await;
    page.until("document.activeElement.matches('input')").await;
    page.press('p').await;
    assert_eq!(page.value(IS_ON).await, false);
}
