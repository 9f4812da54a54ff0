//! A watcher in a world of its own: a clock that is told the time, repositories that are
//! scripted, receivers that fail, and a plug that is pulled at any statement.

mod forge;
mod hunts;
mod laws;
mod model;
mod reloads;
mod rules;
mod seeds;
mod story;
mod tries;
