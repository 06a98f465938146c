//! The background workers, each in a task of its own that is restarted after a panic.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::supervisor::supervise;
use deskbell_core::clock::Clock;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Counts, OutgoingMail, Questions, StatusPage};
use deskbell_core::use_cases::agents::Audit;
use deskbell_core::use_cases::attachments::SweepFiles;
use deskbell_core::use_cases::delivery::{DeliverTickets, SyncTickets};
use deskbell_core::use_cases::incidents::{self, OpenIncidents};
use deskbell_core::use_cases::mail::{self, SendMail};
use deskbell_core::use_cases::privacy::EnforceRetention;
use deskbell_core::use_cases::search::counting::{self, Counting};
use deskbell_core::use_cases::search::import::{ImportQuestions, ScheduledImport};
use deskbell_core::use_cases::search::{self, Indexes};

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
    /// Expires the audit log.
    pub audit: Audit,
    /// The mails whose recipients are deleted after a day.
    pub outgoing: Arc<dyn OutgoingMail>,
    /// The clock of the store.
    pub clock: Arc<dyn Clock>,
    /// The indexes that follow the questions.
    pub indexes: Arc<Indexes>,
    /// The questions.
    pub questions: Arc<dyn Questions>,
    /// Collected counts.
    pub counting: Arc<Counting>,
    /// The store of counts.
    pub counts: Arc<dyn Counts>,
    /// Current incidents, updated from status pages.
    pub open_incidents: OpenIncidents,
    /// The status pages, by site.
    pub status_pages: BTreeMap<SiteKey, Arc<dyn StatusPage>>,
    /// Imports questions.
    pub import: ImportQuestions,
    /// The scheduled imports, by site.
    pub imports: BTreeMap<SiteKey, Vec<ScheduledImport>>,
}

type WorkFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Workers {
    /// Starts all of them. They end when cancelled; running deliveries, polls and mails are completed before.
    pub fn start(&self, stop: &CancellationToken) -> JoinSet<()> {
        let mut workers = JoinSet::new();
        workers.spawn(deliver(self.deliver.clone(), stop.clone()));
        workers.spawn(sync(self.sync.clone(), stop.clone()));
        workers.spawn(send_mail(self.mail.clone(), stop.clone()));
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
        let forget = work((self.outgoing.clone(), self.clock.clone()), |(mails, clock)| async move {
            match mail::retention::run(mails.as_ref(), clock.as_ref()).await {}
        });
        all.push(("mail retention".into(), forget));
        let retention = work(self.retention.clone(), |retention| async move { match retention.run().await {} });
        all.push(("retention".into(), retention));
        let audit = work(self.audit.clone(), |audit| async move { match audit.run().await {} });
        all.push(("audit log retention".into(), audit));
        for (site, page) in &self.status_pages {
            let name = format!("status page of {site}");
            let parts = (self.open_incidents.clone(), site.clone(), page.clone());
            let poll =
                work(
                    parts,
                    |(open, site, page)| async move { match incidents::poll(&open, &site, page.as_ref()).await {} },
                );
            all.push((name, poll));
        }
        let plans = self.imports.iter().flat_map(|(site, plans)| plans.iter().map(move |plan| (site, plan)));
        for (site, plan) in plans {
            let name = format!("import of {} for {site}", plan.source.location());
            let parts = (self.import.clone(), site.clone(), plan.clone());
            let import = work(parts, |(import, site, plan)| async move { match import.run(&site, &plan).await {} });
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

/// Delivers to all destinations until it is cancelled.
pub async fn deliver(deliver: DeliverTickets, stop: CancellationToken) {
    deliver.warn_of_removed().await;
    let mut workers = JoinSet::new();
    for queue in deliver.queues() {
        let (deliver, stop, worker) = (deliver.clone(), stop.clone(), format!("delivery {queue}"));
        workers.spawn(async move {
            let start = || {
                let (deliver, queue, stop) = (deliver.clone(), queue.clone(), stop.clone());
                async move { deliver.work(&queue, &stop).await }
            };
            supervise(&worker, &stop, start).await;
        });
    }
    while workers.join_next().await.is_some() {}
}

/// Syncs tickets with all destinations that can be polled until it is cancelled.
pub async fn sync(sync: SyncTickets, stop: CancellationToken) {
    let mut workers = JoinSet::new();
    for queue in sync.polled() {
        let (sync, stop, worker) = (sync.clone(), stop.clone(), format!("sync {queue}"));
        workers.spawn(async move {
            let start = || {
                let (sync, queue, stop) = (sync.clone(), queue.clone(), stop.clone());
                async move { sync.work(&queue, &stop).await }
            };
            supervise(&worker, &stop, start).await;
        });
    }
    while workers.join_next().await.is_some() {}
}

/// Sends the mail of all sites until it is cancelled.
pub async fn send_mail(send: SendMail, stop: CancellationToken) {
    let mut workers = JoinSet::new();
    for outbox in send.outboxes().iter().cloned() {
        let (send, stop, name) = (send.clone(), stop.clone(), format!("mail {}", outbox.site.key));
        workers.spawn(async move {
            let start = || {
                let (send, outbox, stop) = (send.clone(), outbox.clone(), stop.clone());
                async move { send.work(&outbox, &stop).await }
            };
            supervise(&name, &stop, start).await;
        });
    }
    while workers.join_next().await.is_some() {}
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
    async fn every_import_and_status_page_has_its_own_worker() {
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
