use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::ParseError;
use crate::model::redacted;

/// Where Django comes from, as `--source` takes it.
///
/// Shown, it has no secrets; stored, it is what was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Origin {
    /// A checkout in this folder: its working tree.
    Checkout(PathBuf),
    /// A git URL.
    Git(String),
    /// A release on the package index; `None` is the newest.
    Release(Option<String>),
}

impl FromStr for Origin {
    type Err = ParseError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let refuse = |problem: &str| ParseError {
            what: "source",
            typed: typed.to_owned(),
            problem: problem.to_owned(),
        };
        if typed.is_empty() {
            return Err(refuse(
                "expected a folder, a git URL, or pypi:Django==6.1.3",
            ));
        }
        if let Some(requirement) = typed.strip_prefix("pypi:") {
            let (name, version) = match requirement.split_once("==") {
                Some((name, version)) => (name, Some(version)),
                None => (requirement, None),
            };
            if !name.trim().eq_ignore_ascii_case("django") {
                return Err(refuse("only Django can be tested: pypi:Django==6.1.3"));
            }
            let known = |c: char| c.is_ascii_alphanumeric() || c == '.';
            return match version.map(str::trim) {
                Some(version) if version.is_empty() || !version.chars().all(known) => {
                    Err(refuse("expected an exact version: pypi:Django==6.1.3"))
                }
                version => Ok(Self::Release(version.map(str::to_owned))),
            };
        }
        let (name, version) = typed.split_once("==").unwrap_or((typed, ""));
        if name.eq_ignore_ascii_case("django") && !version.is_empty() {
            return Err(refuse(&format!("did you mean pypi:Django=={version}?")));
        }
        // `git@host:path` is how people copy ssh URLs; a Windows path has a
        // backslash or a single letter before its colon.
        let is_scp = typed
            .split_once(':')
            .is_some_and(|(host, _)| host.contains('@') && !host.contains('/'));
        if typed.contains("://") || is_scp {
            return Ok(Self::Git(typed.to_owned()));
        }
        Ok(Self::Checkout(PathBuf::from(typed)))
    }
}

impl Origin {
    /// What was typed, with the secrets of a URL.
    pub fn typed(&self) -> String {
        match self {
            Self::Checkout(folder) => folder.display().to_string(),
            Self::Git(url) => url.clone(),
            Self::Release(None) => "pypi:Django".to_owned(),
            Self::Release(Some(version)) => format!("pypi:Django=={version}"),
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = ParseError;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        typed.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.typed()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git(url) => f.write_str(&redacted(url)),
            other => f.write_str(&other.typed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_source_is_told_apart() {
        let cases = [
            ("../django", Origin::Checkout("../django".into())),
            (
                "https://x.org/d.git",
                Origin::Git("https://x.org/d.git".into()),
            ),
            ("git@x.org:d.git", Origin::Git("git@x.org:d.git".into())),
            ("pypi:Django", Origin::Release(None)),
            ("pypi:django==6.1.3", Origin::Release(Some("6.1.3".into()))),
        ];
        for (typed, origin) in cases {
            assert_eq!(typed.parse(), Ok(origin), "{typed}");
        }
    }

    #[test]
    fn a_source_is_stored_as_it_was_typed_and_shown_without_its_secrets() {
        let typed = "https://me:secret@example.org/d.git";
        let origin: Origin = typed.parse().expect("a URL");
        let stored = serde_json::to_string(&origin).expect("text");
        assert_eq!(
            serde_json::from_str::<Origin>(&stored).expect("a source"),
            origin
        );
        assert!(stored.contains("secret"), "{stored}");
        assert_eq!(origin.to_string(), "https://example.org/d.git");
        assert!(serde_json::from_str::<Origin>("\"pypi:flask\"").is_err());
    }

    #[test]
    fn what_is_no_source_is_refused() {
        for typed in [
            "",
            "Django==6.1.3",
            "pypi:flask",
            "pypi:Django==",
            "pypi:Django==6/../x",
        ] {
            assert!(typed.parse::<Origin>().is_err(), "{typed:?}");
        }
    }
}
