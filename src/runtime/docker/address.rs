use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

/// Where on a host Docker listens unless told otherwise.
const DOCKER_SOCKET: &str = "/var/run/docker.sock";

/// An endpoint's address, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket on this machine.
    Socket(PathBuf),
    /// A TCP port, as `host:port`.
    Tcp { authority: String, tls: bool },
    /// A socket on a machine that ssh reaches.
    Ssh(Remote),
}

/// A socket on another machine, and how ssh gets there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    pub user: Option<String>,
    pub host: String,
    pub port: Option<u16>,
    pub socket: String,
}

/// A text that is no address of an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error(
        "this is no address of an engine; such are unix:///path/to/docker.sock, \
         tcp://host:2376 and ssh://user@host"
    )]
    Unknown,
    #[error("there is no host in it")]
    NoHost,
    #[error("a password in an address is not used: ssh takes keys, best from its agent")]
    Password,
}

impl Address {
    /// Reads an address as Docker's client does
    /// (<https://docs.docker.com/reference/cli/docker/#host>); `tls` says
    /// whether a TCP port is spoken to with TLS, which has a default port of
    /// its own.
    pub fn parse(text: &str, tls: bool) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix://") {
            return if path.starts_with('/') {
                Ok(Self::Socket(path.into()))
            } else {
                Err(AddressError::Unknown)
            };
        }
        let url = Url::parse(text).map_err(|_| AddressError::Unknown)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        match url.scheme() {
            "tcp" | "http" | "https" => {
                let tls = tls || url.scheme() == "https";
                let host = host.ok_or(AddressError::NoHost)?;
                // The parser drops a port that is the scheme's own.
                let typed = text
                    .rsplit_once(':')
                    .and_then(|(_, port)| port.trim_end_matches('/').parse::<u16>().ok());
                let port = typed.unwrap_or(if tls { 2376 } else { 2375 });
                Ok(Self::Tcp {
                    authority: format!("{host}:{port}"),
                    tls,
                })
            }
            "ssh" => Ok(Self::Ssh(Remote {
                user: Some(decoded(url.username())?).filter(|user| !user.is_empty()),
                // ssh takes an address of version 6 as it is.
                host: decoded(host.ok_or(AddressError::NoHost)?.trim_matches(['[', ']']))?,
                port: url.port(),
                socket: match (url.password(), url.path()) {
                    (Some(_), _) => return Err(AddressError::Password),
                    (None, "" | "/") => DOCKER_SOCKET.to_owned(),
                    (None, path) => decoded(path)?,
                },
            })),
            _ => Err(AddressError::Unknown),
        }
    }
}

/// Without the escapes that an address needs and ssh does not know.
fn decoded(part: &str) -> Result<String, AddressError> {
    let text = percent_decode_str(part).decode_utf8();
    let text = text.map_err(|_| AddressError::Unknown)?;
    // What ends a line, or a word of a path in ssh's -L, is in no address.
    if text.contains(|c: char| c.is_control()) {
        return Err(AddressError::Unknown);
    }
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(authority: &str, tls: bool) -> Address {
        Address::Tcp {
            authority: authority.to_owned(),
            tls,
        }
    }

    #[test]
    fn a_tcp_address_without_a_port_gets_dockers_own_one() {
        assert_eq!(
            Address::parse("tcp://build", false),
            Ok(tcp("build:2375", false))
        );
        assert_eq!(
            Address::parse("tcp://build", true),
            Ok(tcp("build:2376", true))
        );
        assert_eq!(
            Address::parse("https://[::1]:7/", false),
            Ok(tcp("[::1]:7", true))
        );
    }

    #[test]
    fn an_ssh_address_may_name_user_port_and_the_socket_over_there() {
        let remote = |user: Option<&str>, port, socket: &str| {
            Ok(Address::Ssh(Remote {
                user: user.map(ToOwned::to_owned),
                host: "build".to_owned(),
                port,
                socket: socket.to_owned(),
            }))
        };
        assert_eq!(
            Address::parse("ssh://build", false),
            remote(None, None, "/var/run/docker.sock")
        );
        assert_eq!(
            Address::parse("ssh://me@build:2222/run/podman/podman.sock", false),
            remote(Some("me"), Some(2222), "/run/podman/podman.sock")
        );
        assert_eq!(
            Address::parse("ssh://me:secret@build", false),
            Err(AddressError::Password)
        );
    }

    #[test]
    fn escapes_in_an_ssh_address_are_undone() {
        let remote = Remote {
            user: Some("me@corp".to_owned()),
            host: "build".to_owned(),
            port: None,
            socket: "/run/my docker.sock".to_owned(),
        };
        assert_eq!(
            Address::parse("ssh://me%40corp@build/run/my%20docker.sock", false),
            Ok(Address::Ssh(remote))
        );
        for text in ["ssh://%ff@build", "ssh://build/a%0ab"] {
            assert_eq!(Address::parse(text, false), Err(AddressError::Unknown));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_rather_than_guessed_at() {
        for text in ["/var/run/docker.sock", "unix://docker.sock", "fd://", "x"] {
            assert_eq!(Address::parse(text, false), Err(AddressError::Unknown));
        }
        assert_eq!(Address::parse("ssh://", false), Err(AddressError::NoHost));
    }
}
