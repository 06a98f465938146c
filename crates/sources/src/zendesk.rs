//! Reads a Zendesk help center: its articles, and the posts of its community with their comments.
//!
//! The formats are those of the Help Center API (articles, posts, post comments, cursor pagination):
//! <https://developer.zendesk.com/api-reference/help_center/help-center-api/introduction/>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::reading::{Reading, entry_id, is_before, join_path, path};
use domain::join::one_line;
use domain::question::{Answer, Question, question_kind};
use html_to_markdown::markdown;
use outbound_http::{FetchError, Fetcher, web_address};

/// The largest page size.
const PAGE_SIZE: &str = "100";
/// The most pages of comments of a post that are read.
const COMMENT_PAGES_MAX: usize = 3;

/// Reads a help center in the language in its address (`/hc/en-us`), or in its default one. The community is optional. With `since` only what
/// has changed since then.
pub async fn read(fetcher: &Fetcher, source: &Url, prefix: &str, since: Option<Timestamp>) -> Reading {
    let mut reading = Reading::new(since.is_some());
    let mut base = source.clone();
    base.set_path("");
    let locale = match locale(fetcher, &base, source).await {
        Ok(locale) => locale,
        Err((url, error)) => {
            reading.failed(&url, &error, None);
            return reading;
        }
    };
    articles(fetcher, (&base, &locale), prefix, since, &mut reading).await;
    posts(fetcher, &base, prefix, since, &mut reading).await;
    reading
}

#[derive(Deserialize)]
struct Locales {
    default_locale: String,
}

/// A page of a list with a cursor, and the sideloaded records of its entries.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    articles: Vec<Value>,
    #[serde(default)]
    posts: Vec<Value>,
    #[serde(default)]
    comments: Vec<Value>,
    #[serde(default)]
    sections: Vec<Named>,
    #[serde(default)]
    topics: Vec<Named>,
    #[serde(default)]
    users: Vec<User>,
    meta: Meta,
    #[serde(default)]
    links: Links,
}

#[derive(Deserialize)]
struct Meta {
    has_more: bool,
}

#[derive(Default, Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    id: u64,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    name: Option<String>,
    role: Option<String>,
}

#[derive(Deserialize)]
struct Article {
    id: u64,
    title: String,
    body: Option<String>,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    draft: bool,
    section_id: Option<u64>,
    #[serde(default)]
    label_names: Vec<String>,
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    updated_at: String,
}

#[derive(Deserialize)]
struct CommunityPost {
    id: u64,
    title: String,
    details: Option<String>,
    #[serde(default)]
    html_url: String,
    topic_id: Option<u64>,
    /// `none`, `planned`, `not_planned`, `answered` or `completed`.
    status: Option<String>,
    #[serde(default)]
    comment_count: u64,
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    updated_at: String,
}

#[derive(Deserialize)]
struct Comment {
    body: Option<String>,
    #[serde(default)]
    author_id: i64,
    /// Marked by the company as the answer.
    #[serde(default)]
    official: bool,
    #[serde(default)]
    created_at: String,
}

/// Anonymous clients have to name a language.
async fn locale(fetcher: &Fetcher, base: &Url, source: &Url) -> Result<String, (Url, FetchError)> {
    let parts: Vec<&str> = source.path().split('/').filter(|part| !part.is_empty()).collect();
    if let ["hc", locale, ..] = parts.as_slice() {
        return Ok(locale.to_string());
    }
    let url = join_path(base, "api/v2/help_center/locales.json", &[]);
    let locales: Locales = fetcher.json(&url).await.map_err(|error| (url, error))?;
    Ok(locales.default_locale)
}

async fn articles(
    fetcher: &Fetcher,
    (base, locale): (&Url, &str),
    prefix: &str,
    since: Option<Timestamp>,
    reading: &mut Reading,
) {
    let mut query = vec![("page[size]", PAGE_SIZE), ("include", "sections")];
    if since.is_some() {
        query.extend([("sort_by", "updated_at"), ("sort_order", "desc")]);
    }
    let mut next = Some(join_path(base, &format!("api/v2/help_center/{locale}/articles.json"), &query));
    while let Some(url) = next {
        let page: Page = match fetcher.json(&url).await {
            Ok(page) => page,
            Err(error) => return reading.failed(&url, &error, None),
        };
        next = following(&url, &page, reading);
        let sections = names(&page.sections);
        let Some(articles) = reading.fresh(&url, "article", page.articles) else { return };
        for article in entries::<Article>(&url, articles, &format!("{prefix}article-"), reading) {
            if since.is_some_and(|since| is_before(&article.updated_at, since)) {
                return;
            }
            if article.draft {
                continue;
            }
            let page_url = page_url(&url, &article.html_url);
            let section = article.section_id.and_then(|id| sections.get(&id).cloned());
            let labels = article.label_names.iter().map(|label| one_line(label));
            let question = Question {
                id: format!("{prefix}article-{}", article.id),
                kind: "doc".into(),
                title: one_line(&article.title),
                body: markdown(article.body.as_deref().unwrap_or_default(), &page_url),
                url: web_address(&article.html_url).unwrap_or_default(),
                topics: section.into_iter().chain(labels).collect(),
                solved: false,
                created_at: article.created_at,
                answers: Vec::new(),
            };
            reading.add(&path(&url), question);
        }
    }
}

async fn posts(fetcher: &Fetcher, base: &Url, prefix: &str, since: Option<Timestamp>, reading: &mut Reading) {
    let mut query = vec![("page[size]", PAGE_SIZE), ("include", "topics")];
    if since.is_some() {
        query.push(("sort_by", "recent_activity"));
    }
    let mut next = Some(join_path(base, "api/v2/community/posts.json", &query));
    let mut first = true;
    while let Some(url) = next {
        let page: Page = match fetcher.json(&url).await {
            Ok(page) => page,
            Err(FetchError::Refused { status: 404, .. }) if first => return,
            Err(error) => return reading.failed(&url, &error, None),
        };
        first = false;
        next = following(&url, &page, reading);
        let topics = names(&page.topics);
        let Some(posts) = reading.fresh(&url, "post", page.posts) else { return };
        let posts = entries::<CommunityPost>(&url, posts, &format!("{prefix}post-"), reading);
        // Not all activity changes the time of a post, so one old post does not mean that the others are old as well.
        let is_old = |post: &CommunityPost| since.is_some_and(|since| is_before(&post.updated_at, since));
        if !posts.is_empty() && posts.iter().all(is_old) {
            return;
        }
        for post in posts {
            let page_url = page_url(&url, &post.html_url);
            let answers = match post.comment_count {
                0 => Ok(Vec::new()),
                _ => answers(fetcher, base, post.id, &page_url).await,
            };
            let answers = match answers {
                Ok(answers) => answers,
                Err((url, error)) => {
                    reading.failed(&url, &error, Some(format!("{prefix}post-{}", post.id)));
                    if error.is_final() {
                        return;
                    }
                    continue;
                }
            };
            let answered = matches!(post.status.as_deref(), Some("answered" | "completed"));
            let question = Question {
                id: format!("{prefix}post-{}", post.id),
                kind: question_kind(),
                title: one_line(&post.title),
                body: markdown(post.details.as_deref().unwrap_or_default(), &page_url),
                url: web_address(&post.html_url).unwrap_or_default(),
                topics: post.topic_id.and_then(|id| topics.get(&id).cloned()).into_iter().collect(),
                solved: answered || answers.iter().any(|answer| answer.accepted),
                created_at: post.created_at,
                answers,
            };
            reading.add(&path(&url), question);
        }
    }
}

async fn answers(fetcher: &Fetcher, base: &Url, post: u64, page_url: &Url) -> Result<Vec<Answer>, (Url, FetchError)> {
    let query = [("page[size]", PAGE_SIZE), ("include", "users")];
    let mut next = Some(join_path(base, &format!("api/v2/community/posts/{post}/comments.json"), &query));
    let mut out = Vec::new();
    let mut pages = 0;
    while let Some(url) = next.filter(|_| pages < COMMENT_PAGES_MAX) {
        let page: Page = fetcher.json(&url).await.map_err(|error| (url.clone(), error))?;
        next = next_page(&url, &page).map_err(|error| (url.clone(), error))?;
        let users: BTreeMap<i64, &User> = page.users.iter().map(|user| (user.id, user)).collect();
        for comment in page.comments {
            let comment: Comment =
                serde_json::from_value(comment).map_err(|error| (url.clone(), FetchError::Shape(error.to_string())))?;
            let author = users.get(&comment.author_id);
            let works_there = author.is_some_and(|user| matches!(user.role.as_deref(), Some("agent" | "admin")));
            let body = markdown(comment.body.as_deref().unwrap_or_default(), page_url);
            if body.is_empty() {
                continue;
            }
            out.push(Answer {
                body,
                author: author.and_then(|user| user.name.as_deref()).map(one_line).unwrap_or_default(),
                staff: comment.official || works_there,
                accepted: comment.official,
                created_at: comment.created_at,
            });
        }
        pages += 1;
    }
    Ok(out)
}

/// The next page, if there is one; an address elsewhere is noted and not followed.
fn following(url: &Url, page: &Page, reading: &mut Reading) -> Option<Url> {
    next_page(url, page).unwrap_or_else(|error| {
        reading.failed(url, &error, None);
        None
    })
}

fn next_page(url: &Url, page: &Page) -> Result<Option<Url>, FetchError> {
    if !page.meta.has_more {
        return Ok(None);
    }
    let next = page.links.next.as_deref().and_then(|next| Url::parse(next).ok());
    let next = next.filter(|next| next.origin() == url.origin());
    next.map(Some).ok_or_else(|| FetchError::Shape("links.next is not an address of this help center".into()))
}

/// The valid entries of a page; the others are noted.
fn entries<T: DeserializeOwned>(url: &Url, entries: Vec<Value>, prefix: &str, reading: &mut Reading) -> Vec<T> {
    let mut out = Vec::new();
    for entry in entries {
        let id = entry.get("id").map(Value::to_string).unwrap_or_default();
        let question = entry_id(&entry).map(|id| format!("{prefix}{id}"));
        match serde_json::from_value(entry) {
            Ok(entry) => out.push(entry),
            Err(error) => reading.misshapen(&format!("{} (id {id})", url.path()), &error, question),
        }
    }
    out
}

fn names(records: &[Named]) -> BTreeMap<u64, String> {
    records.iter().map(|record| (record.id, one_line(&record.name))).collect()
}

/// The page that links in a text are relative to.
fn page_url(url: &Url, html_url: &str) -> Url {
    Url::parse(html_url).unwrap_or_else(|_| url.clone())
}
