//! The idempotency keys of requests in progress.

use crate::ids::{IdempotencyKey, SiteKey};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The keys of requests in progress in this process.
#[derive(Clone, Debug, Default)]
pub struct KeysInUse {
    keys: Arc<Mutex<HashSet<(SiteKey, IdempotencyKey)>>>,
}

/// Holds a key until it is dropped, however the request ends.
#[derive(Debug)]
pub struct KeyGuard {
    in_use: KeysInUse,
    key: (SiteKey, IdempotencyKey),
}

impl KeysInUse {
    /// Holds a key of a site; `None` if another request holds it.
    pub fn acquire(&self, site: &SiteKey, key: &IdempotencyKey) -> Option<KeyGuard> {
        let key = (site.clone(), key.clone());
        let fresh = self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        fresh.then(|| KeyGuard { in_use: self.clone(), key })
    }
}

impl Drop for KeyGuard {
    fn drop(&mut self) {
        self.in_use.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_in_use_until_its_guard_is_dropped() {
        let in_use = KeysInUse::default();
        let guard = in_use.acquire(&"acme".into(), &"k".into());
        assert!(guard.is_some() && in_use.acquire(&"acme".into(), &"k".into()).is_none());
        assert!(in_use.acquire(&"other".into(), &"k".into()).is_some());
        drop(guard);
        assert!(in_use.acquire(&"acme".into(), &"k".into()).is_some());
    }
}
