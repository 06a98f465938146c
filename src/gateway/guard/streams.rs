//! How many streams somebody may have open: a page needs one for all its tabs.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the streams that are open.
#[derive(Clone, Debug)]
pub struct Streams<K> {
    open: Arc<Mutex<HashMap<K, u32>>>,
    max: u32,
}

/// A stream that is open until this is dropped.
#[derive(Debug)]
pub struct Stream<K: Hash + Eq> {
    all: Streams<K>,
    whose: K,
}

impl<K: Hash + Eq + Clone> Streams<K> {
    /// Lets everybody have so many.
    pub fn new(max: u32) -> Streams<K> {
        Streams { open: Arc::default(), max }
    }

    /// Opens one more; `None` where there are too many.
    pub fn open(&self, whose: K) -> Option<Stream<K>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(whose.clone()).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(Stream { all: self.clone(), whose })
    }
}

impl<K: Hash + Eq> Drop for Stream<K> {
    fn drop(&mut self) {
        let mut open = self.all.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_makes_room() {
        let streams = Streams::new(3);
        let mut open: Vec<Stream<u8>> = (0..3).filter_map(|_| streams.open(1)).collect();
        assert_eq!(open.len(), 3);
        assert!(streams.open(1).is_none());
        assert!(streams.open(2).is_some());
        open.pop();
        assert!(streams.open(1).is_some());
        open.clear();
        assert!(streams.open.lock().unwrap().is_empty());
    }
}
