//! djbuild tests Django on every combination that matters.
//!
//! A matrix file says what to test ([`spec`]); a checkout, a git URL or a
//! release says what there is to test and what it supports ([`source`],
//! [`matrix`]). Together they make cells, cells make a [`plan`], the
//! [`engine`] carries the plan out on a container [`runtime`], and everything
//! that happens is an [`event`] in a [`journal`] that [`progress`], [`store`] and
//! [`report`] look at. [`run`] is the way from a request to a finished run, and
//! [`cli`] one who asks for it.
//!
//! The rooms in reading order; `ARCHITECTURE.md` says who may import whom, and
//! `tests/architecture/` checks it.

pub mod access;
pub mod cli;
pub mod control;
pub mod engine;
pub mod event;
pub mod host;
pub mod journal;
pub mod matrix;
pub mod model;
pub mod notify;
pub mod plan;
pub mod progress;
pub mod report;
pub mod run;
pub mod runtime;
pub mod source;
pub mod spec;
pub mod store;
pub mod watch;
pub mod web;
