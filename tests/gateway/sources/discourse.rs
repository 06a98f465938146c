//! The stand-in responds like Discourse: `topic_list`, `post_stream`, 429 as from its middleware and its controllers.

use deskbell_core::use_cases::search::import::Prune;
use serde_json::{Value, json};
use sources::{Format, Source};

use super::{Database, HTML, StandIn, counts, notes};

const PAGE_0: &str = "/latest.json?order=created&ascending=true&no_definitions=true&page=0";
const CHANGES: &str = "/latest.json?order=activity&ascending=false&no_definitions=true&page=0";
const PAGE_1: &str = "/latest.json?order=created&ascending=true&no_definitions=true&page=1";

fn listed(id: u64) -> Value {
    json!({ "id": id, "title": format!("Topic {id}"), "slug": "topic", "posts_count": 2, "visible": true, "closed": false,
        "archived": false, "archetype": "regular", "tags": [], "category_id": 5, "has_accepted_answer": false })
}

fn list(topics: &[Value], more: bool) -> Value {
    let mut list = json!({ "users": [], "topic_list": { "per_page": 30, "topics": topics } });
    if more {
        list["topic_list"]["more_topics_url"] = "/latest?no_definitions=true&page=1".into();
    }
    list
}

fn post(id: u64, number: u64, cooked: &str) -> Value {
    json!({ "id": id, "name": "", "username": "ada", "created_at": "2024-05-06T07:08:09.123Z", "cooked": cooked,
        "post_number": number, "post_type": 1, "staff": false, "admin": false, "moderator": false, "hidden": false,
        "user_deleted": false, "deleted_at": null })
}

fn topic(id: u64, posts: &[Value]) -> Value {
    let stream: Vec<&Value> = posts.iter().map(|post| &post["id"]).collect();
    json!({ "id": id, "title": format!("Topic {id}"), "slug": "topic", "created_at": "2024-05-06T07:08:09.123Z",
        "category_id": 5, "tags": [], "visible": true, "archived": false, "closed": false,
        "post_stream": { "posts": posts, "stream": stream } })
}

/// A forum with two topics on two pages.
async fn forum() -> StandIn {
    let forum = StandIn::new().await;
    forum.json("/site.json", &json!({ "categories": [{ "id": 5, "name": "Help", "slug": "help" }] }));
    forum.json(PAGE_0, &list(&[listed(1)], true));
    forum.json(PAGE_1, &list(&[listed(2)], false));
    for id in [1, 2] {
        forum.json(&format!("/t/{id}.json"), &topic(id, &[post(id * 100, 1, "<p>Why?</p>")]));
    }
    forum
}

fn source(forum: &StandIn) -> Source {
    forum.source(Format::Discourse, "/")
}

#[tokio::test]
async fn topics_become_questions_with_answers_in_markdown() {
    let forum = forum().await;
    let mut named = post(101, 2, "<p>Set a <strong>cooldown</strong>:</p><pre><code>a &lt; b\n</code></pre>");
    named["name"] = "Grace  Hopper".into();
    named["staff"] = true.into();
    let mut closed = post(102, 3, "");
    closed["post_type"] = 3.into();
    let mut whisper = post(103, 4, "<p>secret</p>");
    whisper["post_type"] = 4.into();
    let mut hidden = post(104, 5, "<p>spam</p>");
    hidden["hidden"] = true.into();
    let last = post(105, 6, "<p>See <a href=\"/t/topic/2\">this</a> <script>alert(1)</script></p>");
    let mut first = topic(1, &[post(100, 1, "<p>Why <em>so</em> often?</p>"), named, closed, whisper, hidden, last]);
    first["title"] = "Alerts & more <b>".into();
    first["tags"] = json!(["alerts", { "id": 3, "name": "email", "slug": "email" }]);
    first["accepted_answer"] = json!({ "post_number": 2, "username": "grace", "excerpt": "Set a" });
    forum.json("/t/1.json", &first);

    let database = Database::new().await;
    assert_eq!(counts(&database.import(&source(&forum)).await), [2, 0, 0, 0, 0]);
    let questions = database.questions().await;
    let question = questions.iter().find(|question| question.id.ends_with("-1")).unwrap();
    assert_eq!((question.kind.as_str(), question.title.as_str()), ("question", "Alerts & more <b>"));
    assert_eq!(question.body, "Why *so* often?");
    assert_eq!(question.url, format!("{}/t/topic/1", forum.url));
    assert_eq!(question.topics, ["Help", "alerts", "email"]);
    assert_eq!((question.solved, question.created_at.as_str()), (true, "2024-05-06T07:08:09.123Z"));
    let answers: Vec<(&str, &str, bool, bool)> = question
        .answers
        .iter()
        .map(|answer| (answer.body.as_str(), answer.author.as_str(), answer.staff, answer.accepted))
        .collect();
    let link = format!("See [this]({}/t/topic/2)", forum.url);
    assert_eq!(
        answers,
        [("Set a **cooldown**:\n\n```\na < b\n```", "Grace Hopper", true, true), (link.as_str(), "ada", false, false),]
    );
}

#[tokio::test]
async fn repeated_imports_add_no_duplicates_and_prune_removed_questions() {
    let (forum, database) = (forum().await, Database::new().await);
    assert_eq!(counts(&database.import(&source(&forum)).await), [2, 0, 0, 0, 0]);
    assert_eq!(counts(&database.import(&source(&forum)).await), [0, 0, 2, 0, 0]);
    forum.json(PAGE_1, &list(&[], false));
    forum.json("/t/1.json", &topic(1, &[post(100, 1, "<p>Changed</p>")]));
    assert_eq!(counts(&database.import(&source(&forum)).await), [0, 1, 0, 1, 0]);
    assert_eq!(database.titles().await, ["Topic 1"]);
}

#[tokio::test]
async fn later_posts_are_read_in_pages_and_distant_accepted_ones_alone() {
    let (forum, database) = (forum().await, Database::new().await);
    let ids: Vec<u64> = (100..300).collect();
    let near: Vec<Value> = (0..20).map(|n| post(100 + n, n + 1, "<p>x</p>")).collect();
    let mut first = topic(1, &near);
    first["post_stream"]["stream"] = json!(ids);
    first["accepted_answer"] = json!({ "post_number": 180 });
    forum.json("/t/1.json", &first);
    let chunk: Vec<Value> = (20..40).map(|n| post(100 + n, n + 1, "<p>y</p>")).collect();
    forum.json("/t/1/posts.json", &json!({ "post_stream": { "posts": chunk }, "id": 1 }));
    forum.json("/t/1/180.json", &topic(1, &[post(278, 179, "<p>no</p>"), post(279, 180, "<p>Yes</p>")]));
    assert_eq!(database.import(&source(&forum)).await.bad, 0);
    let requests = forum.requests();
    let chunks: Vec<&String> = requests.iter().filter(|path| path.starts_with("/t/1/posts.json")).collect();
    assert_eq!(chunks.len(), 4, "to a hundred posts and not to two hundred");
    assert!(chunks[0].starts_with("/t/1/posts.json?post_ids[]=120&post_ids[]=121&") && chunks[0].ends_with("=139"));
    let questions = database.questions().await;
    let answers = &questions.iter().find(|question| question.id.ends_with("-1")).unwrap().answers;
    let accepted: Vec<&str> =
        answers.iter().filter(|answer| answer.accepted).map(|answer| answer.body.as_str()).collect();
    assert_eq!(accepted, ["Yes"]);
    assert_eq!(answers.len(), 19 + 20 + 1);
}

#[tokio::test]
async fn hidden_and_archived_topics_are_left_out() {
    let (forum, database) = (forum().await, Database::new().await);
    let (mut unlisted, mut archived) = (listed(1), listed(2));
    unlisted["visible"] = false.into();
    archived["archived"] = true.into();
    forum.json(PAGE_0, &list(&[unlisted, archived, listed(3)], false));
    forum.json("/t/3.json", &topic(3, &[post(300, 1, "")]));
    assert_eq!(counts(&database.import(&source(&forum)).await), [1, 0, 0, 0, 0]);
    assert_eq!(forum.requests().iter().filter(|path| path.starts_with("/t/")).count(), 1);
}

#[tokio::test]
async fn categories_of_a_forum_below_a_path_are_read() {
    let (forum, database) = (StandIn::new().await, Database::new().await);
    forum.json("/forum/site.json", &json!({ "categories": [] }));
    forum.json("/forum/c/help/6.json", &list(&[listed(1)], false));
    forum.json("/forum/t/1.json", &topic(1, &[post(100, 1, "")]));
    assert_eq!(counts(&database.import(&forum.source(Format::Discourse, "/forum/c/help/6")).await), [1, 0, 0, 0, 0]);
    assert_eq!(database.questions().await[0].url, format!("{}/forum/t/topic/1", forum.url));
}

#[tokio::test]
async fn rate_limits_are_waited_out() {
    let (forum, database) = (forum().await, Database::new().await);
    let slow = "Slow down, you're making too many requests.\nPlease retry again in 1 seconds.\nError code: ip_10_secs_limit.\n";
    forum.once("/t/1.json", 429, &[("content-type", "text/plain"), ("retry-after", "1")], slow);
    let before = std::time::Instant::now();
    assert_eq!(counts(&database.import(&source(&forum)).await), [2, 0, 0, 0, 0]);
    assert!(before.elapsed() >= std::time::Duration::from_secs(1));
}

#[tokio::test]
async fn unreadable_entries_are_listed_and_not_pruned() {
    let (forum, database) = (forum().await, Database::new().await);
    database.import(&source(&forum)).await;
    let denied =
        json!({ "errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access" });
    for (path, status, headers, body, expected) in [
        ("/t/1.json", 403, &[][..], denied.to_string(), "/t/1.json: status 403: You are not permitted"),
        ("/t/1.json", 404, HTML, "<h1>no</h1>".into(), "/t/1.json: status 404"),
        ("/t/1.json", 200, HTML, "<!doctype html>".into(), "/t/1.json: the response is HTML instead of JSON"),
        ("/t/1.json", 200, &[], "{\"id\": 1, \"tit".into(), "/t/1.json: unexpected response: EOF"),
        ("/t/1.json", 200, &[], "{\"id\": 1}".into(), "missing field `title`"),
        ("/t/1.json", 302, &[("location", "/t/1.json")], String::new(), "too many redirects"),
        ("/t/1.json", 200, &[], " ".repeat(20 << 20), "/t/1.json: the response is larger than 16777216 bytes"),
        (PAGE_1, 429, &[("retry-after", "3600")], String::new(), "retry after 3600 seconds"),
        (PAGE_1, 200, HTML, "<p>maintenance".into(), "page=1: the response is HTML"),
        ("/site.json", 200, HTML, "<p>log in".into(), "/site.json: the response is HTML"),
    ] {
        let good = forum.answers.lock().unwrap()[path].clone();
        forum.set(path, status, headers, &body);
        let report = database.import(&source(&forum)).await;
        assert!(report.bad == 1 && report.changes.removed == 0, "{expected}: {report}");
        assert!(notes(&report)[0].contains(expected), "{:?} is not {expected}", notes(&report));
        assert_eq!(database.titles().await, ["Topic 1", "Topic 2"], "{expected}");
        forum.answers.lock().unwrap().insert(path.into(), good);
    }
}

#[tokio::test]
async fn endless_lists_are_abandoned_and_prune_nothing() {
    let (forum, database) = (forum().await, Database::new().await);
    database.import(&source(&forum)).await;
    for topics in [&[listed(1)][..], &[]] {
        // The same response for every page, each of which says that there are more.
        forum.remove(PAGE_0);
        forum.remove(PAGE_1);
        forum.json("/latest.json", &list(topics, true));
        forum.requests();
        let report = database.import(&source(&forum)).await;
        assert!(notes(&report)[0].contains("the list never ends"), "{:?}", notes(&report));
        assert!(forum.requests().len() < 20 && report.skipped_pruning);
        assert_eq!(database.titles().await, ["Topic 1", "Topic 2"]);
    }
}

#[tokio::test]
async fn unreadable_topics_stay_and_do_not_block_pruning() {
    let (forum, database) = (forum().await, Database::new().await);
    forum.json(PAGE_1, &list(&[listed(2), listed(3)], false));
    forum.json("/t/3.json", &topic(3, &[post(300, 1, "")]));
    assert_eq!(counts(&database.import(&source(&forum)).await), [3, 0, 0, 0, 0]);
    forum.set("/t/2.json", 404, HTML, "<h1>no</h1>");
    forum.json(PAGE_1, &list(&[listed(2)], false));
    for removed in [1, 0] {
        let report = database.import(&source(&forum)).await;
        assert_eq!(counts(&report), [0, 0, 1, removed, 1], "{report}");
        assert_eq!(database.titles().await, ["Topic 1", "Topic 2"]);
    }
}

#[tokio::test]
async fn incremental_imports_read_only_topics_with_new_posts() {
    let (forum, database) = (forum().await, Database::new().await);
    let import = async |progress: &str| {
        database.importer().import_changes(&"acme".into(), &source(&forum), Prune::Limited, progress).await.unwrap()
    };
    let (report, progress) = import("").await;
    assert_eq!(counts(&report), [2, 0, 0, 0, 0]);
    let bumped = |id: u64, time: &str| {
        let mut listed = listed(id);
        listed["bumped_at"] = time.into();
        listed
    };
    let now = deskbell_core::clock::now().to_string();
    // A pinned one comes first although it is old.
    forum.json(CHANGES, &list(&[bumped(1, "2020-01-01T00:00:00Z"), bumped(3, &now)], true));
    let page_1 = CHANGES.replace("page=0", "page=1");
    forum.json(&page_1, &list(&[bumped(2, "2020-01-01T00:00:00Z")], true));
    forum.json("/t/3.json", &topic(3, &[post(300, 1, "")]));
    forum.requests();
    let (report, progress) = import(&progress).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 0]);
    assert_eq!(forum.requests(), ["/site.json", CHANGES, "/t/3.json", &page_1]);
    assert_eq!(database.titles().await, ["Topic 1", "Topic 2", "Topic 3"], "what is not among the changes stays");
    assert_ne!(progress, "");
}
