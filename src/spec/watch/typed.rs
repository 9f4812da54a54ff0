//! The `[watch]` table as it is typed: its keys, and what editors are told of them.

use schemars::JsonSchema;
use serde::{Deserialize, de};
use toml::Spanned;

use super::maybe_secret::MaybeSecret;
use super::notice::NoticeTable;
use super::page::PageTable;
use crate::spec::value::{Keys, Words};

/// What `djbuild watch` looks at, what it runs when, and whom it tells
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(deny_unknown_fields, extend("required" = ["source"]))]
pub struct WatchTable {
    /// Repositories to look at: git URLs, or absolute paths
    #[schemars(with = "Words")]
    pub source: Option<Spanned<Words>>,
    /// How often each is asked: "5m" where it does not say
    #[schemars(with = "Option<String>")]
    pub interval: Option<Spanned<String>>,
    /// How many runs in 24 hours, while nothing else is to be done, search for the commit that broke a cell: 20 where it does not say, 0 is no search
    #[schemars(with = "Option<u32>")]
    pub bisect_per_day: Option<Spanned<u32>>,
    /// Where people see a commit: an address with {revision} in it
    #[schemars(with = "Option<String>")]
    pub revision_link: Option<Spanned<String>>,
    /// Where people see a ticket, which subjects of commits call #12345: an address with {ticket} in it
    #[schemars(with = "Option<String>")]
    pub ticket_link: Option<Spanned<String>>,
    /// Who decides what is run; without any, each commit of main and stable/* is
    #[schemars(with = "Vec<SchedulerTable>")]
    pub scheduler: de::IgnoredAny,
    /// Who is told
    #[schemars(with = "Vec<NoticeTable>")]
    pub notice: de::IgnoredAny,
    /// Where people see how all of it stands
    #[schemars(with = "Option<PageTable>")]
    pub page: de::IgnoredAny,
    /// Who may log in, to force, stop, pause and cancel; without it only whoever has this machine can
    #[schemars(with = "Option<LoginTable>")]
    pub login: de::IgnoredAny,
}

/// Decides what is run of which branches, and when: after commits, at times (cron), or
/// after another scheduler (after)
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(deny_unknown_fields, extend("required" = ["name"]))]
pub struct SchedulerTable {
    /// Its name: letters, digits, - _ and .
    #[schemars(with = "String")]
    pub name: Option<Spanned<String>>,
    /// Globs over branches; those of the other scheduler where it comes after one and does not say
    #[schemars(with = "Option<Words>")]
    pub branches: Option<Spanned<Words>>,
    /// How long no further commit may come before one is run: "10s" where it does not say
    #[schemars(with = "Option<String>")]
    pub settle: Option<Spanned<String>>,
    /// How long that is waited for at most: "10m" where it does not say
    #[schemars(with = "Option<String>")]
    pub settle_max: Option<Spanned<String>>,
    /// Times: minute, hour, day of month, month, day of week, as in "0 3 * * *"
    #[schemars(with = "Option<String>")]
    pub cron: Option<Spanned<String>>,
    /// The time zone of those, as in "Europe/Berlin": "UTC" where it does not say
    #[schemars(with = "Option<String>")]
    pub zone: Option<Spanned<String>>,
    /// Nothing is run of a branch that is where it was last time: true where it does not say
    #[schemars(with = "Option<bool>")]
    pub only_if_changed: Option<Spanned<bool>>,
    /// But it is where the last time is longer ago than this: "7d"
    #[schemars(with = "Option<String>")]
    pub force_every: Option<Spanned<String>>,
    /// What was missed while nobody watched is made up for, once: true where it does not say
    #[schemars(with = "Option<bool>")]
    pub catch_up: Option<Spanned<bool>>,
    /// The scheduler whose runs it comes after
    #[schemars(with = "Option<String>")]
    pub after: Option<Spanned<String>>,
    /// After which of them: those that "passed", or those "decided", which passed or failed
    #[schemars(with = "Option<ReleaseWord>")]
    pub release: Option<Spanned<String>>,
    /// Globs over changed files, of which the last that matches decides; "!docs/**" is all but those
    #[schemars(with = "Option<Words>")]
    pub files: Option<Spanned<Words>>,
    /// Of commits that come close together, the "newest" stands for all, or "never" does
    #[schemars(with = "Option<CollapseWord>")]
    pub collapse: Option<Spanned<String>>,
    /// What is run of a branch that is new here: its "tip", "nothing", or what it has since a revision
    #[schemars(with = "Option<String>")]
    pub first: Option<Spanned<String>>,
    /// Cancel a run when a newer commit asks for the same
    pub cancel_superseded: bool,
    /// Which go first: those with more
    #[schemars(with = "Option<i32>")]
    pub priority: Option<Spanned<i32>>,
    /// Names that no two runs hold at once
    #[schemars(with = "Option<Words>")]
    pub locks: Option<Spanned<Words>>,
    /// A matrix that comes with djbuild, or the path of another file; this one where it does not say
    #[schemars(with = "Option<String>")]
    pub matrix: Option<Spanned<String>>,
    /// Only Pythons that match these globs, or some that the matrix lacks
    #[schemars(with = "Option<Words>")]
    pub pythons: Option<Spanned<Words>>,
    /// Only databases that match these globs, or some that the matrix lacks
    #[schemars(with = "Option<Words>")]
    pub databases: Option<Spanned<Words>>,
    /// Only variants that match these globs, or some that the matrix does not list
    #[schemars(with = "Option<Words>")]
    pub variants: Option<Spanned<Words>>,
    /// The fewest cells that still touch everything, as --cover takes it
    #[schemars(with = "Option<CoverWord>")]
    pub cover: Option<Spanned<String>>,
    /// Test labels, as runtests.py takes them; none is the whole suite
    #[schemars(with = "Option<Words>")]
    pub labels: Option<Spanned<Words>>,
    /// Flags for runtests.py
    #[schemars(with = "Option<Words>")]
    pub flags: Option<Spanned<Words>>,
}

/// Who may log in: those of a password file (users), or of a Django project (django)
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct LoginTable {
    /// The password file that `djbuild user` writes; beside this file where it is no absolute path
    #[schemars(with = "Option<String>")]
    pub users: Option<Spanned<String>>,
    /// The address of a Django project's database, or { secret = "NAME" } where a password is in it
    #[schemars(with = "Option<MaybeSecret>")]
    pub django: Option<Spanned<MaybeSecret>>,
    /// What its users need to steer: "staff" where it does not say, "active", "superuser", "group:NAME", "permission:app.codename"
    #[schemars(with = "Option<String>")]
    pub require: Option<Spanned<String>>,
    /// The table of its users: "auth_user" where it does not say
    #[schemars(with = "Option<String>")]
    pub table: Option<Spanned<String>>,
    /// The column with the names they log in by: "username" where it does not say
    #[schemars(with = "Option<String>")]
    pub column: Option<Spanned<String>>,
    /// Who may look: "open" is everybody, and so where it does not say; "login" is users that are logged in
    #[schemars(with = "Option<ReadingWord>")]
    pub reading: Option<Spanned<String>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the schema")]
enum ReadingWord {
    Open,
    Login,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the schema")]
enum ReleaseWord {
    Passed,
    Decided,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the schema")]
enum CollapseWord {
    Newest,
    Never,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[allow(dead_code, reason = "for the schema")]
enum CoverWord {
    All,
    Pairwise,
    Each,
    MinMax,
}

impl Keys for WatchTable {
    const KEYS: &'static [&'static str] = &[
        "source",
        "interval",
        "bisect-per-day",
        "revision-link",
        "ticket-link",
        "scheduler",
        "notice",
        "page",
        "login",
    ];
}

impl Keys for LoginTable {
    const KEYS: &'static [&'static str] =
        &["users", "django", "require", "table", "column", "reading"];
}

impl Keys for SchedulerTable {
    const KEYS: &'static [&'static str] = &[
        "name",
        "branches",
        "settle",
        "settle-max",
        "cron",
        "zone",
        "only-if-changed",
        "force-every",
        "catch-up",
        "after",
        "release",
        "files",
        "collapse",
        "first",
        "cancel-superseded",
        "priority",
        "locks",
        "matrix",
        "pythons",
        "databases",
        "variants",
        "cover",
        "labels",
        "flags",
    ];
}
