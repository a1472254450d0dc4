//! The page with `cargo course` behind it. A save is a write to `src/lib.rs`, and no test reloads the page after it.

use crate::support::{Course, Page};
use std::time::Duration;
use tokio::time::{sleep, timeout};

const EXERCISE: &str = "01-recipe";
const CHAPTER: &str = "01-recipe.html";
const FIRST: &str = "exercise-check > details:nth-of-type(1)";
/// Of the box of the whole exercise; the steps have boxes of their own.
const STATUS: &str = "exercise-check:not([step]) .state";

/// Never awaits, so that no time-out inside of its runtime can end it.
const NEVER_ENDS: &str = "
#[derive(Clone)]
pub struct SequencerHandle;

impl SequencerHandle {
    pub fn new() -> Self {
        Self
    }

    pub async fn next_number(&self) -> u64 {
        loop {
            std::hint::spin_loop();
        }
    }
}
";

/// How many tests the chapter's exercise has.
fn all(course: &Course) -> usize {
    let hints = course.read("exercises/01-recipe/hints.md");
    hints.matches("data-test=").count()
}

/// What is said of the exercise as it comes.
fn none_pass(course: &Course) -> String {
    format!("0 of {} pass", all(course))
}

/// What is said of the solution.
fn all_pass(course: &Course) -> String {
    format!("All {} pass", all(course))
}

/// The chapter's page with the verdict on the exercise as it comes: red.
async fn open_chapter(course: &Course) -> Page {
    let page = Page::new().await;
    page.open(&course.url(CHAPTER)).await;
    page.sees(STATUS, &none_pass(course)).await;
    page.sees(".exercise-bar .note", "Watching: save, and it runs.")
        .await;
    page.value("window.sameVisit = true").await;
    page
}

async fn assert_no_reload(page: &Page) {
    assert_eq!(
        page.value("window.sameVisit === true").await,
        true,
        "the page was loaded again"
    );
}

#[tokio::test]
async fn the_exercise_as_it_comes_is_red_and_its_first_promise_is_open() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    assert_eq!(
        page.value("document.querySelectorAll('summary.fails').length")
            .await,
        2 * all(&course),
        "each stands in its step and in the whole"
    );
    page.sees(&format!("{FIRST} .said"), "not yet implemented: step 1")
        .await;
    assert_eq!(
        page.value("document.querySelectorAll('exercise-check > details[open]').length")
            .await,
        1
    );
    assert!(
        page.shows(&format!("{FIRST} details.suggested")).await,
        "the first hint is not brought out"
    );
}

#[tokio::test]
async fn code_that_was_opened_is_gone_with_the_next_verdict_of_the_same_words() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    let code = format!("{FIRST} .own-code");
    page.click(&format!("{FIRST} .place")).await;
    page.sees(&code, "todo!(\"step 1: make a mailbox").await;
    let stub = course.read("exercises/01-recipe/src/lib.rs");
    course.save(EXERCISE, &format!("{stub}\n// Later.\n"));
    page.until(&format!("document.querySelector('{code}') === null"))
        .await;
    assert_no_reload(&page).await;
}

#[tokio::test]
async fn opening_a_hint_shows_the_next_one() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    let [first, second] =
        [1, 2].map(|number| format!("{FIRST} > details:nth-of-type({number}) > summary"));
    assert!(page.shows(&first).await);
    assert!(!page.shows(&second).await);
    page.click(&first).await;
    page.sees(&second, "Hint 2").await;
}

#[tokio::test]
async fn a_wrong_answer_is_saved_and_what_its_test_says_appears() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    let answer = course.read("solutions/01-recipe/rejected/unwrap_reply.rs");
    let header = |field: &str| {
        answer
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .unwrap()
            .to_owned()
    };
    let (test, says) = (header("//! rejected: "), header("//! says: "));

    course.save(EXERCISE, &answer);
    let promise = format!("exercise-check > details[data-test={test}]");
    page.sees(&format!("{promise} .said"), &says).await;
    page.sees(&format!("{promise} .verdict"), "fails").await;
    page.sees(STATUS, &format!("of {} pass", all(&course)))
        .await;
    assert_no_reload(&page).await;
}

#[tokio::test]
async fn the_line_of_a_test_that_fails_can_be_opened() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    course.save(
        EXERCISE,
        &course.read("solutions/01-recipe/rejected/clone_spawns.rs"),
    );
    let failing = "exercise-check > details[open]";
    page.sees(&format!("{failing} .said"), "tests/recipe.rs:")
        .await;
    page.click(&format!("{failing} .place")).await;
    page.sees(
        &format!("{failing} .own-code"),
        "The tests in exercises/01-recipe/tests/recipe.rs",
    )
    .await;
    page.until(&format!(
        "document.querySelector('{failing} .own-code .running-line') !== null"
    ))
    .await;
    assert_no_reload(&page).await;
}

#[tokio::test]
async fn the_solution_is_saved_and_the_page_turns_green() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    course.save(EXERCISE, &course.read("solutions/01-recipe/src/lib.rs"));
    page.sees(STATUS, &all_pass(&course)).await;
    assert_eq!(
        page.value("document.querySelectorAll('summary.passes').length")
            .await,
        2 * all(&course)
    );
    assert_eq!(
        page.value("document.querySelectorAll('exercise-check > details[open]').length")
            .await,
        0
    );
    assert_no_reload(&page).await;

    page.click("exercise-check:not([step]) .note a").await;
    page.until("location.hash === '#after-it-passes'").await;
}

#[tokio::test]
async fn a_step_that_is_done_says_so_and_the_next_one_leads() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    let step = |number: u32| format!("exercise-check[step='{number}']");
    page.sees(&format!("{} [role=status]", step(1)), "0 of 7 pass")
        .await;

    // A caller that gives up is its death: step 2.
    course.save(
        EXERCISE,
        &course.read("solutions/01-recipe/rejected/unwrap_reply.rs"),
    );
    page.sees(&format!("{}.all-pass .state", step(1)), "✓ Step 1 is done")
        .await;
    page.sees(&format!("{} [role=status]", step(2)), " of 5 pass")
        .await;
    assert_eq!(
        page.value("document.querySelectorAll('.state[role=status]').length")
            .await,
        1,
        "one box is read out"
    );
    assert!(
        page.shows(&format!("{} > details[open] .said", step(2)))
            .await
    );
    page.click(&format!("{} .note a", step(1))).await;
    page.until("location.hash === '#callers-that-leave-and-callers-that-wait'")
        .await;
}

#[tokio::test]
async fn a_step_that_is_red_again_says_so_in_its_box_and_in_the_next_one() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    let step = |number: u32| format!("exercise-check[step='{number}']");
    page.sees(&format!("{} .note", step(2)), "First: step 1")
        .await;

    course.save(EXERCISE, &course.read("solutions/01-recipe/src/lib.rs"));
    page.sees(&format!("{}.all-pass .state", step(2)), "✓ Step 2 is done")
        .await;
    course.save(
        EXERCISE,
        &course.read("solutions/01-recipe/rejected/forgot_to_spawn.rs"),
    );
    page.sees(
        &format!("{} .note", step(1)),
        "It passed before: a later change broke it.",
    )
    .await;
    page.sees(&format!("{} .note", step(2)), "Step 1 is red again")
        .await;
    page.click(&format!("{} .note a", step(2))).await;
    page.until("location.hash === '#step-1'").await;
}

#[tokio::test]
async fn an_answer_that_never_ends_says_so_and_leaves_no_process() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    course.save(EXERCISE, NEVER_ENDS);
    page.sees(&format!("{FIRST} .verdict"), "never ends").await;
    page.sees(&format!("{FIRST} .said"), "This test never ends")
        .await;

    // The other tests of that answer still spin: a save ends them.
    course.save(EXERCISE, &course.read("solutions/01-recipe/src/lib.rs"));
    page.sees(STATUS, &all_pass(&course)).await;
    let ended = async {
        while !course.running_tests_of("recipe").is_empty() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = timeout(Duration::from_secs(30), ended).await;
    assert!(
        ended.is_ok(),
        "left behind: {:?}",
        course.running_tests_of("recipe")
    );
}

#[tokio::test]
async fn a_test_that_got_stuck_says_who_waits_for_whom_and_its_run_can_be_watched() {
    let course = Course::start();
    let page = Page::new().await;
    page.open(&course.url("10-deadlocks.html")).await;
    let said = format!("{FIRST} > .said");
    page.sees(&said, "room waits for moderator's answer").await;
    page.sees(STATUS, "1 of ").await;

    page.click(&format!("{FIRST} .watch button")).await;
    let trace = format!("{FIRST} .watch actor-trace");
    page.sees(&trace, "The run of a_post_gets_its_number").await;
    page.sees(&trace, "Main spawns room.").await;
    // The reader's own line, marked in the reader's own code: at once, and at the end where the circle of waits begins.
    page.sees(&format!("{FIRST} .own-code"), "impl RoomHandle")
        .await;
    let marked = format!("document.querySelector(\"{FIRST} .own-code .running-line\") !== null");
    page.until(&marked).await;
    page.click(&format!("{trace} [value=End]")).await;
    page.sees(&trace, "Stuck").await;
    page.until(&marked).await;
    page.sees(&format!("{trace} .where"), "await").await;

    // A recording is of the code that the verdict is about.
    course.save(
        "10-deadlocks",
        &course.read("solutions/10-deadlocks/src/lib.rs"),
    );
    page.sees(STATUS, "✓ All ").await;
    assert!(!page.shows(&trace).await);
    // A green test has a run, too.
    page.value(&format!("document.querySelector('{FIRST}').open = true"))
        .await;
    page.value(&format!(
        "document.querySelector('{FIRST} .watch button').click()"
    ))
    .await;
    page.sees(&trace, "The run of a_post_gets_its_number").await;
}

#[tokio::test]
async fn an_answer_that_does_not_compile_shows_what_rustc_says() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    course.save(EXERCISE, "pub fn new() -> u64 { \"<b>one</b>\" }");
    page.sees(STATUS, "Does not compile").await;
    page.sees(".exercise-bar pre", "mismatched types").await;
    // Shown as text, never taken as HTML.
    page.sees(".exercise-bar pre", "<b>one</b>").await;
    // The place that rustc names can be opened.
    page.click(".exercise-bar .place").await;
    page.sees(".exercise-bar .own-code", "<b>one</b>").await;
    page.until("document.querySelector('.exercise-bar pre > .running-line') !== null")
        .await;
    assert_no_reload(&page).await;
}

#[tokio::test]
async fn a_future_that_is_not_awaited_is_told_with_the_verdict() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    let answer = course.read("solutions/01-recipe/src/lib.rs");
    let wrong = answer.replace(
        "let _ = self.sender.send(Message::NextNumber { reply }).await;",
        "self.sender.send(Message::NextNumber { reply });",
    );
    assert_ne!(wrong, answer);
    course.save(EXERCISE, &wrong);
    page.sees(
        "#step-1 .exercise-bar pre",
        "futures do nothing unless you `.await`",
    )
    .await;
    // The work is done, and so is the warning.
    course.save(EXERCISE, &answer);
    page.sees(STATUS, &all_pass(&course)).await;
    page.until("document.querySelector('#step-1 .exercise-bar .said').hidden")
        .await;
}

#[tokio::test]
async fn the_second_exercise_starts_with_a_compiler_error() {
    let course = Course::start();
    let page = Page::new().await;
    page.open(&course.url("02-run-method.html")).await;
    page.sees(STATUS, "Does not compile").await;
    page.sees(".exercise-bar pre", "error[E0521]").await;
}

#[tokio::test]
async fn a_new_verdict_leaves_focus_scroll_and_what_the_reader_has_opened_or_closed() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    // Closes what the verdict has opened, opens another promise and its hint, and stays there.
    page.click(&format!("{FIRST} > summary")).await;
    let other = "exercise-check > details:nth-of-type(4)";
    page.click(&format!("{other} > summary")).await;
    page.click(&format!("{other} > details > summary")).await;
    page.until(&format!("document.querySelector('{other} > details').open"))
        .await;
    let here = "[document.activeElement.innerText, document.scrollingElement.scrollTop]";
    let before = page.value(here).await;
    assert_eq!(before[0], "Hint 1");

    course.save(
        EXERCISE,
        &course.read("solutions/01-recipe/rejected/forgot_to_spawn.rs"),
    );
    page.sees(".exercise-bar", "Building").await;
    page.sees(STATUS, &format!("of {} pass", all(&course)))
        .await;

    assert_eq!(
        page.value(&format!("document.querySelector('{FIRST}').open"))
            .await,
        false
    );
    assert_eq!(
        page.value(&format!("document.querySelector('{other}').open"))
            .await,
        true
    );
    assert_eq!(
        page.value(&format!("document.querySelector('{other} > details').open"))
            .await,
        true
    );
    assert_eq!(page.value(here).await, before);
}

#[tokio::test]
async fn the_button_runs_the_tests() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    // What the page has said since the button was pressed.
    page.value(&format!(
        "(window.said = [], new MutationObserver(() => said.push(document.querySelector('{STATUS}').innerText))
            .observe(document.querySelector('{STATUS}'), {{ childList: true, characterData: true, subtree: true }}))"
    ))
    .await;
    page.click(".exercise-bar button").await;
    page.until(&format!(
        "said.some(text => /Building|Running/.test(text)) && said.at(-1) === '{}'",
        none_pass(&course)
    ))
    .await;
}

#[tokio::test]
async fn a_failure_leads_to_what_is_known_of_it() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    let wrong = course.read("solutions/01-recipe/rejected/clone_spawns.rs");
    course.save(EXERCISE, &wrong);
    let causes = r#"exercise-check:not([step]) [data-test="clones_count_together"] > .causes"#;
    page.until(&format!(
        "document.querySelector('{causes}')?.textContent.includes('a task of its own')"
    ))
    .await;
    // The thought leads to its code, and the last line to all that is known.
    let code = format!("document.querySelector('{causes} a').getAttribute('href')");
    assert_eq!(page.value(&code).await, "?answer=clone_spawns");
    let link = format!("document.querySelector('{causes} > p:last-child > a').href");
    let link = page.value(&link).await;
    page.open(link.as_str().unwrap()).await;
    // The browser finds the entry.
    page.until("document.querySelector(':target, :has(> :target)')?.innerText.includes('the clone did not reach the same actor')")
        .await;
}

#[tokio::test]
async fn the_sidebar_and_the_front_page_say_how_far_the_reader_has_come() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    let standing = r#".sidebar a[href$="01-recipe.html"]"#;
    page.sees(standing, "Recipe").await;
    assert!(!page.shows(&format!("{standing} .standing")).await);
    course.save(EXERCISE, &course.read("solutions/01-recipe/src/lib.rs"));
    page.sees(standing, "✓ done").await;
    // On every page, as soon as it is opened.
    page.open(&course.url("")).await;
    page.sees(standing, "✓ done").await;
    page.sees(r#".chapters a[href$="01-recipe.html"]"#, "✓ done")
        .await;
    page.open(&course.url(CHAPTER)).await;
    course.save(
        EXERCISE,
        &course.read("solutions/01-recipe/rejected/small_count.rs"),
    );
    page.sees(standing, &format!("of {}", all(&course))).await;
}

/// A browser opens no more than six connections to one host, and a live page holds one.
#[tokio::test]
async fn many_open_pages_are_live_each_when_it_is_looked_at() {
    let course = Course::start();
    let page = open_chapter(&course).await;
    for _ in 0..9 {
        let tab = page.new_window(true).await.unwrap();
        page.switch_to_window(tab.handle).await.unwrap();
        page.open(&course.url(CHAPTER)).await;
        page.sees(STATUS, &none_pass(&course)).await;
    }
    course.save(EXERCISE, &course.read("solutions/01-recipe/src/lib.rs"));
    for tab in page.windows().await.unwrap() {
        page.switch_to_window(tab).await.unwrap();
        page.sees(STATUS, &all_pass(&course)).await;
    }
}

#[tokio::test]
async fn a_server_that_has_ended_is_told_and_one_that_comes_back_goes_on() {
    let mut course = Course::start();
    let page = open_chapter(&course).await;
    course.stop();
    page.sees(
        STATUS,
        "`cargo course` is not running: verdicts are not live",
    )
    .await;
    assert!(page.shows("summary.fails").await, "what was known is gone");
    assert!(
        page.shows("exercise-check.lost").await,
        "it looks as if it were live"
    );

    course.start_again();
    page.sees(STATUS, &none_pass(&course)).await;
    assert_no_reload(&page).await;
}

#[tokio::test]
async fn on_a_phone_the_verdicts_fit() {
    let course = Course::start();
    let page = Page::new().await;
    page.as_on_a_phone().await;
    for (chapter, verdict) in [
        (CHAPTER, none_pass(&course)),
        ("02-run-method.html", "Does not compile".to_owned()),
    ] {
        page.open(&course.url(chapter)).await;
        page.sees(STATUS, &verdict).await;
        page.assert_fits_a_phone().await;
    }
}
