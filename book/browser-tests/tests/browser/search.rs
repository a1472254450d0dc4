//! The book's search finds what people type: the section that they need is among the first three results.

use crate::support::{Page, site};
use serde_json::json;

/// What is typed, and the section that it has to lead to.
const WANTED: [(&str, &str); 57] = [
    ("abort", "09-cycles.html#abort"),
    ("AbortHandle", "03-no-reply.html#end-it"),
    ("backpressure", "12-backpressure.html#backpressure"),
    ("biased", "06-select.html#order"),
    ("block_on", "15-libraries.html#what-misleads"),
    ("broadcast", "08-channels.html#broadcast"),
    ("cancel safe", "introduction.html#words"),
    ("CancellationToken", "13-shutdown.html#who-says-stop"),
    ("capacity", "12-backpressure.html#choose-the-capacity"),
    ("CPU", "07-shared-state.html#what-blocks-a-thread"),
    ("ctrl_c", "13-shutdown.html#a-program-that-ends-well"),
    ("cycle", "09-cycles.html#cycles"),
    ("deadline", "13-shutdown.html#a-deadline"),
    ("deadlock", "10-deadlocks.html#deadlocks"),
    ("drain", "13-shutdown.html#close-then-drain"),
    ("graceful shutdown", "13-shutdown.html#shutdown"),
    ("handle as a trait", "05-handles.html#a-handle-as-a-trait"),
    ("heartbeat", "11-connection.html#a-sign-of-life"),
    (
        "interval",
        "06-select.html#intervals-and-ticks-that-were-missed",
    ),
    ("JoinSet", "07-shared-state.html#a-joinset-in-the-loop"),
    ("kill", "14-lifecycle.html#stop-and-kill"),
    ("Lagged", "08-channels.html#lagged-is-not-closed"),
    (
        "MissedTickBehavior",
        "06-select.html#intervals-and-ticks-that-were-missed",
    ),
    ("Mutex", "07-shared-state.html#tokios-mutex-and-rwlock"),
    ("notify_waiters", "08-channels.html#notify-and-semaphore"),
    ("oneshot", "01-recipe.html#the-message"),
    ("panic in a task", "04-testing.html#hear-the-panics"),
    ("pipelining", "15-libraries.html#what-pays"),
    ("pool", "07-shared-state.html#a-pool-is-a-handle"),
    ("restart", "14-lifecycle.html#restarts-with-a-limit"),
    ("RwLock", "07-shared-state.html#tokios-mutex-and-rwlock"),
    ("semaphore", "08-channels.html#notify-and-semaphore"),
    ("SIGTERM", "13-shutdown.html#a-program-that-ends-well"),
    ("spawn_blocking", "13-shutdown.html#what-nothing-stops"),
    ("start_paused", "04-testing.html#virtual-time"),
    ("supervisor", "15-libraries.html#a-supervisor"),
    ("TaskTracker", "13-shutdown.html#who-waits"),
    ("tell", "03-no-reply.html#a-tell"),
    ("thread::sleep", "07-shared-state.html#what-blocks-a-thread"),
    ("timeout", "10-deadlocks.html#time-outs-with-timeout"),
    ("time-out", "10-deadlocks.html#time-outs-with-timeout"),
    (
        "try_send",
        "12-backpressure.html#send-waits-try_send-refuses",
    ),
    ("virtual time", "04-testing.html#virtual-time"),
    ("watch", "08-channels.html#watch"),
    ("WeakSender", "09-cycles.html#a-weaksender"),
    // Pasted from a report, with its numbers.
    (
        "2 tasks are still alive although every handle is gone.",
        "what-went-wrong.html#task-is-still-alive-although-every-handle-is-gone",
    ),
    (
        "never came: a deadlock. An hour of virtual time went by",
        "what-went-wrong.html#never-came-a-deadlock",
    ),
    (
        "This test never ends: its thread is blocked.",
        "what-went-wrong.html#this-test-never-ends-its-thread-is-blocked",
    ),
    (
        "RecvError(())",
        "what-went-wrong.html#recverror-means-the-other-end-was-dropped-without-an-answer",
    ),
    (
        "SendError { .. }",
        "what-went-wrong.html#senderror-means-the-channels-receiver-has-been-dropped",
    ),
    (
        "called `Result::unwrap()` on an `Err` value: RecvError(())",
        "what-went-wrong.html#recverror-means-the-other-end-was-dropped-without-an-answer",
    ),
    (
        "the runtime woke up 3600 times",
        "what-went-wrong.html#the-runtime-woke-up--times",
    ),
    (
        "there is no reactor running, must be called from the context of a Tokio 1.x runtime",
        "what-went-wrong.html#there-is-no-reactor-running-must-be-called-from-the-context-of-a-tokio-1x-runtime",
    ),
    (
        "mpsc bounded channel requires buffer > 0",
        "what-went-wrong.html#mpsc-bounded-channel-requires-buffer--0",
    ),
    (
        "JoinHandle polled after completion",
        "what-went-wrong.html#joinhandle-polled-after-completion",
    ),
    (
        "future cannot be sent between threads safely",
        "what-went-wrong.html#the-compiler-future-cannot-be-sent-between-threads",
    ),
    (
        "A task panicked, and nobody noticed",
        "what-went-wrong.html#a-task-panicked-and-nobody-noticed",
    ),
];

/// The first three results of what is typed into the search field.
const FIRST_THREE: &str = "(() => {
    const field = document.getElementById('mdbook-searchbar');
    field.value = QUERY;
    field.dispatchEvent(new KeyboardEvent('keyup'));
    const results = [...document.querySelectorAll('#mdbook-searchresults a')].slice(0, 3);
    return results.map(result => result.getAttribute('href').replace(/[?].*?(?=#)/, ''));
})()";

#[tokio::test]
async fn what_people_type_leads_to_its_section() {
    let page = Page::new().await;
    page.open(&site("what-went-wrong.html")).await;
    // The harness's messages have one heading each, up to those of single exercises.
    let messages = page
        .value(
            "[...document.querySelectorAll('h2#in-every-exercise ~ h3')]
                .filter(heading => heading.compareDocumentPosition(document.querySelector('h2[id^=in-exercise]')) & Node.DOCUMENT_POSITION_FOLLOWING)
                .map(heading => [heading.innerText.trim(), `what-went-wrong.html#${heading.id}`])",
        )
        .await;
    let messages: Vec<(String, String)> = serde_json::from_value(messages).unwrap();
    assert!(messages.len() > 20, "{messages:?}");

    page.open(&site("what-went-wrong.html?search=actor")).await;
    page.sees("#mdbook-searchresults a", "").await;
    let wanted = WANTED.map(|(query, place)| (query.to_owned(), place.to_owned()));
    let mut lost = Vec::new();
    for (query, place) in wanted.into_iter().chain(messages) {
        let script = FIRST_THREE.replace("QUERY", &json!(query).to_string());
        let found: Vec<String> = serde_json::from_value(page.value(&script).await).unwrap();
        if !found.contains(&place) {
            lost.push(format!(
                "{query:?} should lead to {place}, and leads to {found:?}"
            ));
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}
