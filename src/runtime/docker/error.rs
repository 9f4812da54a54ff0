use bollard::errors::Error;

use crate::runtime::RuntimeError;

/// Says in our words what the engine could not do.
pub fn refused(action: impl Into<String>) -> impl FnOnce(Error) -> RuntimeError {
    let action = action.into();
    move |error| match error {
        Error::DockerResponseServerError {
            status_code: 404,
            message,
        } => RuntimeError::Missing(message),
        Error::DockerResponseServerError { message, .. }
        | Error::DockerStreamError { error: message }
            if is_no_space(&message) =>
        {
            RuntimeError::NoSpace(message)
        }
        Error::DockerResponseServerError { message, .. }
        | Error::DockerStreamError { error: message } => RuntimeError::Refused { action, message },
        Error::SocketNotFoundError(path) => RuntimeError::Unreachable(format!("no socket {path}")),
        Error::HyperLegacyError { err } if err.is_connect() => {
            RuntimeError::Unreachable(last_cause(&err))
        }
        other => RuntimeError::Refused {
            action,
            message: with_causes(&other),
        },
    }
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
        Err(Error::DockerResponseServerError {
            status_code: 404 | 409,
            ..
        }) => Ok(()),
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
        assert_eq!(why, "Connection refused (os error 111)");
    }
}
