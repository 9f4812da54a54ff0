use std::io::{self, Write};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;

use crate::plan::Context;

const CHUNK: usize = 256 * 1024;

/// The archive of a context, written by a thread of its own while it is being
/// sent: a tree of 50 MB is never in memory as a whole.
pub fn stream(context: Context) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let writer = io::BufWriter::with_capacity(CHUNK, ChannelWriter(sender.clone()));
        if let Err(error) = context.write(writer) {
            // Nobody listens any more when the request has failed already.
            let _ = sender.blocking_send(Err(unreadable(error)));
        }
    });
    ReceiverStream::new(receiver)
}

/// A file of the context cannot be read: that is no fault of the engine's, though
/// its connection breaks.
#[derive(Debug, thiserror::Error)]
#[error("what is sent cannot be read: {0}")]
pub struct Unreadable(io::Error);

/// Marks an error of what is sent.
pub fn unreadable(error: io::Error) -> io::Error {
    io::Error::other(Unreadable(error))
}

struct ChannelWriter(Sender<io::Result<Bytes>>);

impl Write for ChannelWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .blocking_send(Ok(Bytes::copy_from_slice(bytes)))
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
