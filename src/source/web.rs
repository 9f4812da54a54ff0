use std::time::Duration;

/// A client with the system's trust, not a list of its own: hosts behind a proxy
/// that intercepts TLS have their CA there.
pub fn agent(timeout: Duration) -> ureq::Agent {
    let tls = ureq::tls::TlsConfig::builder()
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .user_agent(concat!("djbuild/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(timeout))
        .build()
        .new_agent()
}

/// Whether something answers at this address, within some seconds.
///
/// # Errors
/// With why not, in words.
pub fn reach(url: &str) -> Result<(), String> {
    let timeout = Duration::from_secs(10);
    agent(timeout)
        .head(url)
        .config()
        .timeout_global(Some(timeout))
        .build()
        .call()
        .map(|_| ())
        .map_err(|error| error.to_string())
}
