use bollard::Docker;
use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::{
    ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, RemoveVolumeOptionsBuilder,
};

use super::deadline::{ASK, CHANGE, within};
use super::error::{gone_is_done, refused};
use super::filter::labelled;
use crate::plan::Network;
use crate::runtime::{Resource, RuntimeError};

pub async fn create(client: &Docker, network: &Network) -> Result<(), RuntimeError> {
    let request = NetworkCreateRequest {
        name: network.name.clone(),
        driver: Some("bridge".to_owned()),
        internal: Some(true),
        labels: Some(network.labels.iter().cloned().collect()),
        ..NetworkCreateRequest::default()
    };
    // Engines make a second network of the same name if they are asked twice,
    // which happens where an answer was lost.
    let run = network.labels.first();
    if let Some((key, _)) = run
        && list(client, key)
            .await?
            .iter()
            .any(|it| it.name == network.name)
    {
        return Ok(());
    }
    within(CHANGE, client.create_network(request))
        .await
        .map(|_| ())
        .map_err(refused(format!("create network {}", network.name)))
}

pub async fn remove(client: &Docker, name: &str) -> Result<(), RuntimeError> {
    let request = client.remove_network(name);
    gone_is_done(within(CHANGE, request).await, "remove a network")
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
