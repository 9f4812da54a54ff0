use std::time::Duration;

use async_trait::async_trait;

use super::handle::Fake;
use djbuild::plan::{Label, Network};
use djbuild::runtime::{Capabilities, Networks, Resource, Runtime, RuntimeError};

#[async_trait]
impl Runtime for Fake {
    fn capabilities(&self) -> &Capabilities {
        self.described()
    }

    async fn ping(&self) -> Result<(), RuntimeError> {
        self.up().map(|_| ())
    }
}

#[async_trait]
impl Networks for Fake {
    async fn create_network(&self, network: &Network) -> Result<(), RuntimeError> {
        let _call = self.call("create_network").await;
        let comes_late = {
            let mut world = self.up()?;
            world.networks_created.push(network.clone());
            std::mem::take(&mut world.delays_network)
        };
        if comes_late {
            self.set_away(true);
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.set_away(false);
            self.up()?.late_networks.push(network.clone());
            return Err(RuntimeError::Unreachable("connection reset".to_owned()));
        }
        let mut world = self.up()?;
        world.add_network(network.clone());
        for late in std::mem::take(&mut world.late_networks) {
            world.add_network(late);
        }
        Ok(())
    }

    async fn remove_network(&self, name: &str) -> Result<(), RuntimeError> {
        let _call = self.call("remove_network").await;
        let mut world = self.up()?;
        if world.busy_network > 0 {
            world.busy_network -= 1;
            return Err(RuntimeError::Refused {
                action: "remove a network".to_owned(),
                message: "has active endpoints".to_owned(),
            });
        }
        world.networks.remove(name);
        Ok(())
    }

    async fn networks(&self, label: &str) -> Result<Vec<Resource>, RuntimeError> {
        let _call = self.call("networks").await;
        let world = self.up()?;
        let networks = world.networks.values().map(|network| Resource {
            id: network.name.clone(),
            name: network.name.clone(),
            labels: network.labels.clone(),
        });
        Ok(networks
            .filter(|resource| resource.label(label).is_some())
            .collect())
    }

    async fn create_volume(&self, name: &str, labels: &[Label]) -> Result<(), RuntimeError> {
        let _call = self.call("create_volume").await;
        let volumes = &mut self.up()?.volumes;
        volumes.insert(name.to_owned(), labels.to_vec());
        Ok(())
    }

    async fn volumes(&self, _label: &str) -> Result<Vec<Resource>, RuntimeError> {
        let _call = self.call("volumes").await;
        let world = self.up()?;
        let volumes = world.volumes.iter().map(|(name, labels)| Resource {
            id: name.clone(),
            name: name.clone(),
            labels: labels.clone(),
        });
        Ok(volumes.collect())
    }

    async fn remove_volume(&self, name: &str) -> Result<(), RuntimeError> {
        let _call = self.call("remove_volume").await;
        self.up()?.volumes.remove(name);
        Ok(())
    }
}
