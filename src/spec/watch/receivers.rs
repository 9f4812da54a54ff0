use std::collections::BTreeMap;

use toml::Spanned;

use super::maybe_secret::MaybeSecret;
use super::notice::NoticeTable;
use super::receiver::{Receiver, Shape, Telling, Way};
use super::secret::{Account, Secret};
use super::template::Template;
use super::ways::{idle, ways};
use super::words::bare;
use crate::spec::tables::Table;
use crate::spec::value::Words;
use crate::spec::words::Reading;

const SHAPES: [(&str, Shape); 5] = [
    ("json", Shape::Json),
    ("slack", Shape::Slack),
    ("mattermost", Shape::Mattermost),
    ("discord", Shape::Discord),
    ("matrix", Shape::Matrix),
];
/// What is said where a secret stands in a file, which others may read.
const APART: &str = "keep it apart from the file, and name it: { secret = \"NAME\" }";

impl Reading<'_> {
    /// Who is told, those that are right.
    pub fn receivers(&mut self, tables: &[Table<NoticeTable>]) -> Vec<Receiver> {
        let mut receivers = Vec::new();
        let mut seen = BTreeMap::new();
        for spanned in tables {
            let name = spanned.value.name.as_ref();
            let name = self.only_name("a notice", name, spanned, &mut seen);
            receivers.extend(self.receiver(name, spanned));
        }
        receivers
    }

    fn receiver(&mut self, name: Option<String>, spanned: &Table<NoticeTable>) -> Option<Receiver> {
        let table = &spanned.value;
        let way = self.way(spanned);
        let on = match (&table.on, &table.github) {
            (Some(on), _) => self.tellings(on),
            (None, Some(_)) => vec![Telling::Every],
            (None, None) => vec![
                Telling::Red,
                Telling::Fixed,
                Telling::Culprit,
                Telling::Trouble,
            ],
        };
        if let (Some(typed), Some(_)) = (&table.on, &table.github)
            && on.contains(&Telling::Trouble)
        {
            self.findings
                .add(
                    typed.span(),
                    "a trouble is about no commit, so github cannot tell it",
                )
                .help("on = \"every\"");
        }
        let branches = self.patterns(table.branches.as_ref());
        let template = table.template.as_ref().map(|word| self.template(word));
        Some(Receiver {
            name: name?,
            way: way?,
            on,
            branches,
            template: match template {
                Some(template) => Some(template?),
                None => None,
            },
            place: self.findings.file.place(spanned.span.start),
        })
    }

    fn tellings(&mut self, on: &Spanned<Words>) -> Vec<Telling> {
        let words = Words::each(on);
        if words.is_empty() {
            let known = Telling::WORDS.map(|(word, _)| word).join(", ");
            self.findings
                .add(on.span(), "this tells nobody anything")
                .help(format!("leave the key out, or name some of {known}"));
        }
        bare(self.distinct(&words, |reading, word| {
            reading.choice(word, &Telling::WORDS)
        }))
    }

    fn way(&mut self, spanned: &Table<NoticeTable>) -> Option<Way> {
        let table = &spanned.value;
        let ways = ways(table);
        let Some((way, at)) = ways.first() else {
            let help =
                "one of command = [\"…\"], webhook = \"https://…\", mail, irc, github, desktop";
            return self.missing(spanned, "this does not say how to tell it", help);
        };
        let beside = ways.iter().skip(1).cloned();
        for (other, span) in beside.chain(idle(table, way)) {
            self.findings
                .add(span, format!("{other} does not go with {way}"))
                .other(at.clone(), format!("{way} is here"));
        }
        if let Some(command) = &table.command {
            return self.command(command).map(Way::Command);
        }
        if let Some(webhook) = &table.webhook {
            return self.webhook(webhook, table);
        }
        if let Some(mail) = &table.mail {
            return self.mail(mail, spanned).map(Way::Mail);
        }
        if let Some(irc) = &table.irc {
            return self.irc(irc, table).map(Way::Irc);
        }
        if let Some(github) = &table.github {
            return self.github(github, spanned).map(Way::Github);
        }
        let desktop = table.desktop.as_ref()?;
        if !desktop.get_ref() {
            self.findings
                .add(desktop.span(), "this tells nobody anything")
                .help("desktop = true, or leave the notice out");
            return None;
        }
        Some(Way::Desktop)
    }

    fn webhook(&mut self, webhook: &Spanned<MaybeSecret>, table: &NoticeTable) -> Option<Way> {
        let url = self.address(webhook);
        let shape = table.shape.as_ref();
        let shape = shape.map_or(Some(Shape::Json), |word| self.choice(word, &SHAPES));
        let key = table.key.as_ref().map(|key| self.secret("a key", key));
        Some(Way::Webhook {
            url: url?,
            shape: shape?,
            key: match key {
                Some(typed) => Some(typed?),
                None => None,
            },
        })
    }

    fn command(&mut self, command: &Spanned<Vec<Spanned<String>>>) -> Option<Vec<String>> {
        let words = command.get_ref();
        let Some(program) = words.first() else {
            self.findings
                .add(command.span(), "this names no program")
                .help("command = [\"notify-send\", \"djbuild\"]");
            return None;
        };
        self.text(program)?;
        if let Some(word) = words.iter().find(|word| word.get_ref().contains('\0')) {
            self.findings
                .add(word.span(), "no program can be given this");
            return None;
        }
        Some(words.iter().map(|word| word.get_ref().clone()).collect())
    }

    fn address(&mut self, webhook: &Spanned<MaybeSecret>) -> Option<Secret> {
        let typed = match webhook.get_ref() {
            MaybeSecret::Named(table) => return self.name(&table.secret).map(Secret::Named),
            MaybeSecret::Plain(typed) => typed,
        };
        let url = url::Url::parse(typed).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = url.filter(|_| !typed.contains(char::is_control)) else {
            self.findings
                .add(webhook.span(), "a webhook is an address of the web")
                .help("https://…, or { secret = \"NAME\" } where it is a secret");
            return None;
        };
        if !url.username().is_empty() || url.password().is_some() {
            self.findings
                .add(webhook.span(), "there is a secret in this address")
                .help(APART);
            return None;
        }
        Some(Secret::Plain(typed.clone()))
    }

    /// What may not stand in the file itself.
    pub fn secret(&mut self, what: &str, key: &Spanned<MaybeSecret>) -> Option<Secret> {
        match key.get_ref() {
            MaybeSecret::Named(table) => self.name(&table.secret).map(Secret::Named),
            MaybeSecret::Plain(_) => {
                self.findings
                    .add(key.span(), format!("{what} is a secret"))
                    .help(APART);
                None
            }
        }
    }

    /// Who djbuild is for a server, where it is anybody; nothing where that is wrong.
    #[expect(clippy::option_option, reason = "nobody is right, and wrong is wrong")]
    pub fn account(
        &mut self,
        (name, user): (&str, Option<&Spanned<String>>),
        password: Option<&Spanned<MaybeSecret>>,
    ) -> Option<Option<Account>> {
        let user_text = user.map(|user| self.text(user));
        let secret = password.map(|password| self.secret("a password", password));
        match (user_text, secret) {
            (None, None) => Some(None),
            (Some(user), Some(password)) => Some(Some(Account {
                user: user?,
                password: password?,
            })),
            (Some(_), None) => {
                self.only_with(name, user, "password");
                None
            }
            (None, Some(_)) => {
                self.only_with("password", password, name);
                None
            }
        }
    }

    fn template(&mut self, word: &Spanned<String>) -> Option<Template> {
        let span = word.span();
        if word.get_ref().trim().is_empty() {
            self.findings.add(span, "this says nothing");
            return None;
        }
        let file = self.findings.file;
        let (mut first, last) = (
            file.place(span.start),
            file.place(span.end.saturating_sub(1)),
        );
        let raw = file.text.get(span.clone()).unwrap_or_default();
        // TOML drops the line break that a text of several lines begins with.
        let quotes = ["\"\"\"", "'''"]
            .iter()
            .find_map(|quotes| raw.strip_prefix(quotes));
        if quotes.is_some_and(|text| text.starts_with(['\n', '\r'])) {
            first.line += 1;
        }
        let begun = file.place(span.start).line;
        match Template::new(word.get_ref(), first, last.line) {
            Ok(template) => Some(template),
            Err(error) => {
                // From the line that is wrong on.
                let down = error.place.line.saturating_sub(begun);
                let line = raw.match_indices('\n').nth(down.wrapping_sub(1));
                let start = line.map_or(span.start, |(at, _)| span.start + at + 1);
                self.findings.add(start..span.end, error.problem);
                None
            }
        }
    }
}
