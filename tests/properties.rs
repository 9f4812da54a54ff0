//! What holds of every matrix file, every line of a runner and every name, not
//! only of those in examples.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use djbuild::event::RunnerMessage;
use djbuild::matrix::{Citation, Cover, Filters, Matrix, Selection, Support, choose, expand};
use djbuild::model::{Cell, DatabaseKind, DatabaseSpec, PythonSpec, Version};
use djbuild::spec::{CellGlobs, DatabaseChoice, MatrixText, Pattern, Releases, Spec, parse};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const PYTHONS: [&str; 7] = [
    "supported",
    "newest",
    "oldest",
    "3.9",
    "3.13",
    "3.14t",
    "pypy3.11",
];
const DATABASES: [&str; 8] = [
    "sqlite",
    "postgresql:*",
    "postgresql:min",
    "postgresql13",
    "mariadb:max",
    "mariadb10.6",
    "mysql:*",
    "mysql8.0",
];
const VARIANTS: [&str; 3] = ["plain", "bound", "shuffled"];
const BRANCHES: [&str; 3] = ["main", "stable/6.0.x", "topic/a-python3.9-x"];
const GLOBS: [[&str; 4]; 4] = [
    ["main", "stable/*", "*", "topic/?-*"],
    ["3.9", "3.1[34]", "*t", "pypy*"],
    ["sqlite", "postgresql*", "m*", "*8.?"],
    ["plain", "bound", "*", "s*"],
];

/// One glob for some of the parts of a cell.
fn globs() -> impl Strategy<Value = [Option<&'static str>; 4]> {
    [0, 1, 2, 3].map(|part: usize| proptest::option::of(select(&GLOBS[part][..])).boxed())
}

fn table(kind: &str, globs: [Option<&str>; 4], more: &str) -> String {
    let mut text = format!("[[{kind}]]\n");
    for (key, glob) in ["branch", "python", "database", "variant"]
        .iter()
        .zip(globs)
    {
        if let Some(glob) = glob {
            let _ = writeln!(text, "{key} = {glob:?}");
        }
    }
    text + more
}

/// Matrix files that are right, or nearly.
fn files() -> impl Strategy<Value = String> {
    let includes = proptest::collection::vec(
        (
            proptest::option::of(select(&GLOBS[0][..])),
            select(&PYTHONS[..]),
            select(&DATABASES[..]),
        ),
        0..3,
    );
    (
        subsequence(&PYTHONS[..], 1..4),
        subsequence(&DATABASES[..], 1..5),
        subsequence(&VARIANTS[..], 1..3),
        proptest::collection::vec(globs(), 0..4),
        includes,
    )
        .prop_map(|(pythons, databases, variants, excludes, includes)| {
            let mut text = format!(
                "pythons = {pythons:?}\ndatabases = {databases:?}\nvariants = {variants:?}\n\
                 [variant.bound]\ndatabase = \"postgresql*\"\n[variant.shuffled]\n"
            );
            for (number, globs) in excludes.into_iter().enumerate() {
                text += &table("exclude", globs, &format!("reason = \"rule {number}\"\n"));
            }
            for (branch, python, database) in includes {
                text += &table("include", [branch, Some(python), Some(database), None], "");
            }
            text
        })
}

/// Those that are right: most of them are, or this has too many rejects.
fn good_files() -> impl Strategy<Value = String> {
    files().prop_filter("a valid file", |file| read(file).is_some())
}

fn read(text: &str) -> Option<Spec> {
    let file = MatrixText::new("f.toml", text);
    parse(&file, &Releases::shipped(), &|_| Err("no file".to_owned())).ok()
}

fn branches() -> Vec<(Arc<str>, Support)> {
    let at = |line| Citation {
        file: "pyproject.toml".to_owned(),
        line,
    };
    let minimum = |typed: &str| (typed.parse::<Version>().expect("a version"), at(1));
    let support = Support {
        pythons: (11..=14)
            .map(|minor| (PythonSpec::cpython(3, minor), at(minor.into())))
            .collect(),
        databases: [
            (DatabaseKind::Postgresql, minimum("14")),
            (DatabaseKind::Mariadb, minimum("10.6")),
            (DatabaseKind::Mysql, minimum("8.0.11")),
        ]
        .into(),
    };
    BRANCHES.map(|name| (name.into(), support.clone())).into()
}

fn expanded(spec: &Spec, filters: [Option<&str>; 3]) -> Option<Matrix> {
    let [pythons, databases, variants] =
        filters.map(|filter| filter.map(str::to_owned).into_iter().collect::<Vec<_>>());
    let filters = Filters {
        pythons: &pythons,
        databases: &databases,
        variants: &variants,
    };
    let selection = Selection::new(filters, spec).ok()?;
    Some(expand(spec, &branches(), &selection))
}

fn whole(spec: &Spec) -> Matrix {
    expanded(spec, [None; 3]).expect("no filter is a good filter")
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,400}") {
        let _ = read(&text);
    }

    #[test]
    fn no_broken_file_makes_the_parser_panic(file in files(), at in 0usize..600, with in ".{0,3}") {
        let mut characters: Vec<char> = file.chars().collect();
        let at = at.min(characters.len());
        let end = (at + 2).min(characters.len());
        characters.splice(at..end, with.chars());
        let _ = read(&characters.into_iter().collect::<String>());
    }

    #[test]
    fn every_cell_satisfies_every_rule_and_is_there_once(file in good_files()) {
        let spec = read(&file).expect("valid");
        let matrix = whole(&spec);
        let mut seen = BTreeSet::new();
        for cell in &matrix.cells {
            prop_assert!(seen.insert(cell.clone()), "{cell} twice");
            for exclude in &spec.excludes {
                prop_assert!(!exclude.globs.match_cell(cell), "{cell} against {}", exclude.globs);
            }
            let minor = cell.python.minor;
            prop_assert!((11..=14).contains(&minor), "{cell} is not supported");
            if cell.variant.as_deref() == Some("bound") {
                prop_assert_eq!(cell.database.kind, DatabaseKind::Postgresql);
            }
        }
        for out in &matrix.excluded {
            prop_assert!(seen.insert(out.cell.clone()), "{} in and out", out.cell);
            prop_assert!(!out.reason.is_empty());
        }
    }

    #[test]
    fn the_same_file_makes_the_same_cells_in_the_same_order(file in good_files()) {
        let spec = read(&file).expect("valid");
        prop_assert_eq!(whole(&spec), whole(&read(&file).expect("as before")));
    }

    #[test]
    fn filters_and_excludes_may_change_places(file in good_files(), globs in globs()) {
        let spec = read(&file).expect("valid");
        // Variants that match are asked for, listed or not.
        let [_, python, database, _] = globs;
        // A word may add what the file has not; a glob only takes away.
        let only_globs = |glob: Option<&'static str>| glob.filter(|glob| glob.contains(['*', '?', '[']));
        let filters = [python, database, None].map(only_globs);
        let filtered = expanded(&spec, filters).expect("globs");
        let pattern = |glob: Option<&str>| glob.map(|glob| Pattern::new(glob).expect("a glob"));
        let [python, database, variant] = filters.map(pattern);
        let wanted = CellGlobs { branch: None, python, database, variant };
        let whole = whole(&spec);
        let after: Vec<Cell> = whole.cells.into_iter().filter(|cell| wanted.match_cell(cell)).collect();
        prop_assert_eq!(filtered.cells, after);
        let out: Vec<Cell> = whole.excluded.into_iter().map(|out| out.cell).filter(|cell| wanted.match_cell(cell)).collect();
        let filtered: Vec<Cell> = filtered.excluded.into_iter().map(|out| out.cell).collect();
        prop_assert_eq!(filtered, out);
    }

    #[test]
    fn covering_cells_touch_every_value_and_lose_none(file in good_files()) {
        let spec = read(&file).expect("valid");
        let all = whole(&spec);
        for cover in [Cover::Each, Cover::Pairwise, Cover::MinMax, Cover::All] {
            let mut chosen = all.clone();
            choose(&mut chosen, cover, None);
            prop_assert_eq!(
                chosen.cells.len() + chosen.excluded.len(),
                all.cells.len() + all.excluded.len()
            );
            let values = |matrix: &Matrix| -> BTreeSet<String> {
                let parts = |cell: &Cell| {
                    [
                        cell.branch.to_string(),
                        cell.python.to_string(),
                        cell.database.to_string(),
                        format!("{:?}", cell.variant),
                    ]
                };
                let of = |cell: &Cell| -> Vec<String> {
                    let parts = parts(cell);
                    match cover {
                        Cover::Each => parts.to_vec(),
                        _ => (0..4)
                            .flat_map(|a| (a + 1..4).map(move |b| (a, b)))
                            .map(|(a, b)| format!("{a}{b} {} {}", parts[a], parts[b]))
                            .collect(),
                    }
                };
                matrix.cells.iter().flat_map(of).collect()
            };
            if cover != Cover::MinMax {
                prop_assert_eq!(values(&chosen), values(&all));
            }
        }
    }

    #[test]
    fn names_of_cells_come_back_as_cells(file in good_files()) {
        let spec = read(&file).expect("valid");
        for cell in whole(&spec).cells {
            prop_assert_eq!(cell.to_string().parse::<Cell>().expect("its own name"), cell);
        }
    }

    #[test]
    fn any_bytes_may_come_from_a_container(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = RunnerMessage::read(&bytes);
    }

    #[test]
    fn a_message_may_be_cut_or_changed_anywhere(at in 0usize..90, byte in any::<u8>()) {
        let mut line = br#"{"event":"test","test":"a.B.c","outcome":"failed","seconds":0.1,"traceback":"x"}"#.to_vec();
        let at = at.min(line.len() - 1);
        line[at] = byte;
        let _ = RunnerMessage::read(&line);
        line.truncate(at);
        prop_assert_eq!(RunnerMessage::read(&line), None);
    }

    #[test]
    fn database_specs_are_written_as_they_are_read(
        kind in select(&DatabaseKind::ALL[1..]),
        numbers in proptest::collection::vec(0u32..100, 1..4),
    ) {
        let version: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let typed = format!("{kind}{}", version.join("."));
        let spec: DatabaseSpec = typed.parse().expect("a spec");
        prop_assert_eq!(spec.to_string(), typed.clone());
        let choice: DatabaseChoice = typed.parse().expect("a choice");
        prop_assert_eq!(choice, DatabaseChoice::Exact(spec));
    }

    #[test]
    fn no_word_makes_a_name_panic(word in "\\PC{0,30}") {
        let _ = word.parse::<DatabaseSpec>();
        let _ = word.parse::<DatabaseChoice>();
        let _ = word.parse::<PythonSpec>();
        if let Ok(version) = word.parse::<Version>() {
            let again: Version = version.to_string().parse().expect("its own text");
            prop_assert_eq!(again, version);
        }
        if let Ok(cell) = word.parse::<Cell>() {
            prop_assert_eq!(cell.to_string().parse::<Cell>().expect("its own name"), cell);
        }
    }
}
