use futures_util::{StreamExt, stream};

use crate::model::RunId;
use crate::plan::label;
use crate::runtime::{Resource, Runtime, RuntimeError};

/// How many are removed at once: each takes a connection, and there may be thousands.
const AT_ONCE: usize = 16;

/// Something a run left on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// How the engine names it.
    pub id: String,
    /// How a person names it.
    pub name: String,
    /// The run it belonged to.
    pub run: RunId,
    /// Whose run that was.
    pub owner: String,
    /// The host whose process it was; earlier versions did not say.
    pub host: Option<String>,
    /// That host's kernel since it was started.
    pub boot: Option<String>,
    /// Of a sign of life: when it was given, in seconds since 1970.
    pub beat: Option<u64>,
}

/// The kinds of things a run creates, in the order they can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftoverKind {
    /// A container.
    Container,
    /// A network.
    Network,
    /// A volume.
    Volume,
}

impl LeftoverKind {
    /// The word shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Network => "network",
            Self::Volume => "volume",
        }
    }
}

/// Everything on the engine that carries the label of a run.
///
/// # Errors
/// When the engine does not answer.
pub async fn leftovers(runtime: &dyn Runtime) -> Result<Vec<Leftover>, RuntimeError> {
    let (containers, networks, volumes) = tokio::try_join!(
        runtime.containers(label::RUN),
        runtime.networks(label::RUN),
        runtime.volumes(label::RUN),
    )?;
    let of = |kind: LeftoverKind, resources: Vec<Resource>| {
        resources.into_iter().map(move |resource| Leftover {
            kind,
            run: RunId::new(resource.label(label::RUN).unwrap_or_default()),
            owner: resource.label(label::OWNER).unwrap_or_default().to_owned(),
            host: resource.label(label::HOST).map(str::to_owned),
            boot: resource.label(label::BOOT).map(str::to_owned),
            beat: resource.label(label::BEAT).and_then(|at| at.parse().ok()),
            id: resource.id,
            name: resource.name,
        })
    };
    Ok(of(LeftoverKind::Container, containers)
        .chain(of(LeftoverKind::Network, networks))
        .chain(of(LeftoverKind::Volume, volumes))
        .collect())
}

/// Removes these: containers first and some at the same time, then what they held.
///
/// # Errors
/// The first that could not be removed; the others are tried all the same.
pub async fn remove_leftovers(
    runtime: &dyn Runtime,
    leftovers: &[Leftover],
) -> Result<(), RuntimeError> {
    let mut first_error = Ok(());
    for kind in [
        LeftoverKind::Container,
        LeftoverKind::Network,
        LeftoverKind::Volume,
    ] {
        let removals: Vec<_> = leftovers
            .iter()
            .filter(|leftover| leftover.kind == kind)
            .map(|leftover| match kind {
                LeftoverKind::Container => runtime.remove(&leftover.id),
                LeftoverKind::Network => runtime.remove_network(&leftover.id),
                LeftoverKind::Volume => runtime.remove_volume(&leftover.id),
            })
            .collect();
        let mut removals = stream::iter(removals).buffer_unordered(AT_ONCE);
        while let Some(result) = removals.next().await {
            if first_error.is_ok() {
                first_error = result;
            }
        }
    }
    first_error
}

/// Removes the leftovers that `is_dead` chooses, and says which they were.
///
/// # Errors
/// When the engine does not answer or something could not be removed.
pub async fn sweep(
    runtime: &dyn Runtime,
    is_dead: impl Fn(&Leftover) -> bool,
) -> Result<Vec<Leftover>, RuntimeError> {
    let mut dead = leftovers(runtime).await?;
    dead.retain(is_dead);
    remove_leftovers(runtime, &dead).await?;
    Ok(dead)
}
