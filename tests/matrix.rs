//! `djbuild matrix` through the real binary; it needs no container engine.

mod common;

use std::fs;

use common::{DJANGO, User};

#[test]
fn what_would_run_is_shown_without_a_container_engine() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    let output = user
        .djbuild(&[
            "matrix", "--matrix", "django", "--source", &source, "--python", "3.1[34]",
        ])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .expect("djbuild starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(stdout.contains("postgresql15"), "{stdout}");
    assert!(stdout.contains("mariadb10.11"), "{stdout}");
    assert!(!stdout.contains("postgresql14"), "{stdout}");
    assert!(stdout.contains("cells to run, none left out"), "{stdout}");
}

#[test]
fn what_is_left_out_cites_the_line_of_the_checkout() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    let ran = user.run(&[
        "matrix",
        "--source",
        &source,
        "--python",
        "3.9",
        "--database",
        "postgresql13",
    ]);
    ran.exits_with(0);
    assert!(
        ran.stdout
            .contains("supports Python 3.12 to 3.15 (pyproject.toml:"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_checkout_is_found_and_taken_as_it_is_on_disk() {
    let user = User::new();
    let checkout = user.checkout();
    let ran = user.run_in(&checkout.join("tests/basic"), &["matrix"]);
    ran.exits_with(0);
    assert!(ran.stdout.starts_with("main at "), "{}", ran.stdout);
    assert!(ran.stdout.contains("as it is on disk"), "{}", ran.stdout);
}

#[test]
fn mistakes_are_told_with_their_place_and_exit_with_two() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    let file = user.folder().join("mine.toml");
    fs::write(
        &file,
        "pythons = \"newest\"\ndatabases = [\"postgres17\"]\n",
    )
    .expect("a file");
    let cases: [(&[&str], &str); 11] = [
        (&["--matrix", "mine.toml"], "mine.toml:2:"),
        (&["--matrix", "absent"], "quick and django"),
        (&["--matrix", "quikc"], "did you mean quick?"),
        (&["--database", "postgres17"], "did you mean postgresql17?"),
        (
            &["--database", "postgresql99"],
            "newest known is postgresql18",
        ),
        (&["--database", "maria*"], "there are sqlite, postgresql18"),
        (&["--variant", "fast"], "variant"),
        (&["--explain", "nothing"], "no cell is called so"),
        (&["--python", "python3"], "expected 3.13"),
        (&["--source", "pypi:flask"], "only Django can be tested"),
        (&["--source", "."], "it has no .git"),
    ];
    for (words, message) in cases {
        let mut all = vec!["matrix"];
        all.extend(words);
        if !words.contains(&"--source") {
            all.extend(["--source", &source]);
        }
        let ran = user.run(&all);
        assert!(ran.stderr.contains(message), "{words:?}: {}", ran.stderr);
        ran.exits_with(2);
    }
}

#[test]
fn the_matrices_that_come_with_djbuild_are_listed() {
    let ran = User::new().run(&["matrix", "--list"]);
    ran.exits_with(0);
    assert!(ran.stdout.starts_with("quick "), "{}", ran.stdout);
}

fn listed(user: &User, words: &[&str]) -> Vec<String> {
    let source = format!("pypi:Django=={DJANGO}");
    let mut all = vec!["matrix", "--format", "list", "--source", &source];
    all.extend(words);
    let ran = user.run(&all);
    ran.exits_with(0);
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn cells_are_listed_for_programs_in_each_format() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    assert_eq!(
        listed(&user, &[]),
        ["6.1.3-python3.15-sqlite", "6.1.3-python3.15-postgresql18"]
    );
    let json = user.run(&["matrix", "--format", "json", "-s", &source, "-p", "3.9"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["left_out"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["revisions"][0]["source"], source.as_str());
    let github = user.run(&["matrix", "--format", "github", "-s", &source]);
    assert_eq!(
        github.stdout.lines().count(),
        1,
        "an output of a step is one line"
    );
    let github: serde_json::Value = serde_json::from_str(&github.stdout).expect("JSON");
    assert_eq!(github["include"][1]["database"], "postgresql18");
}

#[test]
fn fewer_cells_may_be_asked_for() {
    let user = User::new();
    let all = listed(&user, &["-m", "django"]);
    assert_eq!(all.len(), 40);
    assert_eq!(
        listed(&user, &["-m", "django", "--cover", "each"]).len(),
        10
    );
    // Nothing was recorded: a cell on SQLite is thought to take ten minutes.
    let budget = [
        "-m", "django", "-d", "sqlite", "--budget", "25m", "--jobs", "1",
    ];
    assert_eq!(listed(&user, &budget).len(), 2);
}

#[test]
fn a_cell_is_explained_with_the_lines_that_decide_on_it() {
    let user = User::new();
    let source = format!("pypi:Django=={DJANGO}");
    let explain = |cell: &str| {
        let ran = user.run(&["matrix", "-s", &source, "--explain", cell]);
        ran.exits_with(0);
        ran.stdout
    };
    let runs = explain("6.1.3-python3.15-postgresql18");
    assert!(
        runs.starts_with("6.1.3-python3.15-postgresql18 runs\n"),
        "{runs}"
    );
    assert!(
        runs.contains("asked for by postgresql:max (quick:"),
        "{runs}"
    );
    assert!(
        runs.contains("django/db/backends/postgresql/features.py:"),
        "{runs}"
    );
    let absent = explain("6.1.3-python3.9-mysql8.0");
    assert!(
        absent.contains("supports Python 3.12 to 3.15 (pyproject.toml:"),
        "{absent}"
    );
}

#[test]
fn a_checkout_of_a_shape_not_known_is_an_error_with_its_line() {
    let user = User::new();
    let checkout = user.checkout();
    let features = checkout.join("django/db/backends/postgresql/features.py");
    let text = fs::read_to_string(&features).expect("Django's");
    fs::write(
        &features,
        text.replace(
            "minimum_database_version = (",
            "minimum_database_version = f(",
        ),
    )
    .expect("writable");
    let ran = user.run_in(&checkout, &["matrix"]);
    ran.exits_with(2);
    assert!(
        ran.stderr.contains("postgresql/features.py:"),
        "{}",
        ran.stderr
    );
}

#[test]
fn every_problem_of_a_matrix_file_is_shown_with_its_line() {
    let user = User::new();
    let text = "pyhtons = 3\npythons = \"newest\"\ndatabases = [\"postgres17\"]\n[[exclude]]\npython = \"3.9\"\n";
    fs::write(user.folder().join("bad.toml"), text).expect("a file");
    let ran = user.run(&["matrix", "-m", "bad.toml"]);
    ran.exits_with(2);
    for part in [
        "bad.toml:1:1",
        "bad.toml:3:14",
        "bad.toml:4:1",
        "^^^^^^^",
        "3 problems",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
}

#[test]
fn the_shipped_matrices_are_what_they_say_on_each_django() {
    let user = User::new();
    for matrix in ["quick", "django"] {
        let ran = user.run(&[
            "matrix",
            "--check",
            "-m",
            matrix,
            "-s",
            "pypi:Django==5.2.19",
            "-s",
            "pypi:Django==6.0.10",
            "-s",
            "pypi:Django==6.1.3",
        ]);
        ran.exits_with(0);
        assert!(ran.stdout.contains("held"), "{}", ran.stdout);
        assert!(!ran.stdout.contains("absent"), "{}", ran.stdout);
    }
}

#[test]
fn an_expectation_that_does_not_hold_fails_the_check() {
    let user = User::new();
    let text = "extends = \"quick\"\n[[expect]]\ncells = 7\n[[exclude]]\npython = \"3.7\"\nreason = \"r\"\n";
    fs::write(user.folder().join("mine.toml"), text).expect("a file");
    let source = format!("pypi:Django=={DJANGO}");
    let ran = user.run(&["matrix", "-m", "mine.toml", "--check", "-s", &source]);
    ran.exits_with(2);
    assert!(
        ran.stdout
            .contains("BROKEN  7 cells (mine.toml:2): 6.1.3 has 2 cells"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("IDLE    mine.toml:4"), "{}", ran.stdout);
}
