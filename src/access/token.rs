use super::cookie;
use crate::model::Moment;
use crate::store::farm::{Farm, Scope, TokenRow};
use crate::store::{State, StoreError};

/// What the tokens begin with, so that people and programs know one when they see it.
const PREFIX: &str = "djbuild_";

/// What scripts show to be let in.
pub struct Tokens(Farm);

/// Why there is no such token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Another has the name.
    #[error("there is a token {0} already; `djbuild token remove {0}` takes it back")]
    Twice(String),
    /// No name at all.
    #[error("{0:?} is no name: letters, digits, - _ and . make one, 100 at most")]
    Name(String),
    /// They cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tokens {
    /// Those that are kept here.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub fn of(state: &State) -> Result<Self, StoreError> {
        Ok(Self(state.farm()?))
    }

    /// Makes one, and says what it is: that is told once and kept nowhere.
    ///
    /// # Errors
    /// When there is one of that name, or it cannot be kept.
    pub fn add(&mut self, name: &str, scope: Scope, now: Moment) -> Result<String, TokenError> {
        let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > 100 || !name.chars().all(known) {
            return Err(TokenError::Name(name.to_owned()));
        }
        let word = cookie::new_word();
        let row = TokenRow {
            name: name.to_owned(),
            hash: cookie::hashed(&word),
            scope,
            made: now,
            used: None,
        };
        let is_new = self.0.within(|book| book.add_token(&row))?;
        if !is_new {
            return Err(TokenError::Twice(name.to_owned()));
        }
        Ok(format!("{PREFIX}{word}"))
    }

    /// Takes one back, and says whether it was there.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn remove(&mut self, name: &str) -> Result<bool, StoreError> {
        self.0.within(|book| book.remove_token(name))
    }

    /// All there are, without what they are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn all(&mut self) -> Result<Vec<TokenRow>, StoreError> {
        self.0
            .look(|book| -> Result<_, StoreError> { book.tokens() })
    }
}

/// What is kept of a token; `None` where it is none.
pub fn kept(token: &str) -> Option<String> {
    cookie::kept(token.strip_prefix(PREFIX)?)
}
