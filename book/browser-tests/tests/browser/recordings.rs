//! `<actor-trace>`: recorded runs, by keyboard, mouse and touch, on the page `pages/recorded-runs.md`.

use crate::{
    accessibility::assert_accessible,
    support::{Page, THEMES, recorded_runs},
};
use fantoccini::key::Key;
use serde_json::Value;

const ASK: &str = "actor-trace[aria-label^=An]";
const STUCK: &str = "actor-trace[aria-label^=Two]";
/// In which boxes each arrow begins and ends: "room to moderator, moderator to room".
const ARROWS: &str = "(() => {
    const path = document.querySelector('STUCK .waits-for path');
    path.scrollIntoView({ block: 'center', behavior: 'instant' });
    const arrows = path.getAttribute('d').split('M').filter(part => part.includes('L'));
    return arrows.map(arrow => arrow.split('L').map(point => {
        const { x, y } = new DOMPoint(...point.split(' ')).matrixTransform(path.getScreenCTM());
        return document.elementFromPoint(x, y)?.closest('.actor')?.querySelector('.name').firstChild.data;
    }).join(' to ')).join(', ');
})()";
const SPACE: char = ' ';

async fn open() -> Page {
    let page = Page::new().await;
    page.open(&recorded_runs()).await;
    page
}

fn button(name: &str) -> String {
    format!("{ASK} button[aria-label='{name}']")
}

/// "5 / 25"
async fn assert_at(page: &Page, step: &str) {
    let count = page.text(&format!("{ASK} .count")).await;
    assert!(count.starts_with(step), "{count}, and not {step}");
}

/// Goes to a step by way of the slider, as a script of the reader's browser would.
async fn go_to(page: &Page, trace: &str, step: u32) {
    page.value(&format!(
        "(() => {{
            const slider = document.querySelector('{trace} input[type=range]');
            slider.value = {step} - 1;
            slider.dispatchEvent(new Event('input'));
        }})()"
    ))
    .await;
}

async fn choose_ten_callers(page: &Page) {
    page.click(&format!("{ASK} label:last-of-type input")).await;
}

#[tokio::test]
async fn the_keyboard_steps_through_a_run_and_does_not_turn_the_page() {
    let page = open().await;
    let here = page.current_url().await.unwrap();
    page.tab_to(&button("Step forward")).await;
    page.press(Key::Enter).await;
    assert_at(&page, "2 / 25").await;
    let says = format!("{ASK} [role=status]");
    assert_eq!(page.text(&says).await, "Main spawns caller 1.");
    page.press(Key::Right).await;
    page.press(Key::Right).await;
    page.press(Key::Left).await;
    assert_at(&page, "3 / 25").await;
    page.press(Key::End).await;
    assert_at(&page, "25 / 25").await;
    // There is nothing beyond, neither in the run nor in the book.
    page.press(Key::Right).await;
    page.press(Key::Home).await;
    page.press(Key::Left).await;
    assert_at(&page, "1 / 25").await;

    page.tab_to(&format!("{ASK} input[type=range]")).await;
    page.press(Key::Right).await;
    assert_at(&page, "2 / 25").await;
    let value = page
        .value("document.activeElement.getAttribute('aria-valuetext')")
        .await;
    assert_eq!(value.as_str().unwrap().trim(), "step 2 of 25 0 ms");

    page.value("document.activeElement.blur()").await;
    assert_eq!(page.current_url().await.unwrap(), here);
    page.press(Key::Right).await;
    page.until("!location.pathname.endsWith('/recorded-runs.html')")
        .await;
}

#[tokio::test]
async fn a_click_anywhere_in_a_run_gives_it_the_keys() {
    let page = open().await;
    let here = page.current_url().await.unwrap();
    page.click(&format!("{ASK} .about")).await;
    page.press(Key::Right).await;
    page.press(Key::Right).await;
    assert_at(&page, "3 / 25").await;
    assert_eq!(page.current_url().await.unwrap(), here);
}

#[tokio::test]
async fn a_link_leads_to_a_step_of_a_run() {
    let page = open().await;
    choose_ten_callers(&page).await;
    go_to(&page, ASK, 9).await;
    let link = page
        .value(&format!("document.querySelector('{ASK} .count').href"))
        .await;
    let link = link.as_str().unwrap();
    assert!(
        link.ends_with("#run=an-ask-from-call-to-reply-10-callers&step=9"),
        "{link}"
    );

    let other = Page::new().await;
    other.open(link).await;
    assert_at(&other, "9 / ").await;
    let checked = format!("document.querySelector('{ASK} label:last-of-type input').checked");
    assert_eq!(other.value(&checked).await, true);
    other
        .until(&format!(
            "(() => {{
                const {{ top, bottom }} = document.querySelector('{ASK}').getBoundingClientRect();
                return top < innerHeight && bottom > 0;
            }})()"
        ))
        .await;
    assert_eq!(other.complaints().await, [""; 0]);

    // A link to another step in the same page, as in a chapter's text; one that is damaged leads to the first or the last.
    for (step, at) in [("12", "11"), ("", "0"), ("x", "0"), ("999", "range.max")] {
        other
            .value(&format!(
                "location.hash = 'run=an-ask-from-call-to-reply-10-callers&step={step}'"
            ))
            .await;
        other
            .until(&format!(
                "(range => range.value == {at})(document.querySelector('{ASK} input[type=range]'))"
            ))
            .await;
    }
}

#[tokio::test]
async fn it_plays_to_the_end_in_silence_and_space_pauses_it() {
    let page = open().await;
    let is_live = format!("document.querySelector('{ASK} [role=status]').ariaLive !== 'off'");
    page.tab_to(&format!("{ASK} input[type=range]")).await;
    page.press(SPACE).await;
    assert_eq!(page.value(&is_live).await, false);
    page.sees(&format!("{ASK} .count"), "2 / 25").await;
    page.press(SPACE).await;
    assert!(page.shows(&button("Play")).await);
    assert_eq!(page.value(&is_live).await, true);

    go_to(&page, ASK, 23).await;
    page.click(&button("Play")).await;
    assert!(page.shows(&button("Pause")).await);
    page.sees(&format!("{ASK} .count"), "25 / 25").await;
    assert!(page.shows(&button("Play")).await);
    assert_eq!(page.value(&is_live).await, true);
}

#[tokio::test]
async fn mouse_and_finger_scrub_in_the_lanes() {
    let page = open().await;
    let lanes = format!("{ASK} .scroller > svg");
    page.drag("mouse", &lanes, 0.1, 0.5).await;
    assert_at(&page, "13 / 25").await;
    page.drag("mouse", &lanes, 0.9, 0.9).await;
    assert_at(&page, "23 / 25").await;
    page.drag("touch", &lanes, 0.9, 0.1).await;
    assert_at(&page, "3 / 25").await;
}

#[tokio::test]
async fn the_boxes_show_who_waits_for_what_and_what_is_in_the_mailbox() {
    let page = open().await;
    go_to(&page, ASK, 11).await;
    let stage = page.text(&format!("{ASK} .stage")).await;
    for words in [
        "waits for room's answer",
        "busy for 1000 ms",
        "mailbox: 1 of 8",
        "Rename \"Actors\"",
    ] {
        assert!(stage.contains(words), "{words} is not in {stage}");
    }
    let running = page
        .value(&format!(
            "document.querySelectorAll('{ASK} .actor.running').length"
        ))
        .await;
    assert_eq!(running, 0);
}

#[tokio::test]
async fn the_reader_picks_one_of_several_runs() {
    let page = open().await;
    go_to(&page, ASK, 11).await;
    page.tab_to(&format!("{ASK} input[type=radio]")).await;
    page.press(Key::Right).await;
    assert_at(&page, "1 / 99").await;
    page.sees(&format!("{ASK} .about"), "Ten callers").await;
    let steps =
        format!("document.querySelectorAll('{ASK} details section:not([hidden]) li').length");
    assert_eq!(page.value(&steps).await, 99);
    let lanes = format!("{ASK} .scroller");
    let wide = format!(
        "document.querySelector('{lanes}').scrollWidth > document.querySelector('{lanes}').clientWidth"
    );
    assert_eq!(page.value(&wide).await, true);
    go_to(&page, ASK, 90).await;
    page.until(&format!("document.querySelector('{lanes}').scrollLeft > 0"))
        .await;
}

#[tokio::test]
async fn a_guess_is_asked_before_the_step_and_then_shown() {
    let page = open().await;
    let (question, next) = (format!("{ASK} check-yourself"), button("Step forward"));
    assert!(!page.shows(&question).await);
    choose_ten_callers(&page).await;
    assert!(!page.shows(&question).await);
    let covered = format!(
        "(() => {{
            const [lanes, veil] = ['svg', '.veil'].map(css => document.querySelector('{ASK} ' + css).getBoundingClientRect());
            return veil.left < lanes.right - 1;
        }})()"
    );
    assert_eq!(page.value(&covered).await, true);

    go_to(&page, ASK, 28).await;
    page.click(&button("Play")).await;
    page.sees(&question, "What happens to the ninth?").await;
    assert!(
        page.shows(&button("Play")).await,
        "it plays on over the question"
    );
    assert_at(&page, "29 / 99").await;
    page.tab_to(&format!("{question} input")).await;
    page.press(SPACE).await;
    page.press(Key::Enter).await;
    page.sees(&format!("{question} [role=status]"), "Not quite")
        .await;
    assert_at(&page, "30 / 99").await;
    page.sees(&format!("{ASK} .stage"), "room's mailbox is full")
        .await;
    assert_eq!(page.value(&covered).await, false);
    page.click(&next).await;
    assert!(!page.shows(&question).await);
}

#[tokio::test]
async fn nobody_is_held_up_by_a_guess() {
    let page = open().await;
    choose_ten_callers(&page).await;
    go_to(&page, ASK, 60).await;
    assert_at(&page, "60 / 99").await;
    assert!(!page.shows(&format!("{ASK} check-yourself")).await);
    // A reader who goes back finds it again.
    go_to(&page, ASK, 29).await;
    assert!(page.shows(&format!("{ASK} check-yourself")).await);
    page.click(&button("Step forward")).await;
    assert_at(&page, "30 / 99").await;
}

#[tokio::test]
async fn the_running_line_is_marked_in_the_listing_of_the_run_that_moves() {
    let page = open().await;
    assert!(!page.shows(".running-line").await);
    go_to(&page, ASK, 7).await;
    let marked = "(() => {
        const { top } = document.querySelector('.running-line').getBoundingClientRect();
        const range = document.createRange();
        const texts = document.createTreeWalker(document.querySelector('pre:has(.running-line) code'), NodeFilter.SHOW_TEXT);
        let words = '';
        while (texts.nextNode()) {
            for (let at = 0; at < texts.currentNode.length; at++) {
                range.setStart(texts.currentNode, at);
                range.setEnd(texts.currentNode, at + 1);
                const box = range.getBoundingClientRect();
                const middle = (box.top + box.bottom) / 2;
                words += middle > top && middle < top + 20 ? range.toString().trim() : '';
            }
        }
        return words;
    })()";
    let text = page.value(marked).await;
    assert_eq!(text, "answer.await.expect(\"theroom'staskhasended\")");
    let where_ = page.text(&format!("{ASK} .where")).await;
    assert!(where_.starts_with("answer.await.expect"), "{where_}");
    // To the line, and back.
    page.click(&format!("{ASK} .where")).await;
    page.until("location.hash === ''").await;
    page.value("history.back()").await;
    page.until("location.hash.endsWith('&step=7')").await;
    assert_at(&page, "7 / ").await;
    // A step outside of the listing.
    go_to(&page, ASK, 2).await;
    assert!(!page.shows(".running-line").await);
}

#[tokio::test]
async fn messages_move_unless_the_reader_wants_less_motion() {
    let page = open().await;
    let step = format!(
        "(() => {{
            document.querySelector(\"{}\").click();
            return document.getAnimations().filter(({{ effect }}) => effect.target.matches('.chip')).length;
        }})()",
        button("Step forward")
    );
    go_to(&page, ASK, 5).await;
    assert!(page.value(&step).await.as_u64() > Some(0));
    page.with_less_motion().await;
    go_to(&page, ASK, 5).await;
    assert_eq!(page.value(&step).await, 0);
}

#[tokio::test]
async fn a_run_that_is_stuck_says_who_waits_for_whom() {
    let page = open().await;
    go_to(&page, STUCK, 11).await;
    assert!(!page.shows(&format!("{STUCK} .actor.stuck")).await);
    go_to(&page, STUCK, 12).await;
    let says = page.text(&format!("{STUCK} [role=status]")).await;
    assert!(
        says.ends_with("Room waits for moderator's answer; moderator waits for room's answer."),
        "{says}"
    );
    let stuck = page.value(&format!("[...document.querySelectorAll('{STUCK} .actor.stuck .name')].map(name => name.firstChild.data)")).await;
    assert_eq!(stuck, serde_json::json!(["room", "moderator"]));
    let arrows = ARROWS.replace("STUCK", STUCK);
    let circle = format!("{arrows} === 'room to moderator, moderator to room'");
    page.until(&circle).await;
    go_to(&page, STUCK, 11).await;
    assert!(!page.shows(&format!("{STUCK} .waits-for")).await);
}

#[tokio::test]
async fn a_damaged_recording_says_so_and_can_still_be_read() {
    let page = open().await;
    for (label, problem) in [("Half a", "JSON"), ("A recording", "step 1")] {
        let trace = format!("actor-trace[label^='{label}']");
        page.sees(&format!("{trace} .damaged"), problem).await;
        page.sees(&format!("{trace} li"), "Main").await;
    }
    assert_eq!(page.complaints().await, [""; 0]);
}

#[tokio::test]
async fn a_script_can_make_one_of_data() {
    let page = open().await;
    page.value(
        "(() => {
            const trace = document.createElement('actor-trace');
            trace.setAttribute('label', 'Made');
            trace.append(...[...document.querySelectorAll('actor-trace section')].slice(0, 1).map(section => section.cloneNode(true)));
            document.querySelector('main').prepend(trace);
        })()",
    )
    .await;
    page.sees("actor-trace[label=Made] .stage", "running").await;
    page.value("document.querySelector('actor-trace[label=Made]').remove()")
        .await;
    assert_eq!(page.complaints().await, [""; 0]);
}

#[tokio::test]
async fn two_thousand_steps_do_not_freeze_the_page() {
    let page = open().await;
    let took = page
        .value(
            "(() => {
                const steps = [];
                for (let n = 0; n < 1000; n++) {
                    steps.push([n * 10, 0, 0, 'sent', { 0: ['running'], 1: ['ready'] }, { 0: [[n], []] }],
                        [n * 10, 1, 0, 'received', { 0: ['ready'], 1: ['running', 'running', [n]] }, { 0: [[], []] }]);
                }
                const data = { v: 2, actors: ['main', 'worker'], boxes: [{ name: 'mailbox', cap: null, owner: 1 }],
                    labels: steps.map((_, n) => `Job ${n}`), answers: 2000, pieces: [], steps, ways: steps.map((_, n) => ['mail', n, 0, n, 1]), stuck: [] };
                const section = document.createElement('section');
                section.innerHTML = '<p>Long</p><script type=\"application/json\"></script><ol></ol>';
                section.querySelector('script').textContent = JSON.stringify(data);
                section.querySelector('ol').append(...steps.map(() => Object.assign(document.createElement('li'), { textContent: 'Main does it.' })));
                const trace = document.createElement('actor-trace');
                trace.append(section);
                const start = performance.now();
                document.querySelector('main').prepend(trace);
                trace.querySelector('[value=End]').click();
                trace.querySelector('[value=ArrowLeft]').click();
                trace.getBoundingClientRect();
                return performance.now() - start;
            })()",
        )
        .await;
    let took = took.as_f64().unwrap();
    println!("made and moved twice in {took:.0} ms");
    assert!(took < 2000.0, "{took} ms");
}

#[tokio::test]
async fn without_javascript_and_on_paper_a_run_is_told_in_sentences() {
    let page = Page::new().await;
    page.without_javascript().await;
    page.open(&recorded_runs()).await;
    let seen = "[...document.querySelectorAll('actor-trace li')].filter(item => item.checkVisibility()).length";
    // Both runs of the first, with the choices of its question; then the others.
    let all = page
        .value("document.querySelectorAll('actor-trace li').length")
        .await;
    assert!(all.as_u64() > Some(130));
    assert_eq!(page.value(seen).await, all);
    assert!(!page.shows("actor-trace button").await);

    let page = open().await;
    page.as_printed().await;
    assert!(
        page.shows(&format!("{ASK} details section:not([hidden]) li"))
            .await
    );
    for gone in [".stage", ".tools", ".lanes", ".say"] {
        assert!(!page.shows(&format!("{ASK} {gone}")).await, "{gone}");
    }
    let columns = page
        .value(&format!(
            "getComputedStyle(document.querySelector('{ASK} details ol')).columnCount"
        ))
        .await;
    assert_eq!(columns, "3");
}

#[tokio::test]
async fn the_page_that_prints_the_book_tells_every_run() {
    let page = Page::new().await;
    page.open(&recorded_runs().replace("recorded-runs.html", "print.html"))
        .await;
    assert!(page.shows("actor-trace > section > ol > li").await);
    assert!(!page.shows("actor-trace button").await);
}

#[tokio::test]
async fn recorded_runs_fit_a_phone() {
    let page = Page::new().await;
    page.as_on_a_phone().await;
    page.open(&recorded_runs()).await;
    page.assert_fits_a_phone().await;
    choose_ten_callers(&page).await;
    go_to(&page, ASK, 40).await;
    page.assert_fits_a_phone().await;
    let buttons = page.value(&format!(
        "[...document.querySelectorAll('{ASK} .tools button')].every(button => button.offsetWidth >= 24 && button.offsetHeight >= 24)"
    )).await;
    assert_eq!(buttons, Value::Bool(true));
}

#[tokio::test]
async fn recorded_runs_have_no_violation_in_any_theme() {
    let page = Page::new().await;
    page.with_less_motion().await;
    // Themes are kept with the site: one of its pages has to be open.
    page.open(&recorded_runs()).await;
    for theme in THEMES {
        page.set_theme(theme).await;
        page.unfold().await;
        for (step, stuck_at) in [(7, 12), (14, 8)] {
            go_to(&page, ASK, step).await;
            go_to(&page, STUCK, stuck_at).await;
            assert_accessible(&page, &format!("step {step}, {theme}")).await;
        }
        choose_ten_callers(&page).await;
        go_to(&page, ASK, 29).await;
        assert_accessible(&page, &format!("ten callers, {theme}")).await;
    }
}
