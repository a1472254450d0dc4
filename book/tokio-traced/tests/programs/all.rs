// Small programs, as tests of exercises are: included once with the real Tokio as `tokio`, once with the stand-in. Each notes
// what it sees in the order in which it sees it.

use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{
        Barrier, MappedMutexGuard, Mutex as Lock, MutexGuard, Notify, OnceCell, OwnedMutexGuard,
        OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
        Semaphore, SetError, broadcast, mpsc, oneshot, watch,
    },
    task::{JoinSet, spawn_blocking, yield_now},
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};

#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub fn add(&self, note: impl std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{note:?}"));
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

pub type Program = fn(Notes) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! programs {
    ($($name:ident),* $(,)?) => {
        pub fn all() -> Vec<(&'static str, Program)> {
            vec![$((stringify!($name), |notes| Box::pin($name(notes)))),*]
        }
    };
}

programs![
    asks,
    backpressure,
    ask_cycle,
    bounded_cycle,
    own_sender,
    cycle_of_handles,
    select_until_both_closed,
    select_with_references,
    send_given_up,
    permits,
    weak_senders,
    join_sets,
    time_outs,
    intervals,
    moved_timers,
    oneshots,
    panics,
    aborts,
    watches,
    broadcasts,
    semaphores,
    mutexes,
    rwlocks,
    guards_of_parts,
    notifications,
    barriers,
    once_cells,
    statics,
    lock_circle,
    combinators,
    many_messages,
    forced_yields,
    other_threads,
    closing,
];

const MS: Duration = Duration::from_millis(1);

#[derive(Debug)]
enum Ask {
    Next(oneshot::Sender<u32>),
    Relay(oneshot::Sender<u32>),
}

struct Counter {
    mailbox: mpsc::Receiver<Ask>,
    peer: Option<mpsc::Sender<Ask>>,
    count: u32,
}

impl Counter {
    async fn run(mut self) -> u32 {
        while let Some(ask) = self.mailbox.recv().await {
            match ask {
                Ask::Next(reply) => {
                    self.count += 1;
                    let _ = reply.send(self.count);
                }
                Ask::Relay(reply) => {
                    let (inner, answer) = oneshot::channel();
                    if let Some(peer) = &self.peer {
                        let _ = peer.send(Ask::Next(inner)).await;
                    }
                    let _ = reply.send(answer.await.unwrap_or(0));
                }
            }
        }
        self.count
    }
}

fn counter(capacity: usize, peer: Option<mpsc::Sender<Ask>>) -> mpsc::Sender<Ask> {
    let (sender, mailbox) = mpsc::channel(capacity);
    let count = 0;
    tokio::spawn(Counter { mailbox, peer, count }.run());
    sender
}

async fn next(counter: &mpsc::Sender<Ask>) -> Result<u32, oneshot::error::RecvError> {
    let (reply, answer) = oneshot::channel();
    let _ = counter.send(Ask::Next(reply)).await;
    answer.await
}

async fn asks(notes: Notes) {
    let one = counter(8, None);
    let two = one.clone();
    notes.add(next(&one).await);
    notes.add(next(&two).await);
    let mut tasks = Vec::new();
    for n in 0..20 {
        let (one, notes) = (one.clone(), notes.clone());
        tasks.push(tokio::spawn(async move { notes.add((n, next(&one).await)) }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn backpressure(notes: Notes) {
    let (sender, mut receiver) = mpsc::channel(2);
    let producer = tokio::spawn({
        let notes = notes.clone();
        async move {
            for n in 0..6 {
                sender.send(n).await.unwrap();
                notes.add(("sent", n, sender.capacity()));
            }
            notes.add((sender.try_send(6), sender.is_closed()));
        }
    });
    while let Some(n) = receiver.recv().await {
        notes.add(("got", n, receiver.len()));
        sleep(10 * MS).await;
    }
    producer.await.unwrap();
}

async fn ask_cycle(notes: Notes) {
    let (sender, mailbox) = mpsc::channel(8);
    let other = counter(8, Some(sender.clone()));
    let first = Counter { mailbox, peer: Some(other.clone()), count: 0 };
    tokio::spawn(first.run());
    notes.add("asks");
    let (reply, answer) = oneshot::channel();
    sender.send(Ask::Relay(reply)).await.unwrap();
    notes.add(answer.await);
    let (reply, to_first) = oneshot::channel();
    sender.send(Ask::Relay(reply)).await.unwrap();
    let (reply, to_other) = oneshot::channel();
    other.send(Ask::Relay(reply)).await.unwrap();
    notes.add((to_first.await, to_other.await));
}

async fn bounded_cycle(notes: Notes) {
    let (to_a, mut a) = mpsc::channel(1);
    let (to_b, mut b) = mpsc::channel(1);
    to_a.send(1).await.unwrap();
    let also_to_a = to_a.clone();
    let relay = tokio::spawn({
        let notes = notes.clone();
        async move {
            while let Some(n) = b.recv().await {
                notes.add(("b", n));
                also_to_a.send(n).await.unwrap();
                also_to_a.send(n).await.unwrap();
            }
        }
    });
    while let Some(n) = a.recv().await {
        notes.add(("a", n));
        to_b.send(n).await.unwrap();
        to_b.send(n).await.unwrap();
    }
    relay.await.unwrap();
}

async fn own_sender(notes: Notes) {
    let (sender, mut mailbox) = mpsc::channel::<u8>(1);
    let own = sender.clone();
    tokio::spawn(async move {
        while let Some(n) = mailbox.recv().await {
            let _ = own.try_send(n + 1);
        }
    });
    notes.add(sender.strong_count());
}

async fn cycle_of_handles(notes: Notes) {
    let (to_a, mut a) = mpsc::unbounded_channel::<mpsc::UnboundedSender<u8>>();
    let (to_b, mut b) = mpsc::unbounded_channel::<u8>();
    let back = to_a.clone();
    tokio::spawn(async move {
        let to_b = to_b;
        while a.recv().await.is_some() {}
        drop(to_b);
    });
    tokio::spawn(async move {
        let _back = back;
        while b.recv().await.is_some() {}
    });
    notes.add(to_a.is_closed());
}

async fn select_until_both_closed(notes: Notes) {
    let (one, mut ones) = mpsc::channel(4);
    let (two, mut twos) = mpsc::channel(4);
    tokio::spawn(async move {
        for n in 0..3 {
            one.send(n).await.unwrap();
            sleep(MS).await;
        }
    });
    tokio::spawn(async move {
        for n in 10..14 {
            two.send(n).await.unwrap();
            sleep(2 * MS).await;
        }
    });
    loop {
        tokio::select! {
            biased;
            Some(n) = ones.recv() => notes.add(n),
            Some(n) = twos.recv() => notes.add(n),
            else => break,
        }
    }
    let sum = async {
        let (mut sum, (stop, mut stopped)) = (0, oneshot::channel::<()>());
        let (sender, mut numbers) = mpsc::unbounded_channel();
        for n in 0..50 {
            sender.send(n).unwrap();
        }
        drop(sender);
        loop {
            tokio::select! {
                n = numbers.recv() => match n {
                    Some(n) => sum += n,
                    None => break,
                },
                _ = &mut stopped => break,
            }
        }
        drop(stop);
        sum
    };
    notes.add(sum.await);
}

async fn select_with_references(notes: Notes) {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(0).await.unwrap();
    let mut send = Box::pin(sender.send(1));
    let mut ticks = interval(5 * MS);
    for _ in 0..3 {
        tokio::select! {
            biased;
            sent = &mut send => notes.add(sent),
            _ = ticks.tick() => notes.add("tick"),
        }
    }
    notes.add(receiver.recv().await);
    notes.add(send.await);
    notes.add(receiver.recv().await);
}

async fn send_given_up(notes: Notes) {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send("first").await.unwrap();
    notes.add(timeout(5 * MS, sender.send("lost")).await.is_err());
    notes.add(sender.send_timeout("back", 5 * MS).await);
    notes.add(sender.try_send("full"));
    notes.add(receiver.recv().await);
    notes.add(sender.send_timeout("in", 5 * MS).await);
    drop(receiver);
    notes.add(sender.send("closed").await);
    notes.add(sender.try_send("closed"));
    notes.add(sender.send_timeout("closed", MS).await);
}

async fn permits(notes: Notes) {
    let (sender, mut receiver) = mpsc::channel(3);
    let permit = sender.reserve().await.unwrap();
    notes.add(sender.capacity());
    permit.send(1);
    let many = sender.reserve_many(2).await.unwrap();
    notes.add((many.len(), sender.try_reserve().is_err()));
    for (permit, n) in many.zip(2..) {
        permit.send(n);
    }
    notes.add(sender.reserve_many(4).await.is_err());
    let mut buffer = Vec::new();
    notes.add((receiver.recv_many(&mut buffer, 9).await, buffer));
    let owned = sender.clone().reserve_owned().await.unwrap();
    notes.add((sender.strong_count(), owned.same_channel_as_sender(&sender)));
    let owned = owned.send(4).try_reserve_owned().unwrap();
    receiver.close();
    notes.add(sender.send(5).await.is_err());
    notes.add(receiver.recv().await);
    // A permit keeps a closed mailbox waiting.
    notes.add(timeout(MS, receiver.recv()).await.is_err());
    drop(owned.release());
    notes.add(receiver.recv().await);
    notes.add(sender.try_reserve_owned().is_err());
}

async fn weak_senders(notes: Notes) {
    let (sender, mut receiver) = mpsc::channel(4);
    let weak = sender.downgrade();
    notes.add((weak.strong_count(), weak.weak_count()));
    weak.upgrade().unwrap().send(1).await.unwrap();
    let also = weak.clone();
    drop(sender);
    notes.add(also.upgrade().is_none());
    notes.add((receiver.recv().await, receiver.recv().await));
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let weak = sender.downgrade();
    weak.upgrade().unwrap().send(2).unwrap();
    drop(sender);
    notes.add((weak.upgrade().is_none(), receiver.recv().await, receiver.recv().await));
}

async fn join_sets(notes: Notes) {
    let mut set = JoinSet::new();
    for n in [3, 1, 2] {
        set.spawn(async move {
            sleep(n * MS).await;
            n
        });
    }
    while let Some(n) = set.join_next().await {
        notes.add((n.unwrap(), set.len()));
    }
    notes.add(set.join_next().await.is_none());
    set.spawn(async { panic!("in a set") });
    set.spawn(std::future::pending());
    notes.add(set.join_next().await.unwrap().unwrap_err().is_panic());
    set.abort_all();
    notes.add(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    let all: JoinSet<u32> = (0..5).map(|n| async move { n }).collect();
    notes.add(all.join_all().await);
    let (sender, mut receiver) = mpsc::channel::<()>(1);
    set.spawn(async move {
        sender.closed().await;
        1
    });
    drop(set);
    notes.add(receiver.recv().await);
}

async fn time_outs(notes: Notes) {
    let start = Instant::now();
    notes.add(timeout(5 * MS, sleep(3 * MS)).await.is_ok());
    notes.add(timeout(5 * MS, std::future::pending::<()>()).await.is_err());
    let (_reply, answer) = oneshot::channel::<u8>();
    notes.add(timeout(5 * MS, answer).await.is_err());
    notes.add(timeout(Duration::MAX, async { 7 }).await);
    sleep_until(start + 50 * MS).await;
    notes.add(start.elapsed());
    notes.add(timeout(MS, timeout(2 * MS, std::future::pending::<()>())).await.is_err());
    notes.add(start.elapsed());
}

async fn intervals(notes: Notes) {
    for behavior in [
        MissedTickBehavior::Burst,
        MissedTickBehavior::Delay,
        MissedTickBehavior::Skip,
    ] {
        let start = Instant::now();
        let mut ticks = interval(10 * MS);
        ticks.set_missed_tick_behavior(behavior);
        for busy in [0, 3, 25, 0, 0, 7] {
            notes.add((ticks.tick().await - start, start.elapsed()));
            sleep(busy * MS).await;
        }
        ticks.reset_after(4 * MS);
        ticks.tick().await;
        notes.add(start.elapsed());
    }
}

async fn moved_timers(notes: Notes) {
    let start = Instant::now();
    let alarm = sleep(10 * MS);
    tokio::pin!(alarm);
    let (sender, mut receiver) = mpsc::channel(1);
    let knocks = tokio::spawn(async move {
        for _ in 0..3 {
            sleep(4 * MS).await;
            let _ = sender.send(()).await;
        }
    });
    loop {
        tokio::select! {
            biased;
            Some(()) = receiver.recv() => alarm.as_mut().reset(Instant::now() + 10 * MS),
            () = &mut alarm => break,
        }
    }
    notes.add((start.elapsed(), alarm.is_elapsed()));
    knocks.await.unwrap();
}

async fn oneshots(notes: Notes) {
    let (sender, receiver) = oneshot::channel::<u8>();
    drop(sender);
    notes.add(receiver.await);
    let (sender, receiver) = oneshot::channel();
    drop(receiver);
    notes.add((sender.is_closed(), sender.send(1)));
    let (mut sender, mut receiver) = oneshot::channel::<u8>();
    notes.add(receiver.try_recv());
    tokio::spawn({
        let notes = notes.clone();
        async move {
            sender.closed().await;
            notes.add("not wanted");
        }
    });
    yield_now().await;
    receiver.close();
    notes.add(receiver.await);
    let (sender, mut receiver) = oneshot::channel();
    let waiting = tokio::spawn(async move { timeout(MS, &mut receiver).await });
    yield_now().await;
    notes.add(sender.send("answer"));
    notes.add(waiting.await.unwrap().unwrap());
}

async fn panics(notes: Notes) {
    let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<u8>>(4);
    let actor = tokio::spawn(async move {
        let _first = mailbox.recv().await;
        panic!("the actor is broken");
    });
    let mut answers = Vec::new();
    for _ in 0..2 {
        let (reply, answer) = oneshot::channel();
        notes.add(sender.send(reply).await.is_ok());
        answers.push(answer);
    }
    for answer in answers {
        notes.add(answer.await);
    }
    notes.add(sender.is_closed());
    let error = actor.await.unwrap_err();
    notes.add((error.is_panic(), error.to_string().contains("the actor is broken")));
}

async fn aborts(notes: Notes) {
    struct Dropped(Notes);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.add("dropped");
        }
    }
    let guard = Dropped(notes.clone());
    let task = tokio::spawn(async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
    notes.add((task.is_finished(), task.id() == task.abort_handle().id()));
    yield_now().await;
    task.abort();
    notes.add("aborted");
    notes.add(task.await.unwrap_err().is_cancelled());
    let guard = Dropped(notes.clone());
    let never_polled = tokio::spawn(async move { drop(guard) });
    never_polled.abort();
    notes.add(never_polled.await.is_err());
}

async fn watches(notes: Notes) {
    let (sender, mut receiver) = watch::channel(0);
    let mut late = sender.subscribe();
    let reader = tokio::spawn({
        let notes = notes.clone();
        async move {
            while receiver.changed().await.is_ok() {
                notes.add(*receiver.borrow_and_update());
            }
            notes.add("closed");
        }
    });
    for n in 1..4 {
        sender.send(n).unwrap();
        sleep(MS).await;
    }
    sender.send_modify(|n| *n += 10);
    notes.add((sender.send_if_modified(|_| false), sender.send_replace(99)));
    notes.add(late.wait_for(|n| *n > 50).await.map(|n| *n));
    notes.add((sender.receiver_count(), sender.is_closed()));
    drop(sender);
    reader.await.unwrap();
    notes.add(late.changed().await.is_err());
}

async fn broadcasts(notes: Notes) {
    let (sender, mut one) = broadcast::channel(2);
    let mut two = sender.subscribe();
    for n in 0..4 {
        notes.add(sender.send(n));
    }
    notes.add((one.recv().await, one.recv().await, two.try_recv()));
    notes.add((two.recv().await, one.len()));
    let waiting = tokio::spawn(async move { (two.recv().await, two.recv().await, two.recv().await) });
    yield_now().await;
    sender.send(9).unwrap();
    drop(one);
    drop(sender);
    notes.add(waiting.await.unwrap());
}

async fn semaphores(notes: Notes) {
    let semaphore = Arc::new(Semaphore::new(2));
    let mut tasks = Vec::new();
    for n in 0..5 {
        let (semaphore, notes) = (semaphore.clone(), notes.clone());
        tasks.push(tokio::spawn(async move {
            let _permit = semaphore.acquire_owned().await.unwrap();
            notes.add(("in", n));
            sleep(10 * MS).await;
            notes.add(("out", n));
        }));
    }
    yield_now().await;
    notes.add((semaphore.available_permits(), semaphore.try_acquire().is_err()));
    join_all(tasks).await;
    let mut two = semaphore.acquire_many(2).await.unwrap();
    let one = two.split(1).unwrap();
    two.merge(one);
    notes.add((two.num_permits(), two.split(3).is_none()));
    two.forget();
    notes.add(semaphore.available_permits());
    semaphore.close();
    notes.add((semaphore.acquire().await.is_err(), semaphore.clone().try_acquire_owned().is_err()));
}

async fn mutexes(notes: Notes) {
    let lock = Arc::new(Lock::new(0));
    let first = lock.lock().await;
    notes.add((lock.try_lock().is_err(), lock.clone().try_lock_owned().is_err(), *first));
    let mut tasks = Vec::new();
    for n in 0..4 {
        let (lock, notes) = (lock.clone(), notes.clone());
        tasks.push(tokio::spawn(async move {
            // Every other one by a guard of its own.
            if n % 2 == 0 {
                *lock.lock().await += 1;
            } else {
                let mut guard: OwnedMutexGuard<u32> = lock.lock_owned().await;
                *guard += 10;
                sleep(5 * MS).await;
            }
            notes.add(n);
        }));
    }
    yield_now().await;
    notes.add(timeout(MS, lock.lock()).await.is_err());
    drop(first);
    notes.add(lock.try_lock().is_err());
    join_all(tasks).await;
    let guard = lock.lock().await;
    notes.add((*guard, format!("{guard:?} {guard} {lock:?}"), MutexGuard::mutex(&guard).try_lock().is_err()));
    drop(guard);
    notes.add(format!("{lock:?}"));
    let mut lock = Arc::into_inner(lock).unwrap();
    *lock.get_mut() += 1;
    notes.add(lock.into_inner());
    notes.add((*Lock::from(7).lock().await, Lock::<u8>::default().into_inner()));
}

async fn rwlocks(notes: Notes) {
    let lock = Arc::new(RwLock::new(0));
    let one = lock.read().await;
    let two = lock.clone().read_owned().await;
    notes.add((*one, *two, lock.try_write().is_err(), lock.try_read().is_ok()));
    let writer = tokio::spawn({
        let (lock, notes) = (lock.clone(), notes.clone());
        async move {
            let mut write = lock.write().await;
            *write = 1;
            sleep(5 * MS).await;
            notes.add("written");
            let read = write.downgrade();
            notes.add((*read, lock.try_read().is_ok(), lock.try_write().is_err()));
        }
    });
    yield_now().await;
    // A writer waits: new readers wait behind it.
    notes.add((lock.try_read().is_err(), timeout(MS, lock.read()).await.is_err()));
    drop((one, two));
    notes.add(*lock.read().await);
    writer.await.unwrap();
    let write: OwnedRwLockWriteGuard<u32> = lock.clone().write_owned().await;
    notes.add((format!("{write:?} {write} {lock:?}"), lock.clone().try_read_owned().is_err()));
    let read: OwnedRwLockReadGuard<u32> = write.downgrade();
    notes.add((*read, lock.clone().try_write_owned().is_err()));
    drop(read);
    let mut lock = Arc::into_inner(lock).unwrap();
    *lock.get_mut() += 1;
    notes.add(lock.into_inner());
    let few = RwLock::with_max_readers("few", 1);
    let only = few.read().await;
    notes.add((*only, few.try_read().is_err()));
    notes.add((*RwLock::from(7).read().await, *RwLock::<u8>::default().write().await));
}

async fn guards_of_parts(notes: Notes) {
    let lock = Arc::new(Lock::new((1, "one".to_owned())));
    let part = MutexGuard::map(lock.lock().await, |both| &mut both.1);
    let mut letters: MappedMutexGuard<'_, String> = MappedMutexGuard::map(part, |text| text);
    letters.push('!');
    notes.add((letters.len(), lock.try_lock().is_err()));
    drop(letters);
    let whole = MutexGuard::try_map(lock.lock().await, |_| None::<&mut str>).unwrap_err();
    notes.add((whole.0, lock.try_lock().is_err()));
    drop(whole);
    let owned = OwnedMutexGuard::map(lock.clone().lock_owned().await, |both| both.1.as_mut_str());
    notes.add((&*owned, lock.try_lock().is_err()));
    drop(owned);
    notes.add(lock.try_lock().is_ok());
    let lock = Arc::new(RwLock::new(vec![1, 2]));
    let read = RwLockReadGuard::map(lock.read().await, |all| &all[..1]);
    notes.add((&*read, lock.try_read().is_ok(), lock.try_write().is_err()));
    drop(read);
    let mut write = RwLockWriteGuard::try_map(lock.write().await, |all| all.first_mut()).unwrap();
    *write += 10;
    notes.add((*write, lock.try_read().is_err()));
    drop(write);
    let read = RwLockWriteGuard::downgrade_map(lock.write().await, |all| &all[0]);
    notes.add((*read, lock.try_read().is_ok()));
    drop(read);
    let owned = OwnedRwLockWriteGuard::into_mapped(lock.clone().write_owned().await);
    notes.add((owned.len(), lock.try_read().is_err()));
    drop(owned);
    let owned = OwnedRwLockReadGuard::map(lock.clone().read_owned().await, |all| &all[1]);
    notes.add((*owned, Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&owned), &lock)));
    drop(owned);
    notes.add(lock.try_write().is_ok());
}

async fn notifications(notes: Notes) {
    let notify = Arc::new(Notify::new());
    // One that comes early is kept, two are one.
    notify.notify_one();
    notify.notify_one();
    notify.notified().await;
    notes.add(timeout(MS, notify.notified()).await.is_err());
    let mut tasks = Vec::new();
    for n in 0..4 {
        let (notify, notes) = (notify.clone(), notes.clone());
        tasks.push(tokio::spawn(async move {
            if n % 2 == 0 {
                notify.notified().await;
            } else {
                notify.notified_owned().await;
            }
            notes.add(n);
        }));
    }
    yield_now().await;
    notify.notify_last();
    yield_now().await;
    notify.notify_one();
    yield_now().await;
    let before = notify.notified();
    notify.notify_waiters();
    before.await;
    notes.add("made before it was called");
    join_all(tasks).await;
    // To those who wait it does nothing later.
    notify.notify_waiters();
    notes.add(timeout(MS, notify.notified()).await.is_err());
    let enabled = notify.notified();
    tokio::pin!(enabled);
    notes.add(enabled.as_mut().enable());
    notify.notify_one();
    notes.add(enabled.as_mut().enable());
    enabled.await;
    let (_sender, mut mailbox) = mpsc::channel::<u8>(1);
    let stop = notify.clone();
    let actor = tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(_) = mailbox.recv() => {}
                () = stop.notified() => break,
            }
        }
    });
    sleep(MS).await;
    notify.notify_waiters();
    notes.add(actor.await.is_ok());
}

async fn barriers(notes: Notes) {
    let barrier = Arc::new(Barrier::new(3));
    let tasks = (0..6).map(|n| {
        let (barrier, notes) = (barrier.clone(), notes.clone());
        tokio::spawn(async move {
            sleep(n * MS).await;
            notes.add(("comes", n));
            let is_leader = barrier.wait().await.is_leader();
            // Tokio wakes them in a random order.
            sleep(n * 10 * MS).await;
            notes.add((n, is_leader));
        })
    });
    join_all(tasks.collect::<Vec<_>>()).await;
    notes.add(timeout(MS, barrier.wait()).await.is_err());
    notes.add(Barrier::new(0).wait().await.is_leader());
}

async fn once_cells(notes: Notes) {
    let cell = Arc::new(OnceCell::new());
    let tasks = (0..3).map(|n| {
        let (cell, notes) = (cell.clone(), notes.clone());
        tokio::spawn(async move {
            // The first one gives up, the second one fails, the third one fills it.
            if n == 0 {
                let slow = async || {
                    sleep(5 * MS).await;
                    0
                };
                notes.add(timeout(2 * MS, cell.get_or_init(slow)).await.is_err());
                return;
            }
            let filled = cell.get_or_try_init(async || {
                notes.add(("fills it", n));
                sleep(5 * MS).await;
                if n == 1 { Err("no") } else { Ok(n) }
            });
            notes.add((n, filled.await));
        })
    });
    let tasks: Vec<_> = tasks.collect();
    yield_now().await;
    notes.add((cell.initialized(), cell.get(), matches!(cell.set(9), Err(SetError::InitializingError(9)))));
    join_all(tasks).await;
    notes.add((cell.get(), matches!(cell.set(9), Err(SetError::AlreadyInitializedError(9)))));
    notes.add(format!("{cell:?}"));
    let mut cell = Arc::into_inner(cell).unwrap();
    let copy = cell.clone();
    notes.add((cell == copy, cell.take(), cell == OnceCell::default(), cell.get_mut()));
    notes.add((cell.set(1).is_ok(), copy.into_inner(), OnceCell::from(3).get(), OnceCell::new_with(None::<u8>).get()));
}

async fn statics(notes: Notes) {
    static LOCK: Lock<u32> = Lock::const_new(1);
    static RWLOCK: RwLock<u32> = RwLock::const_new(1);
    static CELL: OnceCell<u32> = OnceCell::const_new();
    static NOTIFY: Notify = Notify::const_new();
    static PERMITS: Semaphore = Semaphore::const_new(1);
    NOTIFY.notify_one();
    NOTIFY.notified().await;
    let (lock, read) = (LOCK.lock().await, RWLOCK.read().await);
    notes.add((*lock, *read, CELL.get_or_init(async || 5).await, PERMITS.acquire().await.is_ok()));
}

async fn lock_circle(notes: Notes) {
    let (one, two) = (Arc::new(Lock::new(1)), Arc::new(Lock::new(2)));
    let (also_one, also_two) = (one.clone(), two.clone());
    let other = tokio::spawn(async move {
        let two = also_two.lock().await;
        sleep(MS).await;
        *two + *also_one.lock().await
    });
    let guard = one.lock().await;
    sleep(MS).await;
    notes.add(("has one", *guard));
    notes.add((*two.lock().await, other.await.unwrap()));
}

async fn combinators(notes: Notes) {
    let counter = counter(2, None);
    notes.add(join_all((0..4).map(|_| next(&counter))).await);
    let handles: FuturesUnordered<_> = [3, 1, 2]
        .map(|n| {
            tokio::spawn(async move {
                sleep(n * MS).await;
                n
            })
        })
        .into_iter()
        .collect();
    let joined: Vec<u32> = handles.map(|n| n.unwrap()).collect().await;
    notes.add(joined);
    let answers: FuturesUnordered<_> = (0..40).map(|_| next(&counter)).collect();
    notes.add(answers.map(|n| n.unwrap()).collect::<Vec<_>>().await);
    notes.add(tokio::join!(next(&counter), next(&counter)));
    let (a, b) = tokio::try_join!(next(&counter), next(&counter)).unwrap();
    notes.add((a, b));
}

async fn many_messages(notes: Notes) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for n in 0..10 {
        sender.send(n).unwrap();
    }
    let mut buffer = Vec::new();
    notes.add((receiver.recv_many(&mut buffer, 4).await, buffer.clone()));
    notes.add((receiver.try_recv(), receiver.len(), receiver.is_empty()));
    notes.add((receiver.recv_many(&mut buffer, 0).await, buffer.len()));
    drop(sender);
    notes.add((receiver.recv_many(&mut buffer, 99).await, buffer.len()));
    notes.add((receiver.recv_many(&mut buffer, 99).await, receiver.try_recv()));
}

/// Tokio makes a task yield after 128 operations: the stand-in must not need more of them.
async fn forced_yields(notes: Notes) {
    let (sender, mut receiver) = mpsc::channel(1000);
    let reader = tokio::spawn({
        let notes = notes.clone();
        async move {
            let mut count = 0;
            while receiver.recv().await.is_some() {
                count += 1;
                if count % 64 == 0 {
                    notes.add(("read", count));
                }
            }
        }
    });
    for n in 0..400 {
        sender.send(n).await.unwrap();
        if n % 32 == 0 {
            notes.add(("sent", n));
        }
    }
    drop(sender);
    reader.await.unwrap();
}

async fn other_threads(notes: Notes) {
    let (sender, mut receiver) = mpsc::channel(1);
    let (reply, answer) = oneshot::channel();
    let thread = spawn_blocking(move || {
        for n in 0..3 {
            sender.blocking_send(n).unwrap();
        }
        answer.blocking_recv()
    });
    while let Some(n) = receiver.recv().await {
        notes.add(n);
        if n == 2 {
            break;
        }
    }
    notes.add(reply.send("done"));
    notes.add(thread.await.unwrap());
    notes.add(spawn_blocking(|| panic!("on a thread")).await.map(|()| 1).unwrap_err().is_panic());
}

async fn closing(notes: Notes) {
    let (sender, mut receiver) = mpsc::channel(4);
    let watcher = tokio::spawn({
        let (sender, notes) = (sender.clone(), notes.clone());
        async move {
            sender.closed().await;
            notes.add("nobody reads any more");
        }
    });
    sender.send(1).await.unwrap();
    sender.send(2).await.unwrap();
    receiver.close();
    notes.add((receiver.is_closed(), sender.send(3).await.is_err()));
    watcher.await.unwrap();
    notes.add((receiver.recv().await, receiver.recv().await, receiver.recv().await));
    let (sender, mut receiver) = mpsc::channel::<oneshot::Sender<u8>>(4);
    let (reply, answer) = oneshot::channel();
    sender.send(reply).await.unwrap();
    notes.add(receiver.try_recv().is_ok());
    notes.add(answer.await);
    let (reply, answer) = oneshot::channel();
    sender.send(reply).await.unwrap();
    drop(receiver);
    notes.add(answer.await);
}
