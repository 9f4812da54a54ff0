use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::BuilderVerifierExt;

use super::line::Line;
use crate::spec::Irc;

/// So long may a server's line be, tags included; what is longer is none.
const LONGEST: usize = 8191 + 512;

/// A connection on which nothing is waited for beyond a point in time.
struct Bounded {
    stream: TcpStream,
    until: Instant,
}

/// What lines come from and go to.
pub struct Wire {
    stream: Box<dyn Stream>,
    read: Vec<u8>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Wire {
    /// Connects to a chat's server.
    pub fn connect(irc: &Irc, until: Instant) -> io::Result<Self> {
        let server = &irc.server;
        let mut failed = io::Error::other("its name has no address");
        let mut addresses = (server.host.as_str(), server.port).to_socket_addrs()?;
        while let Some(address) = addresses.next() {
            // The next address of a host is to have its turn.
            let limit = match addresses.size_hint() {
                (0, _) => left(until)?,
                _ => left(until)? / 2,
            };
            match TcpStream::connect_timeout(&address, limit) {
                Ok(stream) => {
                    let bounded = Bounded { stream, until };
                    let stream: Box<dyn Stream> = if irc.is_encrypted {
                        Box::new(encrypted(&server.host, bounded)?)
                    } else {
                        Box::new(bounded)
                    };
                    let read = Vec::new();
                    return Ok(Self { stream, read });
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Sends a line. What would begin another ends it.
    pub fn send(&mut self, line: &str) -> io::Result<()> {
        let line = line.split(['\r', '\n', '\0']).next().unwrap_or_default();
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        self.stream.flush()
    }

    /// The next line; nothing where the server has hung up.
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let bytes: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(Some(Line::read(&String::from_utf8_lossy(&bytes))));
            }
            if self.read.len() > LONGEST {
                return Err(io::Error::other("this speaks no IRC"));
            }
            let mut some = [0; 1024];
            match self.stream.read(&mut some) {
                Ok(0) => return Ok(None),
                Ok(count) => self.read.extend(&some[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // TLS that ends without its word of farewell.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

fn encrypted(host: &str, stream: Bounded) -> io::Result<StreamOwned<ClientConnection, Bounded>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(io::Error::other)?
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

/// How much time there is left.
fn left(until: Instant) -> io::Result<std::time::Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.until)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.until)?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
