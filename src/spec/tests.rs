//! What a matrix file may say, and what is said of one that is wrong.

use super::*;

const GOOD: &str = "pythons = \"newest\"\ndatabases = [\"sqlite\"]\n";

fn read(text: &str) -> Result<Spec, Problems> {
    let file = MatrixText::new("f.toml", text);
    let load = |path: &std::path::Path| match path.to_str() {
        Some("base.toml") => Ok(format!(
            "{GOOD}[[exclude]]\npython = \"3.9\"\nreason = \"old\"\n"
        )),
        Some("loop.toml") => Ok("extends = \"loop.toml\"\n".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    parse(&file, &Releases::shipped(), &load)
}

#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let problems = read(text).expect_err(text);
    problems.0.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn only_problem(text: &str) -> String {
    let mut problems = problems(text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.remove(0)
}

#[test]
fn a_short_file_gets_sensible_defaults() {
    let spec = read(GOOD).expect("valid");
    assert_eq!(spec.branches.len(), 1);
    assert_eq!(spec.isolation, Isolation::Run);
    assert_eq!(spec.variants[0].value, None);
    assert!(spec.excludes.is_empty());
}

#[test]
fn every_problem_is_told_at_once_in_the_order_of_lines() {
    let text = "pyhtons = 3\npythons = 3\ndatabases = [\"postgres17\", \"mysql99\"]\n\
                isolation = \"cells\"\n[[exclude]]\npyton = \"3.9\"\n";
    let problems = problems(text);
    let places: Vec<&str> = problems
        .iter()
        .filter_map(|problem| problem.split(": ").next())
        .collect();
    assert_eq!(
        places,
        [
            "f.toml:1:1",
            "f.toml:2:11",
            "f.toml:3:14",
            "f.toml:3:28",
            "f.toml:4:13",
            "f.toml:6:1"
        ],
        "{problems:#?}"
    );
}

#[test]
fn a_slip_gets_the_right_word() {
    for (text, word) in [
        (format!("{GOOD}pyhtons = 3\n"), "did you mean pythons?"),
        (
            GOOD.replace("sqlite", "postgres17"),
            "did you mean postgresql17?",
        ),
        (GOOD.replace("newest", "newset"), "did you mean newest?"),
        (format!("isolation = \"cel\"\n{GOOD}"), "did you mean cell?"),
        (
            format!("extends = \"qiuck\"\n{GOOD}"),
            "did you mean quick?",
        ),
        (
            format!("variants = [\"fsat\"]\n{GOOD}[variant.fast]\n"),
            "did you mean fast?",
        ),
        (
            format!("branches = \"supported\"\n{GOOD}"),
            "did you mean supported-branches?",
        ),
        (
            format!("{GOOD}[releases]\npostgres = []\n"),
            "did you mean postgresql?",
        ),
    ] {
        let problem = only_problem(&text);
        assert!(problem.contains(word), "{problem}");
    }
}

#[test]
fn a_wrong_kind_of_value_is_named_with_its_key() {
    let problem = only_problem("pythons = 3.14\ndatabases = [\"sqlite\"]\n");
    assert!(problem.contains("pythons: this is a number"), "{problem}");
    assert!(problem.contains("in quotes"), "{problem}");
}

#[test]
fn what_cannot_exist_is_refused_and_a_table_of_ones_own_allows_it() {
    let problem = only_problem(&GOOD.replace("sqlite", "postgresql99"));
    assert!(
        problem.contains("the newest known is postgresql18"),
        "{problem}"
    );
    let text = format!(
        "{}[releases]\npostgresql = [\"99\"]\n",
        GOOD.replace("sqlite", "postgresql99")
    );
    read(&text).expect("it exists by the file's own word");
    let problem = only_problem(&GOOD.replace("\"newest\"", "\"3.99\""));
    assert!(problem.contains("3.8 to 3."), "{problem}");
}

#[test]
fn an_exclude_without_a_reason_is_refused() {
    for rule in [
        "[[exclude]]\npython = \"3.8\"\n",
        "[[exclude]]\npython = \"3.8\"\nreason = \" \"\n",
    ] {
        let problem = only_problem(&format!("{GOOD}{rule}"));
        assert!(problem.contains("needs a reason"), "{problem}");
    }
}

#[test]
fn repetitions_and_contradictions_show_both_places() {
    let exclude = "[[exclude]]\npython = \"3.9\"\nreason = \"r\"\n";
    for text in [
        "pythons = [\"3.9\", \"3.9\"]\ndatabases = \"sqlite\"\n".to_owned(),
        format!("{GOOD}{exclude}{exclude}"),
        format!("{GOOD}{exclude}[[include]]\npython = \"3.9\"\n"),
        format!("{GOOD}[[expect]]\ncells = 3\n[[expect]]\ncells = 4\n"),
        format!("{GOOD}[[expect]]\ncell = \"*\"\n[[expect]]\ncell = \"*\"\n"),
    ] {
        let problems = read(&text).expect_err("twice");
        assert_eq!(problems.0.len(), 1, "{problems}");
        assert!(problems.0[0].other.is_some(), "{problems}");
    }
}

#[test]
fn a_broken_glob_is_an_error_at_its_place() {
    let problem = only_problem(&format!("branches = [\"stable/[\"]\n{GOOD}"));
    assert!(problem.starts_with("f.toml:1:13:"), "{problem}");
}

#[test]
fn rules_that_say_nothing_are_refused() {
    for (rule, word) in [
        ("[[exclude]]\nreason = \"r\"\n", "every cell"),
        ("[[include]]\nbranch = \"main\"\n", "adds nothing"),
        ("[[expect]]\nbranch = \"main\"\n", "says one thing"),
        ("[[expect]]\ncell = \"*\"\ncells = 3\n", "says one thing"),
        ("exclude = 3\n", "[[exclude]]"),
    ] {
        let text = if rule.starts_with("exclude") {
            format!("{rule}{GOOD}")
        } else {
            format!("{GOOD}{rule}")
        };
        let problem = only_problem(&text);
        assert!(problem.contains(word), "{problem}");
    }
}

#[test]
fn a_file_says_only_what_differs_from_the_one_it_extends() {
    let spec = read("extends = \"base.toml\"\ndatabases = \"mariadb:max\"\n").expect("valid");
    assert_eq!(spec.databases[0].value.to_string(), "mariadb:max");
    assert_eq!(spec.pythons[0].place.to_string(), "base.toml:1");
    assert_eq!(&*spec.excludes[0].reason, "old");
    let shipped = read("extends = \"django\"\npythons = \"3.14\"\n").expect("valid");
    assert!(shipped.databases.len() > 1);
    assert!(shipped.expects.is_empty(), "its expectations are its own");
}

#[test]
fn the_releases_of_the_child_outweigh_those_of_the_file_it_extends() {
    let read = |child: &str, parent: &str| {
        let parent = format!("{GOOD}[releases]\npostgresql = {parent}\n");
        let file = MatrixText::new("f.toml", child);
        let load = |_: &std::path::Path| Ok(parent.clone());
        parse(&file, &Releases::shipped(), &load)
    };
    let of = |spec: Spec| -> Vec<String> {
        let known = spec.releases.of(crate::model::DatabaseKind::Postgresql);
        known.iter().map(ToString::to_string).collect()
    };
    let child = "extends = \"base.toml\"\n[releases]\npostgresql = [\"18\"]\n";
    assert_eq!(of(read(child, "[\"16\", \"17\"]").expect("valid")), ["18"]);
    let child = "extends = \"base.toml\"\ndatabases = \"postgresql30\"\n";
    assert_eq!(of(read(child, "[\"30\"]").expect("valid")), ["30"]);
}

#[test]
fn an_include_by_a_word_is_covered_by_no_glob_over_versions() {
    let rules = "[[exclude]]\npython = \"*t\"\nreason = \"r\"\n\
                 [[include]]\npython = \"newest\"\ndatabase = \"mysql8.4\"\n";
    read(&format!("{GOOD}{rules}")).expect("newest is no free-threaded Python");
}

#[test]
fn settings_are_json_dates_included() {
    let text = format!(
        "{GOOD}[variant.v]\nsettings = {{ DAY = 2026-01-01, DEEP = [1.5, {{ a = true }}] }}\n"
    );
    let settings = read(&text).expect("valid").definitions[0]
        .change
        .settings
        .clone();
    assert_eq!(settings["DAY"], "2026-01-01");
    assert_eq!(settings["DEEP"], serde_json::json!([1.5, { "a": true }]));
}

#[test]
fn what_the_author_typed_is_told_as_it_was_typed() {
    let problem = only_problem(&format!("{GOOD}[[expect]]\ncells = \"bitmap\"\n"));
    assert!(problem.contains("\"bitmap\""), "{problem}");
}

#[test]
fn a_file_that_extends_itself_is_told_so() {
    let problem = only_problem(&format!("extends = \"loop.toml\"\n{GOOD}"));
    assert!(problem.contains("extends itself"), "{problem}");
    let problem = only_problem(&format!("extends = \"f.toml\"\n{GOOD}"));
    assert!(problem.starts_with("f.toml:1:11"), "{problem}");
}

#[test]
fn what_no_file_of_the_chain_says_is_missed() {
    let problems = problems("description = \"nothing\"\n");
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].contains("pythons is missing"), "{problems:#?}");
}

#[test]
fn every_error_of_syntax_is_told_with_its_line() {
    let problems = problems("pythons = newest\ndatabases = [\"sqlite\"\nx = \n");
    assert!(problems[0].starts_with("f.toml:1:"), "{problems:#?}");
    assert!(problems.len() > 1, "{problems:#?}");
}

#[test]
fn a_variant_says_what_it_changes_and_where_it_makes_sense() {
    let text = format!(
        "variants = [\"plain\", \"server-side\"]\n{GOOD}[variant.server-side]\n\
         database = \"postgresql*\"\ndatabase-options = {{ server_side_binding = true }}\n\
         environment = {{ A = \"1\" }}\nflags = [\"--shuffle\"]\npython-flags = []\n"
    );
    let spec = read(&text).expect("valid");
    let variant = &spec.definitions[0];
    assert_eq!(&*variant.name, "server-side");
    assert_eq!(variant.change.database_options["server_side_binding"], true);
    assert_eq!(variant.change.python_flags.as_deref(), Some([].as_slice()));
    assert!(variant.only.database.is_some());
    let problem = only_problem(&format!("{GOOD}[variant.plain]\n"));
    assert!(problem.contains("cannot be the name"), "{problem}");
}
