//! Where Django comes from: real git repositories, and a package index of ours.

mod checkout;
mod faults;
mod hostile;
mod http;
mod kinds;
mod mirror;
mod reclaim;
mod release;
mod repository;
mod secrets;
mod watched;
mod watched_faults;
mod watched_history;
mod watched_names;
mod watched_odd;
