use super::finding::Finding;
use super::machine::room;
use crate::cli::args::ImageOptions;
use crate::engine;
use crate::model::{bytes, plural};
use crate::plan::jobs_for;
use crate::run::{Home, Judge};
use crate::runtime::docker::{Diagnosis, Docker};
use crate::runtime::{PullError, Runtime};
use crate::source::reach;

/// Fewer networks than this are a few runs and somebody's own.
const FEW_NETWORKS: u64 = 5;
/// Seconds by which the engine's clock may differ.
const CLOCK: i64 = 5;

/// The engine and what it has.
pub async fn engine(docker: &Docker) -> Vec<Finding> {
    let capabilities = docker.capabilities();
    let mut findings = vec![Finding::green("engine", &capabilities.name)];
    let (cores, memory) = (capabilities.cores, capabilities.memory);
    let jobs = jobs_for(cores, memory);
    let seen = format!(
        "{}, {} of memory: {} at once",
        plural(cores.into(), "core"),
        bytes(memory),
        plural(jobs.into(), "cell")
    );
    findings.push(if memory < 3 << 30 {
        Finding::amber(
            "resources",
            &seen,
            "Django's whole suite on a database wants 3 GB",
        )
    } else {
        Finding::green("resources", &seen)
    });
    match docker.diagnose().await {
        Ok(diagnosis) => findings.extend(details(&diagnosis)),
        Err(error) => findings.push(Finding::red("engine", &error.to_string(), "")),
    }
    findings
}

fn details(diagnosis: &Diagnosis) -> Vec<Finding> {
    let mut findings = Vec::new();
    let driver = &diagnosis.storage_driver;
    let slow = ["vfs", "fuse-overlayfs", "devicemapper"].contains(&driver.as_str());
    findings.push(if slow {
        Finding::amber(
            "storage",
            &format!("{driver}: each layer of an image takes seconds"),
            "overlay2 is faster where the kernel allows it",
        )
    } else {
        Finding::green("storage", driver)
    });
    let root = std::path::Path::new(&diagnosis.root);
    findings.push(if root.is_absolute() && root.is_dir() {
        room("images", root)
    } else {
        Finding::green(
            "images",
            &format!("{} on the engine's machine", diagnosis.root),
        )
    });
    let limits = match (diagnosis.limits_memory, diagnosis.limits_processes) {
        (true, true) => None,
        (false, true) => Some("memory"),
        (true, false) => Some("processes"),
        (false, false) => Some("memory and processes"),
    };
    let rights = if diagnosis.is_rootless {
        "rootless"
    } else {
        "with root's rights"
    };
    let seen = format!("{rights}, cgroup v{}", diagnosis.cgroup_version);
    findings.push(match limits {
        None => Finding::green("limits", &seen),
        Some(what) => Finding::amber(
            "limits",
            &format!("{seen}, cannot limit {what}"),
            "a cell may take what it likes; on systemd: delegate the memory and pids controllers to the user",
        ),
    });
    findings.extend(clock(diagnosis));
    findings
}

fn clock(diagnosis: &Diagnosis) -> Option<Finding> {
    let theirs: jiff::Timestamp = diagnosis.time.as_ref()?.parse().ok()?;
    let apart = (jiff::Timestamp::now().as_second() - theirs.as_second()).abs();
    Some(if apart > CLOCK {
        Finding::amber(
            "clock",
            &format!("the engine's differs by {apart} s"),
            "files look changed or from the future; set both by NTP",
        )
    } else {
        Finding::green("clock", "as the engine's")
    })
}

/// What dead runs left.
pub async fn leftovers(docker: &Docker, home: &Home) -> Vec<Finding> {
    let unknown = || {
        vec![Finding::amber(
            "leftovers",
            "what is left of dead runs is unknown",
            "",
        )]
    };
    let Ok(all) = engine::leftovers(docker).await else {
        return unknown();
    };
    let Ok(judge) = Judge::new(&home.state, &all) else {
        return unknown();
    };
    let dead = all
        .iter()
        .filter(|left| left.beat.is_none() && judge.is_dead(left))
        .count();
    vec![if dead == 0 {
        Finding::green("leftovers", "none of dead runs")
    } else {
        Finding::amber(
            "leftovers",
            &format!("{} of dead runs", plural(dead as u64, "thing")),
            "`djbuild clean` removes them, and so does the next run",
        )
    }]
}

/// What may be done about a registry.
const fn mend(why: &PullError) -> &'static str {
    match why {
        PullError::Refused(_) => "`docker login` to it",
        PullError::Busy { .. } => "wait, or `docker login`, which raises its limit",
        PullError::Runtime(_) | PullError::NotThere(_) | PullError::Failing(_) => {
            "name a mirror with --registry"
        }
    }
}

/// How many more networks there is room for: a run with services takes one.
pub async fn networks(docker: &Docker) -> Vec<Finding> {
    let advice = "`djbuild clean` and `docker network prune` remove those that nothing uses";
    match docker.networks_left().await {
        Ok(None) => Vec::new(),
        Ok(Some(0)) => vec![Finding::red("networks", "no room for another", advice)],
        Ok(Some(left)) => {
            let seen = format!("room for {} more", plural(left, "network"));
            vec![if left < FEW_NETWORKS {
                Finding::amber("networks", &seen, advice)
            } else {
                Finding::green("networks", &seen)
            }]
        }
        Err(error) => vec![Finding::amber("networks", &error.to_string(), "")],
    }
}

/// Where base images come from: one way has to be open.
pub async fn bases(docker: &Docker, options: &ImageOptions) -> Vec<Finding> {
    let image = format!("{}python:3.14-slim", options.registry);
    let registry = docker.reach_registry(&image).await;
    let release = format!(
        "{}/dists/stable/Release",
        options.debian_mirror.trim_end_matches('/')
    );
    let debian = tokio::task::block_in_place(|| reach(&release));
    let tool = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .any(|folder| folder.join("mmdebstrap").is_file());
    let by_debian = debian.is_ok() && tool;
    let mut findings = vec![match &registry {
        Ok(()) => Finding::green("registry", &format!("{image} is there")),
        Err(why) if by_debian => Finding::amber(
            "registry",
            &why.to_string(),
            &format!("{}; base images are made from Debian meanwhile", mend(why)),
        ),
        Err(why) => Finding::red(
            "registry",
            &why.to_string(),
            &format!(
                "{}, or let base images be made from Debian (see below)",
                mend(why)
            ),
        ),
    }];
    findings.push(match (&debian, tool) {
        (Ok(()), true) => Finding::green("Debian", &format!("{} answers", options.debian_mirror)),
        (Err(why), _) => {
            let seen = format!("{}: {why}", options.debian_mirror);
            Finding::amber("Debian", &seen, "name another with --debian-mirror")
        }
        (Ok(()), false) => Finding::amber(
            "Debian",
            "mmdebstrap is not installed",
            "apt-get install mmdebstrap, for base images without a registry",
        ),
    });
    findings
}
