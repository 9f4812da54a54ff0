//! Where Django comes from: real git repositories, and a package index of ours.

mod git;
mod release;
