use std::io::Write;

use super::error::CliError;
use crate::model::redacted;

/// Says something on standard error, without the secrets of addresses in it. It may be
/// closed: then nobody is left to be told, and that is no reason to stop.
pub fn warn(message: &str) {
    let _ = writeln!(std::io::stderr(), "djbuild: {}", redacted(message));
}

/// Says something on standard output. Whoever read it may be gone, which is no
/// reason to leave work undone; a disk that is full is one to fail.
///
/// # Errors
/// When it could not be written.
pub fn say(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::Write {
            path: "standard output".into(),
            error,
        }),
        _ => Ok(()),
    }
}
