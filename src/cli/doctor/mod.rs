//! `djbuild doctor`: what this machine has and lacks, and what to do about it.

mod engine;
mod finding;
mod machine;

use super::args::{Color, DoctorOptions};
use super::connect;
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::say::say;
use super::screen;
use crate::run::Home;
use finding::{Finding, Light};

/// Looks at everything, tells each thing as soon as it is known, and fails where
/// djbuild cannot run.
pub async fn doctor(options: &DoctorOptions) -> Outcome {
    let style = screen::style(Color::Auto);
    let mut findings: Vec<Finding> = Vec::new();
    let mut tell = |found: Vec<Finding>| {
        for finding in found {
            say(&finding.show(style))?;
            findings.push(finding);
        }
        Ok::<(), CliError>(())
    };
    tell(machine::here())?;
    let folders = Home::find()?;
    tell(machine::disks(&folders))?;
    tell(machine::certificates())?;
    match connect::container_engine().await {
        Ok(docker) => {
            tell(engine::engine(&docker).await)?;
            tell(engine::networks(&docker).await)?;
            tell(engine::leftovers(&docker, &folders).await)?;
            tell(engine::bases(&docker, &options.images).await)?;
        }
        Err(error) => tell(vec![Finding::red("engine", &error.to_string(), "")])?,
    }
    tell(tokio::task::block_in_place(machine::package_index))?;
    let count = |light| {
        findings
            .iter()
            .filter(|finding| finding.light == light)
            .count()
    };
    let (red, amber) = (count(Light::Red), count(Light::Amber));
    say(&match (red, amber) {
        (0, 0) => "all is well\n".to_owned(),
        (0, amber) => format!("djbuild can run; {amber} to look at\n"),
        (red, _) => format!("djbuild cannot run as it is: {red} to mend\n"),
    })?;
    Ok(if red == 0 {
        Exit::Passed
    } else {
        Exit::Infrastructure
    })
}
