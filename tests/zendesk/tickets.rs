//! Tickets: created, updated, shown and listed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::account::{self, Account, Field};
use super::auth::{Caller, need};
use super::comments::{self, Comment, NewComment, Occasion};
use super::errors::{Detail, Refusal, invalid};
use super::http::{Call, Reply};
use super::paging::{Row, order, page};
use super::quirks::{Quirks, UnknownChoices, UnknownFields};
use super::users::{self, Requester};
use super::{State, clock, idempotency, webhooks};

/// A ticket.
#[derive(Clone, Debug, Default)]
pub struct Ticket {
    pub id: u64,
    pub external_id: Option<String>,
    pub subject: String,
    pub status: String,
    pub custom_status: Option<u64>,
    pub priority: Option<String>,
    pub kind: Option<String>,
    pub requester: u64,
    pub submitter: u64,
    pub assignee: Option<u64>,
    pub group: Option<u64>,
    pub brand: Option<u64>,
    pub form: Option<u64>,
    pub tags: Vec<String>,
    /// Values of custom fields.
    pub fields: BTreeMap<u64, Value>,
    pub recipient: Option<String>,
    pub via: String,
    /// The closed ticket that this one follows up.
    pub follows: Option<u64>,
    pub followup_ids: Vec<u64>,
    pub comments: Vec<Comment>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Changes of a ticket; `None` leaves a value as it is, `Some(None)` clears it.
#[derive(Default)]
pub struct Changes {
    pub external_id: Option<Option<String>>,
    pub subject: Option<String>,
    pub status: Option<String>,
    pub custom_status: Option<u64>,
    pub priority: Option<Option<String>>,
    pub kind: Option<Option<String>>,
    pub assignee: Option<Option<u64>>,
    pub group: Option<Option<u64>>,
    pub brand: Option<u64>,
    pub form: Option<u64>,
    pub tags: Option<Vec<String>>,
    pub fields: Vec<(u64, Value)>,
    pub recipient: Option<String>,
}

/// A new ticket.
pub struct Opening {
    pub changes: Changes,
    pub comment: NewComment,
    pub requester: Requester,
    /// The submitter, and the author of the first comment if that names none; `None` is the requester.
    pub submitter: Option<u64>,
    pub follows: Option<u64>,
    pub via: &'static str,
    pub custom: Map<String, Value>,
}

const STATUSES: [&str; 6] = ["new", "open", "pending", "hold", "solved", "closed"];
const PRIORITIES: [&str; 4] = ["urgent", "high", "normal", "low"];
const KINDS: [&str; 4] = ["problem", "incident", "question", "task"];
const METADATA_LIMIT: usize = 1024;
const READ: [&str; 2] = ["tickets:read", "read"];
const WRITE: [&str; 2] = ["tickets:write", "write"];

/// `POST /tickets`.
pub fn create(state: &mut State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    let user = need(state, caller, &WRITE)?;
    idempotency::once(state, call, |state| {
        let input = call.object("ticket")?;
        let opening = Opening {
            changes: changes(state, &input)?,
            comment: comments::read(state, input.get("comment").unwrap_or(&Value::Null))?,
            requester: requester(state, &input, user)?,
            submitter: submitter(state, &input)?,
            follows: followed(state, &input)?,
            via: "api",
            custom: metadata(&input)?,
        };
        let id = open(state, opening);
        let ticket = known(state, id)?;
        let answer = json!({ "ticket": shown(state, id), "audit": opened(state, ticket) });
        Ok(Reply::json(201, &answer).with("location", &address(state, id)))
    })
}

/// `PUT /tickets/{id}`. Without an idempotency key: a repetition adds another comment.
pub fn update(state: &mut State, call: &Call, caller: &Caller, id: u64) -> Result<Reply, Refusal> {
    let user = need(state, caller, &WRITE)?;
    let input = call.object("ticket")?;
    let ticket = known(state, id)?;
    if ticket.status == "closed" {
        return Err(invalid("status", "Status: closed prevents ticket update", "ClosedTicket"));
    }
    let safe = input.get("safe_update").is_some_and(|safe| safe == true || safe == "true");
    if safe && input.get("updated_stamp").and_then(Value::as_str) != Some(&clock::written(ticket.updated_at)) {
        return Err(Refusal::Conflict);
    }
    let changes = changes(state, &input)?;
    let custom = metadata(&input)?;
    let comment = input.get("comment").filter(|comment| !comment.is_null());
    let comment = comment.map(|comment| comments::read(state, comment)).transpose()?;
    if comment.is_some() && ticket.comments.len() >= state.quirks.comment_limit {
        return Err(invalid("base", "Ticket: has too many comments", "TooManyComments"));
    }
    let audit = state.next_id();
    let before = known(state, id)?.comments.len();
    if let Some(comment) = comment {
        let occasion = Occasion { by: user, via: "api", audit, custom: custom.clone() };
        comments::add(state, id, comment, occasion);
    }
    let changed = apply(state, id, changes, user);
    let events = known(state, id)?.comments.iter().skip(before).map(|comment| comment_event(state, comment));
    let events: Vec<Value> = events.chain(changed).collect();
    let audit = audit_of(state, id, audit, user, &custom, &events);
    Ok(Reply::json(200, &json!({ "ticket": shown(state, id), "audit": audit })))
}

/// `GET /tickets/{id}`.
pub fn one(state: &State, caller: &Caller, id: u64) -> Result<Reply, Refusal> {
    need(state, caller, &READ)?;
    known(state, id)?;
    Ok(Reply::json(200, &json!({ "ticket": shown(state, id) })))
}

/// `GET /tickets`, all or those with an `external_id`.
pub fn list(state: &State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    need(state, caller, &READ)?;
    let (member, descending) = order(call, "id");
    let rows = match call.param("external_id") {
        Some(external) => {
            let ids = state.by_external_id.get(external).map(Vec::as_slice).unwrap_or_default();
            rows(state, ids.iter().copied(), member)
        }
        None if state.quirks.list_fails => {
            return Ok(Reply::json(500, &json!({ "error": "Failed", "description": "The list failed" })));
        }
        None => rows(state, state.tickets.keys().copied(), member),
    };
    Ok(Reply::json(200, &page(call, &state.url, "tickets", rows, descending, |id| shown(state, id))?))
}

/// `GET /search?query=type:ticket "words"`: tickets with the words in their subject or comments, oldest first. It lags like the search for
/// users.
pub fn search(state: &State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    need(state, caller, &READ)?;
    let words = call.param("query").unwrap_or_default().strip_prefix("type:ticket ").unwrap_or_default();
    let words = words.trim_matches('"').to_lowercase();
    let indexed = state.now() - state.quirks.search_lag * 1000;
    let has_words = |ticket: &&Ticket| {
        let texts = ticket.comments.iter().map(|comment| comment.body.as_str());
        let mut texts = texts.chain([ticket.subject.as_str()]);
        !words.is_empty() && ticket.created_at <= indexed && texts.any(|text| text.to_lowercase().contains(&words))
    };
    let mut results: Vec<Value> =
        state.tickets.values().filter(has_words).map(|ticket| shown(state, ticket.id)).collect();
    results.sort_by_key(|ticket| ticket["id"].as_u64());
    for ticket in &mut results {
        ticket["result_type"] = json!("ticket");
    }
    let count = results.len();
    Ok(Reply::json(200, &json!({ "results": results, "next_page": null, "previous_page": null, "count": count })))
}

/// Tickets with their sort keys.
pub fn rows(state: &State, ids: impl Iterator<Item = u64>, member: &str) -> Vec<Row> {
    let key = |ticket: &Ticket| match member {
        "updated_at" => ticket.updated_at,
        "created_at" => ticket.created_at,
        _ => 0,
    };
    ids.filter_map(|id| state.tickets.get(&id)).map(|ticket| (key(ticket), ticket.id)).collect()
}

/// Creates a ticket and triggers the webhooks; returns its id.
pub fn open(state: &mut State, opening: Opening) -> u64 {
    let Opening { changes, comment, requester, submitter, follows, via, custom } = opening;
    let requester = users::settle(state, requester);
    let submitter = submitter.unwrap_or(requester);
    state.last_ticket += 1;
    let (id, now) = (state.last_ticket, state.now());
    let status = if changes.assignee.flatten().is_some() { "open" } else { "new" };
    let ticket = Ticket {
        id,
        status: status.into(),
        custom_status: account::status_of(&state.account, status),
        requester,
        submitter,
        brand: account::default_brand(&state.account),
        form: account::default_form(&state.account),
        via: via.into(),
        follows,
        created_at: now,
        updated_at: now,
        ..Ticket::default()
    };
    state.tickets.insert(id, ticket);
    state.by_requester.entry(requester).or_default().push(id);
    set(state, id, changes, submitter);
    if let Some(followed) = follows.and_then(|followed| state.tickets.get_mut(&followed)) {
        followed.followup_ids.push(id);
    }
    webhooks::tell(state, id, "created", json!({}), submitter);
    let audit = state.next_id();
    comments::add(state, id, comment, Occasion { by: submitter, via, audit, custom });
    id
}

/// Sets the status of a ticket and triggers the webhooks.
pub fn set_status(state: &mut State, id: u64, status: &str, by: u64) -> Result<(), Refusal> {
    known(state, id)?;
    let input = json!({ "status": status });
    let changes = changes(state, &input)?;
    apply(state, id, changes, by);
    Ok(())
}

/// Changes the requester of a ticket.
pub fn set_requester(state: &mut State, id: u64, requester: u64) {
    let Some(ticket) = state.tickets.get_mut(&id) else { return };
    let before = std::mem::replace(&mut ticket.requester, requester);
    if let Some(first) = ticket.comments.first_mut() {
        first.author = requester;
    }
    if let Some(theirs) = state.by_requester.get_mut(&before) {
        theirs.retain(|ticket| *ticket != id);
    }
    state.by_requester.entry(requester).or_default().push(id);
}

/// An existing ticket.
pub fn known(state: &State, id: u64) -> Result<&Ticket, Refusal> {
    state.tickets.get(&id).ok_or_else(|| match state.quirks.foreign_ids_403 {
        true => Refusal::Forbidden("You do not have access to this ticket.".into()),
        false => Refusal::NotFound,
    })
}

/// Parses the changes in a body.
pub fn changes(state: &State, input: &Value) -> Result<Changes, Refusal> {
    let mut wrong = Vec::new();
    let account = &state.account;
    let text = |name: &str| input.get(name).and_then(Value::as_str).map(String::from);
    let choice = |name: &str, label: &str, choices: &[&str], wrong: &mut Vec<Detail>| match input.get(name) {
        None => None,
        Some(Value::Null) => Some(None),
        Some(value) => {
            let chosen = value.as_str().filter(|value| choices.contains(value));
            if chosen.is_none() {
                wrong.push(detail(name, &format!("{label}: {value} is not a valid choice"), "InvalidValue"));
            }
            Some(chosen.map(String::from))
        }
    };
    let id = |name: &str, label: &str, exists: &dyn Fn(u64) -> bool, wrong: &mut Vec<Detail>| match input.get(name) {
        None => None,
        Some(Value::Null) => Some(None),
        Some(value) => {
            let id = value.as_u64().filter(|id| exists(*id));
            if id.is_none() {
                wrong.push(detail(name.trim_end_matches("_id"), &format!("{label}: is invalid"), "InvalidValue"));
            }
            Some(id)
        }
    };
    let status = choice("status", "Status", &STATUSES, &mut wrong).flatten();
    let priority = choice("priority", "Priority", &PRIORITIES, &mut wrong);
    let kind = choice("type", "Type", &KINDS, &mut wrong);
    let has_status = |id| account.statuses.iter().any(|status| status.id == id);
    let custom_status = id("custom_status_id", "Custom status", &has_status, &mut wrong).flatten();
    let assignee = id("assignee_id", "Assignee", &|id| users::is_staff(state, id), &mut wrong);
    let group = id("group_id", "Group", &|id| account.groups.iter().any(|group| group.id == id), &mut wrong);
    let brand = id("brand_id", "Brand", &|id| account.brands.iter().any(|brand| brand.id == id), &mut wrong);
    let has_form = |id| state.quirks.form_substitution || account.forms.iter().any(|form| form.id == id);
    let form = id("ticket_form_id", "Ticket form", &has_form, &mut wrong).flatten();
    let form = form.filter(|id| account.forms.iter().any(|form| form.id == *id));
    if let (Some(Some(assignee)), Some(Some(group))) = (assignee, group)
        && account.groups.iter().any(|one| one.id == group && !one.members.contains(&assignee))
    {
        wrong.push(detail("assignee", "Assignee: is not a member of the group", "InvalidValue"));
    }
    let fields = fields(account, &state.quirks, input, &mut wrong);
    if !wrong.is_empty() {
        return Err(Refusal::Invalid(wrong));
    }
    let external_id = input.get("external_id").map(|value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        number => Some(number.to_string()),
    });
    let (subject, recipient, brand) = (text("subject"), text("recipient"), brand.flatten());
    let tags = input.get("tags").map(tags);
    Ok(Changes {
        external_id,
        subject,
        status,
        custom_status,
        priority,
        kind,
        assignee,
        group,
        brand,
        form,
        tags,
        fields,
        recipient,
    })
}

/// The API address of a ticket.
pub fn address(state: &State, id: u64) -> String {
    format!("{}/api/v2/tickets/{id}.json", state.url)
}

/// A ticket in the API's format; null if there is none.
pub fn shown(state: &State, id: u64) -> Value {
    let Some(ticket) = state.tickets.get(&id) else { return Value::Null };
    let values = values(&state.account, ticket);
    let followed = ticket.follows.map(|follows| json!({ "ticket_id": follows }));
    json!({
        "id": id,
        "url": address(state, id),
        "external_id": ticket.external_id,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": format!("{}{}", description(ticket), "x".repeat(state.quirks.padding)),
        "status": ticket.status,
        "custom_status_id": ticket.custom_status,
        "priority": ticket.priority,
        "type": ticket.kind,
        "recipient": ticket.recipient,
        "requester_id": ticket.requester,
        "submitter_id": ticket.submitter,
        "assignee_id": ticket.assignee,
        "organization_id": null,
        "group_id": ticket.group,
        "brand_id": ticket.brand,
        "ticket_form_id": ticket.form,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "problem_id": null,
        "has_incidents": false,
        "is_public": ticket.comments.iter().any(|comment| comment.public),
        "due_at": null,
        "tags": ticket.tags,
        "custom_fields": values,
        "fields": values,
        "satisfaction_rating": null,
        "followup_ids": ticket.followup_ids,
        "allow_channelback": false,
        "allow_attachments": true,
        "from_messaging_channel": false,
        "via": { "channel": ticket.via, "source": { "from": followed.unwrap_or(json!({})), "to": {},
            "rel": ticket.follows.map(|_| "follow_up") } },
        "created_at": clock::written(ticket.created_at),
        "updated_at": clock::written(ticket.updated_at),
    })
}

/// The description of a ticket.
pub fn description(ticket: &Ticket) -> &str {
    ticket.comments.first().map(|comment| comment.body.as_str()).unwrap_or_default()
}

/// The values of all active custom fields, null if unset.
pub fn values(account: &Account, ticket: &Ticket) -> Vec<Value> {
    own_fields(account)
        .map(|field| json!({ "id": field.id, "value": ticket.fields.get(&field.id).unwrap_or(&Value::Null) }))
        .collect()
}

/// The active custom fields of an account.
pub fn own_fields(account: &Account) -> impl Iterator<Item = &Field> {
    account.fields.iter().filter(|field| field.id >= account::SEVERITY && field.active)
}

/// Applies changes and triggers the webhooks for a new status; returns the changes as events of the audit.
fn apply(state: &mut State, id: u64, changes: Changes, by: u64) -> Vec<Value> {
    let Some(before) = state.tickets.get(&id).cloned() else { return Vec::new() };
    set(state, id, changes, by);
    let Some(after) = state.tickets.get(&id) else { return Vec::new() };
    let (old, new) = (before.status.clone(), after.status.clone());
    let pairs = [
        ("status", json!(before.status), json!(after.status)),
        ("priority", json!(before.priority), json!(after.priority)),
        ("type", json!(before.kind), json!(after.kind)),
        ("subject", json!(before.subject), json!(after.subject)),
        ("tags", json!(before.tags), json!(after.tags)),
        ("assignee_id", json!(before.assignee), json!(after.assignee)),
        ("group_id", json!(before.group), json!(after.group)),
    ];
    let changed: Vec<_> = pairs.into_iter().filter(|(_, before, after)| before != after).collect();
    let touched = !changed.is_empty() || before.fields != after.fields || before.custom_status != after.custom_status;
    if touched {
        let now = state.now();
        state.tickets.entry(id).and_modify(|ticket| ticket.updated_at = now);
    }
    if old != new {
        let event = json!({ "previous": old.to_uppercase(), "current": new.to_uppercase() });
        webhooks::tell(state, id, "status_changed", event, by);
    }
    let event = |id: u64, (name, previous, value): (&str, Value, Value)| json!({ "id": id, "type": "Change", "field_name": name, "previous_value": previous, "value": value });
    changed.into_iter().map(|change| event(state.next_id(), change)).collect()
}

fn set(state: &mut State, id: u64, changes: Changes, by: u64) {
    let subject = changes.subject.as_deref().map(|subject| comments::rendered(state, subject));
    let State { account, tickets, by_external_id, .. } = state;
    let Some(ticket) = tickets.get_mut(&id) else { return };
    if let Some(external) = changes.external_id {
        if let Some(ids) = ticket.external_id.as_ref().and_then(|old| by_external_id.get_mut(old)) {
            ids.retain(|other| *other != id);
        }
        if let Some(external) = &external {
            by_external_id.entry(external.clone()).or_default().push(id);
        }
        ticket.external_id = external;
    }
    ticket.subject = subject.unwrap_or(std::mem::take(&mut ticket.subject));
    ticket.priority = changes.priority.unwrap_or(ticket.priority.take());
    ticket.kind = changes.kind.unwrap_or(ticket.kind.take());
    ticket.group = changes.group.unwrap_or(ticket.group);
    ticket.brand = changes.brand.or(ticket.brand);
    ticket.form = changes.form.or(ticket.form);
    ticket.recipient = changes.recipient.or(ticket.recipient.take());
    if let Some(tags) = changes.tags {
        // Options are tags too, and replacing the tags does not remove those of selected options.
        ticket.tags = tags;
        let chosen = own_fields(account).filter(|field| field.kind == "tagger");
        let chosen: Vec<_> =
            chosen.filter_map(|field| ticket.fields.get(&field.id)?.as_str()).map(String::from).collect();
        chosen.into_iter().for_each(|tag| add_tag(&mut ticket.tags, tag));
    }
    for (field, value) in changes.fields {
        let is_choice = account.fields.iter().any(|one| one.id == field && one.kind == "tagger");
        if is_choice {
            let old = ticket.fields.get(&field).and_then(Value::as_str);
            ticket.tags.retain(|tag| Some(tag.as_str()) != old);
            value.as_str().into_iter().for_each(|tag| add_tag(&mut ticket.tags, tag.into()));
        }
        ticket.fields.insert(field, value);
    }
    if let Some(assignee) = changes.assignee {
        assign(account, ticket, assignee);
    }
    let by_custom = changes.custom_status.and_then(|id| account.statuses.iter().find(|status| status.id == id));
    let status = by_custom.map(|status| status.category.clone()).or(changes.status);
    if let Some(status) = status {
        // An agent who solves an unassigned ticket becomes its assignee.
        if status == "solved" && ticket.assignee.is_none() {
            assign(account, ticket, Some(by));
        }
        let custom = by_custom.map(|status| status.id).or_else(|| account::status_of(account, &status));
        ticket.custom_status = custom.or(ticket.custom_status);
        ticket.status = status;
    }
}

fn assign(account: &Account, ticket: &mut Ticket, assignee: Option<u64>) {
    ticket.assignee = assignee;
    let Some(assignee) = assignee else { return };
    let fits = |id: u64| account.groups.iter().any(|group| group.id == id && group.members.contains(&assignee));
    if !ticket.group.is_some_and(fits) {
        let first = account.groups.iter().find(|group| group.members.contains(&assignee));
        ticket.group = first.map(|group| group.id).or(ticket.group);
    }
    if ticket.status == "new" {
        ticket.status = "open".into();
        ticket.custom_status = account::status_of(account, "open");
    }
}

fn add_tag(tags: &mut Vec<String>, tag: String) {
    if !tags.contains(&tag) {
        tags.push(tag);
    }
}

fn tags(input: &Value) -> Vec<String> {
    let mut tags = Vec::new();
    for tag in input.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let tag = tag.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("_");
        if !tag.is_empty() {
            add_tag(&mut tags, tag);
        }
    }
    tags
}

fn fields(account: &Account, quirks: &Quirks, input: &Value, wrong: &mut Vec<Detail>) -> Vec<(u64, Value)> {
    let mut fields = Vec::new();
    for entry in input.get("custom_fields").and_then(Value::as_array).into_iter().flatten() {
        // Ids may be numbers or strings.
        let id = entry.get("id").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
        let value = entry.get("value").cloned().unwrap_or_default();
        match id.and_then(|id| own_fields(account).find(|field| field.id == id)) {
            Some(field) => match fitting(field, value, quirks) {
                Ok(Some(value)) => fields.push((field.id, value)),
                Ok(None) => {}
                Err(message) => wrong.push(detail("base", &format!("{}: {message}", field.title), "InvalidValue")),
            },
            None if quirks.unknown_fields == UnknownFields::Refuse => {
                wrong.push(detail("custom_fields", "Custom field: does not exist", "InvalidValue"));
            }
            None => {}
        }
    }
    fields
}

/// The value that a field stores, if it accepts it.
fn fitting(field: &Field, value: Value, quirks: &Quirks) -> Result<Option<Value>, String> {
    if value.is_null() {
        return Ok(Some(value));
    }
    match field.kind.as_str() {
        "tagger" if value.as_str().is_some_and(|chosen| field.choices.iter().any(|(_, value)| value == chosen)) => {
            Ok(Some(value))
        }
        "tagger" if quirks.unknown_choices == UnknownChoices::Drop => Ok(None),
        "tagger" => Err(format!("{value} is not a valid choice")),
        "integer" => {
            let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
            // Numbers are stored as strings.
            number.map(|number| Some(number.to_string().into())).ok_or_else(|| format!("{value} is not a number"))
        }
        "checkbox" => match &value {
            Value::Bool(_) => Ok(Some(value)),
            Value::String(text) if text == "true" || text == "1" => Ok(Some(true.into())),
            _ => Ok(Some(false.into())),
        },
        _ => match value {
            Value::String(_) => Ok(Some(value)),
            other => Ok(Some(other.to_string().into())),
        },
    }
}

fn requester(state: &State, input: &Value, user: u64) -> Result<Requester, Refusal> {
    if let Some(requester) = input.get("requester").filter(|requester| !requester.is_null()) {
        return users::requester(state, requester);
    }
    let id = input.get("requester_id").and_then(Value::as_u64).unwrap_or(user);
    if !state.users.contains_key(&id) {
        return Err(invalid("requester", "Requester: is invalid", "InvalidValue"));
    }
    Ok(Requester::Known(id))
}

fn submitter(state: &State, input: &Value) -> Result<Option<u64>, Refusal> {
    match input.get("submitter_id").and_then(Value::as_u64) {
        Some(id) if !state.users.contains_key(&id) => {
            Err(invalid("submitter", "Submitter: is invalid", "InvalidValue"))
        }
        submitter => Ok(submitter),
    }
}

fn followed(state: &State, input: &Value) -> Result<Option<u64>, Refusal> {
    let Some(id) = input.get("via_followup_source_id").and_then(Value::as_u64) else { return Ok(None) };
    let closed = state.tickets.get(&id).is_some_and(|ticket| ticket.status == "closed");
    if !closed {
        return Err(invalid("base", "Follow-up: the source has to be a closed ticket", "InvalidValue"));
    }
    Ok(Some(id))
}

/// The metadata that a client adds to an audit: the members of `metadata`, which are read back below `metadata.custom`.
fn metadata(input: &Value) -> Result<Map<String, Value>, Refusal> {
    let custom = input.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    if Value::Object(custom.clone()).to_string().len() > METADATA_LIMIT {
        return Err(invalid("metadata", "Metadata: is too long (maximum one kilobyte)", "ValueTooLong"));
    }
    Ok(custom)
}

fn opened(state: &State, ticket: &Ticket) -> Value {
    let Some(comment) = ticket.comments.first() else { return Value::Null };
    let event = comment_event(state, comment);
    audit_of(state, ticket.id, comment.audit, ticket.submitter, &comment.custom, &[event])
}

fn audit_of(state: &State, ticket: u64, id: u64, author: u64, custom: &Map<String, Value>, events: &[Value]) -> Value {
    json!({
        "id": id,
        "ticket_id": ticket,
        "author_id": author,
        "created_at": clock::written(state.now()),
        "metadata": { "system": { "client": "stand-in", "ip_address": "192.0.2.1" }, "custom": custom },
        "events": events,
        "via": { "channel": "api", "source": { "from": {}, "to": {}, "rel": null } },
    })
}

fn comment_event(state: &State, comment: &Comment) -> Value {
    comments::shown(state, comment)
}

fn detail(field: &str, description: &str, error: &'static str) -> Detail {
    Detail { field: field.into(), description: description.into(), error }
}
