use std::time::Duration;

use bollard::errors::Error;

use super::error::{is_no_space, refused};
use crate::runtime::PullError;

/// A registry that wants to be asked later, in the words of Docker Hub, ghcr.io
/// and ECR.
const BUSY: [&str; 4] = [
    "toomanyrequests",
    "too many requests",
    "rate limit",
    "status: 429",
];
/// A registry that answers and has no such image, or none for this machine.
const NOT_THERE: [&str; 3] = ["manifest unknown", "name unknown", "no matching manifest"];
/// A registry that does not give it to whoever asks. Of a private image and of
/// none at all Docker says the same: "pull access denied for …, repository does
/// not exist or may require 'docker login'".
const REFUSED: [&str; 9] = [
    "denied",
    "unauthorized",
    "authentication required",
    "no basic auth credentials",
    "incorrect username or password",
    "forbidden",
    "no pull access",
    "status: 401",
    "status: 403",
];
/// Of an engine's own answer rather than of a proxy's before it.
const OF_A_REGISTRY: [&str; 5] = ["registry", "manifest", "status:", "dial tcp", "get \"http"];

/// Why a pull failed, by kind. Engines tell of registries in words alone, and
/// under statuses of their own: Docker 20.10 says 500 where a registry says 429.
pub fn classify(name: &str, error: Error) -> PullError {
    let (status, message) = match error {
        Error::DockerResponseServerError {
            status_code,
            message,
        } => (status_code, message),
        Error::DockerStreamError { error } => (200, error),
        other => return refused(format!("pull {name}"))(other).into(),
    };
    let host = name.split_once('/').map_or(name, |(host, _)| host);
    // An image may be called `denied`, and a port may be 4290.
    let repository = name
        .rsplit_once(':')
        .map_or(name, |(repository, _)| repository);
    let words = message
        .replace(name, "")
        .replace(repository, "")
        .replace(host, "")
        .to_ascii_lowercase();
    let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
    let told = format!("{name}: {}", message.trim());
    if is_no_space(&message) || status == 400 || proxy_says(status, &has) {
        let error = Error::DockerResponseServerError {
            status_code: status,
            message,
        };
        refused(format!("pull {name}"))(error).into()
    } else if status == 429 || has(&BUSY) {
        PullError::Busy {
            message: told,
            retry_after: retry_after(&words),
        }
    } else if has(&NOT_THERE) {
        PullError::NotThere(told)
    } else if matches!(status, 401 | 403) || has(&REFUSED) {
        PullError::Refused(told)
    } else {
        PullError::Failing(told)
    }
}

fn proxy_says(status: u16, has: &impl Fn(&[&str]) -> bool) -> bool {
    (502..=504).contains(&status)
        && ![&BUSY[..], &NOT_THERE, &REFUSED, &OF_A_REGISTRY]
            .iter()
            .any(|words| has(words))
}

/// `retry-after: 39.5ms, allowed: 44000/minute`, as ghcr.io says it; of the header
/// of that name engines tell nothing.
fn retry_after(words: &str) -> Option<Duration> {
    let (_, rest) = words.split_once("retry-after:")?;
    let rest = rest.trim_start();
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (number, unit) = rest.split_at(end);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit.split([',', ' ', ';']).next() {
        Some("µs" | "us") => number / 1e6,
        Some("ms") => number / 1e3,
        Some("m") => number * 60.0,
        _ => number,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, status_code: u16, message: &str) -> &'static str {
        let message = message.to_owned();
        match classify(
            name,
            Error::DockerResponseServerError {
                status_code,
                message,
            },
        ) {
            PullError::NotThere(_) => "not there",
            PullError::Refused(_) => "refused",
            PullError::Busy { .. } => "busy",
            PullError::Failing(_) => "failing",
            PullError::Runtime(error) if error.is_away() => "away",
            PullError::Runtime(_) => "engine",
        }
    }

    /// As Docker 20.10.24 said them of registries that did so.
    #[test]
    fn what_a_registry_said_is_told_by_kind() {
        for (status, message, expected) in [
            (
                500,
                "toomanyrequests: You have reached your unauthenticated pull rate limit.",
                "busy",
            ),
            (
                404,
                "manifest for m.example/python:3 not found: manifest unknown: manifest unknown",
                "not there",
            ),
            (
                404,
                "pull access denied for m.example/python, repository does not exist or may require 'docker login': denied: it failed",
                "refused",
            ),
            (
                500,
                "Head \"http://m.example/v2/python/manifests/3\": no basic auth credentials",
                "refused",
            ),
            (
                500,
                "received unexpected HTTP status: 500 Internal Server Error",
                "failing",
            ),
            (
                500,
                "received unexpected HTTP status: 503 Service Unavailable",
                "failing",
            ),
            (500, "Get \"http://m.example/v2/\": EOF", "failing"),
            (
                500,
                "Get \"http://m.example/v2/\": dial tcp 127.0.0.1:5999: connect: connection refused",
                "failing",
            ),
            (
                500,
                "Get \"https://m.example/v2/\": dial tcp: lookup m.example on 10.0.0.1:53: no such host",
                "failing",
            ),
            (400, "invalid reference format", "engine"),
            (503, "upstream connect error", "away"),
            (
                500,
                "write /var/lib/docker/x: no space left on device",
                "engine",
            ),
        ] {
            assert_eq!(
                kind("m.example/python:3", status, message),
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn the_name_of_an_image_says_nothing_of_its_registry() {
        let message = "Get \"http://denied.example:429/v2/\": EOF";
        assert_eq!(kind("denied.example:429/denied:1", 500, message), "failing");
        let message = "received unexpected HTTP status: 500 for unauthorized/denied:1";
        assert_eq!(kind("unauthorized/denied:1", 500, message), "failing");
    }

    #[test]
    fn how_long_to_wait_is_read_where_it_is_said() {
        let said = |words: &str| retry_after(words);
        assert_eq!(
            said("toomanyrequests: retry-after: 39.5ms, allowed: 44000/minute"),
            Some(Duration::from_micros(39_500))
        );
        assert_eq!(said("retry-after: 30"), Some(Duration::from_secs(30)));
        assert_eq!(said("toomanyrequests"), None);
    }
}
