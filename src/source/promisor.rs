use std::path::Path;

use super::error::SourceError;
use super::git::Git;
use super::remote::{NamedBy, Remote};
use super::skeleton;

/// The remote of a partial clone, which has the objects that are not here.
///
/// They are fetched by git into the clone, as git itself does when it wants one,
/// but from within an empty repository: nothing of the clone's configuration
/// applies, apart from the address.
#[derive(Debug, Clone)]
pub struct Promisor {
    url: String,
}

impl Promisor {
    /// That of a repository, if it has one.
    pub fn of(folder: &Path, objects: &Path) -> Result<Option<Self>, SourceError> {
        if !is_partial(objects) {
            return Ok(None);
        }
        let ask = Git::reading(folder).args(["config", "-z", "--get-regexp"]);
        let (listed, _) = ask
            .args([r"^(remote\..*\.(url|promisor)|extensions\.partialclone)$"])
            .try_read()?;
        Ok(find(&String::from_utf8_lossy(&listed)).map(|url| Self {
            url: beside(folder, url),
        }))
    }

    /// Has these objects fetched.
    pub fn fetch(&self, ids: &[String], objects: &Path) -> Result<(), SourceError> {
        let temporary = tempfile::tempdir().map_err(SourceError::io(std::env::temp_dir()))?;
        skeleton::make(temporary.path())?;
        Remote::new(&self.url, NamedBy::User).fetch_objects(ids, temporary.path(), objects)
    }
}

/// Whether there are packs of which the rest was promised.
fn is_partial(objects: &Path) -> bool {
    let Ok(packs) = objects.join("pack").read_dir() else {
        return false;
    };
    packs
        .flatten()
        .any(|pack| pack.path().extension().is_some_and(|is| is == "promisor"))
}

/// The address of the first remote that promised something.
fn find(listed: &str) -> Option<String> {
    let pairs: Vec<(&str, &str)> = listed
        .split('\0')
        .filter_map(|pair| pair.split_once('\n'))
        .collect();
    let promising = pairs.iter().find_map(|(key, value)| {
        if *key == "extensions.partialclone" {
            return Some(*value);
        }
        let name = key.strip_prefix("remote.")?.strip_suffix(".promisor")?;
        (*value == "true").then_some(name)
    })?;
    let key = format!("remote.{promising}.url");
    let (_, url) = pairs.iter().find(|(known, _)| *known == key)?;
    Some((*url).to_owned())
}

/// A relative path starts at the checkout.
fn beside(folder: &Path, url: String) -> String {
    if url.starts_with("./") || url.starts_with("../") {
        return folder.join(url).display().to_string();
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_that_promised_is_the_one_that_is_asked() {
        let listed =
            "remote.a.url\nhttps://a\0remote.b.x.url\nhttps://b\0remote.b.x.promisor\ntrue\0";
        assert_eq!(find(listed).as_deref(), Some("https://b"));
        let older = "remote.a.url\nhttps://a\0extensions.partialclone\na\0";
        assert_eq!(find(older).as_deref(), Some("https://a"));
        assert_eq!(find("remote.a.url\nhttps://a\0"), None);
    }
}
