use std::path::Path;

use super::PasswordFile;
use crate::notify::Secrets;
use crate::spec::{Login, Users};

/// Where people are known.
#[derive(Debug)]
pub enum People {
    /// In a password file.
    File(PasswordFile),
    /// Where they cannot be asked yet.
    Elsewhere,
}

/// Somebody who is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// As they are called there, which may be other than they typed it.
    pub name: String,
    /// The hash of their password, as written.
    pub hash: String,
    /// Whether they may log in at all.
    pub is_active: bool,
    /// What they lack to steer; nothing where they may.
    pub lacks: Option<String>,
}

/// Nobody can be asked there now, and why, without secrets.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Away(pub String);

impl People {
    /// Those of a login, whose relative paths start in a folder.
    pub fn of(login: &Login, folder: &Path, _secrets: &Secrets) -> Self {
        match &login.users {
            Users::File(path) => Self::File(PasswordFile::new(folder.join(path))),
            Users::Django(_) => Self::Elsewhere,
        }
    }

    /// Somebody, by the name they typed.
    ///
    /// # Errors
    /// When nobody can be asked.
    pub async fn find(&self, name: &str) -> Result<Option<Known>, Away> {
        match self {
            Self::Elsewhere => Err(Away("Django's users cannot be asked yet".to_owned())),
            Self::File(file) => {
                let (file, name) = (file.clone(), name.to_owned());
                let found = tokio::task::spawn_blocking(move || in_file(&file, &name));
                found.await.map_err(|error| Away(error.to_string()))?
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
