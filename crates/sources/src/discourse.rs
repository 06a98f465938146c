//! Reads a Discourse forum: the topics of `/latest.json`, a category or a tag, each with its posts from `/t/{id}.json`.
//!
//! The format is that of <https://docs.discourse.org/>; the additions of the plugin Solved are in its serializers: `accepted_answer` on topics
//! and posts, and `accepted_answers`, a list, on topics of newer forums, where several posts may be accepted.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::reading::{Reading, entry_id, is_before, join_path, path};
use domain::join::one_line;
use domain::question::{Answer, Question, question_kind};
use html_to_markdown::markdown;
use outbound_http::{FetchError, Fetcher};

/// The most posts of a topic that are read; beyond that only accepted ones.
const POSTS_MAX: usize = 100;
/// The most accepted posts of a topic beyond those.
const ACCEPTED_MAX: usize = 20;
/// How many posts are requested at once, like the forum's own pages do.
const POSTS_AT_ONCE: usize = 20;

/// Reads a forum, or the category (`/c/…`) or tag (`/tag/…`) in an address; with `since` only topics with posts since then.
pub async fn read(fetcher: &Fetcher, source: &Url, prefix: &str, since: Option<Timestamp>) -> Reading {
    let mut reading = Reading::new(since.is_some());
    let (base, list) = places(source);
    let mut categories = Categories::default();
    if let Err((url, error)) = categories.read_site(fetcher, &base).await {
        reading.failed(&url, &error, None);
        if error.is_final() {
            return reading;
        }
    }
    for page in 0.. {
        // Oldest first: new topics are appended and move nothing. Changes are read latest first, back to what is known.
        let page = page.to_string();
        let (order, ascending) = if since.is_some() { ("activity", "false") } else { ("created", "true") };
        let query = [("order", order), ("ascending", ascending), ("no_definitions", "true"), ("page", &page)];
        let url = join_path(&base, &list, &query);
        let List { topic_list } = match fetcher.json(&url).await {
            Ok(list) => list,
            Err(error) => {
                reading.failed(&url, &error, None);
                return reading;
            }
        };
        let mut is_known = since.is_some() && !topic_list.topics.is_empty();
        let Some(topics) = reading.fresh(&url, "topic", topic_list.topics) else { return reading };
        for topic in topics {
            let id = entry_id(&topic).map(|id| format!("{prefix}{id}"));
            match serde_json::from_value::<Listed>(topic) {
                Err(error) => reading.misshapen(&path(&url), &error, id),
                // Pinned topics come first, however old they are.
                Ok(summary) if since.is_some_and(|since| is_before(&summary.bumped_at, since)) => {}
                Ok(summary) if !summary.visible || summary.archived => is_known = false,
                Ok(summary) => {
                    is_known = false;
                    let topic_url = join_path(&base, &format!("t/{}.json", summary.id), &[]);
                    match question(fetcher, &base, &topic_url, &mut categories, prefix).await {
                        Ok(question) => reading.add(&path(&topic_url), question),
                        Err(error) => {
                            reading.failed(&topic_url, &error, id);
                            if error.is_final() {
                                return reading;
                            }
                        }
                    }
                }
            }
        }
        if is_known || topic_list.more_topics_url.is_none() {
            return reading;
        }
    }
    reading
}

#[derive(Deserialize)]
struct List {
    topic_list: TopicList,
}

#[derive(Deserialize)]
struct TopicList {
    topics: Vec<Value>,
    more_topics_url: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    #[serde(default = "default_true")]
    visible: bool,
    #[serde(default)]
    archived: bool,
    /// When the last post was written.
    #[serde(default)]
    bumped_at: String,
}

#[derive(Deserialize)]
struct DiscourseTopic {
    id: u64,
    title: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    created_at: String,
    category_id: Option<u64>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    accepted_answer: Value,
    #[serde(default)]
    accepted_answers: Value,
    post_stream: Stream,
}

impl DiscourseTopic {
    /// The accepted posts, in any format of the forum; an unknown format names none.
    fn accepted(&self) -> Vec<Accepted> {
        let several = self.accepted_answers.as_array().into_iter().flatten();
        let answers = several.chain(Some(&self.accepted_answer)).map(|post| Accepted {
            id: post.get("id").and_then(Value::as_u64),
            number: post.get("post_number").and_then(Value::as_u64),
        });
        answers.filter(|accepted| accepted.id.is_some() || accepted.number.is_some()).take(ACCEPTED_MAX).collect()
    }
}

/// An accepted post, by the data that a forum has about it.
#[derive(Clone, Copy)]
struct Accepted {
    id: Option<u64>,
    number: Option<u64>,
}

impl Accepted {
    fn is_post(self, post: &DiscoursePost) -> bool {
        self.number == Some(post.post_number) || self.id == Some(post.id)
    }
}

/// A tag is a string, in newer versions an object with its name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tag {
    Name(String),
    Full { name: String },
}

#[derive(Deserialize)]
struct Posts {
    post_stream: Stream,
}

#[derive(Deserialize)]
struct Stream {
    posts: Vec<DiscoursePost>,
    /// The ids of all posts, the first of which are included.
    #[serde(default)]
    stream: Vec<u64>,
}

#[derive(Deserialize)]
struct DiscoursePost {
    id: u64,
    post_number: u64,
    /// 1 is a post, 2 one of a moderator; 3 reports that a topic was closed and the like, 4 is for staff only.
    #[serde(default)]
    post_type: u8,
    #[serde(default)]
    username: String,
    name: Option<String>,
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    cooked: String,
    #[serde(default)]
    staff: bool,
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    moderator: bool,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    user_deleted: bool,
    deleted_at: Option<String>,
    #[serde(default)]
    accepted_answer: bool,
}

#[derive(Deserialize)]
struct Site {
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Category {
    id: u64,
    name: String,
    #[serde(default)]
    subcategory_list: Vec<Category>,
}

fn default_true() -> bool {
    true
}

/// The forum of an address, and the path of the list of topics in it.
fn places(source: &Url) -> (Url, String) {
    let path = source.path().trim_end_matches(".json").to_string();
    let part = ["/c/", "/tag/", "/tags/"].iter().filter_map(|mark| path.find(mark)).min();
    let start = part.unwrap_or_else(|| path.strip_suffix("/latest").unwrap_or(&path).len());
    let (home, list) = path.split_at_checked(start).unwrap_or_default();
    let mut base = source.clone();
    base.set_path(home);
    let list = if part.is_some() { list.trim_start_matches('/') } else { "latest" };
    (base, format!("{list}.json"))
}

/// The names of a forum's categories, each requested once. Forums with many load them lazily and do not list them with the site.
#[derive(Default)]
struct Categories {
    /// None if the category is not readable.
    names: BTreeMap<u64, Option<String>>,
    is_listed: bool,
}

#[derive(Deserialize)]
struct CategoryPage {
    category_list: CategoryList,
}

#[derive(Deserialize)]
struct CategoryList {
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct CategoryShown {
    category: Category,
}

impl Categories {
    async fn read_site(&mut self, fetcher: &Fetcher, base: &Url) -> Result<(), (Url, FetchError)> {
        let url = join_path(base, "site.json", &[]);
        let site: Site = fetcher.json(&url).await.map_err(|error| (url, error))?;
        self.add(site.categories);
        Ok(())
    }

    fn add(&mut self, categories: Vec<Category>) {
        for category in categories {
            self.names.insert(category.id, Some(one_line(&category.name)));
            self.add(category.subcategory_list);
        }
    }

    /// The name of a category: from the list of categories, or requested on its own. A category that is not readable has none.
    async fn name(&mut self, fetcher: &Fetcher, base: &Url, id: u64) -> Result<Option<String>, FetchError> {
        if !self.names.contains_key(&id) && !self.is_listed {
            self.is_listed = true;
            let url = join_path(base, "categories.json", &[("include_subcategories", "true")]);
            if let Some(page) = readable(fetcher.json::<CategoryPage>(&url).await)? {
                self.add(page.category_list.categories);
            }
        }
        match self.names.entry(id) {
            Entry::Occupied(cached) => Ok(cached.get().clone()),
            Entry::Vacant(unknown) => {
                let url = join_path(base, &format!("c/{id}/show.json"), &[]);
                let category = readable(fetcher.json::<CategoryShown>(&url).await)?;
                Ok(unknown.insert(category.map(|category| one_line(&category.category.name))).clone())
            }
        }
    }
}

/// A response; none on an error, unless it affects all requests.
fn readable<T>(answer: Result<T, FetchError>) -> Result<Option<T>, FetchError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_final() => Err(error),
        Err(_) => Ok(None),
    }
}

async fn question(
    fetcher: &Fetcher,
    base: &Url,
    url: &Url,
    categories: &mut Categories,
    prefix: &str,
) -> Result<Question, FetchError> {
    let topic: DiscourseTopic = fetcher.json(url).await?;
    let page =
        join_path(base, &format!("t/{}/{}", if topic.slug.is_empty() { "-" } else { &topic.slug }, topic.id), &[]);
    let accepted = topic.accepted();
    let mut posts = topic.post_stream.posts;
    let post_ids: HashSet<u64> = posts.iter().map(|post| post.id).collect();
    let more: Vec<String> =
        topic.post_stream.stream.iter().filter(|id| !post_ids.contains(id)).map(u64::to_string).collect();
    let room = POSTS_MAX.saturating_sub(posts.len());
    for ids in more.get(..room.min(more.len())).unwrap_or_default().chunks(POSTS_AT_ONCE) {
        let query: Vec<(&str, &str)> = ids.iter().map(|id| ("post_ids[]", id.as_str())).collect();
        let chunk: Posts = fetcher.json(&join_path(base, &format!("t/{}/posts.json", topic.id), &query)).await?;
        posts.extend(chunk.post_stream.posts);
    }
    let far: Vec<Accepted> =
        accepted.iter().copied().filter(|candidate| !posts.iter().any(|post| candidate.is_post(post))).collect();
    let ids: Vec<String> = far.iter().filter_map(|candidate| candidate.id).map(|id| id.to_string()).collect();
    if !ids.is_empty() {
        let query: Vec<(&str, &str)> = ids.iter().map(|id| ("post_ids[]", id.as_str())).collect();
        let chunk: Posts = fetcher.json(&join_path(base, &format!("t/{}/posts.json", topic.id), &query)).await?;
        posts.extend(
            chunk.post_stream.posts.into_iter().filter(|post| far.iter().any(|candidate| candidate.is_post(post))),
        );
    }
    for number in far.iter().filter_map(|candidate| candidate.number) {
        if posts.iter().all(|post| post.post_number != number) {
            let near: Posts = fetcher.json(&join_path(base, &format!("t/{}/{number}.json", topic.id), &[])).await?;
            posts.extend(near.post_stream.posts.into_iter().filter(|post| post.post_number == number));
        }
    }
    posts.sort_by_key(|post| post.post_number);
    posts.dedup_by_key(|post| post.post_number);
    let body = posts.iter().find(|post| post.post_number == 1).map(|post| markdown(&post.cooked, &page));
    let answers: Vec<Answer> = posts
        .into_iter()
        .filter(|post| post.post_number > 1 && is_shown(post))
        .map(|post| Answer {
            body: markdown(&post.cooked, &page),
            author: one_line(post.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&post.username)),
            staff: post.staff || post.admin || post.moderator,
            accepted: post.accepted_answer || accepted.iter().any(|candidate| candidate.is_post(&post)),
            created_at: post.created_at,
        })
        .filter(|answer| !answer.body.is_empty())
        .collect();
    let category = match topic.category_id {
        Some(id) => categories.name(fetcher, base, id).await?,
        None => None,
    };
    let tags = topic.tags.into_iter().map(|tag| match tag {
        Tag::Name(name) | Tag::Full { name } => one_line(&name),
    });
    Ok(Question {
        id: format!("{prefix}{}", topic.id),
        kind: question_kind(),
        title: one_line(&topic.title),
        body: body.unwrap_or_default(),
        url: page.into(),
        topics: category.into_iter().chain(tags).collect(),
        solved: answers.iter().any(|answer| answer.accepted),
        created_at: topic.created_at,
        answers,
    })
}

fn is_shown(post: &DiscoursePost) -> bool {
    (1..=2).contains(&post.post_type) && !post.hidden && !post.user_deleted && post.deleted_at.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_forums_categories_or_tags() {
        for (source, base, list) in [
            ("https://f.example/", "https://f.example/", "latest.json"),
            ("https://f.example/latest", "https://f.example/", "latest.json"),
            ("https://e.example/forum", "https://e.example/forum", "latest.json"),
            ("https://f.example/c/help/6", "https://f.example/", "c/help/6.json"),
            ("https://e.example/forum/c/a/b/7.json", "https://e.example/forum", "c/a/b/7.json"),
            ("https://f.example/tag/alerts", "https://f.example/", "tag/alerts.json"),
        ] {
            let (base_url, path) = places(&Url::parse(source).unwrap());
            assert_eq!((base_url.as_str(), path.as_str()), (base, list), "{source}");
        }
    }
}
