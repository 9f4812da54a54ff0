use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker as Client, errors::Error};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::deadline::NEVER;
use super::tls::{Files, TlsError};

/// What is silent for so long is asked whether it is still there: shorter than
/// routers remember a silent connection, the most forgetful of which give it a
/// minute or a few.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Between one such question and the next.
const INTERVAL: Duration = Duration::from_secs(10);
/// Questions without an answer until the connection counts as broken.
const RETRIES: u32 = 3;
/// How long what was sent may stay without a receipt.
#[cfg(target_os = "linux")]
const RECEIPT: Duration = Duration::from_secs(60);

/// A client of a TCP port, in the clear. bollard's own sets no keepalive, and a
/// container's log may be silent for an hour.
pub fn clear(authority: &str) -> Result<Client, Error> {
    client(tcp(), &format!("http://{authority}"))
}

/// The same with TLS. The engine's certificate has to be one that `ca.pem`
/// vouches for, as for Docker's own client; bollard would take what the system
/// trusts as well.
pub fn with_tls(authority: &str, folder: &Path) -> Result<Client, WithTlsError> {
    let files = Files::check(folder)?;
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config(&files)?)
        .https_only()
        .enable_http1()
        .wrap_connector(tcp());
    Ok(client(connector, &format!("https://{authority}"))?)
}

/// Why a client with TLS cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WithTlsError {
    #[error(transparent)]
    Files(#[from] TlsError),
    #[error(transparent)]
    Client(#[from] Error),
}

fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(KEEPALIVE));
    connector.set_keepalive_interval(Some(INTERVAL));
    connector.set_keepalive_retries(Some(RETRIES));
    #[cfg(target_os = "linux")]
    connector.set_tcp_user_timeout(Some(RECEIPT));
    connector
}

fn client<C>(connector: C, address: &str) -> Result<Client, Error>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    // As bollard has it: each request on a connection of its own.
    let client = legacy::Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector);
    let send = move |request: BollardRequest| {
        let answer = client.request(request);
        async move { answer.await.map_err(Error::from) }
    };
    Client::connect_with_custom_transport(send, Some(address), NEVER, API_DEFAULT_VERSION)
}

fn config(files: &Files) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(&files.ca)?);
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Unusable(files.ca.clone(), error.to_string()))?
            .with_root_certificates(roots);
    if !files.cert.exists() {
        return Ok(config.with_no_client_auth());
    }
    let unusable = |error: String| TlsError::Unusable(files.key.clone(), error);
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unusable(error.to_string()))?;
    config
        .with_client_auth_cert(certificates(&files.cert)?, key)
        .map_err(|error| unusable(error.to_string()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| TlsError::Unusable(path.to_owned(), error.to_string()))
}
