use tokio::sync::mpsc;

struct Gallery {
    scaler: mpsc::Sender<u32>,
    results: mpsc::Receiver<u32>,
    scaled: u32,
}

impl Gallery {
    fn on_result(&mut self, _result: u32) {
        self.scaled += 1;
    }

    async fn run(mut self) {
        drop(self.scaler);
        while let Some(result) = self.results.recv().await {
            self.on_result(result);
        }
    }
}
