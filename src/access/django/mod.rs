//! The users of a Django project, as its database has them: asked for one at a time, by an
//! account that need not be able to write.
//!
//! Each question has a connection of its own: they are few, and none is kept that broke.

mod address;
mod mysql;
mod postgres;
mod question;
mod roots;
mod sqlite;

use std::time::Duration;

use super::known::{Away, Known, Looked};
use crate::model::redacted;
use crate::notify::Secrets;
use crate::spec::{DjangoUsers, Right};
use address::{Address, Server, Tls};
use question::{Dialect, Question};

/// How long a database may take, with all it is asked.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a database answers: rows of text.
type Rows = Vec<Vec<String>>;

/// A Django project's users.
#[derive(Debug)]
pub struct Django {
    users: DjangoUsers,
    secrets: Secrets,
}

impl Django {
    /// The users that a matrix file names.
    pub const fn new(users: DjangoUsers, secrets: Secrets) -> Self {
        Self { users, secrets }
    }

    /// Somebody, by the name they typed.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn find(&self, name: &str) -> Result<Option<Known>, Away> {
        // No database has such a name, and some refuse the question.
        if name.contains('\0') {
            return Ok(None);
        }
        let address = self.address()?;
        let question = Question::who(address.dialect(), &self.users, name);
        let mut rows = patiently(&address, address.ask(&[question])).await?;
        let mut rows = rows.pop().unwrap_or_default();
        // What a database takes for the same name besides, spaces or accents, would be a
        // way around what slows down guessing at it.
        let same = |row: &Vec<String>| row.first().is_some_and(|n| is_same(n, name));
        rows.retain(same);
        let exact = rows.iter().position(|row| row[0] == name);
        let row = exact.map_or_else(|| rows.first(), |at| rows.get(at));
        Ok(match row.map(Vec::as_slice) {
            Some([name, hash, active, steers]) => Some(Known {
                name: name.clone(),
                hash: hash.clone(),
                is_active: active == "1",
                lacks: (steers != "1").then(|| lacking(&self.users.require)),
            }),
            _ => None,
        })
    }

    /// Whether it can be asked, and what it says.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn look(&self) -> Result<Looked, Away> {
        let address = self.address()?;
        let dialect = address.dialect();
        let mut questions = vec![
            Question::count(dialect, &self.users),
            Question::who(dialect, &self.users, ""),
        ];
        questions.extend(Question::may_write(dialect, &self.users));
        let answers = patiently(&address, address.ask(&questions)).await?;
        let word = |index: usize| answers.get(index)?.first()?.first();
        let mut warnings = Vec::new();
        if word(2).is_some_and(|word| word == "1") {
            warnings.push(
                "this account can change users; one that can only SELECT would do".to_owned(),
            );
        }
        if let Address::Postgres(server) | Address::Mysql(server) = &address
            && server.tls == Tls::Off
            && !server.is_here()
        {
            warnings.push("what goes there and back is not encrypted".to_owned());
        }
        Ok(Looked {
            place: address.words(),
            may_steer: word(0).and_then(|word| word.parse().ok()).unwrap_or(0),
            warnings,
        })
    }

    /// Read each time: a secret may have been changed meanwhile.
    fn address(&self) -> Result<Address, Away> {
        let written = self.secrets.value(&self.users.database);
        let written = written.map_err(|error| Away(error.to_string()))?;
        Address::parse(&written).map_err(Away)
    }
}

impl Address {
    const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    /// The answers to questions, in their order.
    async fn ask(&self, questions: &[Question]) -> Result<Vec<Rows>, String> {
        match self {
            Self::Sqlite(path) => sqlite::ask(path, questions).await,
            Self::Postgres(server) => postgres::ask(server, questions).await,
            Self::Mysql(server) => mysql::ask(server, questions).await,
        }
    }
}

/// Whether two names differ by case alone.
fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

async fn patiently(
    address: &Address,
    asking: impl Future<Output = Result<Vec<Rows>, String>>,
) -> Result<Vec<Rows>, Away> {
    let why = match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(answers)) => return Ok(answers),
        Ok(Err(why)) => redacted(&why),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    Err(Away(format!("{}: {why}", address.words())))
}

/// What whoever lacks a right lacks, in words.
fn lacking(right: &Right) -> String {
    match right {
        Right::Active => "the account is not active".to_owned(),
        Right::Staff => "this needs staff status".to_owned(),
        Right::Superuser => "this needs superuser status".to_owned(),
        Right::Group(name) => format!("this needs the group {name}"),
        Right::Permission { app, codename } => {
            format!("this needs the permission {app}.{codename}")
        }
    }
}

/// An error with its causes, each once.
fn told(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words = format!("{words}: {cause_words}");
        }
        next = cause.source();
    }
    words
}
