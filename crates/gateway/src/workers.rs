//! The background workers, each in a task of its own that is restarted after a panic.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Fingerprint;
use crate::database_watch::DatabaseWatch;
use crate::gateway_watch::GatewayWatch;
use crate::guard::cell_retention;
use crate::other_gateways::OtherGateways;
use crate::supervisor::supervise;
use deskbell_core::clock::Clock;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Counts, OutgoingMail, Questions, SharedBuckets, StatusPage, StatusPolls};
use deskbell_core::use_cases::agents::Audit;
use deskbell_core::use_cases::attachments::SweepFiles;
use deskbell_core::use_cases::delivery::{DeliverTickets, ResendDeliveries, ShareOutages, SyncTickets};
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
    /// Notices dead letters that a command has queued again.
    pub resend: Arc<ResendDeliveries>,
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
    /// What other gateways have polled from them, if there may be any.
    pub status_polls: Option<Arc<dyn StatusPolls>>,
    /// Shares with other gateways which destinations are unreachable, if there may be any.
    pub outages: Option<ShareOutages>,
    /// The buckets of rate limits that it shares with other gateways, if there may be any.
    pub shared_buckets: Option<Arc<dyn SharedBuckets>>,
    /// Imports questions.
    pub import: ImportQuestions,
    /// The scheduled imports, by site.
    pub imports: BTreeMap<SiteKey, Vec<ScheduledImport>>,
    /// Follows what other gateways change, if there may be any.
    pub others: Option<OtherGateways>,
    /// Watches how many other gateways there are, if there may be any.
    pub gateway_watch: Option<GatewayWatch>,
    /// Logs outages of the database, if it has a server.
    pub database_watch: Option<DatabaseWatch>,
    /// The versions of the sites.
    pub versions: BTreeMap<SiteKey, Fingerprint>,
}

type WorkFuture = Pin<Box<dyn Future<Output = ()> + Send>>;
type Start = Box<dyn Fn(CancellationToken) -> WorkFuture + Send + Sync>;

/// A worker that is not started yet.
pub struct Worker {
    /// Its name, which no other has.
    pub name: String,
    /// What it depends on; a reload leaves a worker alone whose version is the same.
    pub version: Version,
    start: Start,
}

/// What a worker depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Only on what all assemblies of the gateway share.
    Shared,
    /// On the configuration of one site.
    Site(Fingerprint),
    /// On more than one site.
    Assembly,
}

/// The workers that run. A reload replaces those of sites that have changed.
#[derive(Default)]
pub struct RunningWorkers {
    running: BTreeMap<String, RunningWorker>,
    /// Cancelled when a worker that was stopped without a successor has ended, by its name.
    ending: BTreeMap<String, CancellationToken>,
    tasks: JoinSet<()>,
}

struct RunningWorker {
    version: Version,
    stop: CancellationToken,
    /// Cancelled when it has ended.
    ended: CancellationToken,
}

impl RunningWorkers {
    /// Starts these workers, and stops all others: deliveries, mails and syncs that they have begun are completed first. One that replaces another of the same name starts
    /// when that has ended, so that no delivery, mail or import has two workers. They also end when `stop` is cancelled.
    pub fn replace(&mut self, workers: Vec<Worker>, stop: &CancellationToken) {
        // Those that have ended are not kept for the end of the gateway.
        while self.tasks.try_join_next().is_some() {}
        self.ending.retain(|_, ended| !ended.is_cancelled());
        let mut before = std::mem::take(&mut self.running);
        for Worker { name, version, start } in workers {
            let previous = before.remove(&name);
            if let Some(kept) = previous.as_ref().filter(|kept| kept.version == version && version != Version::Assembly)
                && !kept.ended.is_cancelled()
            {
                self.running.extend(previous.map(|kept| (name, kept)));
                continue;
            }
            let running = RunningWorker { version, stop: stop.child_token(), ended: CancellationToken::new() };
            let (stop, ended) = (running.stop.clone(), running.ended.clone().drop_guard());
            let (worker, predecessor) =
                (name.clone(), previous.map(RunningWorker::end).or_else(|| self.ending.remove(&name)));
            self.tasks.spawn(async move {
                if let Some(predecessor) = predecessor {
                    predecessor.cancelled().await;
                }
                supervise(&worker, &stop, || start(stop.clone())).await;
                drop(ended);
            });
            self.running.insert(name, running);
        }
        self.ending.extend(before.into_iter().map(|(name, gone)| (name, gone.end())));
    }

    /// Waits until all have ended, after they were stopped.
    pub async fn wait(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Ends those that still run.
    pub async fn abort(&mut self) {
        self.tasks.shutdown().await;
    }
}

impl RunningWorker {
    /// Stops it. The token is cancelled when it has ended.
    fn end(self) -> CancellationToken {
        self.stop.cancel();
        self.ended
    }
}

impl Workers {
    /// All of them, each with a name of its own.
    pub fn list(&self) -> Vec<Worker> {
        let mut all = Vec::new();
        for queue in self.deliver.queues() {
            let (name, version, deliver) =
                (format!("delivery {queue}"), self.version(&queue.site), self.deliver.clone());
            let start = move |stop: CancellationToken| -> WorkFuture {
                let (deliver, queue) = (deliver.clone(), queue.clone());
                Box::pin(async move { deliver.work(&queue, &stop).await })
            };
            all.push(Worker { name, version, start: Box::new(start) });
        }
        for queue in self.sync.polled() {
            let (name, version, sync) = (format!("sync {queue}"), self.version(&queue.site), self.sync.clone());
            let start = move |stop: CancellationToken| -> WorkFuture {
                let (sync, queue) = (sync.clone(), queue.clone());
                Box::pin(async move { sync.work(&queue, &stop).await })
            };
            all.push(Worker { name, version, start: Box::new(start) });
        }
        for outbox in self.mail.outboxes().iter().cloned() {
            let site = &outbox.site.key;
            let (name, version, send) = (format!("mail {site}"), self.version(site), self.mail.clone());
            let start = move |stop: CancellationToken| -> WorkFuture {
                let (send, outbox) = (send.clone(), outbox.clone());
                Box::pin(async move { send.work(&outbox, &stop).await })
            };
            all.push(Worker { name, version, start: Box::new(start) });
        }
        all.extend(self.repeated());
        all
    }

    fn version(&self, site: &SiteKey) -> Version {
        Version::Site(self.versions.get(site).copied().unwrap_or_default())
    }

    /// Work that may be aborted at any time.
    fn repeated(&self) -> Vec<Worker> {
        let mut all = Vec::new();
        let (indexes, questions) = (self.indexes.clone(), self.questions.clone());
        let follow = work((indexes, questions), |(indexes, questions)| async move {
            search::follow(&indexes, questions.as_ref()).await;
        });
        all.push(abortable("search indexes", Version::Shared, follow));
        let count = work((self.counting.clone(), self.counts.clone()), |(counting, counts)| async move {
            counting::run(&counting, counts.as_ref()).await;
        });
        all.push(abortable("counting", Version::Shared, count));
        let sweep = work(self.sweep.clone(), |sweep| async move { match sweep.run().await {} });
        all.push(abortable("attachments sweep", Version::Shared, sweep));
        let forget = work((self.outgoing.clone(), self.clock.clone()), |(mails, clock)| async move {
            match mail::retention::run(mails.as_ref(), clock.as_ref()).await {}
        });
        all.push(abortable("mail retention", Version::Shared, forget));
        let retention = work(self.retention.clone(), |retention| async move { match retention.run().await {} });
        all.push(abortable("retention", Version::Assembly, retention));
        let audit = work(self.audit.clone(), |audit| async move { match audit.run().await {} });
        all.push(abortable("audit log retention", Version::Assembly, audit));
        let resend = work(self.resend.clone(), |resend| async move { match resend.follow().await {} });
        all.push(abortable("requeued dead letters", Version::Assembly, resend));
        if let Some(others) = &self.others {
            let follow = work(others.clone(), |others| async move { others.follow().await });
            all.push(abortable("changes by other gateways", Version::Shared, follow));
        }
        if let Some(watch) = &self.gateway_watch {
            let watch = work(watch.clone(), |watch| async move { match watch.run().await {} });
            all.push(abortable("number of gateways", Version::Shared, watch));
        }
        if let Some(watch) = &self.database_watch {
            let watch = work(watch.clone(), |watch| async move { match watch.run().await {} });
            all.push(abortable("database watch", Version::Shared, watch));
        }
        if let Some(outages) = &self.outages {
            let share = work(outages.clone(), |outages| async move { match outages.run().await {} });
            all.push(abortable("unreachable destinations", Version::Assembly, share));
        }
        if let Some(buckets) = &self.shared_buckets {
            let delete =
                work(buckets.clone(), |buckets| async move { match cell_retention::run(buckets.as_ref()).await {} });
            all.push(abortable("cells of rate limits", Version::Shared, delete));
        }
        for (site, page) in &self.status_pages {
            let name = format!("status page of {site}");
            let parts = (self.open_incidents.clone(), self.status_polls.clone(), site.clone(), page.clone());
            let poll = work(parts, |(open, polls, site, page)| async move {
                match polls {
                    Some(polls) => {
                        match incidents::poll_with_others(&open, polls.as_ref(), &site, page.as_ref()).await {}
                    }
                    None => match incidents::poll(&open, &site, page.as_ref()).await {},
                }
            });
            all.push(abortable(&name, self.version(site), poll));
        }
        let plans = self.imports.iter().flat_map(|(site, plans)| plans.iter().map(move |plan| (site, plan)));
        for (site, plan) in plans {
            let name = format!("import of {} for {site}", plan.source.location());
            let parts = (self.import.clone(), site.clone(), plan.clone());
            let import = work(parts, |(import, site, plan)| async move { match import.run(&site, &plan).await {} });
            all.push(abortable(&name, self.version(site), import));
        }
        all
    }
}

/// A worker that is aborted when it is stopped.
fn abortable(name: &str, version: Version, work: Box<dyn Fn() -> WorkFuture + Send + Sync>) -> Worker {
    let start = move |stop: CancellationToken| -> WorkFuture {
        let work = work();
        Box::pin(async move {
            stop.run_until_cancelled(work).await;
        })
    };
    Worker { name: name.into(), version, start: Box::new(start) }
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
            gateway.workers.list().len()
        };
        let none = count("").await;
        let imports = "[[sites.acme.imports]]\nfrom = \"jsonl\"\nurl = \"one.jsonl\"\n\
                       [[sites.acme.imports]]\nfrom = \"jsonl\"\nurl = \"two.jsonl\"\n";
        assert_eq!(count(imports).await, none + 2);
        let page = "[sites.acme.incidents]\nfrom = \"statuspage\"\nurl = \"https://status.example\"\n";
        assert_eq!(count(page).await, none + 1);
    }

    #[tokio::test]
    async fn a_worker_of_the_same_version_goes_on_and_another_waits_until_its_predecessor_has_ended() {
        let (events, mut received) = tokio::sync::mpsc::unbounded_channel::<String>();
        let (may_end, stop) = (CancellationToken::new(), CancellationToken::new());
        let worker = |name: &str, version: Version, label: &'static str| {
            let (events, may_end) = (events.clone(), may_end.clone());
            let start = move |stop: CancellationToken| -> WorkFuture {
                let (events, may_end) = (events.clone(), may_end.clone());
                Box::pin(async move {
                    events.send(format!("{label} starts")).unwrap();
                    stop.cancelled().await;
                    may_end.cancelled().await;
                    events.send(format!("{label} ends")).unwrap();
                })
            };
            Worker { name: name.into(), version, start: Box::new(start) }
        };
        let other = Version::Site(Fingerprint::of_text("other"));
        let mut workers = RunningWorkers::default();
        workers.replace(vec![worker("a", Version::Shared, "a1"), worker("b", Version::Shared, "b1")], &stop);
        let mut first = [received.recv().await.unwrap(), received.recv().await.unwrap()];
        first.sort();
        assert_eq!(first, ["a1 starts", "b1 starts"]);
        workers.replace(vec![worker("a", Version::Shared, "a2"), worker("b", other, "b2")], &stop);
        tokio::task::yield_now().await;
        assert!(received.try_recv().is_err(), "b2 waits for b1");
        may_end.cancel();
        assert_eq!(received.recv().await.unwrap(), "b1 ends");
        assert_eq!(received.recv().await.unwrap(), "b2 starts");
        workers.replace(vec![worker("b", other, "b3")], &stop);
        assert_eq!(received.recv().await.unwrap(), "a1 ends");
        stop.cancel();
        workers.wait().await;
        assert_eq!(received.recv().await.unwrap(), "b2 ends");
        assert!(received.try_recv().is_err());
    }
}
