use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{DatabaseKind, DatabaseSpec, PythonSpec, Version};

/// What has been released: what a checkout cannot say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Releases {
    /// The day the table was last checked, `YYYY-MM-DD`.
    pub updated: String,
    /// Pythons that exist, oldest first.
    pub python: Vec<PythonSpec>,
    /// The last day on which Django supports each of its release series,
    /// `YYYY-MM-DD`.
    pub django: BTreeMap<Version, String>,
    #[serde(flatten)]
    series: BTreeMap<DatabaseKind, Vec<Version>>,
}

/// A file that says some of it.
#[derive(Deserialize)]
struct Overlay {
    updated: Option<String>,
    python: Option<Vec<PythonSpec>>,
    #[serde(default)]
    django: BTreeMap<Version, String>,
    #[serde(flatten)]
    series: BTreeMap<DatabaseKind, Vec<Version>>,
}

impl Releases {
    /// The table that comes with djbuild.
    ///
    /// # Panics
    /// Never: a test reads the same file.
    pub fn shipped() -> Self {
        toml::from_str(include_str!("../../matrix/releases.toml")).expect("the shipped table")
    }

    /// Puts what a file of the same form says in place of what is known.
    ///
    /// # Errors
    /// When it has another form.
    pub fn overlay(&mut self, text: &str) -> Result<(), toml::de::Error> {
        let Overlay {
            updated,
            python,
            django,
            series,
        } = toml::from_str(text)?;
        self.updated = updated.unwrap_or_else(|| self.updated.clone());
        self.python = python.unwrap_or_else(|| self.python.clone());
        self.python.sort_unstable();
        self.django.extend(django);
        for (kind, versions) in series {
            self.replace(kind, versions);
        }
        Ok(())
    }

    /// Puts these releases of a database in place of those known.
    pub fn replace(&mut self, kind: DatabaseKind, mut versions: Vec<Version>) {
        versions.sort_unstable();
        self.series.insert(kind, versions);
    }

    /// The known releases of a database from `minimum` on, oldest first.
    pub fn from(&self, kind: DatabaseKind, minimum: &Version) -> Vec<DatabaseSpec> {
        self.of(kind)
            .iter()
            .filter(|version| version.series_reaches(minimum))
            .map(|version| DatabaseSpec::server(kind, *version))
            .collect()
    }

    /// Whether Django still supports a branch on that day: `main`, and the stable
    /// branches whose series has not ended.
    pub fn supports_branch(&self, branch: &str, today: &str) -> bool {
        if branch == "main" {
            return true;
        }
        branch
            .strip_prefix("stable/")
            .and_then(|name| name.strip_suffix(".x"))
            .and_then(|series| series.parse().ok())
            .and_then(|series: Version| self.django.get(&series))
            .is_some_and(|until| until.as_str() >= today)
    }

    /// Why there can be no such database, as far as is known. Between the oldest
    /// and the newest known any release may exist.
    pub fn impossible_database(&self, spec: DatabaseSpec) -> Option<String> {
        let version = spec.version?;
        let known = self.of(spec.kind);
        let (oldest, newest) = (known.first()?, known.last()?);
        let known = if version > *newest && !newest.series_reaches(&version) {
            format!("the newest known is {}{newest}", spec.kind)
        } else if !version.series_reaches(oldest) {
            format!("the oldest known is {}{oldest}", spec.kind)
        } else {
            return None;
        };
        Some(format!(
            "no release is known as {spec}: {known} (table of {})",
            self.updated
        ))
    }

    /// Why there can be no such Python, as far as is known.
    pub fn impossible_python(&self, python: PythonSpec) -> Option<String> {
        let (oldest, newest) = (self.python.first()?, self.python.last()?);
        let language = PythonSpec::cpython(python.major, python.minor);
        (language < *oldest || language > *newest).then(|| {
            format!(
                "no Python is known as {python}: they go from {oldest} to {newest} (table of {})",
                self.updated
            )
        })
    }

    /// The known releases of a database, oldest first.
    pub fn of(&self, kind: DatabaseKind) -> &[Version] {
        self.series.get(&kind).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_dated_and_in_order() {
        let releases = Releases::shipped();
        assert!(releases.updated.starts_with("20"));
        assert!(releases.python.is_sorted());
        for (kind, versions) in &releases.series {
            assert!(versions.is_sorted(), "{kind}");
        }
        let minimum = "15".parse().expect("a literal");
        let postgresql = releases.from(DatabaseKind::Postgresql, &minimum);
        assert_eq!(
            postgresql.first().map(ToString::to_string),
            Some("postgresql15".into())
        );
        assert!(postgresql.len() >= 3);
    }

    #[test]
    fn a_file_adds_what_djbuild_does_not_know_yet() {
        let mut releases = Releases::shipped();
        releases
            .overlay("updated = \"2030-01-01\"\npostgresql = [\"20\", \"19\"]\n")
            .expect("a table");
        let known = releases.of(DatabaseKind::Postgresql);
        assert_eq!(
            known.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["19", "20"]
        );
        assert!(!releases.of(DatabaseKind::Mysql).is_empty());
        assert!(releases.overlay("postgres = [\"20\"]").is_err());
    }

    #[test]
    fn a_branch_is_supported_until_its_last_day() {
        let releases = Releases::shipped();
        assert!(releases.supports_branch("main", "2099-01-01"));
        assert!(releases.supports_branch("stable/5.2.x", "2028-04-30"));
        assert!(!releases.supports_branch("stable/5.2.x", "2028-05-01"));
        assert!(!releases.supports_branch("stable/1.0.x", "2026-01-01"));
        assert!(!releases.supports_branch("ticket_1", "2026-01-01"));
    }

    #[test]
    fn what_cannot_exist_is_told_from_what_may() {
        let releases = Releases::shipped();
        let database = |typed: &str| {
            let spec = typed.parse().expect("a literal");
            releases.impossible_database(spec).is_some()
        };
        assert!(database("postgresql99") && database("postgresql7"));
        assert!(!database("postgresql18") && !database("postgresql18.1"));
        assert!(!database("mariadb11.5"), "a short-term release");
        let python = |typed: &str| {
            let python = typed.parse().expect("a literal");
            releases.impossible_python(python).is_some()
        };
        assert!(python("3.99") && python("2.7"));
        assert!(!python("3.14t") && !python("pypy3.11"));
    }
}
