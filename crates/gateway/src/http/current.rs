//! The router that answers requests at this moment. A reload replaces it; requests that have begun end on the one on which they began.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;

/// A router that can be replaced.
#[derive(Clone, Debug)]
pub struct CurrentRouter(Arc<RwLock<Router>>);

impl CurrentRouter {
    /// Answers with this router from now on.
    pub fn replace(&self, router: Router) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = router;
    }

    /// The router for a request.
    pub fn get(&self) -> Router {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<Router> for CurrentRouter {
    fn from(router: Router) -> CurrentRouter {
        CurrentRouter(Arc::new(RwLock::new(router)))
    }
}
