//! Chapter 07: a game with ten seats. First its players are behind a lock that everybody shares ([`locked`]), then a task owns them, and
//! waits for the database ([`owner`]). The cures: the caller does the slow part ([`caller`]), a JoinSet in the loop ([`jobs`]), a message
//! to itself ([`itself`]). What the page says beside that is tried in [`facts`] and [`blocking`].

#[cfg(test)]
mod blocking;
pub mod caller;
#[cfg(test)]
mod facts;
pub mod itself;
pub mod jobs;
pub mod locked;
pub mod owner;
pub mod send;

use std::time::Duration;
use tokio::time::sleep;

pub const SEATS: usize = 10;

/// What a query of the database takes.
pub const QUERY: Duration = Duration::from_secs(1);

/// The database: a pool of connections, so many queries go on side by side. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Database {
    query: Duration,
}

impl Default for Database {
    fn default() -> Self {
        Self { query: QUERY }
    }
}

impl Database {
    /// For tests by the real clock.
    pub fn without_delay() -> Self {
        let query = Duration::ZERO;
        Self { query }
    }

    /// The points that a player has.
    pub async fn points(&self, name: &str) -> u32 {
        sleep(self.query).await;
        u32::try_from(name.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;
    use tokio::{join, time::Instant};

    /// Page: "A pool is a handle": two queries take as long as one.
    #[test]
    fn queries_go_on_side_by_side() {
        check(|| async {
            let (database, start) = (Database::default(), Instant::now());
            join!(database.points("ann"), database.points("bob"));
            assert_eq!(start.elapsed(), QUERY);
        });
    }
}
