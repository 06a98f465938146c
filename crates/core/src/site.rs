//! A site as rules and use cases see it: plain data, without the clients that were made from its configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::SiteKey;
use crate::rules::business_hours::BusinessHours;
use crate::rules::on_call::OnCallRotas;
use crate::rules::retention::Retention;
use domain::config::Config;

/// One product that embeds the panel.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its public key.
    pub key: SiteKey,
    /// What the panel and the gateway are told.
    pub config: Config,
    /// When somebody is there; without it no time is promised.
    pub hours: Option<BusinessHours>,
    /// Who is support hero.
    pub rota: OnCallRotas,
    /// The topics that a support engineer covers, before they go to a team.
    pub support_engineers: Vec<String>,
    /// The ids of topics whose tickets are sensitive: the audit log has who reads them.
    pub sensitive_topics: Vec<String>,
    /// How long solved tickets are kept after their last update; without it for good.
    pub keep: Option<Retention>,
}

/// The sites by their public key.
#[derive(Clone, Debug, Default)]
pub struct Sites(BTreeMap<SiteKey, Arc<Site>>);

impl Sites {
    /// The site of a key, which may be any text of a request.
    pub fn get(&self, key: impl AsRef<str>) -> Option<&Site> {
        self.0.get(key.as_ref()).map(Arc::as_ref)
    }

    /// The same as [`Sites::get`], shared.
    pub fn shared(&self, key: impl AsRef<str>) -> Option<Arc<Site>> {
        self.0.get(key.as_ref()).cloned()
    }

    /// The sites in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Site> {
        self.0.values().map(Arc::as_ref)
    }

    /// The keys of the sites, in order.
    pub fn keys(&self) -> impl Iterator<Item = &SiteKey> {
        self.0.keys()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Site> for Sites {
    fn from_iter<I: IntoIterator<Item = Site>>(sites: I) -> Sites {
        sites.into_iter().map(Arc::new).collect()
    }
}

impl FromIterator<Arc<Site>> for Sites {
    fn from_iter<I: IntoIterator<Item = Arc<Site>>>(sites: I) -> Sites {
        Sites(sites.into_iter().map(|site| (site.key.clone(), site)).collect())
    }
}
