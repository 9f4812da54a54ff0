//! The import table of `ARCHITECTURE.md`, checked from the `use` lines.

mod rings;

use std::fs;
use std::path::{Path, PathBuf};

/// Each room and those it may import. `matrix` reads snapshots and `runtime`
/// takes values of `plan`; nobody imports `cli`, and only `cli` imports `run`.
const TABLE: [(&str, &[&str]); 20] = [
    ("model", &[]),
    ("spec", &["model"]),
    ("source", &["model"]),
    ("matrix", &["spec", "model", "source"]),
    ("plan", &["spec", "model"]),
    ("event", &["model"]),
    ("journal", &["event", "model"]),
    ("runtime", &["plan", "model"]),
    ("host", &["plan", "runtime"]),
    ("engine", &["plan", "runtime", "journal", "event", "model"]),
    ("store", &["event", "model"]),
    (
        "run",
        &[
            "model", "spec", "source", "matrix", "plan", "event", "journal", "runtime", "host",
            "engine", "store",
        ],
    ),
    (
        "watch",
        &[
            "run", "engine", "journal", "matrix", "source", "spec", "store", "event", "model",
        ],
    ),
    ("control", &["watch", "run"]),
    ("notify", &["spec", "source", "model"]),
    ("access", &["spec", "notify", "store", "model"]),
    (
        "web",
        &[
            "access", "watch", "run", "report", "engine", "store", "spec", "event", "model",
        ],
    ),
    ("progress", &["event", "model"]),
    ("report", &["event", "model"]),
    (
        "cli",
        &[
            "model", "spec", "source", "matrix", "plan", "event", "journal", "runtime", "host",
            "engine", "store", "run", "watch", "control", "notify", "access", "web", "progress",
            "report",
        ],
    ),
];

/// Crates that only these rooms, or folders of them, may name.
const OWNERS: [(&str, &[&str]); 11] = [
    ("git2", &["source"]),
    ("ureq", &["source"]),
    ("bollard", &["runtime/docker"]),
    ("rusqlite", &["store", "access/django"]),
    ("indicatif", &["progress"]),
    ("clap", &["cli"]),
    ("quick_junit", &["report"]),
    ("axum", &["web"]),
    ("askama", &["web"]),
    ("rustyline", &["cli"]),
    ("minijinja", &["spec/watch"]),
];

/// Rooms that do no I/O and read no clock or environment.
const PURE: [&str; 6] = ["model", "spec", "matrix", "plan", "event", "report"];
const IMPURE: [&str; 6] = [
    "std::fs",
    "std::net",
    "std::env",
    "SystemTime",
    "Instant::now",
    "std::process",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of this project") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Code alone: comments may name anything.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("readable");
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_room_imports_only_what_the_table_allows() {
    for (room, allowed) in TABLE {
        for path in sources(&src().join(room)) {
            let code = code(&path);
            for (other, _) in TABLE {
                if other != room && !allowed.contains(&other) {
                    let import = format!("crate::{other}");
                    let found = code.match_indices(&import).any(|(at, _)| {
                        !code[at + import.len()..]
                            .starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    });
                    assert!(!found, "{} imports {other}", path.display());
                }
            }
        }
    }
}

#[test]
fn every_room_is_in_the_table() {
    for entry in fs::read_dir(src()).expect("a folder of this project") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("text");
            assert!(TABLE.iter().any(|(room, _)| *room == name), "{name}");
        }
    }
}

#[test]
fn a_crate_with_an_owner_is_named_by_nobody_else() {
    for (name, owners) in OWNERS {
        for path in sources(&src()) {
            if !owners
                .iter()
                .any(|owner| path.starts_with(src().join(owner)))
            {
                let named = code(&path).contains(&format!("{name}::"));
                assert!(!named, "{} names {name}", path.display());
            }
        }
    }
}

#[test]
fn pure_rooms_do_no_io_and_read_no_clock() {
    for room in PURE {
        for path in sources(&src().join(room)) {
            let code = code(&path);
            let code = code.split("#[cfg(test)]").next().unwrap_or_default();
            for word in IMPURE {
                assert!(!code.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}

#[test]
fn the_engine_knows_the_runtime_trait_only_and_prints_nothing() {
    for path in sources(&src().join("engine")) {
        let code = code(&path);
        for word in ["runtime::docker", "println!", "eprintln!", "print!("] {
            assert!(!code.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn a_run_prints_nothing_and_knows_no_command_line() {
    for path in sources(&src().join("run")) {
        let code = code(&path);
        for word in ["println!", "print!(", "std::io::std", "clap", "console"] {
            assert!(!code.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn the_table_is_the_one_in_the_book() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let book = fs::read_to_string(book).expect("ARCHITECTURE.md");
    for (room, allowed) in TABLE {
        let imports = if room == "cli" {
            "everything".to_owned()
        } else {
            allowed.join(", ")
        };
        let imports = if imports.is_empty() {
            "—".to_owned()
        } else {
            imports
        };
        let row = format!("| `{room}` | {imports} |");
        assert!(book.contains(&row), "ARCHITECTURE.md lacks the row {row}");
    }
}
