//! `[[watch.notice]]` as it is typed: its keys, and what editors are told of them.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::maybe_secret::{MaybeSecret, SecretTable};
use crate::spec::value::{Keys, Words};

/// Somebody who is told, in one way: command, webhook, mail, irc, github or desktop
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(deny_unknown_fields, extend("required" = ["name"]))]
pub struct NoticeTable {
    /// Its name: letters, digits, - _ and .
    #[schemars(with = "String")]
    pub name: Option<Spanned<String>>,
    /// A program with its arguments, which gets the notice as JSON; no shell is between
    #[schemars(with = "Option<Vec<String>>")]
    pub command: Option<Spanned<Vec<Spanned<String>>>>,
    /// Where to send it: an address, or { secret = "NAME" } where the address is a secret
    #[schemars(with = "Option<MaybeSecret>")]
    pub webhook: Option<Spanned<MaybeSecret>>,
    /// What the webhook takes: "json" where it does not say
    #[schemars(with = "Option<ShapeWord>")]
    pub shape: Option<Spanned<String>>,
    /// What the webhook's requests are signed with: { secret = "NAME" }
    #[schemars(with = "Option<SecretTable>")]
    pub key: Option<Spanned<MaybeSecret>>,
    /// Addresses of mail
    #[schemars(with = "Option<Words>")]
    pub mail: Option<Spanned<Words>>,
    /// Whom the mail comes from: "djbuild <farm@example.org>"
    #[schemars(with = "Option<String>")]
    pub from: Option<Spanned<String>>,
    /// The server that takes the mail: smtp://host:587, or smtps:// for TLS from the first byte
    #[schemars(with = "Option<String>")]
    pub smtp: Option<Spanned<String>>,
    /// Whether smtp:// begins TLS: "required" where it does not say, "none" on this machine
    #[schemars(with = "Option<EncryptionWord>")]
    pub encryption: Option<Spanned<String>>,
    /// Who djbuild is for the mail server
    #[schemars(with = "Option<String>")]
    pub user: Option<Spanned<String>>,
    /// A channel: "ircs://host/#channel", or irc:// where others may read along
    #[schemars(with = "Option<String>")]
    pub irc: Option<Spanned<String>>,
    /// What djbuild is called there: "djbuild" where it does not say
    #[schemars(with = "Option<String>")]
    pub nick: Option<Spanned<String>>,
    /// Who djbuild is for the chat's server, by SASL
    #[schemars(with = "Option<String>")]
    pub account: Option<Spanned<String>>,
    /// What goes with user or account: { secret = "NAME" }
    #[schemars(with = "Option<SecretTable>")]
    pub password: Option<Spanned<MaybeSecret>>,
    /// The repository on GitHub whose commits get a status: "owner/name"
    #[schemars(with = "Option<String>")]
    pub github: Option<Spanned<String>>,
    /// What lets djbuild set it: { secret = "NAME" }
    #[schemars(with = "Option<SecretTable>")]
    pub token: Option<Spanned<MaybeSecret>>,
    /// Where that is asked for: "https://api.github.com" where it does not say
    #[schemars(with = "Option<String>")]
    pub api: Option<Spanned<String>>,
    /// A notification on this desktop
    #[schemars(with = "Option<bool>")]
    pub desktop: Option<Spanned<bool>>,
    /// In which words, for those who want others: {{ headline }}, {{ branch }}, …
    #[schemars(with = "Option<String>")]
    pub template: Option<Spanned<String>>,
    /// What it wants to hear: red, fixed, culprit and trouble where it does not say, every on GitHub
    #[schemars(with = "Option<TellingWords>")]
    pub on: Option<Spanned<Words>>,
    /// Globs over branches; none is all
    #[schemars(with = "Option<Words>")]
    pub branches: Option<Spanned<Words>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the schema")]
enum ShapeWord {
    Json,
    Slack,
    Mattermost,
    Discord,
    Matrix,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "for the schema")]
enum TellingWords {
    One(TellingWord),
    Many(Vec<TellingWord>),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the schema")]
enum TellingWord {
    Red,
    Fixed,
    Changed,
    Culprit,
    Trouble,
    Every,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the schema")]
enum EncryptionWord {
    Required,
    None,
}

impl Keys for NoticeTable {
    const KEYS: &'static [&'static str] = &[
        "name",
        "command",
        "webhook",
        "shape",
        "key",
        "mail",
        "from",
        "smtp",
        "encryption",
        "user",
        "irc",
        "nick",
        "account",
        "password",
        "github",
        "token",
        "api",
        "desktop",
        "template",
        "on",
        "branches",
    ];
}
