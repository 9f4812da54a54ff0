use rusqlite::{Row, params};

use super::{Book, StoreError};
use crate::model::Moment;

/// What a script shows to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// What it is called.
    pub name: String,
    /// Its hash.
    pub hash: String,
    /// What it is good for.
    pub scope: Scope,
    /// When it was made.
    pub made: Moment,
    /// When it was shown last, to a minute.
    pub used: Option<Moment>,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Looking.
    Read,
    /// Looking and steering.
    Steer,
}

impl Scope {
    /// Its word, as kept and typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Steer => "steer",
        }
    }
}

const TOKEN: &str = "SELECT name, hash, scope, made, used FROM token";

impl Book<'_> {
    /// A token, by its hash.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn token(&self, hash: &str) -> Result<Option<TokenRow>, StoreError> {
        self.row(&format!("{TOKEN} WHERE hash = ?1"), [hash], token)
    }

    /// All tokens.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        self.rows(&format!("{TOKEN} ORDER BY name"), [], token)
    }

    /// Keeps a new token, and says whether there was none of its name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_token(&self, token: &TokenRow) -> Result<bool, StoreError> {
        let changed = self.write(
            "token",
            "INSERT OR IGNORE INTO token VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                token.name,
                token.hash,
                token.scope.as_str(),
                token.made.0,
                token.used.map(|at| at.0)
            ],
        )?;
        Ok(changed > 0)
    }

    /// Notes that a token was shown.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_token(&self, name: &str, now: Moment) -> Result<(), StoreError> {
        self.write(
            "token",
            "UPDATE token SET used = ?2 WHERE name = ?1",
            params![name, now.0],
        )?;
        Ok(())
    }

    /// Takes a token back, and says whether there was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        let changed = self.write("token", "DELETE FROM token WHERE name = ?1", [name])?;
        Ok(changed > 0)
    }
}

fn token(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    Ok(TokenRow {
        name: row.get(0)?,
        hash: row.get(1)?,
        scope: match row.get::<_, String>(2)?.as_str() {
            "steer" => Scope::Steer,
            _ => Scope::Read,
        },
        made: Moment(row.get(3)?),
        used: row.get::<_, Option<i64>>(4)?.map(Moment),
    })
}
