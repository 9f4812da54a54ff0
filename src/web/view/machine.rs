use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Moment;
use crate::watch::{Other, RepositoryStatus, SchedulerStatus, status};
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;
use crate::web::health::Health;

/// What does the work: who watches, what they ask and when, whether they are well.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "machine.html")]
pub struct Machine {
    /// When this was so.
    pub at: Moment,
    /// djbuild's version.
    pub version: String,
    /// Who watches, if anybody does.
    pub watcher: Option<String>,
    /// Whether all is well, and what is not.
    pub health: Health,
    /// Repositories.
    pub repositories: Vec<RepositoryStatus>,
    /// Schedulers that a clock sets off.
    pub clocks: Vec<SchedulerStatus>,
    /// All schedulers and what sets them off.
    pub schedulers: Vec<SchedulerRow>,
    /// Who is told.
    pub receivers: Vec<String>,
}

/// A scheduler.
#[derive(Serialize, JsonSchema)]
pub struct SchedulerRow {
    /// Its name.
    pub name: String,
    /// Globs over branches.
    pub branches: Vec<String>,
    /// What sets it off.
    pub trigger: String,
}

impl View for Machine {
    const PATH: &'static str = "/machine";
    const ABOUT: &'static str = "Who watches what, and whether they are well";

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let orders = ask.desk.orders();
        let watch = &orders.watch;
        let status = ask.look(|book| {
            let status = status(book, Some(watch), &watch.places(), ask.now)?;
            let health = Health::read(book, watch, ask.now)?;
            Ok((status, health))
        });
        let (status, health) = status?;
        let schedulers = watch.schedulers.iter().map(|scheduler| SchedulerRow {
            name: scheduler.name.clone(),
            branches: scheduler.branches.iter().map(ToString::to_string).collect(),
            trigger: scheduler.trigger.to_string(),
        });
        Ok(Self {
            at: ask.now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            watcher: Other::find(&ask.desk.home).map(|other| other.0),
            health,
            repositories: status.repositories,
            clocks: status.schedulers,
            schedulers: schedulers.collect(),
            receivers: watch.receivers.iter().map(|one| one.name.clone()).collect(),
        })
    }

    fn title(&self) -> String {
        "Machine".to_owned()
    }
}
