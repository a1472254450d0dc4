//! A mail server for the tests: it does with each mail what the test says, and writes down what came.

use shutdown::{Mail, Mailer, Receipt};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tokio::time::sleep;

/// What the panics of this mail server begin with.
pub const PANICS: &str = "no such address";

/// What happens to a mail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Takes {
    Time(Duration),
    ForEver,
    PanicsAfter(Duration),
    /// Before there is anything to await.
    PanicsAtOnce,
}

/// What was done with a mail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fate {
    UnderWay,
    Sent,
    Panicked,
    /// Its future was dropped before its end.
    Dropped,
}

/// The mail to member `number`. Its receipt has the same number.
pub fn mail(number: u64) -> Mail {
    let to = number.to_string();
    Mail { to }
}

/// The mail server. Clones share what they write down.
#[derive(Clone)]
pub struct Office {
    takes: Arc<dyn Fn(u64) -> Takes + Send + Sync>,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    /// Each mail that the mailer was called with, in this order.
    mails: Vec<(u64, Fate)>,
    most_at_once: usize,
}

impl Log {
    fn under_way(&self) -> usize {
        let mails = self.mails.iter();
        mails.filter(|(_, fate)| *fate == Fate::UnderWay).count()
    }
}

impl Office {
    pub fn new(takes: impl Fn(u64) -> Takes + Send + Sync + 'static) -> Self {
        Self {
            takes: Arc::new(takes),
            log: Arc::default(),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn mailer(&self) -> Mailer {
        let office = self.clone();
        Mailer::new(move |mail| {
            let number = mail
                .to
                .parse()
                .expect("a mail of the tests goes to a number");
            let sending = office.begin(number);
            let takes = (office.takes)(number);
            if takes == Takes::PanicsAtOnce {
                panic!("{PANICS}: {number} (as the test wants it)");
            }
            async move {
                match takes {
                    Takes::Time(time) => sleep(time).await,
                    Takes::ForEver => std::future::pending().await,
                    Takes::PanicsAfter(time) => {
                        sleep(time).await;
                        panic!("{PANICS}: {number} (as the test wants it)");
                    }
                    Takes::PanicsAtOnce => {}
                }
                sending.ends(Fate::Sent);
                Receipt(number)
            }
        })
    }

    fn begin(&self, number: u64) -> Sending {
        let mut log = self.log();
        log.mails.push((number, Fate::UnderWay));
        log.most_at_once = log.most_at_once.max(log.under_way());
        Sending {
            office: self.clone(),
            index: log.mails.len() - 1,
        }
    }

    /// Each mail that the mailer was called with, in this order, and what was done with it.
    pub fn mails(&self) -> Vec<(u64, Fate)> {
        self.log().mails.clone()
    }

    /// What was done with this mail; `None`: the mailer was not called with it.
    pub fn fate(&self, number: u64) -> Option<Fate> {
        let log = self.log();
        // Most are where their number says.
        let near = (number as usize).min(log.mails.len());
        let mut mails = log.mails[..near].iter().rev().chain(&log.mails[near..]);
        let mail = mails.find(|(begun, _)| *begun == number);
        mail.map(|(_, fate)| *fate)
    }

    /// The mails that were sent, in the order in which they began.
    pub fn sent(&self) -> Vec<u64> {
        let log = self.log();
        let sent = log.mails.iter().filter(|(_, fate)| *fate == Fate::Sent);
        sent.map(|(number, _)| *number).collect()
    }

    pub fn under_way(&self) -> usize {
        self.log().under_way()
    }

    pub fn most_at_once(&self) -> usize {
        self.log().most_at_once
    }
}

/// A mail under way.
struct Sending {
    office: Office,
    index: usize,
}

impl Sending {
    fn ends(&self, fate: Fate) {
        let mut log = self.office.log();
        let now = &mut log.mails[self.index].1;
        if *now == Fate::UnderWay {
            *now = fate;
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.ends(if thread::panicking() {
            Fate::Panicked
        } else {
            Fate::Dropped
        });
    }
}
