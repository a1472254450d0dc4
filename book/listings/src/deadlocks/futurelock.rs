//! Chapter 10: a send that is kept by reference, and not polled, while another one waits behind it.

use std::{pin::pin, time::Duration};
use tokio::{sync::mpsc, time::sleep};

// ANCHOR: report
pub async fn report(out: mpsc::Sender<&'static str>) {
    let mut sending = pin!(out.send("result"));
    tokio::select! {
        _ = &mut sending => return,
        () = sleep(Duration::from_millis(10)) => {
            let _ = out.send("it takes a while").await;
        }
    }
    let _ = sending.await;
}
// ANCHOR_END: report
