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

    /// The run's network, as it is called at this try to make it. Each has a name of
    /// its own: an earlier one may come into being yet, and engines refuse what is to
    /// be on one of two networks of the same name.
    pub fn network(&self, number: u32) -> Network {
        let name = match number {
            1 => self.prefix(),
            later => format!("{}-{later}", self.prefix()),
        };
        Network {
            name,
            labels: self.labels((label::SERVICE, "network")),
        }
    }

    /// The name of one of the run's containers: what it is for, and which of those.
    pub fn name(&self, what: &str, number: u32) -> String {
        name(&self.prefix(), what, &number.to_string())
    }

    /// How every name of the run begins.
    fn prefix(&self) -> String {
        format!("djbuild-{}", self.run)
    }
}
