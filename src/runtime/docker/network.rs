use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{NetworkCreateRequest, NetworkDisconnectRequest, VolumeCreateRequest};
use bollard::query_parameters::{
    ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, RemoveVolumeOptionsBuilder,
};

use super::abilities::Abilities;
use super::deadline::{ASK, CHANGE, within};
use super::error::{gone_is_done, refused};
use super::filter::labelled;
use crate::plan::{Label, Network};
use crate::runtime::{Resource, RuntimeError};

/// Makes a network without a way out. On an internal bridge the machine itself
/// still answers under the gateway's address, with all that listens on it; in this
/// mode it has none
/// (<https://docs.docker.com/engine/network/drivers/bridge/#options>).
const ISOLATED: (&str, &str) = ("com.docker.network.bridge.gateway_mode_ipv4", "isolated");

fn request(network: &Network, abilities: Abilities) -> NetworkCreateRequest {
    let (option, value) = ISOLATED;
    let options = HashMap::from([(option.to_owned(), value.to_owned())]);
    NetworkCreateRequest {
        name: network.name.clone(),
        driver: Some("bridge".to_owned()),
        internal: Some(true),
        options: abilities.isolates.then_some(options),
        labels: Some(network.labels.iter().cloned().collect()),
        ..NetworkCreateRequest::default()
    }
}

/// Engines make a second network of the same name if they are asked twice, which
/// happens where an answer was lost.
pub async fn create(
    client: &Docker,
    network: &Network,
    abilities: Abilities,
) -> Result<(), RuntimeError> {
    if let Some((key, _)) = network.labels.first()
        && list(client, key)
            .await?
            .iter()
            .any(|there| there.name == network.name)
    {
        return Ok(());
    }
    within(CHANGE, client.create_network(request(network, abilities)))
        .await
        .map(|_| ())
        .map_err(refused(format!("create network {}", network.name)))
}

/// A daemon that was killed may remember an endpoint of a container that is gone, and
/// then refuses for ever; only a forced disconnection by its name rids the network of
/// it (moby's `Daemon.DisconnectContainerFromNetwork`).
pub async fn remove(client: &Docker, name: &str) -> Result<(), RuntimeError> {
    let ask = || async {
        let request = client.remove_network(name);
        gone_is_done(within(CHANGE, request).await, "remove a network")
    };
    match ask().await {
        Err(error) if !error.is_away() && detach(client, name).await => ask().await,
        removed => removed,
    }
}

/// Takes everything off a network that is to go. Whether there was something.
async fn detach(client: &Docker, network: &str) -> bool {
    let Ok(found) = within(ASK, client.inspect_network(network, None)).await else {
        return false;
    };
    let endpoints = found.containers.unwrap_or_default();
    for (id, endpoint) in &endpoints {
        let request = NetworkDisconnectRequest {
            container: endpoint.name.as_ref().unwrap_or(id).clone(),
            force: Some(true),
        };
        // What does not come off is told by the next refusal.
        let _ = within(CHANGE, client.disconnect_network(network, request)).await;
    }
    !endpoints.is_empty()
}

pub async fn list(client: &Docker, label: &str) -> Result<Vec<Resource>, RuntimeError> {
    let filters = labelled([label]);
    let options = ListNetworksOptionsBuilder::default()
        .filters(&filters)
        .build();
    let networks = within(ASK, client.list_networks(Some(options)))
        .await
        .map_err(refused("list networks"))?;
    Ok(networks
        .into_iter()
        .map(|network| Resource {
            id: network.id.unwrap_or_default(),
            name: network.name.unwrap_or_default(),
            labels: network.labels.unwrap_or_default().into_iter().collect(),
        })
        .collect())
}

pub async fn create_volume(
    client: &Docker,
    name: &str,
    labels: &[Label],
) -> Result<(), RuntimeError> {
    let request = VolumeCreateRequest {
        name: Some(name.to_owned()),
        labels: Some(labels.iter().cloned().collect()),
        ..VolumeCreateRequest::default()
    };
    within(CHANGE, client.create_volume(request))
        .await
        .map(|_| ())
        .map_err(refused("create a volume"))
}

pub async fn list_volumes(client: &Docker, label: &str) -> Result<Vec<Resource>, RuntimeError> {
    let filters = labelled([label]);
    let options = ListVolumesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let volumes = within(ASK, client.list_volumes(Some(options)))
        .await
        .map_err(refused("list volumes"))?
        .volumes
        .unwrap_or_default();
    Ok(volumes
        .into_iter()
        .map(|volume| Resource {
            id: volume.name.clone(),
            name: volume.name,
            labels: volume.labels.into_iter().collect(),
        })
        .collect())
}

pub async fn remove_volume(client: &Docker, name: &str) -> Result<(), RuntimeError> {
    let options = RemoveVolumeOptionsBuilder::default().force(true).build();
    let request = client.remove_volume(name, Some(options));
    gone_is_done(within(CHANGE, request).await, "remove a volume")
}

#[cfg(test)]
mod tests {
    use bollard::models::SystemVersion;

    use super::*;

    #[test]
    fn a_network_is_internal_everywhere_and_isolated_where_the_engine_knows_how() {
        let network = Network {
            name: "n".to_owned(),
            labels: vec![],
        };
        for (api, isolated) in [
            ("1.41", false),
            ("1.47", false),
            ("1.48", true),
            ("2.0", true),
        ] {
            let version = SystemVersion {
                api_version: Some(api.to_owned()),
                ..SystemVersion::default()
            };
            let request = request(&network, Abilities::of(&version));
            assert_eq!(request.internal, Some(true));
            assert_eq!(request.options.is_some(), isolated, "{api}");
        }
    }
}
