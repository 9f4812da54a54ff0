use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// Files put aside: whoever goes on editing them changes nothing here.
///
/// They are in a file without a name, which goes with the process however that
/// ends.
#[derive(Debug, Default)]
pub struct Aside {
    /// There is none while nothing is in it.
    file: Option<File>,
    places: BTreeMap<Vec<u8>, Place>,
    end: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    length: usize,
}

impl Aside {
    pub const fn empty() -> Self {
        Self {
            file: None,
            places: BTreeMap::new(),
            end: 0,
        }
    }

    pub fn put(&mut self, path: &[u8], bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(bytes)?;
        let place = Place {
            offset: self.end,
            length: bytes.len(),
        };
        self.end += bytes.len() as u64;
        self.places.insert(path.to_vec(), place);
        Ok(())
    }

    /// The bytes of a file, or `None` if that one was not put aside.
    pub fn get(&self, path: &[u8]) -> Option<io::Result<Vec<u8>>> {
        let (file, place) = (self.file.as_ref()?, self.places.get(path)?);
        let mut bytes = vec![0; place.length];
        Some(file.read_exact_at(&mut bytes, place.offset).map(|()| bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_aside_is_found_again_and_nothing_else() {
        let mut aside = Aside::default();
        aside.put(b"a", b"one").expect("writable");
        aside.put(b"empty", b"").expect("writable");
        aside.put(b"b", b"two").expect("writable");
        let get = |path: &[u8]| aside.get(path).map(|bytes| bytes.expect("readable"));
        assert_eq!(get(b"a"), Some(b"one".to_vec()));
        assert_eq!(get(b"b"), Some(b"two".to_vec()));
        assert_eq!(get(b"empty"), Some(Vec::new()));
        assert_eq!(get(b"c"), None);
    }
}
