//! Eight clients that come and go, join and leave, and talk all at once; and what each of them heard. The same chances in every run.

use super::wire::{Client, Server, Way};
use harness::within;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// What a client has heard, from its coming to its end.
pub struct Log {
    pub name: String,
    pub lines: Vec<String>,
}

pub async fn traffic(server: &Server, time: Duration) -> Vec<Log> {
    let until = Instant::now() + time;
    let mut people = JoinSet::new();
    for number in 0..8 {
        let person = Person {
            name: format!("person-{number}"),
            door: server.door.clone(),
            chance: 0x9E37_79B9_7F4A_7C15 ^ (number << 7),
            said: 0,
            logs: Vec::new(),
        };
        people.spawn(person.lives(until));
    }
    within(
        "the end of the traffic: is a client not answered?",
        people.join_all(),
    )
    .await
    .into_iter()
    .flatten()
    .collect()
}

struct Person {
    name: String,
    door: Way,
    chance: u64,
    said: usize,
    logs: Vec<Log>,
}

impl Person {
    fn below(&mut self, limit: u64) -> u64 {
        // Marsaglia's xorshift64.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 33) % limit
    }

    async fn lives(mut self, until: Instant) -> Vec<Log> {
        while Instant::now() < until {
            let lines = self.visits(until).await;
            self.logs.push(Log {
                name: self.name.clone(),
                lines,
            });
        }
        self.logs
    }

    /// Comes, talks, and goes in one way or another.
    async fn visits(&mut self, until: Instant) -> Vec<String> {
        let mut client = Client::comes_by(&self.door, 64 * 1024);
        let mut lines = Vec::new();
        // It may have gone without a word the last time, and the server may not know yet.
        let mut is_named = false;
        while !is_named {
            client.says(&format!("NICK {}", self.name)).await;
            is_named = client
                .next()
                .await
                .is_some_and(|line| line.starts_with("NICK"));
            if !is_named {
                sleep(Duration::from_millis(10)).await;
            }
        }
        while Instant::now() < until && self.below(12) > 0 {
            self.is_in_a_room(&mut client, &mut lines).await;
            sleep(Duration::from_millis(self.below(900))).await;
        }
        match self.below(3) {
            0 => {
                client.says("QUIT").await;
                while let Some(line) = client.next().await {
                    lines.push(line);
                }
                assert_eq!(
                    lines.pop().as_deref(),
                    Some("BYE"),
                    "{} has said QUIT",
                    self.name
                );
            }
            1 => drop(client),
            _ => client.resets(),
        }
        lines
    }

    /// Joins, talks, and leaves; or goes from inside.
    async fn is_in_a_room(&mut self, client: &mut Client, lines: &mut Vec<String>) {
        let room = ["lobby", "kitchen", "attic"][self.below(3) as usize];
        let mut says = format!("JOIN {room}");
        for _ in 0..1 + self.below(6) {
            self.said += 1;
            says += &format!("\nSAY {}", self.said);
            if self.below(2) == 0 {
                self.hears_all_of(client, &says, lines).await;
                says = "PING".to_owned();
                sleep(Duration::from_millis(self.below(3_000))).await;
            }
        }
        if self.below(8) > 0 {
            says += "\nLEAVE";
        }
        self.hears_all_of(client, &says, lines).await;
        if !says.ends_with("LEAVE") {
            // Still in it: the next one would be refused.
            sleep(Duration::from_millis(self.below(2_000))).await;
            self.hears_all_of(client, "LEAVE", lines).await;
        }
    }

    /// Says it, and hears everything up to the PONG that comes after it.
    async fn hears_all_of(&mut self, client: &mut Client, says: &str, lines: &mut Vec<String>) {
        client
            .says(&format!("{says}\nPING after {}", self.said))
            .await;
        let pong = format!("PONG after {}", self.said);
        loop {
            match client.next().await {
                Some(line) if line == pong => return,
                Some(line) if line.starts_with("PONG") => {}
                Some(line) => lines.push(line),
                None => panic!("the stream of {} has ended, after {says:?}", self.name),
            }
        }
    }
}

/// All that were in a room at the same time have heard the same.
pub fn all_agree(logs: &[Log]) {
    // Each stay in a room, by the first thing that was said in it: what its author heard, and what others did, from JOINED to LEFT.
    let mut stays: BTreeMap<String, Vec<(&str, Vec<&str>)>> = BTreeMap::new();
    for log in logs {
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        let mut gone = BTreeSet::new();
        for (at, line) in log.lines.iter().enumerate() {
            let mut words = line.split(' ').skip(1);
            let (Some(_), Some(author)) = (words.next(), words.next()) else {
                panic!("{} has heard {line:?}, in a room", log.name);
            };
            let is_known = open.contains_key(author);
            match &line[..4] {
                "JOIN" => {
                    assert!(
                        !is_known,
                        "{} has heard of two JOINED of {author}, and of no LEFT between them",
                        log.name
                    );
                    open.insert(author, at);
                    gone.remove(author);
                }
                "LEFT" => {
                    assert!(
                        !gone.contains(author),
                        "{} has heard {line:?} twice",
                        log.name
                    );
                    if let Some(from) = open.remove(author) {
                        let stay: Vec<&str> =
                            log.lines[from..=at].iter().map(String::as_str).collect();
                        let said = format!(" {author} ");
                        let first = stay
                            .iter()
                            .find(|line| line.starts_with("SAID") && line.contains(&said));
                        if let Some(first) = first {
                            stays
                                .entry((*first).to_owned())
                                .or_default()
                                .push((&log.name, stay));
                        }
                    }
                    gone.insert(author);
                    if author == log.name {
                        open.clear();
                        gone.clear();
                    }
                }
                "SAID" => assert!(
                    !gone.contains(author),
                    "{} has heard {line:?}, and {author} had left",
                    log.name
                ),
                _ => panic!("{} has heard {line:?}, in a room", log.name),
            }
        }
    }
    for heard in stays.values() {
        for two in heard.windows(2) {
            assert_eq!(
                two[0].1, two[1].1,
                "{} and {} were in a room for all of this, and have not heard the same",
                two[0].0, two[1].0
            );
        }
    }
    let shared = stays.values().filter(|heard| heard.len() > 1).count();
    assert!(
        shared > 100,
        "only {shared} stays were heard by more than one"
    );
    numbers_rise(logs);
}

/// What somebody says is numbered: nobody hears it twice, or out of its order.
fn numbers_rise(logs: &[Log]) {
    for log in logs {
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for line in log.lines.iter().filter(|line| line.starts_with("SAID")) {
            let words: Vec<_> = line.split(' ').collect();
            let number = words[3].parse().expect("a number was said");
            let before = last.insert(words[2], number);
            assert!(
                before < Some(number),
                "{} has heard {line:?} after number {before:?} of the same author: twice, or out of its order",
                log.name
            );
        }
    }
}
