//! Times in words: how long, when, and where on earth.

use std::time::Duration;

use croner::errors::CronError;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase, db};
use toml::Spanned;

use crate::spec::nearest;
use crate::spec::words::Reading;

/// Longer than anybody waits, and short enough to be added to any time.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

impl Reading<'_> {
    /// A length of time; a number alone is seconds.
    pub fn length(&mut self, word: &Spanned<String>, least: Duration) -> Option<Duration> {
        let typed = word.get_ref();
        let seconds = typed.parse().map(Duration::from_secs);
        let (what, help) = match seconds.or_else(|_| humantime::parse_duration(typed)) {
            Ok(time) if time < least => (
                format!("{typed} is too short"),
                format!("at least {}", humantime::format_duration(least)),
            ),
            Ok(time) if time > LONGEST => (
                format!("{typed} is too long"),
                format!("at most {} days", LONGEST.as_secs() / 86_400),
            ),
            Ok(time) => return Some(time),
            Err(_) => (
                format!("{typed:?} is no length of time"),
                "as in \"10s\", \"5m\", \"12h\" or \"7d\"".to_owned(),
            ),
        };
        self.findings.add(word.span(), what).help(help);
        None
    }

    /// A time that comes again and again, its fields one space apart.
    pub fn schedule(&mut self, word: &Spanned<String>) -> Option<String> {
        let typed = self.text(word)?;
        let fields: Vec<&str> = typed.split_whitespace().collect();
        let help = "minute, hour, day of month, month, day of week: \"0 3 * * *\" is each day at 3";
        let schedule = fields.join(" ");
        let what = match schedule.parse::<croner::Cron>() {
            _ if fields.len() != 5 => format!("{typed:?} is no five fields"),
            // Taken for times that never come, each minute of which is looked at.
            _ if schedule.split([' ', ',']).any(str::is_empty) => {
                format!("{typed}: something is missing beside a comma")
            }
            Ok(cron) if comes(&cron) => return Some(schedule),
            Ok(_) => format!("{typed} never comes"),
            Err(why) => format!("{typed}: {}", plain(&why)),
        };
        self.findings.add(word.span(), what).help(help);
        None
    }

    /// The name of a time zone.
    pub fn zone(&mut self, word: &Spanned<String>) -> Option<String> {
        let typed = word.get_ref();
        if let Ok(zone) = TimeZone::get(typed) {
            return Some(zone.iana_name().unwrap_or(typed).to_owned());
        }
        let problem = self
            .findings
            .add(word.span(), format!("no time zone is called {typed:?}"));
        problem.help(match like(typed, db()) {
            Some(near) => format!("did you mean {near}?"),
            None => "as in \"Europe/Berlin\" or \"UTC\"".to_owned(),
        });
        None
    }
}

/// What is wrong with a field, without what kind of error croner calls it.
fn plain(why: &CronError) -> String {
    match why {
        CronError::InvalidPattern(told)
        | CronError::IllegalCharacters(told)
        | CronError::ComponentError(told) => told.trim_end_matches('.').to_owned(),
        other => other.to_string(),
    }
}

/// Whether there is such a day at all: there is no 30 February.
fn comes(cron: &croner::Cron) -> bool {
    let long_ago = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    cron.find_next_occurrence(&long_ago, false).is_ok()
}

/// The time zone whose name is most like this.
fn like(typed: &str, zones: &TimeZoneDatabase) -> Option<String> {
    let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
    let small: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let small: Vec<&str> = small.iter().map(String::as_str).collect();
    let near = nearest(typed, &small)?;
    names.into_iter().find(|name| name.to_lowercase() == near)
}
