//! Search in languages without spaces between words, with compounds, or with affixes.
//!
//! Each language has a small help centre and queries with the question that has to come first, the same in a gateway and in a page.

use deskbell_core::ports::View;
use domain::question::{Hit, Question};
use gateway::config::Overrides;
use ranking::index_file::IndexFile;
use ranking::{Index, Snowball, Table};
use serde::Deserialize;

use crate::rows::{Row, check_all, read};
use crate::support::{gateway, gateway_with, import, on_sqlite, ticket};

#[derive(Debug, Deserialize)]
struct Language {
    questions: Vec<String>,
    /// Queries with the number of the question that comes first, from 1.
    queries: Vec<(String, usize)>,
    /// Queries without a matching question.
    nothing: Vec<String>,
}

impl Language {
    fn questions(&self) -> Vec<Question> {
        let ids = self.ids();
        let titles = ids.iter().zip(&self.questions);
        titles.map(|(id, title)| Question { id: id.clone(), title: title.clone(), ..Question::default() }).collect()
    }

    fn ids(&self) -> Vec<String> {
        (1..=self.questions.len()).map(|number| number.to_string()).collect()
    }

    /// Every query with the id of its first hit.
    fn searches(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        let found = self.queries.iter().map(|(query, number)| (query.as_str(), Some(number.to_string())));
        found.chain(self.nothing.iter().map(|query| (query.as_str(), None)))
    }
}

fn table() -> Vec<Row<Language>> {
    read(include_str!("table.toml"))
}

fn ids(hits: Vec<Hit>) -> Vec<String> {
    hits.into_iter().map(|hit| hit.id).collect()
}

#[test]
fn the_expected_question_is_first_in_gateway_and_page() {
    check_all(&table(), |language| {
        let questions = language.questions();
        let gateway = Index::build(&questions, Snowball);
        let file: serde_json::Value = serde_json::from_str(&IndexFile::json(questions).unwrap()).unwrap();
        let file = IndexFile::read(&file).unwrap();
        let page = Index::build(&file.questions, Table::new(file.stems.0, file.synonyms.0));
        let mut wrong: Vec<String> = Vec::new();
        for (query, first) in language.searches() {
            let (by_gateway, by_page) = (ids(gateway.search(query, 5)), ids(page.search(query, 5)));
            if by_gateway.first() != first.as_ref() || by_gateway != by_page {
                wrong.push(format!("{query} finds {by_gateway:?}, in a page {by_page:?}, and not {first:?}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    });
}

#[test]
fn every_language_has_enough_questions_and_searches() {
    for row in table() {
        let (language, name) = (row.case, row.name);
        assert!(language.questions.len() >= 8 && language.queries.len() >= 10 && language.nothing.len() >= 2, "{name}");
        assert!(language.queries.iter().all(|(_, number)| (1..=language.questions.len()).contains(number)), "{name}");
    }
}

#[tokio::test]
async fn the_gateway_finds_the_same_as_the_ranker() {
    let rows = table();
    let sites: String = rows
        .iter()
        .map(|row| format!("[sites.{}]\norigins = [\"https://app.acme.example\"]\n", row.name.to_lowercase()))
        .collect();
    let gateway = gateway_with(&sites, Overrides::default()).await;
    for row in &rows {
        let ids = row.case.ids();
        let titles = row.case.questions.iter().map(String::as_str);
        let questions: Vec<(&str, &str)> = ids.iter().map(String::as_str).zip(titles).collect();
        import(&gateway, &row.name.to_lowercase(), &questions).await;
    }
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    for row in &rows {
        let (query, number) = &row.case.queries[0];
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = gateway.get(&format!("/v1/sites/{}/search?q={query}", row.name.to_lowercase())).await.json();
        assert_eq!(answer["hits"][0]["id"], number.to_string(), "{}: {answer}", row.name);
    }
}

#[tokio::test]
async fn tickets_tokenized_by_an_older_version_are_found_after_the_upgrade() {
    on_sqlite();
    let gateway = gateway().await;
    let message = "ฉันไม่สามารถส่งออกรายงานได้";
    assert_eq!(gateway.post("one", &ticket(message)).await.status, 201);
    let found = async |gateway: &crate::support::Gateway, words: &str| {
        let view = View { words: words.into(), ..View::default() };
        gateway.app.store.list_tickets(&view, None, 10).await.unwrap().tickets.len()
    };
    assert_eq!(found(&gateway, "รายงาน").await, 1);
    let mut connection = gateway.connection().await;
    for sql in [
        "DELETE FROM ticket_tokens",
        "INSERT INTO ticket_tokens (ticket, token) SELECT number, 'สามารถส' FROM tickets",
        "UPDATE tickets SET listed = 1",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    assert_eq!(found(&gateway, "รายงาน").await, 0);
    let gateway = gateway.restarted().await;
    assert_eq!(found(&gateway, "รายงาน").await, 1);
    assert_eq!(found(&gateway, "สามารถส").await, 1);
    let mut connection = gateway.connection().await;
    let old: i64 = sqlx::query_scalar("SELECT count(*) FROM ticket_tokens WHERE token = 'สามารถส'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(old, 0);
}
