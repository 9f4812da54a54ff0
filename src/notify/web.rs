use std::io::Read as _;

use super::{NotifyError, PATIENCE};
use crate::model::{printable, redacted};
use crate::source::agent;

/// So much is read of what a server says of a refusal.
const SAID: u64 = 20_000;

/// Posts JSON. Redirects are not followed: the address that was configured is meant.
pub fn post(url: &str, headers: &[(&str, &str)], body: &str) -> Result<(), NotifyError> {
    let mut request = agent(PATIENCE)
        .post(url)
        .config()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .header("Content-Type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.send(body).map_err(|error| unsent(url, &error))?;
    let has = |name: &str| response.headers().contains_key(name);
    let left = response.headers().get("x-ratelimit-remaining");
    let is_busy = has("retry-after") || left.is_some_and(|left| left == "0");
    let status = response.status().as_u16();
    let reader = response.body_mut().as_reader();
    judge(status, is_busy, reader)
}

/// Asks for a page, whether it is there alone.
pub fn get(url: &str, headers: &[(&str, &str)]) -> Result<(), NotifyError> {
    let mut request = agent(PATIENCE)
        .get(url)
        .config()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .build();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.call().map_err(|error| unsent(url, &error))?;
    let status = response.status().as_u16();
    judge(status, false, response.body_mut().as_reader())
}

fn unsent(url: &str, error: &impl ToString) -> NotifyError {
    // The address may be a secret, and errors cite it.
    NotifyError::Later(redacted(&error.to_string()).replace(url, "…"))
}

fn judge(status: u16, is_busy: bool, body: impl std::io::Read) -> Result<(), NotifyError> {
    let answers = format!("the receiver answers {status}");
    match status {
        200..=299 => Ok(()),
        401 if !is_busy => Err(NotifyError::Unwelcome(answers + &reason(body))),
        400 | 403 | 404 | 405 | 410 | 413 | 422 if !is_busy => {
            Err(NotifyError::Never(answers + &reason(body)))
        }
        300..=399 => Err(NotifyError::Never(format!(
            "{answers}: name the address that it leads to"
        ))),
        _ => Err(NotifyError::Later(answers + &reason(body))),
    }
}

/// What the answer says of it, where that is a message in JSON as GitHub, Mattermost and
/// Discord send it.
fn reason(body: impl std::io::Read) -> String {
    let mut said = Vec::new();
    let _ = body.take(SAID).read_to_end(&mut said);
    let said: Option<serde_json::Value> = serde_json::from_slice(&said).ok();
    let message = said.as_ref().and_then(|said| said["message"].as_str());
    message.map_or_else(String::new, |message| {
        let line: String = message.lines().take(1).collect();
        let short: String = line.chars().take(200).collect();
        format!(": {}", printable(&short))
    })
}
