use super::args::MatrixOptions;
use super::error::CliError;
use super::exit::Exit;
use super::host::Folders;
use super::sources::{self, Asked};
use super::{Outcome, screen};
use crate::model::plural;
use crate::report;
use crate::spec::{self, BUILTIN};

pub fn matrix(options: &MatrixOptions) -> Outcome {
    if options.list {
        for file in BUILTIN {
            let spec = spec::parse(file.name, file.text)?;
            println!("{:8}  {}", file.name, spec.description);
        }
        return Ok(Exit::Passed);
    }
    let folders = Folders::find()?;
    let asked = tokio::task::block_in_place(|| {
        sources::ask(&options.select, &folders.cache, &screen::fetching(None))
    })?;
    if asked.matrix.cells.is_empty() && asked.matrix.excluded.is_empty() {
        return Err(CliError::Usage(
            "the filters leave no cell of the matrix".to_owned(),
        ));
    }
    print!("{}", describe(&asked));
    Ok(Exit::Passed)
}

fn describe(asked: &Asked) -> String {
    let mut text = String::new();
    for snapshot in &asked.snapshots {
        text.push_str(&format!("{}\n", snapshot.revision));
    }
    let matrix = &asked.matrix;
    let runs = matrix.cells.iter().map(|cell| (cell, "run".to_owned()));
    let out = matrix
        .excluded
        .iter()
        .map(|out| (&out.cell, "–".to_owned()));
    let squares: Vec<_> = runs.chain(out).collect();
    text.push_str(&report::grid(&squares, screen::width()));
    text.push_str(&format!(
        "{} to run",
        plural(matrix.cells.len() as u64, "cell")
    ));
    if matrix.excluded.is_empty() {
        text.push_str(", none left out\n");
    } else {
        text.push_str(&format!(", {} left out:\n", matrix.excluded.len()));
    }
    for excluded in &matrix.excluded {
        text.push_str(&format!("  {}: {}\n", excluded.cell, excluded.reason));
    }
    text
}
