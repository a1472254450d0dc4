//! A café whose tables are there as long as somebody sits at them.

use std::collections::HashMap;
use tokio::sync::mpsc;

// ANCHOR: tables
#[derive(Default)]
pub struct Cafe {
    /// Weak: those who sit at a table keep it, the café only knows where it is.
    tables: HashMap<u32, mpsc::WeakSender<String>>,
}

impl Cafe {
    pub fn table(&mut self, number: u32) -> mpsc::Sender<String> {
        let taken = self.tables.get(&number).and_then(mpsc::WeakSender::upgrade);
        taken.unwrap_or_else(|| {
            // Where nobody sits any more, nothing has to be remembered.
            self.tables.retain(|_, table| table.strong_count() > 0);
            let (sender, mailbox) = mpsc::channel(8);
            self.tables.insert(number, sender.downgrade());
            tokio::spawn(table(mailbox));
            sender
        })
    }
}
// ANCHOR_END: tables

async fn table(mut mailbox: mpsc::Receiver<String>) {
    while mailbox.recv().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check};

    /// Page: "Rooms".
    #[test]
    fn a_table_is_there_as_long_as_somebody_sits_at_it() {
        check(|| async {
            let mut cafe = Cafe::default();
            let ann = cafe.table(7);
            let ben = cafe.table(7);
            assert!(ann.same_channel(&ben));
            drop(ann);
            // Ben stays, so Cem comes to the same table, whatever is under way.
            let cem = cafe.table(7);
            assert!(cem.same_channel(&ben));
            drop((ben, cem));
            // Nobody has run yet: the old table's task has not even noticed.
            let dan = cafe.table(7);
            assert!(!dan.is_closed());
            assert_eq!(alive_tasks().await, 1, "one table of that number");
            drop(dan);
            for number in 0..100 {
                drop(cafe.table(number));
            }
            assert_eq!(alive_tasks().await, 0);
            assert!(
                cafe.tables.len() <= 1,
                "and the café remembers none of them"
            );
        });
    }
}
