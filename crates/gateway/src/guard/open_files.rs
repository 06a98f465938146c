//! The maximum number of connections, derived from the open-file limit of the process.

use crate::config::Limits;

/// Open files besides connections: the database, attachments, requests to other servers.
const RESERVE: u64 = 256;
/// The smallest maximum.
const MIN: u64 = 64;
/// The largest default.
const MAX: u64 = 16 * 1024;

/// The maximum number of connections of a process with this open-file limit.
pub fn connections_max(limits: &Limits, open_files: u64) -> u32 {
    let by_files = (open_files.saturating_sub(RESERVE) / 4 * 3).clamp(MIN, MAX) as u32;
    limits.connections.map_or(by_files, |count| count.get())
}

/// Raises the open-file limit of the process as far as the system allows, and returns it.
pub fn open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const ENOUGH: u64 = MAX * 4 / 3 + RESERVE + 4;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None means unlimited.
    let now = current.unwrap_or(ENOUGH);
    let target = ENOUGH.min(maximum.unwrap_or(ENOUGH));
    if now >= target {
        return now;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(target), maximum }) {
        Ok(()) => target,
        Err(error) => {
            tracing::warn!(%error, limit = now, "raising the limit of open files failed");
            now
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_fewer_connections_than_files() {
        for (open_files, connections) in [(0, 64), (256, 64), (1024, 576), (1 << 40, MAX)] {
            assert_eq!(u64::from(connections_max(&Limits::default(), open_files)), connections, "{open_files}");
        }
    }
}
