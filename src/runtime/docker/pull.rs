use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;

use super::deadline::Pulse;
use super::registry::classify;
use crate::plan::ImageRef;
use crate::runtime::PullError;

/// Fetches an image from its registry.
pub async fn pull(client: &Docker, name: &str) -> Result<ImageRef, PullError> {
    let options = CreateImageOptionsBuilder::default()
        .from_image(name)
        .build();
    let pulse = Pulse::new();
    let lines = pulse
        .of(client.create_image(Some(options), None, None))
        .try_for_each(|_| std::future::ready(Ok(())));
    match pulse.watch(lines).await {
        Ok(()) => Ok(ImageRef::new(name)),
        Err(error) => Err(classify(name, error)),
    }
}
