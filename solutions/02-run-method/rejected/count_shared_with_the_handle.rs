//! rejected: aborting_the_task_stops_the_actor
//! says: the handle knows the count itself, and nobody is at the door
//! thinks: "The handle can change the count itself if it is in an Arc<Mutex<..>>; the task is only there to return it in the end."

use std::sync::{Arc, Mutex};
use tokio::{sync::mpsc, task::JoinHandle};

#[derive(Clone)]
pub struct DoorHandle {
    inside: Arc<Mutex<i64>>,
    _open: mpsc::Sender<()>,
}

pub fn open(inside: i64) -> (DoorHandle, JoinHandle<i64>) {
    let inside = Arc::new(Mutex::new(inside));
    let (_open, mut closed) = mpsc::channel(1);
    let last = inside.clone();
    let task = tokio::spawn(async move {
        closed.recv().await;
        *last.lock().expect("nobody panicked")
    });
    (DoorHandle { inside, _open }, task)
}

impl DoorHandle {
    pub async fn pass(&self, people: i64) -> i64 {
        let mut inside = self.inside.lock().expect("nobody panicked");
        *inside += people;
        *inside
    }
}
