//! Which keys are being worked on right now.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The keys that this process is working on.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    keys: Arc<Mutex<HashSet<(String, String)>>>,
}

/// A key that is being worked on until this is dropped, whatever ends the work.
#[derive(Debug)]
pub struct Claim {
    claims: Claims,
    key: (String, String),
}

impl Claims {
    /// Claims a key of a site; `None` where somebody else is working on it.
    pub fn claim(&self, site: &str, key: &str) -> Option<Claim> {
        let key = (site.to_string(), key.to_string());
        let fresh = self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        fresh.then(|| Claim { claims: self.clone(), key })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_claimed_once_in_a_site_until_the_claim_is_dropped() {
        let claims = Claims::default();
        let claim = claims.claim("acme", "k");
        assert!(claim.is_some() && claims.claim("acme", "k").is_none());
        assert!(claims.claim("other", "k").is_some());
        drop(claim);
        assert!(claims.claim("acme", "k").is_some());
    }
}
