//! A check of whatever learners may write: every test gets its verdict, and no process is left.

mod common;

use common::{Fixture, WATCHDOG, file};
use course::check::{
    self, WhoWaits,
    progress::ProgressHandle,
    settings::{CargoWords, Settings},
    status::{Outcome, Phase, Status},
};
use course::stand_in::who_waits::Recorder;
use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Duration};
use tokio::time::timeout;

fn settings(fixture: &Fixture, test_limit: Duration) -> Settings {
    Settings {
        test_limit,
        ..Settings::new(&fixture.root, CargoWords::Notes)
    }
}

async fn check(fixture: &Fixture, test_limit: Duration) -> Status {
    check_with(fixture, settings(fixture, test_limit), &()).await
}

/// A check that also records.
async fn check_and_record(fixture: &Fixture) -> Status {
    let workspace = Arc::new(fixture.workspace());
    check_with(fixture, settings(fixture, WATCHDOG), &Recorder(workspace)).await
}

async fn check_with(fixture: &Fixture, settings: Settings, who_waits: &impl WhoWaits) -> Status {
    let workspace = fixture.workspace();
    let progress = ProgressHandle::new(Vec::new());
    let check = check::check(&workspace.exercises[0], &settings, &progress, who_waits);
    timeout(WATCHDOG, check)
        .await
        .expect("the check never ends")
}

fn result<'a>(status: &'a Status, test: &str) -> (Outcome, &'a str) {
    let test = status
        .tests
        .iter()
        .find(|other| other.name == test)
        .unwrap();
    (test.result, &test.said)
}

#[tokio::test]
async fn every_kind_of_test_gets_its_own_verdict() {
    let tests = r#"
        use std::io::Write;

        #[test] fn passes() {}
        #[test] fn fails() { panic!("because of me") }
        #[test] fn says_nothing() { std::process::exit(1) }
        #[test] fn exits_in_the_middle() { std::process::exit(0) }
        #[test] #[ignore] fn is_ignored() { panic!("run all the same") }
        #[test] fn ends_itself() {
            eprintln!("a print of my own");
            eprintln!("This test never ends: two tasks wait for each other");
            std::process::exit(101)
        }
        #[test] fn prints_100_mb() {
            let mut err = std::io::stderr().lock();
            err.write_all(b"the beginning").unwrap();
            let megabyte = vec![b'x'; 1 << 20];
            for _ in 0..100 { err.write_all(&megabyte).unwrap(); }
            drop(err);
            panic!("the end");
        }
    "#;
    let promised = ["passes", "gone", "fails"];
    let fixture = Fixture::new().exercise("01-kinds", "", tests, &promised);
    let status = check(&fixture, WATCHDOG).await;

    assert_eq!(status.phase, Phase::Done);
    let order: Vec<_> = status.tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(order[..3], promised);
    assert_eq!((status.passed, status.of), (1, 8));
    assert_eq!(status.first_failing().unwrap().name, "gone");

    assert_eq!(result(&status, "passes"), (Outcome::Passes, ""));
    let (outcome, said) = result(&status, "fails");
    assert_eq!(outcome, Outcome::Fails);
    assert!(said.contains("because of me"), "{said}");
    let (outcome, said) = result(&status, "gone");
    assert_eq!(outcome, Outcome::Missing);
    assert!(
        said.contains("git checkout exercises/01-kinds/tests"),
        "{said}"
    );
    assert!(result(&status, "is_ignored").1.contains("run all the same"));
    assert!(
        result(&status, "exits_in_the_middle")
            .1
            .contains("std::process::exit")
    );
    assert!(
        result(&status, "says_nothing")
            .1
            .starts_with("The test failed without a word")
    );
    let (outcome, said) = result(&status, "ends_itself");
    assert_eq!(outcome, Outcome::NeverEnds);
    assert!(said.contains("two tasks wait"), "{said}");
    let (outcome, said) = result(&status, "prints_100_mb");
    assert_eq!(outcome, Outcome::Fails);
    assert!(said.starts_with("the beginning") && said.contains("the end"));
    assert!(said.contains("bytes left out") && said.len() < 17 * 1024);
}

#[tokio::test]
async fn a_test_that_never_ends_is_ended_and_the_others_run() {
    let tests = "
        #[test] fn a_stuck() { alive() }
        #[test] fn b_spins() { loop { std::hint::spin_loop() } }
        #[test] fn c_passes() {}
        #[test] fn d_passes() {}
    ";
    let fixture = Fixture::new().exercise("01-stuck", "", tests, &["a_stuck"]);
    let processes = fixture.watch_processes("01-stuck").await;
    let status = check(&fixture, Duration::from_secs(5)).await;

    assert_eq!(
        result(&status, "a_stuck"),
        (
            Outcome::NeverEnds,
            "This test never ends: it was ended after 5 s."
        )
    );
    assert_eq!(result(&status, "b_spins").0, Outcome::NeverEnds);
    assert_eq!(result(&status, "c_passes").0, Outcome::Passes);
    assert_eq!(result(&status, "d_passes").0, Outcome::Passes);
    processes.next().await.ended().await;
}

/// What the harness does for a test: its proof goes to the file whose path comes by stdin, behind the word that comes with it.
const LEAVES_A_PROOF: &str = r#"
    fn leave(proof: &str) {
        assert!(std::env::var_os("HARNESS_PROOF").is_some());
        let mut lines = std::io::stdin().lines().map(Result::unwrap);
        let (path, word) = (lines.next().unwrap(), lines.next().unwrap());
        std::fs::write(&path, format!("{word} {proof}")).unwrap();
        // Where a cheat would find it.
        *PATH.lock().unwrap() = path;
    }
    static PATH: std::sync::Mutex<String> = std::sync::Mutex::new(String::new());
    fn path() -> String { PATH.lock().unwrap().clone() }
    fn flood() {
        std::thread::spawn(|| loop { println!("test result: FAILED. 0 passed; 1 failed") });
    }
"#;

#[tokio::test]
async fn what_a_test_prints_is_no_verdict_where_there_is_a_proof() {
    let tests = r#"
        #[test] fn passes_in_a_flood() { flood(); leave("passed\n") }
        #[test] fn claims_and_leaves() {
            leave("begun\n");
            println!("\npassed\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured");
            std::process::exit(0)
        }
        #[test] fn reports_in_a_flood() {
            flood();
            eprintln!("This test never ends: a print of my own");
            leave("failed\nthe report\n");
            std::process::exit(101)
        }
        #[test] fn writes_into_it() {
            leave("begun\n");
            std::fs::write(path(), "passed\n").unwrap();
            std::process::exit(0)
        }
        #[test] fn deletes_it() {
            leave("begun\n");
            std::fs::remove_file(path()).unwrap();
            println!("\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured");
            std::process::exit(0)
        }
        #[test] fn gives_up() {
            println!("a print of my own");
            leave("never ends\nThis test never ends: it spins");
            std::process::exit(101)
        }
        #[test] fn aborts_in_the_middle() {
            leave("begun\n");
            eprintln!("a print of my own");
            std::process::abort()
        }
        #[test] fn fails_after_its_proof() { leave("passed\n"); panic!("after all") }
    "#;
    let tests = format!("{LEAVES_A_PROOF}{tests}");
    let fixture = Fixture::new().exercise("01-proves", "", &tests, &["passes_in_a_flood"]);
    let status = check(&fixture, WATCHDOG).await;
    assert_eq!(result(&status, "passes_in_a_flood"), (Outcome::Passes, ""));
    let (outcome, said) = result(&status, "claims_and_leaves");
    assert_eq!(outcome, Outcome::Fails);
    assert!(said.contains("who calls `std::process::exit`?"), "{said}");
    for cheat in ["writes_into_it", "deletes_it"] {
        assert_eq!(result(&status, cheat).0, Outcome::Fails, "{cheat}");
    }
    let (outcome, said) = result(&status, "aborts_in_the_middle");
    assert_eq!(outcome, Outcome::Fails);
    assert!(
        said.starts_with("The test's process ended before the test did (")
            && said.contains("`abort`?")
            && said.ends_with("a print of my own"),
        "{said}"
    );
    let (outcome, said) = result(&status, "reports_in_a_flood");
    assert_eq!(outcome, Outcome::Fails);
    let words = "the report\n\nIt printed:\nThis test never ends: a print of my own";
    assert!(said.starts_with(words), "{said}");
    assert_eq!(
        result(&status, "gives_up"),
        (
            Outcome::NeverEnds,
            "This test never ends: it spins\n\nIt printed:\na print of my own"
        )
    );
    assert!(
        result(&status, "fails_after_its_proof")
            .1
            .contains("after all")
    );
    let left: Vec<_> = std::fs::read_dir(fixture.root.join("target/debug/deps"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".proof"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_in_the_place_of_the_code_is_named_and_not_waited_for() {
    let fixture = Fixture::new().exercise("01-pipe", "", "#[test] fn one() {}", &["one"]);
    let library = fixture.root.join("exercises/01-pipe/src/lib.rs");
    // Its target is found before it becomes one.
    let workspace = fixture.workspace();
    std::fs::remove_file(&library).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&library).status();
    assert!(made.unwrap().success());
    let progress = ProgressHandle::new(Vec::new());
    let settings = settings(&fixture, WATCHDOG);
    let check = check::check(&workspace.exercises[0], &settings, &progress, &());
    let status = timeout(WATCHDOG, check).await.expect("the check waits");
    assert_eq!(status.phase, Phase::Broken);
    assert!(
        status.broken.contains("lib.rs is no file but a pipe")
            && status.broken.contains("git checkout"),
        "{}",
        status.broken
    );
}

#[tokio::test]
async fn a_plain_test_passes_whatever_its_threads_print() {
    let tests = format!("{LEAVES_A_PROOF}#[test] fn is_plain() {{ flood() }}");
    let fixture = Fixture::new().exercise("01-plain", "", &tests, &["is_plain"]);
    for _ in 0..5 {
        let status = check(&fixture, WATCHDOG).await;
        assert_eq!(result(&status, "is_plain"), (Outcome::Passes, ""));
    }
}

#[tokio::test]
async fn scenarios_can_be_green() {
    let tests = "#[test]\nfn works() {}\n#[test]\nfn your_promises_hold_always() {}";
    let fixture = Fixture::new().exercise(
        "01-scenarios",
        "",
        tests,
        &["works", "your_promises_hold_always"],
    );
    let status = check(&fixture, WATCHDOG).await;
    assert!(status.is_green(), "{status:#?}");
}

#[tokio::test]
async fn a_scenario_that_fails_alone_tells_its_story() {
    let tests =
        "#[test]\nfn works() {}\n#[test]\nfn your_promises_hold_never() { panic!(\"the story\") }";
    let fixture = Fixture::new().exercise(
        "01-stories",
        "",
        tests,
        &["works", "your_promises_hold_never"],
    );
    let status = check(&fixture, WATCHDOG).await;
    let (outcome, said) = result(&status, "your_promises_hold_never");
    assert!(
        outcome == Outcome::Fails && said.contains("the story"),
        "{said}"
    );
}

#[tokio::test]
async fn a_failure_names_the_thoughts_that_are_known_to_lead_to_it() {
    let tests = "#[test] fn counts() { panic!(\"it is gone, and no task was alive\") }\n\
                 #[test] fn waits() { panic!(\"reply never came: a deadlock\") }\n\
                 #[test] fn starts() { panic!(\"for a reason of its own\") }\n";
    let promised = ["counts", "waits", "starts"];
    let fixture = Fixture::new().exercise("01-causes", "", tests, &promised);
    for (name, says) in [("one", "no task"), ("two", "a task"), ("three", "gone")] {
        file(
            &(fixture.root).join(format!("solutions/01-causes/rejected/{name}.rs")),
            &format!("//! rejected: counts\n//! says: {says}\n//! thinks: \"{name}\"\n"),
        );
    }
    file(
        &fixture.root.join("book/src/what-went-wrong.md"),
        "## In every exercise\n\n### never came: a deadlock\n",
    );
    let status = check(&fixture, WATCHDOG).await;
    let causes = |name: &str| {
        let test = status.tests.iter().find(|test| test.name == name).unwrap();
        (test.causes.as_ref()).map(|causes| {
            let thoughts = causes.thoughts.iter();
            let words: Vec<_> = thoughts
                .map(|thought| format!("{} {}", thought.words, thought.answer))
                .collect();
            (causes.page.as_str(), words.join(", "))
        })
    };
    assert_eq!(
        causes("counts"),
        Some((
            "what-went-wrong.html#causes-counts",
            "\"one\" one, \"three\" three".to_owned()
        ))
    );
    assert_eq!(
        causes("waits"),
        Some(("what-went-wrong.html#never-came-a-deadlock", String::new()))
    );
    assert_eq!(causes("starts"), None);
}

#[tokio::test]
async fn a_story_is_held_back_when_another_test_says_more() {
    let tests = "#[test]\nfn works_not() { panic!(\"the reason\") }\n#[test]\nfn your_promises_hold_never() { panic!(\"the story\") }";
    let fixture = Fixture::new().exercise(
        "01-held-back",
        "",
        tests,
        &["works_not", "your_promises_hold_never"],
    );
    let status = check(&fixture, WATCHDOG).await;
    let (outcome, said) = result(&status, "your_promises_hold_never");
    assert!(
        outcome == Outcome::Fails && said.starts_with("Fails, as other tests do"),
        "{said}"
    );
}

#[tokio::test]
async fn when_three_tests_never_end_no_further_one_is_begun() {
    // One a core at first, and then one for each of the first two that were given up.
    let count = available_parallelism().map_or(1, NonZero::get) + 3;
    let names: Vec<String> = (0..count).map(|n| format!("stuck_{n:03}")).collect();
    let tests: String = (names.iter())
        .map(|name| format!("#[test] fn {name}() {{ std::thread::park() }}\n"))
        .collect();
    let promised: Vec<_> = names.iter().map(String::as_str).collect();
    let fixture = Fixture::new().exercise("01-all-stuck", "", &tests, &promised);
    let status = check(&fixture, Duration::from_secs(3)).await;

    let said: Vec<_> = status.tests.iter().map(|test| test.said.as_str()).collect();
    assert_eq!(said[0], "This test never ends: it was ended after 3 s.");
    let waited: Vec<_> = (said.iter())
        .filter(|said| said.ends_with("had not ended after 2 s either. That one first."))
        .collect();
    assert_eq!(waited.len(), 2, "{said:#?}");
    assert!(
        said[count - 1].starts_with("Not run: 3 tests never end"),
        "{said:#?}"
    );
}

#[tokio::test]
async fn a_signature_that_was_changed_is_named_and_the_tests_are_left_alone() {
    let tests = "#[test] fn one() { assert_eq!(signs::next(), 1) }\n\
                 #[test] fn two() { assert_eq!(signs::next(), 1); let _ = signs::untouched(\"\"); }\n";
    let library = "pub fn next(\n    by: u32,\n) -> u32 { by }\npub fn untouched(text: &str) -> usize { text.len() }\n";
    let fixture = Fixture::new().exercise("01-signs", library, tests, &["one"]);
    file(
        &fixture.root.join("solutions/01-signs/src/lib.rs"),
        "pub fn next() -> u32 { 1 }\npub fn untouched(text: &str) -> usize { 0 }\n",
    );
    let status = check(&fixture, WATCHDOG).await;
    assert_eq!(status.phase, Phase::Broken);
    let words = "\n  next\n    yours:    pub fn next(by: u32) -> u32  (src/lib.rs:1)\n    promised: pub fn next() -> u32\n";
    assert!(status.broken.contains(words), "{}", status.broken);
    assert!(
        status
            .broken
            .contains("rustc has 2 errors, all of them in the tests"),
        "{}",
        status.broken
    );
    assert!(!status.broken.contains("untouched"), "{}", status.broken);
    assert!(status.broken.lines().count() < 14, "{}", status.broken);
}

#[tokio::test]
async fn errors_in_a_test_of_the_learner_s_own_are_shown_as_they_are() {
    let tests = "#[test] fn mine() { let number: u32 = own_errors::next(\"\"); }\n";
    let library = "pub fn next(text: &str) -> usize { text.len() }\n";
    let fixture = Fixture::new().exercise("01-own-errors", library, tests, &["mine"]);
    file(
        &fixture.root.join("solutions/01-own-errors/src/lib.rs"),
        library,
    );
    let status = check(&fixture, WATCHDOG).await;
    assert!(status.broken.contains("E0308"), "{}", status.broken);
}

#[tokio::test]
async fn a_test_in_src_that_is_not_run_is_named() {
    let library = "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn mine() { panic!() }\n}\n";
    let fixture = Fixture::new().exercise("01-unrun", library, "#[test] fn one() {}", &["one"]);
    let status = check(&fixture, WATCHDOG).await;
    assert!(status.is_green());
    assert!(
        status
            .note
            .starts_with("src/lib.rs:4: a test in `src` is not run"),
        "{status:#?}"
    );
}

#[tokio::test]
async fn a_test_that_leaves_a_child_behind_leaves_none() {
    let tests = r#"
        #[test] fn leaves_a_child() {
            // It holds our stdout and stderr: reading them to their end would wait for it.
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "child", "--nocapture"]).env("IS_CHILD", "yes").spawn().unwrap();
            while !std::path::Path::new("child-lives").exists() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        #[test] fn child() {
            if std::env::var_os("IS_CHILD").is_some() {
                std::thread::spawn(|| {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    std::fs::write("child-lives", "").unwrap();
                });
                alive();
            }
        }
    "#;
    let fixture = Fixture::new().exercise("01-forks", "", tests, &["leaves_a_child"]);
    let processes = fixture.watch_processes("01-forks").await;
    let status = check(&fixture, WATCHDOG).await;
    assert_eq!(status.passed, 2, "{status:#?}");
    processes.next().await.ended().await;
}

#[tokio::test]
async fn a_check_that_is_dropped_ends_its_tests() {
    let fixture = Fixture::new().exercise(
        "01-dropped",
        "",
        "#[test] fn stuck() { alive() }",
        &["stuck"],
    );
    let processes = fixture.watch_processes("01-dropped").await;
    let workspace = fixture.workspace();
    let settings = settings(&fixture, WATCHDOG);
    let progress = ProgressHandle::new(Vec::new());
    let process = {
        let check = check::check(&workspace.exercises[0], &settings, &progress, &());
        tokio::select! {
            status = check => panic!("ended by itself: {status:#?}"),
            process = processes.next() => process,
        }
    };
    process.ended().await;
}

#[tokio::test]
async fn a_check_that_is_dropped_ends_cargo_and_what_cargo_started() {
    let fixture = Fixture::new().exercise("01-builds", "", "#[test] fn passes() {}", &["passes"]);
    let processes = fixture.watch_processes("01-builds").await;
    let script = format!("{}\nfn main() {{ alive() }}", common::ALIVE);
    common::file(&fixture.root.join("exercises/01-builds/build.rs"), &script);
    let workspace = fixture.workspace();
    let settings = settings(&fixture, WATCHDOG);
    let progress = ProgressHandle::new(Vec::new());
    let process = {
        let check = check::check(&workspace.exercises[0], &settings, &progress, &());
        tokio::select! {
            status = check => panic!("ended by itself: {status:#?}"),
            process = processes.next() => process,
        }
    };
    process.ended().await;
}

#[tokio::test]
async fn a_build_that_takes_long_says_what_it_is_about() {
    let fixture = Fixture::new().exercise("01-long", "", "#[test] fn passes() {}", &["passes"]);
    // It holds the build up until this test lets go.
    let processes = fixture.watch_processes("01-long").await;
    let script = format!("{}\nfn main() {{ alive() }}", common::ALIVE);
    file(&fixture.root.join("exercises/01-long/build.rs"), &script);
    let workspace = fixture.workspace();
    let hints = workspace.exercises[0].hints().unwrap();
    let progress = ProgressHandle::new(vec![Status::waiting("long", &hints)]);
    let mut watched = progress.watch("long").await.unwrap();
    let mut settings = settings(&fixture, WATCHDOG);
    settings.long = Duration::from_millis(1);
    let is_told = async {
        let process = processes.next().await;
        let is_about = |status: &Status| {
            status.long > 0
                && status
                    .note
                    .starts_with("compiling long (1 package so far), for ")
        };
        watched.wait_for(is_about).await.unwrap();
        drop(process);
    };
    let (status, ()) = tokio::join!(
        check::check(&workspace.exercises[0], &settings, &progress, &()),
        async { timeout(WATCHDOG, is_told).await.expect("nothing is said") }
    );
    assert!(status.is_green(), "{status:#?}");
    assert_eq!(status.note, "");
}

#[tokio::test]
async fn what_does_not_compile_is_said_in_rustc_s_own_words() {
    let library = "pub fn number() -> u32 { \"one\" }";
    let fixture =
        Fixture::new().exercise("01-broken", library, "#[test] fn counts() {}", &["counts"]);
    let status = check(&fixture, WATCHDOG).await;
    assert_eq!(status.phase, Phase::Broken);
    assert!(status.broken.contains("E0308"), "{}", status.broken);
    assert_eq!((status.passed, status.of), (0, 1));
    let json = serde_json::to_string(&status).unwrap();
    assert!(!json.contains("\\u001b"), "pages get no colours: {json}");
}

#[tokio::test]
async fn when_cargo_itself_fails_its_words_are_shown_with_the_next_step() {
    let fixture = Fixture::new().exercise("01-offline", "", "#[test] fn counts() {}", &["counts"]);
    let workspace = fixture.workspace();
    let manifest = fixture.root.join("exercises/01-offline/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    common::file(
        &manifest,
        &format!("{text}\n[dependencies]\nnowhere = {{ path = \"../nowhere\" }}\n"),
    );
    let progress = ProgressHandle::new(Vec::new());
    let status = check::check(
        &workspace.exercises[0],
        &settings(&fixture, WATCHDOG),
        &progress,
        &(),
    )
    .await;
    assert_eq!(status.phase, Phase::Broken);
    assert!(status.broken.contains("nowhere"), "{}", status.broken);
    assert!(status.broken.contains("git checkout"), "{}", status.broken);
}

/// Titles, cleared screens, overwritten lines: whatever a learner's program prints is shown and not obeyed.
#[tokio::test]
async fn what_a_terminal_would_obey_is_shown_instead() {
    let tests = r#"
        #[test] fn prints() {
            print!("\x1b]0;my title\x07 red: \x1b[31mred\x1b[0m all 9 tests pass\rFAILED \u{9b}2J");
            eprint!("\x1b[2J\x1b[H on stderr \x08");
            panic!("here \x1b[1A too")
        }
    "#;
    let fixture = Fixture::new().exercise("01-obeyed", "", tests, &["prints"]);
    let status = check(&fixture, WATCHDOG).await;
    let (_, said) = result(&status, "prints");
    for words in [
        "␛]0;my title␇ red: red all 9 tests pass␍FAILED \\u{9b}2J",
        "on stderr ␈",
        "here  too",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }

    let library = "compile_error!(\"\\u{1b}]0;my title\\u{7} and \\u{1b}[2J\");";
    file(
        &fixture.root.join("exercises/01-obeyed/src/lib.rs"),
        library,
    );
    let status = check(&fixture, WATCHDOG).await;
    let obeyed = |text: &str| text.contains("\u{1b}]") || text.contains("\u{1b}[2J");
    assert!(status.broken.contains("my title"), "{}", status.broken);
    assert!(!obeyed(&status.broken), "{:?}", status.broken);
}

#[tokio::test]
async fn a_warning_is_kept_and_what_is_not_done_is_told_on_the_page() {
    let fixture = Fixture::new().exercise(
        "01-warns",
        "fn unused() {}\npub async fn send() {}\npub fn forgets_to_await() { send(); }",
        "#[test] fn counts() {}",
        &["counts"],
    );
    let status = check(&fixture, WATCHDOG).await;
    assert!(status.is_green());
    let (warnings, undone) = (&status.warnings, &status.undone);
    assert!(warnings.contains("`unused` is never used"), "{warnings}");
    assert!(undone.contains("must be used"), "{undone}");
    assert!(!undone.contains("is never used"), "{undone}");
}

#[tokio::test]
async fn hints_that_cannot_be_read_are_named_by_line() {
    let fixture = Fixture::new().exercise("01-hintless", "", "#[test] fn counts() {}", &["counts"]);
    common::file(
        &fixture.root.join("exercises/01-hintless/hints.md"),
        "\n<details>\n",
    );
    let status = check(&fixture, WATCHDOG).await;
    assert_eq!(status.phase, Phase::Broken);
    assert!(
        status.broken.contains("hints.md, line 2"),
        "{}",
        status.broken
    );
}

/// A course whose `harness` and whose stand-in are a few lines: here it matters when a run is recorded, not how.
fn with_a_recorder(fixture: Fixture, exercise: &str) -> Fixture {
    let root = &fixture.root;
    let package = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n")
    };
    file(
        &root.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"exercises/*\"]\nexclude = [\"book\"]\n\
         [workspace.dependencies]\nharness = { path = \"harness\" }\n[profile.dev]\ndebug = false\n",
    );
    file(&root.join("harness/Cargo.toml"), &package("harness"));
    file(
        &root.join("harness/src/lib.rs"),
        "pub fn stuck() { panic!(\"the reply never came: a deadlock.\") }\n",
    );
    let traced = root.join("book/tokio-traced/harness");
    file(&traced.join("Cargo.toml"), &package("harness-traced"));
    file(
        &traced.join("src/lib.rs"),
        "pub fn stuck() {
            let folder = std::path::PathBuf::from(std::env::var_os(\"COURSE_TRACE_FOLDER\").unwrap());
            std::fs::create_dir_all(&folder).unwrap();
            for (name, text) in [(\"chart\", \"\"), (\"waits\", \"a waits for b; b waits for a\"), (\"ends\", \"\")] {
                std::fs::write(folder.join(name).with_extension(\"txt\"), text).unwrap();
            }
            std::fs::write(folder.join(\"fragment.html\"), \"\").unwrap();
        }\n",
    );
    let manifest = root.join("exercises").join(exercise).join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    file(
        &manifest,
        &(text + "[dev-dependencies]\nharness.workspace = true\n"),
    );
    fixture
}

#[tokio::test]
async fn the_first_test_that_got_stuck_says_who_waits_for_whom() {
    let tests = "#[test] fn one() { panic!(\"something else\") }\n\
                 #[test] fn two() { harness::stuck() }\n#[test] fn three() { harness::stuck() }\n";
    let promised = ["one", "two", "three"];
    let fixture = Fixture::new().exercise("01-stuck", "", tests, &promised);
    let fixture = with_a_recorder(fixture, "01-stuck");
    let status = check_and_record(&fixture).await;

    let recorded: Vec<bool> = (status.tests.iter())
        .map(|test| test.said.contains("Recorded: a waits for b; b waits for a"))
        .collect();
    assert_eq!(recorded, [false, true, false], "{status:#?}");
    assert!(status.tests[1].said.contains("never came: a deadlock"));
    assert_eq!(status.note, "");
}

/// As with `CARGO_TARGET_DIR`: the scratch workspace is then not below the course, and vendored sources are named in the
/// course's `.cargo/config.toml`.
#[tokio::test]
async fn cargo_s_settings_hold_for_recordings_wherever_the_target_folder_is() {
    let tests = "#[cfg(not(from_settings))] compile_error!(\"no settings\");\n\
                 #[test] fn stuck() { harness::stuck() }\n";
    let fixture = Fixture::new().exercise("01-settings", "", tests, &["stuck"]);
    let fixture = with_a_recorder(fixture, "01-settings");
    file(
        &fixture.root.join(".cargo/config.toml"),
        "[build]\nrustflags = [\"--cfg\", \"from_settings\"]\n",
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let mut workspace = fixture.workspace();
    workspace.target = elsewhere.path().to_owned();
    let recorder = Recorder(Arc::new(workspace));
    let status = check_with(&fixture, settings(&fixture, WATCHDOG), &recorder).await;
    assert!(
        status.tests[0].said.contains("Recorded:"),
        "{:?}",
        status.tests[0]
    );
}

#[tokio::test]
async fn a_run_that_cannot_be_recorded_leaves_the_verdict_as_it_is() {
    let tests = "#[test] fn stuck() { panic!(\"the reply never came: a deadlock.\") }\n";
    let fixture = Fixture::new().exercise("01-unrecorded", "", tests, &["stuck"]);
    let status = check_and_record(&fixture).await;
    assert_eq!(
        (status.phase, status.tests[0].result),
        (Phase::Done, Outcome::Fails)
    );
    assert!(!status.tests[0].said.contains("Recorded:"), "{status:#?}");
}
