//! `djbuild config`, completions and manual pages through the real binary.

mod common;

use std::fs;

use common::{User, shell};

#[test]
fn a_flag_outweighs_a_variable_and_that_the_file_and_that_the_default() {
    let user = User::new();
    let file = user.folder().join("config.toml");
    fs::write(
        &file,
        "jobs = 2\nquiet = true\ndatabase = [\"sqlite\", \"mysql\"]\n",
    )
    .expect("a file");
    let show = |more: &[(&str, &str)]| {
        let mut command = user.djbuild(&["config", "--show-origin"]);
        command
            .env("DJBUILD_CONFIG", &file)
            .envs(more.iter().copied());
        let output = command.output().expect("djbuild starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let line = |text: &str, name: &str| {
        let found = text.lines().find(|line| line.starts_with(name));
        found.expect(name).to_owned()
    };
    let shown = show(&[]);
    assert!(line(&shown, "jobs").contains("\"2\""), "{shown}");
    assert!(line(&shown, "jobs").ends_with("config.toml:1"), "{shown}");
    assert!(
        line(&shown, "database").contains("[\"sqlite\", \"mysql\"]"),
        "{shown}"
    );
    assert!(line(&shown, "quiet =").contains("true"), "{shown}");
    assert!(line(&shown, "timeout").ends_with("# default"), "{shown}");
    let shown = show(&[("DJBUILD_JOBS", "3")]);
    assert!(line(&shown, "jobs").contains("\"3\""), "{shown}");
    assert!(line(&shown, "jobs").ends_with("DJBUILD_JOBS"), "{shown}");
}

#[test]
fn a_wrong_value_is_told_with_where_it_is_from_whatever_the_command() {
    let user = User::new();
    let file = user.folder().join("config.toml");
    fs::write(&file, "quiet = true\ncolor = \"blue\"\n").expect("a file");
    let mut command = user.djbuild(&["matrix", "--list"]);
    command
        .env("DJBUILD_CONFIG", &file)
        .env("DJBUILD_JOBS", "four");
    let output = command.output().expect("djbuild starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("config.toml:2: color: \"blue\""),
        "{stderr}"
    );
    assert!(stderr.contains("DJBUILD_JOBS: jobs: \"four\""), "{stderr}");
    let mut command = user.djbuild(&["config"]);
    let output = command.env("DJBUILD_CONFIG", "/nope.toml").output();
    let output = output.expect("djbuild starts");
    assert_ne!(
        output.status.code(),
        Some(0),
        "a file that is named has to be there"
    );
}

#[test]
fn an_empty_variable_is_told_by_its_name() {
    let user = User::new();
    let output = user.djbuild(&["config"]).env("DJBUILD_QUIET", "").output();
    let output = output.expect("djbuild starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("DJBUILD_QUIET"), "{stderr}");
}

#[test]
fn a_full_disk_is_no_success() {
    let user = User::new();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("a device");
    let status = user.djbuild(&["schema"]).stdout(full).status();
    assert_eq!(status.expect("djbuild starts").code(), Some(3));
}

#[test]
fn what_is_configured_is_what_a_command_takes() {
    let user = User::new();
    let file = user.folder().join("config.toml");
    let source = format!("pypi:Django=={}", common::DJANGO);
    fs::write(
        &file,
        format!("source = {source:?}\ndatabase = \"mariadb11.8\"\n"),
    )
    .expect("a file");
    let list = |more: &[&str]| {
        let words = [&["matrix", "--format", "list"], more].concat();
        let mut command = user.djbuild(&words);
        let output = command
            .env("DJBUILD_CONFIG", &file)
            .output()
            .expect("djbuild starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(list(&[]), "6.1.3-python3.15-mariadb11.8\n");
    assert_eq!(list(&["-d", "sqlite"]), "6.1.3-python3.15-sqlite\n");
}

#[test]
fn a_wrong_line_of_the_file_is_shown_and_nothing_is_done() {
    let user = User::new();
    let file = user.folder().join("config.toml");
    fs::write(&file, "job = 2\n").expect("a file");
    let output = user
        .djbuild(&["config"])
        .env("DJBUILD_CONFIG", &file)
        .output()
        .expect("djbuild starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("config.toml:1:1"), "{stderr}");
    assert!(stderr.contains("did you mean jobs?"), "{stderr}");
}

/// What a shell is offered after these words.
fn offered(user: &User, words: &[&str]) -> String {
    let mut all = vec!["--", "djbuild"];
    all.extend(words);
    let index = (words.len()).to_string();
    let output = user
        .djbuild(&all)
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", index)
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "true")
        .env("_CLAP_IFS", "\n")
        .output()
        .expect("djbuild starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn shells_are_offered_words_that_exist() {
    let user = User::new();
    let databases = offered(&user, &["run", "--database", "postgresql1"]);
    assert!(databases.contains("postgresql17"), "{databases}");
    let commands = offered(&user, &["ma"]);
    assert!(commands.contains("matrix"), "{commands}");
    let matrices = offered(&user, &["run", "-m", "dj"]);
    assert_eq!(matrices.trim(), "django");
}

#[test]
fn the_scripts_for_shells_and_the_manual_pages_are_well_formed() {
    let user = User::new();
    let script = user.run(&["completions", "bash"]);
    script.exits_with(0);
    let path = user.folder().join("djbuild.bash");
    fs::write(&path, &script.stdout).expect("a file");
    shell(&format!("bash -n {}", path.display()));

    let pages = user.folder().join("man");
    user.run(&["man", "--out", "man"]).exits_with(0);
    for page in ["djbuild.1", "djbuild-run.1", "djbuild-images-prune.1"] {
        let text = fs::read_to_string(pages.join(page)).expect(page);
        assert!(text.contains(".SH NAME"), "{page}");
    }
}

#[test]
fn every_command_has_help_with_its_options() {
    let user = User::new();
    for command in [
        "run", "matrix", "init", "doctor", "images", "clean", "config", "man",
    ] {
        let help = user.run(&["help", command]);
        help.exits_with(0);
        assert!(
            help.stdout.contains("Usage: djbuild"),
            "{command}: {}",
            help.stdout
        );
    }
    let schema = user.run(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.stdout).expect("JSON");
    assert_eq!(schema["title"], "djbuild matrix file");
}
