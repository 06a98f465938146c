//! Users: staff and requesters.

use serde::Serialize;
use serde_json::{Value, json};

use super::auth::{Caller, need};
use super::errors::{Detail, Refusal, invalid};
use super::http::{Call, Reply};
use super::paging::{order, page};
use super::{State, clock, tickets};

/// A user.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    pub id: u64,
    pub name: String,
    /// The name of an agent that customers see.
    pub alias: Option<String>,
    /// Empty if they have none and cannot be mailed.
    pub email: String,
    pub external_id: Option<String>,
    /// `end-user`, `agent` or `admin`.
    pub role: String,
    pub verified: bool,
    pub locale: String,
    pub locale_id: u64,
    pub created_at: i64,
}

/// The requester of a ticket: an existing user, or one to be created.
pub enum Requester {
    Known(u64),
    New { name: String, email: String, locale_id: u64 },
}

const ENGLISH: u64 = 1;
const READ: [&str; 2] = ["users:read", "read"];

/// Stores a user, to be found by id and by e-mail address.
pub fn keep(state: &mut State, user: User) {
    if !user.email.is_empty() {
        state.by_email.insert(user.email.to_lowercase(), user.id);
    }
    state.users.insert(user.id, user);
}

/// Parses `requester`.
pub fn requester(state: &State, input: &Value) -> Result<Requester, Refusal> {
    let text = |name: &str| input.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    let email = text("email");
    if !is_address(email) {
        let message = format!("Requester: Email: {email} is not properly formatted");
        return Err(invalid("requester", &message, "InvalidValue"));
    }
    if state.quirks.suspended.iter().any(|suspended| suspended.eq_ignore_ascii_case(email)) {
        let message = format!("Requester: {} is suspended.", text("name"));
        return Err(invalid("requester", &message, "InvalidValue"));
    }
    if let Some(known) = state.by_email.get(&email.to_lowercase()) {
        return Ok(Requester::Known(*known));
    }
    if text("name").is_empty() {
        return Err(Refusal::Invalid(vec![Detail {
            field: "requester".into(),
            description: "Requester: Name: is too short (minimum one characters)".into(),
            error: "ValueTooShort",
        }]));
    }
    if text("name").chars().count() > 255 {
        let message = "Requester: Name: is too long (maximum is 255 characters)";
        return Err(invalid("requester", message, "ValueTooLong"));
    }
    let locale_id = input.get("locale_id").and_then(Value::as_u64).unwrap_or(ENGLISH);
    Ok(Requester::New { name: text("name").into(), email: email.into(), locale_id })
}

/// The id of a requester, who is created if necessary.
pub fn settle(state: &mut State, requester: Requester) -> u64 {
    match requester {
        Requester::Known(id) => id,
        Requester::New { name, email, locale_id } => {
            let (id, created_at) = (state.next_id(), state.now());
            let locale = locale(locale_id).into();
            let role = "end-user".into();
            let (alias, external_id) = (None, None);
            keep(
                state,
                User { id, name, alias, email, external_id, role, verified: false, locale, locale_id, created_at },
            );
            id
        }
    }
}

/// `POST /users/create_or_update`: finds a user by external id or address, neither of which has to exist.
pub fn create_or_update(state: &mut State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    need(state, caller, &["users:write", "write"])?;
    if state.quirks.no_user_management {
        return Err(Refusal::Forbidden("You do not have access to this page.".into()));
    }
    let input = call.object("user")?;
    let text = |name: &str| input.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default().to_string();
    let (name, email, external_id) = (text("name"), text("email"), text("external_id"));
    let is_one = |user: &User| {
        !external_id.is_empty()
            && user.external_id.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(&external_id))
            || !email.is_empty() && user.email.eq_ignore_ascii_case(&email)
    };
    if let Some(id) = state.users.values().find(|user| is_one(user)).map(|user| user.id) {
        if let Some(user) = state.users.get_mut(&id).filter(|_| !name.is_empty()) {
            user.name = name;
        }
        return Ok(Reply::json(200, &json!({ "user": shown(state, id) })));
    }
    if name.is_empty() {
        return Err(invalid("name", "Name: is too short (minimum one characters)", "ValueTooShort"));
    }
    let (id, created_at) = (state.next_id(), state.now());
    let external_id = Some(external_id).filter(|id| !id.is_empty());
    let (role, locale) = ("end-user".into(), locale(ENGLISH).into());
    keep(
        state,
        User {
            id,
            name,
            alias: None,
            email,
            external_id,
            role,
            verified: false,
            locale,
            locale_id: ENGLISH,
            created_at,
        },
    );
    Ok(Reply::json(201, &json!({ "user": shown(state, id) })))
}

/// `GET /users/me`. An anonymous caller is a user without an id.
pub fn me(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    if matches!(caller, Caller::Anonymous) {
        let nobody =
            json!({ "id": null, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user" });
        return Ok(Reply::json(200, &json!({ "user": nobody })));
    }
    let user = need(state, caller, &READ)?;
    Ok(Reply::json(200, &json!({ "user": shown(state, user) })))
}

/// `GET /users/{id}`.
pub fn one(state: &State, caller: &Caller, id: u64) -> Result<Reply, Refusal> {
    need(state, caller, &READ)?;
    known(state, id)?;
    Ok(Reply::json(200, &json!({ "user": shown(state, id) })))
}

/// `GET /users/search?query=`: `email:`, or part of a name or an address.
pub fn search(state: &State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    need(state, caller, &READ)?;
    let query = call.param("query").unwrap_or_default().trim().to_lowercase();
    let indexed = state.now() - state.quirks.search_lag * 1000;
    let found: Vec<u64> = match query.strip_prefix("email:") {
        Some(email) => state.by_email.get(email.trim_matches('"')).copied().into_iter().collect(),
        None if query.is_empty() => Vec::new(),
        None => {
            let hit =
                |user: &&User| user.email.to_lowercase().contains(&query) || user.name.to_lowercase().contains(&query);
            state.users.values().filter(hit).map(|user| user.id).collect()
        }
    };
    let rows = found.into_iter().filter(|id| state.users.get(id).is_some_and(|user| user.created_at <= indexed));
    let rows = rows.map(|id| (0, id)).collect();
    Ok(Reply::json(200, &page(call, &state.url, "users", rows, false, |id| shown(state, id))?))
}

/// `GET /users/show_many?ids=`; unknown ids are ignored.
pub fn many(state: &State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    need(state, caller, &READ)?;
    let ids = call.param("ids").unwrap_or_default().split(',').filter_map(|id| id.trim().parse::<u64>().ok());
    let users: Vec<Value> = ids.filter(|id| state.users.contains_key(id)).map(|id| shown(state, id)).collect();
    let count = users.len();
    let list = json!({ "users": users, "next_page": null, "previous_page": null, "count": count });
    Ok(Reply::json(200, &list))
}

/// `GET /users/{id}/tickets/requested`.
pub fn requested(state: &State, call: &Call, caller: &Caller, id: u64) -> Result<Reply, Refusal> {
    need(state, caller, &["tickets:read", "read"])?;
    known(state, id)?;
    let ids = state.by_requester.get(&id).map(Vec::as_slice).unwrap_or_default();
    let (member, descending) = order(call, "id");
    let rows = tickets::rows(state, ids.iter().copied(), member);
    Ok(Reply::json(200, &page(call, &state.url, "tickets", rows, descending, |id| tickets::shown(state, id))?))
}

/// `GET /users/{id}/identities`.
pub fn identities(state: &State, caller: &Caller, id: u64) -> Result<Reply, Refusal> {
    need(state, caller, &READ)?;
    let user = known(state, id)?;
    let identity = json!({
        "id": id + 1_000_000_000_000,
        "user_id": id,
        "type": "email",
        "value": user.email,
        "verified": user.verified,
        "primary": true,
        "deliverable_state": "deliverable",
        "created_at": clock::written(user.created_at),
    });
    Ok(Reply::json(200, &json!({ "identities": [identity], "next_page": null, "previous_page": null, "count": 1 })))
}

/// A user in the API's format; null if there is none.
pub fn shown(state: &State, id: u64) -> Value {
    let Some(user) = state.users.get(&id) else { return Value::Null };
    json!({
        "id": user.id,
        "url": format!("{}/api/v2/users/{id}.json", state.url),
        "name": user.name,
        "alias": user.alias,
        "email": user.email,
        "role": user.role,
        "verified": user.verified,
        "active": true,
        "suspended": false,
        "locale": user.locale,
        "locale_id": user.locale_id,
        "external_id": user.external_id,
        "photo": null,
        "created_at": clock::written(user.created_at),
        "updated_at": clock::written(user.created_at),
    })
}

/// Whether a user is staff.
pub fn is_staff(state: &State, id: u64) -> bool {
    state.users.get(&id).is_some_and(|user| user.role != "end-user")
}

fn known(state: &State, id: u64) -> Result<&User, Refusal> {
    state.users.get(&id).ok_or(Refusal::NotFound)
}

/// Zendesk's rules: no dot at the end of the local part nor two in a row, and no underscore in the domain.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let atoms = |text: &str| text.split('.').all(|atom| !atom.is_empty());
    let is_label = |label: &str| label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let has_space = text.contains(char::is_whitespace);
    atoms(local) && atoms(domain) && domain.contains('.') && domain.split('.').all(is_label) && !has_space
}

fn locale(id: u64) -> &'static str {
    match id {
        8 => "de",
        16 => "fr",
        66 => "ar",
        _ => "en-US",
    }
}
