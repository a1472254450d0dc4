//! Chapter 17: a coffee machine takes orders from another room, over connections that last as long as their client is patient.

pub mod cups;

use std::{collections::HashMap, io, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex, split},
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

const BREWING: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(2);

// ANCHOR: message
#[derive(Debug)]
struct Brew {
    /// The same in each attempt at the same order, and in no other order.
    order: String,
    reply: oneshot::Sender<u32>,
}

struct Machine {
    mailbox: mpsc::Receiver<Brew>,
    cups: u32,
    /// Which cup each order got.
    done: HashMap<String, u32>,
}
// ANCHOR_END: message

// ANCHOR: run
impl Machine {
    async fn run(mut self) -> u32 {
        while let Some(Brew { order, reply }) = self.mailbox.recv().await {
            let cup = match self.done.get(&order) {
                Some(cup) => *cup,
                None => self.brew(order).await,
            };
            let _ = reply.send(cup);
        }
        self.cups
    }

    async fn brew(&mut self, order: String) -> u32 {
        sleep(BREWING).await;
        self.cups += 1;
        self.done.insert(order, self.cups);
        self.cups
    }
}
// ANCHOR_END: run

// ANCHOR: serve
/// One order a line, and one line back.
async fn serve(machine: mpsc::Sender<Brew>, stream: DuplexStream) -> io::Result<()> {
    let (reader, mut writer) = split(stream);
    let mut orders = BufReader::new(reader).lines();
    while let Some(order) = orders.next_line().await? {
        let (reply, answer) = oneshot::channel();
        let _ = machine.send(Brew { order, reply }).await;
        let cup = answer.await.map_err(io::Error::other)?;
        writer.write_all(format!("{cup}\n").as_bytes()).await?;
    }
    Ok(())
}
// ANCHOR_END: serve

// ANCHOR: till
/// Up to three attempts, each over a connection of its own. The name is chosen once.
async fn order(machine: &mpsc::Sender<Brew>, name: &str) -> Option<String> {
    for _ in 0..3 {
        let (mut here, there) = duplex(64);
        tokio::spawn(serve(machine.clone(), there));
        let attempt = async {
            here.write_all(format!("{name}\n").as_bytes()).await?;
            BufReader::new(here).lines().next_line().await
        };
        if let Ok(Ok(cup)) = timeout(PATIENCE, attempt).await {
            return cup;
        }
    }
    None
}
// ANCHOR_END: till

/// What the guest hears, and how many cups there are in the end.
pub async fn first() -> (Option<String>, Option<u32>) {
    let (machine, mailbox) = mpsc::channel(8);
    let actor = Machine {
        mailbox,
        cups: 0,
        done: HashMap::new(),
    };
    let running = tokio::spawn(actor.run());
    let cup = order(&machine, "table 4, first cup").await;
    drop(machine);
    (cup, running.await.ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;
    use tokio::time::Instant;

    /// Page: "A name for each call".
    #[test]
    fn with_a_name_the_second_attempt_gets_the_cup_of_the_first() {
        check(|| async {
            let begin = Instant::now();
            assert_eq!(first().await, (Some("1".to_owned()), Some(1)));
            assert_eq!(begin.elapsed(), Duration::from_secs(3));
        });
    }
}
