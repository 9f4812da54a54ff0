use crate::plan::label;
use crate::runtime::{Image, Runtime, RuntimeError};

/// An image that djbuild made and keeps, so that the next run need not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedImage {
    /// Its tag, or its id where it has none any more.
    pub tag: String,
    /// What kind of cache it is.
    pub kind: CacheKind,
    /// Seconds since 1970 when it was made.
    pub created: i64,
    /// Bytes it takes beyond the image it stands on.
    pub own: u64,
    /// The tag of the image it stands on, where that is one of these.
    pub parent: Option<String>,
    /// The tree inside, of a tree's layer.
    pub snapshot: Option<String>,
}

/// What kinds of images are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheKind {
    /// A base made from Debian's packages.
    Base,
    /// A step on the way to an image: compilers, kept for the next one on its base.
    Stage,
    /// A test image or a service's image.
    Image,
    /// A Django tree on a test image.
    Tree,
}

impl CachedImage {
    /// Its tag as djbuild gave it: Podman puts its registry before it.
    pub fn given_tag(&self) -> &str {
        let start = self.tag.find("djbuild/").unwrap_or(0);
        &self.tag[start..]
    }
}

impl CacheKind {
    /// The words of the label, and what images with a tag are then.
    const LABELS: [(&'static str, Self); 3] = [
        ("base", Self::Base),
        ("image", Self::Image),
        ("tree", Self::Tree),
    ];
}

/// What djbuild keeps on an engine, bases first, by name.
///
/// # Errors
/// When the engine cannot be asked.
pub async fn cached_images(runtime: &dyn Runtime) -> Result<Vec<CachedImage>, RuntimeError> {
    let mut found: Vec<(CacheKind, Image)> = Vec::new();
    for (word, tagged) in CacheKind::LABELS {
        let labels = [(label::CACHE.to_owned(), word.to_owned())];
        for listed in runtime.images(&labels).await? {
            let tag = name(&listed);
            // The builder leaves the stages of a Dockerfile without a tag.
            let kind = if listed.tags.is_empty() {
                CacheKind::Stage
            } else {
                tagged
            };
            // The list does not tell layers. What is gone meanwhile is gone.
            if let Some(mut image) = runtime.image(&tag).await? {
                image.created = listed.created;
                image.tags = vec![tag];
                found.push((kind, image));
            }
        }
    }
    let mut cached: Vec<CachedImage> = found
        .iter()
        .map(|(kind, image)| {
            let parent = parent(image, found.iter().map(|(_, other)| other));
            CachedImage {
                tag: name(image),
                kind: *kind,
                created: image.created,
                own: image.size - parent.map_or(0, |parent| parent.size.min(image.size)),
                parent: parent.map(name),
                snapshot: image.label(label::SNAPSHOT).map(str::to_owned),
            }
        })
        .collect();
    cached.sort_by(|a, b| (a.kind, &a.tag).cmp(&(b.kind, &b.tag)));
    Ok(cached)
}

/// Removes some of them, those that stand on others first, and returns those
/// that went. What a container stands on stays.
pub async fn remove_cached<'a>(
    runtime: &dyn Runtime,
    images: impl Iterator<Item = &'a CachedImage>,
) -> Vec<&'a CachedImage> {
    let mut images: Vec<&CachedImage> = images.collect();
    images.sort_by_key(|image| std::cmp::Reverse(image.kind));
    let mut removed = Vec::new();
    for image in images {
        if runtime.remove_image(&image.tag).await.is_ok()
            && matches!(runtime.image(&image.tag).await, Ok(None))
        {
            removed.push(image);
        }
    }
    removed
}

fn name(image: &Image) -> String {
    image.tags.first().unwrap_or(&image.id).clone()
}

/// The image with the most of this one's layers and no other.
fn parent<'a>(image: &Image, all: impl Iterator<Item = &'a Image>) -> Option<&'a Image> {
    all.filter(|other| {
        other.layers.len() < image.layers.len()
            && !other.layers.is_empty()
            && image.layers.starts_with(&other.layers)
    })
    .max_by_key(|other| other.layers.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(layers: &[&str], size: u64) -> Image {
        Image {
            id: layers.join("/"),
            layers: layers.iter().map(ToString::to_string).collect(),
            size,
            ..Image::default()
        }
    }

    #[test]
    fn an_image_stands_on_the_one_with_most_of_its_layers() {
        let all = [
            image(&["a"], 10),
            image(&["a", "b"], 15),
            image(&["a", "c"], 40),
            image(&["a", "b", "d"], 16),
        ];
        let found = parent(&all[3], all.iter()).map(|image| image.id.as_str());
        assert_eq!(found, Some("a/b"));
        assert_eq!(parent(&all[0], all.iter()), None);
    }
}
