use super::name::{label_value, name};
use super::{BaseSource, BuildEnvironment, CellPlan, Label, Network, Pace, Runner, label};
use crate::model::RunId;

/// What has to be built, started and run, in starting order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The run this plan is for.
    pub run: RunId,
    /// Marks everything this installation of djbuild starts.
    pub owner: String,
    /// The cells, longest expected first.
    pub cells: Vec<CellPlan>,
    /// How fast and how long.
    pub pace: Pace,
    /// Which of several runs on one engine goes first: the one with more.
    pub priority: i32,
    /// The test runner inside cells.
    pub runner: Runner,
    /// What every build gets from the host and no image keeps.
    pub environment: BuildEnvironment,
    /// Where base images may come from.
    pub base_source: BaseSource,
}

impl Plan {
    /// The labels of everything this run starts.
    pub fn labels(&self, (key, value): (&str, &str)) -> Vec<Label> {
        vec![
            (label::RUN.to_owned(), self.run.to_string()),
            (label::OWNER.to_owned(), self.owner.clone()),
            (key.to_owned(), label_value(value)),
        ]
    }

    /// The run's network.
    pub fn network(&self) -> Network {
        Network {
            name: self.network_name(),
            labels: self.labels((label::SERVICE, "network")),
        }
    }

    /// The name of one of the run's containers: what it is for, and which of those.
    pub fn name(&self, what: &str, number: u32) -> String {
        name(&self.network_name(), what, &number.to_string())
    }

    /// Its name, and how every name of the run begins.
    pub fn network_name(&self) -> String {
        format!("djbuild-{}", self.run)
    }
}
