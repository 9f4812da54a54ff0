use crate::host;
use crate::model::printable;
use crate::notify::{Letter, NotifyError, Secrets, send};
use crate::spec::Receiver;
use crate::store::farm::OutboxRow;
use crate::watch::{News, Post, Undelivered};

/// Where this user's secrets are.
pub fn secrets() -> Secrets {
    let file = host::config_file();
    Secrets::find(file.as_ref().and_then(|file| file.parent()))
}

/// Brings a watcher's notices to their receivers.
pub struct Postman {
    secrets: Secrets,
}

impl Postman {
    pub fn new() -> Self {
        Self { secrets: secrets() }
    }

    /// Sends a letter that no watcher wrote.
    pub fn bring(&self, receiver: &Receiver, letter: &Letter) -> Result<(), NotifyError> {
        send(&receiver.way, letter, &self.secrets)
    }
}

/// Where this user's secrets are.
pub fn secrets() -> Secrets {
    let file = host::config_file();
    Secrets::find(file.as_ref().and_then(|file| file.parent()))
}

impl Post for Postman {
    fn post(&self, receiver: &Receiver, row: &OutboxRow) -> Result<(), Undelivered> {
        let news: News = serde_json::from_str(&row.notice.body)
            .map_err(|error| Undelivered::Never(error.to_string()))?;
        let letter = Letter {
            id: row.notice.id.clone(),
            headline: printable(&news.headline).into_owned(),
            json: row.notice.body.clone(),
        };
        self.bring(receiver, &letter).map_err(|error| match error {
            NotifyError::Later(why) => Undelivered::Later(why),
            NotifyError::Never(why) => Undelivered::Never(why),
        })
    }
}
