/// A branch of a repository.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub repository: &'a str,
    pub branch: &'a str,
}

impl<'a> Place<'a> {
    /// As the farm takes it.
    pub const fn pair(&self) -> (&'a str, &'a str) {
        (self.repository, self.branch)
    }
}
