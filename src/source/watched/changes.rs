use std::collections::{BTreeMap, BTreeSet};

use git2::{ObjectType, Oid};

use crate::source::error::SourceError;
use crate::source::objects::Objects;

/// More paths than these are not told one by one.
const PATHS: usize = 3000;
/// Trees can be made that have more folders in them than anybody can look at.
const FOLDERS: usize = 30_000;
/// No system has longer paths than this.
const LONGEST: usize = 4096;

/// What a folder has under one name.
#[derive(PartialEq, Eq)]
struct Item {
    is_folder: bool,
    mode: i32,
    id: Oid,
}

/// The paths in which two trees differ, sorted, both of what was renamed; `None` where
/// they are too many. What was there before may be nothing at all.
pub fn changes(
    objects: &Objects,
    before: Option<Oid>,
    after: Oid,
) -> Result<Option<Vec<String>>, SourceError> {
    let mut paths = BTreeSet::new();
    let mut left = vec![(Vec::new(), before, Some(after))];
    let mut looked_at = 0;
    while let Some((prefix, before, after)) = left.pop() {
        looked_at += 1;
        if looked_at > FOLDERS {
            return Ok(None);
        }
        let (before, after) = (items(objects, before)?, items(objects, after)?);
        let names: BTreeSet<&Vec<u8>> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (was, is) = (before.get(name), after.get(name));
            if was == is {
                continue;
            }
            let path = [&prefix[..], name].concat();
            if path.len() > LONGEST {
                return Ok(None);
            }
            let folder = |item: Option<&Item>| item.filter(|item| item.is_folder).map(|i| i.id);
            if folder(was).is_some() || folder(is).is_some() {
                let below = [&path[..], b"/"].concat();
                left.push((below, folder(was), folder(is)));
            }
            if [was, is].iter().flatten().any(|item| !item.is_folder) {
                paths.insert(path);
            }
        }
        if paths.len() > PATHS {
            return Ok(None);
        }
    }
    let told = paths.iter().map(|path| String::from_utf8_lossy(path));
    Ok(Some(told.map(std::borrow::Cow::into_owned).collect()))
}

fn items(objects: &Objects, folder: Option<Oid>) -> Result<BTreeMap<Vec<u8>, Item>, SourceError> {
    let Some(folder) = folder else {
        return Ok(BTreeMap::new());
    };
    let tree = objects.tree(folder)?;
    let item = |entry: git2::TreeEntry<'_>| {
        let is_folder = entry.kind() == Some(ObjectType::Tree);
        let item = Item {
            is_folder,
            mode: entry.filemode(),
            id: entry.id(),
        };
        (entry.name_bytes().to_vec(), item)
    };
    Ok(tree.iter().map(item).collect())
}
