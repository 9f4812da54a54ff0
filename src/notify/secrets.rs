use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::spec::Secret;

/// Where secrets are, which are in no matrix file: systemd's credentials, the environment,
/// a file that nobody else can read.
#[derive(Debug, Clone)]
pub struct Secrets {
    credentials: Option<PathBuf>,
    file: Option<PathBuf>,
}

/// Why a secret is not to be had. It never says what the secret is.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Nobody has it.
    #[error(
        "there is no secret {name}: put it into the variable {}, or as {name} = \"…\" into {}",
        variable(name),
        file.as_ref().map_or_else(|| "a file that DJBUILD_SECRETS names".to_owned(),
            |file| file.display().to_string())
    )]
    Missing {
        /// Its name.
        name: String,
        /// The file that could have it.
        file: Option<PathBuf>,
    },
    /// The file with secrets can be read by others, or not at all.
    #[error("{}: {problem}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl Secrets {
    /// Those of this process; the file is the one that `DJBUILD_SECRETS` names, else
    /// `secrets.toml` in this folder.
    pub fn find(configuration: Option<&Path>) -> Self {
        let named = |name| std::env::var_os(name).filter(|path| !path.is_empty());
        Self {
            // https://systemd.io/CREDENTIALS/
            credentials: named("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            file: named("DJBUILD_SECRETS")
                .map(PathBuf::from)
                .or_else(|| configuration.map(|folder| folder.join("secrets.toml"))),
        }
    }

    /// What a value is.
    ///
    /// # Errors
    /// When nobody has it, or the file that should can be read by others.
    pub fn value(&self, secret: &Secret) -> Result<String, SecretError> {
        let name = match secret {
            Secret::Plain(value) => return Ok(value.clone()),
            Secret::Named(name) => name,
        };
        if let Some(folder) = &self.credentials
            && let Ok(value) = std::fs::read_to_string(folder.join(name))
        {
            return Ok(value.trim_end_matches('\n').to_owned());
        }
        if let Ok(value) = std::env::var(variable(name)) {
            return Ok(value);
        }
        let missing = || SecretError::Missing {
            name: name.clone(),
            file: self.file.clone(),
        };
        let path = self.file.as_ref().ok_or_else(missing)?;
        let wrong = |problem: String| SecretError::File {
            path: path.clone(),
            problem,
        };
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(wrong(error.to_string())),
        };
        if metadata.mode() & 0o077 != 0 {
            return Err(wrong(
                "others can read the secrets in it: chmod 600".to_owned(),
            ));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        // What the parser says may cite a line of the file.
        let table: toml::Table =
            toml::from_str(&text).map_err(|_| wrong("this is no TOML file".to_owned()))?;
        match table.get(name) {
            Some(toml::Value::String(value)) => Ok(value.clone()),
            Some(_) => Err(wrong(format!("{name} is no word in quotes"))),
            None => Err(missing()),
        }
    }
}

/// The variable of a secret: `DJBUILD_SECRET_SLACK_URL` for `slack-url`.
fn variable(name: &str) -> String {
    let word = name.to_uppercase().replace(['-', '.'], "_");
    format!("DJBUILD_SECRET_{word}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn secrets(text: &str, mode: u32) -> (tempfile::TempDir, Secrets) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("secrets.toml");
        std::fs::write(&file, text).expect("writable");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).expect("ours");
        let secrets = Secrets {
            credentials: Some(folder.path().join("credentials")),
            file: Some(file),
        };
        (folder, secrets)
    }

    fn named(name: &str) -> Secret {
        Secret::Named(name.to_owned())
    }

    #[test]
    fn a_secret_is_found_in_a_file_of_its_owner_and_before_that_in_systemds_folder() {
        let (folder, secrets) = secrets("slack = \"https://x\"\n", 0o600);
        assert_eq!(
            secrets.value(&named("slack")).ok(),
            Some("https://x".to_owned())
        );
        let credentials = folder.path().join("credentials");
        std::fs::create_dir(&credentials).expect("writable");
        std::fs::write(credentials.join("slack"), "https://y\n").expect("writable");
        assert_eq!(
            secrets.value(&named("slack")).ok(),
            Some("https://y".to_owned())
        );
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_and_nothing_of_it_is_told() {
        for (text, mode) in [
            ("slack = \"HIDDEN\"\n", 0o644),
            ("slack = HIDDEN \"", 0o600),
        ] {
            let (_folder, secrets) = secrets(text, mode);
            let error = secrets
                .value(&named("slack"))
                .expect_err("refused")
                .to_string();
            assert!(!error.contains("HIDDEN"), "{error}");
        }
    }

    #[test]
    fn one_that_is_missing_says_where_it_would_be_looked_for() {
        let (_folder, secrets) = secrets("", 0o600);
        let error = secrets
            .value(&named("slack-url"))
            .expect_err("missing")
            .to_string();
        assert!(error.contains("DJBUILD_SECRET_SLACK_URL"), "{error}");
        assert!(error.contains("secrets.toml"), "{error}");
    }
}
