use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::line::Lines;
use super::{Desk, WebError, pulse, routes};
use crate::engine::Cancel;

/// Who still reads then is cut off.
const GRACE: Duration = Duration::from_secs(2);

/// A page that can be asked for.
pub struct Server {
    listener: TcpListener,
    desk: Arc<Desk>,
}

impl Server {
    /// Takes its port.
    ///
    /// # Errors
    /// When it is taken, or is not this user's to take.
    pub async fn bind(desk: Arc<Desk>) -> Result<Self, WebError> {
        let address = desk.page.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| WebError::Listen { address, error })?;
        Ok(Self { listener, desk })
    }

    /// Where it listens; the port where it took any.
    pub fn address(&self) -> SocketAddr {
        let bound = self.listener.local_addr();
        bound.unwrap_or(self.desk.page.listen)
    }

    /// Answers until it is told to stop.
    pub async fn serve(self, stop: Cancel) {
        let router = routes::router(Arc::clone(&self.desk));
        let stopping = stop.clone();
        let lines = Lines::new(self.listener).tap_io(|_| {});
        let serving = axum::serve(
            lines,
            router.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .with_graceful_shutdown(async move { stopping.cancelled().await });
        let late = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            _ = async { tokio::join!(serving.into_future(), pulse::beat(&self.desk.pulse, &self.desk.home.state, &stop)) } => {}
            () = late => {}
        }
    }
}
