use std::time::Duration;

use super::Farm;
use super::lines::relative;
use crate::cli::args::{Format, StatusOptions};
use crate::cli::error::{CliError, Outcome as Told};
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::say::say;
use crate::cli::screen;
use crate::control::Client;
use crate::model::{Moment, Outcome, plural, printable, short};
use crate::report::Style;
use crate::run::Home;
use crate::watch::{BranchStatus, HuntStatus, RequestStatus, Status, look, now};

/// How often it is shown again.
const AGAIN: Duration = Duration::from_secs(2);
/// Who has given no sign of life for so long is not there.
const SILENT: Duration = Duration::from_secs(30);

/// Shows how the farm stands.
pub async fn status(options: &StatusOptions) -> Told {
    let mut interrupts = options.watch.then(Interrupts::listen);
    loop {
        let status = seen()?;
        let style = screen::style(options.color);
        let text = match options.format {
            Format::Json => format!("{}\n", serde_json::to_string(&status).unwrap_or_default()),
            Format::Text if options.watch => format!("\u{1b}[H\u{1b}[2J{}", text(&status, style)),
            Format::Text => text(&status, style),
        };
        say(&text)?;
        let Some(interrupts) = &mut interrupts else {
            return Ok(Exit::Passed);
        };
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = interrupts.next() => return Ok(Exit::Passed),
        }
    }
}

/// How the farm stands: as a watcher sees it that goes on, else by the file around here.
pub fn seen() -> Result<Status, CliError> {
    let home = Home::find()?;
    if let Ok(Some(mut client)) = Client::find(&home)
        && let Ok(status) = client.status()
    {
        return Ok(status);
    }
    // Whoever asks wants to know how it stands, also where the file is wrong.
    let farm = Farm::here(None).unwrap_or_default();
    let watch = farm.as_ref().map(|farm| &farm.watch);
    Ok(look(&home, watch, now())?)
}

/// All of it.
pub fn text(status: &Status, style: Style) -> String {
    let now = status.at;
    let mut text = match (&status.watcher, status.beat) {
        (Some(who), Some(at)) if now.since(at) > SILENT => format!(
            "{who} watches, and has given no sign of life since {}: end it and begin again\n",
            relative(at, now)
        ),
        (Some(who), _) => format!("watching: {who}\n"),
        (None, Some(at)) => format!(
            "nobody watches: the last who did was killed {}; `djbuild watch` takes up its work\n",
            relative(at, now)
        ),
        (None, None) => "nobody watches; `djbuild watch` does\n".to_owned(),
    };
    if let Some(why) = &status.wrong_file {
        let why = printable(why).replace('\n', "\n  ");
        text.push_str(&format!(
            "its file is wrong, and what it said before holds:\n  {why}\n"
        ));
    }
    for repository in &status.repositories {
        let good = repository.good.map_or_else(
            || "never asked".to_owned(),
            |at| format!("asked {}", relative(at, now)),
        );
        let next = match repository.good {
            Some(_) if repository.next > now => relative(repository.next, now),
            _ => "as soon as somebody watches".to_owned(),
        };
        text.push_str(&format!("{}: {good}, next {next}\n", repository.place));
        if let Some(trouble) = &repository.trouble {
            text.push_str(&format!("  {}\n", printable(trouble)));
        }
    }
    section(&mut text, "Branches", status.branches.iter(), |branch| {
        branch_line(branch, now, style)
    });
    text.push_str(&running(status));
    text.push_str(&waiting(status));
    text.push_str(&hunts(status));
    text.push_str(&next(status));
    if !status.paused.is_empty() {
        text.push_str(&format!("\nPaused: {}\n", status.paused.join(", ")));
    }
    if status.unsent > 0 {
        let notices = plural(status.unsent as u64, "notice");
        text.push_str(&format!("\n{notices} nobody has taken yet\n"));
    }
    if !status.dead.is_empty() {
        let numbers: Vec<String> = status.dead.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "\nNotices that nobody took: {}; `djbuild resend NUMBER` sends one again\n",
            numbers.join(", ")
        ));
    }
    for notice in &status.refused {
        let again = notice.next.map_or_else(String::new, |next| {
            format!(", again {}", relative(next, now))
        });
        text.push_str(&format!(
            "  {} for {}: {}{again}\n",
            notice.notice,
            notice.receiver,
            printable(&notice.trouble)
        ));
    }
    text
}

/// What is carried out.
pub fn running(status: &Status) -> String {
    let title = match status.watcher {
        Some(_) => "Running",
        None => "Cut off, for the next watcher to take up",
    };
    let mut text = String::new();
    section(&mut text, title, status.running.iter(), |request| {
        request_line(request, status.at)
    });
    text
}

/// What waits, and why.
pub fn waiting(status: &Status) -> String {
    let mut text = String::new();
    section(&mut text, "Waiting", status.waiting.iter(), |request| {
        request_line(request, status.at)
    });
    text
}

/// Which commits are looked for that broke something, and which were found.
fn hunts(status: &Status) -> String {
    let (open, ended): (Vec<_>, Vec<_>) =
        status.hunts.iter().partition(|hunt| hunt.ended.is_none());
    let mut text = String::new();
    section(&mut text, "Looking for the culprit", open.iter(), |hunt| {
        open_hunt_line(hunt, status.at)
    });
    section(&mut text, "Culprits", ended.iter(), |hunt| {
        ended_hunt_line(hunt, status.at)
    });
    text
}

/// When clocks set something off.
pub fn next(status: &Status) -> String {
    let mut text = String::new();
    section(&mut text, "Next", status.schedulers.iter(), |scheduler| {
        let next = scheduler
            .next
            .map_or_else(String::new, |at| relative(at, status.at));
        let word = scheduler.word.as_deref().unwrap_or_default();
        format!("{}  {next}  {}", scheduler.name, printable(word))
    });
    text
}

fn section<T>(
    text: &mut String,
    title: &str,
    rows: impl Iterator<Item = T>,
    line: impl Fn(T) -> String,
) {
    let lines: Vec<String> = rows.map(line).collect();
    if !lines.is_empty() {
        text.push_str(&format!("\n{title}\n"));
        for line in lines {
            text.push_str(&format!("  {}\n", line.trim_end()));
        }
    }
}

fn branch_line(branch: &BranchStatus, now: Moment, style: Style) -> String {
    let state = match (branch.red.as_slice(), branch.green) {
        ([], 0) => "not tested yet".to_owned(),
        ([], green) => style.outcome(
            Outcome::Passed,
            &format!("green ({})", plural(green as u64, "cell")),
        ),
        (red, _) => {
            let since = branch
                .red_since
                .map_or_else(String::new, |at| relative(at, now));
            style.outcome(
                Outcome::Failed,
                &format!("red since {since}: {}", printable(&red.join(", "))),
            )
        }
    };
    let last = branch.last_run.as_deref();
    let last = last.map_or_else(String::new, |run| format!("  last {run}"));
    let trouble = branch.trouble.as_deref();
    let trouble = trouble.map_or_else(String::new, |why| format!("  ({})", printable(why)));
    format!(
        "{} at {}  {state}{last}{trouble}",
        printable(&branch.branch),
        short(&branch.revision)
    )
}

fn request_line(request: &RequestStatus, now: Moment) -> String {
    let how = match (&request.run, &request.waits) {
        (Some(run), _) => format!("run {run}"),
        (None, Some(why)) => why.clone(),
        (None, None) => "getting ready".to_owned(),
    };
    format!(
        "{}  {} at {}  {}, {}: {how}; asked for {}",
        request.request,
        printable(&request.branch),
        short(&request.revision),
        request.scheduler,
        printable(&request.reason),
        relative(request.made, now)
    )
}

fn open_hunt_line(hunt: &HuntStatus, now: Moment) -> String {
    format!(
        "{}: which of {} broke {} in run {}, {}; {} at most, when nothing else is to be done",
        printable(&hunt.branch),
        plural(hunt.suspects as u64, "commit"),
        printable(&hunt.what),
        hunt.run,
        relative(hunt.made, now),
        plural(u64::from(hunt.probes_left), "run"),
    )
}

fn ended_hunt_line(hunt: &HuntStatus, now: Moment) -> String {
    let what = printable(&hunt.what);
    let ended = hunt.ended.map_or_else(String::new, |at| relative(at, now));
    let did = match &hunt.culprit {
        Some(culprit) => format!(
            "{} broke {what} ({}: {})",
            short(&culprit.revision),
            printable(&culprit.author),
            printable(&culprit.subject)
        ),
        None => format!("it is not known what broke {what}"),
    };
    let word = hunt.word.as_deref().unwrap_or_default();
    format!(
        "{}: {did}; {}  run {}, {ended}",
        printable(&hunt.branch),
        printable(word),
        hunt.run
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::CulpritStatus;

    #[test]
    fn a_search_says_how_much_is_left_of_it_and_then_what_it_found_or_why_not() {
        let mut hunt = HuntStatus {
            hunt: 1,
            branch: "main".to_owned(),
            cells: Vec::new(),
            what: "every postgresql".to_owned(),
            run: "r1".to_owned(),
            made: Moment(0),
            state: "open".to_owned(),
            suspects: 12,
            probes_left: 4,
            ended: None,
            culprit: None,
            word: None,
        };
        let now = Moment(60_000);
        assert_eq!(
            open_hunt_line(&hunt, now),
            "main: which of 12 commits broke every postgresql in run r1, 1m00s ago; 4 runs at \
             most, when nothing else is to be done"
        );
        hunt.ended = Some(Moment(0));
        hunt.word = Some("a test fails by chance".to_owned());
        assert_eq!(
            ended_hunt_line(&hunt, now),
            "main: it is not known what broke every postgresql; a test fails by chance  run r1, \
             1m00s ago"
        );
        hunt.word = Some("it fails, and its parent passes".to_owned());
        hunt.culprit = Some(CulpritStatus {
            revision: "0123456789abcdef".to_owned(),
            author: "A. B.".to_owned(),
            subject: "Fixed\u{1b}[31m it".to_owned(),
            link: None,
        });
        let line = ended_hunt_line(&hunt, now);
        assert!(line.starts_with("main: 0123456789 broke every postgresql (A. B.: Fixed"));
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
}
