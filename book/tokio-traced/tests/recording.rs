//! What a recording shows.
#![cfg(feature = "debug")]

use std::{cell::RefCell, future::pending, rc::Rc, sync::Arc, thread, time::Duration};
use tokio::{
    Cut, Got, Kind, Limits, Recording, Timer, Trace, Wait,
    sync::{Semaphore, mpsc, oneshot},
    task::{JoinSet, yield_now},
    time::{sleep, timeout},
};
use tokio_traced as tokio;

const MS: Duration = Duration::from_millis(1);

fn kinds(trace: &Trace, actor: &str) -> Vec<Kind> {
    let actor = trace.actors.iter().position(|a| a.name == actor).unwrap();
    let events = trace.events.iter().filter(|e| e.actor == actor);
    events.map(|e| e.kind.clone()).collect()
}

fn last_sentence(trace: &Trace) -> String {
    trace.sentences().pop().unwrap()
}

/// All that one turn of the actor waits for, in one event.
fn waits(kind: &Kind) -> Vec<Wait> {
    match kind {
        Kind::Waits(waits) => waits.iter().map(|w| w.what.clone()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn select_shows_all_that_it_waits_for() {
    let trace = tokio::record("", async {
        let (_sender, mut mailbox) = mpsc::channel::<u8>(1);
        let (stop, mut stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            sleep(3 * MS).await;
            let _ = stop.send(());
        });
        loop {
            tokio::select! {
                Some(_) = mailbox.recv() => {}
                _ = &mut stopped => break,
                () = sleep(10 * MS) => {}
            }
        }
    });
    let main = kinds(&trace, "main");
    let mut all = waits(&main[1]);
    all.sort();
    assert_eq!(
        all,
        [
            Wait::Mail(0),
            Wait::Answer(0),
            Wait::Until(Timer::Sleep, 10)
        ]
    );
    assert_eq!(
        trace
            .events
            .iter()
            .filter(|e| matches!(e.kind, Kind::Waits(_)))
            .count(),
        1
    );
}

#[test]
fn a_combinator_that_polls_what_woke_it_still_waits_for_the_rest() {
    use futures_util::{StreamExt, stream::FuturesUnordered};
    let trace = tokio::record("", async {
        let (one, answer_one) = oneshot::channel();
        let (_two, answer_two) = oneshot::channel::<u8>();
        tokio::spawn(async move { one.send(1) });
        let mut answers: FuturesUnordered<_> = [answer_one, answer_two].into_iter().collect();
        answers.next().await;
        answers.next().await;
    });
    let main = kinds(&trace, "main");
    assert_eq!(waits(&main[1]), [Wait::Answer(0), Wait::Answer(1)]);
    assert_eq!(main[3], Kind::Asked(1));
}

#[test]
fn sleeping_alone_is_work_and_sleeping_beside_a_mailbox_is_not() {
    let trace = tokio::record("", async {
        let (_sender, mut mailbox) = mpsc::channel::<u8>(1);
        sleep(1000 * MS).await;
        let _ = timeout(5 * MS, mailbox.recv()).await;
    });
    assert_eq!(
        kinds(&trace, "main")[..2],
        [Kind::Works(1000), Kind::Wakes(Timer::Sleep)]
    );
    assert_eq!(
        trace.sentences()[..4],
        [
            "Main is busy for 1000 ms and hears nothing meanwhile.",
            "At 1000 ms: Main is done with that.",
            "Main waits for mail, at most 5 ms.",
            "At 1005 ms: Main has waited long enough: time is up.",
        ]
    );
}

#[test]
#[rustfmt::skip] // every line counts
fn lines_are_those_of_the_await() {
    let first = line!();
    let trace = Recording::new("").listing("recording.rs", "").run(async {
        let (reply, answer) = oneshot::channel::<u8>();
        let task = tokio::spawn(async {
            let answer = answer;
            answer
                .await
        });
        yield_now().await;
        let _ = reply.send(1);
        let _ = task
            .await;
    });
    let line = |kind: fn(&Kind) -> bool| {
        let event = trace.events.iter().find(|e| kind(&e.kind)).unwrap();
        event.line - first
    };
    assert_eq!(line(|k| matches!(k, Kind::Spawn { .. })), 3);
    assert_eq!(line(|k| matches!(k, Kind::Asked(_))), 6);
    assert_eq!(line(|k| matches!(k, Kind::Replied { .. })), 9);
    assert_eq!(line(|k| matches!(k, Kind::Joined { .. })), 11);
}

#[test]
fn lines_of_other_files_are_not_shown() {
    let main = async { tokio::spawn(async {}).await };
    let trace = Recording::new("").listing("other.rs", "").run(main);
    assert!(trace.events.iter().all(|e| e.line == 0));
}

#[derive(Debug)]
enum Ask {
    Approve {
        text: String,
        reply: oneshot::Sender<bool>,
    },
    CountOf {
        reply: oneshot::Sender<u32>,
    },
}

struct Room {
    mailbox: mpsc::Receiver<Ask>,
    moderator: mpsc::Sender<Ask>,
}

impl Room {
    async fn run(mut self) {
        while let Some(message) = self.mailbox.recv().await {
            if let Ask::Approve { text, reply: post } = message {
                let (reply, answer) = oneshot::channel();
                let _ = self.moderator.send(Ask::Approve { text, reply }).await;
                let _ = post.send(answer.await.unwrap());
            }
        }
    }
}

async fn moderator(mut mailbox: mpsc::Receiver<Ask>, room: mpsc::Sender<Ask>) {
    while let Some(message) = mailbox.recv().await {
        if let Ask::Approve {
            reply: approved, ..
        } = message
        {
            let (reply, answer) = oneshot::channel();
            let _ = room.send(Ask::CountOf { reply }).await;
            let _ = approved.send(answer.await.unwrap() < 5);
        }
    }
}

async fn a_post() {
    let (to_room, mailbox) = mpsc::channel(8);
    let (to_moderator, questions) = mpsc::channel(8);
    tokio::spawn(moderator(questions, to_room.clone()));
    tokio::spawn(
        Room {
            mailbox,
            moderator: to_moderator,
        }
        .run(),
    );
    let (reply, answer) = oneshot::channel();
    let text = "hello".to_owned();
    to_room.send(Ask::Approve { text, reply }).await.unwrap();
    answer.await.unwrap();
}

#[test]
fn stuck_says_who_waits_for_whom() {
    let trace = tokio::record("A post", a_post());
    assert_eq!(
        trace.why_stuck().unwrap(),
        "moderator waits for room's answer; room waits for moderator's answer"
    );
    assert_eq!(
        last_sentence(&trace),
        "Stuck: nothing can run any more. Moderator waits for room's answer; room waits for moderator's answer."
    );
    assert_eq!(
        trace.messages,
        ["Approve \"hello\"", "Approve \"hello\"", "CountOf"]
    );
    let question = &trace.replies[0];
    assert_eq!((question.message, question.asker), (Some(0), Some(0)));
}

#[test]
fn a_chain_that_is_no_cycle_begins_with_main() {
    async fn keeper(mut questions: mpsc::Receiver<oneshot::Sender<u8>>) {
        let mut kept = Vec::new();
        while let Some(reply) = questions.recv().await {
            kept.push(reply);
        }
    }
    let trace = tokio::record("", async {
        let (sender, questions) = mpsc::channel(1);
        tokio::spawn(keeper(questions));
        let (reply, answer) = oneshot::channel();
        sender.send(reply).await.unwrap();
        let _ = answer.await;
    });
    assert_eq!(
        trace.why_stuck().unwrap(),
        "main waits for keeper's answer; keeper waits for mail (main holds a Sender)"
    );
}

#[test]
fn getting_stuck_after_a_while_is_found_too() {
    let trace = tokio::record("", async {
        sleep(1000 * MS).await;
        tokio::spawn(sleep(2000 * MS));
        pending::<()>().await;
    });
    assert!(trace.why_stuck().is_some(), "{}", trace.chart());
    // Nobody was polled for nothing.
    assert_eq!(trace.events.last().unwrap().ms, 3000);
    let main = kinds(&trace, "main");
    assert_eq!(
        main.iter().filter(|k| matches!(k, Kind::Waits(_))).count(),
        1
    );
}

#[test]
fn a_main_that_ends_before_the_others_says_that_the_recording_goes_on() {
    let says = |trace: Trace| {
        let mut said = trace.sentences().into_iter();
        said.find(|sentence| sentence.starts_with("Main ends."))
    };
    let first = tokio::record("", async {
        tokio::spawn(yield_now());
    });
    let goes_on = "Main ends. In a program the runtime would end with it; here it goes on.";
    assert_eq!(says(first).as_deref(), Some(goes_on));
    let last = tokio::record("", async { tokio::spawn(async {}).await.unwrap() });
    assert_eq!(says(last).as_deref(), Some("Main ends."));
}

#[test]
fn asking_oneself_is_a_cycle_of_one() {
    let trace = tokio::record("", async {
        let (sender, mut mailbox) = mpsc::channel(1);
        sender.send(1).await.unwrap();
        sender.send(mailbox.recv().await.unwrap()).await.unwrap();
        sender.send(3).await.unwrap();
    });
    assert_eq!(
        trace.why_stuck().unwrap(),
        "main waits for a slot in its own mailbox"
    );
}

#[test]
fn a_leak_says_who_holds_which_sender() {
    struct Sequencer {
        mailbox: mpsc::Receiver<u8>,
        _own: mpsc::Sender<u8>,
    }
    impl Sequencer {
        async fn run(mut self) {
            while self.mailbox.recv().await.is_some() {}
        }
    }
    let trace = tokio::record("", async {
        let (sender, mailbox) = mpsc::channel(1);
        tokio::spawn(
            Sequencer {
                mailbox,
                _own: sender.clone(),
            }
            .run(),
        );
        sender.send(1).await.unwrap();
    });
    assert_eq!(
        trace.leaks(),
        ["sequencer never ends: it holds a Sender of its own mailbox"]
    );
    assert!(trace.why_stuck().is_none());

    async fn forgotten(mut mailbox: mpsc::Receiver<u8>) {
        while mailbox.recv().await.is_some() {}
    }
    let trace = tokio::record("", async {
        let (sender, mailbox) = mpsc::channel(1);
        tokio::spawn(forgotten(mailbox));
        std::mem::forget(sender);
    });
    assert_eq!(
        trace.leaks(),
        [
            "forgotten never ends: it waits for mail (a Sender is held outside of the recorded tasks)"
        ]
    );
}

#[test]
fn work_that_was_accepted_is_finished_after_main() {
    let trace = tokio::record("", async {
        let (sender, mut mailbox) = mpsc::channel(8);
        for n in 0..3 {
            sender.send(n).await.unwrap();
        }
        tokio::spawn(async move {
            while mailbox.recv().await.is_some() {
                sleep(1000 * MS).await;
            }
        });
    });
    assert!(trace.leaks().is_empty());
    assert_eq!(trace.events.last().unwrap().ms, 3000);
}

#[test]
fn a_panic_is_an_event_with_its_place() {
    let trace = tokio::record("", async {
        let task = tokio::spawn(async { panic!("no more") });
        let _: Result<(), _> = task.await;
        panic!("main as well")
    });
    let panics: Vec<_> = trace
        .events
        .iter()
        .filter_map(|e| match &e.kind {
            Kind::Panicked { message, at } => Some((e.actor, message.as_str(), at)),
            _ => None,
        })
        .collect();
    assert_eq!(panics.len(), 2);
    assert_eq!((panics[0].0, panics[0].1), (1, "no more"));
    assert_eq!((panics[1].0, panics[1].1), (0, "main as well"));
    assert!(panics[0].2.starts_with("recording.rs:"));
}

#[test]
fn a_message_larger_than_life_has_a_short_label() {
    #[derive(Debug)]
    struct Post(#[allow(dead_code)] Vec<String>);
    struct Rude;
    impl std::fmt::Debug for Rude {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("not to be printed")
        }
    }
    let trace = tokio::record("", async {
        let (sender, _receiver) = mpsc::channel(8);
        sender
            .send(Post(vec!["spam".to_owned(); 100_000]))
            .await
            .unwrap();
        let (sender, _receiver) = mpsc::channel(8);
        sender.send(Rude).await.unwrap();
    });
    assert!(trace.messages[0].starts_with("Post [\"spam\", \"spam\""));
    assert_eq!(trace.messages[0].chars().count(), 40);
    assert_eq!(trace.messages[1], "Rude");
}

#[test]
fn a_long_trace_is_cut_and_says_so() {
    let limits = Limits {
        events: 50,
        ..Limits::default()
    };
    let trace = Recording::new("").limits(limits).run(async {
        let (sender, mut mailbox) = mpsc::channel(1);
        loop {
            sender.send(1).await.unwrap();
            mailbox.recv().await;
            sleep(MS).await;
        }
    });
    assert_eq!(trace.events.len(), 51);
    assert_eq!(
        last_sentence(&trace),
        "The recording stops here: after 50 steps, it is long enough."
    );
}

#[test]
fn a_task_that_spins_is_cut_and_named() {
    let spins = |main: &dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = ()>>>| {
        let trace = tokio::record("", main());
        assert_eq!(
            trace.events.last().unwrap().kind,
            Kind::Cut(Cut::Spins(1)),
            "{}",
            trace.chart()
        );
        assert!(trace.events.len() < 100, "{}", trace.events.len());
        last_sentence(&trace)
    };
    // A closed channel, awaited again and again: Tokio makes it yield.
    async fn closed(mut mailbox: mpsc::Receiver<u8>) {
        loop {
            mailbox.recv().await;
        }
    }
    let said = spins(&|| {
        Box::pin(async {
            let (_, mailbox) = mpsc::channel(1);
            let _ = tokio::spawn(closed(mailbox)).await;
        })
    });
    assert!(said.contains("closed spins"), "{said}");
    // Never comes back from its poll.
    async fn polling(mut mailbox: mpsc::Receiver<u8>) {
        while mailbox.try_recv().is_err() {}
    }
    spins(&|| {
        Box::pin(async {
            let (_sender, mailbox) = mpsc::channel(1);
            let _ = tokio::spawn(polling(mailbox)).await;
        })
    });
    // Yields, and waits for nothing.
    async fn yielding() {
        loop {
            yield_now().await;
        }
    }
    spins(&|| {
        Box::pin(async {
            let _ = tokio::spawn(yielding()).await;
        })
    });
    // An empty JoinSet is ready at once.
    async fn empty_set() {
        let mut set = JoinSet::<()>::new();
        while set.join_next().await.is_none() {}
    }
    spins(&|| {
        Box::pin(async {
            let _ = tokio::spawn(empty_set()).await;
        })
    });
}

#[test]
fn a_blocked_thread_ends_the_recording() {
    let limits = Limits {
        blocked: 100 * MS,
        ..Limits::default()
    };
    let trace = Recording::new("").limits(limits).run(async {
        let (_sender, mut mailbox) = mpsc::channel::<u8>(1);
        let thread = tokio::task::spawn_blocking(move || mailbox.blocking_recv());
        let _ = thread.await;
    });
    assert_eq!(trace.events.last().unwrap().kind, Kind::Cut(Cut::Blocked));
}

#[test]
fn two_recordings_at_once_do_not_mix() {
    let one = || tokio::record("", a_post()).json();
    let other = || {
        let main = async {
            let permits = Rc::new(Semaphore::new(1));
            for _ in 0..50 {
                let _permit = permits.acquire().await.unwrap();
                sleep(MS).await;
            }
        };
        tokio::record("", main).json()
    };
    let (expected_one, expected_other) = (one(), other());
    thread::scope(|scope| {
        let ones = scope.spawn(|| (0..50).map(|_| one()).collect::<Vec<_>>());
        let others = scope.spawn(|| (0..50).map(|_| other()).collect::<Vec<_>>());
        assert!(ones.join().unwrap().iter().all(|t| *t == expected_one));
        assert!(others.join().unwrap().iter().all(|t| *t == expected_other));
    });
}

#[test]
fn a_recording_inside_of_a_recording_is_its_own() {
    let inner = Rc::new(RefCell::new(None));
    let outer = tokio::record("", async {
        let (_sender, mut mailbox) = mpsc::channel::<u8>(1);
        // A runtime must not be started inside of another one, but beside it on a thread.
        let trace = thread::spawn(|| tokio::record("", a_post()))
            .join()
            .unwrap();
        *inner.borrow_mut() = Some(trace);
        let _ = timeout(MS, mailbox.recv()).await;
    });
    assert_eq!(outer.actors.len(), 1);
    assert_eq!(inner.take().unwrap().actors.len(), 3);
}

#[test]
fn nothing_is_recorded_outside() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (sender, mut mailbox) = mpsc::channel(1);
    runtime.block_on(async { sender.send(1).await.unwrap() });
    let trace = tokio::record("", async { mailbox.recv().await });
    // The channel is older than the recording.
    assert_eq!(trace.events.len(), 1);
    assert!(trace.boxes.is_empty());
}

#[test]
fn an_ask_that_is_given_up_is_still_answered() {
    async fn room(mut mailbox: mpsc::Receiver<Ask>) {
        while let Some(Ask::CountOf { reply }) = mailbox.recv().await {
            sleep(10 * MS).await;
            let _ = reply.send(7);
        }
    }
    let trace = tokio::record("", async {
        let (sender, mailbox) = mpsc::channel(1);
        tokio::spawn(room(mailbox));
        let (reply, answer) = oneshot::channel();
        sender.send(Ask::CountOf { reply }).await.unwrap();
        let _ = timeout(5 * MS, answer).await;
    });
    let said = trace.sentences();
    assert!(
        said.contains(&"Main no longer waits for room's answer.".to_owned()),
        "{said:#?}"
    );
    assert!(
        said.contains(&"Room answers 7, but nobody waits for it any more.".to_owned()),
        "{said:#?}"
    );
    let unheard = Kind::Replied {
        reply: 0,
        taken: false,
    };
    assert!(kinds(&trace, "room").contains(&unheard));
    assert!(
        !kinds(&trace, "main").contains(&Kind::Received(Got::Answer {
            reply: 0,
            answered: true
        }))
    );
}

#[test]
fn something_else_is_said_to_be_something_else() {
    let trace = tokio::record("", pending::<()>());
    assert_eq!(
        trace.why_stuck().unwrap(),
        "main waits for something that is not recorded"
    );
}

#[test]
fn what_is_put_into_a_page_cannot_break_it() {
    let trace = tokio::record("</script> & \"quotes\"", async {
        let (sender, _mailbox) = mpsc::channel(1);
        sender.send("</script>\n\n<b>").await.unwrap();
    });
    let html = trace.fragment("\"<");
    assert_eq!(html.matches("</script>").count(), 1);
    assert!(!html.contains("<b>"));
    assert!(!html.contains("\n\n"));
    let json: serde_json::Value = serde_json::from_str(&trace.json()).unwrap();
    assert_eq!(json["labels"][0], "\"</script>\\n\\n<b>\"");
}

#[test]
fn a_page_shows_what_lies_where_after_each_event() {
    let trace = tokio::record("", async {
        let (sender, mut mailbox) = mpsc::channel(1);
        sender.send("a").await.unwrap();
        let full = tokio::spawn(async move { sender.send("b").await });
        tokio::task::yield_now().await;
        mailbox.recv().await;
        full.await.unwrap().unwrap();
    });
    let json: serde_json::Value = serde_json::from_str(&trace.json()).unwrap();
    let steps = json["steps"].as_array().unwrap();
    let mailbox: Vec<_> = steps.iter().map(|step| step[5]["0"].to_string()).collect();
    let of = |kind: &str| {
        let at = steps.iter().position(|step| step[3] == kind).unwrap();
        (&steps[at][4], mailbox[at].as_str())
    };
    let (_, sent) = of("sent");
    assert_eq!(sent, "[[0],[]]");
    let (actors, blocked) = of("blocked");
    assert_eq!(blocked, "[[0],[1]]");
    assert_eq!(actors["1"][0], "full");
    let (actors, received) = of("received");
    assert_eq!(received, "[[],[1]]");
    assert_eq!(
        actors["0"].to_string(),
        r#"["running","running",[0]]"#,
        "main has it in its hands"
    );
    assert_eq!(actors["1"].to_string(), r#"["ready"]"#);
    let way = json["ways"][0].to_string();
    assert_eq!(way, r#"["mail",0,0,3,0]"#);
}

#[test]
fn a_page_shows_who_is_stuck_and_what_nobody_took() {
    let trace = tokio::record("", async {
        let (sender, _mailbox) = mpsc::channel(1);
        sender.send("a").await.unwrap();
        sender.send("b").await.unwrap();
    });
    let json: serde_json::Value = serde_json::from_str(&trace.json()).unwrap();
    assert_eq!(
        json["stuck"].to_string(),
        "[0,0]",
        "it waits for a slot in its own mailbox"
    );
    assert_eq!(json["ways"].to_string(), r#"[["left",0,0,2,0]]"#);
}

#[test]
fn a_harness_can_wait_until_all_others_wait_and_panic_for_its_caller() {
    let trace = tokio::record("", async {
        let rung = Arc::new(tokio::sync::Notify::new());
        let bell = rung.clone();
        tokio::spawn(async move { bell.notify_one() });
        tokio::until_all_wait(rung.notified()).await;
        tokio::panic_at("no".to_owned(), std::panic::Location::caller());
    });
    let sentences = trace.sentences();
    let panicked = sentences.iter().find(|s| s.contains("panics")).unwrap();
    assert!(panicked.contains("recording.rs:"), "{panicked}");
    assert!(
        sentences[1].ends_with("all others to wait."),
        "{sentences:?}"
    );
}
