//! Chapter 04: the host of a room. When it has been quiet for a while, it asks whether anybody is there. And how to test it.

pub mod count;
pub mod unseen;

use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};

// ANCHOR: actor
/// Asks whether anybody is there when a room has been quiet for a while.
pub struct Host {
    /// The room's lines. When the room drops the other end, the host ends.
    pub heard: mpsc::Receiver<String>,
    /// Where it asks. When nobody listens any more, the host ends, too.
    pub asks: mpsc::Sender<String>,
    pub quiet: Duration,
    pub lines: u32,
}
// ANCHOR_END: actor

// ANCHOR: run
impl Host {
    pub async fn run(mut self) -> u32 {
        loop {
            match timeout(self.quiet, self.heard.recv()).await {
                Ok(Some(_line)) => self.lines += 1,
                Ok(None) => break,
                Err(_quiet) if self.asks.send(self.question()).await.is_err() => break,
                Err(_quiet) => {}
            }
        }
        self.lines
    }

    pub fn question(&self) -> String {
        format!("anybody there? ({} lines so far)", self.lines)
    }
}
// ANCHOR_END: run

/// Ten minutes.
pub const QUIET: Duration = Duration::from_secs(600);

impl Host {
    /// A host, the end through which a room tells it lines, and the end that hears what it asks.
    pub fn new() -> (Self, mpsc::Sender<String>, mpsc::Receiver<String>) {
        let (room, heard) = mpsc::channel(8);
        let (asks, asked) = mpsc::channel(8);
        let host = Self {
            heard,
            asks,
            quiet: QUIET,
            lines: 0,
        };
        (host, room, asked)
    }
}

#[cfg(test)]
mod tests {
    use super::{count::*, *};
    use std::{
        panic::catch_unwind,
        sync::atomic::{AtomicBool, Ordering::SeqCst},
        thread,
        time::Instant as RealInstant,
    };
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        runtime::{Builder, Handle},
        sync::{oneshot, watch},
        task::{JoinSet, yield_now},
        time::{Instant, advance, sleep, sleep_until},
    };
    use tokio_test::{assert_pending, assert_ready, task};

    /// Page: "Where to begin": no task, no waiting, no clock.
    // ANCHOR: without_a_task
    #[tokio::test]
    async fn a_host_counts_lines() {
        let (host, room, _asked) = Host::new();
        for line in ["good evening", "is it raining?"] {
            room.send(line.to_owned()).await.unwrap();
        }
        drop(room);
        assert_eq!(host.run().await, 2);
    }

    #[test]
    fn a_question_says_how_many_lines_there_were() {
        let (mut host, ..) = Host::new();
        host.lines = 2;
        assert_eq!(host.question(), "anybody there? (2 lines so far)");
    }
    // ANCHOR_END: without_a_task

    /// Page: "Virtual time".
    // ANCHOR: paused
    #[tokio::test(start_paused = true)]
    async fn a_line_begins_the_silence_anew() {
        let (host, room, mut asked) = Host::new();
        tokio::spawn(host.run());
        let begin = Instant::now();

        sleep(Duration::from_secs(599)).await;
        room.send("good evening".to_owned()).await.unwrap();
        let question = asked.recv().await.unwrap();

        assert_eq!(question, "anybody there? (1 lines so far)");
        assert_eq!(begin.elapsed(), Duration::from_secs(599 + 600));
    }
    // ANCHOR_END: paused

    /// Page: "Virtual time": twenty minutes of it cost milliseconds.
    #[test]
    fn virtual_time_costs_no_time() {
        let began = RealInstant::now();
        a_line_begins_the_silence_anew();
        assert!(began.elapsed() < Duration::from_secs(60));
    }

    /// Page: "Virtual time": `thread::sleep` moves no virtual clock, and what is awaited from another thread is overtaken by it.
    #[tokio::test(start_paused = true)]
    async fn real_time_and_virtual_time_are_two_things() {
        let begin = Instant::now();
        thread::sleep(Duration::from_millis(20));
        assert_eq!(begin.elapsed(), Duration::ZERO);

        let (done, answer) = oneshot::channel::<()>();
        let other = thread::spawn(move || {
            // As slow as can be: it waits until nobody waits for it.
            while !done.is_closed() {
                thread::sleep(Duration::from_millis(1));
            }
        });
        let hour = Duration::from_secs(3600);
        assert!(timeout(hour, answer).await.is_err(), "the clock jumps");
        other.join().unwrap();
    }

    /// Page: "Virtual time": while a closure on a blocking thread runs, the paused clock stands still.
    #[tokio::test(start_paused = true)]
    async fn a_blocking_closure_stops_the_clock() {
        let begin = Instant::now();
        let closure = tokio::task::spawn_blocking(|| thread::sleep(Duration::from_millis(20)));
        timeout(Duration::from_secs(3600), closure)
            .await
            .expect("no time passes")
            .unwrap();
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    /// Page: "Virtual time": when `advance` returns, the timer has gone off, and its task has not run; `sleep` goes from timer to timer.
    #[tokio::test(start_paused = true)]
    async fn advance_runs_no_task_and_sleep_does() {
        static DONE: AtomicBool = AtomicBool::new(false);
        for (by_sleep, expected) in [(false, false), (true, true)] {
            DONE.store(false, SeqCst);
            let task = tokio::spawn(async {
                sleep(Duration::from_secs(10)).await;
                DONE.store(true, SeqCst);
            });
            yield_now().await;
            match by_sleep {
                false => advance(Duration::from_secs(11)).await,
                true => sleep(Duration::from_secs(11)).await,
            }
            assert_eq!(DONE.load(SeqCst), expected, "by sleep: {by_sleep}");
            task.await.unwrap();
        }
    }

    /// Page: "Virtual time": at the same instant, timers go off in no order that is promised; a millisecond later all of them are done.
    #[tokio::test(start_paused = true)]
    async fn a_millisecond_later_all_earlier_timers_are_done() {
        let end = Instant::now() + Duration::from_secs(10);
        let mut tasks: JoinSet<_> = (0..100).map(|_| sleep_until(end)).collect();
        sleep_until(end + Duration::from_millis(1)).await;
        let mut done = 0;
        while tasks.try_join_next().is_some() {
            done += 1;
        }
        assert_eq!(done, 100);
    }

    /// Page: "Poll by hand".
    // ANCHOR: by_hand
    #[tokio::test(start_paused = true)]
    async fn nothing_is_asked_before_it_is_time() {
        let (host, room, mut asked) = Host::new();
        let mut host = task::spawn(host.run());
        let mut question = task::spawn(asked.recv());

        assert_pending!(host.poll());
        assert_pending!(question.poll());

        sleep(QUIET).await;
        assert!(host.is_woken());
        assert_pending!(host.poll());
        assert!(question.is_woken());
        assert!(assert_ready!(question.poll()).is_some());

        drop(room);
        assert_eq!(assert_ready!(host.poll()), 0);
    }
    // ANCHOR_END: by_hand

    /// Page: "Poll by hand": a time-out is no way to see that nothing happens, when something would happen at once.
    #[tokio::test(start_paused = true)]
    async fn a_time_out_lets_everybody_run_first() {
        let (sender, mut mailbox) = mpsc::channel::<oneshot::Sender<u32>>(1);
        tokio::spawn(async move {
            while let Some(reply) = mailbox.recv().await {
                let _ = reply.send(7);
            }
        });
        let ask = async {
            let (reply, answer) = oneshot::channel();
            sender.send(reply).await.unwrap();
            answer.await.unwrap()
        };
        // Nobody gives up here: the answer is there before the clock moves.
        assert_eq!(timeout(Duration::from_millis(10), ask).await, Ok(7));
        let mut ask = task::spawn(async {
            let (reply, answer) = oneshot::channel();
            sender.send(reply).await.unwrap();
            answer.await.unwrap()
        });
        assert_pending!(ask.poll());
        drop(ask);
    }

    /// Page: "Count the tasks".
    // ANCHOR: ends
    #[tokio::test(start_paused = true)]
    async fn a_host_ends_with_its_room() {
        let (host, room, _asked) = Host::new();
        tokio::spawn(host.run());
        drop(room);
        all_tasks_end().await;
    }

    async fn all_tasks_end() {
        let alive = || Handle::current().metrics().num_alive_tasks();
        for _turn in 0..100 {
            if alive() == 0 {
                return;
            }
            yield_now().await;
        }
        panic!("{} tasks live on", alive());
    }
    // ANCHOR_END: ends

    /// Page: "Count the tasks": beside a task that spins, no sleep returns; `recv` gives way by itself, so a bounded number of turns passes,
    /// and finds it.
    #[tokio::test(start_paused = true)]
    async fn beside_a_task_that_spins_no_virtual_time_passes() {
        let (sender, mut mailbox) = mpsc::channel::<u32>(1);
        let spins = tokio::spawn(async move {
            loop {
                let _none = mailbox.recv().await;
            }
        });
        drop(sender);
        let begin = Instant::now();
        let mut sleeps = task::spawn(sleep(Duration::from_millis(1)));
        for _ in 0..10_000 {
            assert_pending!(sleeps.poll());
            yield_now().await;
        }
        assert_eq!(begin.elapsed(), Duration::ZERO);
        let ends = tokio::spawn(all_tasks_end());
        assert!(ends.await.unwrap_err().is_panic());
        spins.abort();
    }

    /// Page: "Poll by hand": a peer that was written down.
    // ANCHOR: io
    #[tokio::test]
    async fn a_line_may_come_in_pieces() {
        let mut peer = tokio_test::io::Builder::new()
            .read(b"good eve")
            .read(b"ning\n")
            .write(b"ok\n")
            .build();
        let mut line = String::new();
        BufReader::new(&mut peer)
            .read_line(&mut line)
            .await
            .unwrap();
        assert_eq!(line, "good evening\n");
        peer.write_all(b"ok\n").await.unwrap();
    }
    // ANCHOR_END: io

    /// Page: "Poll by hand": what was written down and did not happen is a panic.
    #[tokio::test]
    #[should_panic(expected = "There is still data left to write")]
    async fn a_peer_that_is_told_nothing_says_so() {
        drop(tokio_test::io::Builder::new().write(b"ok\n").build());
    }

    /// Page: "One order is not all orders": in the usual order it is green, every time.
    #[test]
    fn the_racy_test_is_green_in_the_usual_order() {
        for _ in 0..1_000 {
            let runtime = Builder::new_current_thread().build().unwrap();
            runtime.block_on(counts_after_a_turn());
            runtime.block_on(counts_when_it_says_so());
        }
    }

    /// Page: "One order is not all orders": a turn is not a turn for all. The test itself is looked after once in 61 tasks.
    #[tokio::test]
    async fn a_turn_is_one_of_61_tasks() {
        let mut tasks: JoinSet<_> = (0..100).map(|_| async {}).collect();
        yield_now().await;
        let mut done = 0;
        while tasks.try_join_next().is_some() {
            done += 1;
        }
        assert_eq!(done, 61);
    }

    /// Page: "One order is not all orders": as the body of `#[tokio::main]`, the test of a turn is red on many threads, sooner or later.
    #[test]
    fn the_racy_test_is_red_on_many_threads() {
        let red = || {
            let runtime = Builder::new_multi_thread().build().unwrap();
            catch_unwind(|| runtime.block_on(counts_after_a_turn())).is_err()
        };
        assert!((0..10_000).any(|_| red()));
    }

    /// Page: "One order is not all orders": what waits for the state is right on many threads.
    #[test]
    fn the_test_that_waits_is_green_on_many_threads() {
        let runtime = Builder::new_multi_thread().build().unwrap();
        for _ in 0..200 {
            runtime.block_on(async {
                let test = tokio::spawn(counts_when_it_says_so());
                test.await.unwrap();
            });
        }
    }

    /// Page: "One order is not all orders": by hand, the counter is as late as you like.
    // ANCHOR: late
    #[tokio::test]
    async fn a_counter_that_is_late_loses_nothing() {
        let (room, heard) = mpsc::channel(8);
        let (shows, shown) = watch::channel(0);
        let mut counter = task::spawn(counter(heard, shows));
        for _ in 0..3 {
            room.send("hello").await.unwrap();
        }
        assert_eq!(*shown.borrow(), 0);
        assert_pending!(counter.poll());
        assert_eq!(*shown.borrow(), 3);
    }
    // ANCHOR_END: late
}
