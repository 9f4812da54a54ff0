use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ParseError;

/// Which interpreter a Python is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Implementation {
    /// The reference implementation.
    CPython,
    /// CPython built without the global interpreter lock (`3.14t`).
    FreeThreaded,
    /// `PyPy`, with the version of the language it speaks.
    PyPy,
}

/// One Python to test on: `3.13`, `3.14t`, `pypy3.11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PythonSpec {
    /// Major version of the language.
    pub major: u8,
    /// Minor version of the language.
    pub minor: u8,
    /// Which interpreter.
    pub implementation: Implementation,
}

impl PythonSpec {
    /// The reference implementation at this version.
    pub const fn cpython(major: u8, minor: u8) -> Self {
        Self {
            major,
            minor,
            implementation: Implementation::CPython,
        }
    }

    /// The name of its executable on PATH: `python3.13`.
    pub fn executable(&self) -> String {
        match self.implementation {
            Implementation::CPython => format!("python{}.{}", self.major, self.minor),
            Implementation::FreeThreaded => format!("python{}.{}t", self.major, self.minor),
            Implementation::PyPy => format!("pypy{}.{}", self.major, self.minor),
        }
    }
}

impl fmt::Display for PythonSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, suffix) = match self.implementation {
            Implementation::CPython => ("", ""),
            Implementation::FreeThreaded => ("", "t"),
            Implementation::PyPy => ("pypy", ""),
        };
        write!(f, "{prefix}{}.{}{suffix}", self.major, self.minor)
    }
}

impl FromStr for PythonSpec {
    type Err = ParseError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseError::new("Python", typed, "expected 3.13, 3.14t or pypy3.11");
        let (implementation, number) = match typed.strip_prefix("pypy") {
            Some(number) => (Implementation::PyPy, number),
            None => match typed.strip_suffix('t') {
                Some(number) => (Implementation::FreeThreaded, number),
                None => (Implementation::CPython, typed),
            },
        };
        let (major, minor) = number.split_once('.').ok_or_else(refuse)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(major) || !digits(minor) {
            return Err(refuse());
        }
        Ok(Self {
            major: major.parse().map_err(|_| refuse())?,
            minor: minor.parse().map_err(|_| refuse())?,
            implementation,
        })
    }
}

impl TryFrom<String> for PythonSpec {
    type Error = ParseError;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        typed.parse()
    }
}

impl From<PythonSpec> for String {
    fn from(python: PythonSpec) -> Self {
        python.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_comes_back_as_typed() {
        for typed in ["3.8", "3.13", "3.14t", "pypy3.11"] {
            let python: PythonSpec = typed.parse().expect(typed);
            assert_eq!(python.to_string(), typed);
        }
    }

    #[test]
    fn three_point_ten_is_newer_than_three_point_nine() {
        assert!(PythonSpec::cpython(3, 10) > PythonSpec::cpython(3, 9));
    }

    #[test]
    fn other_words_are_refused() {
        for typed in ["", "3", "python3.13", "3.x", "3.+1", "3.999"] {
            assert!(typed.parse::<PythonSpec>().is_err(), "{typed:?}");
        }
    }
}
