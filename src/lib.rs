//! djbuild tests Django on every combination that matters.
pub mod engine;
pub mod event;
pub mod matrix;
pub mod model;
pub mod plan;
pub mod runtime;
pub mod source;
pub mod spec;
