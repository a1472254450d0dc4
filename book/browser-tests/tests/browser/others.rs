//! Wrong answers in a chapter's page: a thought is picked, its code and its verdict are shown.

use crate::support::{Page, site};

const PICK: &str = "(() => {
    const choice = document.querySelector('.others select');
    choice.value = [...choice.options].find(option => option.text.includes('if let Some(message)')).value;
    choice.dispatchEvent(new Event('change'));
    const lines = [...document.querySelectorAll('.others .own-lines > span')];
    const code = document.querySelector('.others pre code').innerText.trim().split('\\n');
    return lines.flatMap((line, at) => line.className ? [code[at].trim()] : []);
})()";

#[tokio::test]
async fn a_thought_is_picked_and_its_code_and_verdict_are_shown() {
    let page = Page::new().await;
    page.open(&site("01-recipe.html")).await;
    page.click(".others > summary").await;
    page.until("document.querySelectorAll('.others option').length > 20")
        .await;
    // Before a thought is picked, the exercise as it comes.
    page.sees(".others pre", "Your answer goes into this file")
        .await;
    let tests = "document.querySelector('.others > p a').href.endsWith('/tree/main/exercises/01-recipe/tests')";
    page.until(tests).await;
    let own = page.value(PICK).await.to_string();
    assert!(own.contains("\"if let Some("), "{own}");
    assert!(!own.contains("impl SequencerHandle"), "{own}");
    page.sees(".others .said", "RecvError means").await;
    page.sees(".others b", "Numbers come one by one").await;
    page.click(".others > button").await;
    page.sees(".others actor-trace .say", "Main spawns").await;
    page.click(".others actor-trace [value=End]").await;
    let line = page
        .value("document.querySelector('.others actor-trace .where').textContent")
        .await;
    let code = page
        .value("document.querySelector('.others pre code').textContent")
        .await;
    assert!(
        code.as_str().unwrap().contains(line.as_str().unwrap()),
        "{line}"
    );
    // The address names what was picked, and leads back to it.
    page.until("location.search === '?answer=if_let'").await;
    page.click(".others > p > a").await;
    page.until("document.getElementById(location.hash.slice(1))?.id === 'recipe-if_let'")
        .await;
    page.click("a[href$='01-recipe.html?answer=spins']").await;
    page.sees(".others .said", "a loop never waits").await;
    page.until("document.querySelector('.others').getBoundingClientRect().top < innerHeight / 2")
        .await;
    // A link to a step of its run.
    page.open(&site(
        "01-recipe.html?answer=if_let#run=the-run-of-numbers-start-at-one-and-go-on&step=3",
    ))
    .await;
    page.sees(".others actor-trace .count", "3 / ").await;
    // One that is not there any more.
    page.open(&site("01-recipe.html?answer=nonsense")).await;
    page.sees(".others", "no answer named “nonsense”").await;
    page.sees(".others pre", "Your answer goes into this file")
        .await;
    assert_eq!(page.complaints().await, [""; 0]);
}
