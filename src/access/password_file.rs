use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::Hash;

/// Bytes of the largest that is read.
const LARGEST: u64 = 1 << 20;
const MODE: u32 = 0o600;
const HEAD: &str = "# Who may log in, a line each: name:hash. `djbuild user` writes it.\n";

/// A file with names and the hashes of their passwords, a line each: `name:hash`. It is
/// read anew each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordFile(PathBuf);

/// What is wrong with a password file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is there, and no good.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Nobody could log in by it.
    #[error("{0:?} is no name: letters, digits and @ . + - _ make one, 150 at most")]
    Name(String),
}

impl PasswordFile {
    /// The file at this place; it need not be there.
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The names in it, in its order.
    ///
    /// # Errors
    /// When it cannot be read, others can, or a line of it is none.
    pub fn names(&self) -> Result<Vec<String>, FileError> {
        let text = self.read()?;
        let entries = self.entries(&text)?;
        Ok(entries.iter().map(|(name, _)| (*name).to_owned()).collect())
    }

    /// The hash of a name's password, if it is there.
    ///
    /// # Errors
    /// When it cannot be read, others can, or a line of it is none.
    pub fn hash(&self, name: &str) -> Result<Option<String>, FileError> {
        let text = self.read()?;
        let entries = self.entries(&text)?;
        let found = entries.into_iter().find(|(known, _)| *known == name);
        Ok(found.map(|(_, hash)| hash.to_owned()))
    }

    /// Gives a name this hash, and says whether it had another.
    ///
    /// # Errors
    /// When the name is none, or the file cannot be read or written: then it is as it was.
    pub fn put(&self, name: &str, hash: &str) -> Result<bool, FileError> {
        self.expect_name(name)?;
        let text = self.read_if_there()?;
        self.entries(&text)?;
        let line = format!("{name}:{hash}\n");
        let mut is_there = false;
        let mut new = String::new();
        for old in text.lines() {
            if name_of(old) == Some(name) {
                is_there = true;
                new.push_str(&line);
            } else {
                new.push_str(old);
                new.push('\n');
            }
        }
        if new.is_empty() {
            new.push_str(HEAD);
        }
        if !is_there {
            new.push_str(&line);
        }
        self.write(&new)?;
        Ok(is_there)
    }

    /// Refuses what cannot be put into a password file as a name.
    ///
    /// # Errors
    /// When it cannot.
    pub fn expect_name(&self, name: &str) -> Result<(), FileError> {
        if is_name(name) {
            return Ok(());
        }
        Err(FileError::Name(name.to_owned()))
    }

    /// Takes a name out, and says whether it was there.
    ///
    /// # Errors
    /// When the file cannot be read or written: then it is as it was.
    pub fn remove(&self, name: &str) -> Result<bool, FileError> {
        let text = self.read_if_there()?;
        self.entries(&text)?;
        let others = text.lines().filter(|line| name_of(line) != Some(name));
        let new: String = others.map(|line| format!("{line}\n")).collect();
        if new.lines().count() == text.lines().count() {
            return Ok(false);
        }
        self.write(&new)?;
        Ok(true)
    }

    fn read(&self) -> Result<String, FileError> {
        let metadata = self.0.metadata().map_err(self.io())?;
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Err(self.wrong("this is no password file".to_owned()));
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(self.wrong("others can read it: chmod 600".to_owned()));
        }
        std::fs::read_to_string(&self.0).map_err(self.io())
    }

    fn read_if_there(&self) -> Result<String, FileError> {
        match self.read() {
            Err(FileError::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(String::new())
            }
            read => read,
        }
    }

    /// All of it or nothing: who reads it meanwhile reads the old or the new one.
    fn write(&self, text: &str) -> Result<(), FileError> {
        // What a link leads to is changed, and not the link.
        let path = self.0.canonicalize().unwrap_or_else(|_| self.0.clone());
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            let mode = std::fs::Permissions::from_mode(MODE);
            file.as_file().set_permissions(mode)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(self.io())
    }

    /// Names and hashes. Of a file that is partly wrong nothing is believed.
    fn entries<'t>(&self, text: &'t str) -> Result<Vec<(&'t str, &'t str)>, FileError> {
        let mut entries: Vec<(&str, &str)> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: &str| self.wrong(format!("line {}: {what}", index + 1));
            let Some((name, hash)) = line.split_once(':').filter(|(name, _)| is_name(name)) else {
                return Err(wrong(
                    "name:hash is expected, as `djbuild user add` writes it",
                ));
            };
            if entries.iter().any(|(known, _)| *known == name) {
                return Err(wrong(&format!("{name} is there twice")));
            }
            if Hash::parse(hash).is_none() && !hash.starts_with('!') {
                return Err(wrong(&format!(
                    "what {name} has is no hash; `djbuild user add {name}` makes one"
                )));
            }
            entries.push((name, hash));
        }
        Ok(entries)
    }

    fn io(&self) -> impl FnOnce(std::io::Error) -> FileError {
        let path = self.0.clone();
        move |error| FileError::Io { path, error }
    }

    fn wrong(&self, problem: String) -> FileError {
        FileError::Wrong {
            path: self.0.clone(),
            problem,
        }
    }
}

fn name_of(line: &str) -> Option<&str> {
    let (name, _) = line.trim().split_once(':')?;
    is_name(name).then_some(name)
}

/// As Django has names.
fn is_name(name: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || "@.+-_".contains(c);
    !name.is_empty() && name.chars().count() <= 150 && name.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "md5$salt$67a1e09bb1f83f5007dc119c14d663aa";

    fn file() -> (tempfile::TempDir, PasswordFile) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = PasswordFile::new(folder.path().join("users.txt"));
        (folder, file)
    }

    fn write(file: &PasswordFile, text: &str, mode: u32) {
        std::fs::write(file.path(), text).expect("writable");
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(file.path(), mode).expect("ours");
    }

    #[test]
    fn names_are_put_changed_and_removed_and_what_else_is_there_stays() {
        let (_folder, file) = file();
        assert!(!file.put("ann", HASH).expect("written"));
        assert!(!file.put("bob@example.org", HASH).expect("written"));
        let text = std::fs::read_to_string(file.path()).expect("there");
        write(&file, &format!("# ours\n\n{text}"), 0o600);
        assert!(file.put("ann", "!").expect("written"));
        assert_eq!(file.hash("ann").expect("read"), Some("!".to_owned()));
        assert_eq!(file.names().expect("read"), ["ann", "bob@example.org"]);
        assert!(file.remove("ann").expect("written"));
        assert!(!file.remove("ann").expect("read"));
        assert_eq!(file.hash("ann").expect("read"), None);
        let text = std::fs::read_to_string(file.path()).expect("there");
        assert!(text.starts_with("# ours\n"), "{text}");
        let mode = file.path().metadata().expect("there").mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_a_link_leads_to_is_changed_and_not_the_link() {
        let (folder, file) = file();
        let other = PasswordFile::new(folder.path().join("real"));
        other.put("ann", HASH).expect("written");
        std::os::unix::fs::symlink(other.path(), file.path()).expect("writable");
        file.put("bob", HASH).expect("written");
        assert_eq!(other.names().expect("read"), ["ann", "bob"]);
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_partly_wrong_lets_nobody_in() {
        let (_folder, file) = file();
        let good = format!("ann:{HASH}\n");
        for (text, mode, words) in [
            (good.clone(), 0o640, "chmod 600"),
            (format!("{good}bob\n"), 0o600, "line 2"),
            (format!("{good}{good}"), 0o600, "twice"),
            (format!("{good}b b:{HASH}\n"), 0o600, "line 2"),
            (format!("{good}bob:secret\n"), 0o600, "no hash"),
        ] {
            write(&file, &text, mode);
            let error = file.hash("ann").expect_err("refused").to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("secret"), "{error}");
            assert!(file.put("ann", HASH).is_err(), "{text}");
            assert_eq!(std::fs::read_to_string(file.path()).expect("there"), text);
        }
        for name in ["", "a b", "a:b", "a\n", "#"] {
            assert!(matches!(file.put(name, HASH), Err(FileError::Name(_))));
        }
    }
}
