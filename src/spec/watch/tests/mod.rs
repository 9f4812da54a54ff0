//! What a `[watch]` table may say, and what is said of one that is wrong.

mod expected;
mod logins;
mod page;
mod receivers;
mod schedulers;
mod ways;
mod whole;

use super::{Receiver, Scheduler, Watch};
use crate::spec::{MatrixText, Problems, Releases, Spec, parse};

const WATCH: &str = "[watch]\nsource = \"https://example.org/django\"\n";

fn read(text: &str) -> Result<Spec, Problems> {
    let file = MatrixText::new("f.toml", text);
    let load = |_: &std::path::Path| Err("no such file".to_owned());
    parse(&file, &Releases::shipped(), &load)
}

#[track_caller]
fn watch(text: &str) -> Watch {
    let spec = read(text).unwrap_or_else(|problems| panic!("{problems}"));
    spec.watch.expect("a [watch] table")
}

/// The only scheduler, of these lines after its name.
#[track_caller]
fn scheduler(lines: &str) -> Scheduler {
    let text = format!("{WATCH}[[watch.scheduler]]\nname = \"it\"\n{lines}");
    watch(&text).schedulers.remove(0)
}

/// The only receiver, of these lines after its name.
#[track_caller]
fn receiver(lines: &str) -> Receiver {
    let text = format!("{WATCH}[[watch.notice]]\nname = \"it\"\n{lines}");
    watch(&text).receivers.remove(0)
}

/// The one thing that is wrong.
#[track_caller]
fn problem(text: &str) -> String {
    let problems = read(text).expect_err(text).0;
    assert_eq!(problems.len(), 1, "{text}: {problems:#?}");
    problems[0].to_string()
}

/// The one thing that is wrong with the lines of a scheduler, which begin on line 5.
#[track_caller]
fn problem_of_scheduler(lines: &str) -> String {
    problem(&format!(
        "{WATCH}[[watch.scheduler]]\nname = \"it\"\n{lines}"
    ))
}

/// The one thing that is wrong with the lines of a notice, which begin on line 5.
#[track_caller]
fn problem_of_notice(lines: &str) -> String {
    problem(&format!("{WATCH}[[watch.notice]]\nname = \"it\"\n{lines}"))
}

/// That each is told at its place, with these words.
#[track_caller]
fn are_told(told: fn(&str) -> String, cases: &[(&str, &str, &str)]) {
    for (lines, place, words) in cases {
        let problem = told(lines);
        assert!(
            problem.starts_with(&format!("f.toml:{place}: ")),
            "{lines}: {problem}"
        );
        assert!(problem.contains(words), "{lines}: {problem}");
    }
}
