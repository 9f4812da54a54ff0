use std::time::Duration;

use super::super::{Collapse, Cron, First, Release, Trigger};
use super::*;

#[test]
fn what_a_scheduler_does_not_say_has_a_default() {
    let it = scheduler("branches = \"main\"\n");
    let trigger = Trigger::Commits {
        settle: Duration::from_secs(10),
        settle_max: Duration::from_secs(600),
    };
    assert_eq!(it.trigger, trigger);
    assert_eq!(it.collapse, Collapse::Newest);
    assert_eq!(it.first, First::Tip);
    assert!(it.files.concern(Some(["docs/index.txt"])));
    assert!(!it.cancel_superseded);
    assert_eq!(it.priority, 0);
    assert!(it.locks.is_empty());
}

#[test]
fn a_long_quiet_may_be_waited_for_without_saying_how_long_at_most() {
    let it = scheduler("branches = \"main\"\nsettle = \"1h\"\n");
    let hour = Duration::from_secs(3600);
    let trigger = Trigger::Commits {
        settle: hour,
        settle_max: hour,
    };
    assert_eq!(it.trigger, trigger);
}

#[test]
fn a_cron_is_in_utc_runs_what_changed_and_catches_up() {
    let it = scheduler("branches = \"main\"\ncron = \"*/5 0-6 1,15 * MON-FRI\"\n");
    let cron = Cron {
        schedule: "*/5 0-6 1,15 * MON-FRI".to_owned(),
        zone: "UTC".to_owned(),
        only_if_changed: true,
        force_every: None,
        catch_up: true,
    };
    assert_eq!(it.trigger, Trigger::Cron(cron));
    let leap = scheduler("branches = \"main\"\ncron = \"0 0 29 2 *\"\n");
    assert!(matches!(leap.trigger, Trigger::Cron(_)));
}

#[test]
fn who_comes_after_another_comes_after_what_passed_on_all_its_branches() {
    let text = format!(
        "{WATCH}[[watch.scheduler]]\nname = \"b\"\nafter = \"a\"\n\
         [[watch.scheduler]]\nname = \"a\"\nbranches = \"main\"\n"
    );
    let schedulers = watch(&text).schedulers;
    let trigger = Trigger::After {
        scheduler: "a".to_owned(),
        release: Release::Passed,
    };
    assert_eq!(schedulers[0].trigger, trigger);
    assert_eq!(schedulers[0].branches[0].as_str(), "*");
}

#[test]
fn a_branch_is_begun_with_at_its_tip_or_with_nothing_or_after_a_revision() {
    for (typed, first) in [
        ("tip", First::Tip),
        ("nothing", First::Nothing),
        ("5.2", First::Since("5.2".to_owned())),
        ("stable/5.2.x", First::Since("stable/5.2.x".to_owned())),
    ] {
        let it = scheduler(&format!("branches = \"main\"\nfirst = \"{typed}\"\n"));
        assert_eq!(it.first, first);
    }
}

#[test]
fn what_is_wrong_with_a_scheduler_is_told_where_it_is() {
    let told = |lines: &str| problem_of_scheduler(&format!("branches = \"main\"\n{lines}"));
    are_told(
        told,
        &[
            ("setle = \"1s\"\n", "6:1", "did you mean settle?"),
            ("settle = 10\n", "6:10", "settle: this is a number"),
            ("settle = \"soon\"\n", "6:10", "no length of time"),
            (
                "settle = \"99999999999999999999s\"\n",
                "6:10",
                "no length of time",
            ),
            ("settle-max = \"9s\"\n", "6:14", "settle is 10s"),
            ("cron = \"0 3 * *\"\n", "6:8", "five fields"),
            ("cron = \"@daily\"\n", "6:8", "five fields"),
            ("cron = \"0 0 3 * * *\"\n", "6:8", "five fields"),
            ("cron = \"61 3 * * *\"\n", "6:8", "61 3 * * *"),
            ("cron = \"0 3 * * WED-\"\n", "6:8", "day of week"),
            ("cron = \", * 31 * 1-5\"\n", "6:8", "beside a comma"),
            ("cron = \"0 0 30 2 *\"\n", "6:8", "never comes"),
            (
                "cron = \"0 3 * * *\"\nzone = \"Europe/Berln\"\n",
                "7:8",
                "did you mean Europe/Berlin?",
            ),
            (
                "cron = \"0 3 * * *\"\nforce-every = \"0s\"\n",
                "7:15",
                "at least 1s",
            ),
            (
                "cron = \"0 3 * * *\"\ncatch-up = \"yes\"\n",
                "7:12",
                "true or false",
            ),
            ("files = [\"docs/[\"]\n", "6:10", "docs/["),
            ("files = [\"\"]\n", "6:10", "says nothing"),
            ("collapse = \"newst\"\n", "6:12", "did you mean newest?"),
            ("first = \"main~3\"\n", "6:9", "no revision"),
            ("first = \"--all\"\n", "6:9", "no revision"),
            ("priority = \"high\"\n", "6:12", "a whole number"),
            ("priority = 99999999999\n", "6:12", "a whole number"),
            ("cancel-superseded = 1\n", "6:21", "true or false"),
            ("locks = [\"a b\"]\n", "6:10", "no name"),
            ("matrix = \"\"\n", "6:10", "says nothing"),
            ("pythons = [\"[\"]\n", "6:12", "globs have"),
            ("labels = [\"a\", \"a\"]\n", "6:16", "is there twice"),
            ("cover = \"pairwse\"\n", "6:9", "did you mean pairwise?"),
        ],
    );
}

#[test]
fn keys_of_two_kinds_of_scheduler_do_not_go_together() {
    let told = |lines: &str| problem_of_scheduler(&format!("branches = \"main\"\n{lines}"));
    are_told(
        told,
        &[
            ("zone = \"UTC\"\n", "6:8", "zone goes with cron"),
            ("only-if-changed = true\n", "6:19", "goes with cron"),
            ("force-every = \"7d\"\n", "6:15", "goes with cron"),
            ("catch-up = true\n", "6:12", "goes with cron"),
            ("release = \"passed\"\n", "6:11", "goes with after"),
        ],
    );
    let other = "[[watch.scheduler]]\nname = \"other\"\nbranches = \"main\"\n";
    for lines in [
        "cron = \"0 3 * * *\"\nsettle = \"1s\"\n",
        "cron = \"0 3 * * *\"\nsettle-max = \"1s\"\n",
        "after = \"other\"\nsettle = \"1s\"\n",
        "after = \"other\"\ncron = \"0 3 * * *\"\nzone = \"UTC\"\n",
        "settle = \"1m\"\nsettle-max = \"1s\"\n",
        "cron = \"0 3 * * *\"\nforce-every = \"1d\"\nonly-if-changed = false\n",
    ] {
        let text =
            format!("{WATCH}[[watch.scheduler]]\nname = \"it\"\nbranches = \"x\"\n{lines}{other}");
        let problems = read(&text).expect_err(lines).0;
        assert_eq!(problems.len(), 1, "{lines}: {problems:#?}");
        assert!(problems[0].other.is_some(), "{lines}: {problems:#?}");
    }
}

#[test]
fn a_scheduler_has_branches_and_a_name_of_its_own() {
    are_told(
        problem_of_scheduler,
        &[
            ("", "3:1", "needs branches"),
            ("branches = []\n", "5:12", "needs branches"),
            ("branches = [\"main\", \"[\"]\n", "5:21", "globs have"),
            ("branches = \"supported-branches\"\n", "5:12", "stable/*"),
        ],
    );
    let named = |name: &str| {
        problem(&format!(
            "{WATCH}[[watch.scheduler]]\nbranches = \"x\"\n{name}"
        ))
    };
    let problem_of = named("");
    assert!(problem_of.contains("needs a name"), "{problem_of}");
    for name in ["a b", "", "..", "a/b", "ä"] {
        let problem_of = named(&format!("name = \"{name}\"\n"));
        assert!(problem_of.starts_with("f.toml:5:8: "), "{problem_of}");
    }
    let twice = "[[watch.scheduler]]\nname = \"a\"\nbranches = \"x\"\n";
    let problems = read(&format!("{WATCH}{twice}{twice}"))
        .expect_err("twice")
        .0;
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0]
            .to_string()
            .starts_with("f.toml:7:8: a is there twice")
    );
    assert!(problems[0].other.is_some());
}

#[test]
fn schedulers_come_after_one_that_is_there_and_in_no_circle() {
    let after = |name: &str, after: &str| {
        format!("[[watch.scheduler]]\nname = \"{name}\"\nafter = \"{after}\"\n")
    };
    let free = "[[watch.scheduler]]\nname = \"branches\"\nbranches = \"main\"\n";
    let one = problem(&format!("{WATCH}{free}{}", after("a", "brnches")));
    assert!(one.starts_with("f.toml:8:9: "), "{one}");
    assert!(one.contains("did you mean branches?"), "{one}");
    let itself = problem(&format!("{WATCH}{}", after("a", "a")));
    assert!(
        itself.starts_with("f.toml:5:9: a comes after itself"),
        "{itself}"
    );
    let circle = problem(&format!(
        "{WATCH}{}{}{}{}",
        after("outside", "a"),
        after("a", "b"),
        after("b", "c"),
        after("c", "a")
    ));
    assert!(
        circle.starts_with("f.toml:8:9: a, b, c come after"),
        "{circle}"
    );
}
