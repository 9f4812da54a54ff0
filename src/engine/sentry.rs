use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::caller::Caller;
use super::lines::Lines;
use super::presence::Presence;
use super::tail::keep_tail;
use crate::event::Event;
use crate::runtime::{ContainerPhase, Output, Runtime, RuntimeError};

/// How long the log of a service that died may take.
const LOG: Duration = Duration::from_secs(5);
/// What a service that was killed for its memory is said to have done.
const OUT_OF_MEMORY: &str = "ran out of memory";

/// A started service container that somebody watches over.
#[derive(Debug, Clone)]
pub struct Guarded {
    pub container: String,
    pub host: String,
    died: watch::Sender<Option<String>>,
    /// Cancelled before it is removed on purpose, so that its end is no news.
    retired: CancellationToken,
}

impl Guarded {
    /// Waits until it dies, and says how; for ever while it lives.
    pub async fn died(&self) -> String {
        let mut died = self.died.subscribe();
        match died.wait_for(Option::is_some).await.map(|how| how.clone()) {
            Ok(Some(how)) => how,
            _ => std::future::pending().await,
        }
    }

    /// How it died, if it has.
    pub fn is_dead(&self) -> Option<String> {
        self.died.borrow().clone()
    }
}

/// Those who watch over the services of a run.
pub struct Sentries {
    runtime: Arc<dyn Runtime>,
    presence: Arc<Presence>,
    caller: Arc<Caller>,
    tasks: TaskTracker,
    off_duty: CancellationToken,
}

impl Sentries {
    pub fn new(runtime: Arc<dyn Runtime>, presence: Arc<Presence>, caller: Arc<Caller>) -> Self {
        Self {
            runtime,
            presence,
            caller,
            tasks: TaskTracker::new(),
            off_duty: CancellationToken::new(),
        }
    }

    /// Watches over a container from here on.
    pub fn guard(&self, container: String, host: String) -> Guarded {
        let guarded = Guarded {
            container,
            host,
            died: watch::channel(None).0,
            retired: self.off_duty.child_token(),
        };
        let watch = Watch {
            runtime: Arc::clone(&self.runtime),
            presence: Arc::clone(&self.presence),
            caller: Arc::clone(&self.caller),
            service: guarded.clone(),
        };
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = watch.service.retired.cancelled() => {}
                () = watch.keep() => {}
            }
        });
        guarded
    }

    /// Looks whether a process of it was killed for its memory while its first one
    /// lives on.
    pub async fn look(&self, service: &Guarded) {
        if service.is_dead().is_none()
            && let Ok(Some(state)) = self.runtime.state(&service.container).await
            && state.out_of_memory
        {
            service.died.send_replace(Some(OUT_OF_MEMORY.to_owned()));
        }
    }

    /// Whether a service that is to be used again lives. Who watches over it may learn
    /// of its end later than a cell does.
    pub async fn lives(&self, service: &Guarded) -> bool {
        if service.is_dead().is_some() {
            return false;
        }
        // Cannot tell is not dead.
        let Ok(state) = self.runtime.state(&service.container).await else {
            return true;
        };
        state.is_some_and(|state| state.phase == ContainerPhase::Running)
    }

    /// Takes a service for dead, though it lives.
    pub fn condemn(&self, service: &Guarded, why: &str) {
        if service.is_dead().is_none() {
            service.died.send_replace(Some(format!("failed: {why}")));
        }
    }

    /// Removes a service. What cannot be removed now is removed with the run.
    pub async fn retire(&self, service: &Guarded) {
        service.retired.cancel();
        let _ = self.runtime.remove(&service.container).await;
    }

    /// Ends all watches, and waits for their end.
    pub async fn close(&self) {
        self.off_duty.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// One watch over one service.
struct Watch {
    runtime: Arc<dyn Runtime>,
    presence: Arc<Presence>,
    caller: Arc<Caller>,
    service: Guarded,
}

impl Watch {
    /// Notices at once when the service ends, and keeps the end of its log.
    async fn keep(&self) {
        let how = self.end().await;
        self.service.died.send_replace(Some(how.clone()));
        let log = tokio::time::timeout(LOG, tail(self.runtime.as_ref(), &self.service.container));
        self.caller.emit.emit(Event::ServiceDied {
            service: self.service.host.clone(),
            exit: how,
            log: log.await.unwrap_or_default(),
        });
    }

    /// How it ends. One that lived on while the engine was away is watched again.
    async fn end(&self) -> String {
        let container = &self.service.container;
        loop {
            let error = match self.runtime.wait(container).await {
                Ok(exit) if exit.out_of_memory => return OUT_OF_MEMORY.to_owned(),
                Ok(exit) => return format!("ended with exit status {}", exit.code),
                Err(error) => error,
            };
            if error.is_gone() {
                return "was removed".to_owned();
            }
            if !error.is_away() || !self.presence.wait(&error, &self.caller).await {
                return format!("was lost sight of: {error}");
            }
            match self.runtime.state(container).await {
                Ok(Some(state)) if state.phase == ContainerPhase::Running => {}
                Ok(Some(_)) => return "ended while the container engine was away".to_owned(),
                Ok(None) => return "was removed".to_owned(),
                Err(RuntimeError::Unreachable(_)) => {}
                Err(error) => return format!("was lost sight of: {error}"),
            }
        }
    }
}

async fn tail(runtime: &dyn Runtime, container: &str) -> Vec<String> {
    let mut tail = Vec::new();
    let mut lines = Lines::new(4096);
    if let Ok(mut output) = runtime.output(container).await {
        while let Some(Ok(Output::Stdout(bytes) | Output::Stderr(bytes))) = output.next().await {
            lines.push(&bytes, |line| {
                keep_tail(&mut tail, &String::from_utf8_lossy(&line));
            });
        }
    }
    tail
}
