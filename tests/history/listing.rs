//! `djbuild history`.

use serde_json::Value;

use super::{THEN, json, record, record_and_die, says};
use crate::common::User;

#[test]
fn history_lists_runs_with_the_last_first_and_finds_them_by_what_they_are() {
    let user = User::new();
    let none = user.run(&["history"]);
    says(none.exits_with(0), &["no run is kept yet"]);
    record(&user, "20261101-000001-aaaa", THEN);
    record(&user, "20261102-000001-bbbb", THEN + 1000);
    record_and_die(&user, "20261103-000001-cccc", THEN + 2000);
    let listed = json(&user.run(&["history", "--format", "json"]));
    let runs = listed.as_array().expect("a list");
    let ids: Vec<&str> = runs
        .iter()
        .map(|run| run["run"].as_str().expect("text"))
        .collect();
    assert_eq!(
        ids,
        [
            "20261103-000001-cccc",
            "20261102-000001-bbbb",
            "20261101-000001-aaaa"
        ]
    );
    assert_eq!(runs[0]["outcome"], "interrupted");
    assert_eq!(runs[0]["ended"], Value::Null);
    assert_eq!(
        runs[0]["cells"],
        serde_json::json!({"passed": 1, "unfinished": 1})
    );
    assert_eq!(runs[1]["outcome"], "failed");
    assert_eq!(runs[1]["began"], THEN + 1000);
    assert_eq!(runs[1]["ended"], THEN + 1000 + 61_250);
    assert_eq!(runs[1]["branch"], "main");
    assert_eq!(runs[1]["branches"][1]["branch"], "stable/6.1.x");
    assert_eq!(runs[1]["matrix"], "quick");
    assert_eq!(runs[1]["arguments"], serde_json::json!(["basic"]));
    assert_eq!((&runs[1]["tests"], &runs[1]["bad"]), (&7.into(), &1.into()));
    for key in ["scheduler", "cause"] {
        assert_eq!(runs[1][key], Value::Null);
    }

    let count = |arguments: &[&str]| {
        let mut words = vec!["history", "--format", "json"];
        words.extend(arguments);
        json(&user.run(&words)).as_array().expect("a list").len()
    };
    assert_eq!(count(&["--limit", "1"]), 1);
    assert_eq!(count(&["--branch", "stable/*"]), 3);
    assert_eq!(count(&["--branch", "nothing"]), 0);
    assert_eq!(count(&["--outcome", "interrupted"]), 1);
    assert_eq!(count(&["--cell", "*-mysql8.4", "--outcome", "failed"]), 2);
    assert_eq!(count(&["--cell", "*-sqlite", "--outcome", "failed"]), 0);

    let table = user.djbuild(&["history"]).env("COLUMNS", "80").output();
    let table = String::from_utf8(table.expect("djbuild starts").stdout).expect("text");
    assert!(table.contains("20261103-000001-cccc"), "{table}");
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );
    let wrong = user.run(&["history", "--outcome", "faild"]);
    wrong.exits_with(2);
    assert!(
        wrong.stderr.contains("did you mean failed?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn what_is_tested_by_default_is_not_what_is_looked_for() {
    let user = User::new();
    record(&user, "20261101-000001-aaaa", THEN);
    let listed = user
        .djbuild(&["history"])
        .env("DJBUILD_BRANCH", "another")
        .output()
        .expect("djbuild starts");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("aaaa"), "{listed}");
}
