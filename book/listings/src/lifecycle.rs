//! Chapter 14: a small frame, as an actor library has one, and a weather station that runs in it.

pub mod own_work;
pub mod restarts;
pub mod unseen;

use std::{fmt::Debug, time::Duration};
use tokio::{
    sync::{
        mpsc::{self, error::SendError},
        oneshot,
    },
    task::JoinHandle,
    time::sleep,
};

// ANCHOR: trait
pub trait Actor: Sized + Send + 'static {
    type Args: Send + 'static;
    type Message: Debug + Send + 'static;
    type Error: Send + 'static;

    fn on_start(args: Self::Args) -> impl Future<Output = Result<Self, Self::Error>> + Send;
    fn handle(&mut self, message: Self::Message) -> impl Future<Output = ()> + Send;
    fn on_stop(&mut self, killed: bool) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
// ANCHOR_END: trait

// ANCHOR: ended
pub enum Ended<A: Actor> {
    Completed { actor: A, killed: bool },
    NotStarted(A::Error),
    NotStopped { actor: A, error: A::Error },
}
// ANCHOR_END: ended

// ANCHOR: spawn
#[derive(Debug)]
enum Letter<M> {
    Message(M),
    Stop,
}

pub struct Address<A: Actor> {
    /// The actor's task holds the other end, and ends when the last of these is dropped.
    letters: mpsc::Sender<Letter<A::Message>>,
    /// One kill is enough, so this is a channel for one.
    kills: mpsc::Sender<()>,
}

pub fn spawn<A: Actor>(args: A::Args, capacity: usize) -> (Address<A>, JoinHandle<Ended<A>>) {
    let (letters, inbox) = mpsc::channel(capacity);
    let (kills, killed) = mpsc::channel(1);
    let task = tokio::spawn(run(args, inbox, killed));
    (Address { letters, kills }, task)
}
// ANCHOR_END: spawn

// ANCHOR: start
async fn run<A: Actor>(
    args: A::Args,
    inbox: mpsc::Receiver<Letter<A::Message>>,
    kills: mpsc::Receiver<()>,
) -> Ended<A> {
    let mut actor = match A::on_start(args).await {
        Ok(actor) => actor,
        Err(error) => return Ended::NotStarted(error),
    };
    let killed = until_the_end(&mut actor, inbox, kills).await;
    match actor.on_stop(killed).await {
        Ok(()) => Ended::Completed { actor, killed },
        Err(error) => Ended::NotStopped { actor, error },
    }
}
// ANCHOR_END: start

// ANCHOR: loop
/// Whether it was killed.
async fn until_the_end<A: Actor>(
    actor: &mut A,
    mut inbox: mpsc::Receiver<Letter<A::Message>>,
    mut kills: mpsc::Receiver<()>,
) -> bool {
    loop {
        tokio::select! {
            biased;
            Some(()) = kills.recv() => return true,
            letter = inbox.recv() => match letter {
                Some(Letter::Message(message)) => actor.handle(message).await,
                Some(Letter::Stop) | None => return false,
            },
        }
    }
}
// ANCHOR_END: loop

// ANCHOR: address
impl<A: Actor> Address<A> {
    pub async fn tell(&self, message: A::Message) -> bool {
        self.letters.send(Letter::Message(message)).await.is_ok()
    }

    /// Waits for a slot, as a message does.
    pub async fn stop(&self) {
        // An actor that has ended already is as good as stopped.
        let _: Result<(), SendError<_>> = self.letters.send(Letter::Stop).await;
    }

    pub fn kill(&self) {
        // Full: somebody else has killed it. Closed: it has ended.
        let _ = self.kills.try_send(());
    }
}
// ANCHOR_END: address

/// Where the weather comes from. It answers after a second, or says that it has no such place.
pub struct Sensor(i32);

#[derive(Debug, PartialEq)]
pub struct NoSuchPlace;

impl Sensor {
    pub async fn connect(place: &str) -> Result<Self, NoSuchPlace> {
        sleep(Duration::from_secs(1)).await;
        let degrees = place.len().try_into().map_err(|_| NoSuchPlace)?;
        match degrees {
            0 => Err(NoSuchPlace),
            _ => Ok(Self(degrees)),
        }
    }
}

// ANCHOR: station
pub struct Station {
    /// Not an `Option`: a station without a sensor does not exist.
    sensor: Sensor,
    asked: u32,
}

impl Actor for Station {
    type Args = String;
    type Message = oneshot::Sender<i32>;
    type Error = NoSuchPlace;

    async fn on_start(place: String) -> Result<Self, NoSuchPlace> {
        let sensor = Sensor::connect(&place).await?;
        Ok(Self { sensor, asked: 0 })
    }

    async fn handle(&mut self, reply: oneshot::Sender<i32>) {
        self.asked += 1;
        let _ = reply.send(self.sensor.0);
    }

    async fn on_stop(&mut self, _killed: bool) -> Result<(), NoSuchPlace> {
        Ok(())
    }
}
// ANCHOR_END: station

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{alive_tasks, check, settle, within};
    use tokio::sync::oneshot::error::TryRecvError;

    fn station(place: &str, capacity: usize) -> (Address<Station>, JoinHandle<Ended<Station>>) {
        spawn(place.to_owned(), capacity)
    }

    /// Page: "A frame, line by line": the station is there before the first message, and comes back when it has ended.
    #[test]
    fn it_starts_answers_and_comes_back() {
        check(|| async {
            let (station, task) = station("Oslo", 8);
            let (reply, answer) = oneshot::channel();
            assert!(station.tell(reply).await);
            assert_eq!(within("the answer", answer).await, Ok(4));
            drop(station);
            let ended = within("the end", task).await.unwrap();
            assert!(matches!(ended, Ended::Completed { actor, killed: false } if actor.asked == 1));
        });
    }

    /// Page: "A frame, line by line": a failed start is an error, and whoever asks hears of it.
    #[test]
    fn a_failed_start_is_an_error_and_no_actor() {
        check(|| async {
            let (station, task) = station("", 8);
            let (reply, answer) = oneshot::channel();
            assert!(station.tell(reply).await);
            assert!(within("an answer", answer).await.is_err());
            let ended = within("the end", task).await.unwrap();
            assert!(matches!(ended, Ended::NotStarted(NoSuchPlace)));
            assert!(!station.tell(oneshot::channel().0).await);
        });
    }

    /// Page: "Stop and kill": what came before the stop is handled, and what came after it is lost. A kill loses all that waits.
    #[test]
    fn messages_behind_a_stop_are_lost() {
        check(|| async {
            for kill in [false, true] {
                let (station, task) = station("Oslo", 8);
                let mut answers = Vec::new();
                for number in 0..6 {
                    if number == 4 {
                        station.stop().await;
                    }
                    let (reply, answer) = oneshot::channel();
                    assert!(station.tell(reply).await);
                    answers.push(answer);
                }
                if kill {
                    station.kill();
                    station.kill();
                }
                let ended = within("the end", task).await.unwrap();
                assert!(matches!(ended, Ended::Completed { killed, .. } if killed == kill));
                let mut answered = 0;
                for answer in answers {
                    answered += usize::from(within("an answer", answer).await.is_ok());
                }
                assert_eq!(answered, if kill { 0 } else { 4 });
            }
        });
    }

    /// Page: "Stop and kill": a stop in the mailbox needs a slot. A kill does not.
    #[test]
    fn a_stop_waits_for_a_slot() {
        check(|| async {
            let (station, task) = station("Oslo", 1);
            assert!(station.tell(oneshot::channel().0).await);
            let mut stop = Box::pin(station.stop());
            let waits = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(stop.as_mut().poll(cx).is_pending())
            });
            assert!(waits.await, "the station connects, and its mailbox is full");
            station.kill();
            let ended = within("the end", task).await.unwrap();
            assert!(matches!(ended, Ended::Completed { killed: true, .. }));
        });
    }

    /// Page: "A frame, line by line": an abort is the only thing that ends it in the middle; then nothing of the actor is called.
    #[test]
    fn an_abort_is_neither_stop_nor_kill() {
        check(|| async {
            let (station, task) = station("Oslo", 8);
            settle().await;
            task.abort();
            let error = within("the end", task).await.err().unwrap();
            assert!(error.is_cancelled());
            assert_eq!(alive_tasks().await, 0);
            assert!(!station.tell(oneshot::channel().0).await);
        });
    }

    /// Page: "A frame, line by line": `abort` only asks for the end. Until it comes, the mailbox takes messages, and they are lost.
    #[test]
    fn what_is_sent_between_the_abort_and_the_end_is_lost() {
        check(|| async {
            let (station, task) = station("Oslo", 8);
            sleep(Duration::from_secs(2)).await;
            task.abort();
            let (reply, answer) = oneshot::channel();
            assert!(station.tell(reply).await);
            assert!(within("an answer", answer).await.is_err());
            let error = within("the end", task).await.err().unwrap();
            assert!(error.is_cancelled());
        });
    }

    /// Page: "Start it again": a question that has its slot when this frame is killed is left in the channel, and its asker waits.
    #[test]
    fn a_question_that_meets_a_kill_is_left_in_the_channel() {
        check(|| async {
            let (station, task) = station("Oslo", 8);
            sleep(Duration::from_secs(2)).await;
            // The first half of a `send` is done when the actor ends.
            let slot = station.letters.reserve().await.unwrap();
            station.kill();
            assert!(within("the end", task).await.is_ok());
            let (reply, mut answer) = oneshot::channel();
            slot.send(Letter::Message(reply));
            assert_eq!(answer.try_recv(), Err(TryRecvError::Empty));
            drop(station);
            assert_eq!(answer.try_recv(), Err(TryRecvError::Closed));
        });
    }

    /// A handler that the test holds between two of its `.await`s.
    struct Held {
        entered: std::sync::mpsc::Sender<&'static str>,
        leave: std::sync::mpsc::Receiver<()>,
    }

    impl Actor for Held {
        type Args = Self;
        type Message = oneshot::Sender<()>;
        type Error = ();

        async fn on_start(held: Self) -> Result<Self, ()> {
            Ok(held)
        }

        async fn handle(&mut self, _reply: oneshot::Sender<()>) {
            self.entered.send("entered").unwrap();
            self.leave.recv().unwrap();
            self.entered.send("left").unwrap();
            tokio::task::yield_now().await;
            self.entered.send("awaited").unwrap();
        }

        async fn on_stop(&mut self, _killed: bool) -> Result<(), ()> {
            self.entered.send("stopped").unwrap();
            Ok(())
        }
    }

    /// Page: "A frame, line by line", on many threads: after `abort` the handler runs on to its next `.await`.
    #[test]
    fn an_aborted_handler_runs_on_to_its_next_await() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (entered, seen) = std::sync::mpsc::channel();
            let (let_go, leave) = std::sync::mpsc::channel();
            let (held, task) = spawn::<Held>(Held { entered, leave }, 8);
            assert!(held.tell(oneshot::channel().0).await);
            assert_eq!(seen.recv(), Ok("entered"));
            task.abort();
            assert!(!task.is_finished());
            let (reply, answer) = oneshot::channel();
            assert!(held.tell(reply).await, "the mailbox is open");
            let_go.send(()).unwrap();
            assert!(task.await.err().unwrap().is_cancelled());
            assert!(answer.await.is_err());
            assert!(!held.tell(oneshot::channel().0).await);
            assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["left"]);
        });
    }
}
