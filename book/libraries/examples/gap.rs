//! How often a caller waits for ever when an actor panics, on many threads: the gap of chapter 1, by hand and on each library. A question
//! comes into a mailbox that was emptied just before, and stays there. It is a matter of chance:
//!
//!     cargo run -p actor-libraries --example gap

use std::{
    panic,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Builder,
    sync::{mpsc, oneshot},
    task::{JoinSet, yield_now},
    time::timeout,
};

const CALLERS: usize = 16;

/// So long each is tried.
const PATIENCE: Duration = Duration::from_secs(20);

/// An actor that answers, until it is told to panic.
trait Answers: Clone + Send + Sync + 'static {
    const NAME: &'static str;

    fn start() -> impl Future<Output = Self> + Send;

    /// Whether there was an answer.
    fn ask(&self) -> impl Future<Output = bool> + Send;

    fn tell_to_panic(&self) -> impl Future<Output = ()> + Send;
}

fn main() {
    panic::set_hook(Box::new(|_| {}));
    let runtime = Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .expect("a runtime can be started");
    runtime.block_on(async {
        tokio::spawn(try_it::<by_hand::Handle>()).await.unwrap();
        tokio::spawn(try_it::<on_kameo::Handle>()).await.unwrap();
        tokio::spawn(try_it::<on_ractor::Handle>()).await.unwrap();
        tokio::spawn(try_it::<on_rsactor::Handle>()).await.unwrap();
        tokio::spawn(try_it::<on_xtra::Handle>()).await.unwrap();
    });
}

async fn try_it<A: Answers>() {
    let start = Instant::now();
    let (mut panics, mut gaps) = (0, 0);
    while start.elapsed() < PATIENCE {
        let actor = A::start().await;
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let actor = actor.clone();
            callers.spawn(async move { while actor.ask().await {} });
        }
        for _ in 0..panics % 50 {
            yield_now().await;
        }
        actor.tell_to_panic().await;
        panics += 1;
        // They hear of it at once, or not at all.
        let all = async { while callers.join_next().await.is_some() {} };
        gaps += usize::from(timeout(Duration::from_secs(5), all).await.is_err());
    }
    println!(
        "{}: a caller was left waiting after {gaps} of {panics} panics",
        A::NAME
    );
}

mod by_hand {
    use super::*;

    pub enum Message {
        Ask(oneshot::Sender<()>),
        Panic,
    }

    pub type Handle = mpsc::Sender<Message>;

    impl Answers for Handle {
        const NAME: &'static str = "by hand";

        async fn start() -> Self {
            let (sender, mut mailbox) = mpsc::channel(64);
            tokio::spawn(async move {
                while let Some(message) = mailbox.recv().await {
                    match message {
                        Message::Ask(reply) => drop(reply.send(())),
                        Message::Panic => panic!("it was told to"),
                    }
                }
            });
            sender
        }

        async fn ask(&self) -> bool {
            let (reply, answer) = oneshot::channel();
            let _ = self.send(Message::Ask(reply)).await;
            answer.await.is_ok()
        }

        async fn tell_to_panic(&self) {
            let _ = self.send(Message::Panic).await;
        }
    }
}

mod on_kameo {
    use super::Answers;
    use kameo::{
        Actor,
        actor::{ActorRef, Spawn},
        message::{Context, Message},
    };

    #[derive(Actor)]
    pub struct Clerk;
    struct Ask;
    struct Panic;

    impl Message<Ask> for Clerk {
        type Reply = ();

        async fn handle(&mut self, Ask: Ask, _: &mut Context<Self, ()>) {}
    }

    impl Message<Panic> for Clerk {
        type Reply = ();

        async fn handle(&mut self, Panic: Panic, _: &mut Context<Self, ()>) {
            panic!("it was told to")
        }
    }

    pub type Handle = ActorRef<Clerk>;

    impl Answers for Handle {
        const NAME: &'static str = "kameo";

        async fn start() -> Self {
            Clerk::spawn(Clerk)
        }

        async fn ask(&self) -> bool {
            ActorRef::ask(self, Ask).await.is_ok()
        }

        async fn tell_to_panic(&self) {
            let _ = self.tell(Panic).await;
        }
    }
}

mod on_ractor {
    use super::Answers;
    use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

    pub struct Clerk;

    pub enum Message {
        Ask(RpcReplyPort<()>),
        Panic,
    }

    impl Actor for Clerk {
        type Msg = Message;
        type State = ();
        type Arguments = ();

        async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<(), ActorProcessingErr> {
            Ok(())
        }

        async fn handle(
            &self,
            _: ActorRef<Message>,
            message: Message,
            (): &mut (),
        ) -> Result<(), ActorProcessingErr> {
            match message {
                Message::Ask(reply) => drop(reply.send(())),
                Message::Panic => panic!("it was told to"),
            }
            Ok(())
        }
    }

    pub type Handle = ActorRef<Message>;

    impl Answers for Handle {
        const NAME: &'static str = "ractor";

        async fn start() -> Self {
            let started = Clerk::spawn(None, Clerk, ()).await;
            started.expect("it starts").0
        }

        async fn ask(&self) -> bool {
            let answer = self.call(Message::Ask, None).await;
            answer.is_ok_and(|answer| answer.is_success())
        }

        async fn tell_to_panic(&self) {
            let _ = self.cast(Message::Panic);
        }
    }
}

mod on_rsactor {
    use super::Answers;
    use rsactor::{Actor, ActorRef, Message};

    #[derive(Debug)]
    pub struct Clerk;
    struct Ask;
    struct Panic;

    impl Actor for Clerk {
        type Args = ();
        type Error = String;
        type IdleEvent = ();

        async fn on_start((): (), _: &ActorRef<Self>) -> Result<Self, String> {
            Ok(Self)
        }
    }

    impl Message<Ask> for Clerk {
        type Reply = ();

        async fn handle(&mut self, Ask: Ask, _: &ActorRef<Self>) {}
    }

    impl Message<Panic> for Clerk {
        type Reply = ();

        async fn handle(&mut self, Panic: Panic, _: &ActorRef<Self>) {
            panic!("it was told to")
        }
    }

    pub type Handle = ActorRef<Clerk>;

    impl Answers for Handle {
        const NAME: &'static str = "rsactor";

        async fn start() -> Self {
            rsactor::spawn::<Clerk>(()).0
        }

        async fn ask(&self) -> bool {
            ActorRef::ask(self, Ask).await.is_ok()
        }

        async fn tell_to_panic(&self) {
            let _ = self.tell(Panic).await;
        }
    }
}

mod on_xtra {
    use super::Answers;
    use xtra::{Actor, Address, Context, Handler, Mailbox};

    #[derive(Actor)]
    pub struct Clerk;
    struct Ask;
    struct Panic;

    impl Handler<Ask> for Clerk {
        type Return = ();

        async fn handle(&mut self, Ask: Ask, _: &mut Context<Self>) {}
    }

    impl Handler<Panic> for Clerk {
        type Return = ();

        async fn handle(&mut self, Panic: Panic, _: &mut Context<Self>) {
            panic!("it was told to")
        }
    }

    pub type Handle = Address<Clerk>;

    impl Answers for Handle {
        const NAME: &'static str = "xtra";

        async fn start() -> Self {
            xtra::spawn_tokio(Clerk, Mailbox::bounded(64))
        }

        async fn ask(&self) -> bool {
            self.send(Ask).await.is_ok()
        }

        async fn tell_to_panic(&self) {
            let _ = self.send(Panic).detach().await;
        }
    }
}
