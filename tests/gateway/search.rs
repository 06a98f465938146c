//! Search, and index updates from the store.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::use_cases::search;
use deskbell_core::use_cases::search::import::{Prune, write};
use domain::question::Hits;
use sources::json_lines;
use sqlx::{Connection, SqliteConnection};

use crate::support::{Gateway, gateway, import, on_sqlite, request};

async fn ids(gateway: &Gateway, query: &str) -> Vec<String> {
    let answer = gateway.get(&format!("/v1/sites/acme/search?lang=en&{query}")).await;
    if answer.status == 503 {
        assert_eq!(answer.problem().1, "busy");
        return Vec::new();
    }
    let hits: Hits = serde_json::from_slice(&answer.body).unwrap();
    hits.hits.into_iter().map(|hit| hit.id).collect()
}

#[tokio::test]
async fn searches_return_the_best_five_by_default() {
    let gateway = gateway().await;
    let questions: Vec<(String, String)> = (0..9).map(|n| (format!("{n}"), format!("Invoice number {n}"))).collect();
    let questions: Vec<(&str, &str)> = questions.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
    import(&gateway, "acme", &questions).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    assert_eq!(ids(&gateway, "q=invoice+number+7").await[0], "7");
    assert_eq!(ids(&gateway, "q=invoice").await.len(), 5);
    assert_eq!(ids(&gateway, "q=invoice&limit=2").await.len(), 2);
    assert!(gateway.get("/v1/sites/trusting/search?q=invoice").await.text().contains("[]"));
}

#[tokio::test]
async fn imports_of_another_process_become_searchable() {
    let gateway = gateway().await;
    let app = gateway.app.clone();
    let following = tokio::spawn(async move { search::follow(&app.indexes, app.store.as_ref()).await });
    assert_eq!(ids(&gateway, "q=cooldown").await, Vec::<String>::new());
    import(&gateway, "acme", &[("a", "Set a cooldown")]).await;
    let found = async {
        while ids(&gateway, "q=cooldown").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("the new question is found");
    following.abort();
}

#[tokio::test]
async fn removed_questions_are_not_found() {
    let gateway = gateway().await;
    let refresh = async || gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    import(&gateway, "acme", &[("a", "Set a cooldown")]).await;
    refresh().await;
    assert_eq!(ids(&gateway, "q=cooldown").await, ["a"]);
    import(&gateway, "acme", &[("b", "Change the plan")]).await;
    refresh().await;
    assert_eq!(ids(&gateway, "q=cooldown").await, Vec::<String>::new());
}

#[tokio::test]
async fn searches_are_busy_until_the_index_is_built() {
    let gateway = gateway().await;
    import(&gateway, "acme", &[("a", "Set a cooldown")]).await;
    let gateway = gateway.reopened().await;
    let search = async |site: &str| {
        let path = format!("/v1/sites/{site}/search?q=cooldown&visit=0123456789abcdef.0");
        gateway.send(request(Method::GET, &path).body(Body::empty()).unwrap()).await
    };
    for site in ["acme", "trusting"] {
        let answer = search(site).await;
        assert_eq!((answer.problem(), answer.header("retry-after")), ((503, "busy".into()), "1"), "{site}");
    }
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    assert_eq!(ids(&gateway, "q=cooldown").await, ["a"]);
    assert_eq!(search("trusting").await.status, 200);
    gateway.app.counting.flush(gateway.app.store.as_ref()).await.unwrap();
    assert_eq!(gateway.app.store.search_misses(&"acme".into(), "").await.unwrap(), []);
}

#[tokio::test]
async fn an_index_is_built_by_the_first_search_of_its_site_and_shared_by_all() {
    let gateway = gateway().await;
    import(&gateway, "acme", &[("a", "Set a cooldown")]).await;
    import(&gateway, "trusting", &[("b", "Set a cooldown")]).await;
    let gateway = gateway.reopened().await;
    let app = gateway.app.clone();
    let following = tokio::spawn(async move { search::follow(&app.indexes, app.store.as_ref()).await });
    let search = async || {
        loop {
            // Empty while it is built for longer than a search waits.
            let found = ids(&gateway, "q=cooldown").await;
            if !found.is_empty() {
                return found;
            }
        }
    };
    let searches = futures_util::future::join_all((0..20).map(|_| search())).await;
    assert!(searches.iter().all(|found| found == &["a"]), "{searches:?}");
    assert_eq!(gateway.app.indexes.sizes(), [("acme".into(), 1)]);
    following.abort();
}

#[tokio::test]
async fn the_index_that_was_searched_least_recently_is_dropped_above_the_limit() {
    let gateway = gateway().await;
    let sites = ["acme", "globex", "initech"];
    for site in sites {
        import(&gateway, site, &[("a", "Set a cooldown"), ("b", "Set another cooldown")]).await;
    }
    let limits = search::IndexLimits { questions: 4, builds: 1 };
    let (indexes, app) = (std::sync::Arc::new(search::Indexes::new(limits)), gateway.app.clone());
    let following = {
        let indexes = indexes.clone();
        tokio::spawn(async move { search::follow(&indexes, app.store.as_ref()).await })
    };
    let count = async |site: &'static str| {
        loop {
            if let Ok(hits) = indexes.search(&site.into(), "cooldown", 5).await {
                return hits.len();
            }
        }
    };
    for site in ["acme", "globex", "acme", "initech"] {
        assert_eq!(count(site).await, 2, "{site}");
    }
    let mut built: Vec<String> = indexes.sizes().into_iter().map(|(site, _)| site.to_string()).collect();
    built.sort();
    assert_eq!(built, ["acme", "initech"]);
    // It is built again for its next search.
    assert_eq!(count("globex").await, 2);
    following.abort();
}

#[tokio::test]
async fn unreadable_questions_are_left_out_of_the_index() {
    on_sqlite();
    let gateway = gateway().await;
    import(&gateway, "acme", &[("a", "Set a cooldown"), ("b", "A cooldown for all")]).await;
    import(&gateway, "trusting", &[("c", "Set a cooldown")]).await;
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap();
    sqlx::query("UPDATE questions SET question = '{' WHERE id = 'a'").execute(&mut database).await.unwrap();
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    assert_eq!(ids(&gateway, "q=cooldown").await, ["b"]);
    assert!(gateway.get("/v1/sites/trusting/search?q=cooldown").await.text().contains("\"c\""));
    // Also if it was valid before.
    sqlx::query("UPDATE questions SET question = '{', revision = 2 WHERE id = 'b'")
        .execute(&mut database)
        .await
        .unwrap();
    import(&gateway, "acme", &[("a", "Set no cooldown"), ("c", "Another cooldown")]).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    let mut found = ids(&gateway, "q=cooldown").await;
    found.sort();
    assert_eq!(found, ["a", "c"]);
}

#[tokio::test]
async fn a_failed_index_update_is_made_up_by_the_next_change() {
    on_sqlite();
    let gateway = gateway().await;
    let (path, store) = (gateway.database(), gateway.app.store.as_ref());
    import(&gateway, "acme", &[("a", "Set a cooldown"), ("b", "Change the plan")]).await;
    gateway.app.indexes.refresh(store).await.unwrap();
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let mut run = async |sql: &'static str| sqlx::query(sql).execute(&mut database).await.unwrap();
    import(&gateway, "acme", &[("a", "Set a cooldown"), ("b", "Change the colour")]).await;
    run("ALTER TABLE removed_questions RENAME TO away").await;
    gateway.app.indexes.refresh(store).await.unwrap();
    assert_eq!(ids(&gateway, "q=plan").await, ["b"], "the index of before still answers");
    // A full rebuild would pick this up.
    run("UPDATE questions SET question = replace(question, 'cooldown', 'budget') WHERE id = 'a'").await;
    run("ALTER TABLE away RENAME TO removed_questions").await;
    gateway.app.indexes.refresh(store).await.unwrap();
    assert_eq!(ids(&gateway, "q=colour").await, ["b"]);
    assert_eq!(ids(&gateway, "q=cooldown").await, ["a"]);
}

#[tokio::test]
async fn incremental_and_complete_indexes_are_equal() {
    let gateway = gateway().await;
    let store = gateway.app.store.as_ref();
    for round in 0..30_usize {
        let questions: Vec<String> = (0..20)
            .filter(|n| (n + round) % 3 > 0)
            .map(|n| {
                let title = format!("Invoice {n} of chart {}", (n * round) % 7);
                serde_json::json!({ "id": format!("q{n}"), "title": title, "body": "cooldown ".repeat(round % 4) })
                    .to_string()
            })
            .collect();
        let questions = json_lines(&questions.join("\n")).questions;
        write(store, &"acme".into(), "test", questions.clone(), Prune::Forced).await.unwrap();
        gateway.app.indexes.refresh(store).await.unwrap();
        let indexes = search::Indexes::default();
        indexes.refresh(store).await.unwrap();
        for query in ["invoice", "chart 3", "cooldown", "invoice 7 of chart 1"] {
            let found = gateway.app.indexes.search(&"acme".into(), query, 20).await.unwrap();
            assert_eq!(found, indexes.search(&"acme".into(), query, 20).await.unwrap(), "{round} {query}");
            assert!(found.len() <= questions.len());
        }
    }
}
