use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::{Question, Rows, told};

/// How long others who write are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks a file, which is opened to be read.
pub async fn ask(path: &Path, questions: &[Question]) -> Result<Vec<Rows>, String> {
    let path = path.to_owned();
    let questions: Vec<(String, Vec<String>)> = questions
        .iter()
        .map(|question| (question.text.clone(), question.values.clone()))
        .collect();
    // Who asked may be gone before it answers: it ends by itself.
    let asked = tokio::task::spawn_blocking(move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        questions
            .iter()
            .map(|(text, values)| answer(&connection, text, values))
            .collect::<rusqlite::Result<Vec<Rows>>>()
    });
    match asked.await {
        Ok(answers) => answers.map_err(|error| told(&error)),
        Err(error) => Err(error.to_string()),
    }
}

fn answer(connection: &Connection, text: &str, values: &[String]) -> rusqlite::Result<Rows> {
    let mut statement = connection.prepare(text)?;
    let columns = statement.column_count();
    let rows = statement.query_map(params_from_iter(values), |row| {
        (0..columns).map(|column| row.get(column)).collect()
    })?;
    rows.collect()
}
