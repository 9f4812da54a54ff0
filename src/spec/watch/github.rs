use toml::Spanned;
use url::Url;

use super::notice::NoticeTable;
use super::secret::Secret;
use super::server::Server;
use crate::spec::tables::Table;
use crate::spec::words::Reading;

/// A repository on GitHub whose commits get a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Github {
    /// Owner and name.
    pub repository: String,
    /// What lets djbuild set it.
    pub token: Secret,
    /// Where that is asked for, without a slash at its end.
    pub api: String,
}

const API: &str = "https://api.github.com";
const TOKEN: &str = "token = { secret = \"NAME\" }";

impl Reading<'_> {
    pub fn github(
        &mut self,
        word: &Spanned<String>,
        spanned: &Table<NoticeTable>,
    ) -> Option<Github> {
        let table = &spanned.value;
        let repository = self.repository(word);
        let token = match &table.token {
            Some(token) => self.secret("a token", token),
            None => self.missing(spanned, "github needs a token", TOKEN),
        };
        let api = match &table.api {
            Some(api) => self.api(api),
            None => Some(API.to_owned()),
        };
        Some(Github {
            repository: repository?,
            token: token?,
            api: api?,
        })
    }

    fn repository(&mut self, word: &Spanned<String>) -> Option<String> {
        let typed = self.text(word)?;
        let is_name = |name: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            name.chars().all(known) && name.contains(|c: char| c.is_ascii_alphanumeric())
        };
        let parts = typed.split_once('/');
        if parts.is_some_and(|(owner, name)| is_name(owner) && is_name(name)) {
            return Some(typed);
        }
        self.findings
            .add(word.span(), format!("{typed:?} is no repository on GitHub"))
            .help("its owner and its name: \"django/django\"");
        None
    }

    /// A token goes there, so nobody may read along.
    fn api(&mut self, word: &Spanned<String>) -> Option<String> {
        let typed = self.text(word)?;
        let is_right = Url::parse(&typed).is_ok_and(|url| {
            let host = url.host_str().unwrap_or_default().to_owned();
            let server = Server { host, port: 0 };
            let is_private =
                url.scheme() == "https" || (url.scheme() == "http" && server.is_here());
            is_private && url.username().is_empty() && url.query().is_none()
        });
        if is_right {
            return Some(typed.trim_end_matches('/').to_owned());
        }
        self.findings
            .add(word.span(), "this is no address to send a token to")
            .help("https://github.example.org/api/v3");
        None
    }
}
