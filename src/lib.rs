//! djbuild tests Django on every combination that matters.
pub mod matrix;
pub mod model;
pub mod source;
pub mod spec;
