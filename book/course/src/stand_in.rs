//! What `tokio` and `harness` mean in a scratch workspace: the stand-in for Tokio, and the harness that goes with it.

pub mod explore;
mod lock;
pub mod schedules;
mod stage;
pub mod trace;
pub mod who_waits;

// The one file that is needed of it: as a dependency, the whole stand-in would add to the program's first build.
#[allow(dead_code)] // the rest is for listings
#[path = "../../tokio-traced/src/source.rs"]
mod source;

pub(crate) use source::with_debug;

use crate::workspace::Workspace;
use std::path::PathBuf;
use toml::{Table, Value};

/// How messages are labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// By their `Debug`, which the copy derives where it is missing.
    Debug,
    /// By their types' names: what is left where that does not compile.
    Types,
}

/// What an exercise is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be recorded: the harness only runs the tests.
    Trace,
    /// To run in many schedules: the harness is the real one.
    Explore,
}

/// Lets `tokio` and `harness` mean their stand-ins.
pub fn stand_in(root: &mut Table, workspace: &Workspace, purpose: Purpose, labels: Labels) {
    let Some(Value::Table(dependencies)) = root
        .get_mut("workspace")
        .and_then(|table| table.get_mut("dependencies"))
    else {
        return;
    };
    let traced = workspace.root.join("book").join("tokio-traced");
    let mut replace = |name: &str, package: &str, path: PathBuf, by_default: bool| {
        if let Some(Value::Table(dependency)) = dependencies.get_mut(name) {
            let path = path.to_string_lossy().into_owned();
            dependency.remove("version");
            dependency.insert("package".to_owned(), Value::String(package.to_owned()));
            dependency.insert("path".to_owned(), Value::String(path));
            let by_default = Value::Boolean(by_default);
            dependency.insert("default-features".to_owned(), by_default);
        }
    };
    let (harness, folder) = match purpose {
        Purpose::Trace => ("harness-traced", "harness"),
        Purpose::Explore => ("harness-explored", "explored"),
    };
    replace("harness", harness, traced.join(folder), true);
    // Its only feature by default is `debug`.
    replace("tokio", "tokio-traced", traced, labels == Labels::Debug);
    if purpose == Purpose::Explore {
        run_fast(root);
    }
}

/// The dependencies run optimised: they are built once and run thousands of times (measured: half the time for as many schedules).
fn run_fast(root: &mut Table) {
    let mut table = root;
    for key in ["profile", "dev", "package", "*"] {
        let entry = table
            .entry(key)
            .or_insert_with(|| Value::Table(Table::new()));
        match entry {
            Value::Table(next) => table = next,
            _ => return,
        }
    }
    table.insert("opt-level".to_owned(), Value::Integer(1));
}
