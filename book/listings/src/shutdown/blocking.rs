//! A thread of `spawn_blocking` is not stopped by anything, and the end of the runtime waits for it.

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering::SeqCst},
            mpsc,
        },
        thread,
        time::Duration,
    };
    use tokio::runtime::{Builder, Runtime};

    /// A runtime on which a blocking task runs until the sender says so, and whether it has ended.
    fn at_work() -> (Runtime, mpsc::Sender<()>, Arc<AtomicBool>) {
        let runtime = Builder::new_current_thread().build().unwrap();
        let (go_on, waits) = mpsc::channel();
        let (begun, has_begun) = mpsc::channel();
        let done = Arc::new(AtomicBool::new(false));
        let flag = done.clone();
        let task = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            let _ = waits.recv();
            flag.store(true, SeqCst);
        });
        has_begun.recv().unwrap();
        task.abort(); // it has begun: this does nothing
        (runtime, go_on, done)
    }

    /// Page: "What nothing stops": dropping the runtime, as the end of `main` does, waits for it, whatever was aborted.
    #[test]
    fn the_end_of_the_runtime_waits_for_it() {
        let (runtime, go_on, done) = at_work();
        let ends = thread::spawn(move || {
            drop(runtime);
            done.load(SeqCst)
        });
        go_on.send(()).unwrap();
        assert!(ends.join().unwrap());
    }

    /// Page: "What nothing stops": it can be left behind, with a time-out or at once.
    #[test]
    fn it_can_be_left_behind() {
        let (runtime, go_on, done) = at_work();
        runtime.shutdown_background();
        assert!(!done.load(SeqCst));
        drop(go_on);

        let (runtime, go_on, done) = at_work();
        runtime.shutdown_timeout(Duration::from_millis(1));
        assert!(!done.load(SeqCst));
        drop(go_on);
    }

    /// Page: "What nothing stops": one that has not begun is never run.
    #[test]
    fn what_waits_for_a_thread_is_aborted() {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (go_on, waits) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            let _ = waits.recv();
        });
        has_begun.recv().unwrap();
        let second = runtime.spawn_blocking(|| {});
        second.abort();
        drop(go_on);
        assert!(runtime.block_on(second).unwrap_err().is_cancelled());
    }
}
