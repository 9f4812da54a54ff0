use std::sync::Arc;

use super::args::OutputOptions;
use super::audience::Audience;
use super::connect;
use super::error::CliError;
use super::interrupt::Interrupts;
use super::screen::{fetching, progress};
use crate::engine::{Cancel, Engine, cancellation};
use crate::journal::{Emitter, Journal};
use crate::run::{self, Home, Prepared, Request};

/// A run that this command line asked for, about to go on.
pub struct Going {
    pub home: Home,
    pub engine: Arc<Engine>,
    pub prepared: Prepared,
    /// How much of dead runs was removed on the way.
    pub removed: usize,
}

impl Going {
    /// Looks for an engine while the sources are read, which may reach the network.
    pub async fn prepare(request: Request, output: &OutputOptions) -> Result<Self, CliError> {
        let home = Home::find().map_err(run::RunError::from)?;
        let shown = fetching(Some(output));
        let (asked_for, asking_home) = (request.clone(), home.clone());
        let reading = tokio::task::spawn_blocking(move || {
            run::snapshots(&asked_for, &asking_home, &|transfer| {
                shown.show(&transfer.what, transfer.done, transfer.total, transfer.unit);
            })
        });
        let engine = connect::engine(&home, &request.images.debian_mirror).await;
        // A mistake of the user's is told before an engine that is away.
        let read = reading.await.map_err(|_| run::RunError::Bug)??;
        let (engine, removed) = engine?;
        let prepared = run::prepare(&request, read, &home, engine.capabilities())?;
        Ok(Self {
            home,
            engine,
            prepared,
            removed,
        })
    }
}

/// Lets something go on before an audience, and until it ends or is interrupted
/// twice; then waits for the audience, but not for one who takes nothing, and
/// not if interrupted again.
pub async fn before_an_audience<F: Future>(
    output: &OutputOptions,
    interrupts: &mut Interrupts,
    what: impl FnOnce(Arc<Journal>, Cancel) -> F,
) -> F::Output {
    let journal = Journal::new();
    let audience = Audience::begin(&journal, progress(output), output.format);
    let (canceller, cancel) = cancellation();
    let emit = Emitter::new(Arc::clone(&journal));
    let result = interrupts
        .during(&canceller, &emit, what(journal, cancel))
        .await;
    tokio::select! {
        () = audience.leave() => {}
        () = interrupts.next() => {}
    }
    result
}
