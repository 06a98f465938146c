//! Agents' accounts: personal tokens, roles, sites, sessions and the audit log.

use axum::body::Body;
use axum::http::Method;
use deskbell_core::ids::{QueueName, TicketId};
use deskbell_core::ports::{CurrentTicket, DeliveryOutcome, DeliveryState, DueDelivery, StoredTicket};
use deskbell_core::timestamp::Timestamp;
use gateway::config::{Overrides, new_personal_token};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::command::{deskbell, start};
use crate::support::{Answer, Gateway, gateway_with, on_sqlite, post, request, ticket};

/// A gateway with three agents of different roles, and their tokens.
struct Office {
    gateway: Gateway,
    /// An agent of `acme`.
    agent: String,
    /// A lead of `acme` who is an agent of nothing else.
    lead: String,
    /// An administrator of all sites.
    administrator: String,
}

const GLOBEX: &str = r#"
    [sites.globex]
    origins = ["*"]
    sensitive_topics = ["salary"]
    panel.topics = [{ id = "salary", label = "Salary", team = "payroll" }, { id = "other", label = "Other" }]
    [sites.globex.destinations.hook]
    to = "webhook"
    url = "http://127.0.0.1:9/hook"
    private = true
    secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
"#;

fn account(id: &str, role: &str, sites: &str) -> (String, String) {
    let (token, digest) = new_personal_token().unwrap();
    let table = format!(
        "[[inbox.agents]]\nid = \"{id}\"\nname = \"{}\"\nrole = \"{role}\"\n{sites}\ntoken_sha256 = \"{digest}\"\n",
        id.to_uppercase()
    );
    (token, table)
}

async fn office() -> Office {
    office_with("").await
}

async fn office_with(more: &str) -> Office {
    let (agent, agent_table) = account("ana", "agent", "sites = [\"acme\"]");
    let (lead, lead_table) = account("lea", "lead", "sites = [\"acme\"]");
    let (administrator, administrator_table) = account("ada", "administrator", "");
    let lines = [&agent_table, &lead_table, &administrator_table, GLOBEX, more].join("\n");
    Office { gateway: gateway_with(&lines, Overrides::default()).await, agent, lead, administrator }
}

impl Office {
    /// The reference of a new ticket.
    async fn ticket(&self, site: &str, topic: &str) -> String {
        let mut sent = ticket("Zebra");
        sent["topic"] = json!(topic);
        let key = format!("{site}-{topic}");
        let answer = self.gateway.send(post(site, &key, None, &sent)).await;
        let sent: Value = answer.json();
        sent["reference"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_string()
    }

    /// Requests a page with a token.
    async fn get(&self, token: &str, path: &str) -> Answer {
        let request = request(Method::GET, path).header("authorization", format!("Bearer {token}"));
        self.gateway.send(request.body(Body::empty()).unwrap()).await
    }

    /// Submits a form with a token.
    async fn submit(&self, token: &str, path: &str, form: &str) -> Answer {
        let request = request(Method::POST, path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/x-www-form-urlencoded");
        self.gateway.send(request.body(Body::from(form.to_string())).unwrap()).await
    }

    /// Requests a page with a cookie.
    async fn get_as(&self, cookie: &str, path: &str) -> Answer {
        self.gateway.send(request(Method::GET, path).header("cookie", cookie).body(Body::empty()).unwrap()).await
    }

    /// Submits a form of the inbox with a cookie.
    async fn submit_as(&self, cookie: &str, path: &str, form: &str) -> Answer {
        let request = request(Method::POST, path)
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
            .header("content-type", "application/x-www-form-urlencoded");
        self.gateway.send(request.body(Body::from(form.to_string())).unwrap()).await
    }

    /// The cookie of a login in a browser that has another cookie.
    async fn log_in(&self, token: &str, cookie: &str) -> String {
        let answer = self.submit_as(cookie, "/inbox/login", &format!("token={token}")).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("set-cookie").split(';').next().unwrap().to_string()
    }
}

#[tokio::test]
async fn each_role_is_offered_and_accepted_what_it_may_do() {
    let office = office().await;
    let name = office.ticket("acme", "").await;
    let page = format!("/inbox/tickets/{name}");
    let erase = format!("{page}/erase");
    for (token, role, resend, administer) in [
        (&office.agent, "agent", 403, 403),
        (&office.lead, "lead", 303, 403),
        (&office.administrator, "administrator", 303, 200),
    ] {
        for (path, status) in [
            ("/inbox", 200),
            (&page, 200),
            ("/inbox/answers", 200),
            ("/inbox/deliveries", 200),
            ("/inbox/sessions", 200),
            (&erase, administer),
            ("/inbox/sessions?of=all", administer),
            ("/inbox/audit", administer),
        ] {
            assert_eq!(office.get(token, path).await.status, status, "{role} {path}");
        }
        assert_eq!(office.submit(token, &page, "action=note&text=Seen").await.status, 303, "{role}");
        assert_eq!(office.submit(token, "/inbox/deliveries", "all=yes").await.status, resend, "{role}");
        let offered = office.get(token, &page).await.text();
        assert_eq!(offered.contains("Erase this ticket"), administer == 200, "{role}");
        assert_eq!(offered.contains("/inbox/audit"), administer == 200, "{role}");
    }
    for token in [&office.agent, &office.lead] {
        let refused = office.submit(token, &erase, &format!("confirm={name}")).await;
        assert_eq!(refused.status, 403);
        assert!(refused.text().contains("Your role does not include this"), "{}", refused.text());
    }
    assert_eq!(office.get(&office.agent, &page).await.status, 200, "nothing was erased");
    let erased = office.submit(&office.administrator, &erase, &format!("confirm={name}")).await;
    assert!(erased.status == 200 && erased.text().contains("erased"), "{}", erased.text());
}

#[tokio::test]
async fn agents_see_and_change_nothing_of_other_sites() {
    let office = office().await;
    let (own, other) = (office.ticket("acme", "").await, office.ticket("globex", "other").await);
    let page = format!("/inbox/tickets/{other}");
    let list = office.get(&office.agent, "/inbox").await.text();
    assert!(list.contains(&own) && !list.contains(&other) && !list.contains("globex"), "{list}");
    let all = office.get(&office.administrator, "/inbox").await.text();
    assert!(all.contains(&own) && all.contains(&other));
    for token in [&office.agent, &office.lead] {
        assert_eq!(office.get(token, &page).await.status, 404);
        assert_eq!(office.get(token, "/inbox?site=globex").await.status, 403);
        assert_eq!(office.get(token, &format!("/inbox?q={other}")).await.status, 200, "it is not found");
        assert_eq!(office.submit(token, &page, "action=note&text=x").await.status, 404);
        let deliveries = office.get(token, "/inbox/deliveries").await.text();
        assert!(!deliveries.contains("globex"), "{deliveries}");
        assert!(!office.get(token, "/inbox/answers?site=globex").await.text().contains("globex"));
    }
    assert!(office.get(&office.administrator, "/inbox/deliveries").await.text().contains("globex"));
    assert_eq!(office.get(&office.administrator, &format!("/inbox?q={other}")).await.status, 303);
}

/// Whatever is on the site `globex` contains one of these, or is named by one of them.
const OF_GLOBEX: [&str; 7] = ["globex", "Zanzibar", "zanzibar@example.com", "hook", "payroll", "Salary", "Flood"];

/// The ticket of another site, with a dead letter, a note, an incident and counts beside it; each contains one of [`OF_GLOBEX`].
async fn ticket_of_globex(office: &Office) -> StoredTicket {
    let mut sent = ticket("Zanzibar is under water");
    (sent["topic"], sent["contact"]) = (json!("salary"), json!({"name": "Zanzibar", "email": "zanzibar@example.com"}));
    let answer = office.gateway.send(post("globex", "zanzibar", None, &sent)).await;
    let store = &office.gateway.app.store;
    let stored = store.ticket(&TicketId::new(answer.json()["id"].as_str().unwrap())).await.unwrap().unwrap();
    let queue = QueueName::new(&"globex".into(), &"hook".into());
    let due = store.claim_deliveries(&queue, std::time::Duration::from_secs(60), &[], 1).await.unwrap();
    let refused = DeliveryOutcome::DeadLetter { reason: "Zanzibar is away".into() };
    store.record_attempts(&[(&due[0], &refused)]).await.unwrap();
    let note = "action=note&text=Zanzibar+again";
    let noted = office.submit(&office.administrator, &format!("/inbox/tickets/{}", stored.reference), note).await;
    assert_eq!(noted.status, 303);
    stored
}

/// Everything that forms could change of a ticket.
async fn state_of(office: &Office, ticket: &StoredTicket) -> String {
    let store = &office.gateway.app.store;
    let messages = store.last_messages(&ticket.id, None, 100).await.unwrap();
    let activities = store.last_activities(&ticket.id, (None, None), 100).await.unwrap();
    let deliveries = store.deliveries(&ticket.id).await.unwrap();
    format!("{:?} {messages:?} {activities:?} {deliveries:?}", store.ticket(&ticket.id).await.unwrap())
}

#[tokio::test]
async fn no_page_shows_and_no_form_changes_anything_of_a_site_that_is_not_the_agents() {
    let (administrator_of_one, table) = account("amy", "administrator", "sites = [\"acme\"]");
    let incident = "[sites.globex.incidents]\nsay = \"Flood\"\n";
    let office = office_with(&format!("{table}{incident}")).await;
    let other = ticket_of_globex(&office).await;
    let own = office.ticket("acme", "").await;
    let (name, id) = (other.reference.as_str(), other.id.as_str());
    let delivery = office.gateway.app.store.deliveries(&other.id).await.unwrap()[0].id;
    let mut pages: Vec<String> = ["", "?site=globex", "?of=all", "?agent=token:ada", "?before=2"]
        .iter()
        .flat_map(|query| ["answers", "deliveries", "sessions", "audit"].map(|page| format!("/inbox/{page}{query}")))
        .collect();
    for filter in
        ["q=zanzibar", "q=under+water", "q=zanzibar%40example.com", "team=payroll", "owner=support_hero", "test=no", ""]
    {
        for scope in ["", "&status=all", "&status=all&site=globex", "&site="] {
            pages.push(format!("/inbox?{filter}{scope}"));
        }
    }
    for ticket in [name, id] {
        pages.extend(["", "?before=2", "/erase"].map(|more| format!("/inbox/tickets/{ticket}{more}")));
        pages.push(format!("/inbox?q={ticket}"));
    }
    // What is searched for is there: otherwise nothing would be shown by nobody.
    let mut everything = Vec::new();
    for page in &pages {
        everything.push(office.get(&office.administrator, page).await.text());
    }
    for mark in OF_GLOBEX {
        assert!(everything.iter().any(|page| page.contains(mark)), "{mark}");
    }

    let before = state_of(&office, &other).await;
    for (role, token) in
        [("agent", &office.agent), ("lead", &office.lead), ("administrator of acme", &administrator_of_one)]
    {
        for page in &pages {
            let answer = office.get(token, page).await;
            assert!(!answer.status.is_server_error(), "{role} {page}: {}", answer.status);
            let (text, location) = (answer.text(), answer.header("location").to_string());
            // A search shows its own words again.
            let searched = page.replace("%40", "@");
            for mark in OF_GLOBEX.into_iter().chain([name, id]).filter(|mark| !searched.contains(mark)) {
                assert!(!text.contains(mark) && !location.contains(mark), "{role} sees {mark} on {page}: {text}");
            }
        }
        for ticket in [name, id] {
            for form in [
                "action=answer&text=x&key=1",
                "action=answer-solved&text=x&key=2",
                "action=note&text=x",
                "action=contacted&place=phone",
                "action=triage&topic=other&severity=low",
                "action=assign&assignee=x",
                "action=hand-over&owner=support_hero",
                "action=solve",
                "action=reopen",
            ] {
                let answer = office.submit(token, &format!("/inbox/tickets/{ticket}"), form).await;
                assert_eq!(answer.status, 404, "{role} {form}");
            }
            let (page, form) = (format!("/inbox/tickets/{ticket}/erase"), format!("confirm={name}"));
            assert_eq!(office.submit(token, &page, &form).await.status.as_u16() / 10, 40, "{role}");
        }
        for form in [format!("id={delivery}"), format!("id={delivery}&ticket={name}"), "all=yes".into()] {
            office.submit(token, "/inbox/deliveries", &form).await;
        }
        assert_eq!(state_of(&office, &other).await, before, "{role}");
        assert_eq!(office.get(token, &format!("/inbox/tickets/{own}")).await.status, 200, "{role} sees their own");
    }
}

#[tokio::test]
async fn an_unreadable_ticket_of_another_site_is_like_none() {
    on_sqlite();
    let office = office().await;
    let (own, other) = (office.ticket("acme", "").await, office.ticket("globex", "other").await);
    let damage = "UPDATE tickets SET severity = 'urgent'";
    sqlx::query(damage).execute(&mut office.gateway.connection().await).await.unwrap();
    let found =
        async |reference: &str| office.get(&office.agent, &format!("/inbox?q={reference}")).await.status.as_u16();
    let shown =
        async |reference: &str| office.get(&office.agent, &format!("/inbox/tickets/{reference}")).await.status.as_u16();
    let changed = async |reference: &str| {
        let page = format!("/inbox/tickets/{reference}");
        office.submit(&office.agent, &page, "action=note&text=x").await.status.as_u16()
    };
    assert_eq!((found(&other).await, shown(&other).await, changed(&other).await), (200, 404, 404));
    assert_eq!((found(&own).await, shown(&own).await, changed(&own).await), (303, 500, 500), "and theirs says why");
}

#[tokio::test]
async fn dead_letters_of_other_sites_are_not_sent_again() {
    let office = office().await;
    office.ticket("globex", "other").await;
    let store = &office.gateway.app.store;
    let due: Vec<DueDelivery> = store
        .claim_deliveries(&QueueName::new(&"globex".into(), &"hook".into()), std::time::Duration::from_secs(60), &[], 1)
        .await
        .unwrap();
    let refused = DeliveryOutcome::DeadLetter { reason: "no".into() };
    store.record_attempts(&[(&due[0], &refused)]).await.unwrap();
    let (id, ticket) = (due[0].delivery.id, &due[0].ticket.id);
    let state = async || store.deliveries(ticket).await.unwrap()[0].state;
    let unknown = office.submit(&office.lead, "/inbox/deliveries", "id=999999").await;
    let other = office.submit(&office.lead, "/inbox/deliveries", &format!("id={id}")).await;
    assert_eq!((other.status, other.header("location")), (unknown.status, unknown.header("location")));
    office.submit(&office.lead, "/inbox/deliveries", "all=yes").await;
    assert_eq!(state().await, DeliveryState::DeadLetter);
    office.submit(&office.administrator, "/inbox/deliveries", &format!("id={id}")).await;
    assert_eq!(state().await, DeliveryState::Waiting);
    let audit = office.get(&office.administrator, "/inbox/audit").await.text();
    assert!(audit.contains("Sent a delivery to hook again") && audit.contains("globex"), "{audit}");
}

#[tokio::test]
async fn a_personal_token_opens_a_session_under_the_configured_name() {
    let office = office().await;
    let form = office.gateway.get("/inbox/login").await.text();
    assert!(form.contains("Your token") && !form.contains("name=\"name\""), "{form}");
    let cookie = office.log_in(&office.agent, "").await;
    let page = office.get_as(&cookie, "/inbox").await.text();
    assert!(page.contains("<bdi>ANA</bdi>") && page.contains("Log out"), "{page}");
    let sessions = office.get_as(&cookie, "/inbox/sessions").await.text();
    for text in ["ANA", "This session", "Personal token", "Firefox, Linux", "acme"] {
        assert!(sessions.contains(text), "{text} in {sessions}");
    }
    let wrong = office.submit_as("", "/inbox/login", "token=deskbell_agent_wrong").await;
    assert!(wrong.status == 403 && wrong.header("set-cookie").is_empty());
}

#[tokio::test]
async fn a_login_ends_the_session_that_the_browser_had() {
    let office = office().await;
    let first = office.log_in(&office.agent, "").await;
    let second = office.log_in(&office.agent, &first).await;
    assert_ne!(first, second);
    assert_eq!(office.get_as(&first, "/inbox").await.status, 303);
    assert_eq!(office.get_as(&second, "/inbox").await.status, 200);
}

/// The id of the only session on a page.
fn session_id(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"id\" value=\"").unwrap_or_else(|| panic!("no session in {page}"));
    rest.split('"').next().unwrap().to_string()
}

#[tokio::test]
async fn sessions_are_ended_by_their_agents_and_by_administrators() {
    let office = office().await;
    let agents = office.log_in(&office.agent, "").await;
    let leads = office.log_in(&office.lead, "").await;
    let administrators = office.log_in(&office.administrator, "").await;
    let id = session_id(&office.get_as(&agents, "/inbox/sessions").await.text());
    let own = office.get_as(&leads, "/inbox/sessions").await.text();
    assert!(own.contains("LEA") && !own.contains("ANA"), "{own}");
    let all = office.get_as(&administrators, "/inbox/sessions?of=all").await.text();
    assert!(all.contains("LEA") && all.contains("ANA") && all.contains("ADA"), "{all}");

    let form = format!("id={id}");
    assert_eq!(office.submit_as(&leads, "/inbox/sessions", &form).await.status, 403);
    assert_eq!(office.get_as(&agents, "/inbox").await.status, 200);
    let ended = office.submit_as(&administrators, "/inbox/sessions", &format!("{form}&of=all")).await;
    assert_eq!((ended.status.as_u16(), ended.header("location")), (303, "/inbox/sessions?of=all"));
    assert_eq!(office.get_as(&agents, "/inbox").await.status, 303);
    let id = session_id(&office.get_as(&leads, "/inbox/sessions").await.text());
    office.submit_as(&leads, "/inbox/sessions", &format!("id={id}")).await;
    assert_eq!(office.get_as(&leads, "/inbox").await.status, 303, "an agent ends their own");
    let audit = office.get_as(&administrators, "/inbox/audit").await.text();
    assert!(audit.contains("Ended a session of ANA") && audit.contains("Ended a session of LEA"), "{audit}");
}

#[tokio::test]
async fn sessions_follow_the_configuration() {
    let (token, table) = account("ana", "administrator", "");
    let gateway = gateway_with(&table, Overrides::default()).await;
    let office = Office { gateway, agent: token.clone(), lead: String::new(), administrator: String::new() };
    let cookie = office.log_in(&token, "").await;
    assert_eq!(office.get_as(&cookie, "/inbox/audit").await.status, 200);
    let demoted = table.replace("administrator", "agent").replace("ANA", "Ana Lima");
    let office = Office { gateway: office.gateway.restarted_with(&demoted).await, ..office };
    assert!(office.get_as(&cookie, "/inbox").await.text().contains("Ana Lima"));
    assert_eq!(office.get_as(&cookie, "/inbox/audit").await.status, 403);
    let (_, replaced) = account("ana", "agent", "");
    let office = Office { gateway: office.gateway.restarted_with(&replaced).await, ..office };
    assert_eq!(office.get_as(&cookie, "/inbox").await.status, 303, "the token was replaced");
}

#[tokio::test]
async fn the_audit_log_has_logins_sensitive_reads_and_erasures() {
    let office = office().await;
    let (sensitive, ordinary) = (office.ticket("globex", "salary").await, office.ticket("globex", "other").await);
    let cookie = office.log_in(&office.administrator, "").await;
    for name in [&sensitive, &ordinary] {
        assert_eq!(office.get_as(&cookie, &format!("/inbox/tickets/{name}")).await.status, 200);
    }
    let erase = format!("/inbox/tickets/{sensitive}/erase");
    office.submit_as(&cookie, &erase, &format!("confirm={sensitive}")).await;
    let audit = office.get_as(&cookie, "/inbox/audit").await.text();
    for text in ["Logged in (Personal token)", "Read a sensitive ticket", "Erased a ticket", &sensitive, "ADA"] {
        assert!(audit.contains(text), "{text} in {audit}");
    }
    assert!(!audit.contains(&ordinary), "reads of other tickets are nobody's business");
    office.submit_as(&cookie, "/inbox/logout", "").await;
    let audit = office.get(&office.administrator, "/inbox/audit?agent=token:ada").await.text();
    assert!(audit.contains("Logged out") && audit.contains("Only ADA"), "{audit}");
    assert!(office.get(&office.administrator, "/inbox/audit?agent=token:ana").await.text().contains("No entries"));
}

#[tokio::test]
async fn repeated_reads_of_a_sensitive_ticket_are_one_entry_with_a_count() {
    let office = office().await;
    let name = office.ticket("globex", "salary").await;
    for _ in 0..3 {
        office.get(&office.administrator, &format!("/inbox/tickets/{name}")).await;
    }
    let audit = office.get(&office.administrator, "/inbox/audit").await.text();
    assert_eq!(audit.matches("Read a sensitive ticket").count(), 1, "{audit}");
    assert!(audit.contains("Read a sensitive ticket ×3"), "{audit}");
}

#[tokio::test]
async fn no_session_is_ended_without_an_entry_in_the_audit_log() {
    on_sqlite();
    let office = office().await;
    let agents = office.log_in(&office.agent, "").await;
    let id = session_id(&office.get_as(&agents, "/inbox/sessions").await.text());
    let mut connection = office.gateway.connection().await;
    let block = "CREATE TRIGGER blocked BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'blocked'); END";
    sqlx::query(block).execute(&mut connection).await.unwrap();
    let failed = office.submit(&office.administrator, "/inbox/sessions", &format!("id={id}")).await;
    assert_eq!(failed.status, 500);
    assert_eq!(office.get_as(&agents, "/inbox").await.status, 200, "it goes on");
    sqlx::query("DROP TRIGGER blocked").execute(&mut connection).await.unwrap();
    assert_eq!(office.submit(&office.administrator, "/inbox/sessions", &format!("id={id}")).await.status, 303);
    assert_eq!(office.get_as(&agents, "/inbox").await.status, 303);
}

#[tokio::test]
async fn an_unreadable_session_leads_to_the_login() {
    on_sqlite();
    let office = office().await;
    let cookie = office.log_in(&office.agent, "").await;
    let damage = "UPDATE agent_sessions SET method = 'telepathy'";
    sqlx::query(damage).execute(&mut office.gateway.connection().await).await.unwrap();
    let answer = office.get_as(&cookie, "/inbox").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/inbox/login?next=/inbox"));
    let again = office.log_in(&office.agent, &cookie).await;
    assert_eq!(office.get_as(&again, "/inbox").await.status, 200);
}

#[tokio::test]
async fn a_ticket_whose_topic_was_corrected_stays_sensitive() {
    let office = office().await;
    let name = office.ticket("globex", "salary").await;
    let store = &office.gateway.app.store;
    let id = store.ticket_by_name(&name).await.unwrap().unwrap().id;
    let decide = |current: &CurrentTicket| {
        let mut ticket = current.ticket.clone();
        ticket.handling.topic = "other".into();
        deskbell_core::ports::Change { ticket, ..current.unchanged() }.into()
    };
    store.change(&id, None, &decide).await.unwrap();
    office.get(&office.administrator, &format!("/inbox/tickets/{name}")).await;
    let audit = office.get(&office.administrator, "/inbox/audit").await.text();
    assert!(audit.contains("Read a sensitive ticket"), "{audit}");
}

#[tokio::test]
async fn the_audit_log_is_paged_and_expires() {
    let office = office().await;
    for _ in 0..102 {
        office.log_in(&office.agent, "").await;
    }
    let page = office.get(&office.administrator, "/inbox/audit").await.text();
    assert_eq!(page.matches("Logged in").count(), 100);
    let (_, rest) = page.split_once("/inbox/audit?below=").unwrap_or_else(|| panic!("no next page in {page}"));
    let below = rest.split('"').next().unwrap();
    let rest = office.get(&office.administrator, &format!("/inbox/audit?below={below}")).await.text();
    assert_eq!(rest.matches("Logged in").count(), 2);
    let later: Timestamp = "2099-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(office.gateway.app.workers.audit.expire(later).await.unwrap(), 102);
    assert!(office.get(&office.administrator, "/inbox/audit").await.text().contains("No entries"));
}

#[tokio::test]
async fn pages_about_accounts_are_in_the_language_of_the_browser() {
    let office = office().await;
    let page = async |path: &str, language: &str| {
        let request = request(Method::GET, path)
            .header("authorization", format!("Bearer {}", office.administrator))
            .header("accept-language", language);
        office.gateway.send(request.body(Body::empty()).unwrap()).await.text()
    };
    for (language, start, sessions, audit, login) in [
        ("de-AT,de;q=0.9", "<html lang=\"de\">", "Sitzungen", "Protokoll", "Anmelden"),
        ("ar", "<html lang=\"ar\" dir=\"rtl\">", "الجلسات", "سجل التدقيق", "تسجيل الدخول"),
        ("fr", "<html lang=\"en\">", "Sessions", "Audit log", "Log in"),
    ] {
        for (path, title) in [("/inbox/sessions", sessions), ("/inbox/audit", audit), ("/inbox/login", login)] {
            let text = page(path, language).await;
            assert!(text.contains(start) && text.contains(title), "{path} {language}: {text}");
        }
    }
    assert!(page("/inbox", "de").await.contains("<html lang=\"en\">"), "the other pages are in English");
}

#[tokio::test]
async fn the_shared_token_still_works_beside_personal_ones_and_is_deprecated() {
    let (token, table) = account("ana", "agent", "sites = [\"acme\"]");
    let shared = "a-token-of-some-length";
    let gateway = gateway_with(&table, Overrides { inbox_token: Some(shared.into()), ..Overrides::default() }).await;
    let office = Office { gateway, agent: token.clone(), lead: String::new(), administrator: String::new() };
    assert_eq!(office.get(shared, "/inbox/audit").await.status, 200, "it has the role administrator");
    assert_eq!(office.get(&token, "/inbox/audit").await.status, 403);
    let form = office.gateway.get("/inbox/login").await.text();
    assert!(form.contains("only for the shared inbox token"), "{form}");
    assert_eq!(office.submit_as("", "/inbox/login", &format!("token={shared}")).await.status, 422, "it needs a name");
    let login = office.submit_as("", "/inbox/login", &format!("name=Eve&token={shared}")).await;
    assert_eq!(login.status, 303);
    let settings = gateway::config::load(&Overrides { inbox_token: Some(shared.into()), ..Overrides::default() });
    let notices = gateway::config::notices(&settings.unwrap(), deskbell_core::clock::now());
    assert!(notices.iter().any(|notice| notice.contains("the next version rejects it")), "{notices:?}");
}

#[tokio::test]
async fn a_wrong_token_of_any_form_is_a_failed_login() {
    let office = office().await;
    for token in ["wrong", "deskbell_agent_wrong", ""] {
        let refused = office.submit_as("", "/inbox/login", &format!("token={token}")).await;
        assert_eq!(refused.status, 403, "{token}");
        assert!(refused.text().contains("Wrong token"), "{}", refused.text());
    }
}

#[tokio::test]
async fn logins_are_logged_with_their_address_once_they_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (token, table) = account("ana", "agent", "");
    std::fs::write(folder.path().join("deskbell.toml"), format!("{table}[sites.acme]\norigins = [\"*\"]\n")).unwrap();
    let log = folder.path().join("log");
    let arguments =
        ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", "sqlite:deskbell.db"];
    let mut command = deskbell(folder.path(), &arguments);
    command.stderr(std::fs::File::create(&log).unwrap());
    let (_child, address, _out) = start(&mut command).await;
    let log_in = async |token: &str| {
        outbound_http::install_crypto();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client.post(format!("http://{address}/inbox/login")).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(format!("token={token}")).send().await.unwrap().status().as_u16()
    };
    let logged = || {
        let text = std::fs::read_to_string(&log).unwrap();
        text.lines().filter(|line| line.contains("inbox login")).map(String::from).collect::<Vec<_>>()
    };
    let database = format!("sqlite:{}", folder.path().join("deskbell.db").display());
    let mut database = SqliteConnection::connect(&database).await.unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON agent_sessions BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::raw_sql(refuse).execute(&mut database).await.unwrap();
    assert_eq!(log_in(&token).await, 500);
    assert_eq!(logged(), Vec::<String>::new());
    sqlx::raw_sql("DROP TRIGGER refuse").execute(&mut database).await.unwrap();
    assert_eq!(log_in(&token).await, 303);
    assert_eq!(log_in("wrong").await, 403);
    let [login, failed] = &logged()[..] else { panic!("{:?}", logged()) };
    assert!(login.contains("inbox login agent=\"ANA\"") && login.contains("address=127.0.0.1"), "{login}");
    assert!(failed.contains("inbox login failed address=127.0.0.1"), "{failed}");
}

#[tokio::test]
async fn responses_of_other_logins_at_the_provider_are_refused() {
    let lines = "[inbox.oidc]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"deskbell\"\nname = \"Example\"\n\
                 [[inbox.oidc.roles]]\ngroup = \"support\"\nrole = \"agent\"\n";
    let gateway = gateway_with(lines, Overrides::default()).await;
    let form = gateway.get("/inbox/login?next=/inbox/audit").await.text();
    assert!(form.contains("Log in with Example") && !form.contains("<form"), "{form}");
    assert!(form.contains("/inbox/login/oidc?next=%2Finbox%2Faudit"), "{form}");
    let unreachable = gateway.get("/inbox/login/oidc?next=/inbox").await;
    assert!(unreachable.status == 502 && unreachable.text().contains("Example cannot be reached"));
    for cookie in ["", "deskbell_login=guessed", "deskbell_login=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.L2luYm94"]
    {
        let callback = request(Method::GET, "/inbox/login/oidc/callback?code=x&state=guessed").header("cookie", cookie);
        let refused = gateway.send(callback.body(Body::empty()).unwrap()).await;
        assert_eq!(refused.status, 400, "{cookie}");
        assert!(refused.text().contains("Please start again"), "{}", refused.text());
        assert!(refused.header("set-cookie").starts_with("deskbell_login=;"), "{}", refused.header("set-cookie"));
    }
}

#[tokio::test]
async fn without_the_database_every_page_says_so_and_when_to_try_again() {
    let office = office().await;
    let cookie = office.log_in(&office.administrator, "").await;
    office.gateway.app.store.close().await;
    let administrator = &office.administrator;
    for path in [
        "/inbox",
        "/inbox/answers",
        "/inbox/deliveries",
        "/inbox/tickets/DB-4K7Q9",
        "/inbox/tickets/DB-4K7Q9/erase",
        "/inbox/sessions",
        "/inbox/audit",
    ] {
        for answer in [office.get(administrator, path).await, office.get_as(&cookie, path).await] {
            assert_unavailable(path, &answer, "The database does not answer");
        }
    }
    for (path, form) in [
        ("/inbox/deliveries", "all=yes"),
        ("/inbox/tickets/DB-4K7Q9", "action=note&text=Seen"),
        ("/inbox/tickets/DB-4K7Q9/erase", "confirm=DB-4K7Q9"),
        ("/inbox/sessions", "id=1"),
        ("/inbox/logout", ""),
    ] {
        assert_unavailable(path, &office.submit_as(&cookie, path, form).await, "saved");
    }
    let login = office.submit_as("", "/inbox/login", &format!("token={administrator}")).await;
    assert_unavailable("/inbox/login", &login, "The database does not answer");
    assert!(!login.text().contains(administrator));
    for (language, text) in [("de", "Die Datenbank antwortet nicht"), ("ar", "dir=\"rtl\"")] {
        let list = request(Method::GET, "/inbox").header("cookie", &cookie).header("accept-language", language);
        let answer = office.gateway.send(list.body(Body::empty()).unwrap()).await;
        assert_unavailable("/inbox", &answer, text);
    }
}

#[tokio::test]
async fn without_the_database_an_answer_is_given_back_and_can_be_sent_again() {
    let office = office().await;
    let cookie = office.log_in(&office.administrator, "").await;
    office.gateway.app.store.close().await;
    let form = "key=k-1&text=Dear+Ada%2C%0D%0A%0D%0A1+%3C+2+%26+%22so%22+on&action=answer-solved";
    let path = "/inbox/tickets/DB-4K7Q9";
    let send = async |language: &str, site: &str| {
        let request = request(Method::POST, path)
            .header("cookie", &cookie)
            .header("sec-fetch-site", site)
            .header("accept-language", language)
            .header("content-type", "application/x-www-form-urlencoded");
        office.gateway.send(request.body(Body::from(form)).unwrap()).await
    };
    for (language, texts) in [
        ("en", ["Your text is still here", "Your text<", "Send again"]),
        ("de", ["Ihr Text steht noch hier", "Ihr Text<", "Erneut senden"]),
        ("ar", ["نصك ما زال هنا", "نصك<", "إرسال مرة أخرى"]),
    ] {
        let answer = send(language, "same-origin").await;
        assert_unavailable(path, &answer, "Dear Ada,\r\n\r\n1 &lt; 2 &amp; ");
        let fields = [
            "<form method=\"post\" action=\"/inbox/tickets/DB-4K7Q9\">",
            "<input type=\"hidden\" name=\"key\" value=\"k-1\">",
            "<input type=\"hidden\" name=\"action\" value=\"answer-solved\">",
            "name=\"text\"",
        ];
        for part in texts.iter().chain(&fields) {
            assert!(answer.text().contains(part), "{language}: {part} in {}", answer.text());
        }
    }
    // A page of somebody else cannot put a text in front of an agent.
    let foreign = send("en", "cross-site").await;
    assert_unavailable(path, &foreign, "The database does not answer");
    assert!(!foreign.text().contains("Dear Ada"), "{}", foreign.text());
}

fn assert_unavailable(path: &str, answer: &Answer, text: &str) {
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"), "{path}: {}", answer.text());
    assert!(answer.text().contains(text), "{path}: {}", answer.text());
    assert!(!answer.header("content-security-policy").is_empty(), "{path}");
}
