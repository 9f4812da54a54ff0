use std::collections::HashMap;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::models::{
    ContainerConfig, ContainerCreateBody, EndpointSettings, HostConfig, HostConfigLogConfig,
    NetworkingConfig,
};
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, CreateContainerOptionsBuilder, KillContainerOptionsBuilder,
    ListContainersOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use bollard::{Docker, body_try_stream};
use futures_util::StreamExt;

use super::deadline::{ASK, CHANGE, COMMIT, Pulse, within};
use super::error::{gone_is_done, is_conflict, refused};
use super::filter::labelled;
use super::{archive, state};
use crate::plan::{Container, Context, ImageRef, Label, label};
use crate::runtime::{ContainerPhase, Output, OutputStream, Resource, RuntimeError};

pub async fn create(client: &Docker, container: &Container) -> Result<String, RuntimeError> {
    let options = CreateContainerOptionsBuilder::default()
        .name(&container.name)
        .build();
    let request = client.create_container(Some(options), body(container));
    let created = match within(CHANGE, request).await {
        Err(error) if is_conflict(&error) => match created_before(client, container).await {
            Some(id) => return Ok(id),
            None => Err(error),
        },
        other => other,
    };
    created
        .map(|created| created.id)
        .map_err(refused(format!("create container {}", container.name)))
        .map_err(without_init)
}

/// The engine's answer to an earlier request for the same container was lost.
async fn created_before(client: &Docker, container: &Container) -> Option<String> {
    let request = client.inspect_container(&container.name, None);
    let found = within(ASK, request).await.ok()?;
    let labels = found.config?.labels?;
    let same = container
        .labels
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value));
    let created = state::read(found.state?).phase == ContainerPhase::Created;
    found.id.filter(|_| same && created)
}

/// Podman runs without the program that is a container's first process, which
/// Debian's package only recommends, until a container wants it.
fn without_init(error: RuntimeError) -> RuntimeError {
    match error {
        RuntimeError::Refused { action, message } if message.contains("init binary") => {
            RuntimeError::Refused {
                action,
                message: format!("{message}; Podman needs it (Debian: apt-get install catatonit)"),
            }
        }
        other => other,
    }
}

fn body(container: &Container) -> ContainerCreateBody {
    let memory = i64::try_from(container.limits.memory).unwrap_or(i64::MAX);
    let endpoints = container.network.as_ref().map(|network| {
        let endpoint = EndpointSettings {
            aliases: Some(vec![container.host.clone()]),
            ..EndpointSettings::default()
        };
        HashMap::from([(network.clone(), endpoint)])
    });
    ContainerCreateBody {
        image: Some(container.image.to_string()),
        user: container.user.clone(),
        hostname: Some(container.host.clone()),
        env: Some(
            container
                .environment
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect(),
        ),
        labels: Some(container.labels.iter().cloned().collect()),
        cmd: (!container.command.is_empty()).then(|| container.command.clone()),
        tty: Some(false),
        host_config: Some(HostConfig {
            network_mode: Some(
                container
                    .network
                    .clone()
                    .unwrap_or_else(|| "none".to_owned()),
            ),
            memory: Some(memory),
            // The same as memory: no swap.
            memory_swap: Some(memory),
            pids_limit: Some(i64::from(container.limits.pids)),
            shm_size: i64::try_from(container.limits.shared_memory).ok(),
            tmpfs: Some(
                container
                    .memory_folders
                    .iter()
                    .map(|folder| (folder.clone(), "exec,mode=1777".to_owned()))
                    .collect(),
            ),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            init: Some(true),
            // Reading a log from its beginning needs a driver that keeps it
            // whole, whatever the daemon's defaults are; Engine 20.10 has no
            // word for "no limit", and djbuild caps a cell's log much earlier.
            log_config: Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(HashMap::from([("max-size".to_owned(), "64g".to_owned())])),
            }),
            ..HostConfig::default()
        }),
        networking_config: endpoints.map(|endpoints| NetworkingConfig {
            endpoints_config: Some(endpoints),
        }),
        ..ContainerCreateBody::default()
    }
}

pub async fn deliver(client: &Docker, id: &str, files: Context) -> Result<(), RuntimeError> {
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    let pulse = Pulse::new();
    let body = body_try_stream(pulse.of(archive::stream(files)));
    pulse
        .watch(client.upload_to_container(id, Some(options), body))
        .await
        .map_err(refused("send files into a container"))
}

/// Keeps what a container is as an image, under labels of its own: those of the
/// run are blanked, for the image outlives it.
pub async fn keep(
    client: &Docker,
    id: &str,
    tag: &str,
    labels: &[Label],
) -> Result<ImageRef, RuntimeError> {
    let (repository, version) = tag.rsplit_once(':').unwrap_or((tag, "latest"));
    let options = CommitContainerOptionsBuilder::default()
        .container(id)
        .repo(repository)
        .tag(version)
        .build();
    let blank =
        [label::RUN, label::OWNER, label::SERVICE].map(|key| (key.to_owned(), String::new()));
    let config = ContainerConfig {
        labels: Some(blank.into_iter().chain(labels.iter().cloned()).collect()),
        ..ContainerConfig::default()
    };
    within(COMMIT, client.commit_container(options, config))
        .await
        .map(|_| ImageRef::new(tag))
        .map_err(refused(format!("commit {tag}")))
}

pub async fn start(client: &Docker, id: &str) -> Result<(), RuntimeError> {
    within(CHANGE, client.start_container(id, None))
        .await
        .map_err(refused("start a container"))
}

pub fn output(client: &Docker, id: &str) -> OutputStream {
    let options = LogsOptionsBuilder::default()
        .follow(true)
        .stdout(true)
        .stderr(true)
        .build();
    let stream = client.logs(id, Some(options)).map(|item| match item {
        Ok(LogOutput::StdErr { message }) => Ok(Output::Stderr(message.into())),
        Ok(
            LogOutput::StdOut { message }
            | LogOutput::StdIn { message }
            | LogOutput::Console { message },
        ) => Ok(Output::Stdout(message.into())),
        Err(error) => Err(refused("read a container's log")(error)),
    });
    Box::pin(stream)
}

pub async fn signal(client: &Docker, id: &str, signal: &str) -> Result<(), RuntimeError> {
    let options = KillContainerOptionsBuilder::default()
        .signal(signal)
        .build();
    within(ASK, client.kill_container(id, Some(options)))
        .await
        .map_err(refused(format!("send {signal} to a container")))
}

pub async fn stop(client: &Docker, id: &str, grace: Duration) -> Result<(), RuntimeError> {
    let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
    let options = StopContainerOptionsBuilder::default().t(seconds).build();
    let request = client.stop_container(id, Some(options));
    gone_is_done(within(grace + ASK, request).await, "stop a container")
}

pub async fn remove(client: &Docker, id: &str) -> Result<(), RuntimeError> {
    let options = RemoveContainerOptionsBuilder::default()
        .force(true)
        .v(true)
        .build();
    let request = client.remove_container(id, Some(options));
    gone_is_done(within(CHANGE, request).await, "remove a container")
}

pub async fn list(client: &Docker, label: &str) -> Result<Vec<Resource>, RuntimeError> {
    let filters = labelled([label]);
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    let containers = within(ASK, client.list_containers(Some(options)))
        .await
        .map_err(refused("list containers"))?;
    Ok(containers
        .into_iter()
        .map(|container| Resource {
            id: container.id.unwrap_or_default(),
            name: container
                .names
                .and_then(|names| names.into_iter().next())
                .map(|name| name.trim_start_matches('/').to_owned())
                .unwrap_or_default(),
            labels: container.labels.unwrap_or_default().into_iter().collect(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Limits;

    #[test]
    fn a_podman_without_its_init_says_what_to_install() {
        // As Podman 5.4.2 said it.
        let said = "container create: lookup init binary: exec: \"catatonit\": executable file \
                    not found in $PATH";
        let error = without_init(RuntimeError::Refused {
            action: "create container n".to_owned(),
            message: said.to_owned(),
        });
        assert!(error.to_string().contains("apt-get install catatonit"));
    }

    #[test]
    fn a_container_is_locked_down_and_labelled_from_its_creation_on() {
        let container = Container {
            name: "n".into(),
            image: ImageRef::new("i"),
            command: vec![],
            user: Some("u".into()),
            host: "a".into(),
            network: None,
            environment: [("K".to_owned(), "V".to_owned())].into(),
            labels: vec![("djbuild.run".into(), "r".into())],
            memory_folders: vec!["/tmp".into()],
            limits: Limits {
                memory: 7,
                pids: 8,
                shared_memory: 9,
            },
        };
        let body = body(&container);
        assert_eq!(body.user.as_deref(), Some("u"));
        assert_eq!(body.labels.expect("labels")["djbuild.run"], "r");
        let host = body.host_config.expect("a host configuration");
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(host.memory, host.memory_swap);
        assert_eq!(host.pids_limit, Some(8));
        assert_eq!(host.network_mode.as_deref(), Some("none"));
        assert_eq!(host.init, Some(true));
        assert_eq!(
            (host.binds, host.mounts, host.port_bindings),
            (None, None, None)
        );
        assert_eq!(host.auto_remove, None);
    }
}
