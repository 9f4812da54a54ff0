use std::fs;
use std::path::{Path, PathBuf};

/// How a TCP port is to be spoken to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Tls {
    /// In the clear.
    #[default]
    No,
    /// With TLS: `ca.pem` in this folder tells whom to trust, and `cert.pem`
    /// with `key.pem`, if they are there, who is asking. Docker's client and
    /// its contexts use these names
    /// (<https://docs.docker.com/engine/security/protect-access/>).
    Verified(PathBuf),
    /// With TLS and whoever answers.
    Unverified,
}

/// TLS that cannot be begun.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(
        "TLS without a check of who answers is asked for, which djbuild does not do: anybody \
         could be the engine"
    )]
    Unverified,
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{path} holds no {wanted}")]
    Useless { path: PathBuf, wanted: &'static str },
    #[error("{0} cannot be used: {1}")]
    Unusable(PathBuf, String),
    #[error("{0} has a pass phrase, which only you know; write it without one")]
    Encrypted(PathBuf),
    #[error("{0} is there without its counterpart; an engine that wants one wants both")]
    Half(PathBuf),
}

/// The files that TLS needs.
#[derive(Debug)]
pub struct Files {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Files {
    /// The files in a folder, looked at beforehand: bollard silently presents no
    /// certificate when it cannot use the one there, and all that is heard of it
    /// then is that the engine hung up.
    pub fn check(folder: &Path) -> Result<Self, TlsError> {
        let files = Self {
            ca: folder.join("ca.pem"),
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        };
        holds(&files.ca, "CERTIFICATE", "certificate")?;
        match (files.cert.exists(), files.key.exists()) {
            (false, false) => {}
            (true, false) => return Err(TlsError::Half(files.cert)),
            (false, true) => return Err(TlsError::Half(files.key)),
            (true, true) => {
                holds(&files.cert, "CERTIFICATE", "certificate")?;
                let key = holds(&files.key, "PRIVATE KEY", "private key")?;
                if key.contains("ENCRYPTED") {
                    return Err(TlsError::Encrypted(files.key));
                }
            }
        }
        Ok(files)
    }
}

fn holds(path: &Path, marker: &str, wanted: &'static str) -> Result<String, TlsError> {
    let text = fs::read_to_string(path).map_err(|error| TlsError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    if text.contains(&format!("{marker}-----")) {
        Ok(text)
    } else {
        Err(TlsError::Useless {
            path: path.to_owned(),
            wanted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n";

    fn refusal(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("writable");
        }
        let refusal = Files::check(folder.path()).err()?.to_string();
        Some(refusal.replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn a_folder_without_a_ca_is_refused_and_the_file_named() {
        let why = refusal(&[]).expect("refused");
        assert!(why.starts_with("ca.pem cannot be read: No such"), "{why}");
    }

    #[test]
    fn a_ca_alone_will_do_for_an_engine_that_asks_nobody_who_he_is() {
        assert_eq!(refusal(&[("ca.pem", CERTIFICATE)]), None);
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let why = refusal(&[("ca.pem", CERTIFICATE), ("cert.pem", CERTIFICATE)]);
        assert!(why.is_some_and(|why| why.starts_with("cert.pem is there without")));
    }

    #[test]
    fn a_key_that_cannot_be_used_is_refused_rather_than_left_out() {
        let with_key = |key| {
            refusal(&[
                ("ca.pem", CERTIFICATE),
                ("cert.pem", CERTIFICATE),
                ("key.pem", key),
            ])
        };
        assert_eq!(
            with_key(CERTIFICATE).as_deref(),
            Some("key.pem holds no private key")
        );
        let why = with_key("-----BEGIN ENCRYPTED PRIVATE KEY-----\n").expect("refused");
        assert!(why.contains("pass phrase"), "{why}");
        assert_eq!(with_key("-----BEGIN RSA PRIVATE KEY-----\n"), None);
    }
}
