use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::TryStreamExt;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio_util::io::ReaderStream;

use super::Emitter;
use super::images::Problem;
use crate::event::{Event, Notice, NoticeKind};
use crate::plan::{Base, BaseSource, DebianBase, label};
use crate::runtime::{PullError, Runtime, RuntimeError};

/// Finds or makes base images.
#[derive(Debug)]
pub struct Bases {
    source: BaseSource,
    mirror: String,
    /// Set by the first pull that fails: the next would fail as slowly.
    no_registry: AtomicBool,
}

/// A base that is there.
pub struct Found {
    /// How a Dockerfile names it.
    pub reference: String,
    /// Its content's id.
    pub id: String,
}

impl Bases {
    pub const fn new(source: BaseSource, mirror: String) -> Self {
        Self {
            source,
            mirror,
            no_registry: AtomicBool::new(false),
        }
    }

    /// The base image: what is present, then the registry, then Debian, as far
    /// as the user allows each.
    pub async fn ensure(
        &self,
        base: &Base,
        runtime: &dyn Runtime,
        emit: &Emitter,
    ) -> Result<Found, Problem> {
        let registry = match self.source {
            BaseSource::Debian => None,
            _ => base.registry.clone(),
        };
        let debian = match self.source {
            BaseSource::Registry => None,
            _ => base.debian_tag(),
        };
        for reference in registry.iter().chain(&debian) {
            if let Some(image) = runtime.image(reference).await? {
                return Ok(Found {
                    reference: reference.clone(),
                    id: image.id,
                });
            }
        }
        let mut started = None;
        let mut refusal = None;
        if let Some(reference) = registry
            && !self.no_registry.load(Ordering::Relaxed)
        {
            let began = *started.insert(start(base, emit).await);
            match runtime.pull(&reference).await {
                Ok(_) => {
                    finish(base, began, emit).await;
                    return found(runtime, reference).await;
                }
                Err(PullError::Runtime(
                    error @ (RuntimeError::NoSpace(_) | RuntimeError::Unreachable(_)),
                )) => {
                    return Err(error.into());
                }
                Err(error) => {
                    // A registry that lacks one image may have the next.
                    if !matches!(error, PullError::NotThere(_)) {
                        self.no_registry.store(true, Ordering::Relaxed);
                    }
                    if debian.is_some() {
                        let message = format!(
                            "{reference} could not be pulled ({}); base images come from Debian",
                            summary(&error)
                        );
                        emit.emit(Event::Notice(Notice::new(NoticeKind::Fallback, message)))
                            .await;
                    }
                    refusal = Some(summary(&error));
                }
            }
        }
        let (Some(tag), Some(recipe)) = (debian, &base.debian) else {
            let why = refusal.unwrap_or_else(|| "no registry answers".to_owned());
            return Err(Problem::NoBase(match base.debian {
                None => format!(
                    "no base image for {}: {why}, and Debian does not have it",
                    base.name
                ),
                Some(_) => format!("no base image for {}: {why}", base.name),
            }));
        };
        let began = match started {
            Some(began) => began,
            None => start(base, emit).await,
        };
        self.bootstrap(base, recipe, &tag, runtime, emit).await?;
        finish(base, began, emit).await;
        found(runtime, tag).await
    }

    async fn bootstrap(
        &self,
        base: &Base,
        recipe: &DebianBase,
        tag: &str,
        runtime: &dyn Runtime,
        emit: &Emitter,
    ) -> Result<(), Problem> {
        let failed = |message: String, tail: Vec<String>| Problem::Build {
            image: base.image_name(),
            step: format!("mmdebstrap {}", recipe.suite),
            message,
            tail,
        };
        let mut child = Command::new("mmdebstrap")
            .arg("--variant=apt")
            .arg(format!("--include={}", recipe.packages.join(",")))
            // Mirrors of testing and unstable may be days behind.
            .arg("--aptopt=Acquire::Check-Valid-Until \"false\"")
            .arg("--aptopt=Acquire::Retries \"3\"")
            .args([&recipe.suite, "-", &self.mirror])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => {
                        "mmdebstrap is not installed; base images without a registry need it \
                         (apt-get install mmdebstrap)"
                            .to_owned()
                    }
                    _ => format!("mmdebstrap: {error}"),
                };
                failed(message, Vec::new())
            })?;
        // Both were asked to be piped above.
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(failed("mmdebstrap has no output".to_owned(), Vec::new()));
        };
        let log = async {
            let mut tail = Vec::new();
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                super::images::keep_tail(&mut tail, &line);
                emit.emit(Event::ImageLog {
                    image: base.image_name(),
                    step: None,
                    line,
                })
                .await;
            }
            tail
        };
        let labels = [(label::CACHE.to_owned(), "base".to_owned())];
        let archive = ReaderStream::with_capacity(stdout, 1 << 18).map_ok(Vec::from);
        let import = runtime.import(tag, &labels, Box::pin(archive));
        let (tail, imported) = tokio::join!(log, import);
        let status = child
            .wait()
            .await
            .map_err(|error| failed(error.to_string(), tail.clone()))?;
        if let Err(error @ (RuntimeError::NoSpace(_) | RuntimeError::Unreachable(_))) = imported {
            // mmdebstrap ends badly too then: nobody takes its archive.
            return Err(error.into());
        }
        if !status.success() {
            // The engine may have made an image of half an archive.
            let _ = runtime.remove_image(tag).await;
            return Err(failed(format!("mmdebstrap ended with {status}"), tail));
        }
        imported?;
        Ok(())
    }
}

async fn start(base: &Base, emit: &Emitter) -> Instant {
    emit.emit(Event::ImageStarted {
        image: base.image_name(),
    })
    .await;
    Instant::now()
}

async fn finish(base: &Base, started: Instant, emit: &Emitter) {
    emit.emit(Event::ImageFinished {
        image: base.image_name(),
        seconds: started.elapsed().as_secs_f64(),
    })
    .await;
}

async fn found(runtime: &dyn Runtime, reference: String) -> Result<Found, Problem> {
    match runtime.image(&reference).await? {
        Some(image) => Ok(Found {
            reference,
            id: image.id,
        }),
        None => Err(RuntimeError::Missing(reference).into()),
    }
}

/// The last part of a pull's error, which says why; the first repeats the
/// registry's address.
fn summary(error: &PullError) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_owned()
}
