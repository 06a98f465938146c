//! A site while the gateway serves it: its configuration, and the clients that were made from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Origins;
use crate::delivery::Destination;
use crate::incidents::IncidentSource;
use crate::mail::Mailer;
use crate::search::import::timer::Plan;
use deskbell_core::rules::retention::Retention;
use domain::config::Config;
use domain::hours::Hours;
use domain::rota::Rota;
use identity::Signer;

/// One product that embeds the panel.
#[derive(Clone, Debug)]
pub struct Site {
    /// The pages that may ask for it.
    pub origins: Origins,
    /// What it was told.
    pub config: Config,
    /// When somebody is there; without it no time is promised.
    pub hours: Option<Hours>,
    /// Who is support hero.
    pub rota: Rota,
    /// The topics that a support engineer covers, before they go to a team.
    pub support_engineers: Vec<String>,
    /// The keys of the host, which sign who somebody is.
    pub signers: Vec<Signer>,
    /// Where it says what is broken.
    pub incidents: Option<IncidentSource>,
    /// How it sends e-mail; without it receipts are shown and not sent.
    pub mail: Option<Mailer>,
    /// Where its tickets are brought to, by name; without any they are kept here.
    pub destinations: BTreeMap<String, Arc<dyn Destination>>,
    /// Where its questions come from while the gateway serves.
    pub imports: Vec<Plan>,
    /// How long solved tickets are kept after their last update; without it for good.
    pub keep: Option<Retention>,
}
