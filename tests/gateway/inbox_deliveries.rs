//! Deliveries in the inbox, and the actions of agents on them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post as to_post, put};
use axum::{Json, Router};
use deskbell_core::ids::{QueueName, TicketId};
use deskbell_core::ports;
use deskbell_core::ports::{
    Change, CurrentTicket, Delivery, DeliveryKind, DeliveryOutcome, DeliveryState, DueDelivery, NewDelivery, NewMessage,
};
use domain::conversation::Author;
use gateway::config::Overrides;
use gateway::workers;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, Gateway, gateway_with, on_sqlite, post, request, ticket};

const TOKEN: &str = "a token of some length";
const LATER: Duration = Duration::from_secs(60 * 60);
const LONG_AGO: &str = "2026-01-01T00:00:00.000Z";

/// How the destination treats tickets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Takes,
    TakesLess,
    Refuses,
    Away,
}

/// The part of Zendesk that deliveries need.
struct Desk {
    url: String,
    mood: Arc<Mutex<Mood>>,
}

impl Desk {
    async fn new(mood: Mood) -> Desk {
        let mood = Arc::new(Mutex::new(mood));
        let router = Router::new()
            .route("/oauth/tokens", to_post(async || Json(json!({"access_token": "t", "expires_in": 7200}))))
            .route("/api/v2/users/me", get(async || Json(json!({"user": {"id": 7}}))))
            .route("/api/v2/users/create_or_update", to_post(async || Json(json!({"user": {"id": 8}}))))
            .route("/api/v2/ticket_fields", get(async || Json(json!({"ticket_fields": []}))))
            .route("/api/v2/uploads", to_post(async || (StatusCode::CREATED, Json(json!({"upload": {"token": "u"}})))))
            .route("/api/v2/tickets", get(async || Json(json!({"tickets": []}))).post(create))
            .route("/api/v2/tickets/{id}", put(async || Json(json!({"ticket": {"id": 4312}}))))
            .with_state(mood.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Desk { url, mood }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// A site `desked` whose tickets are delivered here, with an inbox that is open or needs the token.
    async fn gateway(&self, overrides: Overrides) -> Gateway {
        let site = format!(
            "[sites.desked]\norigins = [\"*\"]\n[sites.desked.destinations.desk]\nto = \"zendesk\"\nurl = \"{}\"\n\
             client_id = \"x\"\nclient_secret = \"y\"\n",
            self.url
        );
        gateway_with(&site, overrides).await
    }

    /// The same with running workers.
    async fn at_work(&self) -> Gateway {
        let gateway = self.gateway(demo()).await;
        tokio::spawn(workers::deliver(gateway.app.workers.deliver.clone(), CancellationToken::new()));
        gateway
    }
}

async fn create(State(mood): State<Arc<Mutex<Mood>>>, Json(sent): Json<Value>) -> Response {
    let mood = *mood.lock().unwrap();
    let mut made = json!({"ticket": {"id": 4312, "requester_id": 77}});
    match mood {
        Mood::Away => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mood::Refuses => {
            let body = json!({"error": "RecordInvalid", "description": "Requester <b>is suspended</b>"});
            return (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response();
        }
        Mood::TakesLess => made["ticket"]["priority"] = json!("low"),
        Mood::Takes => made["ticket"]["priority"] = sent["ticket"]["priority"].clone(),
    }
    (StatusCode::CREATED, Json(made)).into_response()
}

fn demo() -> Overrides {
    Overrides { demo: true, ..Overrides::default() }
}

/// A site with a destination without a worker: each test records the outcomes of attempts itself.
async fn idle() -> Gateway {
    let gateway =
        Desk { url: "http://127.0.0.1:9".into(), mood: Arc::new(Mutex::new(Mood::Away)) }.gateway(demo()).await;
    set_away(&gateway, Some("it does not work today"));
    gateway
}

fn set_away(gateway: &Gateway, reason: Option<&str>) {
    gateway
        .app
        .states
        .get(&QueueName::new(&"desked".into(), &"desk".into()))
        .unwrap()
        .set_unreachable(reason.map(str::to_string));
}

/// Sends a ticket; returns its reference and id.
async fn submit(gateway: &Gateway, key: &str) -> (String, String) {
    let answer = gateway.send(post("desked", key, None, &ticket("It broke"))).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let receipt = answer.json();
    (receipt["reference"].as_str().unwrap().into(), receipt["id"].as_str().unwrap().into())
}

/// Claims the due delivery.
async fn claim(gateway: &Gateway) -> Vec<DueDelivery> {
    gateway.app.store.claim_deliveries(&QueueName::new(&"desked".into(), &"desk".into()), LATER, &[], 1).await.unwrap()
}

/// Claims the due delivery and records the outcome of the attempt.
async fn record_attempt(gateway: &Gateway, outcome: DeliveryOutcome) -> Delivery {
    let store = &gateway.app.store;
    let due = claim(gateway).await.pop().expect("something is due");
    assert!(store.record_attempts(&[(&due, &outcome)]).await.unwrap().is_empty());
    due.delivery
}

fn delivered(reason: &str) -> DeliveryOutcome {
    let external = ports::ExternalTicketRef { external_id: "4312".into(), requester: "77".into(), merged_after: None };
    DeliveryOutcome::Delivered { external_id: "4312".into(), external: Some(external), reason: reason.into() }
}

fn refused() -> DeliveryOutcome {
    DeliveryOutcome::DeadLetter { reason: "Zendesk rejected the ticket (422): <b>no</b>".into() }
}

/// Adds a message to a ticket, with its delivery.
async fn add_message(gateway: &Gateway, id: &str, author: Author, kind: DeliveryKind) {
    let decide = |current: &CurrentTicket| {
        let message = (kind == DeliveryKind::Message).then(|| NewMessage {
            author,
            name: String::new(),
            body: "Any news?".into(),
            at: current.now,
            attachments: vec![],
        });
        let deliveries = vec![NewDelivery { destination: "desk".into(), kind }];
        Change { message, deliveries, ..current.unchanged() }.into()
    };
    gateway.app.store.change(&TicketId::new(id), None, &decide).await.unwrap();
}

/// The deliveries on the page of a ticket.
async fn card(gateway: &Gateway, reference: &str) -> String {
    let page = gateway.get(&format!("/inbox/tickets/{reference}")).await.text();
    let (_, rest) = page.split_once("<section class=\"card\" aria-labelledby=\"delivery\">").expect("a card");
    rest.split_once("</section>").unwrap().0.to_string()
}

/// The page of deliveries: its table of destinations, and its dead letters.
async fn page(gateway: &Gateway) -> (String, String) {
    let answer = gateway.get("/inbox/deliveries").await;
    assert_eq!(answer.status, 200);
    let page = answer.text();
    let (above, below) = page.split_once("<section class=\"given-up\"").unwrap_or_else(|| panic!("{page}"));
    (above.split_once("<main>").unwrap().1.into(), below.into())
}

async fn list(gateway: &Gateway) -> String {
    gateway.get("/inbox").await.text()
}

/// The form of a button.
fn send_again_request(body: &str, headers: &[(&str, &str)]) -> axum::http::Request<Body> {
    let mut request =
        request(Method::POST, "/inbox/deliveries").header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

async fn press(gateway: &Gateway, body: &str) -> Answer {
    gateway.send(send_again_request(body, &[("sec-fetch-site", "same-origin")])).await
}

async fn delivery_states(gateway: &Gateway, id: &str) -> Vec<DeliveryState> {
    gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap().iter().map(|one| one.state).collect()
}

/// Makes all deliveries look as if they were queued long ago.
async fn wait_long(gateway: &Gateway) {
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap();
    sqlx::query("UPDATE deliveries SET created_at = ?").bind(LONG_AGO).execute(&mut database).await.unwrap();
}

fn expect(text: &str, said: &[&str], not_said: &[&str]) {
    for said in said {
        assert!(text.contains(said), "{said} is missing in {text}");
    }
    for said in not_said {
        assert!(!text.contains(said), "{said} stands in {text}");
    }
}

#[tokio::test]
async fn without_destinations_the_page_explains_how_to_add_one() {
    let gateway = gateway_with("", demo()).await;
    let reference = gateway.post("key", &ticket("One")).await.json()["reference"].as_str().unwrap().to_string();
    let page = gateway.get(&format!("/inbox/tickets/{reference}")).await.text();
    expect(&page, &["href=\"/inbox/deliveries\""], &["aria-labelledby=\"delivery\""]);
    let page = gateway.get("/inbox/deliveries").await.text();
    expect(
        &page,
        &["No destinations", "[sites.NAME.destinations.desk]"],
        &["<table", "<form method=\"post\" action=\"/inbox/deliveries\""],
    );
}

#[tokio::test]
async fn delivered_tickets_show_the_time_and_link_to_the_external_ticket() {
    let desk = Desk::new(Mood::Takes).await;
    let gateway = desk.at_work().await;
    let (reference, id) = submit(&gateway, "key").await;
    let delivered_at =
        gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap()[0].settled_at.expect("it arrived");
    let link = format!("<a href=\"{}/agent/tickets/4312\" target=\"_blank\" rel=\"noopener noreferrer\">", desk.url);
    let delivered_row = format!("<dt>Delivered</dt><dd><time datetime=\"{delivered_at}\" data-shows=\"minute\">");
    let shown = card(&gateway, &reference).await;
    expect(
        &shown,
        &["<bdi>desk</bdi>", ">Delivered</span>", &delivered_row, &link],
        &["On its way", "Given up", "Not transferred", "<form"],
    );
    let (destinations, dead_letters) = page(&gateway).await;
    expect(
        &destinations,
        &["<bdi>desk</bdi>", "<bdi>desked</bdi>", "data-label=\"Queued\">0<", "Nothing queued"],
        &["mark critical"],
    );
    expect(&dead_letters, &["No deliveries have been given up."], &["<form", "<table"]);
    expect(&list(&gateway).await, &[">Deliveries</a>"], &["class=\"card undelivered\""]);
}

#[tokio::test]
async fn parts_that_were_not_delivered_are_listed() {
    let gateway = idle().await;
    let (reference, _) = submit(&gateway, "key").await;
    record_attempt(&gateway, delivered("the field 7 was rejected: <i>no</i>\nthe file \"a.png\" was refused")).await;
    let shown = card(&gateway, &reference).await;
    let lines = "<li><bdi>the field 7 was rejected: &lt;i&gt;no&lt;/i&gt;</bdi></li><li><bdi>the file &quot;a.png&quot; was refused</bdi></li>";
    expect(&shown, &["Not transferred", lines, ">Delivered</span>"], &["<form"]);
}

#[tokio::test]
async fn values_changed_by_the_destination_are_shown_on_the_ticket() {
    let desk = Desk::new(Mood::TakesLess).await;
    let gateway = desk.at_work().await;
    let (reference, _) = submit(&gateway, "key").await;
    let shown = card(&gateway, &reference).await;
    expect(&shown, &["Not transferred", "priority is &quot;low&quot; in Zendesk instead of &quot;high&quot;"], &[]);
}

#[tokio::test]
async fn pending_deliveries_show_age_attempts_reason_and_next_attempt() {
    let gateway = idle().await;
    let (reference, id) = submit(&gateway, "key").await;
    // Nothing gets through at all.
    let shown = card(&gateway, &reference).await;
    let since = gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap()[0].created_at;
    expect(
        &shown,
        &[
            ">On its way</span>",
            "<h4>Ticket</h4>",
            &format!("<dt>Queued since</dt><dd><time datetime=\"{since}\" data-shows=\"minute\">"),
            "<dt>Tried</dt><dd><bdi>Not yet</bdi>",
            "<dt>Reason</dt><dd><bdi>it does not work today</bdi>",
            "<dt>Next attempt</dt><dd>As soon as the destination is reachable</dd>",
        ],
        &["<form", "Given up", "href="],
    );
    // Others get through, and this one has failed by itself.
    set_away(&gateway, None);
    record_attempt(
        &gateway,
        DeliveryOutcome::Retry { after: Some(LATER), blamed: true, reason: "Zendesk failed (500)".into() },
    )
    .await;
    let due_at = gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap()[0].due_at;
    let shown = card(&gateway, &reference).await;
    expect(
        &shown,
        &[
            "<bdi>1 time</bdi>",
            "<dt>Reason</dt><dd><bdi>Zendesk failed (500)</bdi>",
            &format!("<dt>Next attempt</dt><dd><time datetime=\"{due_at}\" data-shows=\"second\">"),
        ],
        &["<form", "it does not work today"],
    );
    // Later deliveries wait for it, and show that.
    add_message(&gateway, &id, Author::Customer, DeliveryKind::Message).await;
    let shown = card(&gateway, &reference).await;
    expect(&shown, &["<h4>Customer's message of <time", "</time>, behind an earlier item</p>"], &[]);
}

#[tokio::test]
async fn deliveries_without_a_failure_show_as_in_progress() {
    let gateway = idle().await;
    let (reference, _) = submit(&gateway, "key").await;
    set_away(&gateway, None);
    claim(&gateway).await;
    let shown = card(&gateway, &reference).await;
    expect(&shown, &["<bdi>1 time</bdi>", "<dt>Next attempt</dt><dd>Now</dd>"], &["<dt>Reason</dt>"]);
}

#[tokio::test]
async fn delivered_messages_are_summarized_and_pending_ones_listed() {
    let gateway = idle().await;
    let (reference, id) = submit(&gateway, "key").await;
    record_attempt(&gateway, delivered("")).await;
    for kind in [DeliveryKind::Message, DeliveryKind::Message, DeliveryKind::Solved] {
        add_message(&gateway, &id, Author::Customer, kind).await;
        record_attempt(
            &gateway,
            DeliveryOutcome::Delivered { external_id: "9".into(), external: None, reason: String::new() },
        )
        .await;
    }
    let shown = card(&gateway, &reference).await;
    expect(&shown, &["<dt>Since then</dt><dd>3 more, the last on <time", ">Delivered</span>"], &["<h4>"]);
    add_message(&gateway, &id, Author::Support, DeliveryKind::Message).await;
    record_attempt(&gateway, refused()).await;
    add_message(&gateway, &id, Author::Support, DeliveryKind::Reopened).await;
    let shown = card(&gateway, &reference).await;
    expect(
        &shown,
        &[
            "3 more, the last on",
            ">Given up</span>",
            "<h4>Answer of <time",
            "<h4>Status: reopened</h4>",
            ", behind an earlier item",
        ],
        &["Customer's message", "<h4>Status: solved"],
    );
    assert_eq!(shown.matches("<h4>").count(), 2, "{shown}");
}

#[tokio::test]
async fn dead_letters_show_the_reason_and_can_be_resent_from_the_ticket() {
    let desk = Desk::new(Mood::Refuses).await;
    let gateway = desk.at_work().await;
    let (reference, id) = submit(&gateway, "key").await;
    assert_eq!(delivery_states(&gateway, &id).await, [DeliveryState::DeadLetter]);
    let shown = card(&gateway, &reference).await;
    let number = gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap()[0].id;
    let field = format!("name=\"id\" value=\"{number}\"");
    expect(
        &shown,
        &[">Given up</span>", "<dt>Given up</dt><dd><time", "is suspended", "&lt;b&gt;", "Send again", &field],
        &["<b>is", "Next attempt"],
    );

    desk.is(Mood::Takes);
    let mut settled = gateway.app.states.watch_settled();
    let answer = press(&gateway, &format!("id={number}&ticket={reference}")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, &*format!("/inbox/tickets/{reference}#delivery"))
    );
    // The worker is notified; otherwise it would check in a minute.
    let reason = tokio::time::timeout(Duration::from_secs(20), settled.recv()).await;
    assert_eq!(reason.expect("it is tried at once").unwrap(), *id);
    assert_eq!(delivery_states(&gateway, &id).await, [DeliveryState::Delivered]);
    expect(&card(&gateway, &reference).await, &["<dt>Delivered</dt>"], &["Send again", "is suspended"]);
    // Pressed again, it does not affect what was delivered.
    assert_eq!(press(&gateway, &format!("id={number}")).await.header("location"), "/inbox/deliveries");
    assert_eq!(delivery_states(&gateway, &id).await, [DeliveryState::Delivered]);
}

#[tokio::test]
async fn dead_letters_are_listed_counted_and_resent_together() {
    let gateway = idle().await;
    let mut sents = Vec::new();
    for key in ["a", "b"] {
        sents.push(submit(&gateway, key).await);
        record_attempt(&gateway, refused()).await;
    }
    let (third, third_id) = submit(&gateway, "c").await;
    let (destinations, dead_letters) = page(&gateway).await;
    expect(
        &destinations,
        &[
            "data-label=\"Queued\">1<",
            "<span class=\"mark critical\">2</span>",
            "Unreachable</span><p><bdi>it does not work today</bdi>",
        ],
        &[],
    );
    for (reference, id) in &sents {
        let number = gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap()[0].id;
        let link = format!("href=\"/inbox/tickets/{reference}#delivery\"");
        expect(
            &dead_letters,
            &[&link, &format!("name=\"id\" value=\"{number}\""), ">Ticket<", "(422): &lt;b&gt;no&lt;/b&gt;"],
            &["<b>no"],
        );
    }
    expect(&dead_letters, &["<summary class=\"button\">Send all again</summary>", "Send all 2 again"], &[&third]);
    for path in ["/inbox", "/inbox/answers", "/inbox/deliveries", &format!("/inbox/tickets/{third}")] {
        let page = gateway.get(path).await.text();
        expect(
            &page,
            &["Deliveries<span class=\"mark critical\"> 2<span class=\"unseen\"> given up</span></span></a>"],
            &[],
        );
    }
    expect(
        &list(&gateway).await,
        &["class=\"card undelivered\"", "2 given up", "unreachable: <bdi>it does not work today"],
        &[],
    );

    let answer = press(&gateway, "all=yes").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/inbox/deliveries"));
    for id in sents.iter().map(|(_, id)| id).chain([&third_id]) {
        let deliveries = gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap();
        assert_eq!((deliveries[0].state, deliveries[0].settled_at), (DeliveryState::Waiting, None));
    }
    let (destinations, dead_letters) = page(&gateway).await;
    expect(&destinations, &["data-label=\"Queued\">3<", "data-label=\"Given up\">0<"], &[]);
    expect(&dead_letters, &["No deliveries have been given up."], &["<form"]);
}

#[tokio::test]
async fn unreachable_destinations_are_shown_with_the_reason() {
    let desk = Desk::new(Mood::Away).await;
    let gateway = desk.at_work().await;
    let (reference, _) = submit(&gateway, "key").await;
    let (destinations, _) = page(&gateway).await;
    expect(
        &destinations,
        &["data-label=\"Queued\">1<", "Unreachable</span><p><bdi>Zendesk is unavailable (503)</bdi>"],
        &[],
    );
    expect(
        &card(&gateway, &reference).await,
        &["Zendesk is unavailable (503)", "As soon as the destination is reachable"],
        &[],
    );
}

#[tokio::test]
async fn the_list_shows_deliveries_that_wait_for_ten_minutes() {
    on_sqlite();
    let gateway = idle().await;
    submit(&gateway, "key").await;
    expect(&list(&gateway).await, &[], &["class=\"card undelivered\""]);
    wait_long(&gateway).await;
    expect(
        &list(&gateway).await,
        &["class=\"card undelivered\"", "1 queued", "the oldest for", "href=\"/inbox/deliveries\">See the deliveries"],
        &["given up"],
    );
    let (destinations, _) = page(&gateway).await;
    expect(&destinations, &["1 Jan 2026, 00:00 UTC", " ago</p>"], &[]);
}

#[tokio::test]
async fn deliveries_of_removed_destinations_are_shown_without_a_warning() {
    on_sqlite();
    let gateway = idle().await;
    let (reference, _) = submit(&gateway, "a").await;
    record_attempt(&gateway, refused()).await;
    let (waiting, _) = submit(&gateway, "b").await;
    wait_long(&gateway).await;
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap();
    sqlx::query("UPDATE deliveries SET destination = 'former'").execute(&mut database).await.unwrap();

    let (destinations, dead_letters) = page(&gateway).await;
    expect(&destinations, &["<bdi>former</bdi>", "<bdi>desk</bdi>", "Removed from the configuration."], &[]);
    expect(&dead_letters, &[&reference, "Destination removed"], &["<form"]);
    expect(&list(&gateway).await, &[">Deliveries</a>"], &["class=\"card undelivered\""]);
    let shown = card(&gateway, &reference).await;
    expect(&shown, &["<bdi>former</bdi>", "This destination was removed", "Not delivered there"], &["<form"]);
    expect(&card(&gateway, &waiting).await, &["<dt>Next attempt</dt><dd>None: the destination was removed"], &[]);
}

#[tokio::test]
async fn tickets_created_at_a_destination_are_marked() {
    let gateway = idle().await;
    let (_, id) = submit(&gateway, "key").await;
    let mut foreign = gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap();
    foreign.id = "00000000-0000-7000-8000-000000000000".into();
    foreign.reference = "DB-22222".into();
    let external = ports::ExternalTicketRef { external_id: "77".into(), requester: "1".into(), merged_after: None };
    assert!(gateway.app.store.adopt(&foreign, &"desk".into(), &external).await.unwrap());
    expect(&card(&gateway, "DB-22222").await, &["Created there", "/agent/tickets/77\""], &["On its way", "<dt>"]);
}

#[tokio::test]
async fn resending_needs_an_agent_and_a_page_of_the_inbox() {
    let desk = Desk::new(Mood::Away).await;
    let gateway = desk.gateway(Overrides { inbox_token: Some(TOKEN.into()), ..Overrides::default() }).await;
    set_away(&gateway, Some("it does not work today"));
    let (reference, id) = submit(&gateway, "key").await;
    record_attempt(&gateway, refused()).await;
    let login = format!("name=Ana&token={}", TOKEN.replace(' ', "+"));
    let request = request(Method::POST, "/inbox/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    let cookie = gateway.send(request.body(Body::from(login)).unwrap()).await.header("set-cookie").to_string();
    let cookie = cookie.split(';').next().unwrap();

    let same_origin = ("sec-fetch-site", "same-origin");
    for (headers, status) in [
        (vec![same_origin], 401),
        (vec![same_origin, ("cookie", "deskbell_inbox=guessed")], 401),
        (vec![("cookie", cookie)], 403),
        (vec![("cookie", cookie), ("sec-fetch-site", "cross-site")], 403),
        (vec![("cookie", cookie), ("sec-fetch-site", "same-site")], 403),
        (vec![("cookie", cookie), ("origin", "https://evil.example")], 403),
    ] {
        for body in ["all=yes", "id=1"] {
            assert_eq!(gateway.send(send_again_request(body, &headers)).await.status, status, "{body} {headers:?}");
        }
        assert_eq!(delivery_states(&gateway, &id).await, [DeliveryState::DeadLetter]);
    }
    let unseen = gateway.get("/inbox/deliveries").await;
    assert_eq!((unseen.status.as_u16(), unseen.header("location")), (303, "/inbox/login?next=/inbox/deliveries"));
    assert!(!unseen.text().contains(&reference));

    let done = gateway.send(send_again_request("all=yes", &[same_origin, ("cookie", cookie)])).await;
    assert_eq!((done.status.as_u16(), delivery_states(&gateway, &id).await), (303, vec![DeliveryState::Waiting]));
}

#[tokio::test]
async fn invalid_resend_forms_resend_nothing_and_redirect_safely() {
    let gateway = idle().await;
    let (_, id) = submit(&gateway, "key").await;
    let number = record_attempt(&gateway, refused()).await.id;
    for body in [
        "",
        "id=",
        "id=x",
        "all=",
        "all=no",
        "id=x&all=yes",
        &format!("id={number}&all=yes"),
        "id=99999999999999999999",
    ] {
        let answer = press(&gateway, body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.text().contains("does not say which delivery"), "{body}");
    }
    assert_eq!(delivery_states(&gateway, &id).await, [DeliveryState::DeadLetter]);
    let answer = press(&gateway, &format!("id={number}&ticket=%2F%2Fevil.example")).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/inbox/deliveries"));
}

#[tokio::test]
async fn concurrent_solves_solve_a_ticket_once() {
    let gateway = idle().await;
    let (reference, id) = submit(&gateway, "key").await;
    let solve = || {
        let form = request(Method::POST, &format!("/inbox/tickets/{reference}"))
            .header("origin", "http://localhost:8383")
            .header("content-type", "application/x-www-form-urlencoded");
        gateway.send(form.body(Body::from("action=solve")).unwrap())
    };
    let answers = tokio::join!(solve(), solve(), solve());
    assert_eq!([answers.0.status, answers.1.status, answers.2.status], [303; 3]);
    let whats: Vec<DeliveryKind> =
        gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap().iter().map(|delivery| delivery.kind).collect();
    assert_eq!(whats, [DeliveryKind::Ticket, DeliveryKind::Solved]);
    assert_eq!(gateway.app.store.activities(&TicketId::new(&id)).await.unwrap().len(), 1);
}
