//! The stand-in responds like Strapi 4, with the fields of Squeak: `{data: [{id, attributes}], meta: {pagination}}`.

use deskbell_core::use_cases::search::import::Prune;
use serde_json::{Value, json};
use sources::{Format, Source};

use super::{Database, HTML, StandIn, counts, notes};

fn question(id: u64) -> Value {
    json!({ "id": id, "attributes": { "subject": format!("Question {id}"), "permalink": format!("question-{id}"),
        "body": "Why **so**?", "resolved": false, "archived": null, "createdAt": "2023-01-02T03:04:05.678Z",
        "numReplies": 0, "activeAt": "2023-01-02T03:04:05.678Z", "topics": { "data": [] }, "replies": { "data": [] },
        "resolvedBy": { "data": null } } })
}

fn page(questions: &[Value], page: u64, count: u64) -> Value {
    json!({ "data": questions, "meta": { "pagination": { "page": page, "pageSize": 100, "pageCount": count, "total": 2 } } })
}

fn address(page: u64) -> String {
    format!(
        "/api/questions?pagination[page]={page}&pagination[pageSize]=100&sort=id:asc\
         &filters[$or][0][archived][$null]=true&filters[$or][1][archived][$eq]=false&populate[topics][fields][0]=label\
         &populate[resolvedBy][fields][0]=id&populate[replies][sort][0]=createdAt:asc\
         &populate[replies][populate][profile][fields][0]=firstName\
         &populate[replies][populate][profile][fields][1]=lastName\
         &populate[replies][populate][profile][populate][teams][fields][0]=id"
    )
}

async fn squeak() -> StandIn {
    let squeak = StandIn::new().await;
    squeak.json(&address(1), &page(&[question(1)], 1, 2));
    squeak.json(&address(2), &page(&[question(2)], 2, 2));
    squeak
}

fn source(squeak: &StandIn) -> Source {
    Source::new(Format::Strapi, &squeak.url, Some("https://www.example.com/questions")).unwrap()
}

#[tokio::test]
async fn questions_have_replies_topics_page_and_unchanged_markdown() {
    let (squeak, database) = (squeak().await, Database::new().await);
    let reply = |id: u64, profile: Value| {
        json!({ "id": id, "attributes": { "body": "Set a `cooldown`", "createdAt": "2023-01-03T00:00:00.000Z",
            "profile": { "data": profile } } })
    };
    let profile =
        |teams: Value| json!({ "id": 1, "attributes": { "firstName": "Grace", "lastName": null, "teams": teams } });
    let mut full = question(1);
    full["attributes"]["resolved"] = true.into();
    full["attributes"]["resolvedBy"] = json!({ "data": { "id": 21, "attributes": {} } });
    full["attributes"]["topics"] = json!({ "data": [{ "id": 3, "attributes": { "label": "Alerts" } }] });
    full["attributes"]["replies"] = json!({ "data": [
        reply(20, Value::Null),
        reply(21, profile(json!({ "data": [{ "id": 4 }] }))),
        reply(22, profile(json!([]))),
        { "id": 23, "attributes": { "body": " " } },
    ] });
    squeak.json(&address(1), &page(&[full], 1, 2));
    assert_eq!(counts(&database.import(&source(&squeak)).await), [2, 0, 0, 0, 0]);
    let questions = database.questions().await;
    let question = &questions[0];
    assert_eq!((question.title.as_str(), question.body.as_str(), question.solved), ("Question 1", "Why **so**?", true));
    assert_eq!(question.url, "https://www.example.com/questions/question-1");
    assert_eq!(
        (question.topics.as_slice(), question.created_at.as_str()),
        (&["Alerts".into()][..], "2023-01-02T03:04:05.678Z")
    );
    let answers: Vec<(&str, bool, bool)> =
        question.answers.iter().map(|answer| (answer.author.as_str(), answer.staff, answer.accepted)).collect();
    assert_eq!(answers, [("", false, false), ("Grace", true, true), ("Grace", false, false)]);
}

#[tokio::test]
async fn repeated_imports_prune_removed_and_archived_questions() {
    let (squeak, database) = (squeak().await, Database::new().await);
    assert_eq!(counts(&database.import(&source(&squeak)).await), [2, 0, 0, 0, 0]);
    assert_eq!(counts(&database.import(&source(&squeak)).await), [0, 0, 2, 0, 0]);
    let (mut archived, mut nowhere) = (question(1), question(2));
    archived["attributes"]["archived"] = true.into();
    nowhere["attributes"]["permalink"] = Value::Null;
    squeak.json(&address(2), &page(&[archived, nowhere, question(3)], 2, 2));
    squeak.json(&address(1), &page(&[question(4)], 1, 2));
    assert_eq!(counts(&database.import(&source(&squeak)).await), [2, 0, 0, 2, 0]);
    assert_eq!(database.titles().await, ["Question 3", "Question 4"]);
}

#[tokio::test]
async fn unreadable_entries_are_listed_and_not_pruned() {
    let (squeak, database) = (squeak().await, Database::new().await);
    database.import(&source(&squeak)).await;
    let error = |status: u16, name: &str, message: &str| {
        json!({ "data": null, "error": { "status": status, "name": name, "message": message, "details": {} } })
            .to_string()
    };
    let mut misshapen = question(2);
    misshapen["attributes"]["subject"] = json!([]);
    let mut untitled = question(2);
    untitled["attributes"]["subject"] = json!(" ");
    for (status, headers, body, expected) in [
        (403, &[][..], error(403, "ForbiddenError", "Forbidden"), "status 403: Forbidden"),
        (400, &[], error(400, "ValidationError", "Invalid key teams"), "status 400: Invalid key teams"),
        (
            429,
            &[("retry-after", "3600")],
            error(429, "RateLimitError", "Too many requests"),
            "retry after 3600 seconds",
        ),
        (200, HTML, "<!doctype html>".into(), "the response is HTML instead of JSON"),
        (200, &[], "{\"data\":[".into(), "unexpected response: EOF"),
        (200, &[], "{\"data\":[]}".into(), "missing field `meta`"),
        (200, &[], page(&[misshapen], 2, 2).to_string(), "/api/questions (page 2), id 2: invalid type: sequence"),
        (200, &[], page(&[untitled], 2, 2).to_string(), "/api/questions/2: has no title"),
        (200, &[], page(&[question(1)], 2, 9).to_string(), "the list never ends"),
    ] {
        squeak.set(&address(2), status, headers, &body);
        let report = database.import(&source(&squeak)).await;
        assert!(report.bad == 1 && report.changes.removed == 0, "{expected}: {report}");
        assert!(notes(&report)[0].contains(expected), "{:?} is not {expected}", notes(&report));
        assert_eq!(database.titles().await, ["Question 1", "Question 2"], "{expected}");
    }
}

#[tokio::test]
async fn failed_requests_are_retried_twice() {
    let (squeak, database) = (squeak().await, Database::new().await);
    for _ in 0..2 {
        squeak.once(&address(2), 502, &[], "");
    }
    assert_eq!(counts(&database.import(&source(&squeak)).await), [2, 0, 0, 0, 0]);
    assert_eq!(squeak.requests().len(), 4);
}

#[tokio::test]
async fn incremental_imports_request_only_changed_questions() {
    let (squeak, database) = (squeak().await, Database::new().await);
    let import = async |progress: &str| {
        database.importer().import_changes(&"acme".into(), &source(&squeak), Prune::Limited, progress).await.unwrap()
    };
    let (report, progress) = import("").await;
    assert_eq!(counts(&report), [2, 0, 0, 0, 0]);
    squeak.remove(&address(1));
    squeak.json("/api/questions", &page(&[question(3)], 1, 1));
    squeak.requests();
    let (report, _) = import(&progress).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 0]);
    let requests = squeak.requests();
    assert_eq!(requests.len(), 1);
    for filter in ["filters[$and][0][$or][0][updatedAt][$gt]=", "filters[$and][0][$or][1][replies][updatedAt][$gt]="] {
        assert!(requests[0].contains(filter), "{requests:?}");
    }
    assert_eq!(database.titles().await, ["Question 1", "Question 2", "Question 3"]);
}
