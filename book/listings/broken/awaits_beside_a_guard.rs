use tokio::sync::{mpsc, watch};

fn open(mut stop: watch::Receiver<bool>, mut mailbox: mpsc::Receiver<u32>, done: mpsc::Sender<u32>) {
    tokio::spawn(async move {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {
                let _ = done.send(0).await;
            }
            Some(_) = mailbox.recv() => {}
        }
    });
}
