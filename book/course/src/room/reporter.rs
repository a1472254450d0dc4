//! The actor on the learner's side: it tells the room where the learner stands, once they have agreed and until they leave.

use crate::room::{
    learner::Learner,
    push::{Refused, Request},
    standing::Standing,
};
use std::{future, pin::Pin, time::Duration};
use tokio::{
    select,
    sync::{mpsc, oneshot, watch},
    time::{sleep, timeout},
};

/// Somebody presses keys: a small mailbox is enough.
const MAILBOX: usize = 8;

/// How long the room hears nothing at most.
const BEAT: Duration = Duration::from_secs(15);

/// The shortest time between two requests.
const APART: Duration = Duration::from_secs(1);

/// Brings a request to the room.
pub type Deliver = Box<dyn FnMut(Request) -> Answer + Send>;

/// Whether it was taken.
pub type Answer = Pin<Box<dyn Future<Output = Result<(), Refused>> + Send>>;

/// Tells the learner something, and is over when they can see it.
pub type Say = Box<dyn FnMut(String) -> Said + Send>;

/// See [`Say`].
pub type Said = Pin<Box<dyn Future<Output = ()> + Send>>;

enum Message {
    /// The learner has pressed the key: they join, or they leave.
    Toggle,
    /// The program ends.
    Leave {
        /// Answered when there is nobody of us in the room.
        reply: oneshot::Sender<()>,
    },
}

struct Reporter {
    /// The terminal's keys hold the other end. When the last handle is dropped, the actor ends without a word to the room, which forgets
    /// the learner by itself.
    mailbox: mpsc::Receiver<Message>,
    learner: Learner,
    /// To the room.
    deliver: Deliver,
    /// To the learner.
    say: Say,
}

/// How a stay in the room has ended.
enum End {
    /// By the key.
    Left,
    /// With the program.
    Over(oneshot::Sender<()>),
    /// Nobody can ask for anything any more.
    Gone,
}

impl Reporter {
    async fn run(mut self) {
        if let Some(standing) = self.learner.standing(None).await {
            (self.say)(format!(
                "nothing is sent yet. When you press j, messages like this one go to the room, after each verdict and every {} seconds:\n  {}\n\
                 No code, no messages of tests, no paths. With each go the join code, and a random key by which the name is yours. j leaves again.",
                BEAT.as_secs(),
                standing.json(),
            ))
            .await;
        }
        // Nothing is sent here: only a key leads into the room.
        while let Some(message) = self.mailbox.recv().await {
            match message {
                Message::Toggle => self.stay().await,
                // There is nobody of us.
                Message::Leave { reply } => _ = reply.send(()),
            }
        }
    }

    /// From joining to leaving. Only the learner decides how long that is: a key that they press means the same, whatever the room has answered
    /// meanwhile.
    async fn stay(&mut self) {
        match self.report().await {
            End::Left => {
                let words = match self.leave().await {
                    Ok(()) => "you have left: nothing more is sent, and the room has forgotten you",
                    Err(_) => {
                        "you have left: nothing more is sent, and the room forgets you within a minute"
                    }
                };
                (self.say)(words.to_owned()).await;
            }
            End::Over(reply) => {
                // If it fails: the room forgets us within a minute.
                let _ = self.leave().await;
                let _ = reply.send(());
            }
            End::Gone => {}
        }
    }

    async fn report(&mut self) -> End {
        let mut last: Option<Standing> = None;
        // What was told of the last request: each change of it is told once.
        let mut told = String::new();
        loop {
            let Some(standing) = self.learner.standing(last.as_ref()).await else {
                return End::Gone;
            };
            if last.is_none() {
                (self.say)(format!(
                    "you join. This is sent now:\n  {}",
                    standing.json()
                ))
                .await;
            }
            // Left to its end, also when a key is pressed: what the room hears is in our order, and leaving is the last of it.
            let answer = (self.deliver)(Request::Standing(standing.clone())).await;
            last = Some(standing);
            let words = match &answer {
                Ok(()) => "you are in; j leaves".to_owned(),
                Err(refused) => format!("you are not heard: {refused}"),
            };
            if words != told {
                (self.say)(words.clone()).await;
                told = words;
            }
            let goes_on = !answer.is_err_and(|refused| refused.is_final());
            select! {
                biased;
                message = self.mailbox.recv() => return match message {
                    Some(Message::Toggle) => End::Left,
                    Some(Message::Leave { reply }) => End::Over(reply),
                    None => End::Gone,
                },
                () = news(&mut self.learner.saved), if goes_on => {}
            }
        }
    }

    async fn leave(&mut self) -> Result<(), Refused> {
        (self.deliver)(Request::Leave(self.learner.who.clone())).await
    }
}

/// Until there is something to tell, or the room has to hear that we are there; and never too soon.
async fn news(saved: &mut watch::Receiver<Option<usize>>) {
    sleep(APART).await;
    let changed = async {
        if saved.changed().await.is_err() {
            // Its sender is gone, and so there are no more verdicts.
            future::pending().await
        }
    };
    let _ = timeout(BEAT - APART, changed).await;
}

/// Lets the learner join and leave. The actor lives as long as one of these does.
#[derive(Clone, Debug)]
pub struct ReporterHandle {
    /// The actor holds the other end.
    sender: mpsc::Sender<Message>,
}

impl ReporterHandle {
    /// Starts the actor, outside of the room.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new(learner: Learner, deliver: Deliver, say: Say) -> Self {
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let actor = Reporter {
            mailbox,
            learner,
            deliver,
            say,
        };
        tokio::spawn(actor.run());
        Self { sender }
    }

    /// Joins the room, or leaves it. The actor says what comes of it, and what is sent before it is.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits for a slot does nothing.
    pub async fn toggle(&self) {
        // An error: the program is just ending.
        let _ = self.sender.send(Message::Toggle).await;
    }

    /// Leaves the room, if we are in it. When this returns, that is done, or cannot be: it waits for the request under way and for the last one.
    ///
    /// # Cancel safety
    /// A call that is dropped while it waits for a slot does nothing. One that is dropped later leaves all the same.
    pub async fn leave(&self) {
        let (reply, left) = oneshot::channel();
        // If the send fails the answer fails too: there is nobody who could leave.
        let _ = self.sender.send(Message::Leave { reply }).await;
        let _ = left.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{
            progress::ProgressHandle,
            status::{Outcome, Phase, Status},
        },
        workspace::{Exercise, hints::TestHints},
    };
    use std::path::PathBuf;
    use tokio::time::Instant;

    /// The room and the learner, both held by the test.
    struct Setting {
        reporter: ReporterHandle,
        progress: ProgressHandle,
        saved: watch::Sender<Option<usize>>,
        /// What comes to the room, and how to answer.
        requests: mpsc::UnboundedReceiver<(Request, oneshot::Sender<Result<(), Refused>>)>,
        /// What the learner is told.
        said: mpsc::UnboundedReceiver<String>,
    }

    fn status(name: &str) -> Status {
        let hints = ["starts", "ends"].map(|test| TestHints {
            test: test.to_owned(),
            promise: format!("It {test}"),
            step: String::new(),
            hints: Vec::new(),
        });
        Status::waiting(name, &hints)
    }

    fn verdict(name: &str, red: &[&str]) -> Status {
        let mut status = status(name);
        status.found_tests(&["starts", "ends", "mine"].map(str::to_owned), "");
        for test in ["starts", "ends", "mine"] {
            let result = if red.contains(&test) {
                Outcome::Fails
            } else {
                Outcome::Passes
            };
            status.set_result(test, result, "a message with /a/path".to_owned());
        }
        status.phase = Phase::Done;
        status
    }

    impl Setting {
        fn new() -> Self {
            let names = ["recipe", "select"];
            let exercise = |name: &str| Exercise {
                number: "01".to_owned(),
                name: name.to_owned(),
                folder: PathBuf::new(),
                solution: PathBuf::new(),
                starts_with: String::new(),
                real_tokio: None,
            };
            let progress = ProgressHandle::new(names.map(status).into());
            let (saved, watched) = watch::channel(None);
            let (request_sender, requests) = mpsc::unbounded_channel();
            let (said_sender, said) = mpsc::unbounded_channel();
            let learner = Learner {
                who: "Anna".parse().unwrap(),
                exercises: names.map(exercise).into(),
                progress: progress.clone(),
                saved: watched,
                folder: PathBuf::from("/nowhere"),
            };
            let deliver: Deliver = Box::new(move |request| {
                let (answer, answered) = oneshot::channel();
                request_sender.send((request, answer)).unwrap();
                Box::pin(async { answered.await.unwrap() })
            });
            let say: Say = Box::new(move |text| {
                said_sender.send(text).unwrap();
                Box::pin(future::ready(()))
            });
            let reporter = ReporterHandle::new(learner, deliver, say);
            Self {
                reporter,
                progress,
                saved,
                requests,
                said,
            }
        }

        /// The next request, which gets this answer.
        async fn next(&mut self, answer: Result<(), Refused>) -> Request {
            let (request, reply) = self.requests.recv().await.unwrap();
            reply.send(answer).unwrap();
            request
        }

        /// The next request, as exercise, passed, of and first.
        async fn standing(&mut self) -> (String, u16, u16, String) {
            match self.next(Ok(())).await {
                Request::Standing(it) => (it.exercise, it.passed, it.of, it.first),
                Request::Leave(_) => panic!("no standing"),
            }
        }

        async fn save(&self, index: usize, status: Status) {
            self.progress.report(status).await.unwrap();
            self.saved.send_replace(Some(index));
        }
    }

    fn at(exercise: &str, passed: u16, of: u16, first: &str) -> (String, u16, u16, String) {
        (exercise.to_owned(), passed, of, first.to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_before_the_learner_agrees_and_has_seen_it() {
        let mut setting = Setting::new();
        setting.save(0, verdict("recipe", &["ends"])).await;
        sleep(10 * BEAT).await;
        assert!(setting.requests.is_empty());
        let said = setting.said.try_recv().unwrap();
        assert!(said.starts_with("nothing is sent yet"), "{said}");
        assert!(
            said.contains(r#"{"v":1,"who":"Anna","exercise":"recipe""#),
            "{said}"
        );
        assert!(setting.said.is_empty());

        setting.reporter.toggle().await;
        let (request, answer) = setting.requests.recv().await.unwrap();
        let said = setting.said.try_recv().unwrap();
        let Request::Standing(standing) = request else {
            panic!()
        };
        assert!(said.contains(&standing.json()), "{said}");
        assert!(setting.said.is_empty());
        answer.send(Ok(())).unwrap();
        assert_eq!(setting.said.recv().await.unwrap(), "you are in; j leaves");
    }

    #[tokio::test(start_paused = true)]
    async fn each_verdict_is_told_and_in_between_that_the_learner_is_there() {
        let mut setting = Setting::new();
        setting
            .progress
            .report(verdict("recipe", &[]))
            .await
            .unwrap();
        setting.reporter.toggle().await;
        assert_eq!(
            setting.standing().await,
            at("select", 0, 2, ""),
            "the first that is not done"
        );
        setting.save(0, verdict("recipe", &["ends", "mine"])).await;
        assert_eq!(setting.standing().await, at("recipe", 1, 3, "ends"));
        setting.save(0, verdict("recipe", &["mine"])).await;
        assert_eq!(
            setting.standing().await,
            at("recipe", 2, 3, ""),
            "a test of one's own has no name"
        );

        let mut building = status("recipe");
        building.phase = Phase::Building;
        setting.progress.report(building.clone()).await.unwrap();
        let before = Instant::now();
        assert_eq!(
            setting.standing().await,
            at("recipe", 2, 3, ""),
            "as at the last verdict"
        );
        assert_eq!(before.elapsed(), BEAT);

        building.phase = Phase::Broken;
        setting.save(0, building).await;
        assert_eq!(setting.standing().await, at("recipe", 0, 2, "compile"));
    }

    #[tokio::test(start_paused = true)]
    async fn many_saves_in_a_second_are_one_request() {
        let mut setting = Setting::new();
        setting.reporter.toggle().await;
        setting.standing().await;
        let before = Instant::now();
        for red in ["starts", "ends", "starts", "ends"] {
            setting.save(0, verdict("recipe", &[red])).await;
        }
        assert_eq!(setting.standing().await, at("recipe", 2, 3, "ends"));
        assert_eq!(before.elapsed(), APART);
        setting.standing().await;
        assert_eq!(
            before.elapsed(),
            APART + BEAT,
            "and then there is nothing to tell"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn leaving_is_the_last_that_the_room_hears() {
        let mut setting = Setting::new();
        setting.reporter.toggle().await;
        let (_, answer) = setting.requests.recv().await.unwrap();
        // The key is pressed while a request is on its way, and then again.
        setting.reporter.toggle().await;
        sleep(BEAT).await;
        assert!(setting.requests.is_empty());
        answer.send(Ok(())).unwrap();
        let leave = Request::Leave("Anna".parse().unwrap());
        assert_eq!(setting.next(Ok(())).await, leave);
        sleep(10 * BEAT).await;
        assert!(setting.requests.is_empty());
        let mut said = String::new();
        while let Ok(text) = setting.said.try_recv() {
            said = text;
        }
        assert!(
            said.starts_with("you have left: nothing more is sent"),
            "{said}"
        );

        setting.reporter.toggle().await;
        assert_eq!(
            setting.standing().await,
            at("recipe", 0, 2, ""),
            "and one may come back"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn with_the_program_the_learner_leaves_the_room_or_was_never_in_it() {
        let mut setting = Setting::new();
        setting.reporter.leave().await;
        assert!(setting.requests.is_empty());

        setting.reporter.toggle().await;
        setting.standing().await;
        let reporter = setting.reporter.clone();
        let left = tokio::spawn(async move { reporter.leave().await });
        let leave = Request::Leave("Anna".parse().unwrap());
        assert_eq!(setting.next(Ok(())).await, leave);
        left.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_that_is_away_is_told_once_and_tried_again() {
        let mut setting = Setting::new();
        setting.reporter.toggle().await;
        let mut words = Vec::new();
        for _ in 0..3 {
            let away = std::io::Error::other("no route").into();
            setting.next(Err(away)).await;
        }
        setting.standing().await;
        sleep(APART).await;
        while let Ok(text) = setting.said.try_recv() {
            words.push(text);
        }
        assert_eq!(words.len(), 4, "{words:?}");
        assert!(
            words[2].contains("no route") && words[3] == "you are in; j leaves",
            "{words:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_code_is_not_tried_again_until_the_key_is_pressed() {
        let mut setting = Setting::new();
        setting.reporter.toggle().await;
        setting.next(Err(Refused::Code)).await;
        sleep(10 * BEAT).await;
        assert!(setting.requests.is_empty());
        setting.reporter.toggle().await;
        let leave = Request::Leave("Anna".parse().unwrap());
        assert_eq!(setting.next(Err(Refused::Code)).await, leave);
        setting.reporter.toggle().await;
        setting.standing().await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_actor_ends_with_its_last_handle() {
        let mut setting = Setting::new();
        setting.reporter.toggle().await;
        setting.standing().await;
        drop(setting.reporter);
        assert!(setting.requests.recv().await.is_none());
    }
}
