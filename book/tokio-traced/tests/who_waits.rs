//! Who waits for whom, and who holds what: nothing is said that is not so.
#![cfg(feature = "debug")]

use futures_util::{
    future::{BoxFuture, FutureExt, join_all},
    stream::{FuturesUnordered, StreamExt},
};
use std::{
    collections::HashMap,
    future::poll_fn,
    mem,
    sync::{Arc, Mutex as StdMutex},
    task::{Poll, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, duplex},
    sync::{Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch},
    time::{interval, sleep, timeout},
};
use tokio_traced as tokio;

const MS: Duration = Duration::from_millis(1);

fn why_stuck(main: impl Future) -> String {
    let trace = tokio::record("", main);
    trace.why_stuck().unwrap_or_else(|| trace.chart())
}

fn leaks(main: impl Future) -> Vec<String> {
    tokio::record("", main).leaks()
}

type Reply = oneshot::Sender<u32>;

/// Waits for ever.
async fn ask(clerk: mpsc::Sender<Reply>) {
    let (reply, answer) = oneshot::channel();
    clerk.send(reply).await.unwrap();
    let _ = answer.await;
}

type Then = Box<dyn FnOnce(mpsc::Receiver<Reply>, Reply) -> BoxFuture<'static, ()> + Send>;

/// Takes a question, and then does something else with its reply each time.
fn clerk<F>(
    then: impl FnOnce(mpsc::Receiver<Reply>, Reply) -> F + Send + 'static,
) -> mpsc::Sender<Reply>
where
    F: Future<Output = ()> + Send + 'static,
{
    async fn clerk(mut mailbox: mpsc::Receiver<Reply>, then: Then) {
        if let Some(reply) = mailbox.recv().await {
            then(mailbox, reply).await;
        }
    }
    let (sender, mailbox) = mpsc::channel(8);
    tokio::spawn(clerk(
        mailbox,
        Box::new(|mailbox, reply| then(mailbox, reply).boxed()),
    ));
    sender
}

#[test]
fn a_reply_that_is_kept_aside_is_not_taken_for_the_next_message() {
    async fn log(mut lines: mpsc::Receiver<&'static str>) {
        while lines.recv().await.is_some() {}
    }
    // In a map that the actor shares with main: whoever takes it out may answer.
    async fn engine(asked: Arc<StdMutex<HashMap<u32, Reply>>>, log: mpsc::Sender<&'static str>) {
        let (reply, answer) = oneshot::channel();
        asked.lock().unwrap().insert(1, reply);
        let _ = log.send("asked").await;
        let _ = answer.await;
    }
    let shared = why_stuck(async {
        let (sender, lines) = mpsc::channel(8);
        tokio::spawn(log(lines));
        let asked = Arc::default();
        tokio::spawn(engine(Arc::clone(&asked), sender))
            .await
            .unwrap();
        drop(asked);
    });
    assert_eq!(
        shared,
        "engine waits for an answer, whose Sender it holds itself"
    );
    let elsewhere = why_stuck(async {
        let (sender, lines) = mpsc::channel(8);
        tokio::spawn(log(lines));
        let (reply, answer) = oneshot::channel::<u32>();
        mem::forget(reply);
        let _ = sender.send("asked").await;
        let _ = answer.await;
    });
    assert_eq!(
        elsewhere,
        "main waits for an answer (its Sender is held outside of the recorded tasks)"
    );
}

#[test]
fn the_one_that_has_the_reply_is_waited_for() {
    let kept = why_stuck(async {
        let clerk = clerk(|mut mailbox, reply| async move {
            let mut kept = vec![reply];
            while let Some(reply) = mailbox.recv().await {
                kept.push(reply);
            }
        });
        ask(clerk.clone()).await;
    });
    assert_eq!(
        kept,
        "main waits for clerk's answer; clerk waits for mail (main holds a Sender)"
    );
}

#[test]
fn a_reply_that_was_moved_on_is_looked_for_where_it_is() {
    async fn back(mut mailbox: mpsc::Receiver<(u32, Reply)>, lock: Arc<Mutex<u32>>) {
        while let Some((n, reply)) = mailbox.recv().await {
            let _ = reply.send(n + *lock.lock().await);
        }
    }
    let in_another_message = why_stuck(async {
        let lock = Arc::new(Mutex::new(1));
        let (to_back, mailbox) = mpsc::channel(8);
        tokio::spawn(back(mailbox, lock.clone()));
        let front = clerk(|_mailbox, reply| async move {
            let _ = to_back.send((7, reply)).await;
        });
        let guard = lock.lock().await;
        ask(front).await;
        drop(guard);
    });
    assert_eq!(
        in_another_message,
        "main waits for back's answer; back waits for the Mutex (main holds it)"
    );

    async fn helper(reply: Reply, start: Arc<Notify>) {
        start.notified().await;
        let _ = reply.send(1);
    }
    let in_a_task = why_stuck(async {
        let start = Arc::new(Notify::new());
        ask(clerk(|_mailbox, reply| async move {
            tokio::spawn(helper(reply, start));
        }))
        .await;
    });
    assert_eq!(
        in_a_task,
        "main waits for an answer, whose Sender helper holds; helper waits for a notification from the Notify"
    );
}

#[test]
fn a_task_that_has_ended_waits_for_nothing() {
    let kept = Arc::new(StdMutex::new(Vec::new()));
    let with_main = why_stuck(async {
        let kept = Arc::new(StdMutex::new(Vec::new()));
        let keeps = kept.clone();
        ask(clerk(|_mailbox, reply| async move {
            keeps.lock().unwrap().push(reply)
        }))
        .await;
        drop(kept);
    });
    assert_eq!(
        with_main,
        "main waits for an answer, whose Sender it holds itself"
    );
    let keeps = kept.clone();
    let with_nobody = why_stuck(async {
        ask(clerk(|_mailbox, reply| async move {
            keeps.lock().unwrap().push(reply);
        }))
        .await;
    });
    assert_eq!(
        with_nobody,
        "main waits for an answer (its Sender is held outside of the recorded tasks)"
    );
    // The mailbox of one who has ended, and whose Receiver somebody else has.
    async fn first(mailbox: Arc<Mutex<mpsc::Receiver<u32>>>) {
        mailbox.lock().await.recv().await;
    }
    let full = why_stuck(async {
        let (sender, mailbox) = mpsc::channel(1);
        let mailbox = Arc::new(Mutex::new(mailbox));
        tokio::spawn(first(mailbox.clone()));
        for n in 0..3 {
            sender.send(n).await.unwrap();
        }
        drop(mailbox);
    });
    assert_eq!(
        full,
        "main waits for a slot in first's mailbox (it has the Receiver itself)"
    );
}

#[test]
fn select_names_all_that_it_waits_for() {
    async fn until_notified(mut mailbox: mpsc::Receiver<u8>, stop: Arc<Notify>) {
        loop {
            tokio::select! {
                Some(_) = mailbox.recv() => {}
                () = stop.notified() => break,
            }
        }
    }
    let notify = why_stuck(async {
        let (_sender, mailbox) = mpsc::channel(8);
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(until_notified(mailbox, stop.clone()));
        stop.notify_waiters();
        task.await.unwrap();
    });
    assert_eq!(
        notify,
        "main waits for until notified to end; until notified waits for several things: \
         a notification from the Notify; mail (main holds a Sender)"
    );
    async fn until_locked(mut mailbox: mpsc::Receiver<u8>, lock: Arc<RwLock<u8>>) {
        loop {
            tokio::select! {
                Some(_) = mailbox.recv() => {}
                _ = lock.write() => break,
            }
        }
    }
    let lock = why_stuck(async {
        let (_sender, mailbox) = mpsc::channel(8);
        let lock = Arc::new(RwLock::new(1));
        let task = tokio::spawn(until_locked(mailbox, lock.clone()));
        let reads = lock.read().await;
        task.await.unwrap();
        drop(reads);
    });
    assert_eq!(
        lock,
        "main waits for until locked to end; until locked waits for several things: \
         mail (main holds a Sender); the RwLock, to write (main holds it)"
    );
}

#[test]
fn many_waits_of_a_kind_are_told_once() {
    let stuck = |messages: u8| {
        why_stuck(async move {
            let (sender, _mailbox) = mpsc::channel(1);
            join_all((0..messages).map(|n| sender.send(n))).await;
        })
    };
    assert_eq!(
        stuck(3),
        "main waits for several things: a slot in its own mailbox for 1; a slot in its own mailbox for 2"
    );
    assert_eq!(
        stuck(7),
        "main waits for several things: a slot in its own mailbox for 1 and 5 others"
    );
    let alike = why_stuck(async {
        let notify = Notify::new();
        join_all((0..40).map(|_| notify.notified())).await;
    });
    assert_eq!(
        alike,
        "main waits for a notification from the Notify (40 times)"
    );
}

/// Keeps its waker, as a socket does, and a library's own channel.
async fn unrecorded(wakers: Arc<StdMutex<Vec<Waker>>>) {
    poll_fn(|cx| {
        wakers.lock().unwrap().push(cx.waker().clone());
        Poll::Pending
    })
    .await
}

#[test]
fn what_is_not_recorded_is_named_beside_what_is() {
    async fn either(mut mailbox: mpsc::Receiver<u8>, wakers: Arc<StdMutex<Vec<Waker>>>) {
        loop {
            tokio::select! {
                Some(_) = mailbox.recv() => {}
                () = unrecorded(wakers.clone()) => break,
            }
        }
    }
    let selected = why_stuck(async {
        let (sender, mailbox) = mpsc::channel(8);
        let task = tokio::spawn(either(mailbox, Arc::default()));
        sender.send(1).await.unwrap();
        task.await.unwrap();
    });
    assert_eq!(
        selected,
        "main waits for either to end; either waits for several things: \
         something that is not recorded; mail (main holds a Sender)"
    );
    // What was given up is not waited for, although its waker is still around.
    let given_up = why_stuck(async {
        let (_sender, mut mailbox) = mpsc::channel::<u8>(8);
        let wakers = Arc::default();
        let _ = timeout(MS, unrecorded(Arc::clone(&wakers))).await;
        let _ = timeout(MS, mailbox.recv()).await;
        sleep(MS).await;
        mailbox.recv().await;
    });
    assert_eq!(given_up, "main waits for mail (it holds a Sender itself)");
}

#[test]
fn a_task_that_waits_for_a_channels_end_learns_who_holds_its_senders() {
    let main_itself = why_stuck(async {
        let (sender, mut results) = mpsc::channel(8);
        let out = sender.clone();
        tokio::spawn(async move { out.send(1).await });
        while results.recv().await.is_some() {}
        drop(sender);
    });
    assert_eq!(
        main_itself,
        "main waits for mail (it holds a Sender itself)"
    );

    struct Boss {
        mailbox: mpsc::Receiver<Reply>,
        out: mpsc::Sender<u32>,
        results: mpsc::Receiver<u32>,
    }
    impl Boss {
        async fn run(mut self) {
            while let Some(reply) = self.mailbox.recv().await {
                let out = self.out.clone();
                tokio::spawn(async move { out.send(1).await });
                let mut sum = 0;
                while let Some(n) = self.results.recv().await {
                    sum += n;
                }
                let _ = reply.send(sum);
            }
        }
    }
    let an_actor_itself = why_stuck(async {
        let (sender, mailbox) = mpsc::channel(8);
        let (out, results) = mpsc::channel(8);
        tokio::spawn(
            Boss {
                mailbox,
                out,
                results,
            }
            .run(),
        );
        ask(sender).await;
    });
    assert_eq!(
        an_actor_itself,
        "main waits for boss's answer; boss waits for mail in its own mailbox of u32 (it holds a Sender itself)"
    );

    async fn worker(_out: mpsc::Sender<u32>, start: Arc<Barrier>) {
        start.wait().await;
    }
    let several = |workers: usize| {
        why_stuck(async move {
            let (sender, mut results) = mpsc::channel::<u32>(8);
            let start = Arc::new(Barrier::new(9));
            for _ in 0..workers {
                tokio::spawn(worker(sender.clone(), start.clone()));
            }
            while results.recv().await.is_some() {}
            drop(sender);
        })
    };
    assert_eq!(
        several(2),
        "main waits for mail (it, worker 1 and worker 2 hold Senders)"
    );
    assert_eq!(
        several(5),
        "main waits for mail (it, worker 1 and 4 others hold Senders)"
    );

    let another = why_stuck(async {
        let (sender, mut results) = mpsc::channel::<u32>(8);
        tokio::spawn(worker(sender, Arc::new(Barrier::new(2))));
        while results.recv().await.is_some() {}
    });
    assert_eq!(
        another,
        "main waits for mail (worker holds a Sender); worker waits for all 2 to come to the Barrier (1 of 2 are there)"
    );
}

#[test]
fn the_senders_of_broadcast_and_watch_are_named_too() {
    async fn listener(mut news: broadcast::Receiver<u8>) {
        while news.recv().await.is_ok() {}
    }
    let broadcast = why_stuck(async {
        let (sender, news) = broadcast::channel(8);
        tokio::spawn(listener(news)).await.unwrap();
        drop(sender);
    });
    assert_eq!(
        broadcast,
        "main waits for listener to end; listener waits for mail in the broadcast of u8 (main holds a Sender)"
    );
    async fn follower(sender: watch::Sender<u8>) {
        let mut state = sender.subscribe();
        while state.changed().await.is_ok() {}
    }
    let watch = why_stuck(async {
        tokio::spawn(follower(watch::channel(1).0)).await.unwrap();
    });
    assert_eq!(
        watch,
        "main waits for follower to end; follower waits for the watched u8 to change (it holds a Sender itself)"
    );
}

#[test]
fn a_sender_is_not_blamed_if_nobody_reads() {
    async fn sleeper(out: mpsc::Sender<u8>) {
        loop {
            sleep(1000 * MS).await;
            let _ = out.send(1).await;
        }
    }
    let goes_on =
        "it waits for its timer again and again, although nobody reads main's mailbox any more";
    let sleeps = leaks(async {
        let (out, mut mailbox) = mpsc::channel(8);
        tokio::spawn(sleeper(out));
        mailbox.recv().await;
    });
    assert_eq!(sleeps, [format!("sleeper is still alive: {goes_on}")]);
    async fn ticker(out: mpsc::Sender<u8>) {
        let mut ticks = interval(1000 * MS);
        loop {
            ticks.tick().await;
            let _ = out.try_send(1);
        }
    }
    let ticks = leaks(async {
        let (out, mut mailbox) = mpsc::channel(8);
        tokio::spawn(ticker(out));
        mailbox.recv().await;
    });
    assert_eq!(ticks, [format!("ticker is still alive: {goes_on}")]);
    async fn waits_long(_out: mpsc::Sender<u8>) {
        sleep(86_400_000 * MS).await;
    }
    let once = leaks(async {
        let (out, mailbox) = mpsc::channel(8);
        tokio::spawn(waits_long(out));
        drop(mailbox);
    });
    assert_eq!(
        once,
        ["waits long is still alive: it waits for 86400000 ms to pass"]
    );
}

#[test]
fn a_leak_says_what_the_task_waits_for_and_who_keeps_it_alive() {
    async fn held_up(_out: mpsc::Sender<u8>, start: Arc<Notify>) {
        start.notified().await;
    }
    async fn reader(mut mailbox: mpsc::Receiver<u8>) {
        while mailbox.recv().await.is_some() {}
    }
    let said = leaks(async {
        let (out, mailbox) = mpsc::channel(8);
        tokio::spawn(held_up(out, Arc::default()));
        tokio::spawn(reader(mailbox));
    });
    assert_eq!(
        said,
        [
            "held up never ends: it waits for a notification from the Notify",
            "reader never ends: it waits for mail (held up holds a Sender)",
        ]
    );
}

#[test]
fn what_a_timer_may_end_is_not_said_to_be_for_ever() {
    async fn worker(mut jobs: mpsc::Receiver<u8>) {
        while jobs.recv().await.is_some() {
            sleep(10_000 * MS).await;
        }
    }
    async fn waits(done: Arc<Notify>) {
        done.notified().await;
    }
    let works_off = leaks(async {
        let (sender, jobs) = mpsc::channel(8);
        tokio::spawn(worker(jobs));
        tokio::spawn(waits(Arc::default()));
        for job in 0..8 {
            sender.send(job).await.unwrap();
        }
    });
    assert_eq!(
        works_off,
        [
            "worker is still alive: it waits for its timer again and again",
            "waits is still alive: it waits for a notification from the Notify",
        ]
    );
    let stuck = |main: BoxFuture<'static, ()>| tokio::record("", main).sentences().pop();
    assert_eq!(
        stuck(async { sleep(7_200_000 * MS).await }.boxed()).unwrap(),
        "Stuck: nothing can run until a timer goes off. Main waits for 7200000 ms to pass."
    );
    assert_eq!(
        stuck(async { waits(Arc::default()).await }.boxed()).unwrap(),
        "Stuck: nothing can run any more. Main waits for a notification from the Notify."
    );
}

#[test]
fn circles_over_locks_are_circles() {
    async fn room(mut mailbox: mpsc::Receiver<Reply>, log: Arc<Mutex<u32>>) {
        while let Some(reply) = mailbox.recv().await {
            let _ = reply.send(*log.lock().await);
        }
    }
    let asks_with_the_lock = why_stuck(async {
        let log = Arc::new(Mutex::new(1));
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(room(mailbox, log.clone()));
        let _guard = log.lock().await;
        ask(sender).await;
    });
    assert_eq!(
        asks_with_the_lock,
        "main waits for room's answer; room waits for the Mutex (main holds it)"
    );

    async fn adder(mut mailbox: mpsc::Receiver<u32>, sum: Arc<Mutex<u32>>) {
        while let Some(n) = mailbox.recv().await {
            *sum.lock().await += n;
        }
    }
    let sends_with_the_lock = why_stuck(async {
        let sum = Arc::new(Mutex::new(1));
        let (sender, mailbox) = mpsc::channel(1);
        tokio::spawn(adder(mailbox, sum.clone()));
        let _guard = sum.lock().await;
        for n in 0..3 {
            sender.send(n).await.unwrap();
        }
    });
    assert_eq!(
        sends_with_the_lock,
        "main waits for a slot in adder's mailbox; adder waits for the Mutex (main holds it)"
    );

    async fn painter(first: Arc<Mutex<&'static str>>, second: Arc<Mutex<u8>>) {
        let _first = first.lock().await;
        sleep(MS).await;
        let _ = second.lock().await;
    }
    async fn printer(first: Arc<Mutex<u8>>, second: Arc<Mutex<&'static str>>) {
        let _first = first.lock().await;
        sleep(MS).await;
        let _ = second.lock().await;
    }
    let two_locks = why_stuck(async {
        let (one, two) = (Arc::new(Mutex::new("brush")), Arc::new(Mutex::new(2)));
        let painter = tokio::spawn(painter(one.clone(), two.clone()));
        tokio::spawn(printer(two, one));
        painter.await.unwrap();
    });
    assert_eq!(
        two_locks,
        "painter waits for the Mutex of u8 (printer holds it); printer waits for the Mutex of &str (painter holds it)"
    );

    let twice = why_stuck(async {
        let cache = RwLock::new(1);
        let reads = cache.read().await;
        *cache.write().await = *reads;
    });
    assert_eq!(
        twice,
        "main waits for the RwLock, to write (it holds it itself)"
    );

    let permits = why_stuck(async {
        let permits = Arc::new(Semaphore::new(1));
        let needed = permits.clone();
        let clerk = clerk(|_mailbox, reply| async move {
            let _permit = needed.acquire().await;
            let _ = reply.send(1);
        });
        let _permit = permits.acquire().await;
        ask(clerk).await;
    });
    assert_eq!(
        permits,
        "main waits for clerk's answer; clerk waits for a permit of the semaphore (main holds one)"
    );

    let fills_itself = why_stuck(async {
        let config = OnceCell::new();
        config
            .get_or_init(async || *config.get_or_init(async || 1).await)
            .await;
    });
    assert_eq!(
        fills_itself,
        "main waits for the OnceCell to be filled (it fills it itself)"
    );
}

#[test]
fn what_nobody_holds_is_said_to_be_held_by_nobody() {
    let forgotten = why_stuck(async {
        let permits = Semaphore::new(1);
        permits.acquire().await.unwrap().forget();
        let _ = permits.acquire().await;
    });
    assert_eq!(
        forgotten,
        "main waits for a permit of the semaphore (nobody holds one)"
    );
    let lost = why_stuck(async {
        let lock = Mutex::new(1);
        mem::forget(lock.lock().await);
        let _ = lock.lock().await;
    });
    assert_eq!(
        lost,
        "main waits for the Mutex (it is held outside of the recorded tasks)"
    );
}

#[test]
fn a_future_that_is_not_polled_is_found_in_the_queue() {
    let lock = why_stuck(async {
        let lock = Arc::new(Mutex::new(1));
        let guard = lock.clone().lock_owned().await;
        let mut first = Box::pin(lock.lock());
        let _ = timeout(MS, &mut first).await;
        drop(guard);
        let _ = lock.lock().await;
        drop(first);
    });
    assert_eq!(
        lock,
        "main waits for the Mutex (behind another future of its own, which it does not poll)"
    );
    let among_others = why_stuck(async {
        let lock = Arc::new(Mutex::new(1));
        let mut jobs: FuturesUnordered<_> = (0..3)
            .map(|_| async {
                let _guard = lock.lock().await;
                sleep(MS).await;
            })
            .collect();
        while jobs.next().await.is_some() {
            let _guard = lock.lock().await;
        }
    });
    assert_eq!(
        among_others,
        "main waits for the Mutex (2 times) (behind another future of its own, which it does not poll)"
    );
    async fn reader(mut mailbox: mpsc::Receiver<u8>) {
        sleep(2 * MS).await;
        while mailbox.recv().await.is_some() {}
    }
    let place = why_stuck(async {
        let (sender, mailbox) = mpsc::channel(1);
        tokio::spawn(reader(mailbox));
        sender.send(1).await.unwrap();
        let mut kept = Box::pin(sender.send(2));
        let _ = timeout(MS, &mut kept).await;
        sender.send(3).await.unwrap();
        kept.await.unwrap();
    });
    assert_eq!(
        place,
        "main waits for a slot in reader's mailbox (behind another future of its own, which it does not poll); \
         reader waits for mail (main holds a Sender)"
    );
}

#[test]
fn tasks_of_one_name_are_told_apart_by_where_they_were_spawned() {
    async fn pump(mut from: mpsc::Receiver<u8>, to: mpsc::Sender<u8>) {
        while let Some(n) = from.recv().await {
            for _ in 0..2 {
                let _ = to.send(n).await;
            }
        }
    }
    let mut line = 0;
    let said = why_stuck(async {
        let (to_one, one) = mpsc::channel(1);
        let (to_two, two) = mpsc::channel(1);
        to_one.send(1).await.unwrap();
        line = line!();
        let pump_one = tokio::spawn(pump(one, to_two));
        tokio::spawn(pump(two, to_one));
        pump_one.await.unwrap();
    });
    assert_eq!(
        said,
        format!(
            "pump 1 (spawned at who_waits.rs:{}) waits for a slot in pump 2's mailbox; \
             pump 2 (spawned at who_waits.rs:{}) waits for a slot in pump 1's mailbox",
            line + 1,
            line + 2
        )
    );
}

#[test]
fn what_can_go_on_and_is_not_polled_does_not_wait() {
    async fn answers(mut mailbox: mpsc::Receiver<Reply>) {
        while let Some(reply) = mailbox.recv().await {
            sleep(MS).await;
            let _ = reply.send(1);
        }
    }
    /// The second one goes on while the handler of the first one waits.
    async fn first_of<F: Future>(jobs: [F; 2]) {
        let mut jobs: FuturesUnordered<_> = jobs.into_iter().collect();
        jobs.next().await;
        Notify::new().notified().await;
        jobs.next().await;
    }
    let answered = why_stuck(async {
        let (sender, mailbox) = mpsc::channel(8);
        tokio::spawn(answers(mailbox));
        first_of([1, 2].map(|_| ask(sender.clone()))).await;
    });
    let slept = why_stuck(async { first_of([1, 2].map(|n| sleep(n * MS))).await });
    let sent = why_stuck(async {
        let (to_one, mut one) = mpsc::channel(8);
        let (to_two, mut two) = mpsc::channel(8);
        tokio::spawn(async move {
            sleep(MS).await;
            to_one.send(1).await.unwrap();
            to_two.send(2).await.unwrap();
        });
        first_of([one.recv().boxed(), two.recv().boxed()]).await;
    });
    let joined = why_stuck(async { first_of([1, 2].map(|n| tokio::spawn(sleep(n * MS)))).await });
    for said in [answered, slept, sent, joined] {
        assert_eq!(said, "main waits for a notification from the Notify");
    }
}

#[test]
fn who_awaits_its_own_handle_waits_for_itself() {
    async fn own(handle: oneshot::Receiver<tokio::task::JoinHandle<()>>) {
        let _ = handle.await.unwrap().await;
    }
    let alone = leaks(async {
        let (give, handle) = oneshot::channel();
        let _ = give.send(tokio::spawn(own(handle)));
    });
    assert_eq!(alone.len(), 1);
    assert!(
        alone[0].ends_with("never ends: it waits for its own end"),
        "{alone:?}"
    );
}

#[test]
fn who_reads_after_a_writer_waits_for_the_writer() {
    async fn writer(lock: Arc<RwLock<u32>>) {
        *lock.write().await += 1;
    }
    async fn holder(lock: Arc<RwLock<u32>>, alone: bool, done: Arc<Notify>) {
        if alone {
            let _guard = lock.write().await;
            done.notified().await;
        } else {
            let _guard = lock.read().await;
            done.notified().await;
        }
    }
    let twice = why_stuck(async {
        let lock = Arc::new(RwLock::new(0));
        let _first = lock.read().await;
        tokio::spawn(writer(lock.clone()));
        sleep(MS).await;
        let _second = lock.read().await;
    });
    assert_eq!(
        twice,
        "main waits for the RwLock, to read (behind writer, who waits to write); \
         writer waits for the RwLock, to write (main holds it)"
    );
    let no_more = why_stuck(async {
        let lock = Arc::new(RwLock::with_max_readers(0, 1));
        let _first = lock.read().await;
        let second = lock.read();
        let write = async {
            sleep(MS).await;
            let _ = tokio::spawn(writer(lock.clone())).await;
        };
        let _both = tokio::join!(second, write);
    });
    assert_eq!(
        no_more,
        "main waits for several things: the RwLock, to read (it holds it itself); writer to end"
    );
    let reads_after = |alone| {
        why_stuck(async move {
            let lock = Arc::new(RwLock::new(0));
            tokio::spawn(holder(lock.clone(), alone, Arc::default()));
            sleep(MS).await;
            tokio::spawn(writer(lock.clone()));
            sleep(MS).await;
            let _ = lock.read().await;
        })
    };
    assert_eq!(
        reads_after(false),
        "main waits for the RwLock, to read (behind writer, who waits to write); \
         writer waits for the RwLock, to write (holder holds it); holder waits for a notification from the Notify"
    );
    assert_eq!(
        reads_after(true),
        "main waits for the RwLock, to read (holder holds it); holder waits for a notification from the Notify"
    );
}

#[test]
fn a_reserved_slot_is_told_from_a_message_and_from_a_sender() {
    async fn reader(mut mailbox: mpsc::Receiver<u8>) {
        while mailbox.recv().await.is_some() {}
    }
    async fn closes(mut mailbox: mpsc::Receiver<u8>) {
        mailbox.close();
        while mailbox.recv().await.is_some() {}
    }
    let full = why_stuck(async {
        let (sender, mailbox) = mpsc::channel(2);
        tokio::spawn(reader(mailbox));
        let _both = sender.reserve_many(2).await.unwrap();
        let _ = sender.send(1).await;
    });
    assert_eq!(
        full,
        "main waits for a slot in reader's mailbox (a slot in it is reserved); reader waits for mail (main holds a Sender)"
    );
    let closed = why_stuck(async {
        let (sender, mailbox) = mpsc::channel(8);
        let _slot = sender.reserve().await.unwrap();
        sender.send(1).await.unwrap();
        let _ = tokio::spawn(closes(mailbox)).await;
    });
    assert_eq!(
        closed,
        "main waits for closes to end; closes waits for mail (it is closed, and a slot in it is reserved)"
    );
    let several = why_stuck(async {
        let (sender, _mailbox) = mpsc::channel(2);
        sender.send(1).await.unwrap();
        let _ = tokio::join!(sender.reserve_many(2), sender.send(2));
    });
    assert_eq!(
        several,
        "main waits for several things: a slot in its own mailbox; a slot in its own mailbox for 2"
    );
}

#[test]
fn a_stream_has_no_sender() {
    let silent = why_stuck(async {
        let (mut stream, _peer) = duplex(4);
        let _ = stream.read_u8().await;
    });
    assert_eq!(silent, "main waits for bytes on the wire to main");
}
