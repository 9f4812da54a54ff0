//! The matrix file: as typed, then validated.
//!
//! Nothing here knows which branches exist or what they support; a [`Spec`] is
//! what the user asked for, and `matrix` turns it into cells.

mod builtin;
mod choice;
mod file;
mod isolation;
mod problem;
mod read;
mod releases;
mod rule;
mod rules;
mod schema;
mod tables;
mod typed;
mod validate;
mod value;
mod watch;
mod whole;
mod words;

#[cfg(test)]
mod tests;

pub use builtin::{BUILTIN, Builtin, builtin};
pub use choice::{BranchChoice, DatabaseChoice, PLAIN, PythonChoice, VariantChoice};
pub use file::{Load, parse};
pub use isolation::Isolation;
pub use problem::{MatrixText, Place, Placed, Problem, Problems, either, nearest};
pub use releases::Releases;
pub use rule::{CellGlobs, Claim, Exclude, Expect, Include, Pattern, Variant, VariantChange, fits};
pub use schema::schema;
pub use watch::{
    Account, Collapse, Cron, DjangoUsers, Encryption, Files, First, Github, Irc, Job, Links, Login,
    Mail, Page, Readers, Receiver, Release, Right, Scheduler, Secret, Server, Shape, Suite,
    Telling, Template, TemplateError, Trigger, Users, Watch, Way,
};
pub use whole::Spec;
