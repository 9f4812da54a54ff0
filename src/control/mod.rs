//! How a watcher that goes on is spoken to: a Unix socket in its state folder, which its
//! owner alone may use.
//!
//! One JSON value a line, in both directions. Who connects is greeted, and asks:
//!
//! ```text
//! < {"djbuild":"0.1.0","protocol":1}
//! > {"ask":"status"}
//! < {"answer":{"status":{…}}}
//! > {"ask":"order","who":"ann","order":{"do":"pause","what":"nightly"}}
//! < {"answer":{"said":"nightly is paused; what runs goes on"}}
//! > {"ask":"order","who":"ann","order":{"do":"cancel","request":7}}
//! < {"answer":{"refused":"there is no request 7"}}
//! > {"ask":"events"}
//! < {"ts":"…","level":"info","text":"…","fields":{…}}
//! ```
//!
//! Further: `{"ask":"reload"}`; `{"ask":"log","level":"debug"}`; `{"ask":"stop-cell","cell":"…"}`;
//! `{"ask":"base","branch":"main","commits":["…"]}`, which is answered with the newest of these
//! that the branch has; `{"ask":"try","who":"ann","branch":"main","patch":"/path",…}`, answered
//! with a request's number. Orders are those of [`crate::watch::Order`].
//!
//! After `events` come events, as `djbuild watch --log json` writes them, until who asked
//! says something more or goes. One that reads too slowly is told how many it missed. A line
//! has 64 KiB at most; what is longer, or is no such value, is refused.
//!
//! Orders are rows in what the watcher keeps, here as everywhere: the socket has them seen
//! at once, and by the file that the watcher goes by.

mod address;
mod client;
mod error;
mod protocol;
mod server;

pub use address::Address;
pub use client::{Client, Listening};
pub use error::ControlError;
pub use protocol::{Answer, Ask, PROTOCOL};
pub use server::{Desk, SetLevel, serve};
