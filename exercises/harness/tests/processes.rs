//! What concerns a whole process: what it leaves for who started it, and what it does after one of its tests was given up. Each
//! `#[ignore]`d test is run by another one, in a process of its own.

use harness::check;
use std::{
    env, fs,
    io::Write,
    panic,
    process::{self, Command, Output, Stdio},
    thread,
    time::Duration,
};

/// Runs ignored tests of this file in a process of their own: those whose names contain `name`.
fn run(name: &str) -> (Output, String) {
    run_with(name, |_| {})
}

/// As [`run`], with what the process has left as its proof.
fn run_for_proof(name: &str) -> (Output, String) {
    let proof = env::temp_dir().join(format!("harness-{}-{name}", process::id()));
    fs::write(&proof, "").unwrap();
    let (output, said) = run_with(name, |command| {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writeln!(writer, "{}\nword", proof.display()).unwrap();
        command.env("HARNESS_PROOF", "1").stdin(reader);
    });
    let left = fs::read_to_string(&proof).unwrap();
    let left = left.strip_prefix("word ").unwrap_or(&left).to_owned();
    fs::remove_file(proof).unwrap();
    assert!(
        !said.contains(&left) || left.is_empty(),
        "said twice: {said}"
    );
    (output, left)
}

fn run_with(name: &str, prepare: impl FnOnce(&mut Command)) -> (Output, String) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--test-threads=1", name])
        // What never ends is given up in a fifth of the usual time.
        .env("HARNESS_PATIENCE", "0.2")
        .stdin(Stdio::null());
    prepare(&mut command);
    let output = command.output().unwrap();
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    (output, String::from_utf8(said).unwrap())
}

mod a_proof {
    use super::*;

    #[test]
    fn is_left_by_a_test_that_passes() {
        let (output, left) = run_for_proof("passes_twice");
        assert!(output.status.success());
        assert_eq!(left, "passed\n");
    }

    #[test]
    #[ignore = "run by the one above"]
    fn passes_twice() {
        check(|| async {});
        check(|| async {});
    }

    #[test]
    fn is_the_report_of_a_test_that_fails_whatever_passes_after_it() {
        let (output, left) = run_for_proof("fails_and_goes_on");
        assert!(output.status.success(), "the test itself forgives it");
        assert!(left.starts_with("failed\ntwo and two\n"), "{left}");
    }

    #[test]
    #[ignore = "run by the one above"]
    fn fails_and_goes_on() {
        let failed =
            panic::catch_unwind(|| check(|| async { assert_eq!(2 + 2, 5, "two and two") }));
        assert!(failed.is_err());
        check(|| async {});
    }

    #[test]
    fn is_not_left_by_a_test_that_prints_what_cargo_prints_and_exits() {
        let (output, left) = run_for_proof("prints_a_result");
        assert!(output.status.success());
        assert_eq!(left, "begun\n");
    }

    #[test]
    #[ignore = "run by the one above"]
    fn prints_a_result() {
        check(|| async {
            let read = std::io::stdin().lines().next();
            assert!(
                read.is_none(),
                "the path is nothing for the code under test"
            );
            println!("\npassed\ntest result: ok. 1 passed; 0 failed; 0 ignored");
            // On a thread that nobody watches.
            let _ = thread::spawn(|| process::exit(0)).join();
        });
    }

    #[test]
    fn says_that_a_test_never_ends() {
        let (_, left) = run_for_proof("spins");
        assert!(
            left.starts_with("never ends\nThis test never ends"),
            "{left}"
        );
    }

    #[test]
    #[ignore = "run by the one above"]
    pub(super) fn spins() {
        check(|| async {
            loop {
                std::hint::spin_loop()
            }
        });
    }

    #[test]
    fn stays_empty_where_no_check_is_called() {
        assert_eq!(run_for_proof("is_plain").1, "");
    }

    #[test]
    #[ignore = "run by the one above"]
    fn is_plain() {}
}

#[cfg(target_os = "linux")]
mod an_exit_in_mid_test {
    use super::*;

    #[test]
    fn is_red_and_told_wherever_it_is_called() {
        for place in ["in_the_body", "in_a_task", "in_a_blocking_task"] {
            let name = format!("exits_{place}");
            let (output, said) = run(&name);
            let is_told = said.contains("who calls `std::process::exit`?");
            assert!(!output.status.success() && is_told, "{place}: {said}");
            let (_, left) = run_for_proof(&name);
            assert!(
                left.starts_with("failed\nThe test's process ended"),
                "{left}"
            );
        }
    }

    #[test]
    #[ignore = "run by the one above"]
    fn exits_in_the_body() {
        check(|| async { process::exit(0) });
    }

    #[test]
    #[ignore = "run by the one above"]
    fn exits_in_a_task() {
        check(|| async { tokio::spawn(async { process::exit(0) }).await.unwrap() });
    }

    #[test]
    #[ignore = "run by the one above"]
    fn exits_in_a_blocking_task() {
        check(|| async {
            let exits = tokio::task::spawn_blocking(|| process::exit(0));
            exits.await.unwrap()
        });
    }
}

mod a_hook_of_the_code_under_test {
    use super::*;

    #[test]
    fn is_noticed_and_does_not_outlive_its_test() {
        let (output, said) = run("with_a_silent_hook");
        assert!(!output.status.success());
        assert!(
            said.contains("The panic hook was replaced while this test ran"),
            "{said}"
        );
        assert!(
            said.contains("this is what failed\nThe panic hook was"),
            "{said}"
        );
        assert!(
            said.contains("A task panicked, and nobody noticed"),
            "{said}"
        );
        assert!(said.contains("0 passed; 3 failed"), "{said}");
    }

    #[test]
    #[ignore = "run by the one above"]
    fn a_with_a_silent_hook_and_a_panic_that_nobody_hears() {
        check(|| async {
            panic::set_hook(Box::new(|_| {}));
            let _ = tokio::spawn(async { panic!("unheard") }).await;
        });
    }

    #[test]
    #[ignore = "run by the first one"]
    fn b_with_a_silent_hook_and_a_body_that_fails() {
        check(|| async {
            drop(panic::take_hook());
            panic!("this is what failed");
        });
    }

    #[test]
    #[ignore = "run by the first one"]
    fn c_after_tests_with_a_silent_hook() {
        check(|| async {
            let _ = tokio::spawn(async { panic!("heard again") }).await;
        });
    }

    #[test]
    fn that_passes_panics_on_does_no_harm() {
        let (output, said) = run("a_hook_that_goes_on");
        assert!(output.status.success(), "{said}");
    }

    #[test]
    #[ignore = "run by the one above"]
    fn a_hook_that_goes_on() {
        check(|| async {
            let ours = panic::take_hook();
            panic::set_hook(Box::new(move |info| ours(info)));
        });
    }
}

mod a_panic_while_another_one_unwinds {
    use super::*;

    const SAID: [&str; 3] = [
        "The whole process ends here: a `Drop` panicked while another panic was unwinding",
        "\n  the first one\n  --> ",
        "\n  in its Drop\n  --> ",
    ];

    #[test]
    fn is_said_before_the_process_is_aborted() {
        let (output, said) = run("panics_in_drop");
        assert!(!output.status.success());
        assert!(SAID.iter().all(|words| said.contains(words)), "{said}");
        let (_, left) = run_for_proof("panics_in_drop");
        assert!(SAID.iter().all(|words| left.contains(words)), "{left}");
    }

    struct PanicsInDrop;

    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic!("in its Drop");
        }
    }

    #[test]
    #[ignore = "run by the one above"]
    fn panics_in_drop() {
        check(|| async {
            let actor = tokio::spawn(async {
                let _guard = PanicsInDrop;
                panic!("the first one");
            });
            let _ = actor.await;
        });
    }
}

mod after_a_test_that_was_given_up {
    use super::*;

    /// A thread that spins cannot be stopped. The tests after it would share the processor with it, and print among its output.
    #[test]
    fn none_is_run_beside_a_thread_that_spins() {
        let (_, said) = run("spins_first");
        assert!(said.contains("0 passed; 2 failed"), "{said}");
        assert!(
            said.contains("Not run: another test of this run never ends"),
            "{said}"
        );
    }

    #[test]
    #[ignore = "run by the one above"]
    fn a_spins_first() {
        super::a_proof::spins();
    }

    #[test]
    #[ignore = "run by the first one"]
    fn b_would_pass_if_nothing_spins_first() {
        check(|| async {});
    }

    /// A blocked thread keeps nobody from running, but to wait for each of many that are blocked takes long.
    #[test]
    #[cfg(target_os = "linux")]
    fn others_are_waited_for_less_when_one_is_blocked() {
        let (_, said) = run("when_blocked");
        assert!(said.contains("1 passed; 2 failed"), "{said}");
        assert_eq!(said.matches("its thread is blocked").count(), 1, "{said}");
        assert!(
            said.contains("did nothing for 200ms, and it was not waited for any longer"),
            "{said}"
        );
    }

    fn blocks() {
        check(|| async { thread::sleep(Duration::from_secs(60)) });
    }

    #[test]
    #[ignore = "run by the one above"]
    fn a_when_blocked() {
        blocks();
    }

    #[test]
    #[ignore = "run by the first one"]
    fn b_when_blocked() {
        blocks();
    }

    #[test]
    #[ignore = "run by the first one"]
    fn c_passes_when_blocked() {
        check(|| async {});
    }
}
