//! The port for the free space of a disk.

/// A disk, on which a floor of free space is kept.
pub trait Disk: Send + Sync {
    /// The free bytes for users other than root; none if the system does not report them.
    fn free_bytes(&self) -> Option<u64>;
}
