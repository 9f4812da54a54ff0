use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use super::*;
use crate::spec::{Account, Secret, Server};

/// A server that answers some commands in words of its own, and what it heard.
fn server(words: &'static [(&'static str, &'static str)]) -> (Irc, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a visitor");
        hear(stream, words)
    });
    let irc = Irc {
        server: Server {
            host: "127.0.0.1".to_owned(),
            port,
        },
        is_encrypted: false,
        channel: "#django".to_owned(),
        nick: "djbuild".to_owned(),
        login: None,
    };
    (irc, heard)
}

fn hear(mut stream: TcpStream, words: &[(&str, &str)]) -> Vec<String> {
    let reader = BufReader::new(stream.try_clone().expect("a socket"));
    let (mut heard, mut nick, mut user) = (Vec::new(), String::new(), false);
    for line in reader.lines() {
        let Ok(line) = line else { break };
        heard.push(line.clone());
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let own = words.iter().find(|(own, _)| line.starts_with(own));
        let welcome = |nick: &str| format!("PING :x\r\n:here 001 {nick} :welcome");
        let answer = match (command, own) {
            (_, Some((_, answer))) => answer.replace("{nick}", &nick),
            ("NICK", None) => {
                rest.clone_into(&mut nick);
                if user { welcome(&nick) } else { String::new() }
            }
            ("USER", None) => {
                user = true;
                let asks = heard.iter().any(|line| line.starts_with("CAP"));
                if asks { String::new() } else { welcome(&nick) }
            }
            ("CAP", None) if rest == "END" => welcome(&nick),
            ("JOIN", None) => format!(":{nick}!~u@example.org JOIN {rest}"),
            ("PING", None) => format!(":here PONG here {rest}"),
            _ => String::new(),
        };
        if command == "QUIT" || (!answer.is_empty() && write!(stream, "{answer}\r\n").is_err()) {
            break;
        }
        if answer.starts_with("ERROR") {
            break;
        }
    }
    heard
}

fn letter(headline: &str) -> Letter {
    Letter {
        headline: headline.to_owned(),
        ..Letter::default()
    }
}

fn said(heard: &[String]) -> Vec<&str> {
    let lines = heard.iter();
    lines
        .filter_map(|line| line.strip_prefix("PRIVMSG #django :"))
        .collect()
}

#[test]
fn a_notice_is_said_in_the_channel_and_the_server_has_taken_it() {
    let (irc, heard) = server(&[]);
    post(&irc, None, &letter("main: failed")).expect("said");
    let heard = heard.join().expect("heard");
    assert_eq!(said(&heard), ["main: failed"]);
    assert!(heard.contains(&"PONG :x".to_owned()), "{heard:#?}");
    assert_eq!(heard.last().map(String::as_str), Some(FAREWELL));
}

#[test]
fn long_words_are_cut_into_lines_that_others_get_whole() {
    let (irc, heard) = server(&[]);
    post(&irc, None, &letter(&"Füür 🎉 ".repeat(120))).expect("said");
    let heard = heard.join().expect("heard");
    let lines = said(&heard);
    assert!(lines.len() > 2, "{heard:#?}");
    for line in &lines {
        let whole = format!(":djbuild!~u@example.org PRIVMSG #django :{line}");
        assert!(whole.len() <= LONGEST, "{} bytes", whole.len());
        assert!(line.starts_with('F') || line.starts_with('🎉'), "{line}");
    }
}

#[test]
fn a_notice_of_many_lines_is_said_slowly_and_not_for_ever() {
    let (irc, heard) = server(&[]);
    let text: String = (0..50).map(|number| format!("line {number}\n")).collect();
    let worded = Letter {
        worded: Some(text),
        ..Letter::default()
    };
    let begun = Instant::now();
    post(&irc, None, &worded).expect("said");
    let heard = heard.join().expect("heard");
    assert_eq!(said(&heard).len(), LINES);
    assert_eq!(said(&heard).last(), Some(&"… and 41 lines more"));
    assert!(begun.elapsed() >= PAUSE * 6);
}

#[test]
fn nothing_of_a_subject_is_a_command_or_a_colour() {
    let (irc, heard) = server(&[]);
    let evil = "x\r\nQUIT :bye\rJOIN #other\0\u{1}ACTION waves\u{1}\u{3}4red\u{2}";
    post(&irc, None, &letter(evil)).expect("said");
    let heard = heard.join().expect("heard");
    assert!(
        !heard.iter().any(|line| line.starts_with("JOIN #other")),
        "{heard:#?}"
    );
    let quits = heard.iter().filter(|line| line.starts_with("QUIT"));
    assert_eq!(quits.count(), 1, "{heard:#?}");
    assert!(!heard.concat().contains(char::is_control), "{heard:#?}");
}

#[test]
fn a_nick_that_is_taken_is_tried_with_more_to_it() {
    let (irc, heard) = server(&[
        ("NICK djbuild_", ""),
        (
            "USER",
            ":here 433 * djbuild :in use\r\n:here 001 djbuild_ :welcome",
        ),
        ("JOIN", ":djbuild_!u@h JOIN #django"),
    ]);
    post(&irc, None, &letter("x")).expect("said");
    let heard = heard.join().expect("heard");
    assert!(heard.contains(&"NICK djbuild_".to_owned()), "{heard:#?}");
    assert_eq!(said(&heard), ["x"]);
    let (irc, heard) = server(&[("USER", ""), ("NICK", ":here 433 * {nick} :in use")]);
    let error = post(&irc, None, &letter("x")).expect_err("all taken");
    assert!(matches!(error, NotifyError::Later(_)), "{error:?}");
    heard.join().expect("heard");
}

#[test]
fn who_is_not_wanted_is_told_why_and_does_not_come_again_and_again() {
    for (command, answer, is_for_good) in [
        ("USER", "ERROR :Closing Link: you are K-Lined (spam)", true),
        (
            "USER",
            ":here 465 {nick} :You are banned from this server",
            true,
        ),
        ("USER", "ERROR :Closing Link: Reconnecting too fast", false),
        (
            "JOIN",
            ":here 474 {nick} #django :Cannot join channel (+b)",
            true,
        ),
        (
            "JOIN",
            ":here 471 {nick} #django :Cannot join channel (+l)",
            false,
        ),
        (
            "PRIVMSG",
            ":here 404 {nick} #django :Cannot send to channel",
            true,
        ),
        ("PRIVMSG", "ERROR :Ping timeout", false),
        ("PRIVMSG", "ERROR :*.net *.split", false),
    ] {
        let words: &'static [_] = Vec::leak(vec![(command, answer)]);
        let (irc, heard) = server(words);
        let error = post(&irc, None, &letter("x")).expect_err(answer);
        assert_eq!(
            !matches!(error, NotifyError::Later(_)),
            is_for_good,
            "{error:?}"
        );
        let (_, why) = answer.split_once(" :").unwrap_or(("", answer));
        assert!(error.to_string().contains(why), "{error}");
        heard.join().expect("heard");
    }
}

const SASL: &[(&str, &str)] = &[
    (
        "CAP LS",
        ":here CAP * LS * :multi-prefix\r\n:here CAP * LS :sasl=EXTERNAL,PLAIN batch",
    ),
    ("CAP REQ", ":here CAP {nick} ACK :sasl"),
    ("AUTHENTICATE PLAIN", "AUTHENTICATE +"),
    ("AUTHENTICATE", ":here 903 {nick} :welcome"),
];

fn with_login(irc: Irc) -> Irc {
    let login = Account {
        user: "farm".to_owned(),
        password: Secret::Named("irc".to_owned()),
    };
    Irc {
        login: Some(login),
        ..irc
    }
}

#[test]
fn an_account_is_shown_before_anything_is_said() {
    let (irc, heard) = server(SASL);
    post(&with_login(irc), Some("PLANTED-SECRET"), &letter("x")).expect("said");
    let heard = heard.join().expect("heard");
    let at = |text: &str| heard.iter().position(|line| line == text);
    let shown = at("AUTHENTICATE AGZhcm0AUExBTlRFRC1TRUNSRVQ=");
    assert!(shown.is_some() && shown < at("CAP END"), "{heard:#?}");
    assert!(at("CAP END") < at("JOIN #django"), "{heard:#?}");
}

#[test]
fn an_account_that_is_refused_is_told_without_its_password() {
    for words in [
        &[("CAP LS", ":here CAP * LS :multi-prefix")][..],
        &[("CAP LS", ":here 421 * CAP :Unknown command")][..],
        &[
            ("CAP LS", ":here CAP * LS :sasl"),
            ("CAP REQ", ":here CAP * ACK :sasl"),
            ("AUTHENTICATE PLAIN", "AUTHENTICATE +"),
            (
                "AUTHENTICATE",
                ":here 904 {nick} :no: PLANTED-SECRET AGZhcm0AUExBTlRFRC1TRUNSRVQ=",
            ),
        ][..],
    ] {
        let (irc, heard) = server(words);
        let sent = post(&with_login(irc), Some("PLANTED-SECRET"), &letter("x"));
        let error = sent
            .expect_err("refused")
            .hushed(&["PLANTED-SECRET".to_owned()]);
        assert!(matches!(error, NotifyError::Unwelcome(_)), "{error:?}");
        let error = format!("{error:?}");
        assert!(error.contains("SASL"), "{error}");
        assert!(
            !error.contains("PLANTED") && !error.contains("RFRC1TRU"),
            "{error}"
        );
        let heard = heard.join().expect("heard");
        assert_eq!(said(&heard), [""; 0]);
    }
}

#[test]
fn a_server_that_hangs_or_speaks_otherwise_is_left() {
    for speaks in [&b""[..], &b":"[..], &[b'x'; 12_000][..]] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (irc, _) = server(&[]);
        let irc = Irc {
            server: Server {
                port: listener.local_addr().expect("bound").port(),
                ..irc.server
            },
            ..irc
        };
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a visitor");
            for _ in 0..200 {
                if stream.write_all(speaks).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let begun = Instant::now();
        let error = post_within(Duration::from_secs(1), &irc, None, &letter("x"));
        let error = error.expect_err("hangs");
        assert!(matches!(error, NotifyError::Later(_)), "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
