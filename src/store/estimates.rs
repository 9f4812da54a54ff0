use super::{History, State};
use crate::model::{Cell, DatabaseKind};

/// How long cells are thought to take.
pub struct Estimates {
    history: Option<History>,
    arguments: Vec<String>,
}

impl Estimates {
    /// By the runs that were kept, with these arguments for `runtests.py`. A history
    /// that cannot be read is as good as none.
    pub fn of(state: &State, arguments: Vec<String>) -> Self {
        Self {
            history: state.index().ok(),
            arguments,
        }
    }

    /// Seconds a cell takes: as it last did, else as long as Django's whole suite
    /// takes on such a database, seen on two cores.
    pub fn seconds(&self, cell: &Cell) -> f64 {
        let recorded = self.history.as_ref().and_then(|history| {
            let seconds = history.expected_seconds(cell, &self.arguments);
            seconds.ok().flatten()
        });
        let whole_suite = match cell.database.kind {
            DatabaseKind::Sqlite => 600.0,
            DatabaseKind::Postgresql | DatabaseKind::Postgis => 900.0,
            DatabaseKind::Mariadb => 1200.0,
            DatabaseKind::Mysql => 1500.0,
            DatabaseKind::Oracle => 3600.0,
        };
        // A few labels are a small part of the suite: mostly set-up.
        let part = if self.arguments.is_empty() { 1.0 } else { 0.05 };
        recorded.unwrap_or(whole_suite * part)
    }
}
