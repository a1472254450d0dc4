//! The stand-in changes nothing: small programs see the same, in the same order, on the real Tokio, on the stand-in, and while they
//! are recorded.

use std::time::Duration;
use tokio_traced::{Event, Kind, Wait};

mod on_tokio {
    include!("programs/all.rs");
}

mod on_traced {
    use tokio_traced as tokio;
    include!("programs/all.rs");
}

/// What a run without a recording shows of its end.
#[derive(Debug, PartialEq)]
struct End {
    stuck: bool,
    alive: usize,
}

/// As the exercises' harness does it.
fn run(program: impl Future<Output = ()>) -> End {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let end = runtime.block_on(async {
        let stuck = tokio::time::timeout(Duration::from_secs(3600), program)
            .await
            .is_err();
        tokio::time::sleep(Duration::from_millis(1)).await;
        let alive = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        End { stuck, alive }
    });
    runtime.shutdown_background();
    end
}

#[test]
fn programs_see_the_same() {
    quiet();
    let programs = on_tokio::all().into_iter().zip(on_traced::all());
    for ((name, on_tokio), (_, on_traced)) in programs {
        let real = on_tokio::Notes::default();
        let end = run(on_tokio(real.clone()));
        assert!(!real.lines().is_empty());

        let unrecorded = on_traced::Notes::default();
        let same_end = run(on_traced(unrecorded.clone()));
        assert_eq!(real.lines(), unrecorded.lines(), "{name}, not recorded");
        assert_eq!(end, same_end, "{name}, not recorded");

        let recorded = on_traced::Notes::default();
        let trace = tokio_traced::record(name, on_traced(recorded.clone()));
        assert_eq!(
            real.lines(),
            recorded.lines(),
            "{name}, recorded:\n{}",
            trace.chart()
        );
        let other = |event: &Event| match &event.kind {
            Kind::Waits(waits) => waits.iter().any(|w| w.what == Wait::NotRecorded),
            _ => false,
        };
        assert!(
            !trace.events.iter().any(other),
            "{name} uses nothing that is not recorded:\n{}",
            trace.chart()
        );
        assert_eq!(
            end.stuck,
            trace.why_stuck().is_some(),
            "{name}:\n{}",
            trace.chart()
        );
        if !end.stuck {
            assert_eq!(end.alive, trace.leaks().len(), "{name}:\n{}", trace.chart());
        }
    }
}

#[test]
fn traces_are_the_same_every_time() {
    for (name, program) in on_traced::all() {
        if name == "other_threads" {
            continue; // threads run when the machine lets them
        }
        let record = || tokio_traced::record(name, program(on_traced::Notes::default()));
        let first = record().fragment("");
        for _ in 0..20 {
            assert_eq!(first, record().fragment(""), "{name}");
        }
    }
}

#[test]
fn charts_fit_into_a_terminal_and_fragments_have_no_blank_line() {
    for (name, program) in on_traced::all() {
        let trace = tokio_traced::record(name, program(on_traced::Notes::default()));
        for line in trace.chart().lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
        assert!(!trace.fragment(name).trim_end().contains("\n\n"), "{name}");
        let json: serde_json::Value = serde_json::from_str(&trace.json()).unwrap();
        assert_eq!(
            json["steps"].as_array().unwrap().len(),
            trace.sentences().len()
        );
    }
}

/// The programs panic on purpose.
fn quiet() {
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name() == Some("programs_see_the_same")
            && tokio::task::try_id().is_none()
        {
            eprintln!("{info}");
        }
    }));
}
