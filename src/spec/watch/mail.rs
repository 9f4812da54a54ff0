use lettre::Address;
use lettre::message::Mailbox;
use toml::Spanned;

use super::notice::NoticeTable;
use super::secret::Account;
use super::server::Server;
use super::words::bare;
use crate::spec::tables::Table;
use crate::spec::value::Words;
use crate::spec::words::Reading;

/// A mail, and the server that takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Whom to; at least one address.
    pub to: Vec<Address>,
    /// Whom from.
    pub from: Mailbox,
    /// The server.
    pub server: Server,
    /// How it is spoken to.
    pub encryption: Encryption,
    /// Who djbuild is for it.
    pub login: Option<Account>,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// By TLS from the first byte.
    AtOnce,
    /// By TLS before anything is said that matters.
    Starttls,
    /// In the clear.
    None,
}

const SERVER: &str = "smtp = \"smtp://mail.example.org:587\", or smtps://";
const WORDS: [(&str, Encryption); 2] = [
    ("required", Encryption::Starttls),
    ("none", Encryption::None),
];

impl Reading<'_> {
    pub fn mail(&mut self, to: &Spanned<Words>, spanned: &Table<NoticeTable>) -> Option<Mail> {
        let table = &spanned.value;
        let words = Words::each(to);
        if words.is_empty() {
            self.findings
                .add(to.span(), "this is for nobody")
                .help("mail = [\"who@example.org\"]");
        }
        let to = bare(self.distinct(&words, Self::address_of_mail));
        let from = match &table.from {
            Some(from) => self.sender(from),
            None => self.missing(spanned, "mail needs from", "from = \"djbuild@example.org\""),
        };
        let server = match &table.smtp {
            Some(smtp) => self.server(smtp, &[("smtp", 587), ("smtps", 465)], SERVER),
            None => self.missing(spanned, "mail needs a server", SERVER),
        };
        let word = table.encryption.as_ref();
        let chosen = word.map(|word| self.choice(word, &WORDS));
        let login = self.account(("user", table.user.as_ref()), table.password.as_ref());
        let (url, server) = server?;
        let encryption = match (url.scheme(), chosen) {
            ("smtps", None) => Encryption::AtOnce,
            ("smtps", Some(_)) => {
                if let Some(word) = word {
                    self.findings
                        .add(word.span(), "smtps:// has said how it is encrypted")
                        .help("leave the key out, or write smtp://");
                }
                return None;
            }
            (_, Some(chosen)) => chosen?,
            // A server on this machine has seldom a certificate of this name.
            (_, None) if server.is_here() => Encryption::None,
            (_, None) => Encryption::Starttls,
        };
        (!to.is_empty()).then_some(Mail {
            to,
            from: from?,
            server,
            encryption,
            login: login?,
        })
    }

    fn address_of_mail(&mut self, word: &Spanned<String>) -> Option<Address> {
        let typed = self.text(word)?;
        let address = typed.parse::<Address>().ok();
        // What is not ASCII needs an extension that few servers have.
        let address = address.filter(|address| AsRef::<str>::as_ref(address).is_ascii());
        if address.is_none() {
            self.findings
                .add(word.span(), format!("{typed:?} is no address of mail"))
                .help("who@example.org");
        }
        address
    }

    fn sender(&mut self, word: &Spanned<String>) -> Option<Mailbox> {
        let typed = self.text(word)?;
        let sender = typed.parse::<Mailbox>().ok();
        let sender = sender.filter(|sender| AsRef::<str>::as_ref(&sender.email).is_ascii());
        if sender.is_none() {
            self.findings
                .add(word.span(), format!("{typed:?} is no sender of mail"))
                .help("djbuild@example.org, or \"djbuild <djbuild@example.org>\"");
        }
        sender
    }

    /// Tells of a key that another needs, unless what there is could not be read.
    pub fn missing<T>(
        &mut self,
        spanned: &Table<NoticeTable>,
        what: &str,
        help: &str,
    ) -> Option<T> {
        if spanned.is_whole {
            self.findings.add(spanned.span.clone(), what).help(help);
        }
        None
    }
}
