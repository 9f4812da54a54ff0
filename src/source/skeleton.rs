use std::path::Path;

use super::error::SourceError;

/// All the configuration that a repository of djbuild's has. What else somebody
/// wrote there is not to be run.
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\
                      \tlogAllRefUpdates = false\n[gc]\n\tauto = 0\n";

/// Makes a folder an empty bare repository, or mends one that was left half made;
/// what is in it stays.
pub fn make(folder: &Path) -> Result<(), SourceError> {
    for part in ["objects/pack", "objects/info", "refs"] {
        let part = folder.join(part);
        std::fs::create_dir_all(&part).map_err(SourceError::io(&part))?;
    }
    for (name, text) in [("HEAD", "ref: refs/heads/main\n"), ("config", CONFIG)] {
        let path = folder.join(name);
        let is_there = std::fs::read(&path).is_ok_and(|found| found == text.as_bytes());
        if !is_there {
            std::fs::write(&path, text).map_err(SourceError::io(&path))?;
        }
    }
    Ok(())
}
