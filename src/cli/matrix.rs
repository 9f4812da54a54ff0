use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use super::args::MatrixOptions;
use super::error::CliError;
use super::exit::Exit;
use super::host::Folders;
use super::sources::{self, Asked};
use super::{Outcome, run};
use crate::model::{DatabaseSpec, PythonSpec, plural};
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
    let asked = tokio::task::block_in_place(|| sources::ask(&options.select, &folders.cache))?;
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
    let all = || {
        let excluded = matrix.excluded.iter().map(|excluded| &excluded.cell);
        matrix.cells.iter().chain(excluded)
    };
    let mut databases: Vec<&DatabaseSpec> = Vec::new();
    let mut rows: Vec<(&str, PythonSpec)> = Vec::new();
    for cell in all() {
        if !databases.contains(&&cell.database) {
            databases.push(&cell.database);
        }
        let row = (cell.branch.as_str(), cell.python);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(run::width());
    let mut header = vec!["branch".to_owned(), "Python".to_owned()];
    header.extend(databases.iter().map(ToString::to_string));
    table.set_header(header);
    for (branch, python) in rows {
        let mut row = vec![branch.to_owned(), python.to_string()];
        for database in &databases {
            let here = |cell: &crate::model::Cell| {
                cell.branch == branch && cell.python == python && cell.database == **database
            };
            let word = if matrix.cells.iter().any(here) {
                "run"
            } else if matrix.excluded.iter().any(|excluded| here(&excluded.cell)) {
                "–"
            } else {
                ""
            };
            row.push(word.to_owned());
        }
        table.add_row(row);
    }
    text.push_str(&format!("{table}\n"));
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
