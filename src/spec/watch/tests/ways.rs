use super::super::{Encryption, Github, Secret, Telling, Way};
use super::*;

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

fn smtp(rest: &str) -> String {
    format!("{MAIL}smtp = \"smtp://example.org\"\n{rest}")
}

/// That each is told at its place, with these words and no secret.
#[track_caller]
fn are_wrong(cases: &[(String, &str, &str)]) {
    for (lines, place, words) in cases {
        are_told(problem_of_notice, &[(lines, place, words)]);
        assert!(!problem_of_notice(lines).contains("hunter2"), "{lines}");
    }
}

#[test]
fn what_is_wrong_with_a_mail_is_told_where_it_is() {
    are_wrong(&[
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
    ]);
}

#[test]
fn what_is_wrong_with_another_way_is_told_where_it_is() {
    let github = |rest: &str| format!("github = \"me/d\"\ntoken = {{ secret = \"t\" }}\n{rest}");
    are_wrong(&[
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
        (
            "irc = \"irc://example.org/#a\"\naccount = \"me\"\npassword = { secret = \"x\" }\n"
                .to_owned(),
            "7:12",
            "others can read",
        ),
        (github("on = \"trouble\"\n"), "7:6", "about no commit"),
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
    ]);
}
