use tokio::sync::mpsc;

enum Message {
    Bid(u64),
    Hammer,
}

#[derive(Clone)]
pub struct Bidder {
    sender: mpsc::Sender<Message>,
}

pub struct Auctioneer {
    sender: mpsc::Sender<Message>,
}

impl Bidder {
    pub async fn bid(&self, amount: u64) {
        let _ = self.sender.send(Message::Bid(amount)).await;
    }
}

impl Auctioneer {
    pub async fn hammer(self) {
        let _ = self.sender.send(Message::Hammer).await;
    }
}

async fn bot(bidder: Bidder) {
    bidder.bid(10).await;
    bidder.hammer().await;
}

async fn twice(auctioneer: Auctioneer) {
    auctioneer.hammer().await;
    auctioneer.hammer().await;
}
