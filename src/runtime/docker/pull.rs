use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;

use super::credentials::Credentials;
use super::deadline::Pulse;
use super::image;
use super::registry::classify;
use crate::plan::ImageRef;
use crate::runtime::{PullError, RuntimeError};

/// Fetches an image from its registry, with what `docker login` keeps for it.
pub async fn pull(
    client: &Docker,
    credentials: &Credentials,
    name: &str,
) -> Result<ImageRef, PullError> {
    let (credentials, trouble) = match credentials.for_image(name).await {
        Ok(credentials) => (credentials, None),
        // Many images are for everybody.
        Err(error) => (None, Some(error)),
    };
    let options = CreateImageOptionsBuilder::default()
        .from_image(name)
        .build();
    let pulse = Pulse::new();
    let lines = pulse
        .of(client.create_image(Some(options), None, credentials))
        .try_for_each(|_| std::future::ready(Ok(())));
    let error = match pulse.watch(lines).await {
        Ok(()) => return found(client, name).await,
        Err(error) => classify(name, error),
    };
    Err(match (error, trouble) {
        (PullError::Refused(message), Some(trouble)) => PullError::Refused(format!(
            "{message}; it was asked without credentials: {trouble}"
        )),
        (error, _) => error,
    })
}

/// A stream that was cut off between two lines ends like one that did not.
async fn found(client: &Docker, name: &str) -> Result<ImageRef, PullError> {
    let image = image::inspect(client, name).await?.ok_or_else(|| {
        RuntimeError::Unreachable(format!("pull {name}: it ended before its image was there"))
    })?;
    Ok(image.reference)
}
