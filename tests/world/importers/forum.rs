//! Discourse forums of several versions: the field for accepted posts and the list of categories have changed over the years.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::Uri;
use axum::response::IntoResponse;
use outbound_http::Limits;
use serde_json::{Value, json};
use sources::{Format, Reading, Scope, Source, read};

/// A forum with one topic and this many posts, the first twenty of which are included.
struct Forum {
    url: String,
    answers: Arc<Mutex<BTreeMap<String, Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

fn post(number: u64) -> Value {
    json!({"id": 1000 + number, "post_number": number, "post_type": 1, "username": "ada", "cooked": format!("<p>Post {number}</p>")})
}

impl Forum {
    async fn start(posts: u64, more: Value) -> Forum {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let forum = Forum { url, answers: Arc::default(), asked: Arc::default() };
        let (answers, requests) = (forum.answers.clone(), forum.asked.clone());
        let answer = move |uri: Uri| async move {
            requests.lock().unwrap().push(uri.to_string());
            let wanted: Vec<u64> = uri
                .query()
                .unwrap_or_default()
                .split('&')
                .filter_map(|pair| pair.strip_prefix("post_ids%5B%5D=")?.parse().ok())
                .collect();
            if !wanted.is_empty() {
                let posts: Vec<Value> = wanted.iter().map(|id| post(id - 1000)).collect();
                return axum::Json(json!({"post_stream": {"posts": posts}})).into_response();
            }
            match answers.lock().unwrap().get(uri.path()) {
                Some(answer) => axum::Json(answer.clone()).into_response(),
                None => axum::http::StatusCode::NOT_FOUND.into_response(),
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        forum.set("/site.json", json!({"categories": [{"id": 5, "name": "Help"}]}));
        forum.set("/latest.json", json!({"topic_list": {"topics": [{"id": 1, "title": "Why?"}]}}));
        let shown: Vec<Value> = (1..=posts.min(20)).map(post).collect();
        let stream: Vec<u64> = (1..=posts).map(|number| 1000 + number).collect();
        let mut topic = json!({"id": 1, "title": "Why?", "slug": "why", "category_id": 5, "post_stream": {"posts": shown, "stream": stream}});
        topic.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        forum.set("/t/1.json", topic);
        forum
    }

    fn set(&self, path: &str, answer: Value) {
        self.answers.lock().unwrap().insert(path.into(), answer);
    }

    async fn read(&self) -> Reading {
        let source = Source::new(Format::Discourse, &self.url, None).unwrap();
        read(&source, Limits::default(), &Scope::Whole).await.unwrap()
    }

    fn count_requests(&self, start: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|path| path.starts_with(start)).count()
    }
}

fn accepted(reading: &Reading) -> Vec<&str> {
    let answers = reading.questions[0].answers.iter();
    answers.filter(|answer| answer.accepted).map(|answer| answer.body.as_str()).collect()
}

#[tokio::test]
async fn accepted_posts_are_found_in_every_format() {
    // discourse/discourse: plugins/discourse-solved, topic_view_serializer_extension, before and after discourse/discourse#39806.
    for (posts, named, expected) in [
        (3, json!({"accepted_answer": {"post_number": 2, "username": "ada"}}), &["Post 2"][..]),
        (150, json!({"accepted_answer": {"post_number": 15}}), &["Post 15"]),
        (150, json!({"accepted_answers": [{"id": 1140, "post_number": 140, "username": "ada"}]}), &["Post 140"]),
        (
            150,
            json!({"accepted_answers": [{"id": 1003, "post_number": 3}, {"id": 1050, "post_number": 50}, {"id": 1149, "post_number": 149}]}),
            &["Post 3", "Post 50", "Post 149"],
        ),
        (150, json!({"accepted_answers": [{"id": 1140}, {"id": 1141}]}), &["Post 140", "Post 141"]),
        (3, json!({"accepted_answers": [{"post_number": 2}], "accepted_answer": {"post_number": 2}}), &["Post 2"]),
        (3, json!({"accepted_answers": [{"post_number": 2}], "accepted_answer": null}), &["Post 2"]),
        (3, json!({"accepted_answers": [], "accepted_answer": null}), &[]),
        (3, json!({"accepted_answers": null}), &[]),
        (3, json!({"accepted_answers": {"post_number": 2}, "accepted_answer": true}), &[]),
        (3, json!({}), &[]),
    ] {
        let forum = Forum::start(posts, named.clone()).await;
        let reading = forum.read().await;
        assert_eq!((reading.bad.len(), accepted(&reading)), (0, expected.to_vec()), "{named}");
        assert_eq!(reading.questions[0].solved, !expected.is_empty(), "{named}");
    }
    // Only by its number, far beyond the posts that are read.
    let forum = Forum::start(150, json!({"accepted_answers": [{"post_number": 140}]})).await;
    forum.set("/t/1/140.json", json!({"post_stream": {"posts": [post(139), post(140)]}}));
    assert_eq!(accepted(&forum.read().await), ["Post 140"]);
}

#[tokio::test]
async fn categories_have_names_even_if_the_site_lists_none() {
    // discourse/discourse#24950 and discourse/discourse-ai#543: with lazy_load_categories site.json has no categories.
    let list = json!({"category_list": {"categories": [{"id": 1, "name": "All", "subcategory_list": [{"id": 5, "name": "Help"}]}]}});
    let shown = json!({"category": {"id": 5, "name": "Help"}});
    for (site, listed, by_itself, topics, expected_requests) in [
        (json!({"categories": [{"id": 5, "name": "Help"}]}), None, None, &["Help"][..], [0, 0]),
        (json!({"categories": []}), Some(list), None, &["Help"], [1, 0]),
        (json!({}), Some(json!({"category_list": {"categories": []}})), Some(shown.clone()), &["Help"], [1, 1]),
        (json!({"categories": [{"id": 9, "name": "Other"}]}), None, Some(shown), &["Help"], [1, 1]),
        (json!({"categories": []}), None, None, &[], [1, 1]),
    ] {
        let forum = Forum::start(3, json!({})).await;
        forum.set("/site.json", site.clone());
        for (path, answer) in [("/categories.json", listed), ("/c/5/show.json", by_itself)] {
            if let Some(answer) = answer {
                forum.set(path, answer);
            }
        }
        let reading = forum.read().await;
        assert_eq!(
            (reading.bad.len(), &reading.questions[0].topics[..]),
            (0, &topics.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "{site}"
        );
        assert_eq!(
            [forum.count_requests("/categories.json"), forum.count_requests("/c/")],
            expected_requests,
            "{site}"
        );
    }
}
