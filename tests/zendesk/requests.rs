//! Requests of anonymous end users: created, and not read back.

use serde_json::{Value, json};

use super::auth::{Caller, need};
use super::comments::{self, NewComment};
use super::errors::{Detail, Refusal, invalid};
use super::http::{Call, Reply};
use super::tickets::{self, Changes, Opening};
use super::users::{self, Requester};
use super::{State, account, clock};

/// `POST /requests`. Fields that only agents set are ignored; fields that end users have to fill in are required.
pub fn create(state: &mut State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    let user = match caller {
        Caller::Anonymous if state.quirks.require_auth => return Err(Refusal::Unauthenticated),
        Caller::Anonymous => None,
        _ => Some(need(state, caller, &["requests:write", "write"])?),
    };
    let input = call.object("request")?;
    let subject = input.get("subject").and_then(Value::as_str).unwrap_or_default();
    if subject.trim().is_empty() {
        return Err(invalid("subject", "Subject: cannot be blank", "BlankValue"));
    }
    let comment = comments::read(state, input.get("comment").unwrap_or(&Value::Null))?;
    let changes = tickets::changes(state, &input)?;
    let requester = match (input.get("requester"), user) {
        (Some(requester), _) => users::requester(state, requester)?,
        (None, Some(user)) => Requester::Known(user),
        (None, None) => return Err(invalid("requester", "Requester: is required", "BlankValue")),
    };
    if user.is_none() {
        require(state, &changes)?;
    }
    let opening = Opening {
        changes: Changes {
            external_id: None,
            status: None,
            custom_status: None,
            priority: None,
            kind: None,
            assignee: None,
            group: None,
            ..changes
        },
        // A comment of an end user is public and their own.
        comment: NewComment { public: true, author: None, html_body: None, ..comment },
        requester,
        submitter: user,
        follows: None,
        via: "api",
        custom: serde_json::Map::new(),
    };
    let id = tickets::open(state, opening);
    let address = format!("{}/api/v2/requests/{id}.json", state.url);
    Ok(Reply::json(201, &json!({ "request": shown(state, id)? })).with("location", &address))
}

/// `GET /requests` and below: only for end users, who cannot log in to the stand-in.
pub fn read(caller: &Caller) -> Refusal {
    match caller {
        Caller::Anonymous => Refusal::Unauthenticated,
        _ => Refusal::Forbidden("You do not have access to this request.".into()),
    }
}

fn require(state: &State, changes: &Changes) -> Result<(), Refusal> {
    let form = changes.form.or(account::default_form(&state.account));
    let form = state.account.forms.iter().find(|one| Some(one.id) == form);
    let fields = tickets::own_fields(&state.account).filter(|field| field.required_in_portal);
    let missing: Vec<Detail> = fields
        .filter(|field| form.is_none_or(|form| form.fields.contains(&field.id)))
        .filter(|field| !changes.fields.iter().any(|(id, value)| *id == field.id && filled(value)))
        .map(|field| Detail {
            field: "base".into(),
            description: format!("{}: cannot be blank", field.title),
            error: "BlankValue",
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Refusal::Invalid(missing)) }
}

fn filled(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

fn shown(state: &State, id: u64) -> Result<Value, Refusal> {
    let ticket = tickets::known(state, id)?;
    Ok(json!({
        "id": id,
        "url": format!("{}/api/v2/requests/{id}.json", state.url),
        "status": ticket.status,
        "subject": ticket.subject,
        "description": tickets::description(ticket),
        "priority": ticket.priority,
        "type": ticket.kind,
        "organization_id": null,
        "requester_id": ticket.requester,
        "assignee_id": ticket.assignee,
        "group_id": ticket.group,
        "collaborator_ids": [],
        "email_cc_ids": [],
        "is_public": true,
        "due_at": null,
        "can_be_solved_by_me": false,
        "solved": false,
        "ticket_form_id": ticket.form,
        "custom_fields": tickets::values(&state.account, ticket),
        "recipient": ticket.recipient,
        "followup_source_id": null,
        "via": { "channel": ticket.via, "source": { "from": {}, "to": {}, "rel": null } },
        "created_at": clock::written(ticket.created_at),
        "updated_at": clock::written(ticket.updated_at),
    }))
}
