//! Creates a ticket in Zendesk exactly once, whatever responses are lost.

use serde_json::{Map, Value, json};

use crate::account::TicketField;
use crate::answers::comments;
use crate::braces::make_inert;
use crate::client::{Answer, Body, Request};
use crate::people;
use crate::refusal::{Draft, NAME_MAX, Repair, as_text, faults, shorten};
use crate::update::write_note;
use crate::values::fill;
use crate::{EXTERNAL_ID_PREFIX, Mapping, Zendesk};
use deskbell_core::clock;
use deskbell_core::ids::ExternalId;
use deskbell_core::ports::destination::{DeliveryContents, DeliveryReceipt, Failure};
use deskbell_core::ports::{DeliveryKind, ExternalTicketRef, FileError, StoredTicket};
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
const KEY_SECONDS: u64 = 10 * 60;

/// Delivers a ticket.
pub async fn deliver_ticket(zendesk: &Zendesk, contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure> {
    let external = format!("{EXTERNAL_ID_PREFIX}{}", contents.key());
    if contents.delivery.attempts > 1
        && let Some(existing) = find(zendesk, &external).await?
    {
        return Ok(existing);
    }
    let mut files = upload(zendesk, contents).await?;
    let sender = Sender::new(contents.ticket, zendesk.unverified);
    let mut ticket = json!({
        "external_id": external,
        "subject": subject(contents.ticket),
        "comment": {
            "body": comment::render_ticket(contents.config, contents.ticket, &files.missing),
            "public": true,
            "uploads": files.tokens,
        },
        "metadata": {"deskbell": contents.key()},
    });
    match &sender {
        Sender::Signed(email) | Sender::Contact(email) => {
            let contact = comment::contact(contents.ticket);
            let name = shorten(&comment::customer_name(&contact, contents.ticket), NAME_MAX);
            let requester = json!({"name": name, "email": email});
            merge(&mut ticket, json!({"requester": requester}));
        }
        Sender::Alias => replace_requester(zendesk, contents, &mut ticket, &mut files.not_delivered).await?,
    }
    if !sender.is_signed() {
        make_gateway_author(zendesk, &mut ticket).await?;
    }
    let words = comment::render_without_context(contents.ticket);
    create(zendesk, contents, Draft::new(members(ticket), words), &external, files.not_delivered).await
}

fn members(ticket: Value) -> Map<String, Value> {
    match ticket {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Replaces the requester by a user without an address. If there can be none, by the gateway's own user.
async fn replace_requester(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
    ticket: &mut Value,
    not_delivered: &mut Vec<String>,
) -> Result<(), Failure> {
    if let Some(ticket) = ticket.as_object_mut() {
        ticket.remove("requester");
    }
    match people::alias(zendesk, contents.ticket).await? {
        Ok(id) => merge(ticket, json!({"requester_id": id})),
        Err(reason) => not_delivered.push(reason),
    }
    Ok(())
}

/// Makes the gateway's own user the author of a new ticket's private first comment: in Zendesk that is the submitter, which defaults to the
/// requester. Private comments are mailed to nobody.
async fn make_gateway_author(zendesk: &Zendesk, ticket: &mut Value) -> Result<(), Failure> {
    let own_id = zendesk.people.own_user_id(&zendesk.client).await?;
    merge(ticket, json!({"submitter_id": own_id}));
    if let Some(comment) = ticket.get_mut("comment") {
        merge(comment, json!({"author_id": own_id, "public": false}));
    }
    Ok(())
}

/// Delivers a reply to a ticket that is closed there, as a new follow-up ticket. The caller has checked that it was not delivered yet; `not_delivered`
/// are the missing parts of the reply.
pub async fn follow_up(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
    closed: &ExternalTicketRef,
    body: Value,
    not_delivered: Vec<String>,
) -> Result<DeliveryReceipt, Failure> {
    let external = format!("{EXTERNAL_ID_PREFIX}{}", contents.key());
    let source: u64 =
        closed.external_id.as_str().parse().map_err(|_| Failure::Never("the closed ticket has no number".into()))?;
    let mut ticket = json!({
        "external_id": external,
        "subject": subject(contents.ticket),
        "comment": body,
        "via_followup_source_id": source,
        "metadata": {"deskbell": contents.key()},
    });
    if let Ok(requester) = closed.requester.parse::<u64>() {
        merge(&mut ticket, json!({"requester_id": requester}));
    }
    if !Sender::new(contents.ticket, zendesk.unverified).is_signed() {
        make_gateway_author(zendesk, &mut ticket).await?;
    }
    let words = contents.message.map(|message| message.body.clone()).unwrap_or_default();
    create(zendesk, contents, Draft::new(members(ticket), words), &external, not_delivered).await
}

/// The ticket that was created with an external id.
pub async fn find(zendesk: &Zendesk, external: &str) -> Result<Option<DeliveryReceipt>, Failure> {
    let id: String = form_urlencoded::byte_serialize(external.as_bytes()).collect();
    let response = zendesk.client.read(&format!("/api/v2/tickets?external_id={id}")).await?;
    // The oldest, if an agent has copied the id to another.
    let tickets = response.get("tickets").and_then(Value::as_array).into_iter().flatten();
    let matching = tickets.filter(|ticket| ticket.get("external_id").and_then(Value::as_str) == Some(external));
    match matching.min_by_key(|ticket| ticket.get("id").and_then(Value::as_u64)) {
        Some(ticket) => receipt_of(zendesk, ticket).await,
        None => Ok(None),
    }
}

/// The ticket that was created in an account that refuses external ids: one that contains the reference, and whose first comment has this
/// delivery's id in its metadata. The search may lag by minutes, during which the key of the attempt prevents a duplicate.
async fn find_by_marker(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
) -> Result<Option<DeliveryReceipt>, Failure> {
    let query = format!("type:ticket \"{}\"", contents.ticket.reference);
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let path = format!("/api/v2/search?query={query}&sort_by=created_at&sort_order=asc");
    let response = match zendesk.client.read(&path).await {
        Ok(response) => response,
        // Without permission to search this is unknown.
        Err(Failure::Never(reason)) => {
            tracing::warn!(
                site = contents.delivery.site.as_str(),
                reference = contents.ticket.reference.as_str(),
                reason,
                "search failed"
            );
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    let tickets = response.get("results").and_then(Value::as_array).into_iter().flatten();
    for ticket in tickets.take(FOUND_MAX) {
        let Some(receipt) = receipt_of(zendesk, ticket).await? else { continue };
        let Some(external) = &receipt.external else { continue };
        let first_comment = comments(zendesk, external).await?.into_iter().next();
        if first_comment.is_some_and(|first_comment| first_comment.marker() == Some(&contents.key())) {
            return Ok(Some(receipt));
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
pub async fn upload(zendesk: &Zendesk, contents: &DeliveryContents<'_>) -> Result<Files, Failure> {
    let mut files = Files::default();
    for file in contents.files {
        match file.read().await {
            Ok(bytes) => {
                upload_file(zendesk, &mut files, &file.name, formats::media(file.media, &file.name), bytes).await?
            }
            Err(error @ FileError::Unavailable(_)) => return Err(Failure::unreadable(file, &error)),
            Err(error) => {
                files.not_delivered.push(format!("the file {:?} cannot be read by the gateway: {error}", file.name));
                files.missing.push(file.name.clone());
            }
        }
    }
    if contents.delivery.kind == DeliveryKind::Ticket {
        let context = serde_json::to_vec_pretty(&contents.ticket.ticket.context).unwrap_or_default();
        upload_file(zendesk, &mut files, CONTEXT_FILE, "application/json", context).await?;
    }
    Ok(files)
}

async fn upload_file(
    zendesk: &Zendesk,
    files: &mut Files,
    name: &str,
    media: &str,
    bytes: Vec<u8>,
) -> Result<(), Failure> {
    let query: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let path = format!("/api/v2/uploads?filename={query}");
    let answer =
        zendesk.client.send(&Request { body: Body::File(bytes.into(), media), ..Request::post(&path) }).await?;
    match answer.body.pointer("/upload/token").and_then(Value::as_str) {
        Some(token) => files.tokens.push(token.into()),
        None => {
            files.not_delivered.push(format!(
                "the file {name:?} was rejected ({}): {}",
                answer.status.as_u16(),
                answer.message()
            ));
            files.missing.push(name.into());
        }
    }
    Ok(())
}

/// Posts a ticket with its mapped values, without those that are refused.
async fn create(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
    mut draft: Draft,
    external: &str,
    mut not_delivered: Vec<String>,
) -> Result<DeliveryReceipt, Failure> {
    // Before there is a ticket, so that nothing fails after that.
    zendesk.people.own_user_id(&zendesk.client).await?;
    // If the fields cannot be fetched, Zendesk itself says which it refuses.
    let mut account_fields = zendesk.account.fields(&zendesk.client).await.unwrap_or_default();
    let values = mapped_values(
        &zendesk.mapping,
        contents.ticket,
        Some(account_fields.as_slice()).filter(|account_fields| !account_fields.is_empty()),
        &mut not_delivered,
    );
    draft.ticket.extend(members(values));
    let mut is_known_now = false;
    for round in 0..REPAIRS_MAX {
        let mut ticket = draft.current();
        make_inert(&mut ticket);
        let (key, body) = (idempotency_key(contents, round), json!({"ticket": ticket}));
        let request = Request { key: Some(&key), body: Body::Json(&body), ..Request::post("/api/v2/tickets") };
        let answer = zendesk.client.send(&request).await?;
        match answer.status.as_u16() {
            200..=299 => {
                let accepted = answer.body.get("ticket").unwrap_or(&Value::Null);
                let receipt = receipt_of(zendesk, accepted).await?;
                let receipt = receipt.ok_or_else(|| Failure::later("Zendesk's response contains no ticket"))?;
                let left_out = draft.missing();
                if let Some(external) = receipt.external.as_ref().filter(|_| !left_out.is_empty()) {
                    report(zendesk, contents, external, &left_out).await;
                }
                not_delivered.extend(left_out);
                not_delivered.extend(differences(&ticket, accepted));
                return Ok(DeliveryReceipt { not_delivered, ..receipt });
            }
            // The key belongs to an earlier attempt, with tokens of its own: it has arrived, or is about to.
            400 if is_mismatch(&answer) => {
                let existing = match find(zendesk, external).await? {
                    None if !draft.ticket.contains_key(EXTERNAL_ID) => find_by_marker(zendesk, contents).await?,
                    existing => existing,
                };
                return existing.ok_or_else(|| Failure::later("Zendesk is still processing an earlier attempt"));
            }
            403 => return Err(answer.forbidden()),
            409 => return Err(Failure::later(format!("Zendesk reported a conflict: {}", answer.message()))),
            400 | 413 | 415 | 422 => {
                // The account may have changed since the fields were fetched.
                if !is_known_now && draft.ticket.contains_key("custom_fields") {
                    is_known_now = true;
                    account_fields = zendesk.account.refetch_fields(&zendesk.client).await.unwrap_or(account_fields);
                }
                let had_external_id = draft.ticket.contains_key(EXTERNAL_ID);
                let faults = faults(&answer.body, &draft.ticket, &account_fields);
                let repair = draft.mend(&faults, &answer.message(), &account_fields);
                if let Repair::GiveUp(reason) = repair {
                    let status = answer.status.as_u16();
                    return Err(Failure::Never(format!("Zendesk rejected the ticket ({status}): {reason}")));
                }
                repair_with(zendesk, contents, &mut draft, repair, &mut not_delivered).await?;
                // A ticket that an earlier attempt created without external id was not found by it.
                if had_external_id
                    && !draft.ticket.contains_key(EXTERNAL_ID)
                    && contents.delivery.attempts > 1
                    && let Some(existing) = find_by_marker(zendesk, contents).await?
                {
                    return Ok(existing);
                }
            }
            status => {
                return Err(Failure::Never(format!("Zendesk rejected the ticket ({status}): {}", answer.message())));
            }
        }
    }
    Err(Failure::Never(format!(
        "Zendesk rejected the ticket even without all optional parts: {}",
        draft.missing().join("; ")
    )))
}

/// Carries out the part of a repair that goes beyond the ticket itself.
async fn repair_with(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
    draft: &mut Draft,
    repair: Repair,
    not_delivered: &mut Vec<String>,
) -> Result<(), Failure> {
    match repair {
        Repair::Changed | Repair::GiveUp(_) => {}
        Repair::Anonymous(reason) => {
            draft.left_out.push(format!("the requester was rejected and replaced by one without an address: {reason}"));
            let mut ticket = Value::Object(std::mem::take(&mut draft.ticket));
            replace_requester(zendesk, contents, &mut ticket, not_delivered).await?;
            make_gateway_author(zendesk, &mut ticket).await?;
            draft.ticket = members(ticket);
        }
        Repair::UploadAgain => {
            let files = upload(zendesk, contents).await?;
            if let Some(Value::Object(comment)) = draft.ticket.get_mut("comment") {
                comment.insert("uploads".into(), json!(files.tokens));
            }
        }
        Repair::WithoutFiles(reason) => {
            let names: Vec<String> = contents.files.iter().map(|file| file.name.clone()).collect();
            draft.left_out.push(format!("the files were rejected: {reason}"));
            if let Some(Value::Object(comment)) = draft.ticket.get_mut("comment") {
                comment.remove("uploads");
                let body = comment.get("body").and_then(Value::as_str).unwrap_or_default();
                let body = comment::render_message(body, &names);
                comment.insert("body".into(), json!(body));
            }
        }
    }
    Ok(())
}

/// Reports refused parts of a ticket in the log and in an internal note. The delivery does not depend on the note.
async fn report(zendesk: &Zendesk, contents: &DeliveryContents<'_>, external: &ExternalTicketRef, left_out: &[String]) {
    let (delivery, reference) = (contents.delivery, contents.ticket.reference.as_str());
    for reason in left_out {
        let (site, destination) = (&delivery.site, &delivery.destination);
        tracing::warn!(
            site = site.as_str(),
            destination = destination.as_str(),
            reference,
            reason,
            "delivery part rejected"
        );
    }
    let note = format!("Zendesk rejected parts of this ticket, so they were left out:\n- {}", left_out.join("\n- "));
    let error = match write_note(zendesk, &format!("{}/refused", contents.key()), external, &note).await {
        Ok(answer) if answer.status.is_success() => return,
        Ok(answer) => answer.message(),
        Err(failure) => failure.to_string(),
    };
    tracing::warn!(
        site = delivery.site.as_str(),
        destination = delivery.destination.as_str(),
        reference,
        error,
        "note about rejected parts not written"
    );
}

/// The key of an attempt. A new one after something was left out, because a key belongs to a body.
fn idempotency_key(contents: &DeliveryContents<'_>, round: usize) -> String {
    let now = clock::now();
    let window = now.since(contents.delivery.first_attempt_at.unwrap_or(now)).as_secs() / KEY_SECONDS;
    format!("{}.{window}.{round}", contents.key())
}

/// Values that differ from the request, although the ticket was accepted.
fn differences(requested: &Value, accepted: &Value) -> Vec<String> {
    let mut not_delivered = Vec::new();
    for part in ["ticket_form_id", "brand_id", "group_id", "assignee_id", "priority", "type"] {
        let (requested, accepted) = (requested.get(part), accepted.get(part));
        if requested.is_some() && accepted.is_some() && requested != accepted {
            not_delivered.push(format!(
                "{part} is {} in Zendesk instead of {}",
                or_nothing(accepted),
                or_nothing(requested)
            ));
        }
    }
    let fields = |ticket: &Value| ticket.get("custom_fields").and_then(Value::as_array).cloned();
    if let Some(accepted) = fields(accepted) {
        for requested in fields(requested).unwrap_or_default() {
            let counterpart = accepted.iter().find(|field| field.get("id") == requested.get("id"));
            let text = |field: Option<&Value>| field.and_then(|field| field.get("value")).map(as_text);
            if text(counterpart) != text(Some(&requested)) {
                not_delivered.push(format!(
                    "the field {} does not have the value {}",
                    or_nothing(requested.get("id")),
                    or_nothing(requested.get("value"))
                ));
            }
        }
    }
    not_delivered
}

fn or_nothing(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".into(), Value::to_string)
}

/// The mapped values of a ticket. Values that the account does not have are left out and reported.
fn mapped_values(
    mapping: &Mapping,
    ticket: &StoredTicket,
    account_fields: Option<&[TicketField]>,
    not_delivered: &mut Vec<String>,
) -> Value {
    let (submitted, handling) = (&ticket.ticket, &ticket.handling);
    let mut values = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|_| !submitted.test || !ROUTING_FIELDS.contains(&name)) {
            values.insert(name.into(), value);
        }
    };
    set("brand_id", mapping.brand.map(Value::from));
    set("ticket_form_id", mapping.form.map(Value::from));
    set("recipient", mapping.recipient.clone().map(Value::from));
    set("priority", mapping.priorities.get(&handling.severity).cloned().map(Value::from));
    set("type", mapping.types.get(&submitted.kind).cloned().map(Value::from));
    let owner = handling.owner.and_then(|owner: Owner| mapping.owners.get(&owner));
    set("group_id", mapping.groups.get(&handling.team).or(owner).copied().map(Value::from));
    set("assignee_id", mapping.assignees.get(&handling.assignee).copied().map(Value::from));
    let mut tags: Vec<String> =
        mapping.tags.iter().filter_map(|tag| fill(ticket, tag)).map(|tag| as_tag(&tag)).collect();
    if !matches!(address(submitted), Address::Signed(_)) {
        tags.push(UNVERIFIED_TAG.into());
    }
    if submitted.test {
        tags.push(TEST_TAG.into());
    }
    set("tags", (!tags.is_empty()).then(|| json!(tags)));
    let mut fields = Vec::new();
    for (id, rule) in &mapping.fields {
        let Some(text) = fill(ticket, &rule.from) else { continue };
        let text = rule.choices.get(&text).unwrap_or(&text);
        let value = match account_fields.map(|account_fields| account_fields.iter().find(|field| field.id == *id)) {
            None => Ok(json!(text)),
            Some(None) => Err(format!("there is no field {id} in Zendesk")),
            Some(Some(field)) => field.value_of(text),
        };
        match value {
            Ok(value) => fields.push(json!({"id": id, "value": value})),
            Err(reason) => not_delivered.push(reason),
        }
    }
    set("custom_fields", (!fields.is_empty()).then(|| json!(fields)));
    Value::Object(values)
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
async fn receipt_of(zendesk: &Zendesk, ticket: &Value) -> Result<Option<DeliveryReceipt>, Failure> {
    let id = |name: &str| ticket.get(name).and_then(Value::as_u64);
    let Some(external_id) = id("id").map(|id| id.to_string()) else { return Ok(None) };
    let own_id = zendesk.people.own_user_id(&zendesk.client).await?;
    let requester = id("requester_id").filter(|requester| *requester != own_id);
    let external = ExternalTicketRef {
        external_id: ExternalId::new(&external_id),
        requester: requester.map(|id| id.to_string()).unwrap_or_default(),
        merged_after: None,
    };
    Ok(Some(DeliveryReceipt { external_id, external: Some(external), not_delivered: Vec::new() }))
}

fn is_mismatch(answer: &Answer) -> bool {
    answer.body.get("error").and_then(Value::as_str) == Some("IdempotentRequestError")
}

/// Adds the members of an object to another.
pub fn merge(object: &mut Value, additions: Value) {
    if let (Value::Object(object), Value::Object(additions)) = (object, additions) {
        object.extend(additions);
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
    fn every_value_is_mapped_and_values_unknown_to_the_account_are_reported() {
        let account_fields =
            [field_of(7, "tagger", &["sev_1"]), field_of(8, "checkbox", &[]), field_of(9, "tagger", &["free"])];
        let mut not_delivered = Vec::new();
        let values = mapped_values(&mapping(), &stored(), Some(&account_fields), &mut not_delivered);
        assert_eq!(
            values,
            json!({
                "ticket_form_id": 12, "group_id": 33, "tags": ["deskbell", "plan_unverified_scale", "deskbell_unverified"],
                "custom_fields": [{"id": 7, "value": "sev_1"}, {"id": 8, "value": true}],
            })
        );
        assert_eq!(not_delivered, ["the field 9 (T) has no choice \"unverified_scale\""]);
    }

    #[test]
    fn values_that_differ_from_the_request_are_reported() {
        let requested = json!({"ticket_form_id": 12, "priority": "high", "custom_fields": [{"id": 7, "value": "x"}, {"id": 8, "value": true}]});
        let accepted = json!({"ticket_form_id": 1, "priority": "high", "group_id": 5, "custom_fields": [{"id": 7, "value": null}, {"id": 8, "value": true}]});
        assert_eq!(
            differences(&requested, &accepted),
            ["ticket_form_id is 1 in Zendesk instead of 12", "the field 7 does not have the value \"x\""]
        );
    }
}
