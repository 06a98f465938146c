//! Reads questions from a Strapi 4 in the format of PostHog's community site (Squeak): `GET /api/questions`.
//!
//! The envelope is Strapi's (<https://docs-v4.strapi.io/dev-docs/api/rest>), the fields those of `src/lib/strapi.ts` in PostHog/posthog.com.
//! Bodies are Markdown already.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::reading::{Reading, entry_id, join_path, path};
use domain::join::one_line;
use domain::question::{Answer, Question, question_kind};
use outbound_http::Fetcher;

/// The largest page size of a Strapi with default settings.
const PAGE_SIZE: &str = "100";

/// Reads the questions that are not archived and have a permalink; `pages` is their public address. With `since` only those that have changed,
/// or have new replies, since then.
pub async fn read(
    fetcher: &Fetcher,
    source: &Url,
    pages: Option<&Url>,
    prefix: &str,
    since: Option<Timestamp>,
) -> Reading {
    let mut reading = Reading::new(since.is_some());
    let since = since.map(|since| since.to_string());
    let mut base = source.clone();
    base.set_path(source.path().trim_end_matches("/api/questions"));
    for number in 1_u64.. {
        let number_text = number.to_string();
        let mut query = query(&number_text);
        if let Some(since) = &since {
            query.extend([
                ("filters[$and][0][$or][0][updatedAt][$gt]", since.as_str()),
                ("filters[$and][0][$or][1][replies][updatedAt][$gt]", since),
            ]);
        }
        let url = join_path(&base, "api/questions", &query);
        let page: Page = match fetcher.json(&url).await {
            Ok(page) => page,
            Err(error) => {
                reading.failed(&url, &error, None);
                return reading;
            }
        };
        let position = format!("{} (page {number})", url.path());
        let Some(records) = reading.fresh(&url, "question", page.data) else { return reading };
        for record in records {
            let id = record.get("id").map(Value::to_string).unwrap_or_default();
            let existing_id = entry_id(&record).map(|id| format!("{prefix}{id}"));
            match serde_json::from_value::<Record<QuestionAttributes>>(record) {
                Err(error) => reading.misshapen(&format!("{position}, id {id}"), &error, existing_id),
                Ok(record) => {
                    if let Some(question) = question(record, pages, prefix) {
                        reading.add(&format!("{}/{id}", path(&join_path(&base, "api/questions", &[]))), question);
                    }
                }
            }
        }
        if number >= page.meta.pagination.page_count {
            return reading;
        }
    }
    reading
}

/// Oldest first: new questions are appended and move nothing.
fn query(page: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("pagination[page]", page),
        ("pagination[pageSize]", PAGE_SIZE),
        ("sort", "id:asc"),
        ("filters[$or][0][archived][$null]", "true"),
        ("filters[$or][1][archived][$eq]", "false"),
        ("populate[topics][fields][0]", "label"),
        ("populate[resolvedBy][fields][0]", "id"),
        ("populate[replies][sort][0]", "createdAt:asc"),
        ("populate[replies][populate][profile][fields][0]", "firstName"),
        ("populate[replies][populate][profile][fields][1]", "lastName"),
        ("populate[replies][populate][profile][populate][teams][fields][0]", "id"),
    ]
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Value>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    pagination: Pagination,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    page_count: u64,
}

#[derive(Deserialize)]
struct Record<T> {
    id: u64,
    attributes: T,
}

/// The related records; missing if they were not requested or are not readable.
#[derive(Deserialize)]
struct Related<T> {
    data: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuestionAttributes {
    #[serde(default)]
    subject: Option<String>,
    permalink: Option<String>,
    body: Option<String>,
    resolved: Option<bool>,
    archived: Option<bool>,
    created_at: Option<String>,
    resolved_by: Option<Related<Value>>,
    topics: Option<Related<Vec<Record<QuestionTopic>>>>,
    replies: Option<Related<Vec<Record<Reply>>>>,
}

#[derive(Deserialize)]
struct QuestionTopic {
    label: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    body: Option<String>,
    created_at: Option<String>,
    profile: Option<Related<Record<Profile>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    first_name: Option<String>,
    last_name: Option<String>,
    /// The teams of the company, as a relation or as a plain list.
    #[serde(default)]
    teams: Value,
}

fn question(record: Record<QuestionAttributes>, pages: Option<&Url>, prefix: &str) -> Option<Question> {
    let Record { id, attributes } = record;
    let permalink = attributes.permalink.as_deref().unwrap_or_default().trim_matches('/');
    if permalink.is_empty() || attributes.archived == Some(true) {
        return None;
    }
    let accepted = attributes.resolved_by.and_then(|related| related.data?.get("id")?.as_u64());
    let replies = attributes.replies.and_then(|replies| replies.data).unwrap_or_default();
    let answers: Vec<Answer> = replies.into_iter().filter_map(|reply| answer(reply, accepted)).collect();
    let topics = attributes.topics.and_then(|topics| topics.data).unwrap_or_default();
    Some(Question {
        id: format!("{prefix}{id}"),
        kind: question_kind(),
        title: one_line(&attributes.subject.unwrap_or_default()),
        body: attributes.body.unwrap_or_default(),
        url: pages.map(|pages| join_path(pages, permalink, &[]).into()).unwrap_or_default(),
        topics: topics.into_iter().filter_map(|topic| topic.attributes.label).map(|label| one_line(&label)).collect(),
        solved: attributes.resolved == Some(true) || answers.iter().any(|answer| answer.accepted),
        created_at: attributes.created_at.unwrap_or_default(),
        answers,
    })
}

fn answer(reply: Record<Reply>, accepted: Option<u64>) -> Option<Answer> {
    let body = reply.attributes.body.filter(|body| !body.trim().is_empty())?;
    let profile = reply.attributes.profile.and_then(|profile| profile.data).map(|profile| profile.attributes);
    let name = profile.as_ref().map(|profile| {
        let names = [profile.first_name.as_deref(), profile.last_name.as_deref()];
        one_line(&names.map(Option::unwrap_or_default).join(" "))
    });
    let teams = profile.as_ref().map(|profile| profile.teams.get("data").unwrap_or(&profile.teams));
    Some(Answer {
        body,
        author: name.unwrap_or_default(),
        staff: teams.and_then(Value::as_array).is_some_and(|teams| !teams.is_empty()),
        accepted: accepted == Some(reply.id),
        created_at: reply.attributes.created_at.unwrap_or_default(),
    })
}
