//! Chromium and the chromedriver that steers it.

use super::group::Group;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::{
    env,
    io::{BufRead, BufReader, ErrorKind},
    process::{ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

/// A running chromedriver. Dropping it ends the browser, too, and removes the browser's profile.
pub struct Driver {
    port: u16,
    // Declared in the order in which they have to go.
    _group: Group,
    /// Held, so that the driver can go on writing.
    _output: BufReader<ChildStdout>,
    profile: TempDir,
}

impl Driver {
    pub fn start() -> Self {
        let program = env::var_os("CHROMEDRIVER").unwrap_or_else(|| "/usr/bin/chromedriver".into());
        let mut group = Group::spawn(Command::new(&program).arg("--port=0").stdout(Stdio::piped())).unwrap_or_else(|error| match error.kind() {
            ErrorKind::NotFound => panic!(
                "{} is not there: apt-get install chromium chromium-driver, or say where it is: CHROMEDRIVER=… CHROMIUM=…",
                program.display()
            ),
            _ => panic!("{}: {error}", program.display()),
        });
        let mut output = BufReader::new(group.leader().stdout.take().unwrap());
        let mut said = String::new();
        let port = loop {
            let start = said.len();
            assert!(
                output.read_line(&mut said).unwrap() > 0,
                "chromedriver has ended: {said}"
            );
            if let Some((_, port)) = said[start..].split_once("started successfully on port ") {
                break port.trim().trim_end_matches('.').parse().unwrap();
            }
        };
        Self {
            port,
            _group: group,
            _output: output,
            profile: TempDir::new().unwrap(),
        }
    }

    /// A browser with one empty page.
    pub async fn browser(&self) -> Client {
        let options = json!({
            "binary": env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned()),
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--window-size=1280,900",
                format!("--user-data-dir={}", self.profile.path().display()),
            ],
        });
        let capabilities =
            json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .unwrap_or_else(|error| panic!("chromedriver cannot start Chromium: {error}"))
    }
}
