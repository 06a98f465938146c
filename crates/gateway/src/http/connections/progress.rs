//! Aborts connections whose peer does not read.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The bytes that have to be read within the time to count as progress.
const PROGRESS_MIN: usize = 16 * 1024;

/// A connection whose writes fail if the peer does not read.
/// The clock starts at the first write that has to wait, and stops when enough was written since then, or all pending data.
pub struct StallTimeout<S> {
    stream: S,
    time: Duration,
    deadline: Pin<Box<Sleep>>,
    /// How much was written since the first write that had to wait; `None` if none waits.
    written_before: Option<usize>,
    /// Tracks data that waits to be written: the end of a response that a shutdown must not cut off.
    unwritten: TaskTracker,
    waiting: Option<TaskTrackerToken>,
}

impl<S> StallTimeout<S> {
    /// Gives the peer this time to read [`PROGRESS_MIN`] bytes. While data waits for the peer, it counts as a task.
    pub fn new(stream: S, time: Duration, unwritten: TaskTracker) -> StallTimeout<S> {
        StallTimeout { stream, time, deadline: Box::pin(sleep(time)), written_before: None, unwritten, waiting: None }
    }

    /// Checks the result of a write.
    fn check_progress(
        &mut self,
        context: &mut Context<'_>,
        requested: usize,
        outcome: Poll<Result<usize>>,
    ) -> Poll<Result<usize>> {
        if let Poll::Ready(result) = outcome {
            if let (Ok(count), Some(so_far)) = (&result, self.written_before) {
                let so_far = so_far + count;
                self.written_before = (*count < requested && so_far < PROGRESS_MIN).then_some(so_far);
            }
            if result.as_ref().map_or(true, |count| *count >= requested) {
                self.waiting = None;
            }
            return Poll::Ready(result);
        }
        if self.waiting.is_none() {
            self.waiting = Some(self.unwritten.token());
        }
        if self.written_before.is_none() {
            self.written_before = Some(0);
            self.deadline.as_mut().reset(Instant::now() + self.time);
        }
        ready!(self.deadline.as_mut().poll(context));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client stopped reading")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StallTimeout<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StallTimeout<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.check_progress(context, bytes.len(), outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let requested = slices.iter().map(|slice| slice.len()).sum();
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.check_progress(context, requested, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const TIME: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn connections_that_read_almost_nothing_are_closed() {
        for trickle in [0, 100] {
            let (server, mut client) = duplex(1000);
            let reading = tokio::spawn(async move {
                let mut bytes = vec![0; trickle];
                loop {
                    tokio::time::sleep(Duration::from_secs(10)).await;
                    client.read_exact(&mut bytes).await.unwrap();
                }
            });
            let error =
                StallTimeout::new(server, TIME, TaskTracker::new()).write_all(&[0; 1_000_000]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{trickle}");
            reading.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slow_readers_get_the_whole_response() {
        let (server, mut client) = duplex(1000);
        let reading = tokio::spawn(async move {
            let (mut bytes, mut received) = (vec![0; 1000], 0);
            while let Ok(count @ 1..) = client.read(&mut bytes).await {
                received += count;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            received
        });
        let mut writer = StallTimeout::new(server, TIME, TaskTracker::new());
        writer.write_all(&[0; 100_000]).await.unwrap();
        drop(writer);
        assert_eq!(reading.await.unwrap(), 100_000);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_its_reader_counts_as_unwritten_until_it_is_read() {
        let ((server, mut client), unwritten) = (duplex(1000), TaskTracker::new());
        let mut writer = StallTimeout::new(server, TIME, unwritten.clone());
        writer.write_all(&[0; 1000]).await.unwrap();
        assert_eq!(unwritten.len(), 0, "nothing waits");
        let writing = tokio::spawn(async move {
            writer.write_all(&[0; 1500]).await.unwrap();
            writer
        });
        tokio::task::yield_now().await;
        assert_eq!(unwritten.len(), 1);
        client.read_exact(&mut [0; 1000]).await.unwrap();
        tokio::task::yield_now().await;
        assert_eq!(unwritten.len(), 1, "a part of it still waits");
        client.read_exact(&mut [0; 1000]).await.unwrap();
        let _writer = writing.await.unwrap();
        assert_eq!(unwritten.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn silent_streams_stay_open() {
        let (server, mut client) = duplex(10);
        let reading = tokio::spawn(async move {
            let mut bytes = Vec::new();
            client.read_to_end(&mut bytes).await.unwrap();
            bytes.len()
        });
        let mut writer = StallTimeout::new(server, TIME, TaskTracker::new());
        for _ in 0..20 {
            writer.write_all(&[0; 50]).await.unwrap();
            tokio::time::sleep(10 * TIME).await;
        }
        drop(writer);
        assert_eq!(reading.await.unwrap(), 1000);
    }
}
