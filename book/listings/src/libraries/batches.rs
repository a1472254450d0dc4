//! A mailbox that is read many messages at a time.

use tokio::sync::mpsc;

/// How many are taken out at most.
const AT_ONCE: usize = 256;

// ANCHOR: batches
/// Writes down what comes, with one write for all that waits. How many writes that were.
pub async fn log(mut mailbox: mpsc::Receiver<String>, file: &mut Vec<u8>) -> usize {
    let (mut lines, mut writes) = (Vec::new(), 0);
    while mailbox.recv_many(&mut lines, AT_ONCE).await > 0 {
        file.extend_from_slice(lines.concat().as_bytes());
        writes += 1;
        lines.clear();
    }
    writes
}
// ANCHOR_END: batches

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "What pays": what waits comes at once, in its order, and none is waited for.
    #[test]
    fn what_waits_is_written_at_once() {
        check(|| async {
            let (sender, mailbox) = mpsc::channel(8);
            let mut file = Vec::new();
            let writing = log(mailbox, &mut file);
            let sending = async move {
                for line in ["a\n", "b\n", "c\n"] {
                    sender.send(line.to_owned()).await.unwrap();
                }
                tokio::task::yield_now().await;
                // Nobody waits for a batch to be full.
                sender.send("d\n".to_owned()).await.unwrap();
            };
            let ((), writes) = tokio::join!(sending, writing);
            assert_eq!(writes, 2);
            assert_eq!(file, b"a\nb\nc\nd\n");
        });
    }
}
