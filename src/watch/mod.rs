//! The build farm: changes become requests, requests become runs, and people hear what
//! has changed for them.
//!
//! ```text
//! remote -> poll -> arrival -> settle, calendar, after -> making -> queue -> run
//!                                                              finish <- verdicts
//!                                              deliver <- news <- verdict
//! ```
//!
//! What is left over of the time is for culprits: seek requests a commit between green and
//! red, finish takes what was seen, and at the end that is news too.
//!
//! Each arrow is a transaction on the [`Farm`](crate::store::farm::Farm): what is decided
//! is kept whole or not at all, and whoever is killed in between finds it as it was. What
//! happens in a transaction is plain code over a [`Book`](crate::store::farm::Book) and
//! the time it is told: the simulator runs years of it in seconds.
//!
//! **Architecture invariant:** a request is made once for each repository, branch,
//! revision, scheduler and cause, however often somebody tries; a notice is sent at least
//! once, under one id.

mod after;
mod arrival;
mod beginning;
mod branches;
mod calendar;
mod carry;
mod claim;
mod commands;
mod cron;
mod culprit;
mod deliver;
mod ending;
mod error;
mod finish;
mod happening;
mod helm;
mod hunt;
mod hunts;
mod kind;
mod making;
mod news;
mod order;
mod orders;
mod owner;
mod place;
mod poll;
mod recover;
mod reload;
mod remote;
mod rereading;
mod rounds;
mod samples;
mod seek;
mod settle;
mod shared;
mod station;
mod status;
mod trail;
mod trying;
mod verdict;
mod waiting;
mod wording;
mod wrong_file;

pub use after::follow;
pub use calendar::Calendar;
pub use claim::{Claimed, Obstacle, claim, obstacles};
pub use commands::{Force, cancel, force, pausable, pause, resend};
pub use cron::fire;
pub use culprit::Culprit;
pub use deliver::{Post, Undelivered, deliver};
pub use ending::{CellVerdict, Ending, Verdicts};
pub use error::WatchError;
pub use finish::finish;
pub use happening::{Happening, OnHappening};
pub use helm::{Helm, ReadAgain, Reread};
pub use hunts::{CulpritStatus, HuntStatus};
pub use kind::Kind;
pub use news::{Blamed, CellNews, Named, News};
pub use order::{Order, obey};
pub use orders::Orders;
pub use owner::{Other, Owner};
pub use poll::{Polled, poll};
pub use recover::{Fate, recover};
pub use reload::{HUNTS, NOBODY, TRIES, adopt};
pub use remote::Remote;
pub use seek::seek;
pub use settle::settle;
pub use shared::name_of;
pub use station::{Station, Until, now};
pub use status::{
    BranchStatus, RepositoryStatus, RequestStatus, SchedulerStatus, Status, look, status,
};
pub use trying::{Try, attempt, base_of};
pub use wrong_file::WrongFile;
