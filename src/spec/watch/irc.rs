use percent_encoding::percent_decode_str;
use toml::Spanned;

use super::notice::NoticeTable;
use super::secret::Account;
use super::server::Server;
use crate::spec::words::Reading;

/// A channel of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Irc {
    /// A server of its network.
    pub server: Server,
    /// Whether TLS keeps others from reading along.
    pub is_encrypted: bool,
    /// The channel, with its `#`.
    pub channel: String,
    /// What djbuild is called there, if nobody else is.
    pub nick: String,
    /// Who djbuild is for the server, by SASL.
    pub login: Option<Account>,
}

const CHANNEL: &str = "irc = \"ircs://irc.libera.chat/#channel\"";
const NICK: &str = "djbuild";

impl Reading<'_> {
    pub fn irc(&mut self, word: &Spanned<String>, table: &NoticeTable) -> Option<Irc> {
        let server = self.server(word, &[("irc", 6667), ("ircs", 6697)], CHANNEL);
        let nick = match &table.nick {
            Some(nick) => self.nick(nick),
            None => Some(NICK.to_owned()),
        };
        let account = ("account", table.account.as_ref());
        let login = self.account(account, table.password.as_ref());
        let (url, server) = server?;
        // What follows # is a fragment for addresses of the web.
        let named = match url.fragment() {
            Some(name) if matches!(url.path(), "/" | "") => format!("#{name}"),
            _ => url.path().trim_start_matches('/').to_owned(),
        };
        let channel = percent_decode_str(&named).decode_utf8_lossy().into_owned();
        let is_channel = channel.starts_with(['#', '&'])
            && channel.len() > 1
            && channel.len() <= 64
            && !channel.contains(|c: char| c.is_control() || matches!(c, ' ' | ','));
        if !is_channel {
            self.findings
                .add(word.span(), "this names no channel")
                .help(CHANNEL);
            return None;
        }
        let is_encrypted = url.scheme() == "ircs";
        if let Some(password) = &table.password
            && !is_encrypted
            && !server.is_here()
        {
            self.findings
                .add(
                    password.span(),
                    "others can read a password that goes over irc://",
                )
                .help("write ircs://");
            return None;
        }
        Some(Irc {
            server,
            is_encrypted,
            channel,
            nick: nick?,
            login: login?,
        })
    }

    /// As RFC 2812 has names.
    fn nick(&mut self, word: &Spanned<String>) -> Option<String> {
        let typed = self.text(word)?;
        let special = |c: char| "[]\\`_^{|}".contains(c);
        let first = |c: char| c.is_ascii_alphabetic() || special(c);
        let known = |c: char| first(c) || c.is_ascii_digit() || c == '-';
        if typed.starts_with(first) && typed.chars().all(known) && typed.len() <= 30 {
            return Some(typed);
        }
        self.findings
            .add(word.span(), format!("{typed:?} is no nick"))
            .help("letters, digits, - and _ make one, and a letter begins it");
        None
    }
}
