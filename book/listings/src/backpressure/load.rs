//! The same load on mailboxes of several sizes: how many lines wait, and how long. To be run in virtual time.

use super::{Screen, TranslatorHandle, WORK, unbounded};
use std::{fmt::Write, time::Duration};
use tokio::time::{Instant, sleep};

/// Twice as fast as they can be translated, for a minute.
const EVERY: Duration = Duration::from_millis(50);
const LINES: usize = 1200;

// ANCHOR: author
/// Tells `lines` lines, and notes when each was accepted.
async fn author(lines: usize, tell: impl AsyncFn(String) -> bool) -> Vec<Instant> {
    let mut accepted = Vec::new();
    for number in 1..=lines {
        if tell(format!("line {number}")).await {
            accepted.push(Instant::now());
        }
        sleep(EVERY).await;
    }
    accepted
}
// ANCHOR_END: author

pub struct Measured {
    pub refused: usize,
    /// The most lines that waited at one time.
    pub deepest: usize,
    /// The longest time that a line spent in the mailbox.
    pub longest: Duration,
    pub last_told: Duration,
    pub last_shown: Duration,
}

pub async fn waits(capacity: usize, lines: usize) -> Measured {
    measure(lines, |screen| {
        let translator = TranslatorHandle::new(capacity, screen);
        async move |line| translator.tell(line).await.is_ok()
    })
    .await
}

pub async fn refuses(capacity: usize, lines: usize) -> Measured {
    measure(lines, |screen| {
        let translator = TranslatorHandle::new(capacity, screen);
        async move |line| translator.try_tell(line).is_ok()
    })
    .await
}

pub async fn never_waits(lines: usize) -> Measured {
    measure(lines, |screen| {
        let translator = unbounded::TranslatorHandle::new(screen);
        async move |line| translator.tell(line).is_ok()
    })
    .await
}

async fn measure<Tell>(lines: usize, open: impl FnOnce(Screen) -> Tell) -> Measured
where
    Tell: AsyncFn(String) -> bool,
{
    let (screen, start) = (Screen::default(), Instant::now());
    let accepted = author(lines, open(screen.clone())).await;
    while screen.shown().len() < accepted.len() {
        sleep(Duration::from_secs(10)).await;
    }
    let shown = screen.shown();
    // Lines are translated in the order in which they were accepted.
    let in_mailbox = shown.iter().zip(&accepted).map(|(s, a)| s.at - *a - WORK);
    Measured {
        refused: lines - accepted.len(),
        deepest: shown.iter().map(|s| s.waiting).max().unwrap_or(0),
        longest: in_mailbox.max().unwrap_or_default(),
        last_told: accepted.last().map_or(start, |at| *at) - start,
        last_shown: shown.last().map_or(start, |s| s.at) - start,
    }
}

/// The table of the page.
pub async fn table() -> String {
    let mut table = "| Mailbox for | Author | Lines refused | Most lines waiting | Longest wait in it | Last line told | Last line on the screen |\n\
                     | --- | --- | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for (mailbox, author, m) in [
        ("1", "waits", waits(1, LINES).await),
        ("8", "waits", waits(8, LINES).await),
        ("any number", "never waits", never_waits(LINES).await),
        ("1", "is refused", refuses(1, LINES).await),
        ("8", "is refused", refuses(8, LINES).await),
    ] {
        let [longest, told, shown] =
            [m.longest, m.last_told, m.last_shown].map(|time| time.as_secs_f64());
        let _ = writeln!(
            table,
            "| {mailbox} | {author} | {} | {} | {longest:.2} s | {told:.0} s | {shown:.0} s |",
            m.refused, m.deepest
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;
    use std::{env, fs, path::Path};

    /// Page: the table in "The idea". After a change, `BLESS=1 cargo test -p listings backpressure` writes it anew: read what
    /// changed, and whether the page still fits.
    #[test]
    fn the_table_of_the_page_is_what_is_measured() {
        check(|| async {
            let measured = table().await;
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables/backpressure.md");
            if env::var_os("BLESS").is_some() {
                fs::write(&file, &measured).unwrap();
                return;
            }
            let on_page = fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(
                measured,
                on_page.replace("\r\n", "\n"),
                "{} is not what is measured",
                file.display()
            );
        });
    }

    /// Page: "The idea": the mailbox changes who waits, and not how fast lines are translated.
    #[test]
    fn a_larger_mailbox_does_not_translate_faster() {
        check(|| async {
            let small = waits(1, LINES).await;
            let large = waits(8, LINES).await;
            let endless = never_waits(LINES).await;
            assert_eq!(small.last_shown, large.last_shown);
            assert_eq!(small.last_shown, endless.last_shown);
        });
    }

    /// Page: "Choose the capacity": the longest wait is capacity / rate.
    #[test]
    fn the_longest_wait_is_the_capacity_over_the_rate() {
        check(|| async {
            for capacity in [1, 2, 8, 20, 100] {
                let rate = 1.0 / WORK.as_secs_f64();
                let longest = waits(capacity, LINES).await.longest;
                assert_eq!(longest.as_secs_f64(), capacity as f64 / rate);
                let longest = refuses(capacity, LINES).await.longest;
                assert!(longest.as_secs_f64() <= capacity as f64 / rate);
            }
        });
    }

    /// Page: "Choose the capacity", the question: a mailbox for 1000 refuses nobody for 100 s, then as many as one for 20.
    #[test]
    fn a_large_mailbox_only_fills_later() {
        check(|| async {
            let minutes = |n: usize| n * 60 * 20;
            assert_eq!(refuses(1000, 99 * 20).await.refused, 0);
            assert_ne!(refuses(1000, 101 * 20).await.refused, 0);
            let refused = async |capacity| {
                let (three, five) = (
                    refuses(capacity, minutes(3)).await,
                    refuses(capacity, minutes(5)).await,
                );
                (
                    five.refused - three.refused,
                    five.longest.as_secs_f64().round(),
                )
            };
            assert_eq!(refused(20).await, (minutes(2) / 2, 2.0));
            assert_eq!(refused(1000).await, (minutes(2) / 2, 100.0));
        });
    }
}
