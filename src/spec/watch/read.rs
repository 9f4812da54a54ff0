use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::notice::NoticeTable;
use super::page::PageTable;
use super::typed::{LoginTable, SchedulerTable, WatchTable};
use crate::spec::problem::Findings;
use crate::spec::tables::{Table, struct_of, table as inner, tables};

/// The `[watch]` table, as typed: what could be read of it.
pub struct TypedWatch {
    pub table: Table<WatchTable>,
    pub schedulers: Vec<Table<SchedulerTable>>,
    pub notices: Vec<Table<NoticeTable>>,
    pub page: Option<Table<PageTable>>,
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
    let page = inner(&mut table, "watch.page", findings);
    let login = inner(&mut table, "watch.login", findings);
    let value = struct_of(Spanned::new(span.clone(), table), findings);
    Some(TypedWatch {
        table: Table {
            value,
            span,
            is_whole: findings.found.len() == before,
        },
        schedulers,
        notices,
        page,
        login,
    })
}
