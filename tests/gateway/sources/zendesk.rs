//! The stand-in responds like the Help Center API: cursor pages with `meta.has_more` and `links.next`, sideloads.

use deskbell_core::use_cases::search::import::Prune;
use serde_json::{Value, json};
use sources::{Format, Source};

use super::{Database, HTML, StandIn, counts, notes};

const LOCALES: &str = "/api/v2/help_center/locales.json";
const ARTICLES: &str = "/api/v2/help_center/en-us/articles.json";
const ARTICLES_2: &str = "/api/v2/help_center/en-us/articles.json?page[after]=a2&page[size]=100";
const POSTS: &str = "/api/v2/community/posts.json";
const COMMENTS: &str = "/api/v2/community/posts/7/comments.json";

fn page(name: &str, entries: Value, next: Option<String>) -> Value {
    json!({ name: entries, "meta": { "has_more": next.is_some(), "after_cursor": "a2", "before_cursor": "a1" },
        "links": { "prev": null, "next": next } })
}

fn article(desk: &StandIn, id: u64) -> Value {
    json!({ "id": id, "title": format!("Article {id}"), "body": "<h2>How</h2><p>Like <a href=\"/hc/x\">this</a></p>",
        "html_url": format!("{}/hc/en-us/articles/{id}-How", desk.url), "draft": false, "section_id": 3,
        "label_names": ["alerts"], "created_at": "2024-04-17T17:18:10Z", "author_id": 1, "user_segment_id": null })
}

fn post(desk: &StandIn) -> Value {
    json!({ "id": 7, "title": "Post 7", "details": "<p>Why?</p>", "topic_id": 9, "status": "none", "comment_count": 2,
        "html_url": format!("{}/hc/en-us/community/posts/7", desk.url), "created_at": "2024-04-17T17:18:10Z" })
}

/// A help center with two articles on two pages and a post with two comments.
async fn desk() -> StandIn {
    let desk = StandIn::new().await;
    desk.json(LOCALES, &json!({ "locales": ["en-us", "da"], "default_locale": "en-us" }));
    let mut first = page("articles", json!([article(&desk, 1)]), Some(format!("{}{ARTICLES_2}", desk.url)));
    first["sections"] = json!([{ "id": 3, "name": "Alerting" }]);
    desk.json(ARTICLES, &first);
    let mut draft = article(&desk, 3);
    draft["draft"] = true.into();
    desk.json(ARTICLES_2, &page("articles", json!([article(&desk, 2), draft]), None));
    let mut posts = page("posts", json!([post(&desk)]), None);
    posts["topics"] = json!([{ "id": 9, "name": "Ideas" }]);
    desk.json(POSTS, &posts);
    let comment = |body: &str, author: u64, official: bool| json!({ "id": author, "body": body, "author_id": author, "official": official, "created_at": "2024-04-18T00:00:00Z" });
    let mut comments =
        page("comments", json!([comment("<p>So</p>", 1, false), comment("<p>Or so</p>", 2, true)]), None);
    comments["users"] = json!([{ "id": 1, "name": "Ada", "role": "agent" }, { "id": 2, "name": "Grace" }]);
    desk.json(COMMENTS, &comments);
    desk
}

fn source(desk: &StandIn) -> Source {
    desk.source(Format::Zendesk, "/")
}

#[tokio::test]
async fn articles_are_documents_and_posts_are_questions_with_their_comments() {
    let (desk, database) = (desk().await, Database::new().await);
    assert_eq!(counts(&database.import(&source(&desk)).await), [3, 0, 0, 0, 0]);
    assert_eq!(counts(&database.import(&source(&desk)).await), [0, 0, 3, 0, 0]);
    let questions = database.questions().await;
    let [one, _, post] = &questions[..] else { panic!("{questions:?}") };
    assert_eq!((one.kind.as_str(), one.title.as_str(), one.answers.len()), ("doc", "Article 1", 0));
    assert_eq!(one.body, format!("## How\n\nLike [this]({}/hc/x)", desk.url));
    assert_eq!(one.url, format!("{}/hc/en-us/articles/1-How", desk.url));
    assert_eq!(one.topics, ["Alerting", "alerts"]);
    assert_eq!((post.kind.as_str(), post.body.as_str(), post.solved), ("question", "Why?", true));
    assert_eq!(post.topics, ["Ideas"]);
    let answers: Vec<(&str, &str, bool, bool)> = post
        .answers
        .iter()
        .map(|answer| (answer.body.as_str(), answer.author.as_str(), answer.staff, answer.accepted))
        .collect();
    assert_eq!(answers, [("So", "Ada", true, false), ("Or so", "Grace", true, true)]);
}

#[tokio::test]
async fn pages_have_the_maximum_size_and_the_language_of_the_address() {
    let (desk, database) = (desk().await, Database::new().await);
    desk.json("/api/v2/help_center/da/articles.json", &page("articles", json!([]), None));
    database.import(&desk.source(Format::Zendesk, "/hc/da")).await;
    let requests = desk.requests();
    assert_eq!(requests[0], "/api/v2/help_center/da/articles.json?page[size]=100&include=sections");
    assert!(requests.contains(&"/api/v2/community/posts.json?page[size]=100&include=topics".into()), "{requests:?}");
}

#[tokio::test]
async fn an_empty_page_does_not_end_the_list() {
    let (desk, database) = (desk().await, Database::new().await);
    desk.json(ARTICLES, &page("articles", json!([]), Some(format!("{}{ARTICLES_2}", desk.url))));
    assert_eq!(counts(&database.import(&source(&desk)).await), [2, 0, 0, 0, 0]);
}

#[tokio::test]
async fn without_a_community_only_articles_remain() {
    let (desk, database) = (desk().await, Database::new().await);
    database.import(&source(&desk)).await;
    let missing = json!({ "error": "RecordNotFound", "description": "Not found" }).to_string();
    desk.set(POSTS, 404, &[], &missing);
    assert_eq!(counts(&database.import(&source(&desk)).await), [0, 0, 2, 1, 0]);
}

#[tokio::test]
async fn unreadable_entries_are_listed_and_not_pruned() {
    let (desk, database) = (desk().await, Database::new().await);
    database.import(&source(&desk)).await;
    let denied = json!({ "error": "Couldn't authenticate you" }).to_string();
    let forbidden =
        json!({ "error": { "title": "Forbidden", "message": "You do not have access to this page." } }).to_string();
    let foreign_page =
        page("articles", json!([article(&desk, 1)]), Some("https://evil.example/next".into())).to_string();
    let mut misshapen = page("posts", json!([{ "id": 7, "title": 5 }]), None);
    misshapen["topics"] = json!([]);
    for (path, status, headers, body, expected) in [
        (LOCALES, 401, &[][..], denied.clone(), "locales.json: status 401: Couldn't authenticate you"),
        (ARTICLES, 403, &[], forbidden, "status 403: You do not have access to this page."),
        (ARTICLES, 200, HTML, "<html>".into(), "the response is HTML instead of JSON"),
        (ARTICLES, 200, &[], foreign_page, "links.next is not an address of this help center"),
        (ARTICLES, 200, &[], "{\"articles\":[]}".into(), "missing field `meta`"),
        (
            ARTICLES_2,
            429,
            &[("retry-after", "900")],
            "Number of allowed API requests per minute exceeded".into(),
            "900 seconds",
        ),
        (POSTS, 401, &[], denied, "posts.json?page%5Bsize%5D=100&include=topics: status 401"),
        (POSTS, 200, &[], misshapen.to_string(), "/api/v2/community/posts.json (id 7): invalid type: integer `5`"),
        (COMMENTS, 200, &[], "{\"comm".into(), "comments.json?page%5Bsize%5D=100&include=users: unexpected response"),
    ] {
        let good = desk.answers.lock().unwrap()[path].clone();
        desk.set(path, status, headers, &body);
        let report = database.import(&source(&desk)).await;
        assert!(report.bad == 1 && report.changes.removed == 0, "{expected}: {report}");
        assert!(notes(&report)[0].contains(expected), "{:?} is not {expected}", notes(&report));
        assert_eq!(database.titles().await, ["Article 1", "Article 2", "Post 7"], "{expected}");
        desk.answers.lock().unwrap().insert(path.into(), good);
    }
}

#[tokio::test]
async fn endless_cursors_are_abandoned() {
    let (desk, database) = (desk().await, Database::new().await);
    desk.remove(ARTICLES_2);
    desk.json(ARTICLES, &page("articles", json!([article(&desk, 1)]), Some(format!("{}{ARTICLES}", desk.url))));
    let report = database.import(&source(&desk)).await;
    assert!(notes(&report)[0].contains("the list never ends"), "{:?}", notes(&report));
}

#[tokio::test]
async fn incremental_imports_stop_at_unchanged_articles_and_posts() {
    let (desk, database) = (desk().await, Database::new().await);
    let import = async |progress: &str| {
        database.importer().import_changes(&"acme".into(), &source(&desk), Prune::Limited, progress).await.unwrap()
    };
    let (report, progress) = import("").await;
    assert_eq!(counts(&report), [3, 0, 0, 0, 0]);
    let updated = |mut entry: Value, time: &str| {
        entry["updated_at"] = time.into();
        entry
    };
    let (now, old) = (deskbell_core::clock::now().to_string(), "2020-01-01T00:00:00Z");
    let articles = format!("{ARTICLES}?page[size]=100&include=sections&sort_by=updated_at&sort_order=desc");
    let posts = format!("{POSTS}?page[size]=100&include=topics&sort_by=recent_activity");
    let next = |path: &str| Some(format!("{}{path}?next", desk.url));
    let (changed, unchanged) = (updated(article(&desk, 4), &now), updated(article(&desk, 1), old));
    desk.json(&articles, &page("articles", json!([changed, unchanged]), next(ARTICLES)));
    desk.json(&posts, &page("posts", json!([updated(post(&desk), old)]), next(POSTS)));
    desk.requests();
    let (report, _) = import(&progress).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 0], "{report}");
    assert_eq!(desk.requests(), [LOCALES, &articles, &posts]);
    assert_eq!(database.titles().await, ["Article 1", "Article 2", "Article 4", "Post 7"]);
}
