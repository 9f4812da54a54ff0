use std::path::Path;

use super::error::SourceError;

/// All the configuration that a repository of djbuild's has. What else somebody
/// wrote there is not to be run.
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\
                      \tlogAllRefUpdates = false\n[gc]\n\tauto = 0\n";

const FILES: [(&str, &str); 2] = [("HEAD", "ref: refs/heads/main\n"), ("config", CONFIG)];
const FOLDERS: [&str; 3] = ["objects/pack", "objects/info", "refs"];

/// Whether a folder is such a repository.
pub fn is_made(folder: &Path) -> bool {
    let is_whole = |(name, text): (&str, &str)| {
        std::fs::read(folder.join(name)).is_ok_and(|found| found == text.as_bytes())
    };
    FILES.into_iter().all(is_whole) && FOLDERS.iter().all(|part| folder.join(part).is_dir())
}

/// Makes a folder an empty bare repository, or mends one that was left half made;
/// what is in it stays.
pub fn make(folder: &Path) -> Result<(), SourceError> {
    for part in FOLDERS {
        let part = folder.join(part);
        std::fs::create_dir_all(&part).map_err(SourceError::io(&part))?;
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        let is_there = std::fs::read(&path).is_ok_and(|found| found == text.as_bytes());
        if !is_there {
            std::fs::write(&path, text).map_err(SourceError::io(&path))?;
        }
    }
    Ok(())
}
