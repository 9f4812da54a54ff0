use std::net::Ipv4Addr;

use bollard::models::{Network, SystemInfo};
use bollard::query_parameters::ListNetworksOptions;

use super::deadline::{ASK, within};
use super::engine::Docker;
use super::error::refused;
use crate::runtime::RuntimeError;

/// Where an engine takes the addresses of its networks from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pool {
    base: Range,
    /// The length of the prefix of each network.
    size: u32,
}

/// Addresses with the same prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    address: u32,
    prefix: u32,
}

/// The pools of an engine that was told of none: 172.17 to 172.31 and sixteen
/// parts of 192.168
/// (<https://docs.docker.com/engine/network/#automatic-subnet-allocation>).
const USUAL: [(&str, u32); 5] = [
    ("172.17.0.0/16", 16),
    ("172.18.0.0/15", 16),
    ("172.20.0.0/14", 16),
    ("172.24.0.0/13", 16),
    ("192.168.0.0/16", 20),
];

impl Docker {
    /// How many more networks the engine has addresses for, at most: it leaves out
    /// what its machine has routes to. `None` where it is not known, as of Podman,
    /// which has a hundred times as many.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn networks_left(&self) -> Result<Option<u64>, RuntimeError> {
        if self.abilities.is_podman {
            return Ok(None);
        }
        let client = self.client().await?;
        let action = "count networks";
        let info = within(ASK, client.info()).await.map_err(refused(action))?;
        let networks = within(ASK, client.list_networks(None::<ListNetworksOptions>))
            .await
            .map_err(refused(action))?;
        Ok(pools(&info).map(|pools| left(&pools, &networks)))
    }
}

fn pools(info: &SystemInfo) -> Option<Vec<Pool>> {
    let told = info.default_address_pools.as_deref().unwrap_or_default();
    if told.is_empty() {
        let usual = USUAL.map(|(base, size)| {
            Some(Pool {
                base: range(base)?,
                size,
            })
        });
        return usual.into_iter().collect();
    }
    let pools: Vec<Pool> = told
        .iter()
        .filter_map(|pool| {
            Some(Pool {
                base: range(pool.base.as_deref()?)?,
                size: u32::try_from(pool.size?).ok()?,
            })
        })
        .collect();
    // Of none with addresses of version 4 nothing is known.
    (!pools.is_empty()).then_some(pools)
}

fn left(pools: &[Pool], networks: &[Network]) -> u64 {
    let all: u64 = pools
        .iter()
        .map(|pool| 1_u64 << pool.size.saturating_sub(pool.base.prefix).min(32))
        .sum();
    let taken: u64 = networks
        .iter()
        .filter_map(|network| network.ipam.as_ref()?.config.as_ref())
        .flatten()
        .filter_map(|config| range(config.subnet.as_deref()?))
        .filter_map(|subnet| {
            let pool = pools.iter().find(|pool| pool.base.holds(subnet))?;
            Some(1_u64 << pool.size.saturating_sub(subnet.prefix).min(32))
        })
        .sum();
    all.saturating_sub(taken)
}

impl Range {
    fn holds(self, other: Self) -> bool {
        let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
        self.prefix <= other.prefix && self.address & mask == other.address & mask
    }
}

fn range(text: &str) -> Option<Range> {
    let (address, prefix) = text.split_once('/')?;
    Some(Range {
        address: address.parse::<Ipv4Addr>().ok()?.to_bits(),
        prefix: prefix.parse().ok().filter(|prefix| *prefix <= 32)?,
    })
}

#[cfg(test)]
mod tests {
    use bollard::models::{Ipam, IpamConfig, SystemInfoDefaultAddressPools};

    use super::*;

    fn network(subnet: &str) -> Network {
        Network {
            ipam: Some(Ipam {
                config: Some(vec![IpamConfig {
                    subnet: Some(subnet.to_owned()),
                    ..IpamConfig::default()
                }]),
                ..Ipam::default()
            }),
            ..Network::default()
        }
    }

    #[test]
    fn an_engine_that_was_told_of_no_pools_has_31_networks_its_own_included() {
        let pools = pools(&SystemInfo::default()).expect("the usual ones");
        assert_eq!(left(&pools, &[]), 31);
        let networks = [
            network("172.17.0.0/16"),
            network("192.168.240.0/20"),
            network("10.0.0.0/24"),
            network("fd00::/64"),
            Network::default(),
        ];
        assert_eq!(left(&pools, &networks), 29);
    }

    #[test]
    fn pools_that_an_engine_was_told_of_count_and_a_large_network_takes_many() {
        let info = SystemInfo {
            default_address_pools: Some(vec![SystemInfoDefaultAddressPools {
                base: Some("10.10.0.0/16".to_owned()),
                size: Some(24),
            }]),
            ..SystemInfo::default()
        };
        let pools = pools(&info).expect("told");
        assert_eq!(left(&pools, &[network("10.10.4.0/22")]), 252);
    }
}
