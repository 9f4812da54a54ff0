use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt};

use crate::runtime::{Output, OutputStream, RuntimeError};

/// A container's output from where it was left: engines tell it from its beginning.
pub struct Resumed {
    output: OutputStream,
    skip_stdout: u64,
    skip_stderr: u64,
}

impl Resumed {
    /// Without the bytes that were read before.
    pub const fn new(output: OutputStream, stdout: u64, stderr: u64) -> Self {
        Self {
            output,
            skip_stdout: stdout,
            skip_stderr: stderr,
        }
    }
}

impl Stream for Resumed {
    type Item = Result<Output, RuntimeError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Poll::Ready(item) = self.output.poll_next_unpin(context) else {
                return Poll::Pending;
            };
            let item = match item {
                Some(Ok(Output::Stdout(bytes))) => {
                    skip(bytes, &mut self.skip_stdout).map(|bytes| Ok(Output::Stdout(bytes)))
                }
                Some(Ok(Output::Stderr(bytes))) => {
                    skip(bytes, &mut self.skip_stderr).map(|bytes| Ok(Output::Stderr(bytes)))
                }
                other => return Poll::Ready(other),
            };
            if item.is_some() {
                return Poll::Ready(item);
            }
        }
    }
}

/// What is left of some bytes, and of how many to skip; `None` if nothing is.
fn skip(mut bytes: Vec<u8>, left: &mut u64) -> Option<Vec<u8>> {
    let skipped = usize::try_from(*left)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    *left -= skipped as u64;
    if skipped == bytes.len() {
        return None;
    }
    bytes.drain(..skipped);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_is_taken_up_where_it_was_left_in_each_of_its_streams() {
        let items = [
            Output::Stdout(b"one ".to_vec()),
            Output::Stderr(b"log".to_vec()),
            Output::Stdout(b"two".to_vec()),
        ];
        let output: OutputStream = Box::pin(futures_util::stream::iter(items.map(Ok)));
        let left: Vec<_> = Resumed::new(output, 5, 3)
            .map(|item| item.expect("no error"))
            .collect()
            .await;
        assert_eq!(left, [Output::Stdout(b"wo".to_vec())]);
    }
}
