//! The configuration of an account: clients, and the fields, forms, groups, brands and statuses of its tickets.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::auth::{Caller, need};
use super::errors::Refusal;
use super::http::Reply;
use super::users::User;
use super::{State, clock};

pub const ACCOUNT: u64 = 17_000_000;
pub const ADMIN: u64 = 17_000_000_000_001;
pub const GRACE: u64 = 17_000_000_000_002;
pub const LINUS: u64 = 17_000_000_000_003;
pub const SUPPORT: u64 = 17_100_000_000_001;
pub const ENGINEERING: u64 = 17_100_000_000_002;
pub const BRAND: u64 = 17_200_000_000_001;
pub const OTHER_BRAND: u64 = 17_200_000_000_002;
pub const FORM: u64 = 17_300_000_000_001;
pub const BUG_FORM: u64 = 17_300_000_000_002;
pub const SEVERITY: u64 = 17_400_000_000_101;
pub const AREA: u64 = 17_400_000_000_102;
pub const CONTEXT: u64 = 17_400_000_000_103;
pub const SEATS: u64 = 17_400_000_000_104;
pub const CONSENT: u64 = 17_400_000_000_105;
pub const RETIRED: u64 = 17_400_000_000_106;
pub const STATUS_NEW: u64 = 17_500_000_000_001;
pub const STATUS_OPEN: u64 = 17_500_000_000_002;
pub const STATUS_PENDING: u64 = 17_500_000_000_003;
pub const STATUS_HOLD: u64 = 17_500_000_000_004;
pub const STATUS_SOLVED: u64 = 17_500_000_000_005;
pub const STATUS_RELEASE: u64 = 17_500_000_000_006;

/// An account's settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub client_id: String,
    pub client_secret: String,
    /// The user as whom the OAuth client acts.
    pub client_user: u64,
    /// The API token, if the account still has one.
    pub legacy_token: Option<String>,
    pub fields: Vec<Field>,
    pub forms: Vec<Form>,
    pub groups: Vec<Group>,
    pub brands: Vec<Brand>,
    pub statuses: Vec<Status>,
    /// The active triggers, as the API shows them.
    pub triggers: Vec<Value>,
}

/// A ticket field.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub id: u64,
    /// `tagger`, `text`, `textarea`, `integer`, `checkbox`, or a system field, such as `subject`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub active: bool,
    pub required_in_portal: bool,
    /// Name and value of each option of a `tagger`.
    pub choices: Vec<(String, String)>,
}

/// A form with its fields.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub id: u64,
    pub name: String,
    pub default: bool,
    pub fields: Vec<u64>,
}

/// A group of agents.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub id: u64,
    pub name: String,
    pub members: Vec<u64>,
}

/// A brand.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    pub id: u64,
    pub name: String,
    pub default: bool,
}

/// A custom status.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    pub id: u64,
    pub category: String,
    pub label: String,
    pub default: bool,
}

/// The account that the stand-in starts with.
pub fn default() -> Account {
    let text = |value: &str| value.to_string();
    let part = |id, kind: &str, title: &str| Field {
        id,
        kind: text(kind),
        title: text(title),
        active: true,
        required_in_portal: kind == "subject" || kind == "description",
        choices: Vec::new(),
    };
    let own = |id, kind: &str, title: &str| Field { required_in_portal: false, ..part(id, kind, title) };
    let choices = ["Low", "Medium", "High", "Critical"].map(|name| (text(name), name.to_lowercase())).to_vec();
    let status =
        |id, category: &str, label: &str, default| Status { id, category: text(category), label: text(label), default };
    let base = 17_400_000_000_000;
    let parts: Vec<u64> = (1..=7).map(|number| base + number).collect();
    Account {
        client_id: text("deskbell"),
        client_secret: text("secret"),
        client_user: ADMIN,
        legacy_token: None,
        fields: vec![
            part(base + 1, "subject", "Subject"),
            part(base + 2, "description", "Description"),
            part(base + 3, "status", "Status"),
            part(base + 4, "tickettype", "Type"),
            part(base + 5, "priority", "Priority"),
            part(base + 6, "group", "Group"),
            part(base + 7, "assignee", "Assignee"),
            Field { choices, ..own(SEVERITY, "tagger", "Severity") },
            own(AREA, "text", "Area"),
            own(CONTEXT, "textarea", "Context"),
            own(SEATS, "integer", "Seats"),
            Field { required_in_portal: true, ..own(CONSENT, "checkbox", "Consent") },
            Field { active: false, ..own(RETIRED, "text", "Retired") },
        ],
        forms: vec![
            Form {
                id: FORM,
                name: text("Default Ticket Form"),
                default: true,
                fields: [&parts[..], &[SEVERITY, AREA, CONTEXT, SEATS]].concat(),
            },
            Form {
                id: BUG_FORM,
                name: text("Bug report"),
                default: false,
                fields: [&parts[..], &[SEVERITY, CONTEXT, CONSENT]].concat(),
            },
        ],
        groups: vec![
            Group { id: SUPPORT, name: text("Support"), members: vec![GRACE] },
            Group { id: ENGINEERING, name: text("Engineering"), members: vec![GRACE, LINUS] },
        ],
        brands: vec![
            Brand { id: BRAND, name: text("Acme"), default: true },
            Brand { id: OTHER_BRAND, name: text("Acme Labs"), default: false },
        ],
        statuses: vec![
            status(STATUS_NEW, "new", "New", true),
            status(STATUS_OPEN, "open", "Open", true),
            status(STATUS_PENDING, "pending", "Pending", true),
            status(STATUS_HOLD, "hold", "On-hold", true),
            status(STATUS_SOLVED, "solved", "Solved", true),
            status(STATUS_RELEASE, "hold", "Waits for a release", false),
        ],
        triggers: vec![
            trigger("Notify requester of new proactive ticket", "Create", "requester_and_ccs"),
            trigger("Notify requester and CCs of comment update", "Change", "requester_and_ccs"),
            trigger("Notify assignee of comment update", "Change", "assignee_id"),
        ],
    }
}

/// A trigger that every new account has.
fn trigger(title: &str, update: &str, recipient: &str) -> Value {
    json!({
        "title": title,
        "active": true,
        "conditions": {
            "all": [
                { "field": "update_type", "operator": "is", "value": update },
                { "field": "comment_is_public", "operator": "is", "value": "requester_can_see_comment" },
            ],
            "any": [],
        },
        "actions": [{ "field": "notification_user", "value": [recipient, "[{{ticket.account}}] Re: {{ticket.title}}", "{{ticket.comments_formatted}}"] }],
    })
}

/// The account's agents and administrators.
pub fn staff(now: i64) -> Vec<User> {
    let user = |id, name: &str, email: &str, role: &str| User {
        id,
        name: name.into(),
        external_id: None,
        alias: (id == LINUS).then(|| "Lin".into()),
        email: email.into(),
        role: role.into(),
        verified: true,
        locale: "en-US".into(),
        locale_id: 1,
        created_at: now,
    };
    vec![
        user(ADMIN, "Deskbell", "deskbell@acme.example", "admin"),
        user(GRACE, "Grace", "grace@acme.example", "agent"),
        user(LINUS, "Linus", "linus@acme.example", "agent"),
    ]
}

/// `GET /ticket_fields`.
pub fn fields(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    listed(state, caller, "ticket_fields", &state.account.fields, |field| {
        let mut shown = json!({
            "id": field.id,
            "url": format!("{}/api/v2/ticket_fields/{}.json", state.url, field.id),
            "type": field.kind,
            "title": field.title,
            "raw_title": field.title,
            "title_in_portal": field.title,
            "active": field.active,
            "required": false,
            "required_in_portal": field.required_in_portal,
            "visible_in_portal": true,
            "editable_in_portal": true,
            "removable": field.id >= SEVERITY,
        });
        if field.kind == "tagger" {
            let options = field.choices.iter().zip(1..).map(|((name, value), number)| {
                json!({ "id": field.id * 10 + number, "name": name, "raw_name": name, "value": value, "default": false })
            });
            shown["custom_field_options"] = options.collect();
        }
        shown
    })
}

/// `GET /ticket_forms`.
pub fn forms(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    listed(state, caller, "ticket_forms", &state.account.forms, |form| {
        json!({ "id": form.id, "name": form.name, "display_name": form.name, "active": true, "default": form.default,
            "end_user_visible": true, "ticket_field_ids": form.fields, "in_all_brands": true })
    })
}

/// `GET /groups`.
pub fn groups(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    listed(
        state,
        caller,
        "groups",
        &state.account.groups,
        |group| json!({ "id": group.id, "name": group.name, "deleted": false, "is_public": true, "default": group.id == SUPPORT }),
    )
}

/// `GET /groups/{id}/memberships`.
pub fn memberships(state: &State, caller: &Caller, id: u64) -> Result<Reply, Refusal> {
    let group = state.account.groups.iter().find(|group| group.id == id).ok_or(Refusal::NotFound)?;
    listed(
        state,
        caller,
        "group_memberships",
        &group.members,
        |user| json!({ "id": id + user % 1000, "group_id": id, "user_id": user, "default": true }),
    )
}

/// `GET /brands`.
pub fn brands(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    listed(
        state,
        caller,
        "brands",
        &state.account.brands,
        |brand| json!({ "id": brand.id, "name": brand.name, "active": true, "default": brand.default, "brand_url": state.url }),
    )
}

/// `GET /triggers/active`.
pub fn triggers(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    listed(state, caller, "triggers", &state.account.triggers, Value::clone)
}

/// `GET /custom_statuses`.
pub fn statuses(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    listed(state, caller, "custom_statuses", &state.account.statuses, |status| {
        json!({ "id": status.id, "status_category": status.category, "agent_label": status.label,
            "end_user_label": status.label, "active": true, "default": status.default })
    })
}

/// `GET /account/settings`.
pub fn settings(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    need(state, caller, &["read"])?;
    let shown = json!({
        "active_features": { "ticket_forms": true, "customer_satisfaction": false, "user_tagging": true },
        "tickets": { "comments_public_by_default": true, "maximum_personal_views_to_list": 8 },
        "api": { "accepted_api_agreement": true, "api_token_access": state.account.legacy_token.is_some() },
        "attachments": { "size_limit": state.quirks.upload_limit },
        "brands": { "default_brand_id": default_brand(&state.account) },
        "statistics": { "forum": false },
    });
    Ok(Reply::json(200, &json!({ "settings": shown })))
}

/// The system status of a category.
pub fn status_of(account: &Account, category: &str) -> Option<u64> {
    account.statuses.iter().find(|status| status.default && status.category == category).map(|status| status.id)
}

/// The form of tickets that name none.
pub fn default_form(account: &Account) -> Option<u64> {
    account.forms.iter().find(|form| form.default).map(|form| form.id)
}

/// The brand of tickets that name none.
pub fn default_brand(account: &Account) -> Option<u64> {
    account.brands.iter().find(|brand| brand.default).map(|brand| brand.id)
}

fn listed<T>(
    state: &State,
    caller: &Caller,
    name: &str,
    all: &[T],
    show: impl Fn(&T) -> Value,
) -> Result<Reply, Refusal> {
    // No narrower scope than the global one opens these.
    need(state, caller, &["read"])?;
    let times = clock::written(state.now());
    let shown: Vec<Value> = all
        .iter()
        .map(|one| {
            let mut one = show(one);
            one["created_at"] = times.as_str().into();
            one["updated_at"] = times.as_str().into();
            one
        })
        .collect();
    let list = json!({ name: shown, "count": all.len(), "next_page": null, "previous_page": null });
    Ok(Reply::json(200, &list))
}
