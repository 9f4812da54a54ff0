use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Whom to trust to say who a server is: those in a file, else those of the system.
pub async fn trusted(file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let file = file.map(Path::to_owned);
    let read = tokio::task::spawn_blocking(move || {
        let Some(file) = file else {
            let mut found = rustls_native_certs::load_native_certs().certs;
            // One that is no good is no reason to trust none.
            found.retain(|one| RootCertStore::empty().add(one.clone()).is_ok());
            return Ok(found);
        };
        let certificates = CertificateDer::pem_file_iter(&file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        if certificates.is_empty() {
            return Err(format!("{}: there is no certificate in it", file.display()));
        }
        Ok(certificates)
    });
    read.await.map_err(|error| error.to_string())?
}
