//! Where Django comes from: real git repositories, and a package index of ours.

mod checkout;
mod mirror;
mod release;
mod repository;
