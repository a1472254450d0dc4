//! What a failing test said, read for what calls for more than to be shown.

/// Whether a recording would say more: a deadlock, or tasks that never end.
pub fn is_about_waiting(said: &str) -> bool {
    // The harness's words, and those of the tests that count the tasks which are still alive.
    [
        "never came: a deadlock",
        "still alive although every handle is gone",
        "still lives",
        "tasks live on",
        "task lives on",
        "one lives on",
    ]
    .iter()
    .any(|words| said.contains(words))
}

/// The scenario that a failure names, as in "SCENARIO=17:0,3 cargo test".
pub fn scenario_in(said: &str) -> Option<&str> {
    let (_, rest) = said.rsplit_once("SCENARIO=")?;
    rest.split_whitespace().next()
}
