//! `<check-yourself>`, by keyboard alone. The pages say themselves which choice is right, so that questions can be rewritten.

use crate::support::{Page, site};
use fantoccini::key::Key;

const QUESTION: &str = "check-yourself:not([answer*=\",\"])";
const SPACE: char = ' ';
const WITH_SEVERAL: &str = "check-yourself[answer*=\",\"]";

/// A question of the chapter, with the focus in its choices, and the numbers of its right answers.
async fn open_question(chapter: &str, question: &str) -> (Page, Vec<usize>) {
    let page = Page::new().await;
    page.open(&site(chapter)).await;
    page.tab_to(&format!("{question} input")).await;
    let answer = page
        .value(&format!(
            "document.querySelector('{question}').getAttribute('answer')"
        ))
        .await;
    let right = answer
        .as_str()
        .unwrap()
        .split(',')
        .map(|number| number.parse().unwrap());
    (page, right.collect())
}

/// Goes down the radio buttons to choice `number`.
async fn choose(page: &Page, number: usize) {
    page.press(SPACE).await;
    for _ in 0..20 {
        if page
            .value(&format!("document.activeElement.value === '{number}'"))
            .await
            == true
        {
            return;
        }
        page.press(Key::Down).await;
    }
    panic!("the arrow keys never come to choice {number}");
}

#[tokio::test]
async fn a_question_is_answered_wrong_then_right_by_keyboard_and_remembered() {
    let (page, right) = open_question("01-recipe.html", QUESTION).await;
    let why = format!("{QUESTION} > details");
    let feedback = format!("{QUESTION} [role=status]");
    assert!(
        !page.shows(&why).await,
        "the why is there before the answer"
    );

    choose(&page, if right[0] == 1 { 2 } else { 1 }).await;
    page.press(Key::Enter).await;
    page.sees(&feedback, "Not quite").await;
    assert!(page.shows(&why).await);
    assert_eq!(
        page.value(&format!("document.querySelector('{why}').open"))
            .await,
        false
    );

    choose(&page, right[0]).await;
    assert_eq!(
        page.text(&feedback).await,
        "",
        "the old verdict stands beside the new choice"
    );
    page.press(Key::Enter).await;
    page.sees(&feedback, "Right").await;
    assert_eq!(
        page.value(&format!("document.querySelector('{why}').open"))
            .await,
        true
    );

    page.load_again().await;
    page.sees(&feedback, "Right, as you answered before").await;
    assert_eq!(
        page.value(&format!(
            "Number(document.querySelector('{QUESTION} :checked').value)"
        ))
        .await,
        right[0]
    );
}

#[tokio::test]
async fn all_right_answers_are_wanted_where_there_are_several() {
    let (page, right) = open_question("02-run-method.html", WITH_SEVERAL).await;
    let feedback = format!("{WITH_SEVERAL} [role=status]");
    for (index, number) in right.iter().enumerate() {
        page.click(&format!("{WITH_SEVERAL} input[value='{number}']"))
            .await;
        page.press(Key::Enter).await;
        let expected = if index + 1 < right.len() {
            "one is missing"
        } else {
            "✓ Right"
        };
        page.sees(&feedback, expected).await;
    }
}

#[tokio::test]
async fn the_arrow_keys_turn_the_page_but_not_in_a_question() {
    let (page, _) = open_question("01-recipe.html", QUESTION).await;
    let here = page.current_url().await.unwrap();
    page.press(SPACE).await;
    page.press(Key::Right).await;
    page.tab_to(&format!("{QUESTION} button")).await;
    page.press(Key::Right).await;
    // Where nothing is in the way the same key goes on: had one of those done it, this would be another page.
    page.value("document.activeElement.blur()").await;
    assert_eq!(page.current_url().await.unwrap(), here);
    page.press(Key::Right).await;
    page.until("location.pathname.endsWith('/02-run-method.html')")
        .await;
}

#[tokio::test]
async fn a_browser_that_keeps_nothing_can_still_be_answered() {
    let (page, right) = open_question("01-recipe.html", QUESTION).await;
    page.value(
        "Storage.prototype.setItem = () => { throw new Error('the reader has switched this off') }",
    )
    .await;
    choose(&page, right[0]).await;
    page.press(Key::Enter).await;
    page.sees(&format!("{QUESTION} [role=status]"), "Right")
        .await;
}
