use std::ffi::{OsStr, OsString};
use std::io::{Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::fault::words;
use crate::source::error::SourceError;

/// What an environment may say of another repository than the one that is meant:
/// djbuild may be started by a hook.
const OF_A_REPOSITORY: [&str; 12] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_CONFIG",
    "GIT_ATTR_SOURCE",
];

/// What no repository that is only read may have run. The command line's own
/// configuration wins over a repository's.
const HARMLESS: [(&str, &str); 4] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.alternateRefsCommand", "true"),
    ("protocol.ext.allow", "never"),
];

/// One call of git, which runs nothing that a repository names, asks nobody
/// anything, and says what it has to say in English.
#[derive(Debug)]
pub struct Git {
    command: Command,
    config: Vec<(String, String)>,
}

impl Git {
    /// A git that reads the repository that this folder is in, and does not reach
    /// the network.
    pub fn reading(folder: &Path) -> Self {
        let mut git = Self::new();
        git.command
            .current_dir(folder)
            .env("GIT_OPTIONAL_LOCKS", "0")
            // The first is new in git 2.44; the second names no protocol there is.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none");
        git
    }

    /// A git in a bare repository of djbuild's own.
    pub fn within(git_dir: &Path) -> Self {
        let mut git = Self::new();
        // Not wherever djbuild was called: that repository has a configuration too.
        git.command.current_dir(git_dir).env("GIT_DIR", git_dir);
        git
    }

    fn new() -> Self {
        let mut command = Command::new("git");
        for name in OF_A_REPOSITORY {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null());
        let config = HARMLESS.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self {
            command,
            config: config.to_vec(),
        }
    }

    /// Sets a key of git's configuration for this call. It is in no argument list,
    /// which other users of the machine can see.
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.push((key.into(), value.into()));
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds arguments.
    pub fn args(mut self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(words);
        self
    }

    /// Gives it this to read.
    ///
    /// # Errors
    /// Where there is no room for it on disk.
    pub fn input(mut self, text: &str) -> Result<Self, SourceError> {
        let write = || {
            let mut file = tempfile::tempfile()?;
            file.write_all(text.as_bytes())?;
            file.rewind()?;
            Ok(file)
        };
        let file = write().map_err(SourceError::io(std::env::temp_dir()))?;
        self.command.stdin(file);
        Ok(self)
    }

    /// What git prints.
    ///
    /// # Errors
    /// Where it is not installed, or fails: with what it said.
    pub fn read(self) -> Result<Vec<u8>, SourceError> {
        let place = self.place();
        let (output, told) = self.try_read()?;
        match told {
            None => Ok(output),
            Some(told) => Err(SourceError::Git {
                place,
                message: words(&told),
            }),
        }
    }

    /// What git prints, and what it said where it failed.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn try_read(self) -> Result<(Vec<u8>, Option<String>), SourceError> {
        let mut command = self.finished();
        if let Some(folder) = command.get_current_dir().filter(|folder| !folder.is_dir()) {
            // The system reports it as it does a program that is not there.
            return Err(SourceError::NoFolder(folder.to_owned()));
        }
        let output = command.output().map_err(not_started)?;
        let told = (!output.status.success())
            .then(|| String::from_utf8_lossy(&output.stderr).into_owned());
        Ok((output.stdout, told))
    }

    /// The command, with everything in it.
    pub fn finished(mut self) -> Command {
        // What the user's environment configures counts, and ours after it.
        let already = std::env::var("GIT_CONFIG_COUNT")
            .ok()
            .and_then(|count| count.parse::<usize>().ok())
            .unwrap_or(0);
        let count = already + self.config.len();
        self.command.env("GIT_CONFIG_COUNT", count.to_string());
        for (index, (key, value)) in self.config.iter().enumerate() {
            let number = already + index;
            self.command.env(format!("GIT_CONFIG_KEY_{number}"), key);
            self.command
                .env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        self.command
    }

    fn place(&self) -> String {
        let folder = self.command.get_current_dir().map(Path::as_os_str);
        folder
            .map_or_else(|| OsString::from("git"), OsStr::to_owned)
            .to_string_lossy()
            .into_owned()
    }
}

/// Why git could not be started.
pub fn not_started(error: std::io::Error) -> SourceError {
    match error.kind() {
        std::io::ErrorKind::NotFound => SourceError::NoGit,
        _ => SourceError::Io {
            path: "git".into(),
            error,
        },
    }
}
