use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};

use super::private::{make_folder, options, tighten};
use super::state::FORMAT;
use super::{StoreError, hunt_tables, login_tables, watch_tables};

const TABLES: &str = "
CREATE TABLE run (
    id          TEXT PRIMARY KEY,
    began       INTEGER NOT NULL,
    ended       INTEGER,
    seconds     REAL,
    outcome     TEXT NOT NULL,
    matrix      TEXT NOT NULL,
    arguments   TEXT NOT NULL,
    branches    TEXT NOT NULL,
    scheduler   TEXT,
    cause       TEXT,
    planned     INTEGER NOT NULL,
    bytes       INTEGER
);
CREATE TABLE cell (
    run         TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    branch      TEXT NOT NULL,
    python      TEXT NOT NULL,
    database    TEXT NOT NULL,
    variant     TEXT,
    outcome     TEXT NOT NULL,
    cause       TEXT,
    seconds     REAL NOT NULL,
    tests       INTEGER NOT NULL,
    bad         INTEGER NOT NULL,
    skipped     INTEGER NOT NULL,
    PRIMARY KEY (run, name)
);
CREATE TABLE IF NOT EXISTS image (
    tag         TEXT PRIMARY KEY,
    used        INTEGER NOT NULL
);
CREATE TABLE gone (
    id          TEXT PRIMARY KEY,
    at          INTEGER NOT NULL
);
CREATE INDEX run_by_time ON run (began);
CREATE INDEX cell_by_place ON cell (python, database, branch);
";

/// Which tests of a cell count against it: of each, what became of it, and how often where
/// subtests did.
const BAD: &str = "
CREATE TABLE bad (
    run         TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    cell        TEXT NOT NULL,
    test        TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    times       INTEGER NOT NULL,
    PRIMARY KEY (run, cell, test)
);
CREATE INDEX bad_by_test ON bad (test);
";

/// Opens the index, making it the first time and bringing an older one up.
pub fn open(path: &Path) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(StoreError::io(folder))?;
    }
    refuse_newer(path, written(path))?;
    // Before SQLite makes it by the umask; what it makes beside it gets its mode.
    match options().write(true).create_new(true).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => tighten(path),
        Err(error) => return Err(StoreError::io(path)(error)),
    }
    let mut connection = Connection::open(path).map_err(StoreError::index(path))?;
    let version = version(&connection).map_err(StoreError::index(path))?;
    refuse_newer(path, version)?;
    set_up(&mut connection, version).map_err(StoreError::index(path))?;
    Ok(connection)
}

fn refuse_newer(path: &Path, found: u32) -> Result<(), StoreError> {
    if found > FORMAT {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: FORMAT,
        });
    }
    Ok(())
}

/// The version in the file's header (<https://www.sqlite.org/fileformat.html>),
/// read without SQLite, which would make files beside it.
fn written(path: &Path) -> u32 {
    let mut header = [0; 64];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) if header.starts_with(b"SQLite format 3\0") => {
            u32::from_be_bytes([header[60], header[61], header[62], header[63]])
        }
        _ => 0,
    }
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn set_up(connection: &mut Connection, version: u32) -> rusqlite::Result<()> {
    journal(connection)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    if version < FORMAT {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        migrate(&transaction)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Readers beside one writer. SQLite does not wait for others who do the same at
/// the same moment, whatever the timeout is.
fn journal(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 100;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == ErrorCode::DatabaseBusy && tries > 0 =>
            {
                tries -= 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}

/// One step for each version there was.
fn migrate(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    // Another process may have done it meanwhile.
    let written: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let has = |table: &str, column: &str| {
        let query = "SELECT count(*) > 0 FROM pragma_table_info(?1) WHERE name = ?2";
        transaction.query_row(query, [table, column], |row| row.get::<_, bool>(0))
    };
    // Version 1 writes its own number into whatever it opens.
    let version = match written {
        1 if has("session", "hash")? => 4,
        1 if has("request", "cause")? => 3,
        1 if has("run", "planned")? => 2,
        written => written,
    };
    if version == 1 {
        transaction.execute_batch(
            "ALTER TABLE run RENAME TO old_run;
             ALTER TABLE cell RENAME TO old_cell;
             DROP INDEX cell_by_place;",
        )?;
    }
    if version < 2 {
        transaction.execute_batch(TABLES)?;
    }
    if version == 1 {
        from_the_first(transaction)?;
        transaction.execute_batch("DROP TABLE old_cell; DROP TABLE old_run;")?;
    }
    if version < 3 {
        transaction.execute_batch(watch_tables::TABLES)?;
    }
    if version < 4 {
        transaction.execute_batch(BAD)?;
        transaction.execute_batch(login_tables::TABLES)?;
        transaction.execute_batch(hunt_tables::TABLES)?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)
}

/// Version 1 kept arguments and revisions as text for people, and no matrix.
fn from_the_first(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut runs = transaction.prepare(
        "SELECT id, began, seconds, outcome, source, arguments,
                (SELECT count(*) FROM old_cell WHERE run = id) FROM old_run",
    )?;
    let mut rows = runs.query([])?;
    while let Some(row) = rows.next()? {
        let (began, seconds): (i64, Option<f64>) = (row.get(1)?, row.get(2)?);
        #[allow(clippy::cast_possible_truncation)]
        let ended = seconds.map(|seconds| began + (seconds * 1000.0).round() as i64);
        let (sources, words): (String, String) = (row.get(4)?, row.get(5)?);
        let words: Vec<&str> = words.split_whitespace().collect();
        transaction.execute(
            "INSERT INTO run VALUES (?1, ?2, ?3, ?4, ?5, '', ?6, ?7, NULL, NULL, ?8, NULL)",
            params![
                row.get::<_, String>(0)?,
                began,
                ended,
                seconds,
                row.get::<_, String>(3)?,
                serde_json::Value::from(words).to_string(),
                branches(&sources).to_string(),
                row.get::<_, i64>(6)?,
            ],
        )?;
    }
    transaction.execute_batch(
        "INSERT OR REPLACE INTO cell
         SELECT run, branch || '-python' || python || '-' || database
                || CASE WHEN variant IS NULL THEN '' ELSE '-' || variant END,
                branch, python, database, variant, outcome, cause, seconds, tests, bad, skipped
         FROM old_cell;",
    )
}

/// `. main at 0123456789 with 2 uncommitted files, pypi:Django==6.1 6.1`.
fn branches(sources: &str) -> serde_json::Value {
    let one = |text: &str| {
        let (source, revision) = text.split_once(' ')?;
        let branch = revision.split(' ').next()?;
        let commit = revision.split_once(" at ").map(|(_, rest)| rest);
        let commit = commit.and_then(|rest| rest.split(' ').next());
        Some(serde_json::json!({
            "branch": branch, "revision": commit, "source": source, "modified": 0,
        }))
    };
    sources.split(", ").filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// As version 1 made it.
    const FIRST: &str = "
        CREATE TABLE run (id TEXT PRIMARY KEY, began INTEGER NOT NULL, seconds REAL,
            outcome TEXT NOT NULL, source TEXT NOT NULL, arguments TEXT NOT NULL);
        CREATE TABLE cell (run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            branch TEXT NOT NULL, python TEXT NOT NULL, database TEXT NOT NULL, variant TEXT,
            outcome TEXT NOT NULL, cause TEXT, seconds REAL NOT NULL, tests INTEGER NOT NULL,
            bad INTEGER NOT NULL, skipped INTEGER NOT NULL);
        CREATE TABLE image (tag TEXT PRIMARY KEY, used INTEGER NOT NULL);
        CREATE INDEX cell_by_place ON cell (python, database, branch);
        PRAGMA user_version = 1;
        INSERT INTO run VALUES ('r', 1000, 2.5, 'failed',
            '. main at 0123456789 with 2 uncommitted files, pypi:Django==6.1 6.1', 'basic -k x');
        INSERT INTO cell VALUES ('r', 'main', '3.14', 'sqlite', 'plain', 'failed', NULL, 2, 9, 1, 3);
        INSERT INTO cell VALUES ('r', '6.1', '3.14', 'sqlite', NULL, 'passed', NULL, 2, 9, 0, 3);
        INSERT INTO image VALUES ('djbuild/x:1', 7);";

    fn place() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("history.sqlite3");
        (folder, path)
    }

    #[test]
    fn the_first_versions_rows_survive() {
        let (_folder, path) = place();
        let old = Connection::open(&path).expect("writable");
        old.execute_batch(FIRST).expect("valid");
        drop(old);
        let connection = open(&path).expect("migrated");
        let text = |query: &str| -> String {
            connection
                .query_row(query, [], |row| row.get(0))
                .expect(query)
        };
        assert_eq!(text("SELECT arguments FROM run"), r#"["basic","-k","x"]"#);
        let branches: serde_json::Value =
            serde_json::from_str(&text("SELECT branches FROM run")).expect("JSON");
        assert_eq!(branches[0]["branch"], "main");
        assert_eq!(branches[0]["revision"], "0123456789");
        assert_eq!(branches[1]["source"], "pypi:Django==6.1");
        assert_eq!(text("SELECT cast(ended AS TEXT) FROM run"), "3500");
        assert_eq!(
            text("SELECT group_concat(name, ' ' ORDER BY name) FROM cell"),
            "6.1-python3.14-sqlite main-python3.14-sqlite-plain"
        );
        assert_eq!(text("SELECT tag FROM image"), "djbuild/x:1");
        drop(open(&path).expect("once is enough"));
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_index_that_the_first_version_opened_again_is_what_it_was() {
        let (_folder, path) = place();
        let connection = open(&path).expect("writable");
        connection
            .execute(
                "INSERT INTO run VALUES ('r', 1, 2, 3, 'passed', 'quick', '[]', '[]', NULL, NULL,
                 1, NULL)",
                [],
            )
            .expect("valid");
        connection
            .pragma_update(None, "user_version", 1)
            .expect("writable");
        drop(connection);
        let connection = open(&path).expect("opened");
        let runs: i64 = connection
            .query_row("SELECT count(*) FROM run", [], |row| row.get(0))
            .expect("readable");
        assert_eq!((runs, version(&connection).expect("readable")), (1, FORMAT));
    }

    #[test]
    fn what_a_watcher_kept_before_there_were_logins_and_hunts_survives() {
        let (_folder, path) = place();
        let old = Connection::open(&path).expect("writable");
        old.execute_batch(TABLES).expect("valid");
        old.execute_batch(watch_tables::TABLES).expect("valid");
        old.execute_batch(
            "INSERT INTO beat VALUES ('poll', 7);
             INSERT INTO change VALUES (1, 'r', 'main', 'a', 0, 1, 'x', 1, 's', NULL, 1);
             PRAGMA user_version = 3;",
        )
        .expect("valid");
        drop(old);
        let connection = open(&path).expect("migrated");
        let at: i64 = connection
            .query_row("SELECT at FROM beat", [], |row| row.get(0))
            .expect("kept");
        assert_eq!(at, 7);
        let rows: i64 = connection
            .query_row(
                "SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM token)",
                [],
                |row| row.get(0),
            )
            .expect("made");
        assert_eq!(rows, 0);
        let rows: (i64, i64) = connection
            .query_row(
                "SELECT (SELECT count(*) FROM change WHERE parents IS NULL),
                        (SELECT count(*) FROM hunt) + (SELECT count(*) FROM probe)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("made");
        assert_eq!(rows, (1, 0));
    }

    #[test]
    fn a_newer_index_is_refused_and_left_to_the_byte() {
        let (folder, path) = place();
        drop(open(&path).expect("writable"));
        let newer = Connection::open(&path).expect("writable");
        newer
            .pragma_update(None, "user_version", FORMAT + 1)
            .expect("writable");
        drop(newer);
        let before = std::fs::read(&path).expect("there");
        assert!(matches!(open(&path), Err(StoreError::Newer { .. })));
        assert_eq!(std::fs::read(&path).expect("there"), before);
        let files = std::fs::read_dir(folder.path()).expect("there").count();
        assert_eq!(files, 1, "nothing beside it");
    }

    #[test]
    fn many_who_open_it_at_once_all_do() {
        let (_folder, path) = place();
        let old = Connection::open(&path).expect("writable");
        old.execute_batch(FIRST).expect("valid");
        drop(old);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let connection = open(&path).expect("opened");
                    let runs: i64 = connection
                        .query_row("SELECT count(*) FROM run", [], |row| row.get(0))
                        .expect("readable");
                    assert_eq!(runs, 1);
                });
            }
        });
    }
}
