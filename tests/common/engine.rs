//! An engine that answers as others were heard to, and has no containers.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// An engine's version, and the API versions it speaks.
#[derive(Debug, Clone, Copy)]
pub struct Age {
    pub name: &'static str,
    pub engine: &'static str,
    pub newest: &'static str,
    pub oldest: &'static str,
}

/// As `GET /version` of each said.
pub const AGES: [Age; 6] = [
    Age::docker("20.10.24+dfsg1", "1.12", "1.41"),
    Age::docker("26.1.5+dfsg1", "1.24", "1.45"),
    Age::docker("28.5.2+dfsg4", "1.24", "1.51"),
    Age::docker("29.0.0", "1.44", "1.52"),
    Age::podman("4.3.1"),
    Age::podman("5.4.2"),
];

impl Age {
    const fn docker(engine: &'static str, oldest: &'static str, newest: &'static str) -> Self {
        Self {
            name: "Engine",
            engine,
            newest,
            oldest,
        }
    }

    const fn podman(engine: &'static str) -> Self {
        Self {
            name: "Podman Engine",
            engine,
            newest: "1.41",
            oldest: "1.24",
        }
    }

    /// Listens on a socket in this folder, as long as the tests run.
    pub fn listen(self, folder: &Path) -> PathBuf {
        let socket = folder.join("engine.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        std::thread::spawn(move || {
            let mut images = BTreeSet::new();
            for connection in listener.incoming() {
                let connection = connection.expect("a connection");
                // Whoever asked may have gone.
                let _ = self.answer(connection, &mut images);
            }
        });
        socket
    }

    /// The same on a TCP port.
    pub fn listen_on_tcp(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let connection = connection.expect("a connection");
                // One after another would be stopped by one that never ends.
                std::thread::spawn(move || {
                    let _ = self.answer(connection, &mut Images::new());
                });
            }
        });
        format!("tcp://{address}")
    }

    /// The same with TLS, for who shows a certificate of its CA's; the files are
    /// as Docker's client wants them, and those of the server beside them.
    pub fn listen_with_tls(self, folder: &Path) -> String {
        let read = |name: &str| {
            let certificates = CertificateDer::pem_file_iter(folder.join(name));
            let certificates: Result<Vec<_>, _> = certificates.expect("a file").collect();
            certificates.expect("certificates")
        };
        let key = PrivateKeyDer::from_pem_file(folder.join("server-key.pem")).expect("a key");
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(read("ca.pem"));
        let clients = WebPkiClientVerifier::builder(Arc::new(roots)).build();
        let config = ServerConfig::builder()
            .with_client_cert_verifier(clients.expect("a CA"))
            .with_single_cert(read("server-cert.pem"), key)
            .expect("a certificate");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let connection = connection.expect("a connection");
                let config = Arc::clone(&config);
                std::thread::spawn(move || {
                    let server = ServerConnection::new(config).expect("a configuration");
                    let stream = StreamOwned::new(server, connection);
                    let _ = self.answer(stream, &mut Images::new());
                });
            }
        });
        format!("tcp://{address}")
    }

    fn answer<C: Read + Write>(self, connection: C, images: &mut Images) -> std::io::Result<()> {
        let mut connection = BufReader::new(connection);
        let mut request = String::new();
        connection.read_line(&mut request)?;
        let mut header = String::new();
        let mut chunked = false;
        while connection.read_line(&mut header)? > 2 {
            chunked |= header.to_ascii_lowercase().starts_with("transfer-encoding");
            header.clear();
        }
        if request.starts_with("POST /containers/silent/wait") {
            // As long as the container lives.
            std::thread::sleep(Duration::from_secs(3600));
        }
        let whole = !chunked || read_chunks(&mut connection)?;
        let target = request.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (status, body) = match self.image(path, query, whole, images) {
            Some(answer) => answer,
            None => self.respond(path),
        };
        write!(
            connection.get_mut(),
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }

    /// Imports, tags, removes or knows an image.
    fn image(
        self,
        path: &str,
        query: &str,
        whole: bool,
        images: &mut Images,
    ) -> Option<(u16, String)> {
        let query: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let empty = String::new();
        let repository = query.get("repo").unwrap_or(&empty);
        let version = query.get("tag").filter(|version| !version.is_empty());
        let name = match version {
            Some(version) => format!("{repository}:{version}"),
            None => repository.clone(),
        };
        if path == "/images/create" {
            if self.engine.starts_with("4.") {
                // Which heeds no tag, and does not notice that the end is missing.
                let latest = format!("{repository}:latest");
                images.insert(if repository.contains(':') {
                    repository.clone()
                } else {
                    latest
                });
            } else if whole {
                images.insert(name);
            }
            return Some((200, "{}".to_owned()));
        }
        let image = path.strip_prefix("/images/")?;
        if image.ends_with("/tag") {
            images.insert(name);
            return Some((201, String::new()));
        }
        match image.strip_suffix("/json") {
            Some(image) if images.contains(image) => Some((
                200,
                format!(r#"{{"Id":"sha256:1","RepoTags":[{image:?}]}}"#),
            )),
            Some(_) => None,
            None => {
                images.remove(image);
                Some((200, "[]".to_owned()))
            }
        }
    }

    fn respond(self, path: &str) -> (u16, String) {
        let versioned = path
            .strip_prefix("/v")
            .and_then(|rest| rest.split_once('/'))
            .filter(|(version, _)| version.starts_with(|c: char| c.is_ascii_digit()));
        let path = match versioned {
            Some((version, _)) if minor(version) > minor(self.newest) => {
                let message = format!("client version {version} is too new");
                return (400, format!("{{\"message\":{message:?}}}"));
            }
            Some((version, _)) if minor(version) < minor(self.oldest) => {
                let message = format!("client version {version} is too old");
                return (400, format!("{{\"message\":{message:?}}}"));
            }
            Some((_, rest)) => rest,
            None => path.trim_start_matches('/'),
        };
        let body = match path {
            "version" => format!(
                r#"{{"Platform":{{"Name":""}},"Version":{0:?},"ApiVersion":{1:?},"MinAPIVersion":{2:?},
                    "Components":[{{"Name":{3:?},"Version":{0:?}}}]}}"#,
                self.engine, self.newest, self.oldest, self.name
            ),
            "info" => r#"{"NCPU":2,"MemTotal":4294967296}"#.to_owned(),
            "containers/json" | "networks" => "[]".to_owned(),
            "volumes" => r#"{"Volumes":[],"Warnings":[]}"#.to_owned(),
            _ => return (404, r#"{"message":"page not found"}"#.to_owned()),
        };
        (200, body)
    }
}

/// The names of the images an engine has.
type Images = BTreeSet<String>;

/// Reads a body to its end, and says whether it had one.
fn read_chunks<R: BufRead>(body: &mut R) -> std::io::Result<bool> {
    loop {
        let mut size = String::new();
        if body.read_line(&mut size)? == 0 {
            return Ok(false);
        }
        let size = usize::from_str_radix(size.trim(), 16).expect("a chunk's size");
        let mut chunk = vec![0; size + 2];
        if body.read_exact(&mut chunk).is_err() {
            return Ok(false);
        }
        if size == 0 {
            return Ok(true);
        }
    }
}

fn minor(version: &str) -> u32 {
    let minor = version.split('.').nth(1).expect("major.minor");
    minor.parse().expect("a number")
}
