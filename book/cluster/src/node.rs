use crate::{Buckets, Count, LEASE, Lease, subject};
use anyhow::{Context, bail};
use async_nats::Client;
use futures_util::StreamExt;
use std::{pin::pin, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// How often a node looks whether the room is free.
const LOOK: Duration = Duration::from_millis(200);

/// A machine on which a room can live. What happens to it is printed, a line each.
pub struct Node {
    pub client: Client,
    pub buckets: Buckets,
    pub name: String,
    pub room: String,
}

impl Node {
    // ANCHOR: run
    /// Owns the room whenever it can, until `stop` is ready. Then it gives the room away.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let (name, room) = (&self.name, &self.room);
        let mut stop = pin!(stop);
        let mut reached = true;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased; // `stop` listens before the room can be this node's
                () = &mut stop => return,
                _ = look.tick() => {}
            }
            match Lease::take(&self.buckets.leases, room, name).await {
                Ok(Some(lease)) => match self.own(lease, stop.as_mut()).await {
                    Ok(()) => return println!("{name} has left {room}"),
                    Err(error) => println!("{name} does not own {room} any more: {error:#}"),
                },
                Ok(None) => reached = true,
                Err(error) => {
                    if std::mem::take(&mut reached) {
                        println!("{name} reaches no store: {error:#}");
                    }
                }
            }
        }
    }
    // ANCHOR_END: run

    // ANCHOR: own
    /// The actor. Its mailbox is the room's subject; an error ends it, and nothing of it is kept.
    async fn own(
        &self,
        mut lease: Lease,
        mut stop: impl Future<Output = ()> + Unpin,
    ) -> anyhow::Result<()> {
        let mut count = Count::take(&self.buckets.counts, &self.room).await?;
        let mut mailbox = self.client.subscribe(subject(&self.room)).await?;
        println!("{} owns {}, count {}", self.name, self.room, count.last());
        let mut renewal = interval(LEASE / 3);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stop => {
                    let _ = lease.leave().await; // or it runs out by itself
                    return Ok(());
                }
                _ = renewal.tick() => lease.renew().await?,
                ask = mailbox.next() => {
                    let Some(ask) = ask else { bail!("the connection is closed") };
                    let number = count.next().await?;
                    if let Some(caller) = ask.reply {
                        let answer = number.to_string().into();
                        self.client.publish(caller, answer).await.context("no answer sent")?;
                    }
                }
            }
        }
    }
    // ANCHOR_END: own
}
