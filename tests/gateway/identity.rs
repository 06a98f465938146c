//! The requester of a request: verified customers, sessions, and unverified claims.

use axum::body::Body;
use axum::http::{Method, Request};
use deskbell_core::ids::{CustomerId, TicketId};
use deskbell_core::ports::StoredTicket;
use deskbell_core::use_cases::tickets::{Action, ActionOutcome};
use domain::targets::Owner;
use domain::ticket::{Priority, Severity};
use gateway::config::Overrides;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, ORIGIN, SECRET, gateway_with, post, request, ticket, token};

#[path = "../../docs/sign/sign.rs"]
mod sign;

const SESSION: &str = "000102030405060708090a0b0c0d0e0f";

/// A gateway whose site `signed` has one signer.
async fn gateway() -> Gateway {
    let site = format!(
        "[sites.signed]\norigins = [{ORIGIN:?}]\nplans = {{ enterprise = \"high\", free = \"low\" }}\n\
         hours = {{ zone = \"UTC\", from = \"00:00\", to = \"24:00\", \
         days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"] }}\n\
         [[sites.signed.panel.channels]]\nkind = \"slack\"\nlabel = \"Slack\"\nurl = \"https://a.slack.com/\"\nplans = [\"enterprise\"]\n\
         [[sites.signed.panel.channels]]\nkind = \"phone\"\nlabel = \"Phone\"\nurl = \"https://phone.example/\"\n\
         [[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n"
    );
    gateway_with(&site, Overrides::default()).await
}

fn signed(key: &str, token: &str, session: Option<&str>, ticket: &Value) -> Request<Body> {
    let mut request = post("signed", key, session, ticket);
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

async fn stored(gateway: &Gateway) -> Vec<StoredTicket> {
    gateway.tickets().await
}

#[tokio::test]
async fn tickets_carry_the_signed_customer_and_not_the_claimed_one() {
    let gateway = gateway().await;
    let mut claimed = ticket("One");
    claimed["context"] = json!({
        "user": {"id": "u-admin", "name": "Root", "plan": "free", "verified": true, "attributes": {"seats": "5"}},
    });
    let answer = gateway.send(signed("a", &token(json!({})), None, &claimed)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let answer = gateway.send(post("signed", "b", None, &claimed)).await;
    assert_eq!(answer.status, 201);
    let (signed, unsigned): (Vec<_>, Vec<_>) =
        stored(&gateway).await.into_iter().partition(|stored| stored.person.is_some());
    let ([signed], [unsigned]) = (signed.try_into().unwrap(), unsigned.try_into().unwrap());

    let user = signed.ticket.context.user.unwrap();
    assert_eq!((user.id.as_str(), user.name.as_str(), user.plan.as_str()), ("u-7", "Ada", "enterprise"));
    assert!(user.verified && user.attributes.get("seats").is_some_and(|seats| seats == "5"));
    assert_eq!((signed.person.as_ref().map(CustomerId::as_str), signed.priority), (Some("u-7"), Some(Priority::High)));
    assert!(signed.target.is_some());

    let user = unsigned.ticket.context.user.unwrap();
    assert_eq!((user.id.as_str(), user.verified), ("u-admin", false));
    assert_eq!((unsigned.person, unsigned.priority, unsigned.target), (None, None, None));
}

#[tokio::test]
async fn a_signed_priority_overrides_the_plan() {
    let gateway = gateway().await;
    gateway.send(signed("a", &token(json!({"priority": "medium"})), None, &ticket("One"))).await;
    assert_eq!(stored(&gateway).await[0].priority, Some(Priority::Medium));
}

#[tokio::test]
async fn invalid_tokens_are_refused_and_nothing_is_stored() {
    let gateway = gateway().await;
    let good = token(json!({}));
    for (token, code, expected) in [
        (token(json!({"exp": 1})), "token_expired", "expired"),
        (token(json!({"aud": "acme"})), "token_audience", "aud"),
        (format!("{good}x"), "token_signature", "token"),
        ("abc".into(), "token_malformed", "not a signed JWT"),
        (String::new(), "token_malformed", "Bearer TOKEN"),
    ] {
        let answer = gateway.send(signed("k", &token, None, &ticket("One"))).await;
        assert_eq!(answer.problem(), (401, code.into()), "{token}");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
        assert!(answer.json()["title"].as_str().unwrap().contains(expected), "{}", answer.text());
    }
    let mut other_site = post("acme", "k", None, &ticket("One"));
    other_site.headers_mut().insert("authorization", format!("Bearer {good}").parse().unwrap());
    assert!(gateway.send(other_site).await.json()["title"].as_str().unwrap().contains("no signers"));
    assert_eq!(gateway.count().await, 0);
}

#[tokio::test]
async fn signing_in_moves_the_tickets_of_the_session_only() {
    let gateway = gateway().await;
    gateway.send(post("signed", "a", Some(SESSION), &ticket("Mine"))).await;
    gateway.send(post("signed", "b", Some(&SESSION.replace("00", "ff")), &ticket("Another session's"))).await;
    gateway.send(post("signed", "c", None, &ticket("Nobody's"))).await;
    gateway.send(post("trusting", "d", Some(SESSION), &ticket("Another site's"))).await;
    gateway.send(signed("e", &token(json!({})), Some(SESSION), &ticket("Signed"))).await;
    // Another customer signs in on the same device: the tickets of the first stay theirs.
    gateway.send(signed("f", &token(json!({"sub": "u-8"})), Some(SESSION), &ticket("The next one's"))).await;
    let owners: Vec<(String, Option<CustomerId>)> =
        stored(&gateway).await.into_iter().map(|stored| (stored.ticket.message, stored.person)).collect();
    let owner_of = |message: &str| owners.iter().find(|(known, _)| known == message).unwrap().1.clone();
    assert_eq!((owner_of("Mine"), owner_of("Signed")), (Some("u-7".into()), Some("u-7".into())));
    assert_eq!(owner_of("The next one's"), Some("u-8".into()));
    assert_eq!([owner_of("Another session's"), owner_of("Nobody's"), owner_of("Another site's")], [None, None, None]);
}

#[tokio::test]
async fn a_repeated_key_works_with_a_newer_token() {
    let gateway = gateway().await;
    let first = gateway.send(signed("a", &token(json!({})), Some(SESSION), &ticket("One"))).await;
    let again = gateway.send(signed("a", &token(json!({"jti": "2"})), Some(SESSION), &ticket("One"))).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(gateway.count().await, 1);
}

#[tokio::test]
async fn due_times_are_promised_to_signed_customers_only() {
    let gateway = gateway().await;
    let answer = gateway.send(signed("a", &token(json!({})), None, &ticket("One"))).await.json();
    let due = answer["due_at"].as_str().unwrap();
    // High severity and high priority: an hour, around the clock.
    let [stored] = stored(&gateway).await.try_into().unwrap();
    assert_eq!(stored.due_at.map(|due_at| due_at.to_string()).as_deref(), Some(due));
    let hour = stored.due_at.unwrap().since(stored.received_at).as_secs();
    assert!(hour.abs_diff(3600) <= 1, "{due} {}", stored.received_at);

    let mut test = ticket("I try it out");
    (test["test"], test["severity"]) = (json!(true), json!("critical"));
    let tried = gateway.send(signed("t", &token(json!({})), None, &test)).await.json();
    assert_eq!(tried["due_at"], Value::Null);
    let stored = gateway.app.store.ticket(&TicketId::new(tried["id"].as_str().unwrap())).await.unwrap().unwrap();
    assert_eq!((stored.target, stored.handling.owner), (None, Some(Owner::Cs)));
    // Nor is it after an agent has corrected it.
    let triage = Action::Triage { topic: String::new(), severity: Severity::High };
    assert_eq!(gateway.app.handle.act(&stored, "Ana", triage).await.unwrap(), ActionOutcome::Done);
    let stored = gateway.app.store.ticket(&stored.id).await.unwrap().unwrap();
    assert_eq!((stored.handling.severity, stored.target, stored.due_at), (Severity::High, None, None));

    let unsigned = gateway.send(post("signed", "b", None, &ticket("Two"))).await.json();
    assert_eq!(unsigned["due_at"], Value::Null);
    let mut low = ticket("Three");
    low["severity"] = json!("low");
    let automated = gateway.send(signed("c", &token(json!({"plan": "free"})), None, &low)).await.json();
    assert_eq!(automated["due_at"], Value::Null);
}

/// The output of a program, run next to the snippets.
fn printed(program: &str, arguments: &[&str]) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sign");
    let output = std::process::Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().into()
}

#[tokio::test]
async fn tokens_of_the_documented_snippets_are_accepted() {
    let gateway = gateway().await;
    let user =
        json!({"sub": "ü-7", "name": "Ada „L“", "plan": "enterprise", "organization": {"id": "o-1", "name": "Acme"}});
    let node = format!(
        "import {{ sign }} from './sign.mjs'; console.log(sign({SECRET:?}, 'signed', JSON.parse(process.argv[1])))"
    );
    let python =
        format!("import json, sys; from sign import sign; print(sign({SECRET:?}, 'signed', json.loads(sys.argv[1])))");
    let tokens = [
        printed("node", &["--input-type=module", "-e", &node, &user.to_string()]),
        printed("python3", &["-B", "-c", &python, &user.to_string()]),
        sign::sign(SECRET, "signed", user),
    ];
    for (number, token) in tokens.iter().enumerate() {
        let answer = gateway.send(signed(&number.to_string(), token, None, &ticket("One"))).await;
        assert_eq!(answer.status, 201, "{token}: {}", answer.text());
    }
    for stored in stored(&gateway).await {
        let user = stored.ticket.context.user.unwrap();
        assert_eq!((stored.person.as_ref().map(CustomerId::as_str), user.name.as_str()), (Some("ü-7"), "Ada „L“"));
        assert!(user.verified && user.organization.name == "Acme");
    }
}

/// The configuration of the site, for nobody or for whom a token is.
async fn config(gateway: &Gateway, token: Option<String>) -> Answer {
    let mut request = request(Method::GET, "/v1/sites/signed/config");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    gateway.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn only_a_signature_claims_a_channel() {
    let gateway = gateway().await;
    let channels = async |token: Option<String>| {
        let config = config(&gateway, token).await.json();
        let channels = config["channels"].as_array().cloned().unwrap_or_default();
        assert!(channels.iter().all(|channel| channel.get("plans").is_none()), "{channels:?}");
        channels.iter().map(|channel| channel["kind"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(channels(None).await, [""; 0]);
    assert_eq!(channels(Some(token(json!({})))).await, ["slack", "phone"], "by the plan");
    assert_eq!(channels(Some(token(json!({"plan": "free"})))).await, ["phone"], "by the plan");
    assert_eq!(channels(Some(token(json!({"plan": "free", "channels": ["slack"]})))).await, ["slack"]);
    assert_eq!(channels(Some(token(json!({"channels": "phone fax"})))).await, ["phone"]);
    assert_eq!(channels(Some(token(json!({"channels": []})))).await, [""; 0]);
}

#[tokio::test]
async fn response_targets_are_shown_to_their_signed_customer_only() {
    let gateway = gateway().await;
    let config = async |token: Option<String>| config(&gateway, token).await;
    let everybody = config(None).await.json();
    assert_eq!(
        (&everybody["plans"], &everybody["targets"], &everybody["trust_page"]),
        (&json!({}), &json!([]), &json!(false))
    );

    let mine = config(Some(token(json!({})))).await.json();
    assert_eq!((&mine["plans"], &mine["trust_page"]), (&json!({"enterprise": "high"}), &json!(true)));
    let targets = mine["targets"].as_array().unwrap();
    assert!(targets.len() == 4 && targets.iter().all(|target| target["priority"] == "high"), "{targets:?}");

    // A signed priority takes precedence over the plan's, and an unknown plan has no response target.
    assert_eq!(config(Some(token(json!({"priority": "low"})))).await.json()["plans"], json!({"enterprise": "low"}));
    let unknown = config(Some(token(json!({"plan": "other"})))).await.json();
    assert_eq!((&unknown["plans"], &unknown["targets"]), (&json!({}), &json!([])));
    assert_eq!(config(Some(token(json!({"aud": "foreign"})))).await.status, 401);
}
