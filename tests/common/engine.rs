//! An engine that answers as others were heard to, and has nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

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
            for connection in listener.incoming() {
                let connection = connection.expect("a connection");
                // Whoever asked may have gone.
                let _ = self.answer(connection);
            }
        });
        socket
    }

    fn answer<C: Read + Write>(self, connection: C) -> std::io::Result<()> {
        let mut connection = BufReader::new(connection);
        let mut request = String::new();
        connection.read_line(&mut request)?;
        let mut header = String::new();
        while connection.read_line(&mut header)? > 2 {
            header.clear();
        }
        let target = request.split(' ').nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let (status, body) = self.respond(path);
        write!(
            connection.get_mut(),
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
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

fn minor(version: &str) -> u32 {
    let minor = version.split('.').nth(1).expect("major.minor");
    minor.parse().expect("a number")
}
