use std::collections::HashMap;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use console::measure_text_width;

use crate::model::{Cell, DatabaseSpec, PythonSpec};

/// What a column takes beside its text: a space on each side and a border.
const FRAME: usize = 3;

/// Cells in a grid: branch and Python down, databases across. Databases that do
/// not fit beside each other go into another grid below.
pub fn grid(squares: &[(&Cell, String)], width: u16) -> String {
    let mut databases: Vec<&DatabaseSpec> = Vec::new();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (cell, _) in squares {
        if !databases.contains(&&cell.database) {
            databases.push(&cell.database);
        }
        let row = Row::of(cell);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    databases.sort();
    // Branches as they come, Pythons in order: what is left out stands where it
    // would have run.
    let order: Vec<&str> = rows.iter().map(|row| row.branch).collect();
    rows.sort_by_key(|row| {
        let branch = order.iter().position(|branch| *branch == row.branch);
        (branch, row.python, row.variant)
    });
    let places: HashMap<_, &str> = squares
        .iter()
        .map(|(cell, text)| ((Row::of(cell), cell.database), text.as_str()))
        .collect();
    let at = |row: Row<'_>, database: &DatabaseSpec| -> &str {
        places.get(&(row, *database)).copied().unwrap_or_default()
    };
    let with_variants = rows.iter().any(|row| row.variant.is_some());
    let heads = |row: &Row<'_>| {
        let mut heads = vec![row.branch.to_owned(), row.python.to_string()];
        heads.extend(with_variants.then(|| row.variant.unwrap_or_default().to_owned()));
        heads
    };
    let mut titles = vec!["branch".to_owned(), "Python".to_owned()];
    titles.extend(with_variants.then(|| "variant".to_owned()));
    let sides: usize = (0..titles.len())
        .map(|column| {
            let widths = rows
                .iter()
                .map(|row| measure_text_width(&heads(row)[column]));
            widths.max().unwrap_or(0).max(titles[column].len()) + FRAME
        })
        .sum::<usize>()
        + 1;
    let mut text = String::new();
    for group in groups(
        &databases,
        usize::from(width).saturating_sub(sides),
        |database| {
            let texts = rows.iter().map(|row| at(*row, database));
            let lines = texts.flat_map(str::lines).map(measure_text_width);
            lines
                .max()
                .unwrap_or(0)
                .max(measure_text_width(&database.to_string()))
        },
    ) {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
        let mut header = titles.clone();
        header.extend(group.iter().map(ToString::to_string));
        table.set_header(header);
        for row in &rows {
            let mut line = heads(row);
            line.extend(group.iter().map(|database| at(*row, database).to_owned()));
            table.add_row(line);
        }
        text.push_str(&format!("{table}\n"));
    }
    text
}

/// What stands in one line of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Row<'a> {
    branch: &'a str,
    python: PythonSpec,
    variant: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of(cell: &'a Cell) -> Self {
        Self {
            branch: &cell.branch,
            python: cell.python,
            variant: cell.variant.as_deref(),
        }
    }
}

/// Consecutive databases that fit beside each other; at least one each.
fn groups<'a>(
    databases: &[&'a DatabaseSpec],
    room: usize,
    width_of: impl Fn(&DatabaseSpec) -> usize,
) -> Vec<Vec<&'a DatabaseSpec>> {
    let mut groups: Vec<Vec<&DatabaseSpec>> = Vec::new();
    let mut left = 0;
    for database in databases {
        let width = width_of(database) + FRAME;
        match groups.last_mut() {
            Some(group) if width <= left => group.push(database),
            _ => {
                groups.push(vec![database]);
                left = room;
            }
        }
        left = left.saturating_sub(width);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(count: usize) -> Vec<Cell> {
        (0..count)
            .map(|index| Cell {
                branch: "main".into(),
                python: "3.14".parse().expect("a literal"),
                database: format!("postgresql{}", index + 10)
                    .parse()
                    .expect("a literal"),
                variant: None,
            })
            .collect()
    }

    fn drawn(count: usize, width: u16) -> String {
        let cells = cells(count);
        let squares: Vec<_> = cells
            .iter()
            .map(|cell| (cell, "passed".to_owned()))
            .collect();
        grid(&squares, width)
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_no_name_is_broken() {
        for width in [60, 80, 100, 250] {
            let text = drawn(12, width);
            assert!(
                text.lines()
                    .all(|line| measure_text_width(line) <= usize::from(width)),
                "{text}"
            );
            for cell in cells(12) {
                assert!(text.contains(&cell.database.to_string()), "{text}");
            }
        }
    }

    #[test]
    fn the_rows_of_a_branch_stand_together_with_their_pythons_in_order() {
        let mut cells: Vec<Cell> = Vec::new();
        for (branch, python) in [
            ("5.2", "3.13"),
            ("6.0", "3.14"),
            ("5.2", "3.11"),
            ("6.0", "3.9"),
        ] {
            cells.push(Cell {
                branch: branch.into(),
                python: python.parse().expect("a literal"),
                database: "sqlite".parse().expect("a literal"),
                variant: None,
            });
        }
        let squares: Vec<_> = cells.iter().map(|cell| (cell, "run".to_owned())).collect();
        let text = grid(&squares, 80);
        let places: Vec<_> = [
            "5.2    ┆ 3.11",
            "5.2    ┆ 3.13",
            "6.0    ┆ 3.9",
            "6.0    ┆ 3.14",
        ]
        .map(|row| text.find(row).expect(row))
        .into();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn what_fits_is_one_grid() {
        assert_eq!(drawn(3, 100).matches("branch").count(), 1);
        assert!(drawn(12, 80).matches("branch").count() > 1);
    }
}
