use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::typed::{LoginTable, NoticeTable, SchedulerTable, WatchTable};
use crate::spec::problem::Findings;
use crate::spec::tables::{Table, struct_of, tables};

/// The `[watch]` table, as typed: what could be read of it.
pub struct TypedWatch {
    pub table: Table<WatchTable>,
    pub schedulers: Vec<Table<SchedulerTable>>,
    pub notices: Vec<Table<NoticeTable>>,
    pub login: Option<Table<LoginTable>>,
}

/// `[watch]`, with its own lists of tables.
pub fn read(document: &mut DeTable<'_>, findings: &mut Findings<'_>) -> Option<TypedWatch> {
    let value = document.remove("watch")?;
    let span = value.span();
    let DeValue::Table(mut table) = value.into_inner() else {
        findings
            .add(span, "watch is a table")
            .help("begin it with [watch]");
        return None;
    };
    let before = findings.found.len();
    let schedulers = tables(&mut table, "watch.scheduler", findings);
    let notices = tables(&mut table, "watch.notice", findings);
    let login = login(&mut table, findings);
    let value = struct_of(Spanned::new(span.clone(), table), findings);
    Some(TypedWatch {
        table: Table {
            value,
            span,
            is_whole: findings.found.len() == before,
        },
        schedulers,
        notices,
        login,
    })
}

/// `[watch.login]`, as far as it is right.
fn login(watch: &mut DeTable<'_>, findings: &mut Findings<'_>) -> Option<Table<LoginTable>> {
    let value = watch.remove("login")?;
    let span = value.span();
    let DeValue::Table(table) = value.into_inner() else {
        findings
            .add(span, "watch.login is a table")
            .help("begin it with [watch.login]");
        return None;
    };
    let before = findings.found.len();
    Some(Table {
        value: struct_of(Spanned::new(span.clone(), table), findings),
        span,
        is_whole: findings.found.len() == before,
    })
}
