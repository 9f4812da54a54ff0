use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// How many are heard at once. The farm opens files in the same process, which usually may
/// have 1,024: these many leave it enough.
const MOST: usize = 384;
/// Whoever neither says nor is told anything for so long is cut off.
const SILENCE: Duration = Duration::from_secs(60);
/// Whoever is to be told more and does not take it, as one who reads a log, gets this long.
const PATIENCE: Duration = Duration::from_secs(600);

/// Takes connections while there is room, so that those who only hold them take nothing from
/// the farm. The others wait until somebody goes or is cut off.
pub struct Lines {
    listener: TcpListener,
    room: Arc<Semaphore>,
    silence: Duration,
}

impl Lines {
    /// Takes them from this listener.
    pub fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            room: Arc::new(Semaphore::new(MOST)),
            silence: SILENCE,
        }
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        // The semaphore is never closed.
        let room = Arc::clone(&self.room).acquire_owned().await.ok();
        let (stream, from) = Listener::accept(&mut self.listener).await;
        let line = Line {
            stream,
            silence: self.silence,
            until: Box::pin(sleep(self.silence)),
            is_full: false,
            _room: room,
        };
        (line, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends where nothing moves.
pub struct Line {
    stream: TcpStream,
    silence: Duration,
    until: Pin<Box<Sleep>>,
    is_full: bool,
    _room: Option<OwnedSemaphorePermit>,
}

impl Line {
    /// What came of reading or writing, or the end of who keeps us waiting.
    fn tried<T>(
        &mut self,
        context: &mut Context<'_>,
        tried: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if tried.is_ready() {
            self.is_full = false;
            self.until.as_mut().reset(Instant::now() + self.silence);
            return tried;
        }
        ready!(self.until.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn wrote(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if wrote.is_pending() && !self.is_full {
            self.is_full = true;
            self.until.as_mut().reset(Instant::now() + PATIENCE);
        }
        self.tried(context, wrote)
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        self.tried(context, read)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, from);
        self.wrote(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, from);
        self.wrote(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_millis(300);

    async fn lines(most: usize) -> (Lines, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut lines = Lines::new(listener);
        lines.room = Arc::new(Semaphore::new(most));
        lines.silence = SOON;
        let address = lines.local_addr().expect("bound");
        (lines, address)
    }

    #[tokio::test]
    async fn who_only_holds_a_line_is_cut_off_and_who_waits_is_heard() {
        let (mut lines, address) = lines(1).await;
        let mut idle = TcpStream::connect(address).await.expect("it listens");
        idle.write_all(b"GET / HT").await.expect("heard");
        let (mut first, _) = lines.accept().await;
        let _second = TcpStream::connect(address).await.expect("it listens");
        assert!(timeout(SOON / 3, lines.accept()).await.is_err(), "no room");
        let mut heard = Vec::new();
        let error = first.read_to_end(&mut heard).await.expect_err("silence");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(heard, b"GET / HT");
        drop(first);
        assert!(timeout(SOON, lines.accept()).await.is_ok(), "room again");
    }

    #[tokio::test]
    async fn who_is_told_things_may_be_silent_and_who_does_not_take_them_gets_time() {
        let (mut lines, address) = lines(1).await;
        let mut silent = TcpStream::connect(address).await.expect("it listens");
        let (line, _) = lines.accept().await;
        let (mut reading, mut writing) = tokio::io::split(line);
        let read =
            tokio::spawn(async move { reading.read(&mut [0; 8]).await.map_err(|e| e.kind()) });
        for _ in 0..6 {
            writing.write_all(b"still here").await.expect("taken");
            tokio::time::sleep(SOON / 2).await;
        }
        assert!(!read.is_finished(), "it was told something all the time");
        let much = vec![0; 64 << 20];
        let stuck = timeout(SOON * 3, writing.write_all(&much)).await;
        assert!(stuck.is_err(), "it is waited for");
        assert!(!read.is_finished());
        silent.read_exact(&mut [0; 60]).await.expect("told");
    }
}
