//! An actor that counts lines and shows how many, and two tests of it: one that goes by the order of tasks, and one that does not.

use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
};

// ANCHOR: counter
/// Counts the lines that it hears, and shows the count.
pub async fn counter(mut heard: mpsc::Receiver<&'static str>, shows: watch::Sender<u32>) {
    while let Some(_line) = heard.recv().await {
        shows.send_modify(|count| *count += 1);
    }
}
// ANCHOR_END: counter

// ANCHOR: turn
pub async fn counts_after_a_turn() {
    let (room, heard) = mpsc::channel(8);
    let (shows, shown) = watch::channel(0);
    tokio::spawn(counter(heard, shows));

    room.send("hello").await.expect("the counter is there");
    yield_now().await; // now it has counted
    assert_eq!(*shown.borrow(), 1);
}
// ANCHOR_END: turn

// ANCHOR: waits
pub async fn counts_when_it_says_so() {
    let (room, heard) = mpsc::channel(8);
    let (shows, mut shown) = watch::channel(0);
    tokio::spawn(counter(heard, shows));

    room.send("hello").await.expect("the counter is there");
    let count = shown.wait_for(|count| *count > 0).await;
    assert_eq!(*count.expect("the counter is there"), 1);
}
// ANCHOR_END: waits
