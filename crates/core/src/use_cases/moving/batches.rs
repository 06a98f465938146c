//! Collects the rows that are written in one transaction.

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::ports::{Row, RowSink, StoreError, Value};

/// Collects rows until they take a number of bytes.
pub struct Batches {
    rows: Vec<Row>,
    bytes: usize,
    bytes_max: usize,
    full: mpsc::Sender<Vec<Row>>,
}

impl Batches {
    /// Sends batches, each of which exceeds a number of bytes by one row at most.
    pub fn new(bytes_max: usize, full: mpsc::Sender<Vec<Row>>) -> Batches {
        Batches { rows: Vec::new(), bytes: 0, bytes_max, full }
    }

    /// Sends the last batch.
    pub async fn end(mut self) -> Result<(), StoreError> {
        if self.rows.is_empty() { Ok(()) } else { self.send().await }
    }

    async fn send(&mut self) -> Result<(), StoreError> {
        self.bytes = 0;
        let sent = self.full.send(std::mem::take(&mut self.rows)).await;
        // Nobody sees this error: the writer ends only with an error of its own.
        sent.map_err(|_| StoreError::Database("the writer of a move has ended".into()))
    }
}

#[async_trait]
impl RowSink for Batches {
    async fn take(&mut self, row: Row) -> Result<(), StoreError> {
        self.bytes += size_of::<Row>() + row.iter().map(Value::size).sum::<usize>();
        self.rows.push(row);
        if self.bytes < self.bytes_max { Ok(()) } else { self.send().await }
    }
}
