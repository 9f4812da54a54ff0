use std::path::Path;

use super::PasswordFile;
use super::django::Django;
use super::known::{Away, Known, Looked};
use crate::notify::Secrets;
use crate::spec::{Login, Users};

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
