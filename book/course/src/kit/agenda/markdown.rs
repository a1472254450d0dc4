//! The plan as Markdown: for the trainer, and for the invitation.

use super::{
    chapters::Chapter,
    plan::{Plan, What, in_hours},
};
use std::fmt::Write;

/// The whole text.
pub fn of(plan: &Plan) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(plan, &mut text);
    text
}

fn write(plan: &Plan, text: &mut String) -> std::fmt::Result {
    let start = plan.entries.first().map(|entry| entry.at);
    let end = plan.entries.last().map(|last| last.at.after(last.minutes));
    let (Some(start), Some(end)) = (start, end) else {
        return Ok(());
    };
    writeln!(text, "# Actors with Tokio: {}\n", in_hours(plan.given))?;
    writeln!(
        text,
        "{start} to {end}, {}. {}\n",
        list(plan, &plan.chosen),
        match plan.given - plan.minutes {
            0 => "No minute is left over.".to_owned(),
            60 => "1 h is left over.".to_owned(),
            left => format!("{} are left over.", in_hours(left)),
        }
    )?;
    table(plan, text)?;
    needs(plan, text)?;
    writeln!(text, "\n## When you run late, drop this first\n")?;
    for (number, place) in (1..).zip(plan.drop_order()) {
        writeln!(text, "{number}. {}", drop(plan, place))?;
    }
    writeln!(
        text,
        "\nEach step ends green, so a chapter can stop after any of them; the rest is work for the evening.\n\
         \n## When there is time left\n"
    )?;
    let next = (0..plan.all.len()).filter(|place| {
        let done = |place: &usize| plan.chosen.contains(place) || plan.known.contains(place);
        !done(place) && plan.all[*place].needs.iter().all(done)
    });
    let next: Vec<String> = next
        .map(|place| {
            format!(
                "{} ({})",
                title(plan, place),
                in_hours(plan.all[place].minutes())
            )
        })
        .collect();
    match next.is_empty() {
        true => writeln!(text, "That was the last chapter."),
        false => writeln!(
            text,
            "What was done is enough for each of these: {}.",
            next.join("; ")
        ),
    }
}

fn table(plan: &Plan, text: &mut String) -> std::fmt::Result {
    writeln!(text, "| Clock | Minutes | What |\n| --- | --- | --- |")?;
    let mut last = None;
    for entry in &plan.entries {
        let mut what = match entry.what {
            What::Welcome => {
                "Welcome: what we build; everybody's `cargo course` runs, and its page is open"
                    .to_owned()
            }
            What::Talk(chapter, turn) => talk(&plan.all[chapter], turn),
            What::Step(chapter, turn) => {
                let part = &plan.all[chapter].turns[turn];
                let step = part.turn.step.as_ref();
                let what = step.map_or(String::new(), |step| {
                    format!("Do: step {}, {}", step.number, step.about)
                });
                // A talk of no minutes has no line of its own, and is read all the same.
                match part.talk == 0 && !part.turn.sections.is_empty() {
                    true => format!("{what} (first read: {})", part.turn.sections.join(" · ")),
                    false => what,
                }
            }
            What::Break => "**Break**".to_owned(),
            What::Lunch => "**Lunch**".to_owned(),
            What::Close => "Close: what each of you takes home, and how to go on".to_owned(),
        };
        if let What::Talk(chapter, _) | What::Step(chapter, _) = entry.what
            && last != Some(chapter)
        {
            last = Some(chapter);
            what = format!("**{}.** {what}", title(plan, chapter));
        }
        writeln!(text, "| {} | {} | {what} |", entry.at, entry.minutes)?;
    }
    Ok(())
}

fn talk(chapter: &Chapter, turn: usize) -> String {
    let turn = &chapter.turns[turn].turn;
    if turn.step.is_none() {
        return "Compare designs: what did others build, and what does each cost?".to_owned();
    }
    let mut what = match (&turn.step, turn.sections.is_empty()) {
        (Some(step), true) => format!("Read on and ask, until step {} begins", step.number),
        _ => format!("Read and ask: {}", turn.sections.join(" · ")),
    };
    let count = |number: usize, word: &str| match number {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{number} {word}s")),
    };
    let counts = [
        count(turn.questions.len(), "question"),
        count(turn.runs.len(), "run"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if !counts.is_empty() {
        what += &format!(" ({})", counts.join(", "));
    }
    what
}

fn needs(plan: &Plan, text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n## What each chapter needs\n")?;
    for &place in &plan.chosen {
        let chapter = &plan.all[place];
        let needs = match chapter.needs.is_empty() {
            true => "`async` and `.await`, and a task that was spawned before".to_owned(),
            false => {
                let known = chapter
                    .needs
                    .iter()
                    .filter(|need| plan.known.contains(need));
                let known: Vec<String> = known
                    .map(|&need| plan.all[need].number.to_string())
                    .collect();
                let needs = list(plan, &chapter.needs);
                match known.is_empty() {
                    true => needs,
                    false => format!("{needs}; done before: {}", known.join(", ")),
                }
            }
        };
        writeln!(text, "- {}: {needs}", title(plan, place))?;
    }
    Ok(())
}

fn drop(plan: &Plan, place: usize) -> String {
    let chapter = &plan.all[place];
    let dependents = plan.dependents(place);
    let step = chapter.steps().next_back();
    let last_step = step.map_or(String::new(), |step| {
        format!("step {} ({} minutes)", step.number, step.minutes)
    });
    let title = title(plan, place);
    match dependents.is_empty() {
        true => format!(
            "{title}: first its {last_step}, then all of it ({}). Nothing in this plan builds on it.",
            in_hours(chapter.minutes())
        ),
        false => format!(
            "{title}: its {last_step}, and no more: {} {} on it.",
            list(plan, &dependents),
            if dependents.len() == 1 {
                "builds"
            } else {
                "build"
            }
        ),
    }
}

/// "Chapter 2, Run method".
fn title(plan: &Plan, place: usize) -> String {
    format!(
        "Chapter {}, {}",
        plan.all[place].number, plan.all[place].title
    )
}

/// "chapters 1, 2 and 6".
fn list(plan: &Plan, places: &[usize]) -> String {
    let numbers: Vec<String> = (places.iter())
        .map(|&place| plan.all[place].number.to_string())
        .collect();
    match &numbers[..] {
        [one] => format!("chapter {one}"),
        [begin @ .., last] => format!("chapters {} and {last}", begin.join(", ")),
        [] => "no chapter".to_owned(),
    }
}
