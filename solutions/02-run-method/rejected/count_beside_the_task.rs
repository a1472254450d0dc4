//! rejected: aborting_the_task_stops_the_actor
//! says: `pass` had its answer before any task could run
//! thinks: "The handle counts, and looks first whether the task is still there. The task brings the count back in the end."

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tokio::{sync::mpsc, task::JoinHandle};

#[derive(Clone)]
pub struct DoorHandle {
    inside: Arc<AtomicI64>,
    open: mpsc::Sender<()>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let inside = Arc::new(AtomicI64::new(inside));
    let (open, mut closed) = mpsc::channel(1);
    let last = inside.clone();
    let task = tokio::spawn(async move {
        closed.recv().await;
        last.load(Ordering::SeqCst)
    });
    (DoorHandle { inside, open }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        assert!(!self.open.is_closed(), "the task at the door has ended");
        self.inside.fetch_add(people, Ordering::SeqCst) + people
    }
}
