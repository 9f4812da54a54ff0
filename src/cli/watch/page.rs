use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::lines;
use super::postman::secrets;
use crate::access::Access;
use crate::cli::error::CliError;
use crate::engine::{Canceller, cancellation};
use crate::run::Home;
use crate::watch::{Helm, now};
use crate::web::{Desk, Server};

/// The page of a watcher, as long as it is open.
pub struct Page {
    /// Where it is, in words.
    pub said: String,
    closing: Canceller,
    serving: JoinHandle<()>,
}

impl Page {
    /// Opens it, if one is wanted; what the file says of logins starts in its folder.
    pub async fn open(
        folder: &Path,
        home: &Home,
        helm: &Arc<Helm>,
    ) -> Result<Option<Self>, CliError> {
        let orders = helm.orders();
        let watch = &orders.watch;
        let Some(page) = &watch.page else {
            return Ok(None);
        };
        let secrets = secrets();
        let hook = page.hook.as_ref().map(|hook| secrets.value(hook));
        let hook = hook
            .transpose()
            .map_err(|error| CliError::Usage(format!("{}: hook: {error}", watch.place)))?;
        let login = watch.login.as_ref();
        let access = Access::new(login, folder, &secrets, &home.state, Box::new(now))?;
        let desk = Desk::new(home.clone(), Arc::clone(helm), page.clone(), access, hook);
        let server = Server::bind(desk).await?;
        let said = lines::listens(server.address(), page);
        let (closing, close) = cancellation();
        Ok(Some(Self {
            said,
            closing,
            serving: tokio::spawn(server.serve(close)),
        }))
    }

    /// Closes it. Who still reads is cut off after two seconds.
    pub async fn end(self) {
        self.closing.press();
        // A page that broke off has ended too.
        let _ = self.serving.await;
    }
}
