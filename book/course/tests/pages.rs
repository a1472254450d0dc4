//! What every chapter's page must have: its minutes, its steps, questions from earlier chapters, and short turns.

use course::workspace::{Exercise, Workspace};
use std::{collections::BTreeMap, fs, path::Path};

/// So many words may stand before the next thing to do or to predict.
const WORDS_A_TURN: usize = 500;

/// What a reader does on a page, as opposed to reading.
const TO_DO: [&str; 3] = ["<check-yourself", "<actor-trace", "<exercise-check"];

fn course() -> Workspace {
    Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

struct Page {
    exercise: Exercise,
    name: String,
    text: String,
}

fn pages(workspace: &Workspace) -> Vec<Page> {
    let page = |exercise: &Exercise| {
        let name = format!("book/src/{}.md", exercise.folder_name());
        Page {
            exercise: exercise.clone(),
            text: fs::read_to_string(workspace.root.join(&name))
                .unwrap_or_else(|error| panic!("{name}: {error}")),
            name,
        }
    };
    workspace.exercises.iter().map(page).collect()
}

/// `key="value"` or `key=value`.
fn attribute<'a>(tag: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {key}="))?;
    let rest = rest.trim_start_matches('"');
    rest.split(['"', ' ', '>']).next()
}

impl Page {
    /// The line that says what is known of the page: `<!-- course: minutes=45 needs=recipe,select -->`.
    fn data(&self) -> &str {
        let mut lines = self.text.lines();
        let line = lines.find(|line| line.starts_with("<!-- course: "));
        line.unwrap_or_else(|| panic!("{}: where is `<!-- course: minutes=… -->`?", self.name))
    }

    fn minutes(&self) -> u32 {
        let minutes = attribute(self.data(), "minutes").and_then(|minutes| minutes.parse().ok());
        minutes.unwrap_or_else(|| panic!("{}: the first data are minutes=…", self.name))
    }

    fn tags(&self, name: &str) -> Vec<&str> {
        let lines = self.text.lines();
        lines
            .filter(|line| line.starts_with(&format!("<{name}")))
            .collect()
    }
}

/// As a page says it: "45 minutes", "1½ hours".
fn in_words(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        _ if minutes < 75 => format!("{minutes} minutes"),
        (hours, 0) => format!("{hours} hours"),
        (hours, 15) => format!("{hours}¼ hours"),
        (hours, 30) => format!("{hours}½ hours"),
        (hours, 45) => format!("{hours}¾ hours"),
        _ => panic!("{minutes} minutes: more than an hour goes by quarters"),
    }
}

/// The headings of an exercise's steps and the minutes in them, in their order.
fn steps(exercise: &Exercise) -> Vec<(String, u32)> {
    let mut steps: Vec<(String, u32)> = Vec::new();
    for hints in exercise.hints().unwrap() {
        if steps.last().is_none_or(|(step, _)| *step != hints.step) {
            let number = steps.len() + 1;
            let minutes = hints
                .step
                .strip_prefix(&format!("Step {number}, "))
                .and_then(|rest| rest.split_once(" minutes: "))
                .and_then(|(minutes, _)| minutes.parse().ok());
            let minutes = minutes.unwrap_or_else(|| {
                panic!(
                    "{}/hints.md: {:?} should be \"Step {number}, 15 minutes: …\"",
                    exercise.folder_name(),
                    hints.step
                )
            });
            steps.push((hints.step, minutes));
        }
    }
    steps
}

#[test]
fn a_page_says_how_long_it_takes_and_what_it_builds_on() {
    let workspace = course();
    let mut before: Vec<String> = Vec::new();
    for page in pages(&workspace) {
        let words = in_words(page.minutes());
        assert!(page.text.contains(&words), "{}: say {words:?}", page.name);
        let needs = attribute(page.data(), "needs").into_iter();
        for needed in needs.flat_map(|needs| needs.split(',')) {
            assert!(
                before.iter().any(|name| name == needed),
                "{}: {needed}",
                page.name
            );
        }
        before.push(page.exercise.name.clone());
    }
}

#[test]
fn each_step_has_its_box_in_the_page_and_ten_to_twenty_minutes() {
    for page in pages(&course()) {
        let steps = steps(&page.exercise);
        let boxes = page.tags("exercise-check");
        let (whole, boxes) = boxes.split_last().expect("a box of the whole exercise");
        assert_eq!(
            attribute(whole, "step"),
            None,
            "{}: the last box",
            page.name
        );
        let expected: Vec<String> = (1..=steps.len()).map(|step| step.to_string()).collect();
        let found: Vec<_> = boxes
            .iter()
            .filter_map(|tag| attribute(tag, "step"))
            .collect();
        assert_eq!(found, expected, "{}: a box for each step", page.name);
        let folder = page.exercise.folder_name();
        for step in found {
            let include = format!("{{{{#include ../../exercises/{folder}/hints.md:step-{step}}}}}");
            assert!(page.text.contains(&include), "{}: {include}", page.name);
        }
        for (step, minutes) in &steps {
            assert!((10..=20).contains(minutes), "{}: {step}", page.name);
        }
        let all: u32 = steps.iter().map(|(_, minutes)| minutes).sum();
        assert!(
            (all..=2 * all).contains(&page.minutes()),
            "{}: its steps take {all} minutes, all of it {}",
            page.name,
            page.minutes()
        );
    }
}

#[test]
fn from_chapter_3_on_a_page_begins_with_two_questions_from_earlier_ones() {
    let workspace = course();
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    for page in pages(&workspace) {
        let number: u32 = page.exercise.number.parse().unwrap();
        let recalls = page.tags("check-yourself").into_iter();
        let recalls: Vec<u32> = recalls
            .filter_map(|tag| attribute(tag, "recalls"))
            .map(|name| *numbers.get(name).expect("an earlier chapter's name"))
            .collect();
        if number >= 3 {
            let last = numbers.values().max();
            assert_eq!(recalls.len(), 2, "{}: two questions", page.name);
            assert_eq!(
                recalls.first(),
                last,
                "{}: the first is from the last chapter",
                page.name
            );
            // Three chapters before chapter 3 there is none.
            assert!(
                recalls[1] + 3 <= number.max(4),
                "{}: the second is from at least three chapters back",
                page.name
            );
        }
        numbers.insert(page.exercise.name.clone(), number);
    }
}

#[test]
fn no_turn_is_long() {
    for page in pages(&course()) {
        let mut words = 0;
        let (mut in_code, mut folded) = (false, 0);
        for (number, line) in (1..).zip(page.text.lines()) {
            if line.starts_with("```") {
                in_code = !in_code;
            }
            if TO_DO.iter().any(|tag| line.starts_with(tag)) {
                words = 0;
            }
            folded += line.matches("<details").count();
            let is_read = !in_code && folded == 0 && !line.starts_with(['<', '[', '{']);
            if is_read {
                words += line.split_whitespace().filter(|word| *word != "|").count();
            }
            folded -= line.matches("</details>").count();
            assert!(
                words <= WORDS_A_TURN,
                "{}:{number}: more than {WORDS_A_TURN} words without anything to do or to predict",
                page.name
            );
        }
    }
}

#[test]
fn a_page_names_the_number_of_its_tests() {
    const TENS: [&str; 3] = ["", "twenty", "thirty"];
    const ONES: [&str; 20] = [
        "",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    for page in pages(&course()) {
        let tests = page.exercise.hints().unwrap().len();
        let (tens, ones) = if tests < 20 {
            (0, tests)
        } else {
            (tests / 10 - 1, tests % 10)
        };
        let hyphen = if tens > 0 && ones > 0 { "-" } else { "" };
        let word = format!(" {}{hyphen}{} tests", TENS[tens], ONES[ones]);
        let mut lines = page.text.lines();
        let line = lines.find(|line| line.starts_with("The whole exercise once more"));
        let line = line.unwrap_or_else(|| panic!("{}: the whole exercise", page.name));
        assert!(
            line.contains(&word),
            "{}: it has {tests} tests: {line}",
            page.name
        );
    }
}
