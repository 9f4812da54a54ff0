use std::collections::HashMap;
use std::sync::Arc;

use super::rows::list;
use super::{History, State, StoreError};
use crate::model::{Cell, DatabaseKind, DatabaseSpec, PythonSpec};

/// How long cells are thought to take.
#[derive(Debug, Default)]
pub struct Estimates {
    taken: HashMap<Like, f64>,
    is_whole_suite: bool,
}

/// What cells have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Like {
    python: PythonSpec,
    database: DatabaseSpec,
    variant: Variants,
    /// Their branch, if that is in common.
    branch: Option<Arc<str>>,
}

/// Which variants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Variants {
    /// The same: this one, or the plain cell.
    Same(Option<Arc<str>>),
    /// Whichever.
    Any,
}

impl Estimates {
    /// By the runs that were kept, with these arguments for `runtests.py`. A history
    /// that cannot be read is as good as none.
    pub fn of(state: &State, arguments: &[String]) -> Self {
        let taken = state
            .index()
            .and_then(|history| taken(&history, arguments))
            .unwrap_or_default();
        Self {
            taken,
            is_whole_suite: arguments.is_empty(),
        }
    }

    /// Seconds a cell takes: as it last did, else as one like it, else as long as
    /// Django's whole suite takes on such a database, seen on two cores.
    pub fn seconds(&self, cell: &Cell) -> f64 {
        let mut likes = Like::cell(cell).into_iter();
        let recorded = likes.find_map(|like| self.taken.get(&like));
        let whole_suite = match cell.database.kind {
            DatabaseKind::Sqlite => 600.0,
            DatabaseKind::Postgresql | DatabaseKind::Postgis => 900.0,
            DatabaseKind::Mariadb => 1200.0,
            DatabaseKind::Mysql => 1500.0,
            DatabaseKind::Oracle => 3600.0,
        };
        // A few labels are a small part of the suite: mostly set-up.
        let part = if self.is_whole_suite { 1.0 } else { 0.05 };
        recorded.copied().unwrap_or(whole_suite * part)
    }
}

impl Like {
    /// What other cells may have in common with one, most first.
    fn cell(cell: &Cell) -> [Self; 4] {
        let variants = [Variants::Same(cell.variant.clone()), Variants::Any];
        let branches = [Some(Arc::clone(&cell.branch)), None];
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(variant, branch)| Self {
            python: cell.python,
            database: cell.database,
            variant: variants[variant].clone(),
            branch: branches[branch].clone(),
        })
    }
}

/// How long cells took that ran to their end with these arguments: the last of each
/// kind, read at once for all that will be asked.
fn taken(history: &History, arguments: &[String]) -> Result<HashMap<Like, f64>, StoreError> {
    let read = || {
        // Of each group SQLite gives the row with the maximum
        // (<https://www.sqlite.org/lang_select.html#bareagg>).
        let mut query = history.connection().prepare(
            "SELECT python, database, variant, branch, cell.seconds, max(began) AS last
             FROM cell JOIN run ON run.id = cell.run
             WHERE arguments = ?1 AND cell.outcome IN ('passed', 'failed')
             GROUP BY python, database, variant, branch ORDER BY last",
        )?;
        let mut rows = query.query([list(arguments)])?;
        let mut taken = HashMap::new();
        while let Some(row) = rows.next()? {
            let (python, database): (String, String) = (row.get(0)?, row.get(1)?);
            let (Ok(python), Ok(database)) = (python.parse(), database.parse()) else {
                // Of a version that knows others.
                continue;
            };
            let cell = Cell {
                python,
                database,
                variant: row.get::<_, Option<String>>(2)?.map(Arc::from),
                branch: row.get::<_, String>(3)?.into(),
            };
            let seconds = row.get(4)?;
            for like in Like::cell(&cell) {
                taken.insert(like, seconds);
            }
        }
        Ok(taken)
    };
    read().map_err(history.error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Envelope, Event, RunStarted, Summary};
    use crate::model::{Outcome, RunId};

    fn cell(branch: &str, variant: Option<&str>) -> Cell {
        Cell {
            branch: branch.into(),
            python: "3.14".parse().expect("a literal"),
            database: "sqlite".parse().expect("a literal"),
            variant: variant.map(Arc::from),
        }
    }

    fn run(id: u64, cell: &Cell, outcome: Outcome, seconds: f64) -> Summary {
        let started = RunStarted {
            run: RunId::new(id.to_string()),
            djbuild: "0".into(),
            revisions: vec![],
            cells: vec![cell.clone()],
            excluded: vec![],
            arguments: vec!["basic".into()],
            flags: vec![],
            matrix: "quick".into(),
            jobs: 1,
            scheduler: None,
            cause: None,
        };
        let envelope = Envelope {
            seq: 1,
            at: id,
            event: Event::RunStarted(Box::new(started)),
        };
        let mut summary = Summary::begin(&envelope).expect("a start");
        summary.apply(&Event::CellFinished {
            cell: cell.name(),
            outcome,
            cause: None,
            detail: String::new(),
            log: Vec::new(),
            seconds,
        });
        summary
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "they come back as they were written")]
    fn a_cell_is_thought_to_take_what_it_or_one_like_it_took_last() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::new(folder.path().to_owned());
        let basic = ["basic".to_owned()];
        let expected = |branch, variant, arguments: &[String]| {
            Estimates::of(&state, arguments).seconds(&cell(branch, variant))
        };
        assert_eq!(expected("main", None, &basic), 30.0, "none was seen");
        let mut history = state.index().expect("writable");
        for (id, branch, variant, outcome, seconds) in [
            (1, "main", None, Outcome::Passed, 10.0),
            (2, "main", None, Outcome::Failed, 20.0),
            (3, "main", None, Outcome::Infrastructure, 1.0),
            (4, "other", None, Outcome::Passed, 40.0),
            (5, "old", Some("debug"), Outcome::Passed, 80.0),
        ] {
            let summary = run(id, &cell(branch, variant), outcome, seconds);
            history.add(&summary).expect("writable");
        }
        assert_eq!(expected("main", None, &basic), 20.0, "its own last end");
        assert_eq!(expected("third", None, &basic), 40.0, "another branch's");
        assert_eq!(expected("main", Some("debug"), &basic), 80.0);
        assert_eq!(expected("other", Some("new"), &basic), 40.0);
        assert_eq!(expected("third", Some("new"), &basic), 80.0, "the newest");
        assert_eq!(expected("main", None, &[]), 600.0, "other labels");
    }
}
