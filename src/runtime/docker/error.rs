use std::io;

use bollard::errors::Error;

use super::archive::Unreadable;
use crate::runtime::RuntimeError;

/// Says in our words what the engine could not do.
pub fn refused(action: impl Into<String>) -> impl FnOnce(Error) -> RuntimeError {
    let action = action.into();
    move |error| {
        if let Some(why) = away(&error) {
            return RuntimeError::Unreachable(format!("{action}: {why}"));
        }
        match error {
            Error::DockerResponseServerError { message, .. }
            | Error::DockerStreamError { error: message }
                if is_no_space(&message) =>
            {
                RuntimeError::NoSpace(message)
            }
            Error::DockerResponseServerError {
                status_code: 404,
                message,
            } => RuntimeError::Missing(message),
            Error::DockerResponseServerError { message, .. }
            | Error::DockerStreamError { error: message } => {
                RuntimeError::Refused { action, message }
            }
            other => RuntimeError::Refused {
                action,
                message: with_causes(&other),
            },
        }
    }
}

/// Why the engine is away, if it is: no connection, or one that broke.
fn away(error: &Error) -> Option<String> {
    match error {
        Error::SocketNotFoundError(path) => Some(format!("no socket {path}")),
        Error::RequestTimeoutError => Some("no answer in time".to_owned()),
        // What a proxy says of an engine behind it.
        Error::DockerResponseServerError {
            status_code: status @ 502..=504,
            message,
        } => Some(format!("status {status}, {}", first_line(message))),
        // An archive of ours that cannot be written breaks the connection too.
        error if has_cause(error, is_unreadable) => None,
        Error::HyperLegacyError { .. }
        | Error::HyperResponseError { .. }
        | Error::IOError { .. } => Some(last_cause(error)),
        // Half an answer.
        Error::JsonSerdeError { err } if err.is_eof() => Some(err.to_string()),
        _ => None,
    }
}

fn is_unreadable(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
        .and_then(|inner| inner.downcast_ref::<Unreadable>())
        .is_some()
}

fn has_cause(
    error: &(dyn std::error::Error + 'static),
    is: impl Fn(&(dyn std::error::Error + 'static)) -> bool,
) -> bool {
    let mut link = Some(error);
    while let Some(error) = link {
        if is(error) {
            return true;
        }
        link = error.source();
    }
    false
}

/// The first line of what may be a page.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.chars().take(100).collect()
}

/// Whether what was asked about is not there.
pub const fn is_missing(error: &Error) -> bool {
    matches!(
        error,
        Error::DockerResponseServerError {
            status_code: 404,
            ..
        }
    )
}

/// Whether something of that name is there already.
pub const fn is_conflict(error: &Error) -> bool {
    matches!(
        error,
        Error::DockerResponseServerError {
            status_code: 409,
            ..
        }
    )
}

/// The kernel's word for a full disk, as it comes through every engine.
pub fn is_no_space(message: &str) -> bool {
    message
        .to_ascii_lowercase()
        .contains("no space left on device")
}

/// In clean-up, a thing that is gone or going is done.
pub fn gone_is_done(result: Result<(), Error>, action: &str) -> Result<(), RuntimeError> {
    match result {
        Err(error) if is_missing(&error) || is_conflict(&error) => Ok(()),
        other => other.map_err(refused(action)),
    }
}

/// What is behind a failed connection; the layers above say no more than that.
pub fn last_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_that_went_away_is_unreachable_and_says_no_more_than_why() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("docker.sock");
        drop(std::os::unix::net::UnixListener::bind(&socket).expect("a socket"));
        let address = format!("unix://{}", socket.display());
        let client = bollard::Docker::connect_with_host(&address).expect("an address");
        let error = client.ping().await.expect_err("nobody listens");
        let RuntimeError::Unreachable(why) = refused("ping")(error) else {
            panic!("not unreachable");
        };
        assert_eq!(why, "ping: Connection refused (os error 111)");
    }
}
