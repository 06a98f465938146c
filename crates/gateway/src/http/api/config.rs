//! `GET /v1/sites/{site}/config`: the public configuration of a site; for a verified customer with their channels and response targets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aide::transform::TransformOperation;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::describe::{Describe, PERSON};
use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Person, StoreError};
use deskbell_core::rules::answer_mail::{AnswerMailers, announce_answer_mail};
use deskbell_core::rules::channels::{channels_for, public_channels};
use deskbell_core::site::{Site, Sites};
use deskbell_core::use_cases::access::RequestAccessLink;
use deskbell_core::use_cases::mail::{BlockedMailboxes, MailAnswers};
use domain::config::{self, AnswerMail, Config};
use domain::targets::{Owner, Target};
use redaction;
use wire::Pairs;

/// How long the configuration waits for the store, which decides only one sentence of it.
const BLOCKED_TIME: Duration = Duration::from_millis(300);

/// The public configuration of a site, serialized.
struct PublicConfig {
    config: Config,
    /// Who mails answers.
    mailers: AnswerMailers,
    json: String,
    etag: String,
}

impl PublicConfig {
    /// The public part of a configuration.
    fn new(config: &Config, mailers: AnswerMailers, access_links: bool, has_signers: bool) -> PublicConfig {
        let answer_mail = announce_answer_mail(mailers, None, config);
        let config = Config { answer_mail, access_links, ..public(config, has_signers) };
        let json = serde_json::to_string(&config).unwrap_or_else(|_| "{}".into());
        let digest: String =
            Sha256::digest(json.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        PublicConfig { config, mailers, json, etag: format!("\"{digest}\"") }
    }
}

/// The public configurations of all sites, by site key.
pub struct PublicConfigs {
    sites: BTreeMap<SiteKey, PublicConfig>,
    blocked: BlockedMailboxes,
}

impl PublicConfigs {
    /// The public configurations of sites, whose answers are mailed so, but not to blocked mailboxes, of which some mail links for other devices, and
    /// some sign their customers.
    pub fn new(
        sites: &Sites,
        answers: &MailAnswers,
        blocked: BlockedMailboxes,
        links: &RequestAccessLink,
        has_signers: impl Fn(&SiteKey) -> bool,
    ) -> PublicConfigs {
        let config = |site: &Site| {
            let key = &site.key;
            PublicConfig::new(&site.config, answers.mailers(key), links.is_offered(key), has_signers(key))
        };
        PublicConfigs { sites: sites.iter().map(|site| (site.key.clone(), config(site))).collect(), blocked }
    }

    /// What the panel tells a verified customer about answers. If the store cannot say whether they can be mailed, nothing is promised.
    async fn announce_answer_mail(&self, site: &Site, mailers: AnswerMailers, person: &Person) -> AnswerMail {
        let answers = announce_answer_mail(mailers, Some(person), &site.config);
        if answers != AnswerMail::Unread {
            return answers;
        }
        let blocked = timeout(BLOCKED_TIME, self.blocked.has(&site.key, &person.user.email)).await;
        match blocked.unwrap_or(Err(StoreError::Busy)) {
            Ok(false) => answers,
            Ok(true) => AnswerMail::Never,
            Err(error) => {
                tracing::warn!(site = site.key.as_str(), %error, "blocked mailboxes not read");
                AnswerMail::Never
            }
        }
    }
}

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Returns the site configuration; for a verified customer also their channels and response targets.")
        .accepts(&[PERSON])
        .response::<200, Json<Config>>()
        .response_with::<304, (), _>(|answer| answer.description("It has not changed since If-None-Match."))
}

/// Handles the request.
pub async fn answer(
    State(requesters): State<Arc<Requesters>>,
    State(configs): State<Arc<PublicConfigs>>,
    Path(site): Path<SiteKey>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let config = configs.sites.get(&site).ok_or_else(|| Refusal::UnknownSite(site.clone()))?;
    if headers.contains_key(header::AUTHORIZATION) {
        let site = requesters.site(&site)?;
        if let Some(person) = requesters.identify(&headers, site).await?.person {
            let mut signed_config = promised(&config.config, site, &person);
            signed_config.answer_mail = configs.announce_answer_mail(site, config.mailers, &person).await;
            return Ok(([(header::CACHE_CONTROL, "no-store")], Json(signed_config)).into_response());
        }
    }
    let known_etag = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let unchanged = known_etag
        .split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == config.etag || tag == "*");
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], config.json.clone()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    headers.append(header::VARY, HeaderValue::from_static("authorization"));
    if let Ok(etag) = HeaderValue::from_str(&config.etag) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}

/// A configuration without what pages do not need: the teams of topics, the links to other tools, and, unless the plan that a page claims is
/// trusted, the response targets and the channels of plans. The names of values to hide are replaced by hashes.
fn public(config: &Config, has_signers: bool) -> Config {
    let mut public = config.clone();
    public.channels = public_channels(&config.channels, has_signers, config.trust_page);
    public.context.links.clear();
    let salt: String =
        Sha256::digest(public.redact.names.join(" ")).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    public.redact.names = public.redact.names.iter().filter_map(|name| redaction::hashed(name, &salt)).collect();
    for topic in &mut public.topics {
        topic.team.clear();
    }
    if !public.trust_page {
        public.plans.0.clear();
        public.targets.clear();
    }
    public
}

/// The configuration for a verified customer, with their channels and the response targets of their plan. Without business hours it has no due times.
fn promised(public: &Config, site: &Site, person: &Person) -> Config {
    let plan = person.user.plan.clone();
    let priority = person.priority.or_else(|| config::priority_of(&site.config, &plan));
    let targets = site.config.targets.iter().copied();
    let targets = targets.filter(|target| Some(target.priority) == priority);
    let targets = targets.filter_map(|target| match &site.hours {
        Some(hours) => Some(Target { hours: hours.displayed_hours(target.severity, target.hours), ..target }),
        None => Some(target).filter(|target| target.owner == Owner::Automated),
    });
    Config {
        trust_page: true,
        channels: channels_for(&site.config.channels, person),
        plans: Pairs(priority.map(|priority| (plan, priority)).into_iter().collect()),
        targets: targets.collect(),
        ..public.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::config::Topic;
    use domain::ticket::Priority;

    #[test]
    fn teams_and_response_targets_are_sent_to_trusted_pages_only() {
        let topics = vec![Topic { id: "a".into(), team: "growth".into(), ..Topic::default() }];
        let plans = wire::Pairs(vec![("free".into(), Priority::Low)]);
        let targets = domain::targets::default_targets();
        let mut config = Config { topics, plans, targets, ..Config::default() };
        let link = domain::config::Link { url: "https://admin.example/{id}".into(), ..Default::default() };
        config.context.links.push(link);
        config.redact.names.push("national_id".into());
        let published = public(&config, false);
        assert_eq!((published.topics[0].team.as_str(), published.plans.0.len(), published.targets.len()), ("", 0, 0));
        assert!(published.context.links.is_empty() && published.redact.names.len() == 1);
        assert!(!serde_json::to_string(&published).unwrap().contains("national"));
        config.trust_page = true;
        let published = public(&config, false);
        assert_eq!((published.topics[0].team.as_str(), published.plans.0.len(), published.targets.len()), ("", 1, 12));
    }
}
