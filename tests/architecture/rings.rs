//! No two files import each other, directly or around corners.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{code, sources, src};

/// A module by the words of its path: `["engine", "queue"]`.
type Module = Vec<String>;

/// The modules there are, and what each passes on under a name of its own.
struct Crate {
    files: BTreeMap<Module, PathBuf>,
    /// By module and name: the module where that is defined.
    passed_on: BTreeMap<(Module, String), Module>,
}

impl Crate {
    fn read() -> Self {
        let files: BTreeMap<Module, PathBuf> = sources(&src())
            .into_iter()
            .map(|path| (module(&path), path))
            .collect();
        let mut this = Self {
            files,
            passed_on: BTreeMap::new(),
        };
        let mut passed_on = BTreeMap::new();
        for (module, path) in &this.files {
            for (visibility, words) in imports(&product(path)) {
                let Some(name) = words.last() else { continue };
                if visibility.starts_with("pub")
                    && let Some(from) = this.defined_by(module, &words)
                {
                    passed_on.insert((module.clone(), name.clone()), from);
                }
            }
        }
        this.passed_on = passed_on;
        this
    }

    /// The module in which what a path names is defined, if it is one of ours.
    fn defined_by(&self, here: &[String], words: &[String]) -> Option<Module> {
        let mut place: Module = match words.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => here.to_vec(),
            child => {
                let mut path = here.to_vec();
                path.push(child.to_owned());
                self.files.contains_key(&path).then(|| here.to_vec())?
            }
        };
        for word in words {
            match word.as_str() {
                "crate" | "self" => {}
                "super" => {
                    place.pop();
                }
                name => {
                    let mut inside = place.clone();
                    inside.push(name.to_owned());
                    if self.files.contains_key(&inside) {
                        place = inside;
                    } else if let Some(from) = self.passed_on.get(&(place.clone(), name.to_owned()))
                    {
                        return Some(from.clone());
                    } else {
                        return Some(place);
                    }
                }
            }
        }
        Some(place)
    }

    /// The files each file needs.
    fn needs(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let mut all = BTreeMap::new();
        for (module, path) in &self.files {
            let mut needed = BTreeSet::new();
            for (visibility, words) in imports(&product(path)) {
                let passes_on = visibility.starts_with("pub");
                if let Some(from) = self.defined_by(module, &words)
                    && from != *module
                    && !passes_on
                {
                    needed.insert(from);
                }
            }
            all.insert(module.clone(), needed);
        }
        all
    }
}

/// The code of a file without its tests.
fn product(path: &Path) -> String {
    let code = code(path);
    code.split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn module(path: &Path) -> Module {
    let inside = path.strip_prefix(src()).expect("below src");
    let mut words: Module = inside
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if matches!(words.last().map(String::as_str), Some("mod" | "lib")) {
        words.pop();
    }
    words
}

/// Each path that a file imports, and how visibly; groups taken apart.
fn imports(code: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let line = rest[..at].rfind('\n').map_or(0, |end| end + 1);
        let visibility = rest[line..at].trim().to_owned();
        let after = &rest[at + 4..];
        let Some(end) = after.find(';') else { break };
        let is_statement = visibility.is_empty() || visibility.starts_with("pub");
        if is_statement && !visibility.contains(' ') {
            let text: String = after[..end]
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            for path in expand(&text) {
                found.push((visibility.clone(), path));
            }
        }
        rest = &after[end..];
    }
    found
}

/// `a::{b, c::{d, e as f}}` is `a::b`, `a::c::d`, `a::c::e`.
fn expand(text: &str) -> Vec<Vec<String>> {
    let text = text.trim();
    let Some(open) = text.find('{') else {
        let path = text.split(" as ").next().unwrap_or(text);
        return vec![
            path.split("::")
                .map(|word| word.trim().to_owned())
                .collect(),
        ];
    };
    let prefix: Vec<String> = text[..open]
        .trim_end_matches("::")
        .split("::")
        .filter(|word| !word.is_empty())
        .map(|word| word.trim().to_owned())
        .collect();
    let inside = text[open + 1..]
        .rsplit_once('}')
        .map_or("", |(inside, _)| inside);
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[start..]);
    parts
        .into_iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(expand)
        .map(|path| prefix.iter().cloned().chain(path).collect())
        .collect()
}

/// A way from a module back to itself, if there is one.
fn ring(needs: &BTreeMap<Module, BTreeSet<Module>>, from: &Module) -> Option<Vec<String>> {
    let mut ways = vec![vec![from.clone()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in needs.get(way.last()?).into_iter().flatten() {
            if next == from {
                return Some(way.iter().map(|module| module.join("/")).collect());
            }
            if seen.insert(next.clone()) {
                let mut further = way.clone();
                further.push(next.clone());
                ways.push(further);
            }
        }
    }
    None
}

#[test]
fn no_files_import_each_other_in_a_ring() {
    let needs = Crate::read().needs();
    let rings: Vec<String> = needs
        .keys()
        .filter_map(|module| ring(&needs, module))
        .map(|way| way.join(" -> "))
        .collect();
    assert!(rings.is_empty(), "{}", rings.join("\n"));
}

#[test]
fn the_check_itself_sees_through_what_a_room_passes_on() {
    let it = Crate::read();
    let here = ["run".to_owned(), "conduct".to_owned()];
    let words = ["crate", "engine", "Engine"].map(str::to_owned);
    let found = it.defined_by(&here, &words).expect("ours");
    assert_eq!(found.join("/"), "engine/handle");
    assert_eq!(
        expand("a::{b, c::{d, e as f}}"),
        [
            ["a", "b"].to_vec(),
            ["a", "c", "d"].to_vec(),
            ["a", "c", "e"].to_vec()
        ]
    );
}
