use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::{Secrets, send};
use super::*;
use crate::spec::{Account, Secret, Server, Way};

/// A server that answers some commands in words of its own, and what it heard.
fn server(words: &'static [(&'static str, &'static str)]) -> (Server, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a sender");
        hear(stream, words)
    });
    let server = Server {
        host: "127.0.0.1".to_owned(),
        port,
    };
    (server, heard)
}

fn hear(mut stream: TcpStream, words: &[(&str, &str)]) -> Vec<String> {
    let reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut answer = |text: &str| write!(stream, "{text}\r\n").is_ok();
    answer("220 here");
    let (mut heard, mut is_data) = (Vec::new(), false);
    for line in reader.lines() {
        let Ok(line) = line else { break };
        heard.push(line.clone());
        if is_data {
            if line == "." {
                is_data = false;
                answer("250 taken");
            }
            continue;
        }
        let own = words.iter().find(|(command, _)| line.starts_with(command));
        is_data = line == "DATA" && own.is_none();
        let usual = match line.get(..4).unwrap_or_default() {
            "EHLO" => "250-here\r\n250 AUTH PLAIN LOGIN",
            "DATA" => "354 go on",
            "AUTH" => "235 welcome",
            _ => "250 ok",
        };
        if !answer(own.map_or(usual, |(_, answer)| answer)) || line == "QUIT" {
            break;
        }
    }
    heard
}

fn mail(server: Server) -> Mail {
    Mail {
        to: ["a@example.org", "b@example.org"]
            .map(|to| to.parse().expect("an address"))
            .to_vec(),
        from: "djbuild <farm@example.org>".parse().expect("a sender"),
        server,
        encryption: Encryption::None,
        login: None,
    }
}

fn letter() -> Letter {
    Letter {
        id: "request 7 for team".to_owned(),
        receiver: "team".to_owned(),
        headline: "main at 0123456789: fixed: every postgresql17".to_owned(),
        text: "Füür\n.\nQUIT\n".to_owned(),
        json: "{}".to_owned(),
        threads: vec!["a".to_owned(), "b".to_owned()],
        ..Letter::default()
    }
}

fn header(heard: &[String], name: &str) -> String {
    // Long ones are folded.
    let whole = heard.join("\n").replace("\n ", " ");
    let lines = whole.lines().filter_map(|line| line.split_once(": "));
    let mut found = lines.filter(|(known, _)| *known == name);
    let (_, value) = found.next().unwrap_or_else(|| panic!("{name}: {heard:#?}"));
    assert!(found.next().is_none(), "{name} twice: {heard:#?}");
    value.to_owned()
}

#[test]
fn a_mail_is_taken_by_each_and_told_apart_and_together_by_its_headers() {
    let (server, heard) = server(&[]);
    post(&mail(server), None, &letter()).expect("taken");
    let heard = heard.join().expect("heard");
    for command in ["MAIL FROM:<farm@example.org>", "RCPT TO:<a@example.org>"] {
        let starts = |line: &String| line.starts_with(command);
        assert!(heard.iter().any(starts), "{heard:#?}");
    }
    let id = header(&heard, "Message-ID");
    assert!(id.starts_with("<request-7-for-team."), "{id}");
    assert!(id.ends_with("@example.org>"), "{id}");
    assert_eq!(header(&heard, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&heard, "List-Id"), "<team.djbuild.example.org>");
    let reply = header(&heard, "In-Reply-To");
    let references = header(&heard, "References");
    assert!(references.ends_with(&reply), "{references}");
    assert_eq!(references.split(' ').count(), 2);
    // base64 of the text.
    let text = "RsO8w7xyDQouDQpRVUlUDQo=".to_owned();
    assert!(heard.contains(&text), "{heard:#?}");
    // A line of a dot alone would have been the end of it.
    assert_eq!(heard.last().map(String::as_str), Some("QUIT"));
}

#[test]
fn the_same_notice_has_the_same_id_and_another_has_another() {
    let (server, _) = server(&[]);
    let mail = mail(server);
    let id = |letter: &Letter| {
        let bytes = message::compose(&mail, letter).expect("a mail");
        let text = String::from_utf8(bytes).expect("ASCII");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        header(&lines, "Message-ID")
    };
    assert_eq!(id(&letter()), id(&letter()));
    let other = Letter {
        json: "{\"repository\":\"another\"}".to_owned(),
        ..letter()
    };
    assert_ne!(id(&letter()), id(&other));
}

#[test]
fn nothing_of_a_subject_becomes_a_header() {
    let (server, _) = server(&[]);
    let mail = mail(server);
    for evil in [
        "x\r\nBcc: evil@example.org",
        "x\nBcc: evil",
        "x\rBcc: evil",
        "x\0\u{1b}[2J",
    ] {
        let letter = Letter {
            headline: evil.to_owned(),
            receiver: "team".to_owned(),
            id: evil.to_owned(),
            threads: vec![evil.to_owned()],
            ..letter()
        };
        let bytes = message::compose(&mail, &letter).expect("a mail");
        let text = String::from_utf8(bytes).expect("ASCII");
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        assert!(!head.contains("\r\nBcc"), "{head}");
        assert!(
            !head.replace("\r\n", "").contains(char::is_control),
            "{head:?}"
        );
    }
}

#[test]
fn what_a_server_refuses_for_good_is_not_tried_again_and_what_it_may_take_later_is() {
    for (command, answer, is_for_good) in [
        ("MAIL", "550 5.7.1 not you", true),
        ("MAIL", "451 4.3.0 busy", false),
        ("RCPT", "550 5.1.1 nobody", true),
        ("RCPT", "450 4.2.0 greylisted", false),
        ("DATA", "554 5.6.0 spam", true),
        ("DATA", "452 4.3.1 full", false),
        ("EHLO", "421 4.3.2 going down", false),
    ] {
        let words: &'static [_] = Vec::leak(vec![(command, answer)]);
        let (server, heard) = server(words);
        let error = post(&mail(server), None, &letter()).expect_err(answer);
        assert_eq!(
            matches!(error, NotifyError::Never(_)),
            is_for_good,
            "{error}"
        );
        assert!(error.to_string().contains(&answer[..3]), "{error}");
        heard.join().expect("the server ends");
    }
}

#[test]
fn who_is_unknown_keeps_it_from_nobody_and_is_told() {
    let (server, heard) = server(&[("RCPT TO:<b@", "550 5.1.1 nobody of that name")]);
    let error = post(&mail(server), None, &letter()).expect_err("b");
    assert!(matches!(error, NotifyError::Never(_)), "{error:?}");
    assert!(error.to_string().contains("b@example.org"), "{error}");
    assert!(error.to_string().contains("the others have it"), "{error}");
    let heard = heard.join().expect("heard");
    assert!(heard.contains(&"DATA".to_owned()), "{heard:#?}");
}

#[test]
fn who_may_be_known_later_has_nobody_get_it_twice() {
    let (server, heard) = server(&[("RCPT TO:<b@", "450 4.2.0 greylisted")]);
    let error = post(&mail(server), None, &letter()).expect_err("b");
    assert!(matches!(error, NotifyError::Later(_)), "{error:?}");
    let heard = heard.join().expect("heard");
    assert!(!heard.contains(&"DATA".to_owned()), "{heard:#?}");
}

fn with_password(mail: Mail) -> (Mail, tempfile::TempDir, Secrets) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("secrets.toml");
    std::fs::write(&file, "smtp = \"PLANTED-SECRET\"\n").expect("writable");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("ours");
    let login = Account {
        user: "farm".to_owned(),
        password: Secret::Named("smtp".to_owned()),
    };
    let mail = Mail {
        login: Some(login),
        ..mail
    };
    let secrets = Secrets::find(Some(folder.path()));
    (mail, folder, secrets)
}

#[test]
fn a_password_is_said_to_the_server_and_to_nobody_who_reads_what_it_answers() {
    // base64 of "\0farm\0PLANTED-SECRET".
    let answer = "535 no: AGZhcm0AUExBTlRFRC1TRUNSRVQ= and PLANTED-SECRET";
    let words: &'static [_] = Vec::leak(vec![("AUTH", answer)]);
    let (server, heard) = server(words);
    let (mail, _folder, secrets) = with_password(mail(server));
    let error = send(&Way::Mail(mail), &letter(), &secrets).expect_err("refused");
    assert!(matches!(error, NotifyError::Unwelcome(_)), "{error:?}");
    let error = format!("{error} {error:?}");
    assert!(error.contains("logging in"), "{error}");
    for part in ["PLANTED", "SECRET", "UExBTlRFRC1TRUNSRVQ", "TlRFRC1T"] {
        assert!(!error.contains(part), "{error}");
    }
    let heard = heard.join().expect("heard").join("\n");
    assert!(heard.contains("AGZhcm0AUExBTlRFRC1TRUNSRVQ="), "{heard}");
}

#[test]
fn nothing_is_said_in_the_clear_that_was_to_be_encrypted() {
    let (server, heard) = server(&[]);
    let (mail, _folder, secrets) = with_password(mail(server));
    let mail = Mail {
        encryption: Encryption::Starttls,
        ..mail
    };
    let error = send(&Way::Mail(mail), &letter(), &secrets).expect_err("refused");
    assert!(error.to_string().contains("STARTTLS"), "{error}");
    let heard = heard.join().expect("heard");
    let is_secret = |line: &String| line.starts_with("AUTH") || line.starts_with("MAIL");
    assert!(!heard.iter().any(is_secret), "{heard:#?}");
}

#[test]
fn a_server_that_hangs_or_drips_is_left() {
    for drips in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a sender");
            let until = Instant::now() + Duration::from_secs(20);
            while Instant::now() < until {
                std::thread::sleep(Duration::from_millis(50));
                if drips && stream.write_all(b"2").is_err() {
                    break;
                }
            }
        });
        let host = "127.0.0.1".to_owned();
        let begun = Instant::now();
        let mail = mail(Server { host, port });
        let error = post_within(Duration::from_secs(1), &mail, None, &letter()).expect_err("hangs");
        assert!(matches!(error, NotifyError::Later(_)), "{error:?}");
        assert!(error.to_string().contains("within 1 s"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
