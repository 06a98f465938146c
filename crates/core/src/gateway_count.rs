//! How many gateways use the store, as far as this one knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The number of gateways when the store was last asked; at least one. Clones share it.
#[derive(Clone, Debug)]
pub struct GatewayCount(Arc<AtomicU32>);

impl Default for GatewayCount {
    fn default() -> GatewayCount {
        GatewayCount(Arc::new(AtomicU32::new(1)))
    }
}

impl GatewayCount {
    /// The number.
    pub fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets the number.
    pub fn set(&self, gateways: u32) {
        self.0.store(gateways.max(1), Ordering::Relaxed);
    }
}
