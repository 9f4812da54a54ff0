use std::collections::BTreeMap;
use std::time::Duration;

use super::args::{ImagesCommand, PruneOptions};
use super::connect;
use super::error::{CliError, Outcome};
use super::exit::Exit;
use super::say::{say, warn};
use super::{image_build, screen};
use crate::engine::{CacheKind, CachedImage, cached_images, remove_cached};
use crate::model::{bytes, duration, plural};
use crate::report;
use crate::run::Home;
use crate::runtime::Runtime;
use crate::store::History;

const DAY: u64 = 86_400;

pub async fn images(command: ImagesCommand) -> Outcome {
    match command {
        ImagesCommand::Build(options) => image_build::build(*options).await,
        ImagesCommand::List => list().await,
        ImagesCommand::Prune(options) => prune(&options).await,
    }
}

/// What is kept, and when each image was last used.
struct Kept {
    images: Vec<CachedImage>,
    used: BTreeMap<String, i64>,
    now: i64,
}

impl Kept {
    async fn find(runtime: &dyn Runtime, folders: &Home) -> Result<Self, CliError> {
        let used = History::open(&folders.state.history_file())
            .and_then(|history| history.images())
            .unwrap_or_else(|error| {
                warn(&format!("when images were used is unknown: {error}"));
                BTreeMap::new()
            });
        Ok(Self {
            images: cached_images(runtime).await?,
            used,
            now: jiff::Timestamp::now().as_second(),
        })
    }

    /// Seconds since a run last stood on an image; since it was made, for one that
    /// no run of this user is known to have used.
    fn idle(&self, image: &CachedImage) -> u64 {
        let used = self
            .used
            .get(image.given_tag())
            .copied()
            .unwrap_or(image.created);
        u64::try_from(self.now - used).unwrap_or(0)
    }

    /// The images that nothing has used for so long, nor anything that stands on
    /// them.
    fn unused_for(&self, time: Duration) -> Vec<&CachedImage> {
        let is_idle = |image: &&CachedImage| self.idle(image) >= time.as_secs();
        let mut idle: Vec<&CachedImage> = self.images.iter().filter(is_idle).collect();
        // Down the chain, as often as it has links.
        for _ in 0..2 {
            let stays = |parent: &CachedImage| {
                let mut others = self.images.iter();
                others.any(|other| {
                    other.parent.as_ref() == Some(&parent.tag)
                        && !idle.iter().any(|idle| idle.tag == other.tag)
                })
            };
            let leaves: Vec<&CachedImage> =
                idle.iter().copied().filter(|image| !stays(image)).collect();
            idle = leaves;
        }
        idle
    }
}

async fn list() -> Outcome {
    let (folders, docker) = (Home::find()?, connect::container_engine().await?);
    let kept = Kept::find(&docker, &folders).await?;
    if kept.images.is_empty() {
        say(
            "djbuild keeps no images on this engine; `djbuild images build` makes those of a matrix\n",
        )?;
        return Ok(Exit::Passed);
    }
    let rows: Vec<[String; 4]> = kept
        .images
        .iter()
        .map(|image| {
            let used = match kept.used.get(image.given_tag()) {
                Some(_) => format!("{} ago", ago(kept.idle(image))),
                None => "unknown".to_owned(),
            };
            [brief(&image.tag), why(image), bytes(image.own), used]
        })
        .collect();
    let titles = ["image", "why it is there", "own size", "last used"];
    let mut text = report::rows(&titles, &rows, screen::width());
    let idle = kept.unused_for(Duration::from_secs(30 * DAY));
    let count = plural(kept.images.len() as u64, "image");
    text.push_str(&format!(
        "{count}, {} at most: stages share layers\n",
        bytes(total(kept.images.iter()))
    ));
    let idle = match idle.as_slice() {
        [] => {
            "None has been unused for 30 days; `djbuild images prune --all` would free everything"
        }
        idle => &format!(
            "`djbuild images prune` would free up to {} of {} unused for 30 days; with --all everything",
            bytes(total(idle.iter().copied())),
            plural(idle.len() as u64, "image"),
        ),
    };
    text.push_str(&format!("{idle}\n"));
    say(&text)?;
    Ok(Exit::Passed)
}

async fn prune(options: &PruneOptions) -> Outcome {
    let (folders, docker) = (Home::find()?, connect::container_engine().await?);
    let kept = Kept::find(&docker, &folders).await?;
    let chosen: Vec<&CachedImage> = if options.all {
        kept.images.iter().collect()
    } else {
        kept.unused_for(options.unused_for)
    };
    if chosen.is_empty() {
        let time = ago(options.unused_for.as_secs());
        say(&format!(
            "nothing to remove: no image has been unused for {time}; --all removes every one\n"
        ))?;
        return Ok(Exit::Passed);
    }
    if options.dry_run {
        for image in &chosen {
            say(&format!(
                "would remove {} ({})\n",
                brief(&image.tag),
                bytes(image.own)
            ))?;
        }
        say(&format!(
            "would free up to {}\n",
            bytes(total(chosen.into_iter()))
        ))?;
        return Ok(Exit::Passed);
    }
    let removed = remove_cached(&docker, chosen.iter().copied()).await;
    for image in &removed {
        say(&format!(
            "removed {} ({})\n",
            brief(&image.tag),
            bytes(image.own)
        ))?;
    }
    let stayed = chosen.len() - removed.len();
    if stayed > 0 {
        let count = plural(stayed as u64, "image");
        say(&format!("left alone: {count} that something stands on\n"))?;
    }
    say(&format!(
        "freed up to {}\n",
        bytes(total(removed.into_iter()))
    ))?;
    Ok(Exit::Passed)
}

fn total<'a>(images: impl Iterator<Item = &'a CachedImage>) -> u64 {
    images.map(|image| image.own).sum()
}

fn ago(seconds: u64) -> String {
    match seconds {
        0..DAY => duration(f64::from(u32::try_from(seconds).unwrap_or(0))),
        _ => plural(seconds / DAY, "day"),
    }
}

/// A tag as a person tells it from others.
fn brief(tag: &str) -> String {
    let (name, hash) = tag.rsplit_once(':').unwrap_or((tag, ""));
    let name = if name == "sha256" {
        "stage"
    } else {
        brief_name(name)
    };
    // Of a base made from Debian: the suite, and a hash that is short already.
    let hash: String = hash
        .chars()
        .take(if hash.contains('-') { 40 } else { 8 })
        .collect();
    format!("{name}:{hash}")
}

fn brief_name(tag: &str) -> &str {
    let name = tag.rsplit('/').next().unwrap_or(tag);
    name.split(':').next().unwrap_or(name)
}

/// Why an image is there, from its name.
fn why(image: &CachedImage) -> String {
    let name = image.tag.rsplit('/').next().unwrap_or(&image.tag);
    let (name, version) = name.split_once(':').unwrap_or((name, ""));
    match image.kind {
        CacheKind::Base => {
            let suite = version.split('-').next().unwrap_or(version);
            let what = name.trim_start_matches("base-");
            format!("{what} from Debian {suite}")
        }
        CacheKind::Stage => {
            let base = image.parent.as_deref().map_or("its base", brief_name);
            format!("compilers, for the next image on {base}")
        }
        CacheKind::Image if name.starts_with("python") || name.starts_with("pypy") => {
            let (python, client) = name.split_once('-').unwrap_or((name, "sqlite"));
            format!("{python} with a branch's requirements, for {client}")
        }
        CacheKind::Image => format!("the {name} server, initialised"),
        CacheKind::Tree => {
            let tree = image.snapshot.as_deref().unwrap_or_default();
            let tree = tree.get(..12).unwrap_or(tree);
            let on = name.trim_start_matches("tree-");
            format!("Django {tree} on {on}, compiled")
        }
    }
}
