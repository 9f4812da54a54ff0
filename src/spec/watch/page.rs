use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::maybe_secret::{MaybeSecret, SecretTable};
use super::secret::Secret;

use crate::spec::tables::Table;
use crate::spec::value::Keys;
use crate::spec::words::Reading;

/// A page that shows how a farm stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where people find it, without a slash at the end; its path is there too where a
    /// proxy serves it below one.
    pub url: Option<String>,
    /// What it is called.
    pub name: String,
    /// Where the project that is tested is at home.
    pub project: Option<String>,
    /// What hints of pushes are signed with; without it nobody gives any.
    pub hook: Option<Secret>,
}

impl Page {
    /// Where it listens where nothing else is said.
    pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8010);

    /// The usual page, at this address.
    pub fn at(listen: SocketAddr) -> Self {
        Self {
            listen,
            url: None,
            name: "djbuild".to_owned(),
            project: None,
            hook: None,
        }
    }

    /// What stands before the path of everything: nothing, or `/path`.
    pub fn prefix(&self) -> &str {
        let url = self.url.as_deref().unwrap_or_default();
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }
}

/// The page that shows how all of it stands
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct PageTable {
    /// Where it listens: "127.0.0.1:8010" where it does not say, which only this machine reaches
    #[schemars(with = "Option<String>")]
    pub listen: Option<Spanned<String>>,
    /// Where people find it, as in "https://ci.example.org/django"; notices link to it
    #[schemars(with = "Option<String>")]
    pub url: Option<Spanned<String>>,
    /// What it is called: "djbuild" where it does not say
    #[schemars(with = "Option<String>")]
    pub name: Option<Spanned<String>>,
    /// Where the project that is tested is at home
    #[schemars(with = "Option<String>")]
    pub project: Option<Spanned<String>>,
    /// What hints of pushes (POST /hook) are signed with: { secret = "NAME" }
    #[schemars(with = "Option<SecretTable>")]
    pub hook: Option<Spanned<MaybeSecret>>,
}

impl Keys for PageTable {
    const KEYS: &'static [&'static str] = &["listen", "url", "name", "project", "hook"];
}

impl Reading<'_> {
    /// The page, if what is said of it is right.
    pub fn page(&mut self, spanned: &Table<PageTable>) -> Option<Page> {
        let table = &spanned.value;
        let listen = table.listen.as_ref();
        let listen = listen.map_or(Some(Page::LISTEN), |word| self.listen(word));
        let url = self.home(table.url.as_ref());
        let project = self.home(table.project.as_ref());
        let name = match &table.name {
            Some(name) => self.text(name),
            None => Some("djbuild".to_owned()),
        };
        let hook = match &table.hook {
            Some(key) => Some(self.secret("a key", key)?),
            None => None,
        };
        Some(Page {
            listen: listen?,
            url: url?,
            name: name?,
            project: project?,
            hook,
        })
    }

    fn listen(&mut self, word: &Spanned<String>) -> Option<SocketAddr> {
        let address = word.get_ref().parse().ok();
        if address.is_none() {
            self.findings
                .add(word.span(), "this is no address and port to listen at")
                .help("as in \"127.0.0.1:8010\", or \"[::1]:8010\"");
        }
        address
    }

    /// An address of the web that others are appended to; what is not typed is none.
    #[allow(
        clippy::option_option,
        reason = "what is wrong is something else than what is not there"
    )]
    fn home(&mut self, word: Option<&Spanned<String>>) -> Option<Option<String>> {
        let Some(word) = word else { return Some(None) };
        let typed = self.text(word)?;
        let url = url::Url::parse(&typed).ok();
        let is_right = url.is_some_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if is_right {
            return Some(Some(typed.trim_end_matches('/').to_owned()));
        }
        self.findings
            .add(word.span(), "this is no address of a page")
            .help("as in \"https://ci.example.org\" or \"https://example.org/djbuild\"");
        None
    }
}
