use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::select_all;
use tokio::sync::{Mutex, OnceCell};

use super::caller::Caller;
use super::handle::Engine;
use super::problem::Problem;
use super::sentry::{Guarded, Sentries};
use crate::event::Event;
use crate::plan::{
    Address, CellPlan, Container, ImageRef, Network, Plan, Service, Sharing, host, label,
};
use crate::runtime::RuntimeError;

/// Starts services when cells want them and removes them after their last one.
pub struct Services {
    engine: Arc<Engine>,
    caller: Arc<Caller>,
    plan: Arc<Plan>,
    network: OnceCell<Network>,
    /// The number of the next try to make it.
    networks: AtomicU32,
    numbers: AtomicU32,
    pools: HashMap<String, Mutex<Pool>>,
    sentries: Sentries,
}

/// The containers of one service.
#[derive(Default)]
struct Pool {
    /// The one that all cells share.
    shared: Option<Guarded>,
    /// Those that no cell has right now.
    idle: Vec<Guarded>,
    /// How many cells will still come.
    expected: u32,
}

/// A service that a cell may use until it gives it back.
#[derive(Debug)]
pub struct Lease {
    service: Arc<Service>,
    running: Guarded,
}

impl Lease {
    /// Where it answers.
    pub fn address(&self) -> Address {
        Address {
            service: self.service.name.clone(),
            network: self.running.network.clone(),
            host: self.running.host.clone(),
            port: self.service.port,
        }
    }

    /// Waits until the service dies, and says how; for ever while it lives.
    pub async fn died(&self) -> String {
        let how = self.running.died().await;
        format!("{} {how}", self.service.name)
    }

    /// Gives up a service that lives and does not serve.
    pub fn condemn(&self, why: &str) {
        self.running.condemn(why);
    }

    /// How the service died, if it has.
    pub fn is_dead(&self) -> Option<String> {
        let how = self.running.is_dead()?;
        Some(format!("{} {how}", self.service.name))
    }
}

impl Services {
    pub fn new(plan: &Arc<Plan>, engine: &Arc<Engine>, caller: &Arc<Caller>) -> Self {
        let mut pools: HashMap<String, Mutex<Pool>> = HashMap::new();
        for service in plan.cells.iter().flat_map(CellPlan::services) {
            if let Some(pool) = pools.get_mut(&service.name) {
                pool.get_mut().expected += 1;
            } else {
                let pool = Pool {
                    expected: 1,
                    ..Pool::default()
                };
                pools.insert(service.name.clone(), Mutex::new(pool));
            }
        }
        Self {
            sentries: Sentries::new(
                Arc::clone(&engine.runtime),
                Arc::clone(&engine.presence),
                Arc::clone(caller),
            ),
            engine: Arc::clone(engine),
            caller: Arc::clone(caller),
            plan: Arc::clone(plan),
            network: OnceCell::new(),
            networks: AtomicU32::new(1),
            numbers: AtomicU32::new(1),
            pools,
        }
    }

    /// A running service for a cell.
    pub async fn lease(&self, service: &Arc<Service>) -> Result<Lease, Problem> {
        let ready = self
            .engine
            .images
            .ensure(&service.image, &self.plan, &self.caller)
            .await?;
        let Some(pool) = self.pools.get(&service.name) else {
            return Err(RuntimeError::Missing(service.name.clone()).into());
        };
        // A shared service is started under the lock: the cells that share it
        // wait for it.
        let mut pool = pool.lock().await;
        let running = match service.sharing {
            Sharing::Shared => match pool.shared.clone() {
                Some(running) if self.sentries.lives(&running).await => running,
                _ => {
                    let running = self.start(service, &ready.image).await?;
                    pool.shared = Some(running.clone());
                    running
                }
            },
            Sharing::InTurn => {
                let idle = std::mem::take(&mut pool.idle);
                for running in idle {
                    if self.sentries.lives(&running).await {
                        pool.idle.push(running);
                    }
                }
                let idle = pool.idle.pop();
                drop(pool);
                match idle {
                    Some(running) => running,
                    None => self.start(service, &ready.image).await?,
                }
            }
            Sharing::Once => {
                drop(pool);
                self.start(service, &ready.image).await?
            }
        };
        Ok(Lease {
            service: Arc::clone(service),
            running,
        })
    }

    async fn start(&self, service: &Service, image: &ImageRef) -> Result<Guarded, Problem> {
        let network = self.network.get_or_try_init(|| self.make_network()).await?;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let host = host(&service.name, number);
        let container = Container {
            name: self.plan.name(&service.name, number),
            image: image.clone(),
            command: Vec::new(),
            user: None,
            host: host.clone(),
            network: Some(network.name.clone()),
            environment: BTreeMap::new(),
            labels: self.plan.labels((label::SERVICE, &service.name)),
            memory_folders: service.memory_folders.clone(),
            limits: service.limits,
        };
        let runtime = &self.engine.runtime;
        let creator = Arc::clone(runtime);
        let creation = async move { creator.create(&container).await };
        let id = match self.caller.create(creation).await {
            Err(error) if error.is_gone() => {
                // Its image was taken away meanwhile: whoever tries again makes it.
                self.engine.images.forget(&service.image, &self.plan);
                return Err(error.into());
            }
            created => created?,
        };
        runtime.start(&id).await?;
        self.caller.emit.emit(Event::ServiceStarted {
            service: host.clone(),
        });
        Ok(self.sentries.guard(id, host, &network.name))
    }

    /// A run whose cells need no service has no network.
    async fn make_network(&self) -> Result<Network, RuntimeError> {
        let number = self.networks.fetch_add(1, Ordering::Relaxed);
        let network = self.plan.network(number);
        let (creator, wanted) = (Arc::clone(&self.engine.runtime), network.clone());
        let creation = async move { creator.create_network(&wanted).await };
        self.caller.create(creation).await?;
        Ok(network)
    }

    /// Looks whether services are dead, or ran out of memory and live on: a process of
    /// them may have been killed, and tests with it.
    pub async fn look_after(&self, leases: &[Lease]) {
        for lease in leases {
            self.sentries.look(&lease.running).await;
        }
    }

    /// Takes leases back.
    pub async fn give_back(&self, leases: Vec<Lease>) {
        for lease in leases {
            let dead = lease.running.is_dead().is_some();
            match (lease.service.sharing, self.pools.get(&lease.service.name)) {
                (Sharing::Shared, Some(pool)) if dead => {
                    let mut pool = pool.lock().await;
                    let is_it = |shared: &Guarded| shared.container == lease.running.container;
                    if pool.shared.as_ref().is_some_and(is_it) {
                        pool.shared = None;
                        drop(pool);
                        self.sentries.retire(&lease.running).await;
                    }
                }
                (Sharing::Shared, _) => {}
                (Sharing::InTurn, Some(pool)) if !dead => {
                    pool.lock().await.idle.push(lease.running);
                }
                _ => self.sentries.retire(&lease.running).await,
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
                    self.sentries.retire(&running).await;
                }
            }
        }
    }

    /// Lets nobody watch over a service any more.
    pub async fn close(&self) {
        self.sentries.close().await;
    }
}

/// How the first of these services to die did.
pub async fn any_death(leases: &[Lease]) -> String {
    if leases.is_empty() {
        return std::future::pending().await;
    }
    let deaths = leases.iter().map(|lease| Box::pin(lease.died()));
    select_all(deaths).await.0
}
