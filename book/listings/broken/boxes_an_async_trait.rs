pub trait Bids {
    fn bid(&self, amount: u64) -> impl Future<Output = bool> + Send;
}

pub fn list() -> Vec<Box<dyn Bids>> {
    Vec::new()
}
