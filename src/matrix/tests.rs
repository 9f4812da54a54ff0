//! What becomes of a matrix file on Django 6.0.

use std::sync::Arc;

use super::support::tests::django_60;
use super::*;
use crate::spec::{MatrixText, Releases, Spec, parse};

pub const QUICK: &str = include_str!("../../matrix/quick.toml");
pub const DJANGO: &str = include_str!("../../matrix/django.toml");

pub fn spec(text: &str) -> Spec {
    let file = MatrixText::new("test.toml", text);
    parse(&file, &Releases::shipped(), &|_| Err("no file".to_owned())).expect("valid")
}

pub fn branch(name: &str) -> (Arc<str>, Support) {
    (
        name.into(),
        Support::read(&django_60()).expect("a known shape"),
    )
}

fn own(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn selected(text: &str, filters: [&[&str]; 3]) -> Matrix {
    let spec = spec(text);
    let [pythons, databases, variants] = filters.map(own);
    let filters = Filters {
        pythons: &pythons,
        databases: &databases,
        variants: &variants,
    };
    let selection = Selection::new(filters, &spec).expect("valid filters");
    expand(&spec, &[branch("stable/6.0.x")], &selection)
}

fn whole(text: &str) -> Matrix {
    selected(text, [&[], &[], &[]])
}

fn names(matrix: &Matrix) -> Vec<String> {
    matrix.cells.iter().map(ToString::to_string).collect()
}

#[test]
fn the_quick_matrix_is_the_newest_python_on_two_databases() {
    assert_eq!(
        names(&whole(QUICK)),
        [
            "stable/6.0.x-python3.14-sqlite",
            "stable/6.0.x-python3.14-postgresql18"
        ]
    );
}

#[test]
fn the_django_matrix_holds_every_supported_combination() {
    let matrix = whole(DJANGO);
    // SQLite, PostgreSQL 14 to 18, MariaDB 10.6 10.11 11.4 11.8, MySQL 8.0 8.4 9.7.
    assert_eq!(matrix.cells.len(), 3 * (1 + 5 + 4 + 3));
    assert!(matrix.excluded.is_empty());
}

#[test]
fn what_the_shipped_files_expect_holds() {
    for text in [QUICK, DJANGO] {
        let (spec, matrix) = (spec(text), whole(text));
        let checks = check(&spec, &matrix, &["stable/6.0.x".into()]);
        assert!(!checks.is_empty());
        for check in checks {
            assert!(
                !matches!(check.verdict, CheckVerdict::Broken(_)),
                "{check:?}"
            );
        }
    }
}

#[test]
fn what_a_branch_does_not_support_is_left_out_with_the_line_that_says_so() {
    let text = "pythons = [\"3.9\", \"3.14\"]\ndatabases = [\"postgresql12\", \"sqlite\"]\n";
    let matrix = whole(text);
    assert_eq!(names(&matrix), ["stable/6.0.x-python3.14-sqlite"]);
    let reasons: Vec<_> = matrix.excluded.iter().map(|out| &*out.reason).collect();
    assert!(
        reasons[0].contains("Python 3.12 to 3.14 (pyproject.toml:6)"),
        "{reasons:?}"
    );
    assert!(reasons[2].contains("postgresql 14 or newer"), "{reasons:?}");
    assert!(reasons[2].contains("features.py:2"), "{reasons:?}");
}

#[test]
fn a_rule_leaves_cells_out_with_its_reason_and_its_line() {
    let text = format!(
        "{DJANGO}\n[[exclude]]\npython = \"3.12\"\ndatabase = \"my*\"\nreason = \"slow\"\n"
    );
    let matrix = whole(&text);
    assert_eq!(matrix.excluded.len(), 3, "MySQL 8.0, 8.4 and 9.7");
    let reason = &matrix.excluded[0].reason;
    assert!(reason.starts_with("slow (test.toml:"), "{reason}");
    assert!(matrix.idle.is_empty(), "{:?}", matrix.idle);
}

#[test]
fn a_rule_that_matches_no_cell_of_its_branches_is_idle() {
    let rule = |glob: &str| format!("{QUICK}\n[[exclude]]\n{glob}\nreason = \"r\"\n");
    let idle = |glob| whole(&rule(glob)).idle;
    assert_eq!(idle("python = \"3.7\"").len(), 1);
    assert_eq!(idle("python = \"3.14\"").len(), 0);
    assert_eq!(
        idle("branch = \"main\"\npython = \"3.7\"").len(),
        0,
        "not its branch"
    );
}

#[test]
fn filters_take_globs_and_the_name_of_a_database() {
    let matrix = selected(DJANGO, [&["3.1[34]"], &["postgresql", "sqlite"], &[]]);
    assert_eq!(matrix.cells.len(), 2 * (5 + 1));
}

#[test]
fn a_filter_that_matches_nothing_is_told_with_what_there_is() {
    let matrix = selected(QUICK, [&["3.7*", "3.14"], &["maria*"], &[]]);
    let told: Vec<_> = matrix.unmatched.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "--python 3.7* matches nothing; there is 3.14",
            "--database maria* matches nothing; there are sqlite, postgresql18"
        ]
    );
}

#[test]
fn an_exact_filter_the_matrix_does_not_have_is_added_to_it() {
    let matrix = selected(QUICK, [&["3.12"], &["mariadb"], &[]]);
    assert_eq!(names(&matrix), ["stable/6.0.x-python3.12-mariadb11.8"]);
}

#[test]
fn what_is_named_exactly_runs_or_is_left_out_with_a_reason() {
    let matrix = selected(DJANGO, [&["3.9", "3.14"], &["postgresql13", "sqlite"], &[]]);
    assert_eq!(names(&matrix), ["stable/6.0.x-python3.14-sqlite"]);
    assert_eq!(matrix.excluded.len(), 3);
    let oldest = selected(DJANGO, [&["3.14"], &["postgresql:min", "mysql:max"], &[]]);
    assert_eq!(
        names(&oldest),
        [
            "stable/6.0.x-python3.14-postgresql14",
            "stable/6.0.x-python3.14-mysql9.7"
        ]
    );
    let all = selected(QUICK, [&[], &["postgresql:*"], &[]]);
    assert_eq!(all.cells.len(), 5);
}

#[test]
fn another_interpreter_of_a_supported_version_may_be_asked_for() {
    let matrix = selected(QUICK, [&["3.14t", "pypy3.11"], &["sqlite"], &[]]);
    assert_eq!(names(&matrix), ["stable/6.0.x-python3.14t-sqlite"]);
    assert_eq!(matrix.excluded.len(), 1);
}

#[test]
fn filters_that_name_nothing_are_refused() {
    let spec = spec(QUICK);
    let refuse = |pythons: &[&str], databases: &[&str], variants: &[&str]| {
        let (pythons, databases, variants) = (own(pythons), own(databases), own(variants));
        let filters = Filters {
            pythons: &pythons,
            databases: &databases,
            variants: &variants,
        };
        Selection::new(filters, &spec)
            .expect_err("refused")
            .to_string()
    };
    assert!(refuse(&["python3.14"], &[], &[]).contains("did you mean 3.14?"));
    assert!(refuse(&["3.99"], &[], &[]).contains("no Python is known"));
    assert!(refuse(&[], &["postgres17"], &[]).contains("did you mean postgresql17?"));
    assert!(refuse(&[], &["postgresql99"], &[]).contains("newest known"));
    assert!(refuse(&[], &["["], &[]).contains("--database ["));
    assert!(refuse(&[], &[], &["nope"]).contains("variant"));
}

const VARIANTS: &str = "pythons = \"newest\"\ndatabases = [\"sqlite\", \"postgresql:max\"]\n\
    variants = [\"plain\", \"bound\"]\n\
    [variant.bound]\ndatabase = \"postgresql*\"\n[variant.shuffled]\nflags = [\"--shuffle\"]\n";

#[test]
fn a_variant_is_tested_where_it_makes_sense() {
    assert_eq!(
        names(&whole(VARIANTS)),
        [
            "stable/6.0.x-python3.14-sqlite",
            "stable/6.0.x-python3.14-postgresql18",
            "stable/6.0.x-python3.14-postgresql18-bound"
        ]
    );
    let named = selected(VARIANTS, [&[], &[], &["bound"]]);
    assert_eq!(named.cells.len(), 1);
    let reason = &named.excluded[0].reason;
    assert!(
        reason.starts_with("bound is for database postgresql* (test.toml:"),
        "{reason}"
    );
    let added = selected(VARIANTS, [&[], &["sqlite"], &["shuffled"]]);
    assert_eq!(names(&added), ["stable/6.0.x-python3.14-sqlite-shuffled"]);
}

#[test]
fn an_include_adds_cells_that_no_list_makes() {
    let text = format!("{QUICK}\n[[include]]\npython = \"oldest\"\ndatabase = \"mariadb:min\"\n");
    let matrix = whole(&text);
    assert_eq!(
        names(&matrix)[2..],
        ["stable/6.0.x-python3.12-mariadb10.6"],
        "and neither 3.12 on sqlite nor 3.14 on mariadb"
    );
    let elsewhere = format!("{QUICK}\n[[include]]\nbranch = \"main\"\npython = \"oldest\"\n");
    assert_eq!(whole(&elsewhere).cells.len(), 2);
}

#[test]
fn supported_branches_are_those_of_the_day() {
    let spec = spec(&format!(
        "branches = [\"supported-branches\", \"topic/*\"]\n{}",
        &VARIANTS
    ));
    let wanted = |branch, day| wants_branch(&spec, branch, day);
    assert!(wanted("main", "2026-11-24") && wanted("topic/a", "2026-11-24"));
    assert!(wanted("stable/6.0.x", "2026-11-24") && !wanted("stable/6.0.x", "2028-01-01"));
    assert!(!wanted("stable/4.2.x", "2026-11-24"));
}

fn explained(text: &str, cell: &str) -> Explanation {
    let (name, support) = branch("stable/6.0.x");
    let cell = cell.parse().expect("a name");
    explain(&spec(text), (&name, &support), &cell).expect("it can exist")
}

#[test]
fn a_cell_that_runs_is_explained_by_the_lines_that_ask_for_it() {
    let explanation = explained(QUICK, "stable/6.0.x-python3.14-postgresql18");
    assert_eq!(explanation.verdict, Verdict::Runs);
    let text: Vec<_> = explanation
        .evidence
        .iter()
        .map(|e| e.text.as_str())
        .collect();
    let text = text.join("\n");
    for part in [
        "newest (test.toml:",
        "pyproject.toml:6",
        "postgresql:max (test.toml:",
        "features.py:2",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_cell_that_is_out_is_explained_by_what_keeps_it_out() {
    let old = explained(DJANGO, "stable/6.0.x-python3.14-postgresql12");
    assert!(
        old.verdict.to_string().contains("needs postgresql 14"),
        "{}",
        old.verdict
    );
    let absent = explained(QUICK, "stable/6.0.x-python3.13-mysql8.4")
        .verdict
        .to_string();
    assert!(
        absent.contains("its pythons are newest (test.toml:"),
        "{absent}"
    );
    assert!(
        absent.contains("its databases are sqlite, postgresql:max"),
        "{absent}"
    );
    let ruled = format!("{DJANGO}\n[[exclude]]\npython = \"3.12\"\nreason = \"slow\"\n");
    let out = explained(&ruled, "stable/6.0.x-python3.12-sqlite").verdict;
    assert!(out.to_string().contains("slow (test.toml:"), "{out}");
}

fn broken(expect: &str) -> Option<String> {
    let text = format!(
        "pythons = [\"3.9\", \"newest\"]\ndatabases = [\"sqlite\"]\n[[expect]]\n{expect}\n"
    );
    let (spec, matrix) = (spec(&text), whole(&text));
    let checks = check(&spec, &matrix, &["stable/6.0.x".into()]);
    match &checks[0].verdict {
        CheckVerdict::Broken(why) => Some(why.clone()),
        _ => None,
    }
}

#[test]
fn expectations_hold_or_say_what_is_there_instead() {
    assert_eq!(broken("cell = \"*-python3.14-sqlite\""), None);
    assert_eq!(broken("cells = 1"), None);
    assert_eq!(
        broken("left-out = \"*-python3.9-*\"\nbecause = \"supports Python\""),
        None
    );
    assert_eq!(
        broken("branch = \"main\"\ncells = 9"),
        None,
        "not for this branch"
    );
    let why = |expect: &str| broken(expect).expect(expect);
    assert!(why("cell = \"*-python3.9-sqlite\"").contains("is left out: "));
    assert!(why("cell = \"*-mysql*\"").contains("no such cell"));
    assert!(why("cells = 2").contains("has 1 cell"));
    assert!(why("left-out = \"*-python3.14-*\"").contains("runs"));
    assert!(why("left-out = \"*-python3.9-*\"\nbecause = \"moon\"").contains("another reason"));
}

#[test]
fn what_is_expected_of_commits_is_no_matter_of_the_matrix() {
    let text = "[watch]\nsource = \"/d\"\n[[expect]]\ntouches = \"a\"\nrequests = []\n\
                branch = \"main\"\n[[expect]]\ncell = \"*\"\n";
    let (spec, matrix) = (spec(text), whole(text));
    let checks = check(&spec, &matrix, &["stable/6.0.x".into()]);
    assert_eq!(spec.expects.len(), 2);
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].expect, &spec.expects[1]);
}

fn covered(cover: Cover) -> Matrix {
    let mut matrix = whole(DJANGO);
    choose(&mut matrix, cover, None);
    matrix
}

#[test]
fn the_fewest_cells_touch_every_value_and_every_pair() {
    let all = whole(DJANGO).cells;
    let each = covered(Cover::Each);
    assert_eq!(each.cells.len(), 13, "as many as there are databases");
    assert_eq!(each.cells.len() + each.excluded.len(), all.len());
    let pairs = covered(Cover::Pairwise).cells;
    assert_eq!(
        pairs.len(),
        all.len(),
        "a pair of Python and database is a cell"
    );
    let ends = names(&covered(Cover::MinMax));
    assert!(ends.len() < 8, "{ends:?}");
    for part in [
        "python3.12",
        "python3.14",
        "postgresql14",
        "postgresql18",
        "mysql8.0",
        "mysql9.7",
    ] {
        assert!(
            ends.iter().any(|name| name.contains(part)),
            "{part}: {ends:?}"
        );
    }
}

#[test]
fn pairs_of_several_branches_need_fewer_cells_than_there_are() {
    let branches = ["a", "b", "c", "d"].map(branch);
    let mut matrix = expand(&spec(DJANGO), &branches, &Selection::default());
    let all = matrix.cells.len();
    choose(&mut matrix, Cover::Pairwise, None);
    // 4 × 13 pairs of branch and database are the most; none can do with less.
    assert!(
        matrix.cells.len() >= 52 && matrix.cells.len() < all / 2,
        "{}",
        matrix.cells.len()
    );
}

#[test]
fn a_budget_takes_the_best_cells_and_says_what_did_not_fit() {
    let mut matrix = whole(DJANGO);
    let seconds = |_: &crate::model::Cell| 60.0;
    let budget = Budget {
        total: std::time::Duration::from_secs(150),
        jobs: 2,
        seconds: &seconds,
    };
    choose(&mut matrix, Cover::All, Some(&budget));
    assert_eq!(matrix.cells.len(), 5, "300 seconds of work");
    let pythons: std::collections::BTreeSet<_> = matrix.cells.iter().map(|c| c.python).collect();
    assert_eq!(pythons.len(), 3, "each Python is among the first");
    assert!(
        matrix.excluded[0].reason.contains("--budget 2m30s"),
        "{:?}",
        matrix.excluded[0]
    );
}
