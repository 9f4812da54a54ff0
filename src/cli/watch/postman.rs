use crate::host;
use crate::model::printable;
use crate::notify::{Breaker, Commit, Letter, NotifyError, Secrets, send};
use crate::spec::{Receiver, TemplateError};
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
    breaker: Breaker,
}

impl Postman {
    pub fn new() -> Self {
        Self {
            secrets: secrets(),
            breaker: Breaker::default(),
        }
    }

    /// Sends news, as they were written down.
    pub fn bring(&self, receiver: &Receiver, news: &News, json: &str) -> Result<(), NotifyError> {
        let mut letter = letter(receiver, news, json);
        match worded(receiver, json).transpose() {
            Ok(words) => letter.worded = words,
            // Better in other words than not at all.
            Err(error) => letter.headline = format!("{} [{error}]", letter.headline),
        }
        self.breaker.attempt(&receiver.name, || {
            send(&receiver.way, &letter, &self.secrets)
        })
    }
}

impl Post for Postman {
    fn post(&self, receiver: &Receiver, row: &OutboxRow) -> Result<(), Undelivered> {
        let news: News = serde_json::from_str(&row.notice.body)
            .map_err(|error| Undelivered::Never(error.to_string()))?;
        let brought = self.bring(receiver, &news, &row.notice.body);
        brought.map_err(|error| match error {
            NotifyError::Later(why) => Undelivered::Later(why),
            NotifyError::Never(why) | NotifyError::Unwelcome(why) => Undelivered::Never(why),
        })
    }
}

/// News in the words that their receiver wants, if they are of its own.
pub fn worded(receiver: &Receiver, json: &str) -> Option<Result<String, TemplateError>> {
    let template = receiver.template.as_ref()?;
    let notice = serde_json::from_str(json).unwrap_or_default();
    let words = template.render(&notice);
    Some(words.map(|words| printable(&words).into_owned()))
}

fn letter(receiver: &Receiver, news: &News, json: &str) -> Letter {
    let is_of_a_run = !news.revision.is_empty() && !news.outcome.is_empty();
    Letter {
        id: news.id.clone(),
        receiver: receiver.name.clone(),
        headline: printable(&news.headline).replace(['\n', '\t'], " "),
        text: printable(&news.text()).into_owned(),
        worded: None,
        json: json.to_owned(),
        link: news.link.clone(),
        threads: news.threads(),
        commit: is_of_a_run.then(|| Commit {
            revision: news.revision.clone(),
            scheduler: news.scheduler.clone(),
            outcome: news.outcome.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Place, Template, Way};

    #[test]
    fn words_that_fail_keep_no_notice_back_and_nothing_in_it_obeys() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("got");
        let script = format!(
            "printf %s \"$DJBUILD_NOTICE_HEADLINE\" > {}; cat > /dev/null",
            path.display()
        );
        let place = Place {
            file: "f.toml".into(),
            line: 7,
        };
        let receiver = Receiver {
            name: "team".to_owned(),
            way: Way::Command(["/bin/sh", "-c", &script].map(str::to_owned).to_vec()),
            on: Vec::new(),
            branches: Vec::new(),
            template: Template::new("{{ nothing }}", place.clone(), 7).ok(),
            place,
        };
        let mut news = News::test(crate::model::Moment(0));
        news.headline = "one\ntwo\r\u{1b}[2J".to_owned();
        let json = serde_json::to_string(&news).expect("JSON");
        Postman::new()
            .bring(&receiver, &news, &json)
            .expect("taken");
        let got = std::fs::read_to_string(path).expect("written");
        let expected = "one two\\x0d\\x1b[2J [f.toml:7: template: undefined value";
        assert!(got.starts_with(expected), "{got}");
    }
}
