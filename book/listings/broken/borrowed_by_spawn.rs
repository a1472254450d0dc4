struct Poll {
    yes: u32,
}

impl Poll {
    async fn run(&mut self) {
        self.yes += 1;
    }
}

fn open() {
    let mut poll = Poll { yes: 0 };
    tokio::spawn(poll.run());
}
