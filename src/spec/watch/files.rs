use crate::spec::Pattern;

/// Which changed files concern a scheduler: globs, of which the last that matches a
/// path decides. One that begins with `!` says no; where the first does, what none
/// matches concerns it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    rules: Vec<(bool, Pattern)>,
}

impl Files {
    /// Understands a list such as `["!docs/**"]`.
    ///
    /// # Errors
    /// With the glob that is none, and why.
    pub fn new<'a>(globs: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let rule = |typed: &'a str| {
            let (concerns, glob) = match typed.strip_prefix('!') {
                Some(glob) => (false, glob),
                None => (true, typed),
            };
            let glob = Pattern::new(glob).map_err(|why| format!("{typed}: {why}"))?;
            Ok((concerns, glob))
        };
        Ok(Self {
            rules: globs.into_iter().map(rule).collect::<Result<_, String>>()?,
        })
    }

    /// Whether a change of these concerns it. An empty list does, and so does an
    /// unknown one: to run too much is a smaller fault than to run nothing.
    pub fn concern<'a>(&self, changed: Option<impl IntoIterator<Item = &'a str>>) -> bool {
        let Some(changed) = changed else {
            return true;
        };
        let mut changed = changed.into_iter().peekable();
        changed.peek().is_none() || changed.any(|path| self.concerns(path))
    }

    fn concerns(&self, path: &str) -> bool {
        let last = self.rules.iter().rev().find(|(_, glob)| glob.matches(path));
        let otherwise = self.rules.first().is_none_or(|(concerns, _)| !concerns);
        last.map_or(otherwise, |(concerns, _)| *concerns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concern(globs: &[&str], changed: &[&str]) -> bool {
        let files = Files::new(globs.iter().copied()).expect("globs");
        files.concern(Some(changed.iter().copied()))
    }

    #[test]
    fn one_file_that_concerns_it_is_enough_and_none_or_unknown_ones_are_too() {
        assert!(!concern(&["!docs/**"], &["docs/a.txt", "docs/ref/b.txt"]));
        assert!(concern(&["!docs/**"], &["docs/a.txt", "django/db/x.py"]));
        assert!(concern(&["docs/**"], &["docs/a.txt"]));
        assert!(!concern(&["docs/**"], &["django/db/x.py"]));
        assert!(concern(&["!docs/**", "docs/conf.py"], &["docs/conf.py"]));
        assert!(concern(&["!docs/**"], &[]));
        assert!(concern(&[], &["anything"]));
        let files = Files::new(["docs/**"]).expect("a glob");
        assert!(files.concern(None::<[&str; 0]>));
        assert!(Files::new(["docs/["]).is_err());
    }
}
