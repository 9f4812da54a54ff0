//! The page that shows how a farm stands, to people and to programs.
//!
//! ```text
//! request -> Ask -> a View, read from the store -> HTML (templates/) or JSON
//!            POST -> an act -> the same functions that the command line calls
//! ```
//!
//! A `View` is what a page shows, as plain values: the page is its template over them,
//! the API gives them as they are, so what the one has the other has. It is read from
//! what is kept on disk and from nothing else; the page could be another process's.
//!
//! **Architecture invariant:** a page works without scripts, asks nothing of other hosts,
//! and shows text of commits, branches and tests as text.

mod act;
mod address;
mod ansi;
mod answer;
mod ask;
mod assets;
mod badge;
mod desk;
mod error;
mod feed;
mod guard;
mod health;
mod hook;
mod line;
mod live;
mod log;
mod login;
mod metrics;
mod openapi;
mod pulse;
mod redirect;
mod routes;
mod server;
mod view;
mod visitor;
mod window;
mod words;

pub use desk::Desk;
pub use error::WebError;
pub use server::Server;
