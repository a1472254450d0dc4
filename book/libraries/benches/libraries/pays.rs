//! What pays, and what misleads, by hand and with many threads.

use crate::many_threads;
use actor_libraries::by_hand::SequencerHandle;
use criterion::Criterion;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use tokio::{join, sync::mpsc};

/// The name of the group, and its measurements: the first is 1.
pub const GROUP: &str = "pays";
pub const ROWS: [&str; 6] = [
    "asks, one after the other, in a task",
    "asks, one after the other, in `block_on`",
    "asks, 8 of them under way together",
    "tells, a handler for each",
    "tells, `recv`, 256 slots",
    "tells, `recv_many`, 256 slots",
];

pub fn measure(criterion: &mut Criterion) {
    let runtime = many_threads();
    let mut group = criterion.benchmark_group(GROUP);
    group.bench_function(ROWS[0], |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async { tokio::spawn(asks(times)).await.expect("nothing panics") })
        });
    });
    group.bench_function(ROWS[1], |bencher| {
        bencher.iter_custom(|times| runtime.block_on(asks(times)));
    });
    group.bench_function(ROWS[2], |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async {
                tokio::spawn(pipelined(times))
                    .await
                    .expect("nothing panics")
            })
        });
    });
    group.bench_function(ROWS[3], |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async { tokio::spawn(tells(times)).await.expect("nothing panics") })
        });
    });
    group.bench_function(ROWS[4], |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async { tokio::spawn(sums(times, 1)).await.expect("nothing panics") })
        });
    });
    group.bench_function(ROWS[5], |bencher| {
        bencher.iter_custom(|times| {
            runtime.block_on(async {
                tokio::spawn(sums(times, 256))
                    .await
                    .expect("nothing panics")
            })
        });
    });
    group.finish();
}

async fn asks(times: u64) -> Duration {
    let sequencer = SequencerHandle::new();
    let start = Instant::now();
    for _ in 0..times {
        black_box(sequencer.next_number().await);
    }
    start.elapsed()
}

/// The next ask does not wait for the answer to the last one.
async fn pipelined(times: u64) -> Duration {
    let sequencer = SequencerHandle::new();
    let next = || sequencer.next_number();
    let start = Instant::now();
    for _ in 0..times.div_ceil(8) {
        let numbers = join!(
            next(),
            next(),
            next(),
            next(),
            next(),
            next(),
            next(),
            next()
        );
        black_box(numbers);
    }
    let asked = times.div_ceil(8) * 8;
    start.elapsed().mul_f64(times as f64 / asked as f64)
}

async fn tells(times: u64) -> Duration {
    let sequencer = SequencerHandle::new();
    let start = Instant::now();
    for _ in 0..times {
        sequencer.skip(1).await;
    }
    black_box(sequencer.next_number().await);
    start.elapsed()
}

/// Numbers that are added up, so many at a time.
async fn sums(times: u64, at_once: usize) -> Duration {
    let (sender, mut mailbox) = mpsc::channel(256);
    let summing = tokio::spawn(async move {
        let (mut sum, mut batch) = (0_u64, Vec::with_capacity(at_once));
        if at_once == 1 {
            while let Some(number) = mailbox.recv().await {
                sum += number;
            }
        } else {
            while mailbox.recv_many(&mut batch, at_once).await > 0 {
                sum += batch.drain(..).sum::<u64>();
            }
        }
        sum
    });
    let start = Instant::now();
    for number in 0..times {
        sender.send(number).await.expect("somebody sums up");
    }
    drop(sender);
    black_box(summing.await.expect("nothing panics"));
    start.elapsed()
}
