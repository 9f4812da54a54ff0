use bollard::Docker as Client;

use super::{Docker, Endpoint};
use crate::runtime::{Capabilities, RuntimeError};

/// Connects to the first endpoint that answers.
///
/// # Errors
/// When none does: each that was tried, and why it failed.
pub async fn connect(endpoints: &[Endpoint]) -> Result<Docker, RuntimeError> {
    let mut tried = String::new();
    for endpoint in endpoints {
        match try_one(&endpoint.address).await {
            Ok(docker) => return Ok(docker),
            Err(error) => {
                tried.push_str("\n  ");
                tried.push_str(&endpoint.address);
                tried.push_str(" (");
                tried.push_str(&endpoint.said_by);
                tried.push_str("): ");
                tried.push_str(&error.to_string());
            }
        }
    }
    Err(RuntimeError::Unreachable(tried))
}

async fn try_one(address: &str) -> Result<Docker, bollard::errors::Error> {
    // Pinning a version would shut out older engines: ask first.
    let client = Client::connect_with_host(address)?
        .negotiate_version()
        .await?;
    let version = client.version().await?;
    let info = client.info().await?;
    let name = format!(
        "{} {} (API {})",
        version
            .platform
            .map(|platform| platform.name)
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "Docker".to_owned()),
        version.version.as_deref().unwrap_or("?"),
        version.api_version.as_deref().unwrap_or("?"),
    );
    let capabilities = Capabilities {
        name,
        cores: info.ncpu.and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        memory: info
            .mem_total
            .and_then(|bytes| u64::try_from(bytes).ok())
            .unwrap_or(0),
    };
    Ok(Docker {
        client,
        capabilities,
    })
}
