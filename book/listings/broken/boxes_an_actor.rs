pub trait Actor: Sized + Send + 'static {
    fn handle(&mut self, message: String) -> impl Future<Output = ()> + Send;
}

pub fn list() -> Vec<Box<dyn Actor>> {
    Vec::new()
}
