//! The port for the progress of long work.

/// Shows the progress of long work to whoever waits for it.
pub trait Progress: Send + Sync {
    /// A step begins, described in a few words. `total` is the number of its units, if it is known.
    fn begin(&self, step: &'static str, total: Option<u64>);

    /// Units of the step are done.
    fn advance(&self, units: u64);
}

/// For work that nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _: &'static str, _: Option<u64>) {}

    fn advance(&self, _: u64) {}
}
