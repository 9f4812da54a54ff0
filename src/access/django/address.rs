use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

/// Where a Django project's database is, and who asks it.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Server),
    /// A MySQL or MariaDB server.
    Mysql(Server),
}

/// A database of a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    /// The socket's file, or its folder; then host and port are not used.
    pub socket: Option<PathBuf>,
    pub user: String,
    pub password: Option<String>,
    pub database: String,
    pub tls: Tls,
}

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Anybody between could read it.
    Off,
    /// By a certificate for its host from whom this file has, else the system trusts.
    Checked(Option<PathBuf>),
}

const PARTS: &str = "postgresql://user:password@host/database, mysql://… or sqlite:///path";

impl Address {
    /// An address as written. What is wrong with one that is none does not repeat it.
    pub fn parse(written: &str) -> Result<Self, String> {
        // As PostgreSQL has them, and no other.
        let whole = written.trim().replacen("@/", "@localhost/", 1);
        let url =
            Url::parse(&whole).map_err(|_| format!("this is no address of a database: {PARTS}"))?;
        match url.scheme() {
            "sqlite" => {
                let path = decoded(url.path())?;
                if url.host_str().is_some_and(|host| !host.is_empty()) || !path.starts_with('/') {
                    return Err("sqlite:// is followed by an absolute path: sqlite:///srv/x".into());
                }
                Ok(Self::Sqlite(path.into()))
            }
            "postgresql" | "postgres" => Ok(Self::Postgres(server(&url, 5432, "host")?)),
            "mysql" | "mariadb" => Ok(Self::Mysql(server(&url, 3306, "socket")?)),
            _ => Err(format!("this is no database that is known here: {PARTS}")),
        }
    }

    /// What people call it, without secrets.
    pub fn words(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("SQLite in {}", path.display()),
            Self::Postgres(server) => format!("PostgreSQL at {}", server.words()),
            Self::Mysql(server) => format!("MySQL at {}", server.words()),
        }
    }
}

impl Server {
    fn words(&self) -> String {
        match &self.socket {
            Some(socket) => format!("{}, {}", socket.display(), self.database),
            None => format!("{}:{}, {}", self.host, self.port, self.database),
        }
    }

    /// Whether it is on this machine, where nobody is between.
    pub fn is_here(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.socket.is_some()
            || self.host == "localhost"
            || address.is_ok_and(|address| address.is_loopback())
    }
}

fn server(url: &Url, port: u16, socket_key: &str) -> Result<Server, String> {
    let mut server = Server {
        host: decoded(url.host_str().unwrap_or_default().trim_matches(['[', ']']))?,
        port: url.port().unwrap_or(port),
        socket: None,
        user: decoded(url.username())?,
        password: url.password().map(decoded).transpose()?,
        database: decoded(url.path().trim_start_matches('/'))?,
        tls: Tls::Off,
    };
    let (mut mode, mut roots) = (None, None);
    for (key, value) in url.query_pairs() {
        match &*key {
            "sslmode" | "ssl-mode" => mode = Some(value.to_lowercase().replace('_', "-")),
            "sslrootcert" | "ssl-ca" => roots = Some(PathBuf::from(&*value)),
            "password" => server.password = Some(value.into_owned()),
            key if key == socket_key && value.starts_with('/') => {
                server.socket = Some(PathBuf::from(&*value));
            }
            key => return Err(format!("{key} is unknown in the address of a database")),
        }
    }
    if server.host.starts_with('/') {
        server.socket = Some(PathBuf::from(&server.host));
    }
    for (part, word) in [("user", &server.user), ("database", &server.database)] {
        if word.is_empty() {
            return Err(format!("the address names no {part}: {PARTS}"));
        }
    }
    if server.host.is_empty() {
        server.host.push_str("localhost");
    }
    server.tls = match mode.as_deref() {
        Some("disable" | "disabled") => Tls::Off,
        None if server.is_here() && roots.is_none() => Tls::Off,
        // Where a mode would not check whom it speaks to, this does.
        None | Some("require" | "required" | "verify-ca" | "verify-full" | "verify-identity") => {
            Tls::Checked(roots)
        }
        Some(mode) => {
            return Err(format!(
                "sslmode={mode}: it is verify-full, with sslrootcert=PATH for a certificate of \
                 your own, or disable"
            ));
        }
    };
    Ok(server)
}

fn decoded(part: &str) -> Result<String, String> {
    match percent_decode_str(part).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => Err("a part of the address is no text".to_owned()),
    }
}

// Its password is nobody's business.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(written: &str) -> Server {
        match Address::parse(written).expect("valid") {
            Address::Postgres(server) => server,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_parts_of_an_address_are_found_however_they_are_written() {
        let it = postgres("postgres://u%40x:p%2Fw@db.example.org:6432/site");
        assert_eq!((&*it.user, it.password.as_deref()), ("u@x", Some("p/w")));
        assert_eq!(
            (&*it.host, it.port, &*it.database),
            ("db.example.org", 6432, "site")
        );
        assert_eq!(it.tls, Tls::Checked(None));
        let it = postgres("postgresql://u@[::1]/site");
        assert_eq!((&*it.host, it.port, it.tls), ("::1", 5432, Tls::Off));
        let it = postgres("postgresql://u@/site?host=/run/postgresql");
        assert_eq!(it.socket, Some("/run/postgresql".into()));
        let it = postgres("postgresql://u@h/site?sslmode=require&sslrootcert=/x.pem");
        assert_eq!(it.tls, Tls::Checked(Some("/x.pem".into())));
        assert_eq!(postgres("postgresql://u@h/s?sslmode=disable").tls, Tls::Off);
        let it = Address::parse("mysql://u@h/site?socket=/run/s").expect("valid");
        assert_eq!(it.words(), "MySQL at /run/s, site");
        let it = Address::parse("sqlite:///srv/a%20b").expect("valid");
        assert_eq!(it, Address::Sqlite("/srv/a b".into()));
    }

    #[test]
    fn what_is_wrong_with_an_address_is_told_and_no_secret() {
        for written in [
            "",
            "HIDDEN",
            "oracle://u:HIDDEN@h/s",
            "postgresql://:HIDDEN@h/s",
            "postgresql://u:HIDDEN@h/",
            "postgresql://u:HIDDEN@h/s?sslmode=prefer",
            "postgresql://u:HIDDEN@h/s?sslmod=disable",
            "postgresql://u:HIDDEN%00@h/s",
            "postgresql://u:HIDDEN@h:x/s",
            "sqlite://x",
        ] {
            let error = Address::parse(written).expect_err(written);
            assert!(!error.contains("HIDDEN"), "{error}");
        }
        let it = Address::parse("mysql://u:HIDDEN@h/s").expect("valid");
        assert!(!format!("{it:?}").contains("HIDDEN"));
    }

    proptest::proptest! {
        #[test]
        fn no_word_is_an_address_that_panics(
            scheme in "(postgresql|mysql|sqlite)",
            rest in "\\PC{0,60}",
        ) {
            let _ = Address::parse(&format!("{scheme}://{rest}"));
            let _ = Address::parse(&rest);
        }
    }
}
