use super::Farm;
use super::lines::{listens, relative};
use super::postman::{Postman, secrets, worded};
use crate::access::People;
use crate::cli::error::Outcome;
use crate::cli::exit::Exit;
use crate::cli::say::say;
use crate::model::{plural, redacted};
use crate::run::Home;
use crate::source::Watched;
use crate::spec::{Claim, Encryption, Receiver, Shape, Trigger, Way};
use crate::watch::{Calendar, News, now};

/// Says what would happen and when next, and whether all of it is right.
pub async fn check(farm: &Farm, send_test: bool) -> Outcome {
    let (mut text, mut wrong) = (String::new(), Vec::new());
    let watch = &farm.watch;
    let every = humantime::format_duration(watch.interval);
    let home = Home::find()?;
    for source in &watch.sources {
        let remote = Watched::new(&source.value, &home.state.repositories());
        let place = redacted(&source.value);
        let asked = tokio::task::spawn_blocking(move || remote.heads()).await;
        match asked {
            Ok(Ok(heads)) => {
                text.push_str(&format!("{place}: asked every {every}\n"));
                for scheduler in &watch.schedulers {
                    let names = heads.keys().map(String::as_str);
                    let names: Vec<&str> = names.filter(|name| scheduler.watches(name)).collect();
                    if names.is_empty() {
                        wrong.push(format!(
                            "{}: scheduler {}: no branch of {place} matches",
                            scheduler.place, scheduler.name
                        ));
                    }
                    text.push_str(&format!(
                        "  {}: {}, of {}\n",
                        scheduler.name,
                        scheduler.trigger,
                        some(&names)
                    ));
                }
            }
            Ok(Err(error)) => wrong.push(format!("{}: {error}", source.place)),
            Err(_) => wrong.push(format!("{}: this should not have happened", source.place)),
        }
    }
    for scheduler in &watch.schedulers {
        if let Trigger::Cron(cron) = &scheduler.trigger {
            match Calendar::new(cron)?.next_after(now()) {
                Some((wall, at)) => text.push_str(&format!(
                    "{}: next at {wall} {}, {}\n",
                    scheduler.name,
                    cron.zone,
                    relative(at, now())
                )),
                None => wrong.push(format!(
                    "{}: {} is never due",
                    scheduler.place, cron.schedule
                )),
            }
        }
    }
    expectations(farm, &mut text, &mut wrong);
    tell_receivers(farm, send_test, &mut text, &mut wrong).await;
    page(farm, &mut text, &mut wrong);
    login(farm, &mut text, &mut wrong).await;
    say(&text)?;
    for problem in &wrong {
        say(&format!("wrong: {problem}\n"))?;
    }
    Ok(if wrong.is_empty() {
        Exit::Passed
    } else {
        Exit::Usage
    })
}

/// A few names, and how many more.
fn some(names: &[&str]) -> String {
    match names.len() {
        0 => "no branch".to_owned(),
        count if count <= 4 => names.join(", "),
        count => format!("{} and {} more", names[..4].join(", "), count - 4),
    }
}

/// What the file expects of its own schedulers.
fn expectations(farm: &Farm, text: &mut String, wrong: &mut Vec<String>) {
    let expects = farm.spec.iter().flat_map(|spec| &spec.expects);
    let mut right = 0;
    for expect in expects {
        let Claim::Requests {
            touches,
            schedulers,
        } = &expect.claim
        else {
            continue;
        };
        let is_of = |scheduler: &&crate::spec::Scheduler| {
            let is_set_off = matches!(scheduler.trigger, Trigger::Commits { .. });
            let same = |glob: &crate::spec::Pattern| {
                let branch = expect.branch.as_ref();
                branch.is_none_or(|branch| glob.matches(branch.as_str()) || branch == glob)
            };
            is_set_off
                && scheduler.branches.iter().any(same)
                && scheduler
                    .files
                    .concern(Some(touches.iter().map(String::as_str)))
        };
        let mut found: Vec<&str> = farm
            .watch
            .schedulers
            .iter()
            .filter(is_of)
            .map(|scheduler| scheduler.name.as_str())
            .collect();
        found.sort_unstable();
        let mut expected: Vec<&str> = schedulers.iter().map(String::as_str).collect();
        expected.sort_unstable();
        if found == expected {
            right += 1;
        } else {
            wrong.push(format!(
                "{}: a commit that touches {} requests {}, not {}",
                expect.place,
                touches.join(", "),
                some(&found).replace("no branch", "nothing"),
                some(&expected).replace("no branch", "nothing")
            ));
        }
    }
    if right > 0 {
        text.push_str(&format!("{right} expected of commits, as it is\n"));
    }
}

/// Where the page will be, and whether what it needs is there.
fn page(farm: &Farm, text: &mut String, wrong: &mut Vec<String>) {
    let Some(page) = &farm.watch.page else {
        return;
    };
    text.push_str(&format!("{}\n", listens(page.listen, page)));
    if let Some(Err(error)) = page.hook.as_ref().map(|hook| secrets().value(hook)) {
        wrong.push(format!("{}: hook: {error}", farm.watch.place));
    }
}

/// Whether those who should be able to log in can be asked for.
async fn login(farm: &Farm, text: &mut String, wrong: &mut Vec<String>) {
    let Some(login) = &farm.watch.login else {
        return;
    };
    let people = People::of(login, &farm.beside("."), &secrets());
    match people.look().await {
        Ok(looked) => {
            text.push_str(&format!(
                "login: {} may steer, by {}\n",
                plural(looked.may_steer, "user"),
                looked.place
            ));
            for warning in &looked.warnings {
                text.push_str(&format!("  take care: {warning}\n"));
            }
            if looked.may_steer == 0 {
                wrong.push(format!("{}: nobody may steer", login.place));
            }
        }
        Err(away) => wrong.push(format!("{}: login: {away}", login.place)),
    }
}

/// Whether receivers can be reached as far as that can be said, or by a test notice.
async fn tell_receivers(farm: &Farm, send_test: bool, text: &mut String, wrong: &mut Vec<String>) {
    for receiver in farm.watch.receivers.clone() {
        let name = receiver.name.clone();
        let place = receiver.place.clone();
        wrong.extend(wrong_words(&receiver));
        let clear = match &receiver.way {
            Way::Irc(irc) if !irc.is_encrypted => Some(&irc.server),
            Way::Mail(mail) if mail.encryption == Encryption::None => Some(&mail.server),
            _ => None,
        };
        if let Some(server) = clear.filter(|server| !server.is_here()) {
            let host = &server.host;
            text.push_str(&format!("{name}: {host} is spoken to in the clear\n"));
        }
        if !send_test {
            text.push_str(&format!("{name}: told; --send-test tries it\n"));
            continue;
        }
        let news = News::test(now());
        let json = serde_json::to_string(&news).unwrap_or_default();
        let sending = move || Postman::new().bring(&receiver, &news, &json);
        match tokio::task::spawn_blocking(sending).await {
            Ok(Ok(())) => text.push_str(&format!("{name}: took a test notice\n")),
            Ok(Err(error)) => wrong.push(format!("{place}: {name}: {error}")),
            Err(_) => wrong.push(format!("{place}: {name}: this should not have happened")),
        }
    }
}

/// What is wrong with the words of a receiver, for each kind of news that it hears.
fn wrong_words(receiver: &Receiver) -> Vec<String> {
    let mut wrong = Vec::new();
    for news in News::samples(now())
        .iter()
        .filter_map(|news| news.wanted_by(receiver))
    {
        let json = serde_json::to_string(&news).unwrap_or_default();
        let words = match worded(receiver, &json) {
            None => break,
            Some(Ok(words)) => words,
            Some(Err(error)) => {
                wrong.push(format!("{error}, where it says: {}", news.headline));
                continue;
            }
        };
        let takes_json = matches!(
            receiver.way,
            Way::Webhook {
                shape: Shape::Json,
                ..
            }
        );
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&words)
            && takes_json
        {
            let place = &receiver.place;
            wrong.push(format!(
                "{place}: {}: its template makes no JSON: {error}; {{{{ headline|tojson }}}} does",
                receiver.name
            ));
        }
    }
    wrong.dedup();
    wrong
}
