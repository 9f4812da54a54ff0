use super::choice::{BranchChoice, DatabaseChoice, PythonChoice, VariantChoice};
use super::isolation::Isolation;
use super::problem::Placed;
use super::releases::Releases;
use super::rule::{Exclude, Expect, Include, Variant};
use super::watch::Watch;

/// A validated matrix file, with what it inherits.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Its name, as the user named it.
    pub name: String,
    /// One line on what it is for.
    pub description: String,
    /// Branches, where the source has branches.
    pub branches: Vec<Placed<BranchChoice>>,
    /// Which Pythons.
    pub pythons: Vec<Placed<PythonChoice>>,
    /// Which databases.
    pub databases: Vec<Placed<DatabaseChoice>>,
    /// Which variants; the plain cell alone where the file does not say.
    pub variants: Vec<Placed<VariantChoice>>,
    /// Whether cells share the databases of a run.
    pub isolation: Isolation,
    /// Cells to leave out.
    pub excludes: Vec<Exclude>,
    /// Cells to add.
    pub includes: Vec<Include>,
    /// What has to be true; of the file itself, not of those it extends.
    pub expects: Vec<Expect>,
    /// The variants there are.
    pub definitions: Vec<Variant>,
    /// What has been released.
    pub releases: Releases,
    /// What is watched; of the file itself, not of those it extends.
    pub watch: Option<Watch>,
}

impl Spec {
    /// The variant of this name; none for the plain cell.
    pub fn variant(&self, name: Option<&str>) -> Option<&Variant> {
        let name = name?;
        let mut defined = self.definitions.iter();
        defined.find(|variant| *variant.name == *name)
    }
}
