use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ParseError;

/// A dotted version of whole numbers: `17`, `11.8`, `8.0.11`.
///
/// Compares number by number; `8` and `8.0` are different words but neither is
/// newer than the other's later patch releases: `8 < 8.0 < 8.0.11 < 8.4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    /// Unused places are zero. In place, for a matrix may have a million cells.
    numbers: [u32; PARTS],
    parts: u8,
}

/// No release of a database or of Django has more numbers than this.
const PARTS: usize = 4;

impl Version {
    /// The numbers, most significant first.
    pub fn parts(&self) -> &[u32] {
        &self.numbers[..usize::from(self.parts)]
    }

    /// Whether this release series reaches `minimum`: `8.0` holds releases from
    /// `8.0.11` on, so it satisfies a minimum of `8.0.11`; `8.0` does not
    /// satisfy `8.4`.
    pub fn series_reaches(&self, minimum: &Self) -> bool {
        let shared = self.parts.min(minimum.parts);
        self.numbers[..shared.into()] >= minimum.numbers[..shared.into()]
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(other.parts())
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.parts().iter().enumerate() {
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
        let refuse = || ParseError::new("version", typed, "expected numbers such as 17 or 11.8");
        let (mut numbers, mut parts) = ([0; PARTS], 0);
        for part in typed.split('.') {
            // `u32::from_str` would take a leading plus sign.
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(refuse());
            }
            let place = numbers.get_mut(usize::from(parts)).ok_or_else(refuse)?;
            *place = part.parse().map_err(|_| refuse())?;
            parts += 1;
        }
        Ok(Self { numbers, parts })
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
        for typed in ["", "x", "1.", "+1", "1..2", "99999999999", "1.2.3.4.5"] {
            assert!(typed.parse::<Version>().is_err(), "{typed:?}");
        }
    }
}
