use toml::Spanned;

use super::login::{DjangoUsers, Login, Readers, Right, Users};
use super::maybe_secret::MaybeSecret;
use super::secret::Secret;
use super::typed::LoginTable;
use crate::spec::tables::Table;
use crate::spec::words::Reading;

const READERS: [(&str, Readers); 2] = [("open", Readers::Everybody), ("login", Readers::Users)];
const SCHEMES: [&str; 4] = ["postgresql", "postgres", "mysql", "sqlite"];
const ADDRESS: &str = "postgresql://user@host/database, mysql://…, sqlite:///path, or \
                       { secret = \"NAME\" } where a password is in it";

impl Reading<'_> {
    /// Who may log in, if it can be said.
    pub fn login(&mut self, spanned: &Table<LoginTable>) -> Option<Login> {
        let table = &spanned.value;
        let users = self.users(spanned);
        let reading = table.reading.as_ref();
        let reading = reading.map_or(Some(Readers::Everybody), |word| self.choice(word, &READERS));
        Some(Login {
            users: users?,
            reading: reading?,
            place: self.findings.file.place(spanned.span.start),
        })
    }

    fn users(&mut self, spanned: &Table<LoginTable>) -> Option<Users> {
        let table = &spanned.value;
        if let Some(path) = &table.users {
            let other = ("users", path.span());
            self.apart(("django", table.django.as_ref()), other.clone());
            self.apart(("require", table.require.as_ref()), other.clone());
            self.apart(("table", table.table.as_ref()), other.clone());
            self.apart(("column", table.column.as_ref()), other);
            return self.text(path).map(Users::File);
        }
        let Some(django) = &table.django else {
            if spanned.is_whole {
                self.findings
                    .add(spanned.span.clone(), "this does not say who the users are")
                    .help("one of users = \"users.txt\", django = { secret = \"NAME\" }");
            }
            return None;
        };
        let database = self.database_address(django);
        let require = table.require.as_ref();
        let require = require.map_or(Some(Right::Staff), |word| self.right(word));
        let names = self.identifier(table.table.as_ref(), "auth_user");
        let column = self.identifier(table.column.as_ref(), "username");
        Some(Users::Django(DjangoUsers {
            database: database?,
            table: names?,
            column: column?,
            require: require?,
        }))
    }

    fn right(&mut self, word: &Spanned<String>) -> Option<Right> {
        let typed = self.text(word)?;
        let right = Right::parse(&typed);
        if right.is_none() {
            self.findings
                .add(word.span(), format!("{typed:?} is no right of Django's"))
                .help("one of active, staff, superuser, group:NAME, permission:app.codename");
        }
        right
    }

    fn identifier(&mut self, word: Option<&Spanned<String>>, usual: &str) -> Option<String> {
        let Some(word) = word else {
            return Some(usual.to_owned());
        };
        let typed = word.get_ref();
        let known = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !typed.is_empty() && typed.chars().all(known) {
            return Some(typed.clone());
        }
        self.findings
            .add(word.span(), format!("{typed:?} is no name in a database"))
            .help(format!("letters, digits and _ make one, as in {usual}"));
        None
    }

    fn database_address(&mut self, word: &Spanned<MaybeSecret>) -> Option<Secret> {
        let typed = match word.get_ref() {
            MaybeSecret::Named(table) => return self.name(&table.secret).map(Secret::Named),
            MaybeSecret::Plain(typed) => typed,
        };
        let url = url::Url::parse(typed).ok();
        let url = url.filter(|url| SCHEMES.contains(&url.scheme()));
        let Some(url) = url.filter(|_| !typed.contains(char::is_control)) else {
            self.findings
                .add(word.span(), "this is no address of a database")
                .help(ADDRESS);
            return None;
        };
        if url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password") {
            self.findings
                .add(word.span(), "there is a password in this address")
                .help("keep it apart from the file, and name it: { secret = \"NAME\" }");
            return None;
        }
        Some(Secret::Plain(typed.clone()))
    }
}
