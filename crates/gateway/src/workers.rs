//! The background workers, each in a task of its own that is restarted after a panic.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::attachments::sweep::SweepFiles;
use crate::delivery::sync::SyncTickets;
use crate::delivery::worker::DeliverTickets;
use crate::incidents::{self, Broken, IncidentSource};
use crate::mail;
use crate::mail::worker::SendMail;
use crate::privacy::retention::EnforceRetention;
use crate::search::counting::{self, Counting};
use crate::search::import::timer::{self, Plan};
use crate::search::{self, Indexes};
use crate::supervisor::supervise;
use deskbell_core::ports::{Counts, OutgoingMail, Questions, Store};

/// All background workers.
pub struct Workers {
    /// Delivers tickets.
    pub deliver: DeliverTickets,
    /// Syncs tickets with destinations.
    pub sync: SyncTickets,
    /// Sends mail.
    pub mail: SendMail,
    /// Sweeps attachments.
    pub sweep: SweepFiles,
    /// Enforces retention.
    pub retention: EnforceRetention,
    /// The mails whose recipients are deleted after a day.
    pub outgoing: Arc<dyn OutgoingMail>,
    /// The indexes that follow the questions.
    pub indexes: Arc<Indexes>,
    /// The questions.
    pub questions: Arc<dyn Questions>,
    /// Collected counts.
    pub counting: Arc<Counting>,
    /// The store of counts.
    pub counts: Arc<dyn Counts>,
    /// Current incidents, updated from status pages.
    pub broken: Broken,
    /// The sources of incidents, by site.
    pub incidents: BTreeMap<String, IncidentSource>,
    /// The store of imported questions.
    pub import_store: Arc<dyn Store>,
    /// The scheduled imports, by site.
    pub imports: BTreeMap<String, Vec<Plan>>,
}

type WorkFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Workers {
    /// Starts all of them. They end when cancelled; running deliveries, polls and mails are completed before.
    pub fn start(&self, stop: &CancellationToken) -> JoinSet<()> {
        let mut workers = JoinSet::new();
        workers.spawn(self.deliver.clone().run(stop.clone()));
        workers.spawn(self.sync.clone().run(stop.clone()));
        workers.spawn(self.mail.clone().run(stop.clone()));
        for (name, work) in self.repeated() {
            workers.spawn(repeat(name, stop.clone(), work));
        }
        workers
    }

    /// Work that may be aborted at any time, by name.
    fn repeated(&self) -> Vec<(String, Box<dyn Fn() -> WorkFuture + Send + Sync>)> {
        let mut all: Vec<(String, Box<dyn Fn() -> WorkFuture + Send + Sync>)> = Vec::new();
        let (indexes, questions) = (self.indexes.clone(), self.questions.clone());
        let follow = work((indexes, questions), |(indexes, questions)| async move {
            search::follow(&indexes, questions.as_ref()).await;
        });
        all.push(("search indexes".into(), follow));
        let count = work((self.counting.clone(), self.counts.clone()), |(counting, counts)| async move {
            counting::run(&counting, counts.as_ref()).await;
        });
        all.push(("counting".into(), count));
        let sweep = work(self.sweep.clone(), |sweep| async move { match sweep.run().await {} });
        all.push(("attachments sweep".into(), sweep));
        let forget =
            work(self.outgoing.clone(), |mails| async move { match mail::retention::run(mails.as_ref()).await {} });
        all.push(("mail retention".into(), forget));
        let retention = work(self.retention.clone(), |retention| async move { match retention.run().await {} });
        all.push(("retention".into(), retention));
        for (site, page) in incidents::status_pages(&self.incidents) {
            let name = format!("status page of {site}");
            let poll = work((self.broken.clone(), site, page), |(broken, site, page)| async move {
                match incidents::poll(&broken, &site, &page).await {}
            });
            all.push((name, poll));
        }
        let plans = self.imports.iter().flat_map(|(site, plans)| plans.iter().map(move |plan| (site, plan)));
        for (site, plan) in plans {
            let name = format!("import of {} for {site}", plan.source.place);
            let parts = (self.import_store.clone(), site.clone(), plan.clone());
            let import =
                work(
                    parts,
                    |(store, site, plan)| async move { match timer::run(store.as_ref(), &site, &plan).await {} },
                );
            all.push((name, import));
        }
        all
    }
}

/// Work that can be restarted with the same parts.
fn work<P, F>(parts: P, begin: impl Fn(P) -> F + Send + Sync + 'static) -> Box<dyn Fn() -> WorkFuture + Send + Sync>
where
    P: Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    Box::new(move || Box::pin(begin(parts.clone())))
}

async fn repeat(name: String, stop: CancellationToken, work: Box<dyn Fn() -> WorkFuture + Send + Sync>) {
    let start = || {
        let (work, stop) = (work(), stop.clone());
        async move {
            stop.run_until_cancelled(work).await;
        }
    };
    supervise(&name, &stop, start).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use crate::wire_up;

    #[tokio::test]
    async fn each_import_and_each_status_page_is_a_worker_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let count = async |sites: &str| {
            let file = folder.path().join("deskbell.toml");
            std::fs::write(&file, format!("[sites.acme]\norigins = [\"*\"]\n{sites}")).unwrap();
            let database = Some(format!("sqlite:{}", folder.path().join("test.db").display()));
            let overrides = Overrides { config: Some(file), database, ..Overrides::default() };
            let gateway = wire_up::open(wire_up::load(&overrides).unwrap()).await.unwrap();
            let stop = CancellationToken::new();
            // Cancelled before any of them has started.
            stop.cancel();
            let mut workers = gateway.workers.start(&stop);
            let count = workers.len();
            workers.shutdown().await;
            count
        };
        let none = count("").await;
        let imports = "[[sites.acme.imports]]\nfrom = \"jsonl\"\nurl = \"one.jsonl\"\n\
                       [[sites.acme.imports]]\nfrom = \"jsonl\"\nurl = \"two.jsonl\"\n";
        assert_eq!(count(imports).await, none + 2);
        let page = "[sites.acme.incidents]\nfrom = \"statuspage\"\nurl = \"https://status.example\"\n";
        assert_eq!(count(page).await, none + 1);
    }
}
