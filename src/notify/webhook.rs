use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Letter, NotifyError, PATIENCE};
use crate::model::{hex, redacted};
use crate::source::agent;
use crate::spec::Shape;

/// Posts a notice. Redirects are not followed: the address that was configured is meant.
pub fn post(
    url: &str,
    shape: Shape,
    key: Option<&str>,
    letter: &Letter,
) -> Result<(), NotifyError> {
    let body = body(shape, letter);
    let mut request = agent(PATIENCE)
        .post(url)
        .config()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .header("Content-Type", "application/json")
        .header("X-Djbuild-Notice", header(&letter.id));
    if let Some(key) = key {
        request = request.header("X-Hub-Signature-256", signature(key, &body));
    }
    // The address may be a secret, and errors cite it.
    let response = request
        .send(&body)
        .map_err(|error| NotifyError::Later(redacted(&error.to_string()).replace(url, "…")))?;
    match response.status().as_u16() {
        200..=299 => Ok(()),
        status @ (400 | 401 | 403 | 404 | 405 | 410 | 413) => {
            Err(NotifyError::Never(format!("the receiver answers {status}")))
        }
        status @ 300..=399 => Err(NotifyError::Never(format!(
            "the receiver answers {status}: name the address that it leads to"
        ))),
        status => Err(NotifyError::Later(format!("the receiver answers {status}"))),
    }
}

fn body(shape: Shape, letter: &Letter) -> String {
    let headline = &letter.headline;
    let body: Value = match shape {
        Shape::Json => return letter.json.clone(),
        // Of a subject, nothing is to become a mention or a link.
        Shape::Slack => json!({ "text": slack(headline) }),
        Shape::Discord => json!({
            "content": headline.chars().take(2000).collect::<String>(),
            "allowed_mentions": { "parse": [] },
        }),
        Shape::Matrix => json!({ "text": headline }),
    };
    body.to_string()
}

/// Slack's own three escapes (<https://api.slack.com/reference/surfaces/formatting>).
fn slack(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What a header may be: names of branches and receivers come from elsewhere.
fn header(text: &str) -> String {
    let known = |c: char| c.is_ascii_graphic() || c == ' ';
    text.chars().filter(|c| known(*c)).collect()
}

/// As GitHub signs: HMAC-SHA256 of the body, in hexadecimal.
fn signature(key: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(body.as_bytes());
    format!("sha256={}", hex(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "request 1 for team".to_owned(),
            headline: "main: <!channel> & @everyone".to_owned(),
            json: "{\"id\":\"request 1 for team\"}".to_owned(),
        }
    }

    /// A receiver that answers once, and what it was sent.
    fn receiver(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
        let got = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a sender");
            let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a line");
                let lower = line.to_lowercase();
                if let Some(number) = lower.strip_prefix("content-length:") {
                    length = number.trim().parse().expect("a number");
                }
                if line == "\r\n" {
                    break;
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").expect("heard");
            head + &String::from_utf8_lossy(&body)
        });
        (url, got)
    }

    #[test]
    fn a_notice_is_posted_with_its_id_and_signed() {
        let (url, got) = receiver("204 No Content");
        post(
            &url,
            Shape::Json,
            Some("It's a Secret to Everybody"),
            &letter(),
        )
        .expect("taken");
        let got = got.join().expect("received").to_lowercase();
        assert!(
            got.contains("x-djbuild-notice: request 1 for team"),
            "{got}"
        );
        assert!(got.contains("x-hub-signature-256: sha256="), "{got}");
        assert!(got.ends_with("{\"id\":\"request 1 for team\"}"), "{got}");
    }

    #[test]
    fn a_signature_is_that_of_githubs_own_example() {
        // https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
        let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(
            signature("It's a Secret to Everybody", "Hello, World!"),
            expected
        );
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
        for (answer, later) in [
            ("500 Oops", true),
            ("429 Slow", true),
            ("404 Gone", false),
            ("302 Found", false),
        ] {
            let (url, _got) = receiver(answer);
            let error = post(&url, Shape::Slack, None, &letter()).expect_err(answer);
            assert_eq!(matches!(error, NotifyError::Later(_)), later, "{error}");
            assert!(!error.to_string().contains(&url), "{error}");
        }
    }

    #[test]
    fn nobody_is_called_by_the_subject_of_a_commit() {
        let slack = body(Shape::Slack, &letter());
        assert!(slack.contains("&lt;!channel&gt;"), "{slack}");
        let discord = body(Shape::Discord, &letter());
        assert!(discord.contains("\"parse\":[]"), "{discord}");
    }
}
