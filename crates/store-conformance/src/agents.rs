//! Agents, their sessions, and the audit log.

use std::time::Duration;

use crate::support::{LATER, LEASE, NOW, TestClock, UNTIL, time};
use deskbell_core::ids::AgentId;
use deskbell_core::ports::{
    Agent, AgentSession, AuditKind, Grant, LoginMethod, NewAgentSession, NewAuditEntry, Role, SiteScope, Store,
};

fn agent(id: &str) -> Agent {
    let sites = SiteScope::Only(["acme".into()].into());
    Agent { id: AgentId::new(id), name: id.to_uppercase(), grants: vec![Grant { role: Role::Lead, sites }] }
}

fn session(digest: u8, id: &str, lifetime: Duration) -> NewAgentSession {
    NewAgentSession {
        digest: [digest; 32].into(),
        agent: agent(id),
        method: LoginMethod::PersonalToken,
        credential_digest: [9; 32],
        address: "203.0.113.7".into(),
        browser: "Firefox".into(),
        lifetime,
    }
}

async fn names(store: &dyn Store, owner: Option<&AgentId>) -> Vec<String> {
    let sessions = store.agent_sessions(owner, None, 10).await.unwrap();
    sessions.into_iter().map(|session| session.agent.id.to_string()).collect()
}

pub async fn agent_sessions_last_until_they_expire_or_are_ended(store: &dyn Store, clock: &TestClock) {
    store.open_session(&session(1, "ana", LEASE), None).await.unwrap();
    store.open_session(&session(2, "ben", 2 * LEASE), None).await.unwrap();
    let ana = store.agent_session(&[1; 32].into()).await.unwrap().unwrap();
    let AgentSession {
        agent: owner, method, credential_digest, address, browser, created_at, seen_at, expires_at, ..
    } = ana;
    assert_eq!(owner, agent("ana"));
    assert_eq!((method, credential_digest), (LoginMethod::PersonalToken, [9; 32]));
    assert_eq!((address.as_str(), browser.as_str()), ("203.0.113.7", "Firefox"));
    assert_eq!((created_at, seen_at, expires_at), (time(NOW), time(NOW), time(UNTIL)));
    assert_eq!(store.agent_session(&[3; 32].into()).await.unwrap(), None);
    clock.set(UNTIL);
    assert_eq!(store.agent_session(&[1; 32].into()).await.unwrap(), None, "its time is over");
    assert_eq!(names(store, None).await, ["ben"], "expired sessions are not listed");
    let ben = store.agent_session(&[2; 32].into()).await.unwrap().unwrap();
    store.touch_session(ben.id).await.unwrap();
    assert_eq!(store.agent_session(&[2; 32].into()).await.unwrap().unwrap().seen_at, time(UNTIL));
    assert_eq!(store.agent_session_by_id(ben.id, Some(&AgentId::new("ana"))).await.unwrap(), None, "it is not hers");
    assert_eq!(store.agent_session_by_id(ben.id, None).await.unwrap().unwrap().id, ben.id);
    assert_eq!(store.end_session(ben.id, Some(&AgentId::new("ana"))).await.unwrap(), None, "it is not hers");
    assert_eq!(store.end_session(ben.id, None).await.unwrap().map(|ended| ended.id), Some(ben.id));
    assert_eq!(store.end_session(ben.id, None).await.unwrap(), None);
    assert_eq!(store.agent_session(&[2; 32].into()).await.unwrap(), None);
}

pub async fn a_login_replaces_the_session_of_the_browser(store: &dyn Store, _: &TestClock) {
    store.open_session(&session(1, "ana", LEASE), None).await.unwrap();
    store.open_session(&session(2, "ana", LEASE), Some(&[1; 32].into())).await.unwrap();
    assert_eq!(store.agent_session(&[1; 32].into()).await.unwrap(), None);
    assert!(store.agent_session(&[2; 32].into()).await.unwrap().is_some());
}

pub async fn the_latest_login_decides_the_name_and_the_grants(store: &dyn Store, _: &TestClock) {
    store.open_session(&session(1, "ana", LEASE), None).await.unwrap();
    let mut later = session(2, "ana", LEASE);
    later.agent.name = "Ana Lima".into();
    later.agent.grants = vec![Grant { role: Role::Administrator, sites: SiteScope::All }];
    store.open_session(&later, None).await.unwrap();
    let earlier = store.agent_session(&[1; 32].into()).await.unwrap().unwrap();
    assert_eq!(earlier.agent, later.agent);
}

pub async fn all_sessions_of_an_agent_can_be_ended(store: &dyn Store, _: &TestClock) {
    for (digest, id) in [(1, "ana"), (2, "ben"), (3, "ana")] {
        store.open_session(&session(digest, id, LEASE), None).await.unwrap();
    }
    assert_eq!(store.end_sessions(&AgentId::new("ana")).await.unwrap(), 2);
    assert_eq!(names(store, None).await, ["ben"]);
}

pub async fn sessions_are_paged_latest_first(store: &dyn Store, _: &TestClock) {
    for (digest, id) in [(1, "ana"), (2, "ben"), (3, "ana")] {
        store.open_session(&session(digest, id, LEASE), None).await.unwrap();
    }
    assert_eq!(names(store, None).await, ["ana", "ben", "ana"]);
    assert_eq!(names(store, Some(&AgentId::new("ana"))).await, ["ana", "ana"]);
    let page = store.agent_sessions(None, None, 2).await.unwrap();
    let rest = store.agent_sessions(None, page.last().map(|last| last.id), 2).await.unwrap();
    assert_eq!((page.len(), rest.len()), (2, 1));
    assert!(page.iter().all(|session| session.id > rest[0].id));
}

fn entry(id: &str, ticket: &str) -> NewAuditEntry {
    NewAuditEntry {
        agent: AgentId::new(id),
        name: id.to_uppercase(),
        address: "203.0.113.7".into(),
        kind: AuditKind::TicketErased,
        site: "acme".into(),
        ticket: ticket.into(),
        detail: "detail".into(),
    }
}

pub async fn repeated_reads_are_counted_in_one_entry(store: &dyn Store, clock: &TestClock) {
    let read = |id: &str, ticket: &str| NewAuditEntry { kind: AuditKind::TicketRead, ..entry(id, ticket) };
    for (id, ticket) in [("ana", "DB-1"), ("ana", "DB-1"), ("ana", "DB-2"), ("ben", "DB-1"), ("ana", "DB-1")] {
        store.record_repeated(&read(id, ticket), time(NOW) - LEASE).await.unwrap();
    }
    clock.set(LATER);
    store.record_repeated(&read("ana", "DB-1"), time(LATER) - LEASE).await.unwrap();
    let entries = store.audit_entries(None, None, 10).await.unwrap();
    let counts: Vec<(&str, &str, u32)> =
        entries.iter().map(|one| (one.entry.agent.as_str(), one.entry.ticket.as_str(), one.count)).collect();
    assert_eq!(counts, [("ana", "DB-1", 1), ("ben", "DB-1", 1), ("ana", "DB-2", 1), ("ana", "DB-1", 3)]);
}

pub async fn agents_without_sessions_and_entries_are_deleted(store: &dyn Store, clock: &TestClock) {
    for (digest, id) in [(1, "ana"), (2, "ben"), (3, "eve")] {
        store.open_session(&session(digest, id, LEASE), None).await.unwrap();
    }
    store.record_audit(&entry("ana", "DB-1")).await.unwrap();
    store.end_sessions(&AgentId::new("ana")).await.unwrap();
    store.end_sessions(&AgentId::new("eve")).await.unwrap();
    assert_eq!(store.delete_agents_before(time(NOW), 10).await.unwrap(), 0, "they have just logged in");
    clock.set(LATER);
    assert_eq!(store.delete_agents_before(time(LATER), 10).await.unwrap(), 1, "eve, whom nothing mentions");
    store.delete_audit_before(time(LATER), 10).await.unwrap();
    assert_eq!(store.delete_agents_before(time(LATER), 10).await.unwrap(), 1, "ana, whose entry has expired");
    assert_eq!(names(store, None).await, Vec::<String>::new(), "ben's session has expired, and is there");
    store.open_session(&session(4, "ben", LEASE), None).await.unwrap();
    assert_eq!(names(store, None).await, ["ben"]);
}

pub async fn the_audit_log_is_read_latest_first_and_expires(store: &dyn Store, clock: &TestClock) {
    for (id, ticket) in [("ana", "DB-1"), ("ben", "DB-2"), ("ana", "DB-3")] {
        store.record_audit(&entry(id, ticket)).await.unwrap();
    }
    clock.set(LATER);
    store.record_audit(&entry("ana", "DB-4")).await.unwrap();
    let page = store.audit_entries(None, None, 2).await.unwrap();
    assert_eq!((page[0].at, &page[0].entry), (time(LATER), &entry("ana", "DB-4")));
    assert_eq!(page[1].entry.ticket, "DB-3");
    let tickets = async |agent: Option<&str>, below| {
        let agent = agent.map(AgentId::new);
        let entries = store.audit_entries(agent.as_ref(), below, 10).await.unwrap();
        entries.into_iter().map(|entry| entry.entry.ticket).collect::<Vec<_>>()
    };
    assert_eq!(tickets(None, Some(page[1].number)).await, ["DB-2", "DB-1"]);
    assert_eq!(tickets(Some("ana"), None).await, ["DB-4", "DB-3", "DB-1"]);
    assert_eq!(store.delete_audit_before(time(LATER), 2).await.unwrap(), 2);
    assert_eq!(tickets(None, None).await, ["DB-4", "DB-3"], "the oldest first");
    assert_eq!(store.delete_audit_before(time(LATER), 2).await.unwrap(), 1);
    assert_eq!(tickets(None, None).await, ["DB-4"]);
}
