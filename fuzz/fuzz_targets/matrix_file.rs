//! Any text as a matrix file: never a panic, every problem inside the text, and
//! what is right makes the same cells twice.
#![no_main]

use std::sync::{Arc, LazyLock};

use djbuild::matrix::{Citation, Selection, Support, expand};
use djbuild::model::{DatabaseKind, PythonSpec};
use djbuild::spec::{MatrixText, Releases, parse};
use libfuzzer_sys::fuzz_target;

static RELEASES: LazyLock<Releases> = LazyLock::new(Releases::shipped);

fuzz_target!(|text: &str| {
    let file = MatrixText::new("f.toml", text);
    let load = |_: &std::path::Path| Ok(text.to_owned());
    match parse(&file, &RELEASES, &load) {
        Ok(spec) => {
            let branches = [(Arc::from("main"), support())];
            let selection = Selection::default();
            let matrix = expand(&spec, &branches, &selection);
            assert_eq!(matrix, expand(&spec, &branches, &selection));
            for cell in &matrix.cells {
                assert!(spec.excludes.iter().all(|exclude| !exclude.globs.match_cell(cell)));
            }
        }
        Err(problems) => {
            assert!(!problems.0.is_empty());
            for problem in &problems.0 {
                assert!(problem.span.start <= problem.file.text.len());
                assert!(!problem.to_string().is_empty());
            }
        }
    }
});

fn support() -> Support {
    let at = Citation {
        file: "pyproject.toml".to_owned(),
        line: 1,
    };
    let minimum = |typed: &str| (typed.parse().expect("a version"), at.clone());
    Support {
        pythons: (12..=14)
            .map(|minor| (PythonSpec::cpython(3, minor), at.clone()))
            .collect(),
        databases: [
            (DatabaseKind::Postgresql, minimum("15")),
            (DatabaseKind::Mariadb, minimum("10.11")),
            (DatabaseKind::Mysql, minimum("8.4")),
        ]
        .into(),
    }
}
