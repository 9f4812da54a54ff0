use std::path::Path;

use super::PasswordFile;
use super::django::Django;
use super::known::{Away, Known, Looked};
use crate::notify::Secrets;
use crate::spec::{Login, Users};

/// As dear as what `djbuild user` writes, and nobody's.
const FILES: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// As dear as what Django 5.2 writes.
const DJANGOS: &str = "pbkdf2_sha256$1000000$djbuild$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Where people are known.
#[derive(Debug)]
pub enum People {
    /// In a password file.
    File(PasswordFile),
    /// In a Django project's database.
    Django(Django),
}

impl People {
    /// Those of a login, whose relative paths start in a folder.
    pub fn of(login: &Login, folder: &Path, secrets: &Secrets) -> Self {
        match &login.users {
            Users::File(path) => Self::File(PasswordFile::new(folder.join(path))),
            Users::Django(users) => Self::Django(Django::new(users.clone(), secrets.clone())),
        }
    }

    /// What is computed where nobody has a name, until a hash has been seen.
    pub const fn usual_hash(&self) -> &'static str {
        match self {
            Self::File(_) => FILES,
            Self::Django(_) => DJANGOS,
        }
    }

    /// Somebody, by the name they typed.
    ///
    /// # Errors
    /// When nobody can be asked.
    pub async fn find(&self, name: &str) -> Result<Option<Known>, Away> {
        match self {
            Self::Django(django) => django.find(name).await,
            Self::File(file) => {
                let (file, name) = (file.clone(), name.to_owned());
                let found = tokio::task::spawn_blocking(move || in_file(&file, &name));
                found.await.map_err(|error| Away(error.to_string()))?
            }
        }
    }

    /// Whether they can be asked, and how many may steer.
    ///
    /// # Errors
    /// When nobody can be asked.
    pub async fn look(&self) -> Result<Looked, Away> {
        match self {
            Self::Django(django) => django.look().await,
            Self::File(file) => {
                let names = file.names().map_err(|error| Away(error.to_string()))?;
                Ok(Looked {
                    place: file.path().display().to_string(),
                    may_steer: names.len() as u64,
                    warnings: Vec::new(),
                })
            }
        }
    }
}

fn in_file(file: &PasswordFile, name: &str) -> Result<Option<Known>, Away> {
    let hash = file.hash(name).map_err(|error| Away(error.to_string()))?;
    Ok(hash.map(|hash| Known {
        name: name.to_owned(),
        hash,
        is_active: true,
        lacks: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Hash, encode};

    #[test]
    fn what_is_computed_for_nobody_is_as_dear_as_what_is_for_somebody() {
        for usual in [FILES, DJANGOS] {
            let hash = Hash::parse(usual).expect("a hash");
            assert!(!hash.is_of(""));
        }
        let written = encode("x");
        let (cost, of_nobody) = (written.split('$').nth(3), FILES.split('$').nth(3));
        assert_eq!(cost, of_nobody);
        assert_eq!(written.len(), FILES.len());
    }
}
