use std::collections::BTreeMap;

use toml::Spanned;

use super::receiver::{Receiver, Secret, Shape, Telling, Way};
use super::typed::{MaybeSecret, NoticeTable};
use super::words::bare;
use crate::spec::tables::Table;
use crate::spec::value::Words;
use crate::spec::words::Reading;

const SHAPES: [(&str, Shape); 4] = [
    ("json", Shape::Json),
    ("slack", Shape::Slack),
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
        let on = match &table.on {
            Some(on) => self.tellings(on),
            None => vec![
                Telling::Red,
                Telling::Fixed,
                Telling::Culprit,
                Telling::Trouble,
            ],
        };
        let branches = self.patterns(table.branches.as_ref());
        Some(Receiver {
            name: name?,
            way: way?,
            on,
            branches,
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
        if let Some(command) = &table.command {
            let other = ("command", command.span());
            self.apart(("webhook", table.webhook.as_ref()), other.clone());
            self.apart(("shape", table.shape.as_ref()), other.clone());
            self.apart(("key", table.key.as_ref()), other);
            return self.command(command).map(Way::Command);
        }
        let Some(webhook) = &table.webhook else {
            if spanned.is_whole {
                self.findings
                    .add(spanned.span.clone(), "this does not say how to tell it")
                    .help("one of command = [\"…\"], webhook = \"https://…\"");
            }
            return None;
        };
        let url = self.address(webhook);
        let shape = table.shape.as_ref();
        let shape = shape.map_or(Some(Shape::Json), |word| self.choice(word, &SHAPES));
        let key = table.key.as_ref().map(|key| self.key(key));
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

    pub fn key(&mut self, key: &Spanned<MaybeSecret>) -> Option<Secret> {
        match key.get_ref() {
            MaybeSecret::Named(table) => self.name(&table.secret).map(Secret::Named),
            MaybeSecret::Plain(_) => {
                self.findings
                    .add(key.span(), "a key is a secret")
                    .help(APART);
                None
            }
        }
    }
}
