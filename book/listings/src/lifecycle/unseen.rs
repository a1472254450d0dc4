//! Errors and panics of tasks, and who sees them.

use std::time::Duration;
use tokio::{
    task::{JoinError, JoinSet},
    time::sleep,
};

#[derive(Debug, PartialEq)]
pub enum Failed {
    NoSuchPlace,
    Panicked,
    Aborted,
}

impl From<JoinError> for Failed {
    fn from(error: JoinError) -> Self {
        if error.is_panic() {
            Self::Panicked
        } else {
            Self::Aborted
        }
    }
}

/// A measurement that takes as many seconds as the name has letters. There is no place without a name.
pub async fn measure(place: &'static str) -> Result<usize, Failed> {
    let letters = place.len();
    sleep(Duration::from_secs(letters as u64)).await;
    match letters {
        0 => Err(Failed::NoSuchPlace),
        _ => Ok(letters),
    }
}

// ANCHOR: one
/// One `?` for the task, and one for what it returned.
pub async fn one(place: &'static str) -> Result<usize, Failed> {
    let degrees = tokio::spawn(measure(place)).await??;
    Ok(degrees)
}
// ANCHOR_END: one

// ANCHOR: all
/// All of them, or the first error. Then the others are aborted: the set is dropped, and drops them.
pub async fn all(places: &[&'static str]) -> Result<usize, Failed> {
    let mut measurements: JoinSet<_> = places.iter().copied().map(measure).collect();
    let mut sum = 0;
    while let Some(measured) = measurements.join_next().await {
        sum += measured??;
    }
    Ok(sum)
}
// ANCHOR_END: all

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, expect_panics, settle, within};
    use tokio::{time::Instant, try_join};

    /// Page: "Errors that nobody looks at".
    #[test]
    fn one_question_mark_for_each_error() {
        check(|| async {
            assert_eq!(within("Oslo", one("Oslo")).await, Ok(4));
            assert_eq!(within("nowhere", one("")).await, Err(Failed::NoSuchPlace));
        });
    }

    /// Page: "Errors that nobody looks at": `try_join!` of two handles sees `Ok(Err(..))`, and takes it for success.
    #[test]
    fn try_join_takes_ok_err_for_success() {
        check(|| async {
            let start = Instant::now();
            let (nowhere, oslo) = (tokio::spawn(measure("")), tokio::spawn(measure("Oslo")));
            let joined = within("both", async { try_join!(nowhere, oslo) }).await;
            assert!(matches!(joined, Ok((Err(Failed::NoSuchPlace), Ok(4)))));
            assert_eq!(
                start.elapsed(),
                Duration::from_secs(4),
                "it waited for both"
            );
        });
    }

    /// Page: "Errors that nobody looks at": `try_join!` ends early at a panic; and the other task goes on.
    #[test]
    fn try_join_drops_the_handle_and_the_task_goes_on() {
        check(|| async {
            expect_panics("a storm");
            let panics = tokio::spawn(async { panic!("a storm") });
            let oslo = tokio::spawn(measure("Oslo"));
            let joined: Result<((), _), _> =
                within("both", async { try_join!(panics, oslo) }).await;
            assert!(joined.is_err_and(|error| error.is_panic()));
            assert_eq!(alive_tasks().await, 1, "Oslo is measured, for nobody");
        });
    }

    /// Page: "Errors that nobody looks at": the first error ends the others.
    #[test]
    fn the_first_error_ends_the_siblings() {
        check(|| async {
            assert_eq!(within("two places", all(&["Rome", "Oslo"])).await, Ok(8));
            let start = Instant::now();
            let result = within("an error", all(&["Oslo", "", "Rome"])).await;
            assert_eq!(result, Err(Failed::NoSuchPlace));
            assert_eq!(start.elapsed(), Duration::ZERO);
            assert_eq!(alive_tasks().await, 0);
        });
    }

    /// Page: "Errors that nobody looks at": a `JoinError` is a panic or an abort.
    #[test]
    fn a_join_error_is_a_panic_or_an_abort() {
        check(|| async {
            let task = tokio::spawn(measure("Oslo"));
            task.abort();
            let error = within("the end", task).await.unwrap_err();
            assert!(error.is_cancelled() && !error.is_panic());
            assert!(error.try_into_panic().is_err());

            expect_panics("a storm");
            let task = tokio::spawn(async { panic!("a storm") });
            let error = within("the end", task).await.unwrap_err();
            assert!(error.try_into_panic().is_ok());
        });
    }

    /// Page: "Errors that nobody looks at": `into_panic` of an abort.
    #[test]
    #[should_panic(expected = "`JoinError` reason is not a panic")]
    fn into_panic_panics_for_an_abort() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let task = tokio::spawn(std::future::pending::<()>());
            task.abort();
            drop(task.await.unwrap_err().into_panic());
        });
    }

    /// Page: "Errors that nobody looks at": a task that is done already cannot be aborted.
    #[test]
    fn an_abort_after_the_end_changes_nothing() {
        check(|| async {
            let task = tokio::spawn(measure(""));
            settle().await;
            task.abort();
            assert_eq!(
                within("the end", task).await.unwrap(),
                Err(Failed::NoSuchPlace)
            );
        });
    }

    /// Page: "Errors that nobody looks at": nobody holds the handle, so nobody sees the panic.
    #[test]
    fn a_panic_without_a_handle_is_silent() {
        check(|| async {
            expect_panics("a storm");
            drop(tokio::spawn(async { panic!("a storm") }));
            assert_eq!(alive_tasks().await, 0);
            assert_eq!(
                within("Oslo", measure("Oslo")).await,
                Ok(4),
                "and all goes on"
            );
        });
    }

    /// Page: "Errors that nobody looks at": what is done stays in the set until somebody takes it out.
    #[test]
    fn finished_jobs_stay_in_the_set() {
        check(|| async {
            let mut set = JoinSet::new();
            for _ in 0..1000 {
                set.spawn(measure("Oslo"));
            }
            sleep(Duration::from_secs(5)).await;
            assert_eq!((alive_tasks().await, set.len()), (0, 1000));
            while set.try_join_next().is_some() {}
            assert_eq!(set.len(), 0);
        });
    }
}
