#[allow(async_fn_in_trait)]
pub trait Bids {
    async fn bid(&self, amount: u64) -> bool;
}

pub fn bid_in_tens(bidder: impl Bids + Send + Sync + 'static) {
    tokio::spawn(async move {
        bidder.bid(10).await;
    });
}
