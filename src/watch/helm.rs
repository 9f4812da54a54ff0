use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::Orders;

/// What came of reading the file again: what has changed, or why it is not taken.
pub type Reread = Result<String, String>;

/// Reads a watcher's file again, or says what is wrong with it.
pub type ReadAgain = dyn Fn() -> Result<Orders, String> + Send + Sync;

/// What others in its process tell a station that is at work.
#[derive(Debug)]
pub struct Helm {
    orders: Mutex<Arc<Orders>>,
    askers: Mutex<Vec<oneshot::Sender<Reread>>>,
    /// Who wants a cell to end, and wants to know whether it runs.
    stops: Mutex<Vec<(String, oneshot::Sender<bool>)>>,
    wake: Notify,
}

impl Helm {
    /// That of a station which begins with these orders.
    pub fn new(orders: Orders) -> Arc<Self> {
        Arc::new(Self {
            orders: Mutex::new(Arc::new(orders)),
            askers: Mutex::default(),
            stops: Mutex::default(),
            wake: Notify::new(),
        })
    }

    /// What the station goes by now.
    pub fn orders(&self) -> Arc<Orders> {
        Arc::clone(&held(&self.orders))
    }

    /// Has the file read again, soon, and once for all who ask meanwhile. Nobody has to
    /// wait for what comes of it.
    pub fn reload(&self) -> oneshot::Receiver<Reread> {
        let (asker, told) = oneshot::channel();
        held(&self.askers).push(asker);
        self.wake();
        told
    }

    /// Ends a cell of what runs, and nothing else of its run; tells whether there was one.
    pub fn stop_cell(&self, cell: &str) -> oneshot::Receiver<bool> {
        let (asker, told) = oneshot::channel();
        held(&self.stops).push((cell.to_owned(), asker));
        self.wake();
        told
    }

    /// Has the station look around at once, for something it keeps has changed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub(super) fn take(&self, orders: Orders) {
        *held(&self.orders) = Arc::new(orders);
    }

    pub(super) fn askers(&self) -> Vec<oneshot::Sender<Reread>> {
        std::mem::take(&mut held(&self.askers))
    }

    pub(super) fn stops(&self) -> Vec<(String, oneshot::Sender<bool>)> {
        std::mem::take(&mut held(&self.stops))
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
