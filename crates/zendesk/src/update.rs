//! Adds comments to an existing ticket, and solves or reopens it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::answers::comments;
use crate::braces::{inert, make_inert};
use crate::client::{Answer, Body, Request};
use crate::create::{follow_up, merge, upload};
use crate::refusal::{Fault, Part, faults};
use crate::{EXTERNAL_ID_PREFIX, Zendesk, create, merges};
use deskbell_core::ports::ExternalTicketRef;
use deskbell_core::ports::destination::{ClaimHold, DeliveryContents, DeliveryReceipt, Failure};
use deskbell_core::rules::comment;
use deskbell_core::rules::sender::Sender;
use deskbell_core::timestamp::Timestamp;
use domain::conversation::{Author, Message};

/// How often an update is sent in one attempt, each time without something that was refused.
const REPAIRS_MAX: usize = 6;
/// How far clocks may differ, including the fractions that Zendesk's times do not have.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// Delivers a message. Updates have no idempotency key, so an earlier attempt is looked up by its id.
pub async fn deliver_message(zendesk: &Zendesk, contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure> {
    let external = require_external_ticket(contents)?;
    let is_customers = message_of(contents)?.author == Author::Customer;
    let failure = match add_comment(zendesk, contents, external).await? {
        UpdateOutcome::Done(delivered) => return Ok(delivered),
        UpdateOutcome::Closed(update, not_delivered) => match merges::find_open_ticket(zendesk, external).await? {
            // The ticket itself is followed when it is polled, once all its earlier comments are read.
            Some(open) => match add_comment(zendesk, contents, &open).await? {
                UpdateOutcome::Done(delivered) => return Ok(delivered),
                UpdateOutcome::Closed(..) => Failure::later("the ticket into which it was merged has just been closed"),
            },
            None if is_customers => return follow_up(zendesk, contents, external, update, not_delivered).await,
            None => Failure::Never("Zendesk rejected it: the ticket is closed".into()),
        },
    };
    Err(failure)
}

/// The outcome of a comment.
enum UpdateOutcome {
    /// It was added.
    Done(DeliveryReceipt),
    /// The ticket is closed; with the comment, and what is missing from it.
    Closed(Value, Vec<String>),
}

async fn add_comment(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
    external: &ExternalTicketRef,
) -> Result<UpdateOutcome, Failure> {
    let message = message_of(contents)?;
    if contents.delivery.attempts > 1
        && let Some(existing) = find(zendesk, contents, external).await?
    {
        return Ok(UpdateOutcome::Done(existing));
    }
    let mut speaker = Speaker::new(zendesk, contents);
    let (mut files, mut not_delivered) = (upload(zendesk, contents).await?, Vec::new());
    let (mut is_opened, mut uploads, mut missing) = (message.author == Author::Customer, 0, files.missing.clone());
    for _ in 0..REPAIRS_MAX {
        let body = comment::render_message(&words(contents, speaker), &missing);
        // An automatic reply is for the agents' information, and the customer has it already.
        let public = message.author != Author::Automatic && speaker != Speaker::Gateway;
        let mut comment = json!({"body": body, "public": public, "uploads": files.tokens});
        let author = match speaker {
            Speaker::Requester => external.requester.parse::<u64>().ok(),
            Speaker::Gateway => Some(zendesk.people.own_user_id(&zendesk.client).await?),
            Speaker::Support => None,
        };
        if let Some(author) = author {
            merge(&mut comment, json!({"author_id": author}));
        }
        let mut ticket = json!({"metadata": {"deskbell": contents.key()}, "comment": comment});
        if is_opened {
            merge(&mut ticket, json!({"status": "open"}));
        }
        let answer = change(zendesk, external, ticket.clone(), Some(contents.hold)).await?;
        match answer.status.as_u16() {
            403 => return Err(answer.forbidden()),
            200..=299 => {
                warn_of_refused(contents, &not_delivered);
                not_delivered.splice(0..0, files.not_delivered);
                let external_id = comment_id(&answer).unwrap_or_default();
                return Ok(UpdateOutcome::Done(DeliveryReceipt { external_id, external: None, not_delivered }));
            }
            404 => {
                return Err(Failure::Never(format!("the ticket {} no longer exists in Zendesk", external.external_id)));
            }
            409 => return Err(Failure::later("the ticket was changed in Zendesk at the same time")),
            422 if is_closed(&answer) => {
                return Ok(UpdateOutcome::Closed(comment, [files.not_delivered, not_delivered].concat()));
            }
            400 | 413 | 422 => {}
            status => return Err(Failure::Never(format!("Zendesk rejected it ({status}): {}", answer.message()))),
        }
        // A refused part costs only itself.
        let faults = faults(&answer.body, ticket.as_object().unwrap_or(&Map::new()), &[]);
        if faults.iter().any(Fault::is_suspension) {
            return Err(Failure::Never(format!(
                "Zendesk rejected it: its author is suspended in Zendesk: {}",
                answer.message()
            )));
        }
        let mut changed = false;
        for Fault { part, message: reason, .. } in &faults {
            match part {
                Some(Part::Files) if uploads == 0 && !files.tokens.is_empty() => {
                    uploads += 1;
                    files = upload(zendesk, contents).await?;
                }
                Some(Part::Files) if !files.tokens.is_empty() => {
                    files.tokens.clear();
                    missing = contents.files.iter().map(|file| file.name.clone()).collect();
                    not_delivered.push(format!("the files were rejected: {reason}"));
                }
                Some(Part::Author | Part::Requester) if speaker == Speaker::Requester => {
                    speaker = Speaker::Gateway;
                    not_delivered.push(format!(
                        "the author was rejected, so the message was added as a private comment by the user of the \
                         gateway: {reason}"
                    ));
                }
                Some(Part::Member("status")) if is_opened => {
                    is_opened = false;
                    not_delivered.push(format!("the ticket could not be reopened: {reason}"));
                }
                _ => continue,
            }
            changed = true;
        }
        if !changed {
            return Err(Failure::Never(format!(
                "Zendesk rejected it ({}): {}",
                answer.status.as_u16(),
                answer.message()
            )));
        }
    }
    Err(Failure::Never("Zendesk rejected it even without all optional parts".into()))
}

fn warn_of_refused(contents: &DeliveryContents<'_>, not_delivered: &[String]) {
    let (delivery, reference) = (contents.delivery, contents.ticket.reference.as_str());
    for reason in not_delivered {
        let (site, destination) = (&delivery.site, &delivery.destination);
        tracing::warn!(
            site = site.as_str(),
            destination = destination.as_str(),
            reference,
            reason,
            "delivery part rejected"
        );
    }
}

fn require_external_ticket<'a>(contents: &DeliveryContents<'a>) -> Result<&'a ExternalTicketRef, Failure> {
    contents.external.ok_or_else(|| Failure::Never("the external ticket is unknown".into()))
}

fn message_of<'a>(contents: &DeliveryContents<'a>) -> Result<&'a Message, Failure> {
    contents.message.ok_or_else(|| Failure::Never("the delivery has no message".into()))
}

/// The author in Zendesk of a message from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    /// The customer.
    Requester,
    /// The gateway's own user, in a private comment, for a customer with an unsigned address. As the requester's comment it could be attributed
    /// to somebody else, and in public it would be mailed to them.
    Gateway,
    /// The user that the gateway is logged in as, for support.
    Support,
}

impl Speaker {
    fn new(zendesk: &Zendesk, contents: &DeliveryContents<'_>) -> Speaker {
        if contents.message.is_none_or(|message| message.author != Author::Customer) {
            return Speaker::Support;
        }
        match Sender::new(contents.ticket, zendesk.unverified) {
            Sender::Signed(_) => Speaker::Requester,
            Sender::Contact(_) | Sender::Alias => Speaker::Gateway,
        }
    }
}

/// The text of a message, below the notice for agents about its author.
fn words(contents: &DeliveryContents<'_>, speaker: Speaker) -> String {
    let body = contents.message.map(|message| message.body.as_str()).unwrap_or_default();
    match comment::verification_notice(contents.ticket).filter(|_| speaker == Speaker::Gateway) {
        Some(notice) => format!("{notice}\n\n{body}"),
        None => body.into(),
    }
}

/// Adds a note that the sender's address is confirmed.
pub async fn deliver_confirmation(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
) -> Result<DeliveryReceipt, Failure> {
    let external = require_external_ticket(contents)?;
    if let Some(existing) = find_note(zendesk, contents, external).await? {
        return Ok(existing);
    }
    let notice = comment::verification_notice(contents.ticket).unwrap_or_default();
    let mut answer = write_note(zendesk, &contents.key(), external, &notice).await?;
    if is_closed(&answer)
        && let Some(open) = merges::find_open_ticket(zendesk, external).await?
    {
        answer = write_note(zendesk, &contents.key(), &open, &notice).await?;
    }
    match answer.status.as_u16() {
        200..=299 => {
            Ok(DeliveryReceipt { external_id: comment_id(&answer).unwrap_or_default(), ..DeliveryReceipt::default() })
        }
        403 => Err(answer.forbidden()),
        409 => Err(Failure::later("the ticket was changed in Zendesk at the same time")),
        422 if is_closed(&answer) => Ok(DeliveryReceipt::default()),
        status => Err(Failure::Never(format!("Zendesk rejected the note ({status}): {}", answer.message()))),
    }
}

/// Delivers that the ticket was solved or reopened.
pub async fn deliver_status(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
    status: &str,
) -> Result<DeliveryReceipt, Failure> {
    let external = require_external_ticket(contents)?;
    let mut answer = change(zendesk, external, json!({"status": status}), Some(contents.hold)).await?;
    let open = if is_closed(&answer) { merges::find_open_ticket(zendesk, external).await? } else { None };
    let external = open.as_ref().unwrap_or(external);
    if open.is_some() {
        answer = change(zendesk, external, json!({"status": status}), Some(contents.hold)).await?;
    }
    match answer.status.as_u16() {
        200..=299 => Ok(DeliveryReceipt::default()),
        403 => Err(answer.forbidden()),
        404 => Err(Failure::Never(format!("the ticket {} no longer exists in Zendesk", external.external_id))),
        409 => Err(Failure::later("the ticket was changed in Zendesk at the same time")),
        422 if is_closed(&answer) && status == "solved" => Ok(DeliveryReceipt::default()),
        422 if is_closed(&answer) => {
            let not_delivered = "the ticket is closed in Zendesk and stays closed; the customer's next message opens \
                a follow-up ticket";
            Ok(DeliveryReceipt { not_delivered: vec![not_delivered.into()], ..DeliveryReceipt::default() })
        }
        // Agents have to fill in something first; they are told.
        422 => {
            let message = answer.message();
            let external_id = match find_note(zendesk, contents, external).await? {
                Some(earlier_note) => earlier_note.external_id,
                None => {
                    let note = format!("Set to {status} in Deskbell.");
                    let answer = write_note(zendesk, &contents.key(), external, &note).await?;
                    comment_id(&answer).unwrap_or_default()
                }
            };
            let not_delivered =
                format!("the status could not be set to {status} in Zendesk, so a note was added: {message}");
            Ok(DeliveryReceipt { external_id, not_delivered: vec![not_delivered], ..DeliveryReceipt::default() })
        }
        code => Err(Failure::Never(format!("Zendesk rejected the status {status} ({code}): {}", answer.message()))),
    }
}

/// The note of an earlier attempt, by the id in its metadata.
async fn find_note(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
    external: &ExternalTicketRef,
) -> Result<Option<DeliveryReceipt>, Failure> {
    if contents.delivery.attempts <= 1 {
        return Ok(None);
    }
    let note = comments(zendesk, external).await?.into_iter().find(|comment| comment.marker() == Some(&contents.key()));
    Ok(note.map(|note| DeliveryReceipt { external_id: note.id.to_string(), ..DeliveryReceipt::default() }))
}

/// Adds a private note, with an id by which it is recognised.
pub async fn write_note(
    zendesk: &Zendesk,
    name: &str,
    external: &ExternalTicketRef,
    text: &str,
) -> Result<Answer, Failure> {
    let note = json!({"comment": {"body": text, "public": false}, "metadata": {"deskbell": name}});
    change(zendesk, external, note, None).await
}

/// The comment of an earlier attempt: by the id in its metadata, or else the same text of the same author. The notice for agents may have
/// changed since.
async fn find(
    zendesk: &Zendesk,
    contents: &DeliveryContents<'_>,
    external: &ExternalTicketRef,
) -> Result<Option<DeliveryReceipt>, Failure> {
    let begin = contents.delivery.first_attempt_at.map(|first_attempt_at| first_attempt_at - CLOCK_DIFFERENCE);
    let by_requester = Speaker::new(zendesk, contents) == Speaker::Requester;
    let words = inert(contents.message.map(|message| message.body.as_str()).unwrap_or_default());
    let earlier = comments(zendesk, external).await?.into_iter().find(|comment| {
        let is_same_text = begin
            .is_none_or(|begin| comment.created_at.parse::<Timestamp>().is_ok_and(|created_at| created_at >= begin))
            && comment::matches_message(comment.text(), &words)
            && (comment.author_id.to_string() == external.requester) == by_requester;
        comment.marker() == Some(&contents.key()) || comment.marker().is_none() && is_same_text
    });
    if let Some(comment) = earlier {
        return Ok(Some(DeliveryReceipt { external_id: comment.id.to_string(), ..DeliveryReceipt::default() }));
    }
    // It may have become a ticket of its own.
    create::find(zendesk, &format!("{EXTERNAL_ID_PREFIX}{}", contents.key())).await
}

/// Changes a ticket, unless another gateway may have done it: updates have no idempotency key.
async fn change(
    zendesk: &Zendesk,
    external: &ExternalTicketRef,
    ticket: Value,
    hold: Option<&ClaimHold>,
) -> Result<Answer, Failure> {
    let (path, mut body) = (format!("/api/v2/tickets/{}", external.external_id), json!({"ticket": ticket}));
    make_inert(&mut body);
    zendesk.client.send(&Request { body: Body::Json(&body), hold, ..Request::put(&path) }).await
}

/// The comment of an update.
fn comment_id(answer: &Answer) -> Option<String> {
    let events = answer.body.pointer("/audit/events")?.as_array()?;
    let comment = events.iter().find(|event| event.get("type").and_then(Value::as_str) == Some("Comment"))?;
    comment.get("id").and_then(Value::as_u64).map(|id| id.to_string())
}

fn is_closed(answer: &Answer) -> bool {
    answer.status.as_u16() == 422
        && answer.details().any(|(name, message)| name == "status" && message.to_lowercase().contains("closed"))
}
