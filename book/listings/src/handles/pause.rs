//! A rule about time that needs no timer: the auctioneer calls a break.

use std::time::Duration;
// ANCHOR: pause
use tokio::time::Instant;

/// The auctioneer has called a break. Bids that come during it do not count.
struct Break {
    since: Instant,
    length: Duration,
}

impl Break {
    fn is_over(&self) -> bool {
        self.since.elapsed() >= self.length
    }
}
// ANCHOR_END: pause

/// Whether a break of `length` is over when `time` has passed since it began.
pub async fn is_over_after(time: Duration, length: Duration) -> bool {
    let pause = Break {
        since: Instant::now(),
        length,
    };
    tokio::time::sleep(time).await;
    pause.is_over()
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "A limit without a timer": Tokio's clock stands still with the test's, the standard library's goes on by itself.
    #[test]
    fn a_break_ends_by_the_clock_of_the_test() {
        check(|| async {
            let length = Duration::from_secs(300);
            let nearly = length - Duration::from_millis(1);
            assert!(!is_over_after(nearly, length).await);
            assert!(is_over_after(length, length).await);
            let (tokios, systems) = (Instant::now(), std::time::Instant::now());
            tokio::time::sleep(length).await;
            assert_eq!(tokios.elapsed(), length);
            assert!(systems.elapsed() < length);
        });
    }
}
