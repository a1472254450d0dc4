//! Chapter 2, "Two faults in one struct": a `Receiver` has no `Clone`, so a struct that holds one cannot derive it.

use tokio::sync::mpsc;

#[derive(Clone)]
pub struct Poll {
    pub sender: mpsc::Sender<bool>,
    pub mailbox: mpsc::Receiver<bool>,
}
