//! Other schedules: what may come out differently does, what may not does not, and the same number gives the same again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_traced::{
    explore,
    runtime::{Builder, Handle},
    select, spawn,
    sync::mpsc,
    task::yield_now,
    time::{Instant, sleep, timeout},
};

/// Runs a program in the schedule of this number, on a thread of its own.
fn run<T: Send + 'static>(number: u64, program: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(move || {
        explore::begin(number);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build();
        runtime.unwrap().block_on(program())
    });
    thread.join().unwrap()
}

/// In which order four tasks run that could all run at once.
async fn order_of_four() -> Vec<u32> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let tasks = [0, 1, 2, 3].map(|task| {
        let order = order.clone();
        spawn(async move { order.lock().unwrap().push(task) })
    });
    for task in tasks {
        task.await.unwrap();
    }
    order.lock().unwrap().clone()
}

#[test]
fn tasks_that_could_run_at_once_run_in_any_order() {
    let orders: BTreeSet<Vec<u32>> = (0..600).map(|number| run(number, order_of_four)).collect();
    assert_eq!(orders.len(), 24, "each order of four tasks: {orders:?}");
}

#[test]
fn the_same_number_is_the_same_schedule() {
    for number in 0..50 {
        assert_eq!(run(number, order_of_four), run(number, order_of_four));
    }
}

#[test]
fn where_nobody_explores_the_order_is_tokios() {
    let runtime = Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(order_of_four()), [0, 1, 2, 3]);
}

#[test]
fn a_recording_runs_in_the_schedule_too() {
    for number in 0..50 {
        let expected = run(number, order_of_four);
        let recorded = std::thread::spawn(move || {
            explore::begin(number);
            let seen = Arc::new(Mutex::new(Vec::new()));
            let see = seen.clone();
            tokio_traced::record(
                "",
                async move { *see.lock().unwrap() = order_of_four().await },
            );
            Arc::into_inner(seen).unwrap().into_inner().unwrap()
        });
        assert_eq!(recorded.join().unwrap(), expected, "schedule {number}");
    }
}

#[test]
fn one_sender_and_one_channel_keep_their_order() {
    for number in 0..100 {
        run(number, async || {
            let (sender, mut receiver) = mpsc::channel(2);
            spawn(async move {
                for message in 0..20 {
                    sender.send(message).await.unwrap();
                }
            });
            for expected in 0..20 {
                assert_eq!(receiver.recv().await, Some(expected));
            }
            assert_eq!(receiver.recv().await, None);
        });
    }
}

/// What the reader finds behind its first message when it has closed the mailbox, at once, and when it waits for it.
async fn closed_behind_the_first() -> (bool, bool) {
    let (sender, mut receiver) = mpsc::channel(4);
    for message in [1, 2] {
        let sender = sender.clone();
        spawn(async move { sender.send(message).await });
    }
    receiver.recv().await;
    receiver.close();
    (receiver.try_recv().is_ok(), receiver.recv().await.is_some())
}

#[test]
fn a_mailbox_may_be_closed_between_a_slot_and_its_message() {
    let found: BTreeSet<_> = (0..200)
        .map(|number| run(number, closed_behind_the_first))
        .collect();
    let all = [(false, false), (false, true), (true, false)];
    assert_eq!(
        found,
        BTreeSet::from(all),
        "the second one had no slot; it had one and `try_recv` came too early; it was there"
    );
}

#[test]
fn a_send_that_has_its_slot_is_in_time_although_there_is_no_time() {
    for number in 0..200 {
        run(number, move || async move {
            let (sender, mut receiver) = mpsc::channel(1);
            let sends = spawn(async move { timeout(Duration::ZERO, sender.send(1)).await });
            sends.await.unwrap().unwrap().unwrap();
            assert_eq!(receiver.recv().await, Some(1), "{number}");
        });
    }
}

#[test]
fn a_biased_select_takes_the_first_branch_that_is_ready() {
    for number in 0..100 {
        run(number, async move || {
            let (first, mut firsts) = mpsc::channel(8);
            let (second, mut seconds) = mpsc::channel(8);
            for message in 0..8 {
                first.send(message).await.unwrap();
                second.send(message).await.unwrap();
            }
            drop((first, second));
            let taken = spawn(async move {
                let mut taken = Vec::new();
                loop {
                    select! {
                        biased;
                        Some(message) = firsts.recv() => taken.push((1, message)),
                        Some(message) = seconds.recv() => taken.push((2, message)),
                        else => return taken,
                    }
                }
            });
            let taken = taken.await.unwrap();
            assert!(taken.is_sorted(), "schedule {number}: {taken:?}");
        });
    }
}

#[test]
fn a_select_without_bias_takes_either_branch_by_the_number() {
    async fn which() -> u8 {
        select! {
            () = async {} => 1,
            () = async {} => 2,
        }
    }
    let taken: BTreeSet<u8> = (0..20).map(|number| run(number, which)).collect();
    assert_eq!(taken.len(), 2);
    for number in 0..20 {
        assert_eq!(run(number, which), run(number, which));
    }
}

/// The clock moves only when no task can run: one that is put off could.
#[test]
fn no_virtual_time_passes_while_a_task_is_put_off() {
    for number in 0..100 {
        run(number, async || {
            let begin = Instant::now();
            let tasks: Vec<_> = (0..20).map(|_| spawn(yield_now())).collect();
            for task in tasks {
                let ended = timeout(Duration::from_millis(1), task).await;
                ended.expect("a time-out came first").unwrap();
            }
            assert_eq!(begin.elapsed(), Duration::ZERO);
            sleep(Duration::from_secs(1)).await;
            assert_eq!(begin.elapsed(), Duration::from_secs(1));
        });
    }
}

/// What looks again and again has to find what it looks for: no thread is put off for ever either.
#[test]
fn no_task_is_put_off_for_ever() {
    for number in 0..100 {
        run(number, async || {
            let (sender, mut receiver) = mpsc::channel::<()>(1);
            let looks = spawn(async move {
                while receiver.try_recv().is_err() {
                    yield_now().await;
                }
            });
            let sends = spawn(async move { sender.send(()).await });
            looks.await.unwrap();
            assert!(sends.await.unwrap().is_ok());
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        });
    }
}

#[test]
fn a_panic_of_a_task_is_counted_though_no_hook_hears_of_it() {
    let panics = run(1, async || {
        let silent = spawn(async { std::panic::resume_unwind(Box::new("silent")) });
        let well = spawn(async {});
        assert!(silent.await.is_err() && well.await.is_ok());
        explore::panics()
    });
    assert_eq!(panics, 1);
}
