use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerState, ContainerStateStatusEnum};
use bollard::query_parameters::{EventsOptionsBuilder, WaitContainerOptionsBuilder};
use futures_util::StreamExt;
use tokio::time::{sleep, timeout};

use super::deadline::{ASK, within};
use super::error::{is_missing, refused};
use crate::runtime::{ContainerPhase, Exit, RuntimeError, State};

/// How long one request waits: less than networks let a silent connection live.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two requests where the first was not heard to its end.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a state that makes no sense is asked for again.
const RETRIES: u32 = 5;

/// The engine's word that a container has ended may come as `Ok`, as an error
/// that carries the exit status, as the end of the stream, or get lost; its state
/// is the same afterwards in every case, and it alone is believed.
pub async fn wait(client: &Docker, id: &str) -> Result<Exit, RuntimeError> {
    loop {
        let options = WaitContainerOptionsBuilder::default()
            .condition("not-running")
            .build();
        let mut word = client.wait_container(id, Some(options));
        let heard = timeout(PATIENCE, word.next()).await;
        let lost = match heard {
            Err(_) => None,
            Ok(None | Some(Ok(_) | Err(Error::DockerContainerWaitError { .. }))) => Some(None),
            Ok(Some(Err(error))) => Some(Some(refused("wait for a container")(error))),
        };
        match state(client, id).await? {
            None => return Err(RuntimeError::Missing(format!("container {id}"))),
            Some(State {
                exit: Some(exit), ..
            }) => return Ok(exit),
            Some(_) => {}
        }
        match lost {
            None => {}
            Some(Some(error)) if !error.is_away() => return Err(error),
            Some(_) => sleep(PAUSE).await,
        }
    }
}

/// What a container has come to.
pub async fn state(client: &Docker, id: &str) -> Result<Option<State>, RuntimeError> {
    let mut tries = 0;
    loop {
        match within(ASK, client.inspect_container(id, None)).await {
            Ok(container) => return Ok(Some(read(container.state.unwrap_or_default()))),
            Err(error) if is_missing(&error) => return Ok(None),
            // Podman has states in passing that Docker has no words for.
            Err(Error::JsonDataError { .. }) if tries < RETRIES => {
                tries += 1;
                sleep(PAUSE / 5).await;
            }
            Err(error) => return Err(refused("inspect a container")(error)),
        }
    }
}

/// A state in our words.
pub fn read(state: ContainerState) -> State {
    let phase = match (state.running, state.status) {
        (Some(true), _)
        | (
            _,
            Some(
                ContainerStateStatusEnum::RUNNING
                | ContainerStateStatusEnum::PAUSED
                | ContainerStateStatusEnum::RESTARTING,
            ),
        ) => ContainerPhase::Running,
        (_, Some(ContainerStateStatusEnum::CREATED)) => ContainerPhase::Created,
        _ => ContainerPhase::Exited,
    };
    let out_of_memory = state.oom_killed.unwrap_or_default();
    let exit = (phase == ContainerPhase::Exited).then(|| Exit {
        code: state.exit_code.unwrap_or_default(),
        out_of_memory,
        error: state.error.unwrap_or_default(),
    });
    State {
        phase,
        exit,
        out_of_memory,
    }
}

/// Engines tell of it at once (`oom`), but in a container's state only when its
/// first process has ended: so it was seen with Docker 20.10 on cgroups of version 1.
pub async fn out_of_memory(client: &Docker, id: &str) -> Result<(), RuntimeError> {
    let filters = HashMap::from([("container", vec![id]), ("event", vec!["oom"])]);
    let options = EventsOptionsBuilder::default().filters(&filters).build();
    let action = || refused("tell of memory that ran out");
    match client.events(Some(options)).next().await {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(action()(error)),
        None => Err(RuntimeError::Unreachable(
            "it stopped telling what happens".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_a_living_container_may_have_been_killed_for_its_memory() {
        let state = read(ContainerState {
            running: Some(true),
            oom_killed: Some(true),
            ..ContainerState::default()
        });
        assert_eq!(
            (state.phase, state.exit, state.out_of_memory),
            (ContainerPhase::Running, None, true)
        );
    }

    #[test]
    fn what_was_never_started_has_not_ended() {
        let state = read(ContainerState {
            running: Some(false),
            status: Some(ContainerStateStatusEnum::CREATED),
            exit_code: Some(0),
            ..ContainerState::default()
        });
        assert_eq!((state.phase, state.exit), (ContainerPhase::Created, None));
    }
}
