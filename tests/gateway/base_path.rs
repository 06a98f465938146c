//! A gateway that a proxy serves under a path.

use axum::body::Body;
use axum::http::{Method, Request};
use gateway::config::Overrides;

use crate::support::{Answer, Gateway, gateway_with, request};

const TOKEN: &str = "a token of thirty-two characters";

async fn gateway(lines: &str) -> Gateway {
    gateway_with(lines, Overrides { inbox_token: Some(TOKEN.into()), ..Overrides::default() }).await
}

async fn ask(gateway: &Gateway, path: &str, prefix: &str) -> Answer {
    let request = request(Method::GET, path).header("x-forwarded-prefix", prefix);
    gateway.send(request.body(Body::empty()).unwrap()).await
}

fn login(path: &str) -> Request<Body> {
    let form = format!("name=Ada&token={}&next=/inbox", TOKEN.replace(' ', "+"));
    let request = request(Method::POST, path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(Body::from(form)).unwrap()
}

#[tokio::test]
async fn the_inbox_works_below_a_path_with_and_without_prefix_stripping() {
    let gateway = gateway("[proxy]\npath = \"/support/\"").await;
    for below in ["/support", ""] {
        let answer = gateway.get(&format!("{below}/inbox")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/support/inbox/login?next=/inbox"));
        let page = gateway.get(&format!("{below}/inbox/login")).await.text();
        for link in
            ["href=\"/support/inbox/inbox.css\"", "action=\"/support/inbox/login\"", "src=\"/support/inbox/inbox.js\""]
        {
            assert!(page.contains(link), "{link} is not in {page}");
        }
        let answer = gateway.send(login(&format!("{below}/inbox/login"))).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/support/inbox"));
        assert!(answer.header("set-cookie").contains("Path=/support/inbox;"), "{:?}", answer.headers);
        assert_eq!(gateway.get(&format!("{below}/v1/health")).await.status, 200);
    }
    assert_eq!(gateway.get("/supporters/v1/health").await.status, 404);
}

#[tokio::test]
async fn trusted_proxies_forward_their_path_prefix() {
    let gateway = gateway("").await;
    let answer = ask(&gateway, "/inbox", "/support").await;
    assert_eq!(answer.header("location"), "/support/inbox/login?next=/inbox");
    for prefix in ["/support", ""] {
        let answer = ask(&gateway, "/inbox/login", prefix).await;
        let is_kept_apart = answer.headers.get_all("vary").iter().any(|names| names == "x-forwarded-prefix");
        assert!(is_kept_apart, "by caches: {:?}", answer.headers);
    }
    for invalid in ["//evil.example", "https://evil.example", "support", "/a\"b", "/../x"] {
        assert_eq!(ask(&gateway, "/inbox", invalid).await.header("location"), "/inbox/login?next=/inbox", "{invalid}");
    }
    let gateway = crate::support::gateway_with(
        "[proxy]\ntrusted = [\"10.0.0.0/8\"]",
        Overrides { inbox_token: Some(TOKEN.into()), ..Overrides::default() },
    )
    .await;
    assert_eq!(ask(&gateway, "/inbox", "/support").await.header("location"), "/inbox/login?next=/inbox");
}

#[tokio::test]
async fn invalid_base_paths_are_refused() {
    let file = tempfile::tempdir().unwrap();
    for invalid in ["support", "//x", "/a b", "https://x.example/support"] {
        let path = file.path().join("deskbell.toml");
        std::fs::write(&path, format!("[proxy]\npath = {invalid:?}\n[sites.acme]\norigins = [\"*\"]")).unwrap();
        let overrides = Overrides { config: Some(path), ..Overrides::default() };
        let error = gateway::config::load(&overrides).unwrap_err().to_string();
        assert!(error.contains("is not a path; start it with a slash"), "{error}");
    }
}
