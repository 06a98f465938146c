//! Compares the configuration with the account: what differs, and how to fix it.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::Zendesk;
use crate::account::{raw_items, read_list};
use crate::answers::EXPORT;
use crate::client::{Body, Request};
use crate::values::names;
use deskbell_core::clock;
use deskbell_core::ports::destination::{Failure, Finding};
use deskbell_core::rules::sender::Unverified;
use domain::config::Config;
use domain::fields::FieldType;
use domain::targets::Owner;
use domain::ticket::{Kind, Priority, Severity};

#[derive(Deserialize)]
struct NamedItem {
    id: u64,
    #[serde(default)]
    name: String,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    deleted: bool,
}

#[derive(Deserialize)]
struct Form {
    id: u64,
    #[serde(default)]
    name: String,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    ticket_field_ids: Vec<u64>,
}

/// The findings.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add_fact(&mut self, message: String) {
        self.0.push(Finding { is_good: true, message });
    }

    fn add_problem(&mut self, message: String) {
        self.0.push(Finding { is_good: false, message });
    }
}

/// Compares the configuration with the account.
pub async fn check(zendesk: &Zendesk, config: &Config, path: &str) -> Vec<Finding> {
    let mut findings = Findings::default();
    let user = match zendesk.client.read("/api/v2/users/me").await {
        Ok(user) => user,
        Err(failure) => {
            findings
                .add_problem(format!("{failure}. Nothing else can be checked; check url, client_id and its secret"));
            return findings.0;
        }
    };
    let user_text = |name: &str| user.pointer(&format!("/user/{name}")).and_then(Value::as_str).unwrap_or_default();
    match user_text("role") {
        "agent" | "admin" => findings.add_fact(format!("logged in as {} ({})", user_text("name"), user_text("role"))),
        role => findings.add_problem(format!(
            "logged in with the role {role:?}, which cannot write for other users; connect the client as an agent or \
             an admin"
        )),
    }
    rights(zendesk, &mut findings).await;
    fields(zendesk, config, &mut findings).await;
    forms(zendesk, &mut findings).await;
    groups(zendesk, config, &mut findings).await;
    assignees(zendesk, &mut findings).await;
    brand(zendesk, &mut findings).await;
    hook(zendesk, path, &mut findings).await;
    requester_mail(zendesk, &mut findings).await;
    findings.0
}

/// The client's permissions, tested where that leaves nothing behind.
async fn rights(zendesk: &Zendesk, findings: &mut Findings) {
    let reads =
        [("/api/v2/tickets?per_page=1", "tickets"), ("/api/v2/users/search?query=email:nobody@example.com", "users")];
    for (path, items) in reads {
        match zendesk.client.read(path).await {
            Ok(_) => findings.add_fact(format!("can read {items}")),
            Err(failure) => findings.add_problem(format!(
                "cannot read {items}: {failure}. Give the OAuth client the scopes read and write"
            )),
        }
    }
    export(zendesk, findings).await;
    let file = Body::File("Test by Deskbell whether it can attach files.".into(), "text/plain");
    let path = "/api/v2/uploads?filename=deskbell-check.txt";
    let upload = zendesk.client.send(&Request { body: file, ..Request::post(path) }).await;
    let token = upload.as_ref().ok().and_then(|answer| answer.body.pointer("/upload/token")?.as_str());
    match (token, &upload) {
        (Some(token), _) => {
            findings.add_fact("can attach files".into());
            let path = format!("/api/v2/uploads/{token}");
            // If this fails, the upload expires within the hour.
            let _ = zendesk.client.send(&Request { method: Method::DELETE, ..Request::get(&path) }).await;
        }
        (None, Ok(answer)) => findings
            .add_problem(format!("cannot attach files: {}. Give the OAuth client the scope write", answer.message())),
        (None, Err(failure)) => findings.add_problem(format!("cannot attach files: {failure}")),
    }
}

/// Whether all changes can be exported, and the consequences if not.
async fn export(zendesk: &Zendesk, findings: &mut Findings) {
    let hour_ago = (clock::now() - Duration::from_secs(60 * 60)).as_seconds();
    let path = format!("{EXPORT}?start_time={hour_ago}&per_page=1");
    match zendesk.client.send(&Request::get(&path)).await {
        Ok(answer) if answer.status.is_success() => {
            findings.add_fact("can export changes, so no reply is missed however many tickets change".into());
        }
        Ok(answer) if answer.status == StatusCode::FORBIDDEN => findings.add_fact(
            "cannot export changes, which Zendesk allows admins only: after an outage or a bulk change they are all \
             read from the list of tickets, which is slower; connect the client as an admin to avoid that"
                .into(),
        ),
        Ok(answer) => findings.add_problem(format!("changes cannot be exported: {}", answer.message())),
        Err(failure) => findings.add_problem(format!("changes cannot be exported: {failure}")),
    }
}

async fn fields(zendesk: &Zendesk, config: &Config, findings: &mut Findings) {
    let account_fields = match zendesk.account.fields(&zendesk.client).await {
        Ok(account_fields) => account_fields,
        Err(failure) => return findings.add_problem(format!("the ticket fields cannot be read: {failure}")),
    };
    let texts = zendesk.mapping.tags.iter().chain(zendesk.mapping.fields.values().map(|rule| &rule.from));
    for name in texts.flat_map(|text| names(text)).filter_map(|name| name.strip_prefix("fields.")) {
        if !config.fields.iter().any(|field| field.id == name) {
            findings.add_problem(format!("{{fields.{name}}}: the form of the site has no field {name:?}"));
        }
    }
    for (id, rule) in &zendesk.mapping.fields {
        let Some(field) = account_fields.iter().find(|field| field.id == *id) else {
            findings.add_problem(format!(
                "fields.{id}: there is no such ticket field; use the id from Admin Center, Fields"
            ));
            continue;
        };
        let title = &field.title;
        if !field.active {
            findings.add_problem(format!(
                "fields.{id} ({title}): not active; activate it, or remove it from the configuration"
            ));
            continue;
        }
        let values = possible_values(&rule.from, config);
        let lost: Vec<&String> =
            values.iter().filter(|value| field.value_of(rule.choices.get(*value).unwrap_or(value)).is_err()).collect();
        let unmet: Vec<&String> =
            rule.choices.keys().filter(|key| !values.is_empty() && !values.contains(*key)).collect();
        for key in &unmet {
            findings.add_problem(format!(
                "fields.{id} ({title}): choices.{key} is for a value that {:?} never has",
                rule.from
            ));
        }
        if lost.is_empty() && unmet.is_empty() {
            findings.add_fact(format!("fields.{id} ({title}) is set from {}", rule.from));
        }
        for value in lost {
            let tag = rule.choices.get(value).unwrap_or(value);
            findings.add_problem(format!(
                "fields.{id} ({title}): has no choice with the tag {tag:?}; add it in Zendesk, or set another for \
                 {value:?} in choices"
            ));
        }
    }
}

async fn forms(zendesk: &Zendesk, findings: &mut Findings) {
    let Some(id) = zendesk.mapping.form else { return };
    let forms: Vec<Form> = match read_list(&zendesk.client, "/api/v2/ticket_forms", "ticket_forms").await {
        Ok(forms) => forms,
        Err(failure) => return findings.add_problem(format!("form_id: the forms cannot be read: {failure}")),
    };
    let Some(form) = forms.iter().find(|form| form.id == id) else {
        return findings.add_problem(format!("form_id: there is no form {id}, so Zendesk would use its default form"));
    };
    if !form.active {
        return findings.add_problem(format!("form_id: the form {id} ({}) is not active", form.name));
    }
    let fields_not_shown: Vec<u64> =
        zendesk.mapping.fields.keys().filter(|field| !form.ticket_field_ids.contains(field)).copied().collect();
    match fields_not_shown.is_empty() || form.ticket_field_ids.is_empty() {
        true => findings.add_fact(format!("form_id is {}", form.name)),
        false => findings
            .add_problem(format!("form_id: {} has no field {fields_not_shown:?}, so agents do not see it", form.name)),
    }
}

async fn groups(zendesk: &Zendesk, config: &Config, findings: &mut Findings) {
    let mapping = &zendesk.mapping;
    let teams: BTreeSet<&str> =
        config.topics.iter().map(|topic| topic.team.as_str()).filter(|team| !team.is_empty()).collect();
    for team in mapping.groups.keys().filter(|team| !teams.contains(team.as_str())) {
        findings.add_problem(format!("groups.{team}: no topic of the site has this team"));
    }
    if mapping.owners.is_empty() {
        for team in teams.iter().filter(|team| !mapping.groups.contains_key(**team)) {
            findings.add_problem(format!(
                "groups: the team {team:?} has no group, so its tickets are assigned to none; add groups.{team}"
            ));
        }
    }
    let configured = mapping.groups.iter().map(|(team, id)| (format!("groups.{team}"), *id));
    let configured: Vec<(String, u64)> =
        configured.chain(mapping.owners.iter().map(|(owner, id)| (format!("owners.{owner}"), *id))).collect();
    if configured.is_empty() {
        return;
    }
    let account_groups: Vec<NamedItem> = match read_list(&zendesk.client, "/api/v2/groups", "groups").await {
        Ok(account_groups) => account_groups,
        Err(failure) => return findings.add_problem(format!("the groups cannot be read: {failure}")),
    };
    for (field, id) in configured {
        match account_groups.iter().find(|group| group.id == id && !group.deleted) {
            Some(group) => findings.add_fact(format!("{field} is {}", group.name)),
            None => findings.add_problem(format!("{field}: there is no group {id}")),
        }
    }
}

async fn assignees(zendesk: &Zendesk, findings: &mut Findings) {
    let assignees = &zendesk.mapping.assignees;
    if assignees.is_empty() {
        return;
    }
    let ids: Vec<String> = assignees.values().map(u64::to_string).collect();
    let users = match zendesk.client.read(&format!("/api/v2/users/show_many?ids={}", ids.join(","))).await {
        Ok(users) => users,
        Err(failure) => return findings.add_problem(format!("assignees: the agents cannot be read: {failure}")),
    };
    let users = users.get("users").and_then(Value::as_array).cloned().unwrap_or_default();
    for (person, id) in assignees {
        let user = users.iter().find(|user| user.get("id").and_then(Value::as_u64) == Some(*id));
        let user_text = |name: &str| user.and_then(|user| user.get(name)).and_then(Value::as_str).unwrap_or_default();
        match user_text("role") {
            "agent" | "admin" => findings.add_fact(format!("assignees.{person} is {}", user_text("name"))),
            "" => findings.add_problem(format!("assignees.{person}: there is no agent {id}")),
            role => {
                findings.add_problem(format!("assignees.{person}: {} is not an agent but {role}", user_text("name")))
            }
        }
    }
}

async fn brand(zendesk: &Zendesk, findings: &mut Findings) {
    let Some(id) = zendesk.mapping.brand else { return };
    match read_list::<NamedItem>(&zendesk.client, "/api/v2/brands", "brands").await {
        Err(failure) => findings.add_problem(format!("brand_id: the brands cannot be read: {failure}")),
        Ok(brands) => match brands.iter().find(|brand| brand.id == id && brand.active) {
            Some(brand) => findings.add_fact(format!("brand_id is {}", brand.name)),
            None => findings.add_problem(format!("brand_id: there is no active brand {id}")),
        },
    }
}

async fn hook(zendesk: &Zendesk, path: &str, findings: &mut Findings) {
    if zendesk.hook.is_none() {
        findings.add_fact("no webhook_secret: replies are polled once a minute".into());
        return;
    }
    let response = zendesk.client.read("/api/v2/webhooks").await;
    let hooks = match response {
        Ok(hooks) => hooks.get("webhooks").and_then(Value::as_array).cloned().unwrap_or_default(),
        Err(Failure::Later { .. }) => {
            return findings
                .add_fact("webhook_secret is set; only a client with the admin role can list the webhooks".into());
        }
        Err(failure) => return findings.add_problem(format!("the webhooks cannot be read: {failure}")),
    };
    let hook_text = |hook: &Value, name: &str| hook.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let leads_here = |hook: &&Value| hook_text(hook, "endpoint").trim_end_matches('/').ends_with(path);
    match hooks.iter().find(leads_here) {
        None => findings.add_problem(format!(
            "webhook_secret: no webhook points to this destination; create one for ticket events, to \
             https://GATEWAY{path}"
        )),
        Some(hook) if hook_text(hook, "status") != "active" => {
            findings.add_problem(format!("the webhook {:?} is not active", hook_text(hook, "name")));
        }
        Some(hook) if !gets_comment_events(hook) => findings.add_problem(format!(
            "the webhook {:?} has no events about replies; subscribe it to ticket events (comment added, status \
             changed)",
            hook_text(hook, "name")
        )),
        Some(hook) => findings.add_fact(format!(
            "the webhook {:?} is active, at {}",
            hook_text(hook, "name"),
            hook_text(hook, "endpoint")
        )),
    }
}

/// Whether the account mails answers to the requester, and what follows.
async fn requester_mail(zendesk: &Zendesk, findings: &mut Findings) {
    let setting = zendesk.mails_requester;
    let triggers = match raw_items(&zendesk.client, "/api/v2/triggers/active", "triggers").await {
        Ok(triggers) => triggers,
        Err(failure) => {
            return findings.add_fact(format!(
                "the triggers cannot be read, so whether Zendesk mails answers to the requester is not known: {failure}"
            ));
        }
    };
    let mailing = triggers.iter().find(|trigger| mails_comments(trigger));
    let title = mailing.and_then(|trigger| trigger.get("title")?.as_str()).unwrap_or_default();
    if zendesk.unverified == Unverified::Alias {
        findings.add_fact(
            "mails_requester is about customers whose address is signed: with unverified = \"alias\" Zendesk has no other \
             addresses and mails nothing to them"
                .into(),
        );
    }
    match (mailing.is_some(), setting) {
        (true, None) => findings.add_fact(format!(
            "the trigger {title:?} mails answers to the requester, so the gateway does not; with mails_requester = true \
             the panel says so"
        )),
        (false, None) => findings.add_fact(
            "no active trigger mails answers to the requester, and neither does the gateway; with mails_requester = false \
             it does"
                .into(),
        ),
        (true, Some(true)) => findings.add_fact(format!("the trigger {title:?} mails answers to the requester")),
        (false, Some(false)) => {
            findings.add_fact("no active trigger mails answers to the requester, so the gateway does".into());
        }
        (true, Some(false)) => findings.add_problem(format!(
            "mails_requester = false, but the trigger {title:?} mails answers to the requester, who gets each answer \
             twice; deactivate the trigger, or set mails_requester = true"
        )),
        (false, Some(true)) => findings.add_problem(
            "mails_requester = true, but no active trigger mails answers to the requester, so nobody does; activate one, \
             or set mails_requester = false"
                .into(),
        ),
    }
}

/// Whether a trigger mails public comments on existing tickets to the requester.
fn mails_comments(trigger: &Value) -> bool {
    let items = |path: &str| trigger.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let conditions = [items("/conditions/all"), items("/conditions/any")].concat();
    let has = |field: &str, values: &[&str]| {
        conditions.iter().any(|one| text(one, "field") == field && values.contains(&text(one, "value").as_str()))
    };
    let mails = |action: &Value| {
        let recipient = action.pointer("/value/0").and_then(Value::as_str).unwrap_or_default();
        text(action, "field") == "notification_user" && matches!(recipient, "requester_id" | "requester_and_ccs")
    };
    items("/actions").iter().any(mails)
        && has("comment_is_public", &["true", "requester_can_see_comment"])
        && !has("update_type", &["Create"])
}

/// Whether a webhook gets events about comments: by subscription, or from the account's own triggers.
fn gets_comment_events(hook: &Value) -> bool {
    let subscriptions = hook.get("subscriptions").and_then(Value::as_array);
    subscriptions.is_none_or(|events| {
        events
            .iter()
            .filter_map(Value::as_str)
            .any(|event| event.starts_with("zen:event-type:ticket.") || event == "conditional_ticket_events")
    })
}

/// The possible values of a text, if they can be listed; otherwise none.
fn possible_values(from: &str, config: &Config) -> Vec<String> {
    let words = |words: &mut dyn Iterator<Item = &'static str>| words.map(str::to_string).collect::<Vec<_>>();
    let Some(name) = from.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { return Vec::new() };
    if let Some(id) = name.strip_prefix("fields.") {
        let field = config.fields.iter().find(|field| field.id == id);
        return match field {
            Some(field) if field.field_type == FieldType::Choice => {
                field.choices.iter().map(|choice| choice.id.clone()).collect()
            }
            Some(field) if field.field_type == FieldType::YesNo => vec!["true".into(), "false".into()],
            _ => Vec::new(),
        };
    }
    match name {
        "kind" => words(&mut Kind::ALL.iter().map(|kind| kind.word())),
        "severity" => words(&mut Severity::ALL.iter().map(|severity| severity.word())),
        "priority" => words(&mut Priority::ALL.iter().map(|priority| priority.word())),
        "owner" => words(&mut Owner::ALL.iter().map(|owner| owner.word())),
        "topic" => config.topics.iter().map(|topic| topic.id.clone()).collect(),
        "team" => {
            let teams: BTreeSet<&String> = config.topics.iter().map(|topic| &topic.team).collect();
            teams.into_iter().filter(|team| !team.is_empty()).cloned().collect()
        }
        "plan" => config.plans.0.iter().map(|(plan, _)| plan.clone()).collect(),
        _ => Vec::new(),
    }
}

fn yes() -> bool {
    true
}
