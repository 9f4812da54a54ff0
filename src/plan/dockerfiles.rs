use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use crate::model::hex;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/dockerfiles");

/// The Dockerfiles and what goes into their build contexts, by path
/// (`python/Dockerfile`). They come with djbuild and can be overridden.
#[derive(Debug, Clone)]
pub struct Dockerfiles {
    files: BTreeMap<String, Vec<u8>>,
}

impl Dockerfiles {
    /// Those that come with djbuild.
    pub fn embedded() -> Self {
        fn collect(folder: &Dir<'_>, files: &mut BTreeMap<String, Vec<u8>>) {
            for file in folder.files() {
                if let Some(path) = file.path().to_str() {
                    files.insert(path.to_owned(), file.contents().to_vec());
                }
            }
            for folder in folder.dirs() {
                collect(folder, files);
            }
        }
        let mut files = BTreeMap::new();
        collect(&EMBEDDED, &mut files);
        Self { files }
    }

    /// Replaces or adds one file.
    pub fn replace(&mut self, path: &str, content: Vec<u8>) {
        self.files.insert(path.to_owned(), content);
    }

    /// One file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The files of one folder, with paths relative to it. Python's own
    /// leavings are no part of any image.
    pub fn folder<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.files.iter().filter_map(move |(path, content)| {
            let inside = path.strip_prefix(folder)?.strip_prefix('/')?;
            (!inside.contains("__pycache__")).then_some((inside, content.as_slice()))
        })
    }

    /// The test runner inside cells, without its own tests.
    pub fn runner(&self) -> Runner {
        let files = self
            .folder("runner")
            .filter(|(path, _)| path.starts_with("djbuild_runner/"))
            .map(|(path, content)| (path.to_owned(), content.to_vec()));
        Runner::new(files.collect())
    }
}

/// The test runner inside cells.
#[derive(Debug, Clone)]
pub struct Runner {
    files: Arc<[(String, Vec<u8>)]>,
    key: Arc<str>,
}

impl Runner {
    /// A runner of these files, by their paths.
    pub fn new(files: Vec<(String, Vec<u8>)>) -> Self {
        let mut digest = Sha256::new();
        for (path, content) in &files {
            digest.update(path);
            digest.update([0]);
            digest.update((content.len() as u64).to_be_bytes());
            digest.update(content);
        }
        Self {
            files: files.into(),
            key: hex(&digest.finalize()[..8]).into(),
        }
    }

    /// Its files by their paths.
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// Tells it from other runners.
    pub fn key(&self) -> &str {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::label;

    #[test]
    fn every_image_has_a_dockerfile_that_labels_it() {
        let files = Dockerfiles::embedded();
        for image in [
            "python",
            "postgresql",
            "mariadb",
            "mysql",
            "memcached",
            "redis",
        ] {
            let file = files.get(&format!("{image}/Dockerfile")).expect(image);
            let text = String::from_utf8_lossy(file);
            let label = format!("\nLABEL {}=image\n", label::CACHE);
            assert!(text.contains(&label), "{image}");
        }
    }

    #[test]
    fn an_override_takes_the_place_of_the_embedded_file() {
        let mut files = Dockerfiles::embedded();
        files.replace("redis/Dockerfile", b"FROM mine".to_vec());
        let redis: Vec<_> = files.folder("redis").collect();
        assert!(redis.contains(&("Dockerfile", &b"FROM mine"[..])));
    }
}
