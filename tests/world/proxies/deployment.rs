//! `deskbell check URL` through proxies with one fault each.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gateway::config::Overrides;
use gateway::deployment::{self, CheckReport, Deployment};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::{Gateway, gateway_with};

/// The fault of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// None.
    None,
    /// nginx with its defaults: bodies of 1 MB, no Host, no X-Forwarded headers.
    Defaults,
    /// It responds to preflights itself.
    AnswersOptions,
    /// It removes unknown headers, and Authorization.
    TakesHeaders,
    /// It blocks what looks like an attack.
    Firewall,
    /// It buffers responses.
    Buffers,
    /// It replaces errors by its own pages.
    Intercepts,
    /// It caches everything for a day.
    Caches,
    /// It requests nothing compressed.
    NeverCompresses,
    /// It adds CORS headers to those of the gateway.
    AddsCors,
    /// It passes only the API.
    ApiOnly,
    /// There is no gateway behind it.
    Elsewhere,
    /// It drops the port of the address.
    LosesPort,
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// A proxy in front of a gateway, which strips a path if there is one.
async fn proxy(gateway: SocketAddr, fault: Fault, path: &'static str) -> SocketAddr {
    serve(Router::new().fallback(move |request: Request| pass(gateway, fault, path, request))).await
}

fn html(status: StatusCode) -> Response {
    let page = format!("<html><head><title>{status}</title></head><body>nginx</body></html>");
    (status, [(header::SERVER, "nginx"), (header::CONTENT_TYPE, "text/html")], page).into_response()
}

async fn pass(gateway: SocketAddr, fault: Fault, path: &'static str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().unwrap().as_str().strip_prefix(path).unwrap_or("/nowhere").to_string();
    if fault == Fault::AnswersOptions && parts.method == Method::OPTIONS {
        return (StatusCode::NO_CONTENT, [(header::SERVER, "nginx")]).into_response();
    }
    if fault == Fault::Elsewhere || fault == Fault::ApiOnly && !target.starts_with("/v1/") {
        return html(StatusCode::NOT_FOUND);
    }
    let max = if fault == Fault::Defaults { 1 << 20 } else { 64 << 20 };
    let Ok(body) = to_bytes(body, max).await else { return html(StatusCode::PAYLOAD_TOO_LARGE) };
    if fault == Fault::Firewall && body.windows(7).any(|window| window == b"<script") {
        return html(StatusCode::FORBIDDEN);
    }
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let mut request = client.request(parts.method.clone(), format!("http://{gateway}{target}"));
    for (name, value) in &parts.headers {
        let is_known = ["content-type", "origin", "accept", "cookie"].contains(&name.as_str());
        let is_lost = match name.as_str() {
            "host" | "connection" | "content-length" | "transfer-encoding" => true,
            "accept-encoding" => fault == Fault::NeverCompresses,
            _ => fault == Fault::TakesHeaders && !is_known && !name.as_str().starts_with("access-control"),
        };
        if !is_lost {
            request = request.header(name, value);
        }
    }
    let host = parts.headers.get("host").unwrap().to_str().unwrap();
    if fault == Fault::LosesPort {
        request = request.header("host", host.split(':').next().unwrap());
    } else if fault != Fault::Defaults {
        request = request.header("host", host).header("x-forwarded-for", "203.0.113.7");
    }
    let answer = request.body(body).send().await.unwrap();
    if fault == Fault::Intercepts && answer.status().as_u16() >= 400 {
        return html(answer.status());
    }
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" && name != "connection" && name != "content-length" {
            response = response.header(name, value);
        }
    }
    if fault == Fault::AddsCors {
        response = response.header("access-control-allow-origin", "*");
    }
    let mut body = Body::empty();
    if fault == Fault::Buffers {
        body = Body::from(answer.bytes().await.unwrap());
    } else if parts.method != Method::HEAD {
        body = Body::from_stream(futures_util::stream::unfold(answer, async |mut answer| {
            let part: Bytes = answer.chunk().await.ok()??;
            Some((Ok::<Bytes, std::io::Error>(part), answer))
        }));
    }
    let mut response = response.body(body).unwrap();
    if fault == Fault::Caches {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
        response.headers_mut().insert(HeaderName::from_static("age"), HeaderValue::from_static("17"));
    }
    response
}

async fn gateway(lines: &str) -> (Gateway, SocketAddr, TempDir) {
    let assets = tempfile::tempdir().unwrap();
    let build = assets.path().join("deskbell-0123456789abcdef");
    std::fs::create_dir(&build).unwrap();
    for (file, content) in [
        (assets.path().join("deskbell.js"), r#"fetch("deskbell-"+"0123456789abcdef")"#),
        (assets.path().join("deskbell.js.br"), "compressed"),
        (build.join("widget.js"), "glue"),
        (build.join("widget.wasm"), "wasm"),
    ] {
        std::fs::write(file, content).unwrap();
    }
    let overrides =
        Overrides { assets: Some(assets.path().into()), inbox_token: Some("t".repeat(32)), ..Overrides::default() };
    let gateway = gateway_with(lines, overrides).await;
    let address = serve(gateway.router.clone()).await;
    (gateway, address, assets)
}

async fn checked(address: SocketAddr, path: &str) -> CheckReport {
    let deployment = Deployment::new(&format!("http://{address}{path}"), None, Some("acme".into())).unwrap();
    let mut reported = Vec::new();
    let checked = deployment::check(&deployment, |line| reported.push(line.to_string())).await;
    assert_eq!(reported.join("\n"), checked.to_string());
    checked
}

#[tokio::test(flavor = "multi_thread")]
async fn good_deployments_pass_every_check() {
    let (_gateway, address, _assets) = gateway("").await;
    for address in [address, proxy(address, Fault::None, "").await] {
        let checked = checked(address, "").await;
        assert!(checked.is_good(), "{checked}");
        assert!(checked.to_string().lines().count() >= 15, "{checked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_every_proxy_fault_with_its_fix() {
    let (_gateway, address, _assets) = gateway("").await;
    for (fault, expected) in [
        (
            Fault::Defaults,
            &["a file of the largest size of the site", "client_max_body_size", "proxy_set_header Host $http_host"][..],
        ),
        (Fault::AnswersOptions, &["a preflight of v1/health is answered by another server", "forward OPTIONS"]),
        (Fault::TakesHeaders, &["authorization, deskbell-session, idempotency-key", "forward them"]),
        (Fault::Firewall, &["a text with HTML and SQL is blocked: status 403 of nginx", "ModSecurity"]),
        (Fault::Buffers, &["events arrive all at once", "proxy_buffering off"]),
        (Fault::Intercepts, &["pages cannot read error responses", "proxy_intercept_errors off"]),
        (
            Fault::Caches,
            &["API responses are cached", "deskbell.js has Cache-Control", "browsers do not cache widget.js"],
        ),
        (Fault::NeverCompresses, &["files are not compressed"]),
        (Fault::AddsCors, &["has Access-Control-Allow-Origin twice"]),
        (
            Fault::ApiOnly,
            &["deskbell.js is not served: status 404 of nginx", "the inbox is answered by another server"],
        ),
        (Fault::Elsewhere, &["v1/health is answered by another server: status 404 of nginx", "proxy_pass"]),
        (Fault::LosesPort, &["the gateway receives the host \"127.0.0.1\"", "Host $http_host"]),
    ] {
        let checked = checked(proxy(address, fault, "").await, "").await;
        let bad = checked.problems().collect::<Vec<_>>().join("\n");
        assert!(!checked.is_good(), "{fault:?}: {checked}");
        for part in expected {
            assert!(bad.contains(part), "{fault:?}: {part} is not in\n{checked}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_the_base_path_setting() {
    let (_gateway, address, _assets) = gateway("").await;
    let checked_without = checked(proxy(address, Fault::None, "/support").await, "/support").await;
    let bad: Vec<&str> = checked_without.problems().collect();
    assert_eq!(bad.len(), 1, "{checked_without}");
    assert!(bad[0].contains("[proxy] path = \"/support\""), "{checked_without}");
    let (_gateway, address, _assets) = gateway("[proxy]\npath = \"/support\"").await;
    // Whether or not the proxy strips the path.
    for path in ["/support", ""] {
        let checked = checked(proxy(address, Fault::None, path).await, "/support").await;
        assert!(checked.is_good(), "{path}: {checked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_reports_an_origin_that_the_site_does_not_allow() {
    let (_gateway, address, _assets) = gateway("").await;
    let run_check = async |origin: &str| {
        let url = format!("http://{address}");
        let deployment = Deployment::new(&url, Some(origin.into()), Some("acme".into())).unwrap();
        deployment::check(&deployment, |_| ()).await
    };
    assert!(run_check("https://app.acme.example").await.is_good());
    let checked = run_check("https://other.example").await;
    let bad = checked.problems().collect::<Vec<_>>().join("\n");
    assert!(bad.contains("add \"https://other.example\" to origins of the site"), "{checked}");
    // Nobody listens on port 1.
    let report = checked_of(SocketAddr::from(([127, 0, 0, 1], 1))).await;
    assert!(report.to_string().contains("no response"), "{report}");
    assert!(Deployment::new("support.example.com", None, None).is_err());
}

async fn checked_of(address: SocketAddr) -> CheckReport {
    checked(address, "").await
}
