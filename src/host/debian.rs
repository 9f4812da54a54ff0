use std::process::Stdio;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use crate::plan::DebianBase;
use crate::runtime::{Bootstrap, BootstrapError, Bootstrapping};

/// Lines of mmdebstrap's log under way.
const BACKLOG: usize = 256;

/// Makes root file systems with Debian's mmdebstrap, in a process of its own here.
#[derive(Debug, Clone)]
pub struct Mmdebstrap {
    /// The mirror its packages come from.
    pub mirror: String,
}

#[async_trait]
impl Bootstrap for Mmdebstrap {
    async fn begin(&self, base: &DebianBase) -> Result<Bootstrapping, BootstrapError> {
        let mut child = Command::new("mmdebstrap")
            .arg("--variant=apt")
            .arg(format!("--include={}", base.packages.join(",")))
            // Mirrors of testing and unstable may be days behind.
            .arg("--aptopt=Acquire::Check-Valid-Until \"false\"")
            .arg("--aptopt=Acquire::Retries \"3\"")
            .args([&base.suite, "-", &self.mirror])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => BootstrapError::NotInstalled,
                _ => BootstrapError::Failed(format!("mmdebstrap: {error}")),
            })?;
        // Both were asked to be piped above.
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(BootstrapError::Failed(
                "mmdebstrap has no output".to_owned(),
            ));
        };
        let (sender, log) = mpsc::channel(BACKLOG);
        let end = async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                // Whoever listened may have gone; the process is to be waited for.
                let _ = sender.send(line).await;
            }
            drop(sender);
            match child.wait().await {
                Ok(status) if status.success() => Ok(()),
                Ok(status) => Err(BootstrapError::Failed(format!(
                    "mmdebstrap ended with {status}"
                ))),
                Err(error) => Err(BootstrapError::Failed(format!("mmdebstrap: {error}"))),
            }
        };
        let archive = ReaderStream::with_capacity(stdout, 1 << 18).map_ok(Vec::from);
        Ok(Bootstrapping {
            archive: Box::pin(archive),
            log,
            end: Box::pin(end),
        })
    }
}
