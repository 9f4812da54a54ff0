use super::{Ending, Reread};
use crate::event::Summary;
use crate::store::farm::QueuedRequest;

/// Something that happens to a watcher.
#[derive(Debug)]
pub enum Happening {
    /// A repository was asked.
    Polled {
        /// Its URL, without secrets.
        place: String,
        /// Changes that are new.
        changes: usize,
        /// Why it, or a branch of it, could not be followed.
        troubles: Vec<String>,
    },
    /// A request is carried out.
    Begun(Box<QueuedRequest>),
    /// It was.
    Ended {
        /// Which.
        request: i64,
        /// How.
        ending: Ending,
        /// Its run, where it has one that ended.
        summary: Option<Box<Summary>>,
    },
    /// It has looked around: what was due by now is under way.
    Stepped,
    /// The file is about to be read again.
    Rereads,
    /// The file was read again.
    Reread(Reread),
    /// What a watcher keeps cannot be written or read.
    Trouble(String),
}

/// Says what happens.
pub type OnHappening = dyn Fn(Happening) + Send + Sync;
