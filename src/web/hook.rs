use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::answer::problem_json;
use super::ask::made;
use super::{Desk, WebError};

/// A hint that something was pushed: repositories are asked at once, and nothing that it
/// says is believed. GitHub signs it as `X-Hub-Signature-256: sha256=…`
/// (<https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>),
/// Gitea and Forgejo as `X-Gitea-Signature`.
pub async fn hint(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let Some(key) = &desk.hook else {
        return problem_json(&WebError::Missing(
            "no hints are taken here: [watch.page] has no hook".to_owned(),
        ));
    };
    if !is_signed(key, &headers, &body) {
        return problem_json(&WebError::Forbidden(
            "the signature is not right".to_owned(),
        ));
    }
    let woken = made(Arc::clone(&desk), BTreeMap::new(), BTreeMap::new(), |ask| {
        let places = ask.desk.orders().watch.places();
        ask.state().farm()?.within(|book| {
            for place in &places {
                let mut row = book.repository(place)?;
                // One that does not answer is not asked more often for it.
                if row.failures == 0 && row.next > ask.now {
                    row.next = ask.now;
                    book.put_repository(&row)?;
                }
            }
            Ok(())
        })
    });
    match woken.await {
        Ok(()) => {
            desk.helm.wake();
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::ACCEPTED;
            response
        }
        Err(error) => problem_json(&error),
    }
}

fn is_signed(key: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let word = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let github = word("x-hub-signature-256").and_then(|word| word.strip_prefix("sha256="));
    let Some(signature) = github.or_else(|| word("x-gitea-signature")) else {
        return false;
    };
    let Some(signature) = bytes(signature) else {
        return false;
    };
    // Keys of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let is_whole = digits.len().is_multiple_of(2) && digits.is_ascii();
    let pairs = (0..digits.len()).step_by(2);
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    is_whole.then(|| pairs.map(byte).collect::<Option<_>>())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_believed_only_with_the_right_signature() {
        // As GitHub's own documentation has it.
        let (key, body) = ("It's a Secret to Everybody", b"Hello, World!");
        let right = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let signed = |name: &'static str, value: String| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a header"));
            is_signed(key, &headers, body)
        };
        assert!(signed("x-hub-signature-256", format!("sha256={right}")));
        assert!(signed("x-gitea-signature", right.to_owned()));
        assert!(!signed("x-hub-signature-256", right.to_owned()));
        assert!(!signed("x-gitea-signature", format!("{}0", &right[..63])));
        assert!(!signed("x-gitea-signature", String::new()));
        assert!(!signed(
            "x-gitea-signature",
            "é".repeat(32).chars().map(|_| 'z').collect()
        ));
        assert!(!is_signed(key, &HeaderMap::new(), body));
    }
}
