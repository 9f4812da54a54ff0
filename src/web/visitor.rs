use crate::access::Person;

/// Who asks.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// The person, where that is known.
    pub person: Option<Person>,
    /// Their session, where they have one: a secret.
    pub session: Option<String>,
}

impl Visitor {
    /// What they are called.
    pub fn name(&self) -> Option<&str> {
        self.person.as_ref().map(|person| person.name.as_str())
    }
}
