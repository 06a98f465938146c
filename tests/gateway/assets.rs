//! The files that a page embeds, and the pages of the demo.

use std::path::Path;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::use_cases::search;
use gateway::config::Overrides;
use tempfile::TempDir;

use crate::support::{Gateway, gateway, gateway_with, request};

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

async fn built(demo: bool) -> (Gateway, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("deskbell.js", "plain"),
            ("deskbell.js.br", "brotli"),
            ("deskbell.js.gz", "gzip"),
            ("deskbell-0123456789abcdef/widget.wasm", "wasm"),
            ("deskbell-0123456789abcdef/widget.js", "glue"),
            ("deskbell-0.1.0/widget.js", "glue"),
            ("index.html", "<!doctype html>"),
            ("demo.js", "demo"),
            ("demo.css", "demo"),
            ("secret.txt", "secret"),
        ],
    );
    let overrides = Overrides { assets: Some(folder.path().into()), demo, ..Overrides::default() };
    (gateway_with("", overrides).await, folder)
}

#[tokio::test]
async fn the_loader_is_revalidated_and_hashed_files_are_immutable() {
    let (gateway, _folder) = built(false).await;
    for (path, kind, caching) in [
        ("/deskbell.js", "text/javascript", "public, max-age=300"),
        ("/deskbell-0123456789abcdef/widget.js", "text/javascript", "public, max-age=31536000, immutable"),
        ("/deskbell-0123456789abcdef/widget.wasm", "application/wasm", "public, max-age=31536000, immutable"),
        // With a stable name and changing content, a long cache would keep returning visitors from updates.
        ("/deskbell-0.1.0/widget.js", "text/javascript", "no-cache"),
    ] {
        let answer = gateway.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind), "{path}");
        assert_eq!(answer.header("cache-control"), caching);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn precompressed_files_are_served_to_clients_that_accept_them() {
    let (gateway, _folder) = built(false).await;
    for (accepted, encoding, body) in
        [("gzip, br", "br", "brotli"), ("gzip", "gzip", "gzip"), ("identity", "", "plain")]
    {
        let request =
            request(Method::GET, "/deskbell.js").header("accept-encoding", accepted).body(Body::empty()).unwrap();
        let answer = gateway.send(request).await;
        assert_eq!((answer.header("content-encoding"), answer.text().as_str()), (encoding, body));
        assert_eq!(answer.header("content-type"), "text/javascript");
        assert_eq!(answer.header("vary").to_ascii_lowercase(), "accept-encoding");
    }
}

#[tokio::test]
async fn other_files_of_the_folder_are_not_served() {
    let (gateway, _folder) = built(false).await;
    let home = gateway.get("/").await;
    assert!(home.status == 200 && home.text().contains("The Deskbell gateway is running"), "not the folder's page");
    for path in [
        "/index.html",
        "/demo.js",
        "/secret.txt",
        "/deskbell-0123456789abcdef/",
        "/deskbell-0123456789abcdef/none.js",
        "/deskbell-0123456789abcdef/../secret.txt",
        "/deskbell-0123456789abcdef/%2e%2e/secret.txt",
        "/deskbell-x/../../../../etc/passwd",
    ] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.problem(), (404, "not_found".into()), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn without_a_folder_the_response_explains_how_to_add_one() {
    let answer = gateway().await.get("/deskbell.js").await;
    assert_eq!(answer.problem().0, 404);
    assert!(answer.text().contains("--assets FOLDER"), "{}", answer.text());
}

#[tokio::test]
async fn the_demo_has_three_pages_under_a_strict_policy() {
    let (gateway, _folder) = built(true).await;
    for path in ["/", "/alerts", "/billing", "/billing?deskbell=ticket"] {
        let answer = gateway.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "<!doctype html>"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(policy.ends_with("require-trusted-types-for 'script'; trusted-types 'none'"), "{policy}");
    }
    assert_eq!(gateway.get("/demo.js").await.status, 200);
    assert_eq!(gateway.get("/elsewhere").await.status, 404);
    assert_eq!(gateway.get("/secret.txt").await.status, 404);
    let failure = gateway.get("/demo/fail").await;
    assert_eq!((failure.status.as_u16(), failure.header("content-type")), (500, "application/json"));
}

#[tokio::test]
async fn the_demo_has_questions_and_response_targets() {
    let (gateway, _folder) = built(true).await;
    assert_eq!(gateway.get("/v1/sites/demo/config").await.json()["trust_page"], true);
    let questions = search::all_questions(gateway.app.store.as_ref(), &"demo".into()).await.unwrap();
    let title = &questions.first().expect("the demo has questions").title;
    let first_word =
        title.split_whitespace().find(|word| word.chars().all(char::is_alphabetic) && word.len() > 4).unwrap();
    let found = gateway.get(&format!("/v1/sites/demo/search?q={first_word}")).await;
    assert!(!found.json()["hits"].as_array().unwrap().is_empty(), "{first_word}");
}
