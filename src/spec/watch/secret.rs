/// Who djbuild is for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name of it.
    pub user: String,
    /// What only it knows.
    pub password: Secret,
}

/// A value that may have to be kept apart from the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// It stands in the file, for it is none.
    Plain(String),
    /// The name under which it is kept elsewhere.
    Named(String),
}
