//! The file that `djbuild init --watch` writes.

use std::path::Path;

use crate::cli::error::CliError;
use crate::run::{FILE_NAME, parse, releases};
use crate::source::{find_checkout, remote_of};
use crate::spec::MatrixText;

const DJANGO: &str = "https://github.com/django/django";

/// A file that watches where the checkout around a folder comes from, or Django's own
/// repository where it is in none, or in one that comes from nowhere.
pub fn for_watching(here: &Path) -> Result<String, CliError> {
    let releases = releases(None, here)?;
    let remote = match find_checkout(here)? {
        Some(checkout) => remote_of(&checkout)?,
        None => None,
    };
    // Git takes addresses that djbuild does not, such as relative paths.
    let is_right = |source: &String| {
        let file = MatrixText::new(FILE_NAME, &text(source));
        parse(&file, &releases, here).is_ok()
    };
    Ok(text(remote.filter(is_right).as_deref().unwrap_or(DJANGO)))
}

fn text(source: &str) -> String {
    let link = link(source).map_or_else(String::new, |link| {
        format!("revision-link = {}\n", toml::Value::String(link))
    });
    let source = toml::Value::String(source.to_owned());
    format!("{HEAD}source = {source}\ninterval = \"5m\"\n{link}{REST}")
}

/// Where people see a commit of a repository, where that is known.
fn link(source: &str) -> Option<String> {
    let ways = [
        "https://github.com/",
        "ssh://git@github.com/",
        "git@github.com:",
    ];
    let path = ways.iter().find_map(|way| source.strip_prefix(way))?;
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    Some(format!("https://github.com/{path}/commit/{{revision}}"))
}

const HEAD: &str = "\
# A djbuild matrix file that says what is watched too: `djbuild watch` asks the
# repository for new commits, tests them, and tells people what became of them.
# Editors complete it with the schema that `djbuild schema` prints.
description = \"Each commit of Django, on its newest Python\"

# What a commit is tested on where its scheduler names no other matrix:
# `djbuild matrix` shows what it comes to.
pythons = \"newest\"
databases = [\"sqlite\", \"postgresql:max\"]

[watch]
";

const REST: &str = "\
ticket-link = \"https://code.djangoproject.com/ticket/{ticket}\"
# Where several commits came in and a cell is red, so many runs a day look for the one that
# did it, while nothing else is to be done; 0 is none:
#
# bisect-per-day = 20

# How it stands, for whoever is on this machine: http://127.0.0.1:8010/
[watch.page]
listen = \"127.0.0.1:8010\"

# Commits, once none came for ten seconds. One that touches docs/ alone is not tested.
[[watch.scheduler]]
name = \"branches\"
branches = [\"main\", \"stable/*\"]
settle = \"10s\"
files = [\"!docs/**\"]

# Everything that Django supports, each night, where there is something new:
#
# [[watch.scheduler]]
# name = \"nightly\"
# branches = [\"main\", \"stable/*\"]
# cron = \"0 3 * * *\"
# zone = \"Europe/Berlin\"
# force-every = \"7d\"
# matrix = \"django\"

# A short run for what touches docs/; the expectations below then name it too:
#
# [[watch.scheduler]]
# name = \"docs\"
# branches = \"main\"
# files = [\"docs/**\"]
# databases = \"sqlite\"
# labels = [\"admin_docs\"]

# A program that is started with each notice, as JSON, on its standard input:
#
# [[watch.notice]]
# name = \"program\"
# command = [\"tell-them\"]

# A notification on this desktop:
#
# [[watch.notice]]
# name = \"desktop\"
# desktop = true

# A chat that gets them; its address is a secret, so it is kept apart from this file:
#
# [[watch.notice]]
# name = \"team\"
# webhook = { secret = \"slack\" }
# shape = \"slack\"
# on = [\"red\", \"fixed\", \"culprit\", \"trouble\"]

# A mail, sent by a server that knows djbuild:
#
# [[watch.notice]]
# name = \"list\"
# mail = [\"django-builds@example.org\"]
# from = \"djbuild <djbuild@example.org>\"
# smtp = \"smtp://mail.example.org:587\"
# user = \"djbuild\"
# password = { secret = \"smtp\" }

# A channel, in words of its own:
#
# [[watch.notice]]
# name = \"channel\"
# irc = \"ircs://irc.libera.chat/#django-builds\"
# template = \"{{ headline }}{% if link %} {{ link }}{% endif %}\"

# The status of each commit on GitHub, green ones too:
#
# [[watch.notice]]
# name = \"status\"
# github = \"me/django\"
# token = { secret = \"github\" }

# What has to be true; `djbuild watch --check` tells whether it is.
# A commit that touches docs/ only requests nothing:
[[expect]]
touches = [\"docs/index.txt\"]
branch = \"main\"
requests = []

[[expect]]
touches = [\"docs/index.txt\", \"django/db/models/query.py\"]
branch = \"main\"
requests = [\"branches\"]
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Spec, Trigger};

    fn read(text: &str) -> Spec {
        let releases = releases(None, Path::new("")).expect("djbuild's own");
        let file = MatrixText::new(FILE_NAME, text);
        parse(&file, &releases, Path::new("")).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn what_is_written_watches_commits_and_expects_something_of_itself() {
        let spec = read(&text("https://example.org/\"d\".git"));
        let watch = spec.watch.expect("it watches");
        assert_eq!(watch.sources[0].value, "https://example.org/\"d\".git");
        assert_eq!(watch.schedulers.len(), 1);
        let docs = ["docs/index.txt"];
        assert!(!watch.schedulers[0].files.concern(Some(docs)));
        assert!(watch.links.ticket.is_some());
        assert_eq!(watch.links.revision, None);
        assert_eq!(spec.expects.len(), 2);
    }

    #[test]
    fn commits_on_github_are_seen_there() {
        for source in [
            "https://github.com/me/django.git",
            "git@github.com:me/django",
            "ssh://git@github.com/me/django.git",
        ] {
            let links = read(&text(source)).watch.expect("it watches").links;
            let seen = "https://github.com/me/django/commit/{revision}";
            assert_eq!(links.revision.as_deref(), Some(seen));
        }
    }

    #[test]
    fn what_is_commented_out_is_right_as_well() {
        let is_code = |line: &str| {
            let key = line.split(" = ").next().unwrap_or_default();
            line.starts_with("[[") || (key != line && !key.contains(' '))
        };
        let uncommented: String = text(DJANGO)
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(code) if is_code(code) => format!("{code}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let watch = read(&uncommented).watch.expect("it watches");
        assert_eq!(watch.schedulers.len(), 3);
        assert!(matches!(watch.schedulers[1].trigger, Trigger::Cron(_)));
        assert_eq!(watch.receivers.len(), 6);
    }
}
