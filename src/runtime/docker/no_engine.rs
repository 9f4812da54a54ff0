use std::fmt;
use std::io;
use std::time::Duration;

use bollard::errors::Error;

use super::address::AddressError;
use super::endpoint::{Endpoint, SaidBy};
use super::error::last_cause;
use super::tls::TlsError;
use super::tunnel::TunnelError;

/// What hyper, the system and rustls say when the other side ends a connection.
const HUNG_UP: [&str; 5] = [
    "connection was not ready",
    "connection closed before message completed",
    "Connection reset",
    "Broken pipe",
    "close_notify",
];

/// No engine answers: what was tried, and why each failed.
#[derive(Debug, thiserror::Error)]
pub struct NoEngine {
    tried: Vec<(Endpoint, Why)>,
}

impl NoEngine {
    pub(super) const fn new(tried: Vec<(Endpoint, Why)>) -> Self {
        Self { tried }
    }

    /// Whether an engine may be there that this user has no right to.
    pub fn denied(&self) -> bool {
        self.tried.iter().any(|(_, why)| matches!(why, Why::Denied))
    }

    /// Whether ssh did not get to where the engine may be.
    pub fn no_way_there(&self) -> bool {
        self.tried
            .iter()
            .any(|(_, why)| matches!(why, Why::Tunnel(TunnelError::Said(_))))
    }

    /// Who chose the endpoint, if somebody did.
    pub fn chosen_by(&self) -> Option<&SaidBy> {
        self.tried
            .iter()
            .map(|(endpoint, _)| &endpoint.said_by)
            .find(|said_by| !matches!(said_by, SaidBy::Usual(_)))
    }
}

impl fmt::Display for NoEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no container engine answers:")?;
        for (endpoint, why) in &self.tried {
            write!(f, "\n  {} ({}): {why}", endpoint.address, endpoint.said_by)?;
        }
        Ok(())
    }
}

/// Why one endpoint did not do.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("there is no such socket")]
    NoSocket,
    #[error("permission denied")]
    Denied,
    #[error("nothing listens there")]
    NobodyListens,
    #[error("no host of that name is known")]
    UnknownHost,
    #[error("no answer within {} seconds", .0.as_secs())]
    Silent(Duration),
    #[error(transparent)]
    Files(#[from] TlsError),
    #[error("TLS failed: {0}")]
    Tls(String),
    #[error("its certificate is none that ca.pem vouches for")]
    UnknownIssuer,
    #[error("it wants to know who is asking, and refuses cert.pem and key.pem or their absence")]
    WantsCertificate,
    #[error(
        "it hangs up once TLS is agreed upon: it may refuse cert.pem and key.pem or their absence"
    )]
    HangsUp,
    #[error(
        "it speaks TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of the certificates"
    )]
    WantsTls,
    #[error("it does not speak TLS: unset DOCKER_TLS_VERIFY, or use a port that does")]
    NoTls,
    #[error(transparent)]
    Tunnel(#[from] TunnelError),
    #[error("ssh gets there, but no engine answers on {socket}: {why}; {said}")]
    BehindTunnel {
        socket: String,
        why: Box<Why>,
        said: String,
    },
    #[error("what listens there does not answer as a container engine does: {0}")]
    Stranger(String),
    #[error("{0}")]
    Other(String),
}

impl From<io::Error> for Why {
    fn from(error: io::Error) -> Self {
        Self::of_kind(error.kind()).unwrap_or_else(|| Self::Other(error.to_string()))
    }
}

impl From<Error> for Why {
    fn from(error: Error) -> Self {
        match error {
            Error::SocketNotFoundError(_) => Self::NoSocket,
            // Go's HTTP server says so, which Docker is made with.
            Error::DockerResponseServerError {
                status_code: 400,
                message,
            } if message.contains("HTTP request to an HTTPS server") => Self::WantsTls,
            Error::DockerResponseServerError {
                status_code,
                message,
            } => {
                // Of a web server, this may be a page.
                let line = message.lines().next().unwrap_or_default();
                let line: String = line.chars().take(100).collect();
                Self::Stranger(format!("status {status_code}, {line}"))
            }
            error @ (Error::JsonDataError { .. }
            | Error::JsonSerdeError { .. }
            | Error::APIVersionParseError {}) => Self::Stranger(error.to_string()),
            Error::HyperLegacyError { err } => Self::of_chain(&err),
            other => Self::of_chain(&other),
        }
    }
}

impl Why {
    fn of_kind(kind: io::ErrorKind) -> Option<Self> {
        match kind {
            io::ErrorKind::NotFound => Some(Self::NoSocket),
            io::ErrorKind::PermissionDenied => Some(Self::Denied),
            io::ErrorKind::ConnectionRefused => Some(Self::NobodyListens),
            _ => None,
        }
    }

    /// What is behind a chain of errors, of which the first says no more than
    /// that something failed.
    fn of_chain(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut link = Some(error);
        while let Some(error) = link {
            let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
            if let Some(why) = kind.and_then(Self::of_kind) {
                return why;
            }
            link = error.source();
        }
        let why = last_cause(error);
        // The standard library's words, which have no kind.
        if why.starts_with("failed to lookup address") {
            Self::UnknownHost
        } else {
            Self::Other(why)
        }
    }

    /// The same, known to have come of a conversation in TLS.
    pub(super) fn over_tls(self) -> Self {
        match self {
            // rustls has no kinds that come through, but its words do.
            Self::Other(why) if why.contains("InvalidContentType") => Self::NoTls,
            Self::Other(why) if why.contains("UnknownIssuer") => Self::UnknownIssuer,
            Self::Other(why)
                if ["CertificateRequired", "BadCertificate", "UnknownCA"]
                    .iter()
                    .any(|alert| why.contains(alert)) =>
            {
                Self::WantsCertificate
            }
            Self::Other(why) if HUNG_UP.iter().any(|words| why.contains(words)) => Self::HangsUp,
            Self::Other(why) => Self::Tls(why),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::docker::Tls;

    #[test]
    fn each_endpoint_is_told_with_who_named_it_and_why_it_failed() {
        let endpoint = |address: &str, said_by| Endpoint {
            address: address.to_owned(),
            said_by,
            tls: Tls::No,
        };
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let missing = io::Error::from(io::ErrorKind::NotFound);
        let error = NoEngine::new(vec![
            (
                endpoint("unix:///a", SaidBy::Usual("Docker")),
                denied.into(),
            ),
            (
                endpoint("unix:///b", SaidBy::Usual("Podman")),
                missing.into(),
            ),
        ]);
        assert_eq!(
            error.to_string(),
            "no container engine answers:\n  \
             unix:///a (usual for Docker): permission denied\n  \
             unix:///b (usual for Podman): there is no such socket"
        );
        assert!(error.denied());
        assert_eq!(error.chosen_by(), None);
    }

    #[test]
    fn a_web_server_is_told_in_a_line_and_not_with_its_page() {
        let error = Error::DockerResponseServerError {
            status_code: 404,
            message: format!("<html>{}\n<body>", "x".repeat(500)),
        };
        let why = Why::from(error).to_string();
        assert!(why.contains("status 404, <html>xx"), "{why}");
        assert!(why.len() < 200 && !why.contains("<body>"), "{why}");
    }

    #[test]
    fn what_goes_wrong_in_tls_is_told_by_whose_fault_it_is() {
        let told = |words: &str| Why::Other(words.to_owned()).over_tls().to_string();
        // As rustls 0.23 said them.
        assert!(told("invalid peer certificate: UnknownIssuer").contains("ca.pem"));
        assert!(told("received fatal alert: CertificateRequired").contains("cert.pem"));
        assert!(told("connection was not ready").starts_with("it hangs up"));
        assert!(told("received corrupt message of type InvalidContentType").contains("not speak"));
        assert_eq!(told("something else"), "TLS failed: something else");
    }
}
