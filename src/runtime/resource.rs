use crate::plan::Label;

/// A container, network or volume that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its id, or its name where it has none.
    pub id: String,
    /// Its readable name.
    pub name: String,
    /// Its labels.
    pub labels: Vec<Label>,
}

impl Resource {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        find_label(&self.labels, key)
    }
}

/// The value of a label among these.
pub fn find_label<'a>(labels: &'a [Label], key: &str) -> Option<&'a str> {
    labels
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
}
