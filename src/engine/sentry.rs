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
use crate::runtime::{ContainerPhase, Exit, Output, Runtime, RuntimeError, State};

/// How long the log of a service that died may take.
const LOG: Duration = Duration::from_secs(5);
/// The pause before one that lives is waited for again: something may cut every wait.
const AGAIN: Duration = Duration::from_millis(500);
/// What a service that was killed for its memory is said to have done.
const OUT_OF_MEMORY: &str = "ran out of memory";

/// A started service container that somebody watches over.
#[derive(Debug, Clone)]
pub struct Guarded {
    pub container: String,
    pub host: String,
    pub network: String,
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

    /// Takes it for dead, though it lives.
    pub fn condemn(&self, why: &str) {
        if self.is_dead().is_none() {
            self.died.send_replace(Some(format!("failed: {why}")));
        }
    }

    /// Notes its death, and tells of it with the end of its log, whoever sees it first.
    async fn dies(&self, how: String, runtime: &dyn Runtime, caller: &Caller) {
        let first = self.died.send_if_modified(|died| {
            let first = died.is_none();
            died.get_or_insert_with(|| how.clone());
            first
        });
        if first {
            let log = tokio::time::timeout(LOG, tail(runtime, &self.container));
            caller.emit.emit(Event::ServiceDied {
                service: self.host.clone(),
                exit: how,
                log: log.await.unwrap_or_default(),
            });
        }
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
    pub fn guard(&self, container: String, host: String, network: &str) -> Guarded {
        let guarded = Guarded {
            container,
            host,
            network: network.to_owned(),
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

    /// Looks whether it has ended, which whoever watches over it may not have seen
    /// yet, or a process of it was killed for its memory while its first one lives on.
    pub async fn look(&self, service: &Guarded) {
        if service.is_dead().is_some() {
            return;
        }
        let how = match self.runtime.state(&service.container).await {
            Ok(Some(state)) if state.out_of_memory => OUT_OF_MEMORY.to_owned(),
            Ok(Some(state)) if state.phase == ContainerPhase::Running => return,
            Ok(Some(State { exit, .. })) => {
                exit.map_or_else(|| "ended".to_owned(), |exit| ended(&exit))
            }
            Ok(None) => "was removed".to_owned(),
            Err(_) => return,
        };
        service.dies(how, self.runtime.as_ref(), &self.caller).await;
    }

    /// Whether a service that is to be used again lives. Who watches over it may learn
    /// of its end later than a cell does.
    pub async fn lives(&self, service: &Guarded) -> bool {
        self.look(service).await;
        service.is_dead().is_none()
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
        let runtime = self.runtime.as_ref();
        if let Some(how) = self.end().await {
            self.service.dies(how, runtime, &self.caller).await;
        }
    }

    /// How it ends. One that lived on while the engine was away is watched again; of
    /// one on an engine that stays away nobody can say.
    async fn end(&self) -> Option<String> {
        let container = &self.service.container;
        loop {
            let waited = tokio::select! {
                waited = self.runtime.wait(container) => waited,
                () = self.starved() => return Some(OUT_OF_MEMORY.to_owned()),
            };
            let error = match waited {
                Ok(exit) => return Some(ended(&exit)),
                Err(error) => error,
            };
            if error.is_gone() {
                return Some("was removed".to_owned());
            }
            if !error.is_away() {
                return Some(format!("was lost sight of: {error}"));
            }
            if !self.presence.wait(&error, &self.caller).await {
                return None;
            }
            match self.runtime.state(container).await {
                Ok(Some(state)) if state.phase == ContainerPhase::Running => {
                    tokio::time::sleep(AGAIN).await;
                }
                Ok(Some(_)) => return Some("ended while the container engine was away".to_owned()),
                Ok(None) => return Some("was removed".to_owned()),
                Err(RuntimeError::Unreachable(_)) => {}
                Err(error) => return Some(format!("was lost sight of: {error}")),
            }
        }
    }

    /// Waits until a process of it is killed for its memory, though the first one
    /// may live on.
    async fn starved(&self) {
        // Where the engine tells no more, it is asked in the end.
        if self
            .runtime
            .out_of_memory(&self.service.container)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }
}

fn ended(exit: &Exit) -> String {
    if exit.out_of_memory {
        OUT_OF_MEMORY.to_owned()
    } else {
        format!("ended with exit status {}", exit.code)
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
