use super::github::Github;
use super::irc::Irc;
use super::mail::Mail;
use super::secret::Secret;
use super::template::Template;
use crate::spec::{Pattern, Place};

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Receiver {
    /// Its name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// How it is reached.
    pub way: Way,
    /// What it wants to hear; never empty.
    pub on: Vec<Telling>,
    /// Of which branches: globs; none is all.
    pub branches: Vec<Pattern>,
    /// In which words, where they are not to be djbuild's own.
    pub template: Option<Template>,
    /// Where it is.
    pub place: Place,
}

/// How somebody is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A program with its arguments, run without a shell, which gets the notice as JSON.
    Command(Vec<String>),
    /// A POST request.
    Webhook {
        /// Where to.
        url: Secret,
        /// What is sent.
        shape: Shape,
        /// With what it is signed.
        key: Option<Secret>,
    },
    /// A mail.
    Mail(Mail),
    /// A line in a channel.
    Irc(Irc),
    /// The status of a commit.
    Github(Github),
    /// A notification on the desktop of whoever watches.
    Desktop,
}

/// What a webhook's receiver understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The notice as JSON.
    Json,
    /// What Slack takes.
    Slack,
    /// What Mattermost takes: it calls people whom Slack does not.
    Mattermost,
    /// What Discord takes.
    Discord,
    /// What hookshot, a bridge to Matrix, takes.
    Matrix,
}

/// What there is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Telling {
    /// Cells turned red.
    Red,
    /// Cells are green again.
    Fixed,
    /// The tests that fail in a red cell are others now.
    Changed,
    /// The commit that broke cells was found.
    Culprit,
    /// What is no fault of Django's: a repository or an engine that is away.
    Trouble,
    /// Each run that was decided, whether anything turned or not.
    Every,
}

impl Telling {
    /// All there are, as they are typed.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("red", Self::Red),
        ("fixed", Self::Fixed),
        ("changed", Self::Changed),
        ("culprit", Self::Culprit),
        ("trouble", Self::Trouble),
        ("every", Self::Every),
    ];
}
