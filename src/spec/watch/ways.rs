use std::ops::Range;

use toml::Spanned;

use super::notice::NoticeTable;

/// A key that is there, by its name.
type Key = (&'static str, Range<usize>);
/// A key that may be there.
type MaybeKey = (&'static str, Option<Range<usize>>);

/// The ways to tell it that a notice names; one is right.
pub fn ways(table: &NoticeTable) -> Vec<Key> {
    present([
        ("command", at(table.command.as_ref())),
        ("webhook", at(table.webhook.as_ref())),
        ("mail", at(table.mail.as_ref())),
        ("irc", at(table.irc.as_ref())),
        ("github", at(table.github.as_ref())),
        ("desktop", at(table.desktop.as_ref())),
    ])
}

/// The keys of a notice that say nothing of the way it takes.
pub fn idle(table: &NoticeTable, way: &str) -> Vec<Key> {
    let of: [(&[&str], MaybeKey); 11] = [
        (&["webhook"], ("shape", at(table.shape.as_ref()))),
        (&["webhook"], ("key", at(table.key.as_ref()))),
        (&["mail"], ("from", at(table.from.as_ref()))),
        (&["mail"], ("smtp", at(table.smtp.as_ref()))),
        (&["mail"], ("encryption", at(table.encryption.as_ref()))),
        (&["mail"], ("user", at(table.user.as_ref()))),
        (&["irc"], ("nick", at(table.nick.as_ref()))),
        (&["irc"], ("account", at(table.account.as_ref()))),
        (&["mail", "irc"], ("password", at(table.password.as_ref()))),
        (&["github"], ("token", at(table.token.as_ref()))),
        (&["github"], ("api", at(table.api.as_ref()))),
    ];
    let idle = of.into_iter().filter(|(ways, _)| !ways.contains(&way));
    idle.filter_map(|(_, (name, at))| Some((name, at?)))
        .collect()
}

fn at<T>(key: Option<&Spanned<T>>) -> Option<Range<usize>> {
    key.map(Spanned::span)
}

fn present<const N: usize>(keys: [MaybeKey; N]) -> Vec<Key> {
    let keys = keys.into_iter();
    keys.filter_map(|(name, at)| Some((name, at?))).collect()
}
