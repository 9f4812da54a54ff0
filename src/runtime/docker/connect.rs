use std::sync::Arc;
use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use bollard::models::{SystemInfo, SystemVersion};
use bollard::{API_DEFAULT_VERSION, Docker as Client};
use tokio::time::timeout;

use super::abilities::Abilities;
use super::address::Address;
use super::credentials::{self, Credentials};
use super::deadline::NEVER;
use super::endpoint::Endpoint;
use super::engine::Docker;
use super::no_engine::{NoEngine, Why};
use super::tls::{Tls, TlsError};
use super::transport::{self, WithTlsError};
use super::tunnel::Tunnel;
use crate::runtime::Capabilities;

/// An engine has this long to say what it is.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often whoever hangs up on TLS is asked why.
const AGAIN: ConstantBuilder = ConstantBuilder::new()
    .with_delay(Duration::from_millis(20))
    .with_max_times(10);

/// Connects to the first endpoint that answers.
///
/// # Errors
/// When none does: each that was tried, and why it failed.
pub async fn connect(endpoints: &[Endpoint]) -> Result<Docker, NoEngine> {
    let mut tried = Vec::new();
    for endpoint in endpoints {
        match timeout(PATIENCE, try_one(endpoint)).await {
            Ok(Ok(docker)) => return Ok(docker),
            Ok(Err(why)) => tried.push((endpoint.clone(), why)),
            Err(_) => tried.push((endpoint.clone(), Why::Silent(PATIENCE))),
        }
    }
    Err(NoEngine::new(tried))
}

async fn try_one(endpoint: &Endpoint) -> Result<Docker, Why> {
    match Address::parse(&endpoint.address, endpoint.tls != Tls::No)? {
        Address::Socket(path) => {
            // bollard takes a socket in a folder it may not enter for missing.
            tokio::fs::metadata(&path).await?;
            greet(on_socket(&endpoint.address)?).await
        }
        Address::Tcp { authority, tls } => {
            if tls {
                let client = with_tls(&authority, &endpoint.tls)?;
                let ask = || async { greet(client.clone()).await.map_err(Why::over_tls) };
                // In TLS 1.3 a certificate is refused after the handshake, and who
                // hangs up then may not be heard out: asked again, it says why.
                ask.retry(AGAIN)
                    .when(|why| matches!(why, Why::HangsUp))
                    .await
            } else {
                greet(transport::clear(&authority)?).await
            }
        }
        Address::Ssh(remote) => {
            let tunnel = Tunnel::open(remote.clone()).await?;
            let greeted = async { greet(on_socket(&tunnel.address())?).await };
            match greeted.await {
                Ok(docker) => Ok(Docker {
                    tunnel: Some(Arc::new(tunnel)),
                    ..docker
                }),
                Err(why) => Err(Why::BehindTunnel {
                    socket: remote.socket,
                    why: Box::new(why),
                    said: tunnel.said(),
                }),
            }
        }
    }
}

fn on_socket(address: &str) -> Result<Client, Why> {
    let client = Client::connect_with_unix(address, NEVER, API_DEFAULT_VERSION)?;
    Ok(client)
}

fn with_tls(authority: &str, tls: &Tls) -> Result<Client, Why> {
    let Tls::Verified(folder) = tls else {
        return Err(TlsError::Unverified.into());
    };
    transport::with_tls(authority, folder).map_err(|error| match error {
        WithTlsError::Files(error) => error.into(),
        WithTlsError::Client(error) => Why::from(error).over_tls(),
    })
}

/// Asks an engine what it is.
async fn greet(client: Client) -> Result<Docker, Why> {
    // Pinning a version would shut out older engines: ask first.
    let client = credentials::mended(client).negotiate_version().await?;
    let version = client.version().await?;
    let info = client.info().await?;
    Ok(Docker {
        client,
        abilities: Abilities::of(&version),
        capabilities: capabilities(&version, &info),
        tunnel: None,
        credentials: Credentials::default(),
    })
}

fn capabilities(version: &SystemVersion, info: &SystemInfo) -> Capabilities {
    let name = if Abilities::of(version).is_podman {
        "Podman"
    } else {
        version
            .platform
            .as_ref()
            .map(|platform| platform.name.as_str())
            .filter(|name| !name.is_empty())
            .unwrap_or("Docker")
    };
    Capabilities {
        name: format!(
            "{name} {} (API {})",
            version.version.as_deref().unwrap_or("?"),
            version.api_version.as_deref().unwrap_or("?"),
        ),
        cores: info.ncpu.and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        memory: info
            .mem_total
            .and_then(|bytes| u64::try_from(bytes).ok())
            .unwrap_or(0),
    }
}
