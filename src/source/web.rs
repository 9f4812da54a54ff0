use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder};

use super::error::SourceError;
use crate::model::redacted;

/// How long a server may say nothing while it sends.
const SILENCE: Duration = Duration::from_secs(60);

/// A client with the system's trust, not a list of its own: hosts behind a proxy
/// that intercepts TLS have their CA there. It waits for an answer so long, and for
/// each part of it a minute.
pub fn agent(timeout: Duration) -> ureq::Agent {
    let tls = ureq::tls::TlsConfig::builder()
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .user_agent(concat!("djbuild/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(timeout))
        .timeout_resolve(Some(timeout))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .build()
        .new_agent()
}

/// Whether something answers at this address, within some seconds.
///
/// # Errors
/// With why not, in words.
pub fn reach(url: &str) -> Result<(), String> {
    let timeout = Duration::from_secs(10);
    agent(timeout)
        .head(url)
        .config()
        .timeout_global(Some(timeout))
        .build()
        .call()
        .map(|_| ())
        .map_err(|error| redacted(&error.to_string()))
}

/// What went wrong with a page or a file, and whether the network is to blame.
pub fn failed(url: &str, error: &ureq::Error) -> SourceError {
    let place = redacted(url);
    let message = redacted(&error.to_string());
    match error {
        ureq::Error::StatusCode(401 | 403 | 407) => SourceError::Refused { place, message },
        ureq::Error::StatusCode(429) => SourceError::Busy { place, message },
        ureq::Error::StatusCode(500..=599)
        | ureq::Error::Io(_)
        | ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::BodyStalled => SourceError::Unreachable { place, message },
        _ => SourceError::Index {
            url: place,
            message,
        },
    }
}

/// Tries again what the network spoiled: twice more, for some seconds.
pub fn again<T>(once: impl FnMut() -> Result<T, SourceError>) -> Result<T, SourceError> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_factor(3.0)
        .with_max_times(2)
        .with_jitter();
    once.retry(pauses)
        .sleep(std::thread::sleep)
        .when(|error| {
            matches!(
                error,
                SourceError::Unreachable { .. } | SourceError::Busy { .. }
            )
        })
        .call()
}
