use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{DatabaseKind, DatabaseSpec, Version};

/// The release series of each database: what a checkout cannot say.
#[derive(Debug, Clone, Deserialize)]
pub struct Releases {
    /// The day the table was last checked, `YYYY-MM-DD`.
    pub updated: String,
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

    /// The known releases of a database from `minimum` on, oldest first.
    pub fn from(&self, kind: DatabaseKind, minimum: &Version) -> Vec<DatabaseSpec> {
        let mut series: Vec<_> = self.series.get(&kind).into_iter().flatten().collect();
        series.sort();
        series
            .into_iter()
            .filter(|version| version.series_reaches(minimum))
            .map(|version| DatabaseSpec::server(kind, version.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_dated_and_ends_with_the_newest() {
        let releases = Releases::shipped();
        assert!(releases.updated.starts_with("20"));
        let minimum = "15".parse().expect("a literal");
        let postgresql = releases.from(DatabaseKind::Postgresql, &minimum);
        assert_eq!(
            postgresql.first().map(ToString::to_string),
            Some("postgresql15".into())
        );
        assert!(postgresql.len() >= 3);
    }
}
