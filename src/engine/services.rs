use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{Mutex, OnceCell, watch};

use super::Emitter;
use super::images::{Images, Problem, keep_tail};
use super::lines::Lines;
use crate::event::Event;
use crate::plan::{
    Address, CellPlan, Container, ImageRef, Network, Plan, Service, Sharing, host, label,
};
use crate::runtime::{Output, Runtime, RuntimeError};

/// Starts services when cells want them and removes them after their last one.
pub struct Services {
    runtime: Arc<dyn Runtime>,
    emit: Emitter,
    plan: Arc<Plan>,
    network: OnceCell<Network>,
    numbers: AtomicU32,
    pools: HashMap<String, Mutex<Pool>>,
}

/// The containers of one service.
#[derive(Default)]
struct Pool {
    /// The one that all cells share.
    shared: Option<Running>,
    /// Those that no cell has right now.
    idle: Vec<Running>,
    /// How many cells will still come.
    expected: u32,
}

/// A started service container.
#[derive(Debug, Clone)]
struct Running {
    container: String,
    host: String,
    died: watch::Receiver<Option<String>>,
    /// Set before it is removed on purpose, so that its end is no news.
    retired: Arc<AtomicBool>,
}

/// A service that a cell may use until it gives it back.
#[derive(Debug)]
pub struct Lease {
    service: Service,
    running: Running,
}

impl Lease {
    /// Where it answers.
    pub fn address(&self) -> Address {
        Address {
            service: self.service.name.clone(),
            host: self.running.host.clone(),
            port: self.service.port,
        }
    }

    /// Waits until the service dies, and says how; for ever while it lives.
    pub async fn died(&self) -> String {
        let mut died = self.running.died.clone();
        let how = died.wait_for(Option::is_some).await;
        match how.ok().and_then(|how| how.clone()) {
            Some(how) => format!("{} {how}", self.service.name),
            // Its monitor is gone because it was removed on purpose.
            None => std::future::pending().await,
        }
    }

    /// How the service died, if it has.
    pub fn is_dead(&self) -> Option<String> {
        let how = self.running.died.borrow().clone()?;
        Some(format!("{} {how}", self.service.name))
    }
}

impl Services {
    pub fn new(plan: &Arc<Plan>, runtime: Arc<dyn Runtime>, emit: Emitter) -> Self {
        let mut pools: HashMap<String, Mutex<Pool>> = HashMap::new();
        for service in plan.cells.iter().flat_map(CellPlan::services) {
            let pool = pools.entry(service.name.clone()).or_default();
            pool.get_mut().expected += 1;
        }
        Self {
            runtime,
            emit,
            plan: Arc::clone(plan),
            network: OnceCell::new(),
            numbers: AtomicU32::new(1),
            pools,
        }
    }

    /// A running service for a cell.
    pub async fn lease(&self, service: &Service, images: &Images) -> Result<Lease, Problem> {
        let image = images.ensure(&service.image).await?;
        let alive = |running: &Running| running.died.borrow().is_none();
        let Some(pool) = self.pools.get(&service.name) else {
            return Err(RuntimeError::Missing(service.name.clone()).into());
        };
        // A shared service is started under the lock: the cells that share it
        // wait for it.
        let mut pool = pool.lock().await;
        let running = match service.sharing {
            Sharing::Shared => {
                if let Some(running) = pool.shared.clone().filter(alive) {
                    running
                } else {
                    let running = self.start(service, &image).await?;
                    pool.shared = Some(running.clone());
                    running
                }
            }
            Sharing::InTurn => {
                pool.idle.retain(alive);
                let idle = pool.idle.pop();
                drop(pool);
                match idle {
                    Some(running) => running,
                    None => self.start(service, &image).await?,
                }
            }
            Sharing::Once => {
                drop(pool);
                self.start(service, &image).await?
            }
        };
        Ok(Lease {
            service: service.clone(),
            running,
        })
    }

    async fn start(&self, service: &Service, image: &str) -> Result<Running, Problem> {
        let network = self.network.get_or_try_init(|| self.make_network()).await?;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let host = host(&service.name, number);
        let container = Container {
            name: self.plan.name(&service.name, number),
            image: ImageRef::new(image),
            command: Vec::new(),
            user: None,
            host: host.clone(),
            network: Some(network.name.clone()),
            environment: BTreeMap::new(),
            labels: self.plan.labels((label::SERVICE, &service.name)),
            memory_folders: service.memory_folders.clone(),
            limits: service.limits,
        };
        let id = self.runtime.create(&container).await?;
        self.runtime.start(&id).await?;
        self.emit
            .emit(Event::ServiceStarted {
                service: host.clone(),
            })
            .await;
        let (sender, died) = watch::channel(None);
        let running = Running {
            container: id,
            host,
            died,
            retired: Arc::default(),
        };
        let watched = running.clone();
        tokio::spawn(monitor(
            Arc::clone(&self.runtime),
            self.emit.clone(),
            watched,
            sender,
        ));
        Ok(running)
    }

    /// A run whose cells need no service has no network.
    async fn make_network(&self) -> Result<Network, RuntimeError> {
        let network = self.plan.network();
        self.runtime.create_network(&network).await?;
        Ok(network)
    }

    /// Takes leases back.
    pub async fn give_back(&self, leases: Vec<Lease>) {
        for lease in leases {
            let dead = lease.running.died.borrow().is_some();
            match (lease.service.sharing, self.pools.get(&lease.service.name)) {
                (Sharing::Shared, _) => {}
                (Sharing::InTurn, Some(pool)) if !dead => {
                    pool.lock().await.idle.push(lease.running);
                }
                _ => self.retire(lease.running).await,
            }
        }
    }

    /// A cell will not come again: services that nobody waits for are removed.
    pub async fn finished(&self, cell: &CellPlan) {
        for service in cell.services() {
            let Some(pool) = self.pools.get(&service.name) else {
                continue;
            };
            let mut pool = pool.lock().await;
            pool.expected = pool.expected.saturating_sub(1);
            if pool.expected == 0 {
                let useless: Vec<_> = pool
                    .shared
                    .take()
                    .into_iter()
                    .chain(pool.idle.drain(..))
                    .collect();
                drop(pool);
                for running in useless {
                    self.retire(running).await;
                }
            }
        }
    }

    /// What cannot be removed now is removed with the run.
    async fn retire(&self, running: Running) {
        running.retired.store(true, Ordering::Relaxed);
        let _ = self.runtime.remove(&running.container).await;
    }
}

/// Notices at once when a service ends, and keeps the end of its log.
async fn monitor(
    runtime: Arc<dyn Runtime>,
    emit: Emitter,
    service: Running,
    died: watch::Sender<Option<String>>,
) {
    let exit = runtime.wait(&service.container).await;
    if service.retired.load(Ordering::Relaxed) {
        return;
    }
    let how = match exit {
        Ok(exit) if exit.out_of_memory => "ran out of memory".to_owned(),
        Ok(exit) => format!("ended with exit status {}", exit.code),
        // The engine went away, and the service most likely with it: nobody
        // may be given this one any more.
        Err(error) => format!("was lost sight of: {error}"),
    };
    let _ = died.send(Some(how.clone()));
    let log = tokio::time::timeout(
        Duration::from_secs(5),
        tail(runtime.as_ref(), &service.container),
    )
    .await
    .unwrap_or_default();
    emit.emit(Event::ServiceDied {
        service: service.host,
        exit: how,
        log,
    })
    .await;
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
