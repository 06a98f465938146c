//! Creates a ticket in Zendesk exactly once, whatever responses are lost.

use serde_json::{Map, Value, json};

use crate::account::TicketField;
use crate::answers::comments;
use crate::braces::make_inert;
use crate::client::{Answer, Body, Request};
use crate::people;
use crate::refusal::{Draft, NAME_MAX, Repair, cut, faults, plain};
use crate::update::write_note;
use crate::values::fill;
use crate::{Mapping, OURS, Zendesk};
use deskbell_core::clock;
use deskbell_core::ports::destination::{DeliveryReceipt, Failure, Parcel};
use deskbell_core::ports::{DeliveryKind, ExternalTicketRef, StoredTicket};
use deskbell_core::rules::address::{Address, address};
use deskbell_core::rules::comment::{self, CONTEXT_FILE};
use deskbell_core::rules::file_formats as formats;
use deskbell_core::rules::sender::Sender;
use domain::targets::Owner;

/// The tag of a ticket whose sender has no signed address.
const UNVERIFIED_TAG: &str = "deskbell_unverified";
/// The tag of a test ticket.
const TEST_TAG: &str = "deskbell_test";
/// Fields that a test ticket does not get: Zendesk notifies assignees, and a priority has a target.
const ROUTING_FIELDS: &[&str] = &["priority", "group_id", "assignee_id"];
/// How often a ticket is sent in one attempt, each time with something else repaired or left out.
const REPAIRS_MAX: usize = 30;
/// The field by which a ticket is found again.
const EXTERNAL_ID: &str = "external_id";
/// How many tickets that contain a reference are examined.
const FOUND_MAX: usize = 10;
/// How long a key is used. Each attempt first looks for the ticket of earlier ones, so this is shorter than the two hours for which Zendesk
/// stores keys: a key whose request failed there would be refused for that long.
const KEY_MINUTES: i64 = 10;

/// Delivers a ticket.
pub async fn ticket(zendesk: &Zendesk, parcel: &Parcel<'_>) -> Result<DeliveryReceipt, Failure> {
    let external = format!("{OURS}{}", parcel.id());
    if parcel.delivery.attempts > 1
        && let Some(found) = find(zendesk, &external).await?
    {
        return Ok(found);
    }
    let mut files = upload(zendesk, parcel).await?;
    let sender = Sender::new(parcel.ticket, zendesk.unverified);
    let mut ticket = json!({
        "external_id": external,
        "subject": subject(parcel.ticket),
        "comment": {
            "body": comment::first(parcel.config, parcel.ticket, &files.missing),
            "public": true,
            "uploads": files.tokens,
        },
        "metadata": {"deskbell": parcel.id()},
    });
    match &sender {
        Sender::Signed(email) | Sender::Contact(email) => {
            let contact = comment::contact(parcel.ticket);
            let name = cut(&comment::name(&contact, parcel.ticket), NAME_MAX);
            let requester = json!({"name": name, "email": email});
            merge(&mut ticket, json!({"requester": requester}));
        }
        Sender::Alias => take_alias(zendesk, parcel, &mut ticket, &mut files.not_delivered).await?,
    }
    if !sender.is_signed() {
        speak_for(zendesk, &mut ticket).await?;
    }
    let words = comment::plain(parcel.ticket);
    create(zendesk, parcel, Draft::new(members(ticket), words), &external, files.not_delivered).await
}

fn members(ticket: Value) -> Map<String, Value> {
    match ticket {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Replaces the requester by a user without an address. If there can be none, by the gateway's own user.
async fn take_alias(
    zendesk: &Zendesk,
    parcel: &Parcel<'_>,
    ticket: &mut Value,
    not_delivered: &mut Vec<String>,
) -> Result<(), Failure> {
    if let Some(ticket) = ticket.as_object_mut() {
        ticket.remove("requester");
    }
    match people::alias(zendesk, parcel.ticket).await? {
        Ok(id) => merge(ticket, json!({"requester_id": id})),
        Err(reason) => not_delivered.push(reason),
    }
    Ok(())
}

/// Makes the gateway's own user the author of a new ticket's private first comment: in Zendesk that is the submitter, which defaults to the
/// requester. Private comments are mailed to nobody.
async fn speak_for(zendesk: &Zendesk, ticket: &mut Value) -> Result<(), Failure> {
    let own = zendesk.people.own(&zendesk.client).await?;
    merge(ticket, json!({"submitter_id": own}));
    if let Some(comment) = ticket.get_mut("comment") {
        merge(comment, json!({"author_id": own, "public": false}));
    }
    Ok(())
}

/// Delivers a reply to a ticket that is closed there, as a new follow-up ticket. The caller has checked that it was not delivered yet; `not_delivered`
/// are the missing parts of the reply.
pub async fn follow_up(
    zendesk: &Zendesk,
    parcel: &Parcel<'_>,
    closed: &ExternalTicketRef,
    body: Value,
    not_delivered: Vec<String>,
) -> Result<DeliveryReceipt, Failure> {
    let external = format!("{OURS}{}", parcel.id());
    let source: u64 =
        closed.external_id.parse().map_err(|_| Failure::Never("the closed ticket has no number".into()))?;
    let mut ticket = json!({
        "external_id": external,
        "subject": subject(parcel.ticket),
        "comment": body,
        "via_followup_source_id": source,
        "metadata": {"deskbell": parcel.id()},
    });
    if let Ok(requester) = closed.requester.parse::<u64>() {
        merge(&mut ticket, json!({"requester_id": requester}));
    }
    if !Sender::new(parcel.ticket, zendesk.unverified).is_signed() {
        speak_for(zendesk, &mut ticket).await?;
    }
    let words = parcel.message.map(|message| message.body.clone()).unwrap_or_default();
    create(zendesk, parcel, Draft::new(members(ticket), words), &external, not_delivered).await
}

/// The ticket that was created with an external id.
pub async fn find(zendesk: &Zendesk, external: &str) -> Result<Option<DeliveryReceipt>, Failure> {
    let id: String = form_urlencoded::byte_serialize(external.as_bytes()).collect();
    let found = zendesk.client.read(&format!("/api/v2/tickets?external_id={id}")).await?;
    // The oldest, if an agent has copied the id to another.
    let tickets = found.get("tickets").and_then(Value::as_array).into_iter().flatten();
    let ours = tickets.filter(|ticket| ticket.get("external_id").and_then(Value::as_str) == Some(external));
    match ours.min_by_key(|ticket| ticket.get("id").and_then(Value::as_u64)) {
        Some(ticket) => delivered(zendesk, ticket).await,
        None => Ok(None),
    }
}

/// The ticket that was created in an account that refuses external ids: one that contains the reference, and whose first comment has this
/// delivery's id in its metadata. The search may lag by minutes, during which the key of the attempt prevents a duplicate.
async fn find_by_marker(zendesk: &Zendesk, parcel: &Parcel<'_>) -> Result<Option<DeliveryReceipt>, Failure> {
    let query = format!("type:ticket \"{}\"", parcel.ticket.reference);
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let path = format!("/api/v2/search?query={query}&sort_by=created_at&sort_order=asc");
    let found = match zendesk.client.read(&path).await {
        Ok(found) => found,
        // Without permission to search this is unknown.
        Err(Failure::Never(reason)) => {
            tracing::warn!(site = parcel.delivery.site, reference = parcel.ticket.reference, reason, "search failed");
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    let tickets = found.get("results").and_then(Value::as_array).into_iter().flatten();
    for ticket in tickets.take(FOUND_MAX) {
        let Some(got) = delivered(zendesk, ticket).await? else { continue };
        let Some(place) = &got.place else { continue };
        let first = comments(zendesk, place).await?.into_iter().next();
        if first.is_some_and(|first| first.marker() == Some(&parcel.id())) {
            return Ok(Some(got));
        }
    }
    Ok(None)
}

/// The uploads for a comment, and the files that Zendesk refused.
#[derive(Debug, Default)]
pub struct Files {
    /// The tokens, valid for an hour.
    pub tokens: Vec<String>,
    /// The names of the missing files.
    pub missing: Vec<String>,
    /// Why they are missing.
    pub not_delivered: Vec<String>,
}

/// Uploads the attachments of a ticket or a message, again for each attempt; for a ticket also the whole context.
pub async fn upload(zendesk: &Zendesk, parcel: &Parcel<'_>) -> Result<Files, Failure> {
    let mut files = Files::default();
    for file in parcel.files {
        match tokio::fs::read(&file.path).await {
            Ok(bytes) => put(zendesk, &mut files, &file.name, formats::media(file.media, &file.name), bytes).await?,
            Err(error) => {
                files.not_delivered.push(format!("the file {:?} cannot be read here: {error}", file.name));
                files.missing.push(file.name.clone());
            }
        }
    }
    if parcel.delivery.what == DeliveryKind::Ticket {
        let context = serde_json::to_vec_pretty(&parcel.ticket.ticket.context).unwrap_or_default();
        put(zendesk, &mut files, CONTEXT_FILE, "application/json", context).await?;
    }
    Ok(files)
}

async fn put(zendesk: &Zendesk, files: &mut Files, name: &str, media: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    let query: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let path = format!("/api/v2/uploads?filename={query}");
    let answer =
        zendesk.client.send(&Request { body: Body::File(bytes.into(), media), ..Request::post(&path) }).await?;
    match answer.body.pointer("/upload/token").and_then(Value::as_str) {
        Some(token) => files.tokens.push(token.into()),
        None => {
            files.not_delivered.push(format!(
                "the file {name:?} was refused ({}): {}",
                answer.status.as_u16(),
                answer.says()
            ));
            files.missing.push(name.into());
        }
    }
    Ok(())
}

/// Posts a ticket with its mapped values, without those that are refused.
async fn create(
    zendesk: &Zendesk,
    parcel: &Parcel<'_>,
    mut draft: Draft,
    external: &str,
    mut not_delivered: Vec<String>,
) -> Result<DeliveryReceipt, Failure> {
    // Before there is a ticket, so that nothing fails after that.
    zendesk.people.own(&zendesk.client).await?;
    // If the fields cannot be fetched, Zendesk itself says which it refuses.
    let mut known = zendesk.account.fields(&zendesk.client).await.unwrap_or_default();
    let wishes = wishes(
        &zendesk.mapping,
        parcel.ticket,
        Some(known.as_slice()).filter(|known| !known.is_empty()),
        &mut not_delivered,
    );
    draft.ticket.extend(members(wishes));
    let mut is_known_now = false;
    for round in 0..REPAIRS_MAX {
        let mut ticket = draft.current();
        make_inert(&mut ticket);
        let (key, body) = (key(parcel, round), json!({"ticket": ticket}));
        let request = Request { key: Some(&key), body: Body::Json(&body), ..Request::post("/api/v2/tickets") };
        let answer = zendesk.client.send(&request).await?;
        match answer.status.as_u16() {
            200..=299 => {
                let there = answer.body.get("ticket").unwrap_or(&Value::Null);
                let got = delivered(zendesk, there).await?;
                let got = got.ok_or_else(|| Failure::later("Zendesk's answer names no ticket"))?;
                let left_out = draft.missing();
                if let Some(place) = got.place.as_ref().filter(|_| !left_out.is_empty()) {
                    report(zendesk, parcel, place, &left_out).await;
                }
                not_delivered.extend(left_out);
                not_delivered.extend(differences(&ticket, there));
                return Ok(DeliveryReceipt { not_delivered, ..got });
            }
            // The key belongs to an earlier attempt, with tokens of its own: it has arrived, or is about to.
            400 if is_mismatch(&answer) => {
                let found = match find(zendesk, external).await? {
                    None if !draft.ticket.contains_key(EXTERNAL_ID) => find_by_marker(zendesk, parcel).await?,
                    found => found,
                };
                return found.ok_or_else(|| Failure::later("Zendesk is still working on an earlier try"));
            }
            403 => return Err(answer.forbidden()),
            409 => return Err(Failure::later(format!("Zendesk says that there is a conflict: {}", answer.says()))),
            400 | 413 | 415 | 422 => {
                // The account may have changed since the fields were fetched.
                if !is_known_now && draft.ticket.contains_key("custom_fields") {
                    is_known_now = true;
                    known = zendesk.account.fields_now(&zendesk.client).await.unwrap_or(known);
                }
                let had_external_id = draft.ticket.contains_key(EXTERNAL_ID);
                let faults = faults(&answer.body, &draft.ticket, &known);
                let repair = draft.mend(&faults, &answer.says(), &known);
                if let Repair::GiveUp(reason) = repair {
                    let status = answer.status.as_u16();
                    return Err(Failure::Never(format!("Zendesk refuses the ticket ({status}): {reason}")));
                }
                repair_with(zendesk, parcel, &mut draft, repair, &mut not_delivered).await?;
                // A ticket that an earlier attempt created without external id was not found by it.
                if had_external_id
                    && !draft.ticket.contains_key(EXTERNAL_ID)
                    && parcel.delivery.attempts > 1
                    && let Some(found) = find_by_marker(zendesk, parcel).await?
                {
                    return Ok(found);
                }
            }
            status => return Err(Failure::Never(format!("Zendesk refuses the ticket ({status}): {}", answer.says()))),
        }
    }
    Err(Failure::Never(format!(
        "Zendesk refuses the ticket even without all optional parts: {}",
        draft.missing().join("; ")
    )))
}

/// Carries out the part of a repair that goes beyond the ticket itself.
async fn repair_with(
    zendesk: &Zendesk,
    parcel: &Parcel<'_>,
    draft: &mut Draft,
    repair: Repair,
    not_delivered: &mut Vec<String>,
) -> Result<(), Failure> {
    match repair {
        Repair::Changed | Repair::GiveUp(_) => {}
        Repair::Anonymous(says) => {
            draft
                .left_out
                .push(format!("the requester was refused, and another without an address stands for them: {says}"));
            let mut ticket = Value::Object(std::mem::take(&mut draft.ticket));
            take_alias(zendesk, parcel, &mut ticket, not_delivered).await?;
            speak_for(zendesk, &mut ticket).await?;
            draft.ticket = members(ticket);
        }
        Repair::UploadAgain => {
            let files = upload(zendesk, parcel).await?;
            if let Some(Value::Object(comment)) = draft.ticket.get_mut("comment") {
                comment.insert("uploads".into(), json!(files.tokens));
            }
        }
        Repair::WithoutFiles(says) => {
            let names: Vec<String> = parcel.files.iter().map(|file| file.name.clone()).collect();
            draft.left_out.push(format!("the files were refused: {says}"));
            if let Some(Value::Object(comment)) = draft.ticket.get_mut("comment") {
                comment.remove("uploads");
                let body = comment.get("body").and_then(Value::as_str).unwrap_or_default();
                let body = comment::reply(body, &names);
                comment.insert("body".into(), json!(body));
            }
        }
    }
    Ok(())
}

/// Reports refused parts of a ticket in the log and in an internal note. The delivery does not depend on the note.
async fn report(zendesk: &Zendesk, parcel: &Parcel<'_>, place: &ExternalTicketRef, left_out: &[String]) {
    let (delivery, reference) = (parcel.delivery, &parcel.ticket.reference);
    for reason in left_out {
        let (site, destination) = (&delivery.site, &delivery.destination);
        tracing::warn!(site, destination, reference, reason, "delivery part refused");
    }
    let note = format!("Zendesk refused parts of this ticket, so they were left out:\n- {}", left_out.join("\n- "));
    let error = match write_note(zendesk, &format!("{}/refused", parcel.id()), place, &note).await {
        Ok(answer) if answer.status.is_success() => return,
        Ok(answer) => answer.says(),
        Err(failure) => failure.to_string(),
    };
    tracing::warn!(
        site = delivery.site,
        destination = delivery.destination,
        reference,
        error,
        "note of refused parts not written"
    );
}

/// The key of an attempt. A new one after something was left out, because a key belongs to a body.
fn key(parcel: &Parcel<'_>, round: usize) -> String {
    let since =
        parcel.delivery.first_attempt_at.as_deref().and_then(|at| at.parse().ok()).unwrap_or_else(clock::timestamp);
    let window = clock::timestamp().duration_since(since).as_mins() / KEY_MINUTES;
    format!("{}.{window}.{round}", parcel.id())
}

/// Values that differ from the request, although the ticket was accepted.
fn differences(asked: &Value, got: &Value) -> Vec<String> {
    let mut not_delivered = Vec::new();
    for part in ["ticket_form_id", "brand_id", "group_id", "assignee_id", "priority", "type"] {
        let (asked, got) = (asked.get(part), got.get(part));
        if asked.is_some() && got.is_some() && asked != got {
            not_delivered.push(format!("{part} is {} in Zendesk and not {}", shown(got), shown(asked)));
        }
    }
    let fields = |ticket: &Value| ticket.get("custom_fields").and_then(Value::as_array).cloned();
    if let Some(got) = fields(got) {
        for asked in fields(asked).unwrap_or_default() {
            let same = got.iter().find(|field| field.get("id") == asked.get("id"));
            let text = |field: Option<&Value>| field.and_then(|field| field.get("value")).map(plain);
            if text(same) != text(Some(&asked)) {
                not_delivered.push(format!(
                    "the field {} did not take {}",
                    shown(asked.get("id")),
                    shown(asked.get("value"))
                ));
            }
        }
    }
    not_delivered
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".into(), Value::to_string)
}

/// The mapped values of a ticket. Values that the account does not have are left out and reported.
fn wishes(
    mapping: &Mapping,
    ticket: &StoredTicket,
    known: Option<&[TicketField]>,
    not_delivered: &mut Vec<String>,
) -> Value {
    let (sent, handling) = (&ticket.ticket, &ticket.handling);
    let mut wishes = Map::new();
    let mut wish = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|_| !sent.test || !ROUTING_FIELDS.contains(&name)) {
            wishes.insert(name.into(), value);
        }
    };
    wish("brand_id", mapping.brand.map(Value::from));
    wish("ticket_form_id", mapping.form.map(Value::from));
    wish("recipient", mapping.recipient.clone().map(Value::from));
    wish("priority", mapping.priorities.get(&handling.severity).cloned().map(Value::from));
    wish("type", mapping.types.get(&sent.kind).cloned().map(Value::from));
    let owner = handling.owner.and_then(|owner: Owner| mapping.owners.get(&owner));
    wish("group_id", mapping.groups.get(&handling.team).or(owner).copied().map(Value::from));
    wish("assignee_id", mapping.assignees.get(&handling.assignee).copied().map(Value::from));
    let mut tags: Vec<String> =
        mapping.tags.iter().filter_map(|tag| fill(ticket, tag)).map(|tag| as_tag(&tag)).collect();
    if !matches!(address(sent), Address::Signed(_)) {
        tags.push(UNVERIFIED_TAG.into());
    }
    if sent.test {
        tags.push(TEST_TAG.into());
    }
    wish("tags", (!tags.is_empty()).then(|| json!(tags)));
    let mut fields = Vec::new();
    for (id, rule) in &mapping.fields {
        let Some(text) = fill(ticket, &rule.from) else { continue };
        let text = rule.choices.get(&text).unwrap_or(&text);
        let value = match known.map(|known| known.iter().find(|field| field.id == *id)) {
            None => Ok(json!(text)),
            Some(None) => Err(format!("there is no field {id} in Zendesk")),
            Some(Some(field)) => field.read(text),
        };
        match value {
            Ok(value) => fields.push(json!({"id": id, "value": value})),
            Err(reason) => not_delivered.push(reason),
        }
    }
    wish("custom_fields", (!fields.is_empty()).then(|| json!(fields)));
    Value::Object(wishes)
}

/// A text as a tag, without spaces.
fn as_tag(text: &str) -> String {
    text.trim()
        .to_lowercase()
        .split(|c: char| c.is_whitespace() || c.is_control() || c == ',')
        .collect::<Vec<_>>()
        .join("_")
}

fn subject(ticket: &StoredTicket) -> String {
    format!("{} [{}]", comment::title(ticket), ticket.reference)
}

/// The external ticket in a response. None if the gateway's own user is the requester: what that user writes is not the customer's.
async fn delivered(zendesk: &Zendesk, ticket: &Value) -> Result<Option<DeliveryReceipt>, Failure> {
    let id = |name: &str| ticket.get(name).and_then(Value::as_u64);
    let Some(external_id) = id("id").map(|id| id.to_string()) else { return Ok(None) };
    let own = zendesk.people.own(&zendesk.client).await?;
    let requester = id("requester_id").filter(|requester| *requester != own);
    let place = ExternalTicketRef {
        external_id: external_id.clone(),
        requester: requester.map(|id| id.to_string()).unwrap_or_default(),
        merged_after: None,
    };
    Ok(Some(DeliveryReceipt { external_id, place: Some(place), not_delivered: Vec::new() }))
}

fn is_mismatch(answer: &Answer) -> bool {
    answer.body.get("error").and_then(Value::as_str) == Some("IdempotentRequestError")
}

/// Adds the members of an object to another.
pub fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskbell_core::fixtures::stored;

    fn mapping() -> Mapping {
        let rule =
            |from: &str| crate::FieldRule { from: from.into(), choices: [("high".into(), "sev_1".into())].into() };
        Mapping {
            form: Some(12),
            tags: vec!["deskbell".into(), "plan_{plan}".into(), "release_{release}".into()],
            fields: [
                (7, rule("{severity}")),
                (8, rule("{fields.urgent}")),
                (9, rule("{plan}")),
                (10, rule("{release}")),
            ]
            .into(),
            groups: [("growth".into(), 33)].into(),
            ..Mapping::default()
        }
    }

    fn field_of(id: u64, kind: &str, choices: &[&str]) -> TicketField {
        let choices: Vec<Value> = choices.iter().map(|choice| json!({"value": choice})).collect();
        serde_json::from_value(
            json!({"id": id, "type": kind, "title": "T", "active": true, "custom_field_options": choices}),
        )
        .unwrap()
    }

    #[test]
    fn every_value_goes_to_its_place_and_what_the_account_does_not_have_is_told() {
        let known = [field_of(7, "tagger", &["sev_1"]), field_of(8, "checkbox", &[]), field_of(9, "tagger", &["free"])];
        let mut not_delivered = Vec::new();
        let wishes = wishes(&mapping(), &stored(), Some(&known), &mut not_delivered);
        assert_eq!(
            wishes,
            json!({
                "ticket_form_id": 12, "group_id": 33, "tags": ["deskbell", "plan_unverified_scale", "deskbell_unverified"],
                "custom_fields": [{"id": 7, "value": "sev_1"}, {"id": 8, "value": true}],
            })
        );
        assert_eq!(not_delivered, ["the field 9 (T) has no choice \"unverified_scale\""]);
    }

    #[test]
    fn what_was_put_in_the_place_of_what_was_asked_for_is_told() {
        let asked = json!({"ticket_form_id": 12, "priority": "high", "custom_fields": [{"id": 7, "value": "x"}, {"id": 8, "value": true}]});
        let got = json!({"ticket_form_id": 1, "priority": "high", "group_id": 5, "custom_fields": [{"id": 7, "value": null}, {"id": 8, "value": true}]});
        assert_eq!(
            differences(&asked, &got),
            ["ticket_form_id is 1 in Zendesk and not 12", "the field 7 did not take \"x\""]
        );
    }
}
