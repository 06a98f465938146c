//! What the stores list before and after a move: the same rows in the same order, in pages with the same cursors.

use std::collections::BTreeMap;
use std::fmt::Debug;

use deskbell_core::ids::{AgentId, CustomerId, SiteKey};
use deskbell_core::ports::{DeliveryFilter, DeliveryState, Reader, SiteScope, Store, View};
use deskbell_core::timestamp::Timestamp;
use domain::targets::Owner;
use domain::ticket::Status;

use super::{installation, move_to, stopped};
use crate::privacy::{lines, options};
use crate::support::gateway_on;

/// So few that most lists have several pages, which end between equal rows.
const PAGE: u32 = 7;

/// The pages of lists by the names of the lists, as texts.
struct Lists(BTreeMap<String, Vec<String>>);

impl Lists {
    fn add(&mut self, name: impl Into<String>, page: impl Debug) {
        self.0.entry(name.into()).or_default().push(format!("{page:#?}"));
    }
}

/// Everything that a store lists, page by page.
async fn lists(store: &dyn Store) -> Lists {
    let mut lists = Lists(BTreeMap::new());
    list_tickets(store, &mut lists).await;
    list_tickets_of_customers(store, &mut lists).await;
    list_contents(store, &mut lists).await;
    list_deliveries(store, &mut lists).await;
    list_sessions_and_audit(store, &mut lists).await;
    list_questions_and_counts(store, &mut lists).await;
    lists
}

fn views() -> Vec<(String, View)> {
    let site = |site: &str| View { site: Some(SiteKey::new(site)), ..View::default() };
    let words = |words: &str| View { words: words.into(), ..View::default() };
    let since: Timestamp = "2026-11-05T10:00:00.000Z".parse().unwrap();
    let views = [
        View::default(),
        View { is_newest_first: true, ..View::default() },
        View { status: Some(Status::Open), ..View::default() },
        View { status: Some(Status::Solved), ..View::default() },
        View { status: Some(Status::Solved), is_newest_first: true, ..View::default() },
        site("acme"),
        site("signed"),
        View { owner: Some(Owner::Cs), ..View::default() },
        View { owner: Some(Owner::SupportHero), status: Some(Status::Open), ..View::default() },
        View { team: "a team".into(), ..View::default() },
        View { team: "ä team".into(), ..View::default() },
        View { assignee: "Zoë".into(), ..View::default() },
        View { is_test: Some(true), ..View::default() },
        View { is_test: Some(false), ..site("acme") },
        View { received_since: Some(since), ..View::default() },
        words("copied"),
        words("copied copy3"),
        words("cop"),
        words("no-such-word"),
        View { status: Some(Status::Open), ..words("copied") },
        View { team: "A team".into(), ..words("copied") },
    ];
    views.into_iter().map(|view| (format!("{view:?}"), view)).collect()
}

async fn list_tickets(store: &dyn Store, lists: &mut Lists) {
    for (name, view) in views() {
        let mut after = None;
        loop {
            let page = store.list_tickets(&view, after, PAGE).await.unwrap();
            after = page.next;
            lists.add(&name, page);
            if after.is_none() {
                break;
            }
        }
    }
    let mut after = None;
    loop {
        let heads = store.ticket_heads(after.as_ref(), PAGE).await.unwrap();
        after = heads.last().map(|head| head.id.clone());
        lists.add("heads", &heads);
        if heads.is_empty() {
            break;
        }
    }
}

async fn list_tickets_of_customers(store: &dyn Store, lists: &mut Lists) {
    let acme = SiteKey::new("acme");
    let session = store.ticket_by_name("DB-00002").await.unwrap().unwrap().session.unwrap();
    let person = CustomerId::new("Ädä");
    for reader in [Reader::Person(&person), Reader::Session(&session)] {
        let name = format!("{reader:?}");
        lists.add(format!("counts of {name}"), store.customer_counts(&acme, reader).await.unwrap());
        lists.add(format!("excerpts of {name}"), store.customer_excerpts(&acme, reader, PAGE).await.unwrap());
        let mut after = None;
        loop {
            let page = store.customer_tickets(&acme, reader, after.as_ref(), PAGE).await.unwrap();
            after = page.next.clone();
            lists.add(&name, page);
            if after.is_none() {
                break;
            }
        }
    }
}

/// The contents of all tickets, which pages of their messages make up.
async fn list_contents(store: &dyn Store, lists: &mut Lists) {
    for head in store.ticket_heads(None, 1000).await.unwrap() {
        let id = &head.id;
        let name = |what: &str| format!("{what} of {}", head.reference);
        lists.add(name("ticket"), store.ticket(id).await.unwrap());
        lists.add(name("messages"), store.messages(id, 0).await.unwrap());
        let mut after = 0;
        loop {
            let page = store.message_page(id, after, 3).await.unwrap();
            let Some(last) = page.messages.last() else { break };
            after = last.number;
            lists.add(name("pages"), page);
        }
        lists.add(name("last messages"), store.last_messages(id, None, 2).await.unwrap());
        lists.add(name("activities"), store.activities(id).await.unwrap());
        lists.add(name("deliveries"), store.deliveries(id).await.unwrap());
        lists.add(name("counts"), store.erasure_counts(id).await.unwrap());
    }
}

async fn list_deliveries(store: &dyn Store, lists: &mut Lists) {
    lists.add("dead letters", store.dead_letters(&SiteScope::All, 50).await.unwrap());
    let state = |state| DeliveryFilter { state: Some(state), ..DeliveryFilter::default() };
    let site = DeliveryFilter { site: Some(SiteKey::new("signed")), ..DeliveryFilter::default() };
    for filter in [DeliveryFilter::default(), state(DeliveryState::Waiting), state(DeliveryState::DeadLetter), site] {
        let mut after = None;
        loop {
            let page = store.undelivered(&filter, after, PAGE).await.unwrap();
            after = page.last().map(|(delivery, _)| delivery.id);
            lists.add(format!("{filter:?}"), &page);
            if page.is_empty() {
                break;
            }
        }
    }
}

async fn list_sessions_and_audit(store: &dyn Store, lists: &mut Lists) {
    let zoe = AgentId::new("zoë");
    for agent in [None, Some(&zoe)] {
        let (mut below_session, mut below_entry) = (None, None);
        loop {
            let sessions = store.agent_sessions(agent, below_session, PAGE).await.unwrap();
            let entries = store.audit_entries(agent, below_entry, PAGE).await.unwrap();
            lists.add(format!("sessions of {agent:?}"), &sessions);
            lists.add(format!("entries of {agent:?}"), &entries);
            below_session = sessions.last().map(|session| session.id).or(below_session);
            below_entry = entries.last().map(|entry| entry.number).or(below_entry);
            if sessions.is_empty() && entries.is_empty() {
                break;
            }
        }
    }
}

async fn list_questions_and_counts(store: &dyn Store, lists: &mut Lists) {
    let site = SiteKey::new("signed");
    let mut after = String::new();
    loop {
        let page = store.question_page(&site, &after, PAGE).await.unwrap();
        lists.add("questions", &page);
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
    }
    let mut after = (0, String::new());
    loop {
        let page = store.changed_questions(&site, &after, i64::MAX, PAGE).await.unwrap();
        lists.add("changed questions", &page);
        let Some(last) = page.last() else { break };
        after = (last.revision, last.id.clone());
    }
    let counts = store.question_counts(&site, "2026-01-01", PAGE).await.unwrap();
    lists.add(
        "question counts",
        counts.iter().map(|(counts, question)| (counts, question.as_ref())).collect::<Vec<_>>(),
    );
    lists.add("visit counts", store.visit_counts(&site, "2026-01-01").await.unwrap());
    lists.add("search misses", store.search_misses(&site, "2026-01-01").await.unwrap());
    lists.add("revisions", store.revisions().await.unwrap());
}

#[tokio::test]
async fn lists_have_the_same_order_pages_and_counts_after_a_move() {
    let (gateway, _) = installation().await;
    sqlx::raw_sql(include_str!("many.sql")).execute(&mut gateway.connection().await).await.unwrap();
    let before = lists(gateway.app.store.as_ref()).await;
    let folder = stopped(gateway).await;
    let url = test_postgres::database();
    move_to(folder.path(), &url).await;
    let gateway = gateway_on(&url, folder, &lines(""), options()).await;
    let after = lists(gateway.app.store.as_ref()).await;
    assert_eq!(before.0.keys().collect::<Vec<_>>(), after.0.keys().collect::<Vec<_>>());
    for (name, pages) in &before.0 {
        // PostgreSQL has U+FFFD for U+0000, except inside JSON.
        let same_zeros =
            |pages: &[String]| -> Vec<String> { pages.iter().map(|page| page.replace("\\0", "\u{fffd}")).collect() };
        assert_same(name, &same_zeros(pages), &same_zeros(&after.0[name]));
    }
    let with_pages = before.0.values().filter(|pages| pages.len() > 2).count();
    assert!(with_pages > 20, "only {with_pages} lists have several pages");
}

fn assert_same(name: &str, before: &[String], after: &[String]) {
    assert_eq!(before.len(), after.len(), "{name}");
    for (number, (before, after)) in before.iter().zip(after).enumerate() {
        assert!(before == after, "{name}, page {number}, before:\n{before}\nafter:\n{after}");
    }
}
