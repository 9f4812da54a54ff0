use std::fmt;

use serde::{Deserialize, Serialize};

/// Identifies one run: when it began, and a few letters so that two runs of one
/// second differ (`20261123-183012-k3xq`). Sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A run id from its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the run began, in seconds since 1970, if this is an id as djbuild makes
    /// them.
    pub fn began(&self) -> Option<u64> {
        let time = self.0.get(..15)?;
        let time = jiff::civil::DateTime::strptime("%Y%m%d-%H%M%S", time).ok()?;
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        u64::try_from(time.timestamp().as_second()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_when_its_run_began() {
        let began = RunId::new("20261123-183012-k3xq").began();
        assert_eq!(began, Some(1_795_458_612));
        assert_eq!(RunId::new("test-run").began(), None);
        assert_eq!(RunId::new("ééééééééé").began(), None);
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
