use super::super::{Secret, Shape, Telling, Way};
use super::*;

#[test]
fn a_webhook_gets_json_that_is_not_signed_where_nothing_else_is_said() {
    let it = receiver("webhook = \"https://example.org/hook?wait=true\"\n");
    let way = Way::Webhook {
        url: Secret::Plain("https://example.org/hook?wait=true".to_owned()),
        shape: Shape::Json,
        key: None,
    };
    assert_eq!(it.way, way);
    assert_eq!(
        it.on,
        [
            Telling::Red,
            Telling::Fixed,
            Telling::Culprit,
            Telling::Trouble
        ]
    );
    assert!(it.branches.is_empty());
    assert!(
        receiver("command = [\"x\"]\nbranches = []\n")
            .branches
            .is_empty()
    );
}

#[test]
fn what_is_wrong_with_a_notice_is_told_where_it_is() {
    are_told(
        problem_of_notice,
        &[
            ("", "3:1", "how to tell it"),
            ("comand = [\"x\"]\n", "5:1", "did you mean command?"),
            ("command = \"x\"\n", "5:11", "command: this is"),
            ("command = []\n", "5:11", "no program"),
            ("command = [\"\"]\n", "5:12", "says nothing"),
            ("command = [\"x\", \"\\u0000\"]\n", "5:17", "no program"),
            ("webhook = 3\n", "5:11", "{ secret = \"NAME\" }"),
            (
                "webhook = \"ftp://example.org\"\n",
                "5:11",
                "address of the web",
            ),
            ("webhook = \"slack\"\n", "5:11", "{ secret = \"NAME\" }"),
            ("webhook = { secrt = \"x\" }\n", "5:13", "expected `secret`"),
            ("webhook = {}\n", "5:11", "secret"),
            ("webhook = { secret = \"../x\" }\n", "5:22", "no name"),
            ("webhook = { secret = \"..\" }\n", "5:22", "no name"),
            ("command = [\"x\"]\non = []\n", "6:6", "tells nobody"),
            (
                "command = [\"x\"]\non = \"redd\"\n",
                "6:6",
                "did you mean red?",
            ),
            (
                "command = [\"x\"]\non = [\"red\", \"red\"]\n",
                "6:14",
                "is there twice",
            ),
            (
                "command = [\"x\"]\nbranches = \"[\"\n",
                "6:12",
                "globs have",
            ),
        ],
    );
}

#[test]
fn secrets_do_not_stand_in_the_file() {
    for lines in [
        "webhook = \"https://me:pass@example.org/\"\n",
        "webhook = \"https://token@example.org/\"\n",
        "webhook = { secret = \"hook\" }\nkey = \"hunter2\"\n",
    ] {
        let problem = problem_of_notice(lines);
        assert!(problem.contains("{ secret = \"NAME\" }"), "{problem}");
        for secret in ["pass", "token", "hunter2"] {
            assert!(!problem.contains(secret), "{problem}");
        }
    }
}

#[test]
fn a_command_and_a_webhook_do_not_go_together() {
    for lines in [
        "webhook = \"https://example.org/\"\n",
        "shape = \"json\"\n",
        "key = { secret = \"k\" }\n",
    ] {
        let text = format!("{WATCH}[[watch.notice]]\nname = \"it\"\ncommand = [\"x\"]\n{lines}");
        let problems = read(&text).expect_err(lines).0;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].other.is_some(), "{problems:#?}");
    }
}

#[test]
fn two_notices_have_two_names() {
    let notice = "[[watch.notice]]\nname = \"a\"\ncommand = [\"x\"]\n";
    let problem = problem(&format!("{WATCH}{notice}{notice}"));
    assert!(
        problem.starts_with("f.toml:7:8: a is there twice"),
        "{problem}"
    );
    let scheduler = "[[watch.scheduler]]\nname = \"a\"\nbranches = \"main\"\n";
    watch(&format!("{WATCH}{notice}{scheduler}"));
}
