//! Asks the store from time to time how many gateways use it, so that a gateway that decides alone later on knows how much it may use.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use deskbell_core::gateway_count::{GatewayCount, GatewayCountFilter};
use deskbell_core::ports::Gateways;

/// How often.
const EVERY: Duration = Duration::from_secs(5);

/// Watches how many gateways use a store.
#[derive(Clone)]
pub struct GatewayWatch {
    gateways: Arc<dyn Gateways>,
    /// The number, as it was last known while the store does not answer.
    pub count: GatewayCount,
}

impl GatewayWatch {
    /// Watches the gateways on this store.
    pub fn new(gateways: Arc<dyn Gateways>) -> GatewayWatch {
        GatewayWatch { gateways, count: GatewayCount::default() }
    }

    /// Writes the number from now on; never returns.
    pub async fn run(&self) -> Infallible {
        let mut filter = GatewayCountFilter::default();
        loop {
            let reported = self.gateways.count_gateways().await.ok();
            self.count.set(filter.observe(reported, Instant::now()));
            sleep(EVERY).await;
        }
    }
}
