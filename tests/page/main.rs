//! The page that shows how a farm stands, asked as browsers and scripts ask.

#[path = "../common/recorded.rs"]
#[allow(dead_code)]
mod recorded;

mod doing;
mod live;
mod logs;
mod looking;
mod world;
