//! Access to the inbox without its token, or after it was lost.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::ticket::Status;
use gateway::config::Overrides;
use gateway::{http, wire_up};
use tower::ServiceExt;

use crate::support::{Answer, Gateway, gateway_with, on_sqlite, request, send, ticket};
use deskbell_core::ids::TicketId;

const TOKEN: &str = "a-token-of-some-length";

async fn gateway(lines: &str) -> Gateway {
    gateway_with(lines, Overrides { inbox_token: Some(TOKEN.into()), ..Overrides::default() }).await
}

/// A request to the inbox with headers, from this computer.
fn inbox_request(method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

fn from(peer: &str, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
    request
}

fn login(name: &str, token: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("name", name).append_pair("token", token).finish()
}

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn guess(gateway: &Gateway, peer: &str, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    gateway.send(from(peer, inbox_request(Method::GET, "/inbox", &[("authorization", &bearer)], ""))).await
}

#[tokio::test]
async fn bearer_guesses_count_like_form_guesses() {
    let gateway = gateway("").await;
    for n in 0..10 {
        assert_eq!(guess(&gateway, "203.0.113.7", &format!("guess-{n}-0123456789")).await.status, 303);
    }
    // Neither the next guess nor the right token reveals anything.
    for token in ["another-guess", TOKEN] {
        let refused = guess(&gateway, "203.0.113.7", token).await;
        assert_eq!(refused.status, 429);
        assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    }
    let form = inbox_request(Method::POST, "/inbox/login", &[OWN], &login("Eve", TOKEN));
    assert_eq!(gateway.send(from("203.0.113.7", form)).await.status, 429, "the form counts them as well");
    assert_eq!(guess(&gateway, "203.0.113.8", TOKEN).await.status, 200);
}

#[tokio::test]
async fn guesses_are_limited_across_addresses() {
    let gateway = gateway("").await;
    assert_eq!(guess(&gateway, "203.0.113.8", TOKEN).await.status, 200);
    let gateway = std::sync::Arc::new(gateway);
    let mut guesses = tokio::task::JoinSet::new();
    for n in 0..300 {
        let gateway = gateway.clone();
        guesses.spawn(async move {
            let started = std::time::Instant::now();
            let peer = format!("10.1.{}.{}", n / 200, n % 200);
            assert_eq!(guess(&gateway, &peer, "wrong").await.status, 303);
            started.elapsed()
        });
    }
    let delayed = guesses.join_all().await.into_iter().filter(|took| took.as_secs() >= 3).count();
    assert!(delayed >= 40, "{delayed}");
    assert_eq!(guess(&gateway, "203.0.113.9", TOKEN).await.status, 200, "a new agent waits and gets in");
    assert_eq!(guess(&gateway, "203.0.113.8", TOKEN).await.status, 200, "a script that has always known it");
}

#[tokio::test]
async fn authorization_headers_of_proxies_do_not_end_a_session() {
    let gateway = gateway("").await;
    let bearer = ("authorization", "Bearer added-by-a-proxy-for-itself");
    let peer = "203.0.113.7";
    let page = async |headers: &[(&str, &str)]| {
        let request = from(peer, inbox_request(Method::GET, "/inbox", headers, ""));
        gateway.send(request).await.status.as_u16()
    };
    // A client that is not logged in is sent to the form, however often, and can log in.
    for _ in 0..30 {
        assert_eq!(page(&[bearer]).await, 303);
    }
    let set = cookie(&gateway, &[OWN, bearer], peer).await;
    for _ in 0..30 {
        assert_eq!(page(&[bearer, ("cookie", pair(&set))]).await, 200);
    }
    let sent = gateway.post("key", &ticket("One")).await.json();
    let path = format!("/inbox/tickets/{}", sent["reference"].as_str().unwrap());
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (from_where, status) in [(OWN, 303), (("sec-fetch-site", "cross-site"), 403)] {
        let headers = [form, bearer, from_where, ("cookie", pair(&set))];
        assert_eq!(
            gateway.send(from(peer, inbox_request(Method::POST, &path, &headers, "action=solve"))).await.status,
            status
        );
    }
}

#[tokio::test]
async fn bearer_requests_with_the_right_token_are_not_slowed_down() {
    let gateway = gateway("").await;
    for _ in 0..50 {
        assert_eq!(guess(&gateway, "203.0.113.7", TOKEN).await.status, 200);
    }
}

/// The cookie of a login, as it is set.
async fn cookie(gateway: &Gateway, headers: &[(&str, &str)], peer: &str) -> String {
    let answer =
        gateway.send(from(peer, inbox_request(Method::POST, "/inbox/login", headers, &login("Ana", TOKEN)))).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("set-cookie").to_string()
}

fn pair(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

#[tokio::test]
async fn changing_the_token_ends_all_sessions() {
    on_sqlite();
    let gateway = gateway("").await;
    let set = cookie(&gateway, &[OWN], "127.0.0.1").await;
    let list = async |router: axum::Router| {
        send(router, inbox_request(Method::GET, "/inbox", &[("cookie", pair(&set))], "")).await.status.as_u16()
    };
    assert_eq!(list(gateway.router.clone()).await, 200);
    for (token, status) in [("another-token-of-some-length", 303), (TOKEN, 200)] {
        let setup = wire_up::load(&Overrides {
            config: Some(gateway.folder.path().join("deskbell.toml")),
            database: Some(format!("sqlite:{}", gateway.database().display())),
            inbox_token: Some(token.into()),
            ..Overrides::default()
        });
        let app = wire_up::open(setup.unwrap()).await.unwrap();
        assert_eq!(list(http::router(&app.routers)).await, status, "{token}");
    }
}

#[tokio::test]
async fn wrong_bearer_tokens_do_not_bypass_the_origin_check() {
    let gateway = gateway("").await;
    let set = cookie(&gateway, &[OWN], "127.0.0.1").await;
    let sent = gateway.post("key", &ticket("One")).await.json();
    let path = format!("/inbox/tickets/{}", sent["reference"].as_str().unwrap());
    let basic = format!("Basic {}", BASE64_STANDARD.encode("u:p"));
    let form = ("content-type", "application/x-www-form-urlencoded");
    for authorization in [basic.as_str(), "Bearer wrong", "Bearer", ""] {
        let headers = [
            form,
            ("cookie", pair(&set)),
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("authorization", authorization),
        ];
        let answer = gateway.send(inbox_request(Method::POST, &path, &headers, "action=solve")).await;
        assert_eq!(answer.status, 403, "{authorization}");
    }
    let stored =
        async || gateway.app.store.ticket(&TicketId::new(sent["id"].as_str().unwrap())).await.unwrap().unwrap().status;
    assert_eq!(stored().await, Status::Open);
    let bearer = format!("Bearer {TOKEN}");
    let answer =
        gateway.send(inbox_request(Method::POST, &path, &[form, ("authorization", &bearer)], "action=solve")).await;
    assert_eq!((answer.status.as_u16(), stored().await), (303, Status::Solved));
}

#[tokio::test]
async fn inbox_sessions_need_https_except_on_loopback_or_if_configured() {
    let strict = gateway("").await;
    let open = gateway("[inbox]\ninsecure_http = true\n").await;
    let proxied = [OWN, ("x-forwarded-for", "203.0.113.7"), ("x-forwarded-proto", "https")];
    let forged = [OWN, ("x-forwarded-proto", "http")];
    for (gateway, headers, peer, is_secure) in [
        (&strict, &[OWN][..], "127.0.0.1", false),
        (&strict, &proxied, "127.0.0.1", true),
        // Whatever terminates HTTPS there, the browser uses it: it sends no Fetch Metadata otherwise.
        (&strict, &[OWN], "203.0.113.7", true),
        (&strict, &forged, "203.0.113.7", true),
        (&open, &[OWN], "203.0.113.7", false),
        (&open, &proxied, "127.0.0.1", true),
    ] {
        let set = cookie(gateway, headers, peer).await;
        assert_eq!(set.starts_with("__Host-deskbell_inbox="), is_secure, "{set}");
        assert_eq!(set.contains("; Path=/; Secure;"), is_secure, "{set}");
        assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
        let mut headers = headers.to_vec();
        headers.push(("cookie", pair(&set)));
        assert_eq!(
            gateway.send(from(peer, inbox_request(Method::GET, "/inbox", &headers, ""))).await.status,
            200,
            "{set}"
        );
        // The other cookie, which a page of another host below the same domain can set, is not accepted.
        let other = if is_secure { "deskbell_inbox" } else { "__Host-deskbell_inbox" };
        let tossed = format!("{other}={}", pair(&set).split_once('=').unwrap().1);
        headers.pop();
        headers.push(("cookie", &tossed));
        assert_eq!(
            gateway.send(from(peer, inbox_request(Method::GET, "/inbox", &headers, ""))).await.status,
            303,
            "{tossed}"
        );
    }
}

#[tokio::test]
async fn the_login_page_warns_without_https() {
    let gateway = gateway("").await;
    let page = async |headers: &[(&str, &str)], peer: &str| {
        gateway.send(from(peer, inbox_request(Method::GET, "/inbox/login", headers, ""))).await.text()
    };
    let expected = "without HTTPS";
    assert!(page(&[], "192.168.0.9").await.contains(expected));
    for (headers, peer) in
        [(&[][..], "127.0.0.1"), (&[OWN], "192.168.0.9"), (&[("x-forwarded-proto", "https")], "127.0.0.1")]
    {
        assert!(!page(headers, peer).await.contains(expected), "{headers:?} {peer}");
    }
    // If the form is sent all the same, the reason is shown, without a redirect loop.
    let headers = [("host", "support.example:8383"), ("origin", "http://support.example:8383")];
    let mut form = inbox_request(Method::POST, "/inbox/login", &headers[1..], &login("Ana", TOKEN));
    form.headers_mut().insert("host", headers[0].1.parse().unwrap());
    let answer = gateway.send(from("192.168.0.9", form)).await;
    assert!(answer.status == 403 && answer.text().contains(expected) && answer.header("set-cookie").is_empty());
}

#[tokio::test]
async fn same_origin_checks_use_the_host_that_a_trusted_proxy_forwards() {
    let gateway = gateway("").await;
    let origin = ("origin", "https://support.example");
    for (headers, peer, status) in [
        (vec![origin, ("x-forwarded-host", "support.example"), ("x-forwarded-proto", "https")], "127.0.0.1", 303),
        (vec![origin, ("x-forwarded-host", "support.example")], "192.168.0.9", 403),
        (vec![origin], "127.0.0.1", 403),
    ] {
        let answer =
            gateway.send(from(peer, inbox_request(Method::POST, "/inbox/login", &headers, &login("Ana", TOKEN)))).await;
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 403 {
            assert!(answer.text().contains("X-Forwarded-Host"), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn agent_names_must_be_visible() {
    let gateway = gateway("").await;
    for name in
        ["Ana\u{202e}anA", "Ana\nSupport", "\u{200b}", "A\u{2066}b", "Ana\u{feff}", "\u{0}", " ", &"x".repeat(81)]
    {
        let answer = gateway.send(inbox_request(Method::POST, "/inbox/login", &[OWN], &login(name, TOKEN))).await;
        assert!(answer.status == 422 && answer.header("set-cookie").is_empty(), "{name:?}");
    }
    for name in ["Ana", "José Ruiz", "ليلى", "می\u{200c}خواهم", &"x".repeat(80)] {
        let answer = gateway.send(inbox_request(Method::POST, "/inbox/login", &[OWN], &login(name, TOKEN))).await;
        assert_eq!(answer.status, 303, "{name:?}");
    }
}

#[tokio::test]
async fn forms_are_limited_in_size() {
    let gateway = gateway("").await;
    let large = format!("{}&next={}", login("Ana", TOKEN), "x".repeat(20_000));
    assert_eq!(gateway.send(inbox_request(Method::POST, "/inbox/login", &[OWN], &large)).await.status, 413);
    let set = cookie(&gateway, &[OWN], "127.0.0.1").await;
    let sent = gateway.post("key", &ticket("One")).await.json();
    let path = format!("/inbox/tickets/{}", sent["reference"].as_str().unwrap());
    let headers = [OWN, ("cookie", pair(&set)), ("content-type", "application/x-www-form-urlencoded")];
    let answer = |text: &str| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("action", "answer").append_pair("key", "k").append_pair("text", text).finish()
    };
    let too_much = gateway.send(inbox_request(Method::POST, &path, &headers, &answer(&"x".repeat(200_000)))).await;
    assert_eq!(too_much.status, 413);
    // The longest possible reply, in the letters that take most bytes.
    let longest = gateway.send(inbox_request(Method::POST, &path, &headers, &answer(&"🦀".repeat(10_000)))).await;
    assert_eq!(longest.status, 303, "{}", longest.text());
}

#[tokio::test]
async fn a_separate_inbox_listener_removes_the_inbox_elsewhere() {
    let gateway = gateway("[inbox]\nlisten = \"127.0.0.1:0\"\n").await;
    let bearer = format!("Bearer {TOKEN}");
    let inbox = http::inbox_router(&gateway.app.routers);
    for (path, public, of_inbox) in [
        ("/inbox", 404, 200),
        ("/inbox/login", 404, 200),
        ("/inbox/inbox.css", 404, 200),
        ("/inbox/", 404, 308),
        ("/healthz", 200, 200),
        ("/v1/sites/acme/config", 200, 404),
        ("/help/acme", 200, 404),
    ] {
        let headers = [("authorization", bearer.as_str())];
        let headers = if path.starts_with("/inbox") { &headers[..] } else { &[] };
        let ask = || inbox_request(Method::GET, path, headers, "");
        assert_eq!(gateway.send(ask()).await.status, public, "{path}");
        assert_eq!(inbox.clone().oneshot(ask()).await.unwrap().status(), of_inbox, "{path}");
    }
}

#[tokio::test]
async fn pages_with_the_panel_send_no_referrer() {
    let gateway = gateway_with("", Overrides { demo: true, ..Overrides::default() }).await;
    assert_eq!(gateway.get("/help/demo").await.header("referrer-policy"), "same-origin");
    assert_eq!(gateway.get("/inbox").await.header("referrer-policy"), "no-referrer");
}
