//! Where Django comes from: a checkout, a git URL, or a PyPI release.
//!
//! Remotes and checkouts are asked through the user's own git; libgit2 reads
//! objects, and keeps releases.
//!
//! **Architecture invariant:** the only room that names git2 or runs git, and the
//! only one that knows how a tree is stored. Everybody else sees a [`Snapshot`]: the
//! immutable list of files of one revision, named by its content.

mod address;
mod aside;
mod bare;
mod candidate;
mod checkout;
mod commit;
mod disk;
mod error;
mod git;
mod heads;
mod index;
mod index_file;
mod layout;
mod lock;
mod maintenance;
mod manifest;
mod mirror;
mod mirror_refs;
mod objects;
mod origin;
mod own;
mod promisor;
mod reach;
mod reclaim;
mod refs;
mod release;
mod remote;
mod shelf;
mod skeleton;
mod snapshot;
mod submodule;
mod transfer;
mod wanted;
mod watched;
mod web;
mod worktree;

pub use candidate::Candidate;
pub use checkout::{committed, find_checkout, find_tree, remote_of, worktree};
pub use error::SourceError;
pub use index::PackageIndex;
pub use manifest::{Delta, Entry, Manifest, Mode};
pub use mirror::{Mirror, Mirrored};
pub use origin::Origin;
pub use own::{difference, line_of};
pub use reach::Reach;
pub use reclaim::{CachePart, Keep, Reclaimable};
pub use release::{Released, find_release};
pub use shelf::Shelf;
pub use snapshot::{Snapshot, Tree};
pub use transfer::{OnTransfer, Transfer};
pub use wanted::Wanted;
pub use watched::{Commit, Watched};
pub use web::{agent, reach};
