use crate::spec::{Place, Secret};

/// Who may log in, and what that is needed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Where people are known.
    pub users: Users,
    /// Who may look.
    pub reading: Readers,
    /// Where it is.
    pub place: Place,
}

/// Where people are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Users {
    /// A password file, beside the matrix file where it is no absolute path. Everybody in
    /// it may steer.
    File(String),
    /// The users of a Django project.
    Django(DjangoUsers),
}

/// The users of a Django project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DjangoUsers {
    /// The address of its database.
    pub database: Secret,
    /// The table of its users.
    pub table: String,
    /// The column with the names they log in by.
    pub column: String,
    /// What those need who steer.
    pub require: Right,
}

/// What a user of Django's may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// `is_active`, which all others need too.
    Active,
    /// `is_staff`.
    Staff,
    /// `is_superuser`.
    Superuser,
    /// Being in this group.
    Group(String),
    /// A permission, of their own or by a group; superusers have all.
    Permission {
        /// The label of its app.
        app: String,
        /// Its name there.
        codename: String,
    },
}

/// Who may look at what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Whoever gets there.
    Everybody,
    /// Users that are logged in, whether they may steer or not.
    Users,
}

impl Right {
    /// A right as typed; `None` where it is none.
    pub fn parse(typed: &str) -> Option<Self> {
        match typed {
            "active" => Some(Self::Active),
            "staff" => Some(Self::Staff),
            "superuser" => Some(Self::Superuser),
            _ => match typed.split_once(':')? {
                ("group", name) if !name.is_empty() => Some(Self::Group(name.to_owned())),
                ("permission", name) => {
                    let (app, codename) = name.split_once('.')?;
                    let permission = Self::Permission {
                        app: app.to_owned(),
                        codename: codename.to_owned(),
                    };
                    (!app.is_empty() && !codename.is_empty()).then_some(permission)
                }
                _ => None,
            },
        }
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Active => f.write_str("active"),
            Self::Staff => f.write_str("staff"),
            Self::Superuser => f.write_str("superuser"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Permission { app, codename } => write!(f, "permission:{app}.{codename}"),
        }
    }
}
