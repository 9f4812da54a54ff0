use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ParseError;

/// A dotted version of whole numbers: `17`, `11.8`, `8.0.11`.
///
/// Compares number by number; `8` and `8.0` are different words but neither is
/// newer than the other's later patch releases: `8 < 8.0 < 8.0.11 < 8.4`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(Vec<u32>);

impl Version {
    /// The version made of these numbers, most significant first.
    pub fn new(parts: impl Into<Vec<u32>>) -> Self {
        Self(parts.into())
    }

    /// The numbers, most significant first.
    pub fn parts(&self) -> &[u32] {
        &self.0
    }

    /// Whether this release series reaches `minimum`: `8.0` holds releases from
    /// `8.0.11` on, so it satisfies a minimum of `8.0.11`; `8.0` does not
    /// satisfy `8.4`.
    pub fn series_reaches(&self, minimum: &Self) -> bool {
        let shared = self.0.len().min(minimum.0.len());
        self.0[..shared] >= minimum.0[..shared]
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}

impl FromStr for Version {
    type Err = ParseError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        typed
            .split('.')
            .map(|part| {
                // `u32::from_str` would take a leading plus sign.
                if part.bytes().all(|byte| byte.is_ascii_digit()) {
                    part.parse().ok()
                } else {
                    None
                }
            })
            .collect::<Option<Vec<u32>>>()
            .map(Self)
            .ok_or_else(|| ParseError::new("version", typed, "expected numbers such as 17 or 11.8"))
    }
}

impl TryFrom<String> for Version {
    type Error = ParseError;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        typed.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(typed: &str) -> Version {
        typed.parse().expect("a literal of this test")
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("10.11") > version("10.6"));
        assert!(version("9") < version("17"));
    }

    #[test]
    fn a_series_reaches_a_minimum_inside_it() {
        assert!(version("8.0").series_reaches(&version("8.0.11")));
        assert!(version("8.4").series_reaches(&version("8")));
        assert!(!version("8.0").series_reaches(&version("8.4")));
        assert!(!version("13").series_reaches(&version("14")));
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for typed in ["", "x", "1.", "+1", "1..2", "99999999999"] {
            assert!(typed.parse::<Version>().is_err(), "{typed:?}");
        }
    }
}
