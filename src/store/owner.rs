use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Liveness, State, StoreError};
use crate::model::{RunId, hex};

/// Who starts things from here. Each part is a valid label: letters, digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// This installation, by the random name in its state folder. A copied home
    /// has the same.
    pub owner: String,
    /// This host: a digest of its machine id and name. Hosts made of one image may
    /// have the same.
    pub host: String,
    /// This kernel since it was started, where the system tells
    /// (<https://docs.kernel.org/admin-guide/sysctl/kernel.html#random>).
    pub boot: Option<String>,
}

/// What the labels of something say of who started it.
#[derive(Debug, Clone, Copy)]
pub struct Marks<'a> {
    /// [`Here::owner`] of then.
    pub owner: &'a str,
    /// [`Here::host`] of then; earlier versions did not say.
    pub host: Option<&'a str>,
    /// [`Here::boot`] of then.
    pub boot: Option<&'a str>,
    /// The run it was started for.
    pub run: &'a RunId,
}

impl State {
    /// Names this installation: everything it starts carries the name, and
    /// nothing else is ever cleaned up.
    ///
    /// # Errors
    /// When the folder cannot be written, or is a newer djbuild's.
    pub fn owner(&self) -> Result<String, StoreError> {
        self.check()?;
        let path = self.folder().join("owner");
        match std::fs::read_to_string(&path) {
            Ok(owner) if !owner.trim().is_empty() => return Ok(owner.trim().to_owned()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io(&path)(error)),
        }
        self.prepare()?;
        let name: String = std::iter::repeat_with(fastrand::alphanumeric)
            .take(16)
            .collect();
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(self.folder())?;
            file.write_all(name.as_bytes())?;
            // Two first runs at once: the first to get here names both.
            match file.persist_noclobber(&path) {
                Ok(_) => Ok(()),
                Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
                Err(error) => Err(error.error),
            }
        };
        write().map_err(StoreError::io(&path))?;
        std::fs::read_to_string(&path)
            .map(|owner| owner.trim().to_owned())
            .map_err(StoreError::io(&path))
    }

    /// Who starts things from here.
    ///
    /// # Errors
    /// When the state folder cannot be written, or is a newer djbuild's.
    pub fn here(&self) -> Result<Here, StoreError> {
        let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
        let boot = read("/proc/sys/kernel/random/boot_id");
        Ok(Here {
            owner: self.owner()?,
            host: digest(&[&read("/etc/machine-id"), &read("/proc/sys/kernel/hostname")]),
            boot: (!boot.is_empty()).then(|| digest(&[&boot])),
        })
    }

    /// Whether the run that something was started for still lives, asked from here.
    ///
    /// A lock says something only of processes on the machine that asks: on another
    /// with a copied home there is an equal folder and nobody holds its locks.
    /// Containers on one kernel are one machine, whatever names they give
    /// themselves.
    pub fn judge(&self, marks: &Marks<'_>, here: &Here) -> Liveness {
        if marks.owner != here.owner {
            return Liveness::Unknown;
        }
        let is_this_boot = marks.boot.is_some() && marks.boot == here.boot.as_deref();
        let is_this_host = marks.host.is_none_or(|host| host == here.host);
        if !is_this_boot && !is_this_host {
            return Liveness::Unknown;
        }
        match self.liveness(marks.run) {
            // Its processes went with the kernel they ran on. The folder has to be
            // here: two clones of one machine may be called the same.
            Liveness::Unknown
                if marks.host.is_some()
                    && marks.boot.is_some()
                    && here.boot.is_some()
                    && !is_this_boot
                    && self.run_folder(marks.run).is_dir() =>
            {
                Liveness::Dead
            }
            answer => answer,
        }
    }
}

/// Enough of a digest to tell a handful of hosts apart.
fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.trim().as_bytes());
        digest.update(b"\n");
    }
    let mut name = hex(&digest.finalize());
    name.truncate(12);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().join("djbuild"));
        (folder, state)
    }

    #[test]
    fn the_owner_is_named_once() {
        let (_folder, state) = state();
        let first = state.owner().expect("writable");
        assert_eq!(first.len(), 16);
        assert_eq!(state.owner().expect("readable"), first);
    }

    #[test]
    fn every_part_of_here_is_a_label() {
        let (_folder, state) = state();
        let here = state.here().expect("writable");
        for part in [Some(&here.owner), Some(&here.host), here.boot.as_ref()] {
            let part = part.expect("this system has a boot id");
            assert!(part.len() <= 63 && part.chars().all(|c| c.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn a_copied_home_on_another_host_sweeps_nothing() {
        let (_folder, state) = state();
        let run = RunId::new("r");
        drop(state.begin(&run).expect("writable"));
        let here = state.here().expect("readable");
        let marks = |host, boot| Marks {
            owner: &here.owner,
            host,
            boot,
            run: &run,
        };
        let judge = |host, boot| state.judge(&marks(host, boot), &here);
        let (host, boot) = (Some(here.host.as_str()), here.boot.as_deref());
        assert_eq!(judge(host, boot), Liveness::Dead, "its lock is free");
        assert_eq!(judge(Some("another"), Some("other")), Liveness::Unknown);
        assert_eq!(judge(Some("another"), None), Liveness::Unknown);
        assert_eq!(judge(None, None), Liveness::Dead, "of an earlier version");
        let one_kernel = judge(Some("another"), boot);
        assert_eq!(one_kernel, Liveness::Dead, "two containers share the state");
        let stranger = Marks {
            owner: "stranger",
            ..marks(host, boot)
        };
        assert_eq!(state.judge(&stranger, &here), Liveness::Unknown);
        let _lock = state.begin(&run).expect("writable");
        assert_eq!(judge(host, Some("other")), Liveness::Live);
    }

    #[test]
    fn what_ran_before_the_machine_was_started_again_is_dead() {
        let (_folder, state) = state();
        let run = RunId::new("r");
        drop(state.begin(&run).expect("writable"));
        std::fs::remove_file(state.run_folder(&run).join("lock")).expect("there");
        let here = state.here().expect("readable");
        let marks = |boot, run| Marks {
            owner: &here.owner,
            host: Some(&here.host),
            boot,
            run,
        };
        let judge = |boot, run| state.judge(&marks(boot, run), &here);
        assert_eq!(judge(Some("before"), &run), Liveness::Dead);
        assert_eq!(judge(here.boot.as_deref(), &run), Liveness::Unknown);
        assert_eq!(judge(None, &run), Liveness::Unknown);
        let unknown = RunId::new("of a clone of this machine");
        assert_eq!(judge(Some("before"), &unknown), Liveness::Unknown);
    }
}
