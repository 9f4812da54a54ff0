use std::time::Duration;

use super::super::{Collapse, Cron, First, Job, Links, Release, Secret, Shape, Suite, Telling};
use super::super::{Trigger, Way};
use super::*;
use crate::spec::PLAIN;

const EVERYTHING: &str = r#"
[watch]
source = "https://github.com/django/django"
interval = "90s"
bisect-per-day = 7
revision-link = "https://github.com/django/django/commit/{revision}"
ticket-link = "https://code.djangoproject.com/ticket/{ticket}"

[[watch.scheduler]]
name = "branches"
branches = ["main", "stable/*"]
settle = "0s"
settle-max = "5m"
files = ["!docs/**"]
collapse = "never"
first = "0123abcd"
cancel-superseded = true
priority = -3
locks = ["oracle", "big", "oracle"]

[[watch.scheduler]]
name = "nightly"
branches = "main"
cron = "0  3 * * *"
zone = "europe/berlin"
only-if-changed = true
force-every = "7d"
catch-up = false
matrix = "django"
pythons = "3.*"
databases = ["postgresql*", "sqlite"]
variants = ["plain"]
labels = ["queries", "aggregation"]
flags = ["--tag", "a", "--tag", "b"]
cover = "min-max"

[[watch.scheduler]]
name = "docs"
after = "branches"
release = "decided"

[[watch.notice]]
name = "team"
command = ["notify-send", "djbuild"]
branches = "stable/*"

[[watch.notice]]
name = "chat"
webhook = { secret = "slack" }
shape = "slack"
key = { secret = "hook-key" }
on = ["changed", "red"]
"#;

#[test]
fn everything_that_can_be_said_is_read() {
    let watch = watch(EVERYTHING);
    assert_eq!(watch.sources[0].value, "https://github.com/django/django");
    assert_eq!(watch.sources[0].place.line, 3);
    assert_eq!(watch.interval, Duration::from_secs(90));
    assert_eq!(
        watch.links.revision.as_deref(),
        Some("https://github.com/django/django/commit/{revision}")
    );
    assert!(watch.links.ticket.is_some());
    assert_eq!(watch.bisect_per_day, 7);
    assert_eq!(watch.place.line, 2);

    let [branches, nightly, docs] = watch.schedulers.as_slice() else {
        panic!("{:#?}", watch.schedulers);
    };
    assert_eq!(
        (branches.name.as_str(), branches.place.line),
        ("branches", 9)
    );
    assert!(branches.branches[1].matches("stable/5.2.x"));
    let trigger = Trigger::Commits {
        settle: Duration::ZERO,
        settle_max: Duration::from_secs(300),
    };
    assert_eq!(branches.trigger, trigger);
    assert!(!branches.files.concern(Some(["docs/index.txt"])));
    assert_eq!(branches.collapse, Collapse::Never);
    assert_eq!(branches.first, First::Since("0123abcd".to_owned()));
    assert!(branches.cancel_superseded);
    assert_eq!(branches.priority, -3);
    assert_eq!(branches.locks, ["big", "oracle"]);
    assert_eq!(branches.job, Job::Suite(Suite::default()));

    let cron = Cron {
        schedule: "0 3 * * *".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        only_if_changed: true,
        force_every: Some(Duration::from_secs(7 * 86_400)),
        catch_up: false,
    };
    assert_eq!(nightly.trigger, Trigger::Cron(cron));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let suite = Suite {
        matrix: Some("django".to_owned()),
        pythons: words(&["3.*"]),
        databases: words(&["postgresql*", "sqlite"]),
        variants: words(&[PLAIN]),
        cover: Some("min-max".to_owned()),
        labels: words(&["queries", "aggregation"]),
        flags: words(&["--tag", "a", "--tag", "b"]),
    };
    assert_eq!(nightly.job, Job::Suite(suite));

    let after = Trigger::After {
        scheduler: "branches".to_owned(),
        release: Release::Decided,
    };
    assert_eq!(docs.trigger, after);
    assert_eq!(docs.branches[0].as_str(), "*");

    let [team, chat] = watch.receivers.as_slice() else {
        panic!("{:#?}", watch.receivers);
    };
    let command = words(&["notify-send", "djbuild"]);
    assert_eq!(team.way, Way::Command(command));
    assert_eq!(
        team.on,
        [
            Telling::Red,
            Telling::Fixed,
            Telling::Culprit,
            Telling::Trouble
        ]
    );
    assert_eq!(team.branches[0].as_str(), "stable/*");
    let webhook = Way::Webhook {
        url: Secret::Named("slack".to_owned()),
        shape: Shape::Slack,
        key: Some(Secret::Named("hook-key".to_owned())),
    };
    assert_eq!(chat.way, webhook);
    assert_eq!(chat.on, [Telling::Changed, Telling::Red]);
}

#[test]
fn a_source_is_enough_and_the_branches_that_django_supports_are_watched() {
    let watch = watch(WATCH);
    assert_eq!(watch.interval, Duration::from_secs(300));
    assert_eq!(watch.bisect_per_day, 20);
    assert_eq!(watch.links, Links::default());
    assert_eq!(watch.receivers, []);
    let [only] = watch.schedulers.as_slice() else {
        panic!("{:#?}", watch.schedulers);
    };
    // As if it were written down.
    let mut written = scheduler("branches = [\"main\", \"stable/*\"]\n");
    assert_eq!(only.name, "branches");
    written.name.clone_from(&only.name);
    written.place = only.place.clone();
    assert_eq!(*only, written);
}

#[test]
fn a_file_that_only_watches_means_the_quick_matrix() {
    let spec = read(WATCH).expect("valid");
    let quick = read("extends = \"quick\"\n").expect("valid");
    assert_eq!(spec.pythons, quick.pythons);
    assert_eq!(spec.databases, quick.databases);
    assert_eq!(spec.branches, quick.branches);
    assert_eq!(quick.watch, None);
    let problem = problem(&format!("pythons = \"newest\"\n{WATCH}"));
    assert!(problem.contains("databases is missing"), "{problem}");
}

#[test]
fn what_an_extended_file_watches_is_its_own_matter() {
    let file = MatrixText::new("f.toml", "extends = \"base.toml\"\n");
    let load = |_: &std::path::Path| Ok(WATCH.to_owned());
    let spec = parse(&file, &Releases::shipped(), &load).expect("valid");
    assert_eq!(spec.watch, None);
    assert!(!spec.databases.is_empty());
}

#[test]
fn each_form_of_repository_is_taken_and_nothing_else() {
    for source in [
        "https://me@example.org/d.git",
        "git@example.org:d.git",
        "ssh://git@example.org/d",
        "file:///srv/d",
        "/srv/d.git",
    ] {
        let watch = watch(&format!("[watch]\nsource = [\"{source}\"]\n"));
        assert_eq!(watch.sources[0].value, source);
    }
    for (source, word) in [
        ("pypi:Django", "package index"),
        ("../django", "no git repository"),
        ("C:\\\\django", "no git repository"),
        ("example.org:d.git", "no git repository"),
        ("-x@example.org:d.git", "no git repository"),
        ("ext::sh -c true ://", "no git repository"),
        ("", "says nothing"),
    ] {
        let problem = problem(&format!("[watch]\nsource = \"{source}\"\n"));
        assert!(problem.starts_with("f.toml:2:10: "), "{problem}");
        assert!(problem.contains(word), "{problem}");
    }
}

#[test]
fn what_is_wrong_with_the_table_itself_is_told_where_it_is() {
    let told = |text: &str| problem(text);
    are_told(
        told,
        &[
            ("watch = 3\n", "1:9", "watch is a table"),
            ("[watch]\n", "1:1", "needs a source"),
            ("[watch]\nsource = []\n", "2:10", "needs a source"),
            ("[watch]\nsource = 3\n", "2:10", "a word or a list"),
            ("[watch]\nsuorce = \"/d\"\n", "2:1", "did you mean source?"),
            (
                "[watch]\nsource = [\"/d\", \"/d\"]\n",
                "2:17",
                "is there twice",
            ),
            (
                "[watch]\nsource = \"/d\"\nscheduler = 3\n",
                "3:13",
                "[[watch.scheduler]]",
            ),
            (
                "[watch]\nsource = \"/d\"\ninterval = \"5 apples\"\n",
                "3:12",
                "no length",
            ),
            (
                "[watch]\nsource = \"/d\"\ninterval = \"500ms\"\n",
                "3:12",
                "at least 1s",
            ),
            (
                "[watch]\nsource = \"/d\"\ninterval = \"99y\"\n",
                "3:12",
                "too long",
            ),
            (
                "[watch]\nsource = \"/d\"\nbisect-per-day = -1\n",
                "3:18",
                "-1",
            ),
            (
                "[watch]\nsource = \"/d\"\nrevision-link = \"https://x/\"\n",
                "3:17",
                "{revision} is missing",
            ),
            (
                "[watch]\nsource = \"/d\"\nticket-link = \"javascript:{ticket}\"\n",
                "3:15",
                "address of the web",
            ),
        ],
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_lines() {
    let text = "[watch]\nintervall = \"5m\"\nsource = \"pypi:Django\"\n\
                [[watch.scheduler]]\nbranch = \"main\"\n\
                [[watch.scheduler]]\nname = \"a b\"\nbranches = \"[\"\nsettle = \"x\"\n\
                [[watch.notice]]\nname = \"n\"\nshape = \"jsn\"\n";
    let problems = read(text).expect_err("wrong").0;
    let lines: Vec<usize> = problems
        .iter()
        .map(|problem| problem.file.place(problem.span.start).line)
        .collect();
    assert_eq!(lines, [2, 3, 5, 7, 8, 9, 10], "{problems:#?}");
}
