use super::super::{Encryption, Github, Secret, Shape, Telling, Way};
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
    assert_eq!(it.on, [Telling::Red, Telling::Fixed, Telling::Trouble]);
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

const MAIL: &str = "mail = \"a@example.org\"\nfrom = \"d <d@example.org>\"\n";

#[test]
fn a_mail_is_encrypted_unless_it_stays_here_or_somebody_says_so() {
    let read = |lines: &str| match receiver(&format!("{MAIL}{lines}")).way {
        Way::Mail(mail) => (mail.server.port, mail.encryption),
        other => panic!("{other:?}"),
    };
    for (lines, expected) in [
        (
            "smtp = \"smtp://example.org\"\n",
            (587, Encryption::Starttls),
        ),
        (
            "smtp = \"smtps://example.org\"\n",
            (465, Encryption::AtOnce),
        ),
        ("smtp = \"smtp://localhost:25\"\n", (25, Encryption::None)),
        ("smtp = \"smtp://[::1]:25\"\n", (25, Encryption::None)),
        (
            "smtp = \"smtp://127.0.0.1\"\nencryption = \"required\"\n",
            (587, Encryption::Starttls),
        ),
        (
            "smtp = \"smtp://example.org:25\"\nencryption = \"none\"\n",
            (25, Encryption::None),
        ),
    ] {
        assert_eq!(read(lines), expected, "{lines}");
    }
}

#[test]
fn a_channel_is_what_follows_the_server() {
    let read = |address: &str| match receiver(&format!("irc = \"{address}\"\n")).way {
        Way::Irc(irc) => (irc.server.port, irc.is_encrypted, irc.channel, irc.nick),
        other => panic!("{other:?}"),
    };
    let nick = "djbuild".to_owned();
    let expected = (6697, true, "#django-dev".to_owned(), nick.clone());
    assert_eq!(read("ircs://example.org/#django-dev"), expected);
    let expected = (7000, false, "##a".to_owned(), nick);
    assert_eq!(read("irc://example.org:7000/%23%23a"), expected);
}

#[test]
fn github_hears_of_every_run_unless_it_is_told_otherwise() {
    let it = receiver("github = \"me/django\"\ntoken = { secret = \"github\" }\n");
    assert_eq!(it.on, [Telling::Every]);
    let github = Github {
        repository: "me/django".to_owned(),
        token: Secret::Named("github".to_owned()),
        api: "https://api.github.com".to_owned(),
    };
    assert_eq!(it.way, Way::Github(github));
    assert_eq!(receiver("desktop = true\n").way, Way::Desktop);
}

#[test]
fn what_is_wrong_with_a_way_is_told_where_it_is() {
    let smtp = |rest: &str| format!("{MAIL}smtp = \"smtp://example.org\"\n{rest}");
    let github = |rest: &str| format!("github = \"me/d\"\ntoken = {{ secret = \"t\" }}\n{rest}");
    for (lines, place, words) in [
        (
            "mail = []\n".to_owned() + &smtp("")[MAIL.find('\n').map_or(0, |at| at + 1)..],
            "5:8",
            "for nobody",
        ),
        (MAIL.to_owned(), "3:1", "needs a server"),
        (
            "mail = \"a@example.org\"\nsmtp = \"smtps://h\"\n".to_owned(),
            "3:1",
            "needs from",
        ),
        (
            smtp("").replace("\"a@", "\"a b@"),
            "5:8",
            "no address of mail",
        ),
        (smtp("").replace("<d@", "<d"), "6:8", "no sender of mail"),
        (
            smtp("").replace("smtp://", "http://"),
            "7:8",
            "names no server",
        ),
        (
            smtp("").replace("smtp://", "smtp://me:pw@"),
            "7:8",
            "a secret in this",
        ),
        (
            smtp("encryption = \"nonne\"\n"),
            "8:14",
            "did you mean none?",
        ),
        (
            smtp("encryption = \"none\"\n").replace("smtp://", "smtps://"),
            "8:14",
            "smtps:// has said",
        ),
        (smtp("user = \"me\"\n"), "8:8", "user goes with password"),
        (
            smtp("password = { secret = \"x\" }\n"),
            "8:12",
            "password goes with user",
        ),
        (
            smtp("user = \"me\"\npassword = \"hunter2\"\n"),
            "9:12",
            "a password is a secret",
        ),
        (smtp("nick = \"x\"\n"), "8:8", "nick does not go with mail"),
        (
            "irc = \"ircs://example.org\"\n".to_owned(),
            "5:7",
            "no channel",
        ),
        (
            "irc = \"ircs://example.org/#a,#b\"\n".to_owned(),
            "5:7",
            "no channel",
        ),
        (
            "irc = \"ircs://example.org/#a\"\nnick = \"7 of 9\"\n".to_owned(),
            "6:8",
            "no nick",
        ),
        ("github = \"me/d\"\n".to_owned(), "3:1", "needs a token"),
        (
            github("").replace("me/d", "https://github.com/me/d"),
            "5:10",
            "no repository",
        ),
        (
            github("api = \"http://example.org\"\n"),
            "7:7",
            "send a token to",
        ),
        ("desktop = false\n".to_owned(), "5:11", "tells nobody"),
        (
            "command = [\"x\"]\ntemplate = \"{{ }\"\n".to_owned(),
            "6:12",
            "syntax error",
        ),
        (
            "command = [\"x\"]\ntemplate = \"\"\"\none\n{% if %}\n\"\"\"\n".to_owned(),
            "8:1",
            "syntax error",
        ),
    ] {
        let problem = problem_of_notice(&lines);
        assert!(
            problem.starts_with(&format!("f.toml:{place}: ")),
            "{lines}: {problem}"
        );
        assert!(problem.contains(words), "{lines}: {problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}
