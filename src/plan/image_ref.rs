use std::fmt;

/// What a container is started from: a tag on an engine of one machine, a
/// registry's digest where many machines have to take the same image. An engine
/// hands it out for a name, and nobody else makes one up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef(String);

impl ImageRef {
    /// A reference as the engine that handed it out writes it.
    pub fn new(reference: impl Into<String>) -> Self {
        Self(reference.into())
    }

    /// As the engine writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a person names it: `djbuild/python3.14-sqlite:0123…` is
    /// `python3.14-sqlite`.
    pub fn short_name(&self) -> &str {
        let path = self.0.split('@').next().unwrap_or(&self.0);
        let name = path.rsplit('/').next().unwrap_or(path);
        name.split(':').next().unwrap_or(name)
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for ImageRef {
    /// Of no image.
    fn default() -> Self {
        Self(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_and_a_digest_have_the_same_short_name() {
        for reference in [
            "djbuild/python3.14-sqlite:0123",
            "localhost:5000/djbuild/python3.14-sqlite@sha256:0123",
            "python3.14-sqlite",
        ] {
            assert_eq!(ImageRef::new(reference).short_name(), "python3.14-sqlite");
        }
    }
}
