use core::net::IpAddr;

use toml::Spanned;
use url::Url;

use crate::spec::words::Reading;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl Server {
    /// Whether what is said to it stays on this machine.
    pub fn is_here(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl Reading<'_> {
    /// An address with one of some schemes, and the server that it names; what it says
    /// beyond that is the caller's matter.
    pub fn server(
        &mut self,
        word: &Spanned<String>,
        schemes: &[(&str, u16)],
        example: &str,
    ) -> Option<(Url, Server)> {
        let typed = self.text(word)?;
        let parsed = Url::parse(&typed).ok().and_then(|url| {
            let (_, port) = schemes.iter().find(|(scheme, _)| *scheme == url.scheme())?;
            let host = url.host_str().filter(|host| !host.is_empty())?;
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let server = Server {
                host: host.to_owned(),
                port: url.port().unwrap_or(*port),
            };
            Some((url, server))
        });
        let what = match &parsed {
            None => "this names no server of the kind",
            Some((url, _)) if !url.username().is_empty() || url.password().is_some() => {
                "there is a secret in this address"
            }
            Some(_) => return parsed,
        };
        self.findings.add(word.span(), what).help(example);
        None
    }
}
