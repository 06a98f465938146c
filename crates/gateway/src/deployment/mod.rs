//! `deskbell check URL`: tests a deployment from outside, through its proxies, and reports how to fix it.

mod client;
mod findings;
mod probe;

use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING};
use reqwest::{Method, Url};
use serde_json::Value;

use crate::body_limits::BODY_MAX;
use client::{Answer, GatewayClient};
use deskbell_core::ports::destination::Finding;
pub use findings::CheckReport;
use findings::{bad, good, line};
pub use probe::{PROBE_PAUSE, ProbeReceipt};

/// The headers that the panel sends, with values that belong to nobody.
const HEADERS: [(&str, &str); 4] = [
    ("authorization", "Bearer deskbell-check"),
    ("deskbell-session", "0123456789abcdef0123456789abcdef"),
    ("idempotency-key", "deskbell-check"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
];
/// Headers that tracing libraries add to ours in preflights.
const PREFLIGHT: &str =
    "authorization,content-type,deskbell-session,idempotency-key,baggage,sentry-trace,traceparent,x-datadog-trace-id";
/// A text that may be part of a bug report and that firewalls take for an attack.
const SUSPICIOUS: &str = r#"{"message":"<script>alert(1)</script> ' OR 1=1; UNION SELECT password FROM users -- ../../etc/passwd ${jndi:ldap://x}"}"#;
/// The largest file if no site is given, in bytes: the default of sites.
const FILE: usize = 10_000_000;

/// The deployment to check.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The address of the gateway, as used by pages.
    pub url: Url,
    /// A page that embeds the panel.
    pub origin: Option<String>,
    /// The site of that page.
    pub site: Option<String>,
}

/// Why an address cannot be checked.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not the address of a gateway; use https://HOST or https://HOST/PATH")]
pub struct AddressError(String);

impl Deployment {
    /// Parses an address.
    pub fn new(url: &str, origin: Option<String>, site: Option<String>) -> Result<Deployment, AddressError> {
        let invalid = || AddressError(url.into());
        let mut parsed = Url::parse(url.trim()).map_err(|_| invalid())?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err(invalid());
        }
        parsed.set_query(None);
        parsed.set_fragment(None);
        if !parsed.path().ends_with('/') {
            parsed.set_path(&format!("{}/", parsed.path()));
        }
        Ok(Deployment { url: parsed, origin, site })
    }

    fn is_local(&self) -> bool {
        self.url.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127.") || host == "[::1]")
    }
}

/// Checks a deployment. `report` gets the line of each finding at once, because a proxy that swallows requests makes the whole take minutes.
pub async fn check(deployment: &Deployment, mut report: impl FnMut(&str)) -> CheckReport {
    let mut all_findings = Vec::new();
    let mut add = |findings: Vec<Finding>| {
        findings.iter().for_each(|finding| report(&line(finding)));
        all_findings.extend(findings);
    };
    match GatewayClient::new(&deployment.url) {
        Err(error) => add(vec![bad(format!("cannot connect: {error}"), "")]),
        Ok(gateway) => match reach(deployment, &gateway).await {
            Err(finding) => add(vec![finding]),
            Ok(findings) => {
                add(findings);
                check_further(deployment, &gateway, add).await;
            }
        },
    }
    CheckReport::new(all_findings)
}

/// What can be checked once a gateway answers.
async fn check_further(deployment: &Deployment, gateway: &GatewayClient, mut add: impl FnMut(Vec<Finding>)) {
    let mut max = FILE;
    if let Some(site) = &deployment.site {
        add(vec![known_site(gateway, site, &mut max).await]);
    }
    add(vec![body(gateway, "a ticket", BODY_MAX, "client_max_body_size 100m").await]);
    let directive = "client_max_body_size 100m; client_body_timeout 600s";
    add(vec![body(gateway, "a file of the largest size of the site", max, directive).await]);
    add(vec![text(gateway).await]);
    add(headers(deployment, gateway).await);
    add(cors(deployment, gateway).await);
    add(vec![stream(gateway).await]);
    add(files(gateway).await);
    add(vec![pages(deployment, gateway).await]);
}

/// Whether a gateway answers at all.
async fn reach(deployment: &Deployment, gateway: &GatewayClient) -> Result<Vec<Finding>, Finding> {
    let answer = gateway.get("v1/health", &[]).await.map_err(|error| {
        bad(
            format!("no response: {error}"),
            "start the gateway, forward requests to it from the proxy, and check the name and the certificate",
        )
    })?;
    if !answer.is_ours() {
        let advice = format!(
            "forward {}v1/ to the gateway from the proxy, such as nginx: proxy_pass http://127.0.0.1:8383/;",
            deployment.url.path()
        );
        return Err(bad(format!("v1/health is answered by another server: {}", answer.describe()), &advice));
    }
    let version = answer.header("deskbell-version").to_string();
    let mut findings = vec![good(format!("the gateway responds, version {version}"))];
    findings.push(match deployment.url.scheme() {
        "https" => good("reached over HTTPS"),
        _ if deployment.is_local() => good("reached over HTTP, on this computer"),
        _ => bad(
            "reached over HTTP: tickets can be read in transit, and pages over HTTPS cannot embed the panel",
            "use TLS at the proxy",
        ),
    });
    let second_answer = gateway.get("v1/health", &[]).await;
    let is_cached = second_answer
        .is_ok_and(|second_answer| second_answer.header("x-request-id") == answer.header("x-request-id"))
        || !answer.header("age").is_empty()
        || answer.header(CACHE_CONTROL.as_str()) != "no-store";
    findings.push(if is_cached {
        bad(
            "API responses are cached on the way",
            "keep Cache-Control unchanged and cache nothing below v1/ (nginx: proxy_cache off)",
        )
    } else {
        good("API responses are not cached")
    });
    Ok(findings)
}

async fn known_site(gateway: &GatewayClient, site: &str, max: &mut usize) -> Finding {
    match gateway.get(&format!("v1/sites/{site}/config"), &[]).await {
        Ok(answer) if answer.status == 200 => {
            let bytes = answer.json().pointer("/attachments/max_bytes").and_then(Value::as_u64);
            *max = bytes.map_or(*max, |bytes| bytes as usize);
            good(format!("the site {site} exists"))
        }
        Ok(answer) => bad(
            format!("the site {site} does not exist: {}", answer.describe()),
            &format!("add [sites.{site}] to the configuration, or use another site in data-site"),
        ),
        Err(error) => bad(format!("the site {site} cannot be checked: {error}"), ""),
    }
}

/// Whether a body of a given size arrives complete.
async fn body(gateway: &GatewayClient, name: &str, size: usize, line: &str) -> Finding {
    // Varied bytes, which a proxy cannot compress.
    let bytes: Vec<u8> = (0..size).map(|index| (index * 31 + index / 251) as u8).collect();
    let kib = size.div_ceil(1024);
    let advice = format!(
        "allow larger bodies (nginx: {line}; Apache: LimitRequestBody; Cloudflare and others: a limit of the plan)"
    );
    match gateway.post("v1/probe", "application/octet-stream", bytes, &[]).await {
        Ok(answer) => match answer.receipt() {
            Some(receipt) if receipt.bytes == size => good(format!("{name} arrives ({kib} KiB)")),
            Some(receipt) => bad(format!("{name} ({kib} KiB) arrives incomplete: {} bytes", receipt.bytes), &advice),
            None => bad(format!("{name} ({kib} KiB) does not arrive: {}", answer.describe()), &advice),
        },
        Err(error) => bad(format!("{name} ({kib} KiB) does not arrive: {error}"), &advice),
    }
}

/// Whether a text that resembles an attack arrives unchanged.
async fn text(gateway: &GatewayClient) -> Finding {
    let advice =
        "exempt bodies of v1/ from the firewall (ModSecurity: ctl:ruleEngine=Off for this path; clouds: an exclusion)";
    match gateway.post("v1/probe", "application/json", SUSPICIOUS.into(), &[]).await {
        Ok(answer) => match answer.receipt() {
            Some(receipt) if receipt.sha256 == client::sha256(SUSPICIOUS.as_bytes()) => {
                good("a text with HTML and SQL arrives unchanged")
            }
            Some(_) => bad("a text with HTML and SQL is changed on the way", advice),
            None => bad(format!("a text with HTML and SQL is blocked: {}", answer.describe()), advice),
        },
        Err(error) => bad(format!("a text with HTML and SQL is blocked: {error}"), advice),
    }
}

/// Whether the gateway gets the client's address and the requested host.
async fn headers(deployment: &Deployment, gateway: &GatewayClient) -> Vec<Finding> {
    let receipt = gateway
        .post("v1/probe", "application/json", b"{}".to_vec(), &HEADERS)
        .await
        .ok()
        .and_then(|answer| answer.receipt());
    let Some(ProbeReceipt { host, https, client, headers, .. }) = receipt else {
        return vec![bad(
            "a request with the headers of the panel does not arrive",
            "forward Authorization, Deskbell-Session and Idempotency-Key",
        )];
    };
    let lost: Vec<&str> =
        HEADERS.iter().map(|(name, _)| *name).filter(|name| !headers.iter().any(|present| present == name)).collect();
    let mut findings = vec![if lost.is_empty() {
        good("the headers of the panel arrive")
    } else {
        bad(
            format!("headers are removed on the way: {}", lost.join(", ")),
            "forward them (Apache: CGIPassAuth or SetEnvIf for Authorization)",
        )
    }];
    let expected = client::host(&deployment.url);
    findings.push(if host.eq_ignore_ascii_case(&expected) {
        good("the gateway receives its public host name")
    } else {
        bad(
            format!(
                "the gateway receives the host {host:?} instead of {expected:?}, so the inbox rejects changes from \
                 some browsers"
            ),
            "nginx: proxy_set_header Host $http_host; others: X-Forwarded-Host, and the proxy under [proxy] trusted",
        )
    });
    if deployment.url.scheme() == "https" {
        findings.push(if https {
            good("the gateway detects HTTPS")
        } else {
            bad(
                "the gateway does not detect HTTPS, so agents cannot log in",
                "nginx: proxy_set_header X-Forwarded-Proto $scheme; and the proxy under [proxy] trusted",
            )
        });
    }
    if !deployment.is_local() {
        let is_hidden = client.parse().is_ok_and(super::config::is_private_or_local);
        findings.push(if is_hidden {
            bad(
                format!("the gateway sees {client} as the client, so all clients may share one rate limit"),
                "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; and the proxy under [proxy] \
                 trusted (this is correct if you are in the gateway's own network)",
            )
        } else {
            good(format!("the gateway sees the client's address, {client}"))
        });
    }
    findings
}

/// Whether pages of other origins may send requests, with the headers of tracing libraries.
async fn cors(deployment: &Deployment, gateway: &GatewayClient) -> Vec<Finding> {
    let origin = deployment.origin.as_deref().unwrap_or("https://deskbell-check.example");
    let path = match (&deployment.site, &deployment.origin) {
        (Some(site), Some(_)) => format!("v1/sites/{site}/tickets"),
        _ => "v1/health".into(),
    };
    let mut findings = Vec::new();
    for (path, method) in [(path.as_str(), "POST"), ("deskbell.js", "GET")] {
        let origins = [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", PREFLIGHT),
        ];
        let answer = gateway.send(Method::OPTIONS, path, &origins).await;
        findings.push(match answer {
            Ok(answer) => preflight(path, origin, &answer),
            Err(error) => bad(format!("preflight of {path} failed: {error}"), "forward OPTIONS to the gateway"),
        });
    }
    let error = gateway.get("v1/nothing", &[("origin", origin)]).await;
    let is_readable =
        error.as_ref().is_ok_and(|answer| [origin, "*"].contains(&answer.header(ACCESS_CONTROL_ALLOW_ORIGIN.as_str())));
    findings.push(if is_readable {
        good("pages can read error responses of the gateway")
    } else {
        let description = error.map_or_else(|error| error, |answer| answer.describe());
        bad(
            format!("pages cannot read error responses of the gateway: {description}"),
            "keep responses of the gateway unchanged (nginx: proxy_intercept_errors off)",
        )
    });
    findings
}

fn preflight(path: &str, origin: &str, answer: &Answer) -> Finding {
    let allowed = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN.as_str());
    let headers = answer.header(ACCESS_CONTROL_ALLOW_HEADERS.as_str()).to_ascii_lowercase();
    let missing: Vec<&str> = PREFLIGHT
        .split(',')
        .filter(|name| !headers.split(',').any(|name_allowed| name_allowed.trim() == *name))
        .collect();
    let pass = "forward OPTIONS to the gateway, and add no Access-Control headers on the way";
    if !answer.is_ours() {
        bad(format!("a preflight of {path} is answered by another server: {}", answer.describe()), pass)
    } else if answer.count(ACCESS_CONTROL_ALLOW_ORIGIN.as_str()) > 1 {
        bad(format!("{path} has Access-Control-Allow-Origin twice"), pass)
    } else if ![origin, "*"].contains(&allowed) {
        bad(format!("pages of {origin} may not request {path}"), &format!("add {origin:?} to origins of the site"))
    } else if !missing.is_empty() {
        bad(format!("{path} does not allow headers: {}", missing.join(", ")), pass)
    } else {
        good(format!("pages may request {path}, also with the headers of tracing libraries"))
    }
}

/// Whether events arrive one by one.
async fn stream(gateway: &GatewayClient) -> Finding {
    let advice = "do not buffer responses (nginx: proxy_buffering off, and no proxy_ignore_headers X-Accel-Buffering; \
        gzip off for text/event-stream)";
    let requested_at = Instant::now();
    match gateway.chunks("v1/probe").await {
        Ok(times) => match (times.first(), times.last()) {
            (Some(first), Some(last)) if times.len() > 1 && *last - *first >= PROBE_PAUSE => {
                good("events arrive one by one, so replies appear immediately")
            }
            _ => bad(format!("events arrive all at once after {} ms", requested_at.elapsed().as_millis()), advice),
        },
        Err(error) => bad(format!("events do not arrive: {error}"), advice),
    }
}

/// Whether the files of the panel are served, cached and compressed correctly.
async fn files(gateway: &GatewayClient) -> Vec<Finding> {
    let accept = [("accept-encoding", "br, gzip"), ("origin", "https://deskbell-check.example")];
    let loader = match gateway.get("deskbell.js", &accept).await {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => {
            return vec![bad(
                format!("deskbell.js is not served: {}", answer.describe()),
                "start the gateway with --assets dist, and forward the path from the proxy",
            )];
        }
        Err(error) => return vec![bad(format!("deskbell.js is not served: {error}"), "")],
    };
    let caching = loader.header(CACHE_CONTROL.as_str());
    let mut findings = vec![if caching.contains("max-age=300") {
        good("browsers check deskbell.js for changes after five minutes")
    } else {
        bad(
            format!(
                "deskbell.js has Cache-Control {caching:?}, so browsers keep an old one or request it on every page"
            ),
            "keep Cache-Control unchanged (nginx: no expires; CDN: respect the origin's)",
        )
    }];
    let encoding = loader.header(CONTENT_ENCODING.as_str());
    findings.push(if encoding.is_empty() {
        bad(
            "files are not compressed",
            "forward Accept-Encoding to the gateway, or compress at the proxy (nginx: gzip on; gzip_types \
             text/javascript application/wasm)",
        )
    } else {
        good(format!("files are compressed ({encoding})"))
    });
    let uncompressed = gateway.get("deskbell.js", &[("accept-encoding", "identity")]).await;
    let build = uncompressed.ok().and_then(|answer| client::build(&answer.text()));
    let Some(build) = build else { return findings };
    for (file, kind) in [("widget.js", "javascript"), ("widget.wasm", "application/wasm")] {
        let path = format!("deskbell-{build}/{file}");
        findings.push(match gateway.get(&path, &accept).await {
            Ok(answer) if answer.status != 200 => bad(
                format!("{file} is not served: {}", answer.describe()),
                "copy all of dist, and forward deskbell-*/ from the proxy",
            ),
            Ok(answer) if !answer.header("content-type").contains(kind) => {
                bad(format!("{file} is served as {:?}", answer.header("content-type")), "keep Content-Type unchanged")
            }
            Ok(answer) if answer.header(ACCESS_CONTROL_ALLOW_ORIGIN.as_str()).is_empty() => bad(
                format!("{file} has no Access-Control-Allow-Origin"),
                "keep the gateway's headers unchanged, or cache them with the file",
            ),
            Ok(answer) if !answer.header(CACHE_CONTROL.as_str()).contains("immutable") => bad(
                format!("browsers do not cache {file}: Cache-Control {:?}", answer.header(CACHE_CONTROL.as_str())),
                "keep Cache-Control unchanged",
            ),
            Ok(_) => good(format!("browsers cache {file} for a year")),
            Err(error) => bad(format!("{file} is not served: {error}"), ""),
        });
    }
    findings
}

/// Whether the links between the inbox pages work.
async fn pages(deployment: &Deployment, gateway: &GatewayClient) -> Finding {
    let path = deployment.url.path();
    match gateway.get("inbox/login", &[]).await {
        Ok(answer) if !answer.is_ours() => bad(
            format!("the inbox is answered by another server: {}", answer.describe()),
            "forward inbox to the gateway from the proxy",
        ),
        Ok(answer) if answer.status == 404 => good("the inbox is not served here; it has a listener of its own"),
        Ok(answer) if answer.text().contains(&format!("\"{path}inbox")) => good("links in the inbox are correct"),
        Ok(_) => bad(
            format!("links in the inbox point to /inbox instead of {path}inbox"),
            &format!("set [proxy] path = {:?}, or have the proxy send X-Forwarded-Prefix", path.trim_end_matches('/')),
        ),
        Err(error) => bad(format!("the inbox does not respond: {error}"), ""),
    }
}

/// How long one response may take.
const PATIENCE: Duration = Duration::from_secs(120);

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}
