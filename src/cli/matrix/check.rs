use crate::cli::error::CliError;
use crate::cli::error::Outcome;
use crate::cli::exit::Exit;
use crate::cli::say::say;
use crate::matrix::{self, CheckVerdict, Matrix, Selection, expand};
use crate::model::plural;
use crate::run::Asked;
use crate::spec::{Claim, Expect, Spec};

/// Compares the whole matrix, without the user's filters, with what its file
/// expects, and tells of each expectation.
pub fn check(asked: &Asked) -> Outcome {
    let spec = &asked.spec;
    let whole = expand(spec, &asked.branches, &Selection::default());
    let names: Vec<_> = asked
        .branches
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let checks = matrix::check(spec, &whole, &names);
    let mut text = String::new();
    let (mut held, mut broken) = (0, 0);
    for check in &checks {
        let claim = describe(check.expect);
        let place = &check.expect.place;
        match &check.verdict {
            CheckVerdict::Held => {
                held += 1;
                text.push_str(&format!("ok      {claim} ({place})\n"));
            }
            CheckVerdict::NotHere => {
                text.push_str(&format!("absent  {claim} ({place}): no such branch here\n"));
            }
            CheckVerdict::Broken(why) => {
                broken += 1;
                text.push_str(&format!("BROKEN  {claim} ({place}): {why}\n"));
            }
        }
    }
    for idle in &whole.idle {
        text.push_str(&format!("IDLE    {idle}\n"));
    }
    text.push_str(&close(spec, &whole, held, checks.len() - held - broken));
    say(&text)?;
    if whole.cells.is_empty() {
        return Err(CliError::Usage(format!(
            "{} leaves no cell here",
            spec.name
        )));
    }
    if broken == 0 && whole.idle.is_empty() {
        return Ok(Exit::Passed);
    }
    Err(CliError::Usage(format!(
        "{} is not as it says: {} broken, {} idle",
        spec.name,
        plural(broken as u64, "expectation"),
        plural(whole.idle.len() as u64, "exclude")
    )))
}

fn close(spec: &Spec, whole: &Matrix, held: usize, absent: usize) -> String {
    let mut text = format!(
        "{}: {}, {} left out; {} held",
        spec.name,
        plural(whole.cells.len() as u64, "cell"),
        whole.excluded.len(),
        plural(held as u64, "expectation"),
    );
    if absent > 0 {
        text.push_str(&format!(", {absent} not for these branches"));
    }
    text.push('\n');
    text
}

fn describe(expect: &Expect) -> String {
    let mut text = match &expect.claim {
        Claim::Runs(cell) => format!("{cell} runs"),
        Claim::LeftOut { cell, because } => match because {
            Some(because) => format!("{cell} is left out because {because:?}"),
            None => format!("{cell} is left out"),
        },
        Claim::Count(cells) => plural(*cells as u64, "cell"),
        Claim::Requests {
            touches,
            schedulers,
        } => {
            let requested = match schedulers.as_slice() {
                [] => "nothing".to_owned(),
                names => names.join(", "),
            };
            format!("{} requests {requested}", touches.join(", "))
        }
    };
    if let Some(branch) = &expect.branch {
        text.push_str(&format!(" on {branch}"));
    }
    text
}
