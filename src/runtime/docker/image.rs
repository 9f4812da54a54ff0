use std::collections::HashMap;

use bollard::Docker;
use bollard::body_try_stream;
use bollard::errors::Error;
use bollard::query_parameters::{
    BuildImageOptionsBuilder, CreateImageOptionsBuilder, ListImagesOptionsBuilder,
    RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use bytes::Bytes;
use futures_util::TryStreamExt;

use super::archive;
use super::deadline::{ASK, CHANGE, Pulse, within};
use super::error::{gone_is_done, is_missing, is_no_space, refused};
use super::filter::labelled;
use crate::plan::{ImageRef, Label};
use crate::runtime::{Build, BuildError, BuildLine, ByteStream, Image, RuntimeError};

pub async fn inspect(client: &Docker, tag: &str) -> Result<Option<Image>, RuntimeError> {
    match within(ASK, client.inspect_image(tag)).await {
        Ok(image) => Ok(Some(Image {
            reference: ImageRef::new(tag),
            id: image.id.unwrap_or_default(),
            tags: image.repo_tags.unwrap_or_default(),
            labels: image
                .config
                .and_then(|config| config.labels)
                .map(|labels| labels.into_iter().collect())
                .unwrap_or_default(),
            created: 0,
            size: image.size.and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
            layers: image
                .root_fs
                .and_then(|file_system| file_system.layers)
                .unwrap_or_default(),
        })),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(refused(format!("inspect image {tag}"))(error)),
    }
}

pub async fn list(client: &Docker, labels: &[Label]) -> Result<Vec<Image>, RuntimeError> {
    let filters = labelled(labels.iter().map(|(key, value)| format!("{key}={value}")));
    let options = ListImagesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let images = within(ASK, client.list_images(Some(options)))
        .await
        .map_err(refused("list images"))?;
    Ok(images
        .into_iter()
        .map(|image| {
            let tags: Vec<String> = image
                .repo_tags
                .into_iter()
                // How older engines spell that there is none.
                .filter(|tag| tag != "<none>:<none>")
                .collect();
            Image {
                reference: ImageRef::new(tags.first().unwrap_or(&image.id)),
                id: image.id,
                tags,
                labels: image.labels.into_iter().collect(),
                created: image.created,
                size: u64::try_from(image.size).unwrap_or(0),
                layers: Vec::new(),
            }
        })
        .collect())
}

/// Imports under another name first: of an archive that is cut off before its
/// first byte, Podman 4.3 makes an empty image, and the next run would take it
/// for the whole.
pub async fn import(
    client: &Docker,
    tag: &str,
    labels: &[Label],
    files: ByteStream,
) -> Result<ImageRef, RuntimeError> {
    let (repository, version) = tag.rsplit_once(':').unwrap_or((tag, "latest"));
    let partial = format!("{repository}:{version}-partial");
    let changes: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("LABEL {key}={value}"))
        .collect();
    let options = CreateImageOptionsBuilder::default()
        .from_src("-")
        // With the version in it: Podman 4.3 does not heed a separate one.
        .repo(&partial)
        .changes(changes)
        .build();
    let pulse = Pulse::new();
    let body = body_try_stream(pulse.of(files.map_ok(Bytes::from).map_err(archive::unreadable)));
    let failed = || refused(format!("import {tag}"));
    let import = client
        .create_image(Some(options), Some(body), None)
        .try_for_each(|_| std::future::ready(Ok(())));
    pulse.watch(import).await.map_err(failed())?;
    let options = TagImageOptionsBuilder::default()
        .repo(repository)
        .tag(version)
        .build();
    within(CHANGE, client.tag_image(&partial, Some(options)))
        .await
        .map_err(failed())?;
    remove(client, &partial).await?;
    Ok(ImageRef::new(tag))
}

pub async fn build(
    client: &Docker,
    build: Build,
    log: &(dyn Fn(BuildLine) + Send + Sync),
) -> Result<ImageRef, BuildError> {
    let arguments: HashMap<String, String> = build.arguments.into_iter().collect();
    let options = BuildImageOptionsBuilder::default()
        .t(&build.tag)
        .buildargs(&arguments)
        .rm(true)
        .forcerm(true)
        .build();
    let pulse = Pulse::new();
    let body = body_try_stream(pulse.of(archive::stream(build.context)));
    let mut lines = Lines::default();
    let built = pulse
        .of(client.build_image(options, None, Some(body)))
        .try_for_each(|info| {
            for text in lines.push(&info.stream.unwrap_or_default()) {
                log(BuildLine {
                    step: read_step(&text),
                    text,
                });
            }
            std::future::ready(Ok(()))
        });
    match pulse.watch(built).await {
        Ok(()) => {}
        Err(Error::DockerStreamError { error: message }) if !is_no_space(&message) => {
            return Err(BuildError::Step(message));
        }
        Err(error) => return Err(refused(format!("build {}", build.tag))(error).into()),
    }
    // A stream that was cut off between two lines ends like one that did not.
    let image = inspect(client, &build.tag).await?.ok_or_else(|| {
        let message = format!(
            "build {}: its log ended before its image was there",
            build.tag
        );
        RuntimeError::Unreachable(message)
    })?;
    Ok(image.reference)
}

pub async fn remove(client: &Docker, tag: &str) -> Result<(), RuntimeError> {
    let options = RemoveImageOptionsBuilder::default().build();
    let removed = within(CHANGE, client.remove_image(tag, Some(options), None)).await;
    gone_is_done(removed.map(|_| ()), &format!("remove image {tag}"))
}

/// Puts lines together that the engine sends in pieces, without the colour that
/// the classic builder gives to standard error.
#[derive(Default)]
struct Lines {
    rest: String,
}

impl Lines {
    fn push(&mut self, piece: &str) -> Vec<String> {
        self.rest.push_str(piece);
        let mut lines = Vec::new();
        while let Some(end) = self.rest.find('\n') {
            let line = console::strip_ansi_codes(self.rest[..end].trim_end()).into_owned();
            self.rest.drain(..=end);
            if !line.is_empty() {
                lines.push(line);
            }
        }
        lines
    }
}

/// `Step 3/12 : RUN …`, as the classic builder writes it, or Podman's
/// `[1/2] STEP 3/7: RUN …`, which counts the steps of each stage.
fn read_step(line: &str) -> Option<(u32, u32)> {
    let numbers = if let Some(rest) = line.strip_prefix("Step ") {
        rest.split_once(" : ")?.0
    } else {
        let line = match line.strip_prefix('[') {
            Some(rest) => rest.split_once("] ")?.1,
            None => line,
        };
        line.strip_prefix("STEP ")?.split_once(": ")?.0
    };
    let (step, steps) = numbers.split_once('/')?;
    Some((step.parse().ok()?, steps.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_pieces_become_whole() {
        let mut lines = Lines::default();
        assert!(lines.push("Step 1/2").is_empty());
        assert_eq!(
            lines.push(" : FROM x\n ---> 1\nhalf"),
            ["Step 1/2 : FROM x", " ---> 1"]
        );
    }

    #[test]
    fn the_builders_colours_are_no_part_of_a_line() {
        let mut lines = Lines::default();
        assert_eq!(
            lines.push("\u{1b}[91mls: no such file\n\u{1b}[0mRemoving\n"),
            ["ls: no such file", "Removing"]
        );
    }

    #[test]
    fn steps_are_read_and_other_lines_are_not() {
        assert_eq!(read_step("Step 3/12 : RUN true"), Some((3, 12)));
        assert_eq!(read_step("[1/2] STEP 3/7: COPY a b"), Some((3, 7)));
        assert_eq!(read_step("STEP 3/7: COPY a b"), Some((3, 7)));
        for line in ["Step by step", "[1/2] COMMIT", "STEP on it: now", "[x"] {
            assert_eq!(read_step(line), None, "{line}");
        }
    }
}
