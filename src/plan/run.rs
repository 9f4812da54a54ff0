use super::name::{label_value, name};
use super::{BaseSource, BuildEnvironment, CellPlan, Label, Network, Pace, Runner, label};
use crate::model::RunId;

/// What has to be built, started and run, in starting order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The run this plan is for.
    pub run: RunId,
    /// Who starts it all.
    pub owner: Owner,
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

/// Who starts things: an installation of djbuild, on a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// Names the installation.
    pub installation: String,
    /// Names the host.
    pub host: String,
    /// Names its kernel since it was started, where the system tells.
    pub boot: Option<String>,
}

impl Plan {
    /// The labels of everything this run starts.
    pub fn labels(&self, (key, value): (&str, &str)) -> Vec<Label> {
        let Owner {
            installation,
            host,
            boot,
        } = &self.owner;
        let mut labels = vec![
            (label::RUN.to_owned(), self.run.to_string()),
            (label::OWNER.to_owned(), installation.clone()),
            (label::HOST.to_owned(), label_value(host)),
            (key.to_owned(), label_value(value)),
        ];
        if let Some(boot) = boot {
            labels.push((label::BOOT.to_owned(), label_value(boot)));
        }
        labels
    }

    /// The name and the labels of a sign of life at this time, in seconds since 1970.
    pub fn beat(&self, now: u64) -> (String, Vec<Label>) {
        let now = now.to_string();
        let name = name(&self.network_name(), "beat", &now);
        let mut labels = self.labels((label::SERVICE, "beat"));
        labels.push((label::BEAT.to_owned(), now));
        (name, labels)
    }

    /// The run's network. Each try to make it has a name of its own: where an answer
    /// was lost, the network may be there all the same, and engines take a second of
    /// the same name.
    pub fn network(&self, number: u32) -> Network {
        let first = self.network_name();
        Network {
            name: match number {
                1 => first,
                later => format!("{first}-{later}"),
            },
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
