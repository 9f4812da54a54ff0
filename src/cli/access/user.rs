use super::password::new_password;
use crate::access::{FileError, PasswordFile, encode};
use crate::cli::args::{FileOptions, UserCommand};
use crate::cli::error::{CliError, Outcome};
use crate::cli::exit::Exit;
use crate::cli::say::say;
use crate::cli::watch::Farm;
use crate::model::printable;
use crate::spec::Users;

/// Puts somebody into the password file or takes them out of it.
pub fn user(command: &UserCommand) -> Outcome {
    match command {
        UserCommand::Add(options) => {
            let (file, name) = (file(&options.file)?, &options.name);
            file.expect_name(name)?;
            let hash = encode(&new_password(name)?);
            let what = if file.put(name, &hash)? {
                "has another password now"
            } else {
                "may log in"
            };
            say(&format!("{name} {what}: {}\n", file.path().display()))?;
        }
        UserCommand::Remove(options) => {
            let (file, name) = (file(&options.file)?, &options.name);
            if !file.remove(name)? {
                return Err(CliError::Usage(format!(
                    "{} is not in {}; `djbuild user list` shows who is",
                    printable(name),
                    file.path().display()
                )));
            }
            say(&format!(
                "{name} is out; open sessions end within two minutes\n"
            ))?;
        }
        UserCommand::List(options) => {
            for name in file(options)?.names()? {
                say(&format!("{name}\n"))?;
            }
        }
    }
    Ok(Exit::Passed)
}

/// The one that is typed, else the one that the matrix file names.
fn file(options: &FileOptions) -> Result<PasswordFile, CliError> {
    if let Some(path) = &options.file {
        return Ok(PasswordFile::new(path.clone()));
    }
    let farm = Farm::here(None)?;
    let login = farm
        .as_ref()
        .and_then(|farm| Some((farm, farm.watch.login.as_ref()?)));
    match login {
        Some((farm, login)) => match &login.users {
            Users::File(path) => Ok(PasswordFile::new(farm.beside(path))),
            Users::Django(_) => Err(CliError::Usage(format!(
                "{}: who logs in here is a user of a Django project; its admin makes them",
                login.place
            ))),
        },
        None => Err(CliError::Usage(
            "no matrix file here says where the users are; put this into djbuild.toml, or name \
             a file with --file:\n\n[watch.login]\nusers = \"users.txt\""
                .to_owned(),
        )),
    }
}

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io { path, error } => Self::Read { path, error },
            FileError::Wrong { .. } | FileError::Name(_) => Self::Usage(error.to_string()),
        }
    }
}
