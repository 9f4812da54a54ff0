use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::caller::Caller;
use super::making::Making;
use super::memo::Listeners;
use super::problem::Problem;
use super::tail::keep_tail;
use crate::event::{Event, NoticeKind};
use crate::model::redacted;
use crate::plan::{Base, BaseSource, DebianBase, ImageRef, label};
use crate::runtime::{Bootstrap, Bootstrapping, Image, PullError, Runtime, RuntimeError};

/// How long a registry that was not reached is not asked where Debian has the
/// same: the next pull would fail as slowly.
const SILENCE: Duration = Duration::from_secs(600);

/// Finds or makes base images.
pub struct Bases {
    runtime: Arc<dyn Runtime>,
    bootstrap: Arc<dyn Bootstrap>,
    unreached: Mutex<Option<Instant>>,
}

/// A base that is there.
#[derive(Debug, Clone)]
pub struct Found {
    /// How a Dockerfile names it.
    pub reference: String,
    /// Its content's id.
    pub id: String,
}

impl Bases {
    pub fn new(runtime: Arc<dyn Runtime>, bootstrap: Arc<dyn Bootstrap>) -> Self {
        Self {
            runtime,
            bootstrap,
            unreached: Mutex::default(),
        }
    }

    /// The base image: what is present, then the registry, then Debian, as far
    /// as the user allows each.
    pub async fn ensure(
        &self,
        base: &Base,
        source: BaseSource,
        caller: &Caller,
        listeners: &Listeners,
    ) -> Result<Found, Problem> {
        let registry = match source {
            BaseSource::Debian => None,
            _ => base.registry.clone(),
        };
        let debian = match source {
            BaseSource::Registry => None,
            _ => base.debian_tag().zip(base.debian.as_ref()),
        };
        let tag = debian.as_ref().map(|(tag, _)| tag);
        for reference in registry.iter().chain(tag) {
            if let Some(image) = self.runtime.image(reference).await? {
                return Ok(Found::of(reference, image));
            }
        }
        let making = Making::begin(&base.image_name(), listeners);
        let mut refusal = None;
        if let Some(reference) = registry
            && !(debian.is_some() && self.is_silent())
        {
            match self.runtime.pull(&reference).await {
                Ok(_) => {
                    making.end();
                    return self.found(&reference).await;
                }
                Err(PullError::Runtime(error)) => return Err(error.into()),
                Err(error) => {
                    if matches!(error, PullError::Failing(_)) {
                        *self.unreached() = Some(Instant::now());
                    }
                    if debian.is_some() {
                        caller.emit.notice(
                            NoticeKind::Fallback,
                            format!(
                                "{reference} could not be pulled ({error}); it comes from Debian"
                            ),
                        );
                    }
                    refusal = Some(refused(base, &error));
                }
            }
        }
        let Some((tag, recipe)) = debian else {
            return Err(refusal.unwrap_or_else(|| {
                Problem::NoBase(format!(
                    "no base image for {}: neither a registry nor Debian is known to have it",
                    base.name
                ))
            }));
        };
        self.bootstrap(base, recipe, &tag, listeners).await?;
        making.end();
        self.found(&tag).await
    }

    /// Makes a base from Debian's packages.
    async fn bootstrap(
        &self,
        base: &Base,
        recipe: &DebianBase,
        tag: &str,
        listeners: &Listeners,
    ) -> Result<ImageRef, Problem> {
        let failed = |message: String, tail: Vec<String>| Problem::Build {
            image: base.image_name(),
            step: format!("mmdebstrap {}", recipe.suite),
            message,
            tail,
        };
        let begun = self.bootstrap.begin(recipe).await;
        let Bootstrapping {
            archive,
            log: mut lines,
            end,
        } = begun.map_err(|error| failed(error.to_string(), Vec::new()))?;
        let log = async {
            let mut tail = Vec::new();
            while let Some(line) = lines.recv().await {
                let line = redacted(&line);
                keep_tail(&mut tail, &line);
                listeners.emit(&Event::ImageLog {
                    image: base.image_name(),
                    step: None,
                    line,
                });
            }
            tail
        };
        let labels = [(label::CACHE.to_owned(), "base".to_owned())];
        let import = self.runtime.import(tag, &labels, archive);
        let (tail, imported, ended) = tokio::join!(log, import, end);
        if let Err(error @ (RuntimeError::NoSpace(_) | RuntimeError::Unreachable(_))) = imported {
            // mmdebstrap ends badly too then: nobody takes its archive.
            return Err(error.into());
        }
        if let Err(error) = ended {
            // The engine may have made an image of half an archive.
            let _ = self.runtime.remove_image(tag).await;
            return Err(failed(error.to_string(), tail));
        }
        Ok(imported?)
    }

    async fn found(&self, reference: &str) -> Result<Found, Problem> {
        match self.runtime.image(reference).await? {
            Some(image) => Ok(Found::of(reference, image)),
            None => Err(RuntimeError::Missing(reference.to_owned()).into()),
        }
    }

    fn is_silent(&self) -> bool {
        self.unreached()
            .is_some_and(|since| since.elapsed() < SILENCE)
    }

    fn unreached(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.unreached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Found {
    fn of(reference: &str, image: Image) -> Self {
        Self {
            reference: reference.to_owned(),
            id: image.id,
        }
    }
}

/// What it means that a registry did not give a base. Only its word that there is
/// none makes a cell `skipped`: a run that is told less is not green.
fn refused(base: &Base, error: &PullError) -> Problem {
    let message = redacted(&format!("no base image for {}: {error}", base.name));
    match error {
        PullError::NotThere(_) if base.debian.is_none() => {
            Problem::NoBase(format!("{message}, and Debian does not have it"))
        }
        PullError::NotThere(_) => Problem::NoBase(message),
        PullError::Refused(_) => Problem::Registry {
            message,
            may_pass: false,
            retry_after: None,
        },
        PullError::Busy { retry_after, .. } => Problem::Registry {
            message,
            may_pass: true,
            retry_after: *retry_after,
        },
        PullError::Failing(_) | PullError::Runtime(_) => Problem::Registry {
            message,
            may_pass: true,
            retry_after: None,
        },
    }
}
