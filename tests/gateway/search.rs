//! Searching, and keeping in step with the store.

use std::time::Duration;

use deskbell::domain::question::Hits;
use deskbell::gateway::search;

use crate::support::{Gateway, gateway, import};

async fn ids(gateway: &Gateway, query: &str) -> Vec<String> {
    let answer = gateway.get(&format!("/v1/sites/acme/search?lang=en&{query}")).await;
    let hits: Hits = serde_json::from_slice(&answer.body).unwrap();
    hits.hits.into_iter().map(|hit| hit.id).collect()
}

#[tokio::test]
async fn the_best_five_come_first_unless_another_number_is_asked_for() {
    let gateway = gateway().await;
    let questions: Vec<(String, String)> = (0..9).map(|n| (format!("{n}"), format!("Invoice number {n}"))).collect();
    let questions: Vec<(&str, &str)> = questions.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
    import(&gateway.database(), "acme", &questions).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    assert_eq!(ids(&gateway, "q=invoice+number+7").await[0], "7");
    assert_eq!(ids(&gateway, "q=invoice").await.len(), 5);
    assert_eq!(ids(&gateway, "q=invoice&limit=2").await.len(), 2);
    assert_eq!(gateway.get("/v1/sites/acme/search?q=invoice").await.header("cache-control"), "no-store");
    assert!(gateway.get("/v1/sites/trusting/search?q=invoice").await.text().contains("[]"));
}

#[tokio::test]
async fn an_import_by_another_process_is_found_while_it_serves() {
    let gateway = gateway().await;
    let app = gateway.app.clone();
    let following = tokio::spawn(async move { search::follow(&app.indexes, app.store.as_ref()).await });
    assert_eq!(ids(&gateway, "q=cooldown").await, Vec::<String>::new());
    import(&gateway.database(), "acme", &[("a", "Set a cooldown")]).await;
    let found = async {
        while ids(&gateway, "q=cooldown").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("the new question is found");
    following.abort();
}

#[tokio::test]
async fn what_was_removed_is_found_no_more() {
    let gateway = gateway().await;
    let refresh = async || gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    import(&gateway.database(), "acme", &[("a", "Set a cooldown")]).await;
    refresh().await;
    assert_eq!(ids(&gateway, "q=cooldown").await, ["a"]);
    import(&gateway.database(), "acme", &[("b", "Change the plan")]).await;
    refresh().await;
    assert_eq!(ids(&gateway, "q=cooldown").await, Vec::<String>::new());
}
