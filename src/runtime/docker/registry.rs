use bollard::errors::Error;

use super::error::{is_no_space, refused};
use crate::runtime::PullError;

/// What an engine said of a registry, by kind.
pub fn classify(name: &str, error: Error) -> PullError {
    let message = match error {
        Error::DockerResponseServerError { message, .. }
        | Error::DockerStreamError { error: message }
            if !is_no_space(&message) =>
        {
            message
        }
        other => return refused(format!("pull {name}"))(other).into(),
    };
    let words = message.to_ascii_lowercase();
    let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
    let told = format!("{name}: {}", message.trim());
    if has(&["toomanyrequests", "too many requests", "429", "rate limit"]) {
        PullError::Busy {
            message: told,
            retry_after: None,
        }
    } else if has(&[
        "unauthorized",
        "denied",
        "forbidden",
        "authentication required",
        "401",
        "403",
    ]) {
        PullError::Refused(told)
    } else if has(&["manifest unknown", "name unknown", "not found"]) {
        PullError::NotThere(told)
    } else {
        PullError::Failing(told)
    }
}
