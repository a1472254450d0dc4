//! A page in a browser, and what tests ask of it.

use super::driver::Driver;
use fantoccini::{
    Client, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    error::CmdError,
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use serde_json::{Value, json};
use std::{
    ops::Deref,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use url::Url;

/// How long a page may take for what it should come to. Generous: it ends tests that fail, and proves nothing.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with a page. All that WebDriver can do is there as well, by way of [`Deref`].
pub struct Page {
    client: Client,
    _driver: Driver,
}

impl Deref for Page {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Page {
    /// An empty page, as large as on a laptop.
    pub async fn new() -> Self {
        let driver = Driver::start();
        Self {
            client: driver.browser().await,
            _driver: driver,
        }
    }

    pub async fn open(&self, url: &str) {
        self.goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        // Chromium shows a page of its own for a file that is not there.
        assert_eq!(
            self.value("location.protocol === 'chrome-error:'").await,
            false,
            "{url} cannot be opened"
        );
    }

    /// The value of a JavaScript expression.
    pub async fn value(&self, expression: &str) -> Value {
        self.execute(&format!("return ({expression})"), vec![])
            .await
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// What a promise in JavaScript comes to.
    pub async fn awaited(&self, promise: &str) -> Value {
        self.execute_async(
            &format!(
                "const done = arguments[0]; ({promise}).then(done, error => done(String(error)))"
            ),
            vec![],
        )
        .await
        .unwrap_or_else(|error| panic!("{promise}: {error}"))
    }

    /// Waits until a JavaScript expression is true.
    pub async fn until(&self, expression: &str) {
        let start = Instant::now();
        while !self
            .value(expression)
            .await
            .as_bool()
            .unwrap_or_else(|| panic!("not a bool: {expression}"))
        {
            if start.elapsed() > PATIENCE {
                let text = self.value("document.querySelector('main').innerText").await;
                panic!(
                    "this never became true: {expression}\nThe page says:\n{}",
                    text.as_str().unwrap()
                );
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the element that `css` finds shows `text`.
    pub async fn sees(&self, css: &str, text: &str) {
        self.until(&format!("[...document.querySelectorAll({css:?})].some(found => found.checkVisibility() && found.innerText.includes({text:?}))"))
            .await;
    }

    /// Whether the element that `css` finds is there to be seen.
    pub async fn shows(&self, css: &str) -> bool {
        self.value(&format!(
            "document.querySelector({css:?})?.checkVisibility() ?? false"
        ))
        .await
            == true
    }

    pub async fn text(&self, css: &str) -> String {
        let text = self
            .value(&format!("document.querySelector({css:?}).innerText"))
            .await;
        text.as_str().unwrap().to_owned()
    }

    pub async fn click(&self, css: &str) {
        let element = self
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await
            .unwrap();
        element
            .click()
            .await
            .unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Presses a key wherever the focus is.
    pub async fn press(&self, key: impl Into<char>) {
        let value = key.into();
        let stroke = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        self.perform_actions(stroke).await.unwrap();
    }

    /// Puts the mouse or a finger ("touch") down in the element that `css` finds, moves it and lifts it; places are parts of its width.
    pub async fn drag(&self, pointer: &str, css: &str, from: f64, to: f64) {
        let place = self
            .value(&format!(
                "(() => {{
                    const element = document.querySelector({css:?});
                    element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                    const {{ left, top, width, height }} = element.getBoundingClientRect();
                    return {{ left, width, y: Math.floor(top + height / 2) }};
                }})()"
            ))
            .await;
        let at = |part: f64| {
            let (left, width) = (&place["left"], &place["width"]);
            let x = (left.as_f64().unwrap() + part * width.as_f64().unwrap()).floor();
            json!({ "type": "pointerMove", "duration": 50, "x": x as i64, "y": place["y"] })
        };
        let moves = [
            at(from),
            json!({ "type": "pointerDown", "button": 0 }),
            at((from + to) / 2.0),
            at(to),
            json!({ "type": "pointerUp", "button": 0 }),
        ];
        let stroke = json!({ "type": "pointer", "id": pointer, "parameters": { "pointerType": pointer }, "actions": moves });
        self.raw("actions", json!({ "actions": [stroke] })).await;
    }

    /// Presses Tab until the element that `css` finds has the focus.
    pub async fn tab_to(&self, css: &str) {
        for _ in 0..200 {
            self.press(Key::Tab).await;
            if self
                .value(&format!("document.activeElement.matches({css:?})"))
                .await
                == true
            {
                return;
            }
        }
        panic!("the Tab key never comes to {css}");
    }

    /// Loads the page again, and waits until the new one is there and not just the old one asked to go.
    pub async fn load_again(&self) {
        self.value("window.isOld = true").await;
        self.refresh().await.unwrap();
        let start = Instant::now();
        let is_new = "return !window.isOld && document.readyState === 'complete'";
        // In between there may be no page that could answer.
        while !self
            .execute(is_new, vec![])
            .await
            .is_ok_and(|is_new| is_new == true)
        {
            assert!(start.elapsed() < PATIENCE, "the page does not load again");
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn set_theme(&self, theme: &str) {
        self.value(&format!("localStorage.setItem('mdbook-theme', {theme:?})"))
            .await;
        self.load_again().await;
        assert_eq!(
            self.value(&format!(
                "document.documentElement.classList.contains({theme:?})"
            ))
            .await,
            true
        );
    }

    /// The addresses of all chapters, on any page of the book.
    pub async fn chapters(&self) -> Vec<String> {
        let links = "[...document.querySelectorAll('#mdbook-sidebar a[href]')].map(chapter => chapter.href)";
        serde_json::from_value(self.value(links).await).unwrap()
    }

    /// So that all of the page is looked at.
    pub async fn unfold(&self) {
        self.value(
            "document.querySelectorAll('main details').forEach(details => details.open = true)",
        )
        .await;
    }

    /// A narrow screen.
    pub async fn as_on_a_phone(&self) {
        let phone = json!({ "width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", phone)
            .await;
    }

    /// The screen of a plain projector.
    pub async fn as_on_a_projector(&self) {
        let screen =
            json!({ "width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", screen)
            .await;
    }

    /// Nothing is wider than the screen, or cut off, with everything unfolded. Code and tables scroll in themselves.
    pub async fn assert_fits_a_phone(&self) {
        self.unfold().await;
        assert_eq!(self.value("innerWidth").await, 360);
        let too_wide = self
            .value(
                "[document.scrollingElement, ...document.querySelectorAll('#mdbook-content, exercise-check, check-yourself, actor-trace')]
                    .filter(box => box.scrollWidth > box.clientWidth)
                    .map(box => `${box.localName} of ${location.pathname}: ${box.scrollWidth} in ${box.clientWidth}`)",
            )
            .await;
        assert_eq!(too_wide, json!([]));
    }

    /// As the page looks on paper.
    pub async fn as_printed(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" }))
            .await;
    }

    /// Without transitions, which would be in the way of judging colours.
    pub async fn with_less_motion(&self) {
        let reduced = json!([{ "name": "prefers-reduced-motion", "value": "reduce" }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": reduced }))
            .await;
    }

    /// As in a browser whose JavaScript is off: no script of the page runs, while the test's own questions are still answered.
    pub async fn without_javascript(&self) {
        self.devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": true }),
        )
        .await;
    }

    /// What stands on the console as an error or a warning since it was last asked for.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.raw("se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().unwrap().iter();
        let bad = entries
            .filter(|entry| ["SEVERE", "WARNING"].contains(&entry["level"].as_str().unwrap()));
        bad.map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn devtools(&self, command: &str, parameters: Value) {
        self.raw(
            "goog/cdp/execute",
            json!({ "cmd": command, "params": parameters }),
        )
        .await;
    }

    /// A command of chromedriver's that WebDriver does not have.
    async fn raw(&self, path: &'static str, body: Value) -> Value {
        let answer: Result<Value, CmdError> = self.issue_cmd(Raw { path, body }).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

#[derive(Debug)]
struct Raw {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
