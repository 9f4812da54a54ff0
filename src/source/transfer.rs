/// How far something that is fetched has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// What: a file's name, a URL without its secrets.
    pub what: String,
    /// How much has come.
    pub done: u64,
    /// How much there is, where that is known.
    pub total: Option<u64>,
    /// `bytes` or `objects`.
    pub unit: &'static str,
}

/// Hears of a transfer, for every buffer of it.
pub type OnTransfer<'a> = dyn Fn(&Transfer) + 'a;
