use crate::spec::{DjangoUsers, Right};

/// What a database is asked, in its words.
pub struct Question {
    /// SQL, whose answer is text in all its columns.
    pub text: String,
    /// The values in it, in their order.
    pub values: Vec<String>,
}

/// How databases differ in what they are asked.
#[derive(Debug, Clone, Copy)]
pub enum Dialect {
    /// Numbered values.
    Postgres,
    /// Backticks.
    Mysql,
    /// Neither.
    Sqlite,
}

impl Dialect {
    /// A name in a database; the matrix file has let none through with a quote in it.
    fn name(self, name: &str) -> String {
        match self {
            Self::Mysql => format!("`{name}`"),
            Self::Postgres | Self::Sqlite => format!("\"{name}\""),
        }
    }

    fn truth(condition: &str) -> String {
        format!("CASE WHEN {condition} THEN '1' ELSE '0' END")
    }
}

/// A question while it is written.
struct Writing<'a> {
    dialect: Dialect,
    users: &'a DjangoUsers,
    values: Vec<String>,
}

impl Question {
    /// For somebody by their name: name, hash, whether active, whether they may steer.
    pub fn who(dialect: Dialect, users: &DjangoUsers, name: &str) -> Self {
        let mut writing = Writing::of(dialect, users);
        let active = Dialect::truth(&writing.column("is_active"));
        let right = writing.right();
        let steers = Dialect::truth(&right);
        let column = writing.column(&users.column);
        let value = writing.value(name);
        let text = format!(
            "SELECT {column}, {}, {active}, {steers} FROM {} u WHERE {column} = {value}",
            writing.column("password"),
            dialect.name(&users.table),
        );
        writing.done(text)
    }

    /// How many active users with a password may steer.
    pub fn count(dialect: Dialect, users: &DjangoUsers) -> Self {
        let mut writing = Writing::of(dialect, users);
        let right = writing.right();
        let count = match dialect {
            Dialect::Mysql => "CAST(count(*) AS CHAR)",
            Dialect::Postgres | Dialect::Sqlite => "CAST(count(*) AS TEXT)",
        };
        let text = format!(
            "SELECT {count} FROM {} u WHERE {} AND ({right}) AND {} NOT LIKE '!%'",
            dialect.name(&users.table),
            writing.column("is_active"),
            writing.column("password"),
        );
        writing.done(text)
    }

    /// Whether whoever asks could change users.
    pub fn may_write(dialect: Dialect, users: &DjangoUsers) -> Option<Self> {
        let writing = Writing::of(dialect, users);
        let text = match dialect {
            Dialect::Postgres => format!(
                "SELECT {}",
                Dialect::truth(&format!(
                    "has_table_privilege('{}', 'INSERT, UPDATE, DELETE')",
                    dialect.name(&users.table)
                ))
            ),
            Dialect::Mysql => {
                let kinds = "privilege_type IN ('INSERT', 'UPDATE', 'DELETE')";
                let schema = "DATABASE() LIKE table_schema";
                let any = format!(
                    "EXISTS (SELECT 1 FROM information_schema.user_privileges WHERE {kinds})
                     OR EXISTS (SELECT 1 FROM information_schema.schema_privileges
                                WHERE {kinds} AND {schema})
                     OR EXISTS (SELECT 1 FROM information_schema.table_privileges
                                WHERE {kinds} AND {schema} AND table_name = '{}')",
                    users.table
                );
                format!("SELECT {}", Dialect::truth(&any))
            }
            // The file is opened to be read.
            Dialect::Sqlite => return None,
        };
        Some(writing.done(text))
    }
}

impl<'a> Writing<'a> {
    const fn of(dialect: Dialect, users: &'a DjangoUsers) -> Self {
        Self {
            dialect,
            users,
            values: Vec::new(),
        }
    }

    fn done(self, text: String) -> Question {
        Question {
            text,
            values: self.values,
        }
    }

    fn column(&self, name: &str) -> String {
        format!("u.{}", self.dialect.name(name))
    }

    fn value(&mut self, value: &str) -> String {
        self.values.push(value.to_owned());
        match self.dialect {
            Dialect::Postgres => format!("${}", self.values.len()),
            Dialect::Mysql | Dialect::Sqlite => "?".to_owned(),
        }
    }

    /// Whether a user `u` may steer. The order of values is that of the text.
    fn right(&mut self) -> String {
        let users = self.users;
        let superuser = self.column("is_superuser");
        match &users.require {
            Right::Active => self.column("is_active"),
            Right::Staff => self.column("is_staff"),
            Right::Superuser => superuser,
            Right::Group(name) => {
                let (table, user) = self.many("groups");
                let name = self.value(name);
                format!(
                    "EXISTS (SELECT 1 FROM {table} m JOIN auth_group g ON g.id = m.group_id
                     WHERE m.{user} = u.id AND g.name = {name})"
                )
            }
            Right::Permission { app, codename } => {
                let (own, user) = self.many("user_permissions");
                let (groups, _) = self.many("groups");
                let (app, codename) = (self.value(app), self.value(codename));
                format!(
                    "{superuser} OR EXISTS (SELECT 1 FROM auth_permission p
                     JOIN django_content_type c ON c.id = p.content_type_id
                     WHERE c.app_label = {app} AND p.codename = {codename} AND (
                     EXISTS (SELECT 1 FROM {own} m
                             WHERE m.{user} = u.id AND m.permission_id = p.id)
                     OR EXISTS (SELECT 1 FROM {groups} m
                                JOIN auth_group_permissions gp ON gp.group_id = m.group_id
                                WHERE m.{user} = u.id AND gp.permission_id = p.id)))"
                )
            }
        }
    }

    /// A table between users and others, and its column with users: Django calls that by
    /// the model, which is what the table's name ends with.
    fn many(&self, others: &str) -> (String, String) {
        let table = &self.users.table;
        let model = table.rsplit('_').next().unwrap_or(table);
        (
            self.dialect.name(&format!("{table}_{others}")),
            self.dialect.name(&format!("{model}_id")),
        )
    }
}
