//! What the two pages show, as JSON: who is where, for the trainer; how many are where, for everybody.

use crate::room::{
    people::Person,
    plan::{Chapter, Plan},
};
use serde_json::{Value, json};

/// How many are at work on each exercise, and how many are done with it. No names, and no tests.
pub fn counts(plan: &Plan, people: &[Person]) -> Value {
    let chapters = plan.chapters.iter().filter_map(|chapter| {
        let here = || at(chapter, people);
        let done = here().filter(|person| person.standing.is_done()).count();
        let all = here().count();
        (all > 0).then(|| json!({ "chapter": chapter.folder, "at_work": all - done, "done": done }))
    });
    json!({ "people": people.len(), "chapters": chapters.collect::<Vec<_>>() })
}

/// Everybody, by chapter and by the first test that fails; those who have been there longest first.
pub fn places(plan: &Plan, people: &[Person]) -> Value {
    let mut places = Vec::new();
    for chapter in &plan.chapters {
        let mut add = |title: &str, thoughts: &[String], mut here: Vec<&Person>| {
            here.sort_by_key(|person| std::cmp::Reverse(person.stuck));
            if !here.is_empty() {
                places.push(json!({
                    "chapter": chapter.folder,
                    "title": title,
                    "thoughts": thoughts,
                    "people": here.into_iter().map(row).collect::<Vec<_>>(),
                }));
            }
        };
        for test in &chapter.tests {
            let here = at(chapter, people).filter(|person| person.standing.first == test.name);
            add(&test.promise, &test.thoughts, here.collect());
        }
        let (done, at_work) = at(chapter, people)
            .filter(|person| person.standing.first.is_empty())
            .partition(|person| person.standing.is_done());
        add("No verdict yet, or a test of their own", &[], at_work);
        add("All tests pass", &[], done);
    }
    json!({ "people": people.len(), "places": places })
}

fn at<'a>(chapter: &'a Chapter, people: &'a [Person]) -> impl Iterator<Item = &'a Person> {
    people
        .iter()
        .filter(|person| person.standing.exercise == chapter.name)
}

/// Minutes, so that it seldom changes: a page makes anew only what did.
fn row(person: &Person) -> Value {
    let standing = &person.standing;
    json!({
        "who": standing.who,
        "passed": standing.passed,
        "of": standing.of,
        "hints": standing.hints,
        "minutes": person.stuck.as_secs() / 60,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::{plan::Test, standing::Standing};
    use std::time::Duration;

    fn plan() -> Plan {
        let test = |name: &str, promise: &str, thoughts: &[&str]| Test {
            name: name.to_owned(),
            promise: promise.to_owned(),
            thoughts: thoughts
                .iter()
                .map(|thought| (*thought).to_owned())
                .collect(),
        };
        let chapter = |name: &str, folder: &str| Chapter {
            name: name.to_owned(),
            folder: folder.to_owned(),
            tests: vec![
                test("compile", "It does not compile", &[]),
                test("ends", "It ends", &["\"A handle is enough.\""]),
            ],
        };
        Plan {
            chapters: vec![
                chapter("recipe", "01-recipe"),
                chapter("select", "06-select"),
            ],
        }
    }

    fn person(who: &str, exercise: &str, passed: u16, first: &str, minutes: u64) -> Person {
        Person {
            standing: Standing {
                v: 1,
                who: who.parse().unwrap(),
                exercise: exercise.to_owned(),
                passed,
                of: 9,
                first: first.to_owned(),
                hints: 1,
            },
            stuck: Duration::from_secs(60 * minutes + 59),
        }
    }

    fn people() -> [Person; 5] {
        [
            person("Anna", "recipe", 5, "ends", 2),
            person("Bo", "recipe", 6, "ends", 9),
            person("Cy", "recipe", 9, "", 0),
            person("Di", "select", 0, "compile", 1),
            person("Ed", "select", 8, "", 0),
        ]
    }

    #[test]
    fn the_trainer_sees_who_is_stuck_where_the_longest_first() {
        let row = |who, passed, minutes: u64| json!({ "who": who, "passed": passed, "of": 9, "hints": 1, "minutes": minutes });
        let place = |chapter, title, thoughts: &[&str], people: &[Value]| json!({ "chapter": chapter, "title": title, "thoughts": thoughts, "people": people });
        let places = [
            place(
                "01-recipe",
                "It ends",
                &["\"A handle is enough.\""],
                &[row("Bo", 6, 9), row("Anna", 5, 2)],
            ),
            place("01-recipe", "All tests pass", &[], &[row("Cy", 9, 0)]),
            place("06-select", "It does not compile", &[], &[row("Di", 0, 1)]),
            place(
                "06-select",
                "No verdict yet, or a test of their own",
                &[],
                &[row("Ed", 8, 0)],
            ),
        ];
        assert_eq!(
            super::places(&plan(), &people()),
            json!({ "people": 5, "places": places })
        );
    }

    #[test]
    fn the_projector_sees_counts_alone() {
        assert_eq!(
            counts(&plan(), &people()),
            json!({ "people": 5, "chapters": [
                { "chapter": "01-recipe", "at_work": 2, "done": 1 },
                { "chapter": "06-select", "at_work": 2, "done": 0 },
            ]})
        );
    }

    #[test]
    fn only_what_the_course_has_names_for_gets_in() {
        let plan = plan();
        for person in people() {
            assert!(plan.has(&person.standing), "{person:?}");
        }
        let right = &people()[0].standing;
        for wrong in [
            Standing {
                v: 2,
                ..right.clone()
            },
            Standing {
                exercise: "<script>".to_owned(),
                ..right.clone()
            },
            Standing {
                first: "my_own_secret".to_owned(),
                ..right.clone()
            },
            Standing {
                passed: 10,
                ..right.clone()
            },
        ] {
            assert!(!plan.has(&wrong), "{wrong:?}");
        }
    }
}
