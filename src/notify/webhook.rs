use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Letter, NotifyError, web};
use crate::model::hex;
use crate::spec::Shape;

/// Discord takes no more characters than these.
const DISCORD: usize = 2000;

/// Posts a notice.
pub fn post(
    url: &str,
    shape: Shape,
    key: Option<&str>,
    letter: &Letter,
) -> Result<(), NotifyError> {
    let body = body(shape, letter);
    let id = header(&letter.id);
    let signature = key.map(|key| signature(key, &body));
    let mut headers = vec![("X-Djbuild-Notice", id.as_str())];
    headers.extend(signature.as_deref().map(|it| ("X-Hub-Signature-256", it)));
    web::post(url, &headers, &body)
}

fn body(shape: Shape, letter: &Letter) -> String {
    let text = letter.short();
    let body: Value = match shape {
        // Words of its own are the body: whoever takes JSON of another kind gets it so.
        Shape::Json => return letter.worded.as_ref().unwrap_or(&letter.json).clone(),
        // Of a subject, nothing is to become a mention or a link.
        Shape::Slack => json!({ "text": escaped(&text) }),
        // A space of no width ends the name of whom "@here" would call.
        Shape::Mattermost => json!({ "text": escaped(&text).replace('@', "@\u{200b}") }),
        Shape::Discord => json!({
            "content": text.chars().take(DISCORD).collect::<String>(),
            "allowed_mentions": { "parse": [] },
        }),
        Shape::Matrix => json!({ "text": text }),
    };
    body.to_string()
}

/// Slack's own three escapes (<https://api.slack.com/reference/surfaces/formatting>).
fn escaped(text: &str) -> String {
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
    use super::super::served::served;
    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "request 1 for team".to_owned(),
            headline: "main: <!channel> & @everyone".to_owned(),
            json: "{\"id\":\"request 1 for team\"}".to_owned(),
            ..Letter::default()
        }
    }

    #[test]
    fn a_notice_is_posted_with_its_id_and_signed() {
        let (url, got) = served("204 No Content", "");
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
            let (url, _got) = served(answer, "");
            let error = post(&url, Shape::Slack, None, &letter()).expect_err(answer);
            assert_eq!(matches!(error, NotifyError::Later(_)), later, "{error}");
            assert!(!error.to_string().contains(&url), "{error}");
        }
    }

    #[test]
    fn nobody_is_called_by_the_subject_of_a_commit() {
        let slack = body(Shape::Slack, &letter());
        assert!(slack.contains("&lt;!channel&gt;"), "{slack}");
        let mattermost = body(Shape::Mattermost, &letter());
        assert!(!mattermost.contains("@everyone"), "{mattermost}");
        let discord = body(Shape::Discord, &letter());
        assert!(discord.contains("\"parse\":[]"), "{discord}");
    }

    #[test]
    fn words_of_its_own_are_the_text_or_all_that_a_receiver_gets() {
        let letter = Letter {
            worded: Some("{\"value\": 1}".to_owned()),
            link: Some("https://example.org/".to_owned()),
            ..letter()
        };
        assert_eq!(body(Shape::Json, &letter), "{\"value\": 1}");
        let matrix = body(Shape::Matrix, &letter);
        assert_eq!(matrix, "{\"text\":\"{\\\"value\\\": 1}\"}");
    }
}
