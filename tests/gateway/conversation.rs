//! The conversation of a ticket, and that nobody else can read, answer or change it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{ActivityKind, Change, ChangeOutcome, CurrentTicket, NewMessage, StoredTicket};
use domain::targets::Owner;
use gateway::config::Overrides;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{
    Answer, Gateway, ORIGIN, SECRET, gateway_with, import, on_sqlite, post, request, signed_with, ticket, token,
};

const MINE: &str = "000102030405060708090a0b0c0d0e0f";
const OTHER: &str = "100102030405060708090a0b0c0d0e0f";

/// A gateway whose site `signed` has one signer, and another site with another.
async fn gateway() -> Gateway {
    let site = format!(
        "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\n[sites.signed]\norigins = [{ORIGIN:?}]\nplans = {{ enterprise = \"high\", free = \"low\" }}\n\
         support_engineers = [\"api\"]\n\
         panel.topics = [{{ id = \"billing\", label = \"Billing\", team = \"growth\" }}, {{ id = \"api\", label = \"API\", team = \"growth\" }}]\n\
         panel.links = [{{ label = \"Ask [here]\", url = \"https://community.example/ask\", kind = \"ask\" }}]\n\
         [sites.signed.rota.growth]\nfrom = \"2026-11-23\"\npeople = [\"Ana\"]\n\
         [[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n\
         [sites.foreign]\norigins = [\"*\"]\n\
         [[sites.foreign.signers]]\nalgorithm = \"HS256\"\nsecret = \"another secret of at least 32 bytes\"\n"
    );
    gateway_with(&site, Overrides::default()).await
}

/// The sender of a request.
#[derive(Clone, Default)]
struct As {
    token: Option<String>,
    session: Option<String>,
}

fn session(session: &str) -> As {
    As { session: Some(session.into()), ..As::default() }
}

fn person(id: &str) -> As {
    As { token: Some(token(json!({ "sub": id }))), ..As::default() }
}

fn ask(method: Method, path: &str, asking: &As, key: &str, body: Option<&Value>) -> Request<Body> {
    let mut request = request(method, path).header("origin", ORIGIN).header("idempotency-key", key);
    if let Some(token) = &asking.token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if let Some(session) = &asking.session {
        request = request.header("deskbell-session", session);
    }
    match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap(),
        None => request.body(Body::empty()).unwrap(),
    }
}

async fn get(gateway: &Gateway, path: &str, asking: &As) -> Answer {
    gateway.send(ask(Method::GET, &format!("/v1/sites/signed/{path}"), asking, "k", None)).await
}

async fn reply(gateway: &Gateway, id: &str, asking: &As, key: &str, message: &str) -> Answer {
    let path = format!("/v1/sites/signed/tickets/{id}/messages");
    gateway.send(ask(Method::POST, &path, asking, key, Some(&json!({ "message": message })))).await
}

async fn patch(gateway: &Gateway, id: &str, asking: &As, body: Value) -> Answer {
    gateway.send(ask(Method::PATCH, &format!("/v1/sites/signed/tickets/{id}"), asking, "k", Some(&body))).await
}

async fn file(gateway: &Gateway, asking: &As, key: &str, ticket: &Value) -> String {
    let answer = gateway.send(ask(Method::POST, "/v1/sites/signed/tickets", asking, key, Some(ticket))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_string()
}

/// A reply by an agent, bypassing the inbox.
async fn support(gateway: &Gateway, id: &str, body: &str) -> StoredTicket {
    let time = "2026-11-23T12:00:00.000Z";
    let decide = |current: &CurrentTicket| {
        let message = NewMessage {
            author: domain::conversation::Author::Support,
            name: "Ana".into(),
            body: body.into(),
            at: time.parse().unwrap(),
            attachments: Vec::new(),
        };
        Change { message: Some(message), ..current.unchanged() }.into()
    };
    match gateway.app.store.change(&TicketId::new(id), None, &decide).await.unwrap() {
        ChangeOutcome::Written(ticket, _) => *ticket,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn owners_read_reply_to_and_solve_their_tickets() {
    let gateway = gateway().await;
    let ada = person("u-7");
    let id = file(&gateway, &ada, "a", &ticket("It broke\nand more")).await;
    support(&gateway, &id, "Which **browser**?").await;

    let list = get(&gateway, "tickets", &ada).await.json();
    assert_eq!((&list["unread"], &list["tickets"][0]["title"]), (&json!(1), &json!("It broke")));
    let one = get(&gateway, &format!("tickets/{id}"), &ada).await.json();
    assert_eq!(one, list["tickets"][0]);

    let all = get(&gateway, &format!("tickets/{id}/messages"), &ada).await.json();
    let messages: Vec<_> =
        all["messages"].as_array().unwrap().iter().map(|one| (&one["number"], &one["author"])).collect();
    assert_eq!(messages, [(&json!(0), &json!("customer")), (&json!(1), &json!("support"))]);
    assert_eq!((&all["messages"][0]["name"], &all["read_until"]), (&json!("Ada"), &json!(0)));

    assert_eq!(patch(&gateway, &id, &ada, json!({ "read_until": 99 })).await.json()["unread"], 0);
    let answer = reply(&gateway, &id, &ada, "r", "Firefox").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["number"]), (201, &json!(2)));
    let after = get(&gateway, &format!("tickets/{id}/messages?after=1"), &ada).await.json();
    assert_eq!((after["messages"].as_array().unwrap().len(), &after["messages"][0]["body"]), (1, &json!("Firefox")));
    // Nothing up to 99 existed, so later messages are unread.
    assert_eq!(support(&gateway, &id, "Thanks").await.handling.unread, 1);

    assert_eq!(patch(&gateway, &id, &ada, json!({ "status": "solved" })).await.json()["status"], "solved");
    assert_eq!(reply(&gateway, &id, &ada, "s", "Not yet").await.status, 201);
    assert_eq!(get(&gateway, &format!("tickets/{id}"), &ada).await.json()["status"], "open");
    let activities = gateway.app.store.activities(&TicketId::new(&id)).await.unwrap();
    assert_eq!(
        activities.iter().map(|activity| (activity.kind, activity.actor.as_str())).collect::<Vec<_>>(),
        [(ActivityKind::Solved, "")]
    );
}

#[tokio::test]
async fn repeated_replies_are_stored_once_and_keys_belong_to_one_reply() {
    let gateway = gateway().await;
    let id = file(&gateway, &session(MINE), "a", &ticket("One")).await;
    let first = reply(&gateway, &id, &session(MINE), "r", "Hello").await;
    let again = reply(&gateway, &id, &session(MINE), "r", "Hello").await;
    assert_eq!((first.status, first.json()), (again.status, again.json()));
    assert_eq!(reply(&gateway, &id, &session(MINE), "r", "Other").await.problem(), (409, "key_reused".into()));
    // An invalid body does not hide that the key is taken.
    assert_eq!(reply(&gateway, &id, &session(MINE), "r", " ").await.problem(), (409, "key_reused".into()));
    for (body, code) in [(json!({ "message": " " }), "invalid"), (json!({ "message": "x".repeat(10_001) }), "invalid")]
    {
        let path = format!("/v1/sites/signed/tickets/{id}/messages");
        let answer = gateway.send(ask(Method::POST, &path, &session(MINE), "s", Some(&body))).await;
        assert_eq!(answer.problem(), (422, code.into()));
        assert_eq!(answer.json()["errors"][0]["pointer"], "/message");
    }
    let messages = get(&gateway, &format!("tickets/{id}/messages"), &session(MINE)).await.json();
    assert_eq!(messages["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn open_tickets_sort_first() {
    let gateway = gateway().await;
    let ada = person("u-7");
    let solved = file(&gateway, &ada, "a", &ticket("Solved")).await;
    file(&gateway, &ada, "b", &ticket("Open")).await;
    patch(&gateway, &solved, &ada, json!({ "status": "solved" })).await;
    let list = get(&gateway, "tickets", &ada).await.json();
    let titles: Vec<_> = list["tickets"].as_array().unwrap().iter().map(|one| &one["title"]).collect();
    assert_eq!(titles, ["Open", "Solved"]);
}

#[tokio::test]
async fn tickets_of_a_signed_customer_are_readable_on_every_device_and_not_by_the_session() {
    let gateway = gateway().await;
    let id = file(&gateway, &session(MINE), "a", &ticket("From the phone")).await;
    let both = As { session: Some(MINE.into()), ..person("u-7") };
    assert_eq!(get(&gateway, "tickets", &both).await.json()["tickets"][0]["id"], id);
    assert_eq!(get(&gateway, "tickets", &person("u-7")).await.json()["tickets"][0]["id"], id);
    assert_eq!(get(&gateway, "tickets", &session(MINE)).await.json()["tickets"], json!([]));
}

#[tokio::test]
async fn tickets_of_others_cannot_be_opened_on_any_route() {
    let gateway = gateway().await;
    let mut named = ticket("Mine");
    named["context"] = json!({ "user": { "id": "u-9", "email": "ada@example.com" } });
    let [anonymous, signed] =
        [file(&gateway, &session(MINE), "a", &named).await, file(&gateway, &person("u-7"), "b", &named).await];
    let reference = gateway.app.store.ticket(&TicketId::new(&signed)).await.unwrap().unwrap().reference;

    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = |more: Value| {
        let mut claims = json!({"sub": "u-7", "aud": "signed", "exp": now + 300});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let good = token(json!({}));
    let (head, rest) = good.split_once('.').unwrap();
    let (body, _) = rest.split_once('.').unwrap();
    let with = |token: String| As { token: Some(token), ..As::default() };
    let hs = || json!({ "alg": "HS256" });
    let strangers = [
        As::default(),
        session(OTHER),
        session("ffffffffffffffffffffffffffffffff"),
        person("u-8"),
        person("u-9"),
        person("ada@example.com"),
        As { session: Some(OTHER.into()), ..person("u-8") },
        with(token(json!({ "sub": "u-8", "email": "ada@example.com" }))),
        with(token(json!({ "exp": now - 400 }))),
        with(token(json!({ "nbf": now + 400 }))),
        with(token(json!({ "aud": "foreign" }))),
        with(token(json!({ "exp": now + 86_400 }))),
        with(signed_with("another secret of at least 32 bytes", hs(), claims(json!({})))),
        with(signed_with("another secret of at least 32 bytes", hs(), claims(json!({ "aud": "foreign" })))),
        with(signed_with(SECRET, json!({ "alg": "HS512" }), claims(json!({})))),
        with(signed_with(SECRET, json!({ "alg": "none" }), claims(json!({})))),
        with(format!("{head}.{body}.")),
        with(format!("{head}.{body}")),
        with(format!("eyJhbGciOiJub25lIn0.{body}.")),
        with(String::new()),
    ];
    let before = [
        gateway.app.store.ticket(&TicketId::new(&anonymous)).await.unwrap(),
        gateway.app.store.ticket(&TicketId::new(&signed)).await.unwrap(),
    ];
    let names = [
        signed.as_str(),
        &anonymous,
        reference.as_str(),
        &reference.as_str().to_lowercase(),
        "%25",
        "'%20OR%201=1",
        "stream%2f",
    ];
    let mut tried = 0;
    for stranger in &strangers {
        for site in ["signed", "foreign", "acme"] {
            for name in names {
                let path = |end: &str| format!("/v1/sites/{site}/tickets/{name}{end}");
                let message = json!({ "message": "I was here" });
                let solved = json!({ "status": "solved", "read_until": 0 });
                for request in [
                    ask(Method::GET, &path(""), stranger, "k", None),
                    ask(Method::GET, &path("/messages"), stranger, "k", None),
                    ask(Method::GET, &path("/messages?after=0"), stranger, "k", None),
                    ask(Method::POST, &path("/messages"), stranger, "k", Some(&message)),
                    ask(Method::PATCH, &path(""), stranger, "k", Some(&solved)),
                ] {
                    let answer = gateway.send(request).await;
                    assert!(matches!(answer.status.as_u16(), 401 | 404), "{} {}", answer.status, answer.text());
                    assert!(!answer.text().contains("Mine"), "{}", answer.text());
                    tried += 1;
                }
            }
            let list = gateway.send(ask(Method::GET, &format!("/v1/sites/{site}/tickets"), stranger, "k", None)).await;
            assert!(!list.text().contains("Mine") && !list.text().contains("DB-"), "{}", list.text());
        }
    }
    assert_eq!(tried, strangers.len() * 3 * names.len() * 5);
    let after = [
        gateway.app.store.ticket(&TicketId::new(&anonymous)).await.unwrap(),
        gateway.app.store.ticket(&TicketId::new(&signed)).await.unwrap(),
    ];
    assert_eq!(before, after);
    assert_eq!(gateway.app.store.messages(&TicketId::new(&signed), 0).await.unwrap(), []);
}

#[tokio::test]
async fn tickets_of_others_look_like_missing_ones() {
    let gateway = gateway().await;
    let theirs = file(&gateway, &person("u-7"), "a", &ticket("Mine")).await;
    let none = "01900000-0000-7000-8000-000000000000";
    for asking in [person("u-8"), session(OTHER)] {
        for end in ["", "/messages", "/messages?after=7"] {
            let one = get(&gateway, &format!("tickets/{theirs}{end}"), &asking).await;
            let other = get(&gateway, &format!("tickets/{none}{end}"), &asking).await;
            assert_eq!((one.status, &one.body), (other.status, &other.body));
            let headers = |answer: &Answer| {
                let mut headers = answer.headers.clone();
                headers.remove("x-request-id");
                headers
            };
            assert_eq!(headers(&one), headers(&other));
        }
        // An invalid body is not examined before the owner of the ticket is known.
        let one = patch(&gateway, &theirs, &asking, json!({ "status": "gone" })).await;
        assert_eq!(one.body, patch(&gateway, none, &asking, json!({ "status": "gone" })).await.body);
    }
}

/// A stream of events.
struct Watched(Body, String);

impl Watched {
    async fn open(gateway: &Gateway, asking: &As) -> Watched {
        let request = ask(Method::GET, "/v1/sites/signed/tickets/stream", asking, "k", None);
        let response = gateway.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Watched(response.into_body(), String::new())
    }

    /// The name and data of the next event.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let read = field("event:").zip(field("data:"));
                let read = read.map(|(name, data)| (name.to_string(), serde_json::from_str(data).unwrap()));
                self.1 = rest.to_string();
                if read.is_some() {
                    return read;
                }
                continue;
            }
            let frame = self.0.frame().await?.unwrap();
            self.1.push_str(std::str::from_utf8(frame.data_ref()?).unwrap());
        }
    }
}

#[tokio::test]
async fn streams_report_changes_to_their_reader_only() {
    let gateway = gateway().await;
    let (ada, bob) = (person("u-7"), person("u-8"));
    let id = file(&gateway, &ada, "a", &ticket("Mine")).await;
    let mut watched = Watched::open(&gateway, &ada).await;
    let mut others = [Watched::open(&gateway, &bob).await, Watched::open(&gateway, &session(MINE)).await];
    assert_eq!(watched.next().await, Some(("state".into(), json!({ "total": 1, "open": 1, "unread": 0 }))));
    for other in &mut others {
        assert_eq!(other.next().await, Some(("state".into(), json!({ "total": 0, "open": 0, "unread": 0 }))));
    }
    let now = support(&gateway, &id, "Hello").await;
    gateway.app.live.changed(now);
    let (name, data) = watched.next().await.unwrap();
    assert_eq!((name.as_str(), &data["unread"], &data["ticket"]["id"]), ("ticket", &json!(1), &json!(id)));
    patch(&gateway, &id, &ada, json!({ "read_until": 1 })).await;
    assert_eq!(watched.next().await.unwrap().1["unread"], 0);
    // The next events of the others are about their own tickets.
    file(&gateway, &bob, "b", &ticket("Bob's")).await;
    file(&gateway, &session(MINE), "c", &ticket("Nobody's")).await;
    for (other, title) in others.iter_mut().zip(["Bob's", "Nobody's"]) {
        assert_eq!(other.next().await.unwrap().1["ticket"]["title"], title);
    }
    let unidentified = get(&gateway, "tickets/stream", &As::default()).await;
    assert_eq!(unidentified.problem(), (401, "unidentified".into()));
    assert_eq!(unidentified.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn streams_end_when_their_token_expires() {
    let gateway = gateway().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    // A token that is only valid because clocks may differ by five minutes.
    let last = As { token: Some(token(json!({ "exp": now - 295 }))), ..As::default() };
    let mut watched = Watched::open(&gateway, &last).await;
    assert_eq!(watched.next().await.unwrap().0, "state");
    let ended = tokio::time::timeout(Duration::from_secs(20), watched.next()).await;
    assert_eq!(ended.expect("the stream goes on"), None);
}

#[tokio::test]
async fn automatic_replies_need_notice_and_customer_replies_reach_a_human() {
    let gateway = gateway().await;
    import(&gateway, "signed", &[("1", "How do I change my *billing* address?"), ("2", "Dark theme")]).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    let free = As { token: Some(token(json!({ "plan": "free" }))), ..As::default() };
    let mut low = ticket("change billing address");
    (low["severity"], low["topic"], low["locale"]) = (json!("low"), json!("billing"), json!("de-AT"));

    let ticket = file(&gateway, &free, "a", &low).await;
    let untold = gateway.app.store.ticket(&TicketId::new(&ticket)).await.unwrap().unwrap();
    assert_eq!((untold.handling.owner, untold.handling.assignee.as_str()), (Some(Owner::SupportHero), "Ana"));
    assert_eq!((untold.target, gateway.app.store.messages(&TicketId::new(&ticket), 0).await.unwrap().len()), (None, 0));

    low["automatic"] = json!(true);
    let id = file(&gateway, &free, "b", &low).await;
    let messages = get(&gateway, &format!("tickets/{id}/messages"), &free).await.json();
    let answer = messages["messages"][1]["body"].as_str().unwrap();
    assert_eq!(messages["messages"][1]["author"], "automatic");
    for part in
        [r"- How do I change my \*billing\* address?", r"[Ask \[here\]](https://community.example/ask)", "Danke"]
    {
        assert!(answer.contains(part), "{answer}");
    }
    assert!(!answer.contains("Dark theme"), "{answer}");
    let stored = async || gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap();
    assert_eq!((stored().await.handling.owner, stored().await.handling.unread), (Some(Owner::Automated), 1));

    // A repetition gets no second reply.
    file(&gateway, &free, "b", &low).await;
    assert_eq!(gateway.app.store.messages(&TicketId::new(&id), 0).await.unwrap().len(), 1);

    reply(&gateway, &id, &free, "r", "That is not it").await;
    let handling = stored().await.handling;
    assert_eq!(
        (handling.owner, handling.team.as_str(), handling.assignee.as_str()),
        (Some(Owner::SupportHero), "growth", "Ana")
    );
    assert_eq!(handling.turn, domain::conversation::Turn::Support);
}

#[tokio::test]
async fn topics_select_team_and_owner() {
    let gateway = gateway().await;
    for (topic, owner, assignee) in [("billing", Owner::SupportHero, "Ana"), ("api", Owner::SupportEngineer, "")] {
        let mut sent = ticket("One");
        (sent["topic"], sent["severity"]) = (json!(topic), json!("medium"));
        let id = file(&gateway, &person("u-7"), topic, &sent).await;
        let handling = gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap().handling;
        let expected = (Some(owner), "growth", assignee);
        assert_eq!((handling.owner, handling.team.as_str(), handling.assignee.as_str()), expected);
    }
}

#[tokio::test]
async fn pages_of_the_site_may_post_replies() {
    let gateway = gateway().await;
    let preflight = request(Method::OPTIONS, "/v1/sites/signed/tickets/x")
        .header("origin", ORIGIN)
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "authorization,content-type,deskbell-session,idempotency-key");
    let answer = gateway.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, ORIGIN));
    assert!(answer.header("access-control-allow-methods").contains("PATCH"));
    let post = post("signed", "k", Some(MINE), &ticket("One"));
    assert_eq!(gateway.send(post).await.status, 201);
}

#[tokio::test]
async fn customers_are_shown_their_own_similar_open_tickets() {
    let gateway = gateway().await;
    let (ada, bob) = (session(MINE), session(OTHER));
    let mine = file(&gateway, &ada, "a", &ticket("The export of my dashboard stops and the file stays empty")).await;
    let solved = file(&gateway, &ada, "b", &ticket("Exports: the file is empty again")).await;
    patch(&gateway, &solved, &ada, json!({"status": "solved"})).await;
    file(&gateway, &bob, "c", &ticket("The export of my dashboard stops and the file stays empty")).await;
    let alike = async |asking: &As, message: &str| {
        let body = json!({"message": message, "topic": ""});
        let path = "/v1/sites/signed/tickets/alike";
        gateway.send(ask(Method::POST, path, asking, "k", Some(&body))).await
    };
    let found = alike(&ada, "dashboard export has stopped, empty file").await.json();
    assert_eq!(found["tickets"].as_array().unwrap().iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&json!(mine)]);
    assert_eq!(alike(&ada, "How do I change my password?").await.json()["tickets"], json!([]));
    assert_eq!(alike(&As::default(), "export file").await.problem(), (401, "unidentified".into()));
    assert_eq!(
        alike(&session("200102030405060708090a0b0c0d0e0f"), "export empty file").await.json()["tickets"],
        json!([])
    );
    // The session's tickets belong to the customer once they sign in, from any device.
    let both = As { token: Some(token(json!({ "sub": "ada" }))), session: Some(MINE.into()) };
    assert_eq!(alike(&both, "export empty file").await.json()["open"], 1);
    assert_eq!(alike(&person("ada"), "export empty file").await.json()["open"], 1);
}

#[tokio::test]
async fn lists_are_paged_and_counts_cover_all_pages() {
    let gateway = gateway().await;
    for number in 0..5 {
        file(&gateway, &session(MINE), &format!("k{number}"), &ticket(&format!("Ticket {number}"))).await;
    }
    let first = get(&gateway, "tickets?limit=3", &session(MINE)).await.json();
    assert_eq!(
        (&first["total"], &first["open"], first["tickets"].as_array().unwrap().len()),
        (&json!(5), &json!(5), 3)
    );
    let next = first["next"].as_str().unwrap();
    let second = get(&gateway, &format!("tickets?limit=3&cursor={next}"), &session(MINE)).await.json();
    assert_eq!((&second["total"], &second["next"]), (&json!(5), &Value::Null));
    let titles = |page: &Value| -> Vec<String> {
        page["tickets"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_string()).collect()
    };
    let mut all = titles(&first);
    all.extend(titles(&second));
    all.sort();
    assert_eq!(all, (0..5).map(|number| format!("Ticket {number}")).collect::<Vec<_>>());
    for wrong in ["limit=0", "limit=101", "cursor=x", "limit=many"] {
        let refused = get(&gateway, &format!("tickets?{wrong}"), &session(MINE)).await;
        assert_eq!(refused.problem(), (400, "invalid_query".into()), "{wrong}");
    }
}

#[tokio::test]
async fn conversations_are_paged_and_limited_for_customers() {
    on_sqlite();
    let gateway = gateway().await;
    let id = file(&gateway, &session(MINE), "a", &ticket("It broke")).await;
    for number in 1..=4 {
        assert_eq!(reply(&gateway, &id, &session(MINE), &format!("r{number}"), "More").await.status, 201);
    }
    let path = format!("tickets/{id}/messages");
    let first = get(&gateway, &format!("{path}?limit=2"), &session(MINE)).await.json();
    let numbers = |page: &Value| -> Vec<u64> {
        page["messages"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect()
    };
    assert_eq!((numbers(&first), &first["more"]), (vec![0, 1, 2], &json!(true)));
    let rest = get(&gateway, &format!("{path}?after=2&limit=2"), &session(MINE)).await.json();
    assert_eq!((numbers(&rest), &rest["more"]), (vec![3, 4], &json!(false)));
    assert_eq!(get(&gateway, &format!("{path}?limit=101"), &session(MINE)).await.problem().0, 400);

    let mut database = gateway.connection().await;
    sqlx::query("UPDATE tickets SET customer_messages = 499").execute(&mut database).await.unwrap();
    assert_eq!(reply(&gateway, &id, &session(MINE), "last", "The last").await.status, 201);
    let refused = reply(&gateway, &id, &session(MINE), "more", "One more").await;
    assert_eq!(refused.problem(), (422, "too_many_messages".into()));
    assert_eq!(reply(&gateway, &id, &session(MINE), "last", "The last").await.status, 201, "it was said before");
    assert_eq!(support(&gateway, &id, "We go on").await.handling.unread, 1);
}

#[tokio::test]
async fn streams_count_automatic_replies() {
    let gateway = gateway().await;
    let free = As { token: Some(token(json!({ "plan": "free" }))), ..As::default() };
    let mut watched = Watched::open(&gateway, &free).await;
    assert_eq!(watched.next().await.unwrap().0, "state");
    let mut low = ticket("change billing address");
    (low["severity"], low["automatic"]) = (json!("low"), json!(true));
    file(&gateway, &free, "a", &low).await;
    let (_, data) = watched.next().await.unwrap();
    assert_eq!((&data["unread"], &data["ticket"]["unread"], &data["open"]), (&json!(1), &json!(1), &json!(1)));
}
