//! Saying something about a ticket that is there, and saying that it is solved or not.

use serde_json::{Value, json};

use super::super::{Delivered, Failure, Parcel, Sender, comment};
use super::answers::comments;
use super::braces::{inert, make_inert};
use super::client::{Answer, Body, Request};
use super::create::{follow_up, is_about_files, merge, upload};
use super::{OURS, Zendesk, create};
use crate::domain::conversation::Author;
use crate::gateway::store::Place;

/// Brings there what was said. Updates take no key, so a try that may have arrived is looked for by its name.
pub async fn message(zendesk: &Zendesk, parcel: &Parcel<'_>) -> Result<Delivered, Failure> {
    let place = parcel.place.ok_or_else(|| Failure::Never("nobody knows where its ticket is in Zendesk".into()))?;
    let message = parcel.message.ok_or_else(|| Failure::Never("there is nothing to say".into()))?;
    if parcel.delivery.tries > 1
        && let Some(found) = find(zendesk, parcel, place).await?
    {
        return Ok(found);
    }
    let files = upload(zendesk, parcel).await?;
    let speaker = Speaker::new(zendesk, parcel);
    let body = comment::reply(&words(parcel, speaker), &files.missing);
    // What was answered by itself is for agents to know, and the customer has it already.
    let public = message.author != Author::Automatic && speaker != Speaker::Gateway;
    let mut comment = json!({"body": body, "public": public, "uploads": files.tokens});
    let mut ticket = json!({"metadata": {"deskbell": parcel.id()}});
    if message.author == Author::Customer {
        merge(&mut ticket, json!({"status": "open"}));
    }
    let author = match speaker {
        Speaker::Requester => place.requester.parse::<u64>().ok(),
        Speaker::Gateway => Some(zendesk.people.own(&zendesk.client).await?),
        Speaker::Support => None,
    };
    if let Some(author) = author {
        merge(&mut comment, json!({"author_id": author}));
    }
    merge(&mut ticket, json!({"comment": comment}));
    let answer = change(zendesk, place, ticket).await?;
    match answer.status.as_u16() {
        403 => Err(answer.forbidden()),
        200..=299 => Ok(Delivered { remote: comment_id(&answer).unwrap_or_default(), place: None, told: files.told }),
        404 => Err(Failure::Never(format!("there is no ticket {} in Zendesk any more", place.remote))),
        409 => Err(Failure::later("somebody has changed the ticket in Zendesk at the same time")),
        422 if is_closed(&answer) && message.author == Author::Customer => {
            follow_up(zendesk, parcel, place, comment, files.told).await
        }
        422 if is_about_files(&answer) => {
            Err(Failure::later(format!("Zendesk does not take the files: {}", answer.says())))
        }
        status => Err(Failure::Never(format!("Zendesk refuses it ({status}): {}", answer.says()))),
    }
}

/// Who says in Zendesk what was said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    /// The customer, for themselves.
    Requester,
    /// The gateway's own user, among agents, for a customer whose address nobody has signed: said in the name of the requester it would be
    /// somebody else's word, and said in public it would be mailed to them.
    Gateway,
    /// Whoever the gateway is logged in as, for support.
    Support,
}

impl Speaker {
    fn new(zendesk: &Zendesk, parcel: &Parcel<'_>) -> Speaker {
        if parcel.message.is_none_or(|message| message.author != Author::Customer) {
            return Speaker::Support;
        }
        match Sender::new(parcel.ticket, zendesk.unverified) {
            Sender::Signed(_) => Speaker::Requester,
            Sender::Contact(_) | Sender::Alias => Speaker::Gateway,
        }
    }
}

/// What a message says; what agents have to know of whoever wrote it stands above it.
fn words(parcel: &Parcel<'_>, speaker: Speaker) -> String {
    let body = parcel.message.map(|message| message.body.as_str()).unwrap_or_default();
    match comment::notice(parcel.ticket).filter(|_| speaker == Speaker::Gateway) {
        Some(notice) => format!("{notice}\n\n{body}"),
        None => body.into(),
    }
}

/// Notes there that the address of the sender is confirmed.
pub async fn confirmed(zendesk: &Zendesk, parcel: &Parcel<'_>) -> Result<Delivered, Failure> {
    let place = parcel.place.ok_or_else(|| Failure::Never("nobody knows where its ticket is in Zendesk".into()))?;
    if let Some(known) = find_note(zendesk, parcel, place).await? {
        return Ok(known);
    }
    let answer = write_note(zendesk, parcel, place, &comment::notice(parcel.ticket).unwrap_or_default()).await?;
    match answer.status.as_u16() {
        200..=299 => Ok(Delivered { remote: comment_id(&answer).unwrap_or_default(), ..Delivered::default() }),
        403 => Err(answer.forbidden()),
        409 => Err(Failure::later("somebody has changed the ticket in Zendesk at the same time")),
        422 if is_closed(&answer) => Ok(Delivered::default()),
        status => Err(Failure::Never(format!("Zendesk refuses the note ({status}): {}", answer.says()))),
    }
}

/// Brings there that it is solved, or open again.
pub async fn status(zendesk: &Zendesk, parcel: &Parcel<'_>, status: &str) -> Result<Delivered, Failure> {
    let place = parcel.place.ok_or_else(|| Failure::Never("nobody knows where its ticket is in Zendesk".into()))?;
    let answer = change(zendesk, place, json!({"status": status})).await?;
    match answer.status.as_u16() {
        200..=299 => Ok(Delivered::default()),
        403 => Err(answer.forbidden()),
        404 => Err(Failure::Never(format!("there is no ticket {} in Zendesk any more", place.remote))),
        409 => Err(Failure::later("somebody has changed the ticket in Zendesk at the same time")),
        422 if is_closed(&answer) && status == "solved" => Ok(Delivered::default()),
        422 if is_closed(&answer) => {
            let told = "the ticket is closed in Zendesk and stays so; what the customer says next opens one that follows it up";
            Ok(Delivered { told: vec![told.into()], ..Delivered::default() })
        }
        // Agents have to fill in something first; they are told, and see to it.
        422 => {
            let says = answer.says();
            let remote = match find_note(zendesk, parcel, place).await? {
                Some(known) => known.remote,
                None => {
                    let note = format!("In Deskbell this was set to {status}.");
                    let answer = write_note(zendesk, parcel, place, &note).await?;
                    comment_id(&answer).unwrap_or_default()
                }
            };
            let told = format!("it could not be set to {status} in Zendesk, where a note says so now: {says}");
            Ok(Delivered { remote, told: vec![told], ..Delivered::default() })
        }
        code => Err(Failure::Never(format!("Zendesk refuses that it is {status} ({code}): {}", answer.says()))),
    }
}

/// The note that an earlier try has made, by the name in its metadata.
async fn find_note(zendesk: &Zendesk, parcel: &Parcel<'_>, place: &Place) -> Result<Option<Delivered>, Failure> {
    if parcel.delivery.tries <= 1 {
        return Ok(None);
    }
    let known = comments(zendesk, place).await?.into_iter().find(|one| one.marker() == Some(&parcel.id()));
    Ok(known.map(|known| Delivered { remote: known.id.to_string(), ..Delivered::default() }))
}

/// Writes a note that only agents read.
async fn write_note(zendesk: &Zendesk, parcel: &Parcel<'_>, place: &Place, text: &str) -> Result<Answer, Failure> {
    let note = json!({"comment": {"body": text, "public": false}, "metadata": {"deskbell": parcel.id()}});
    change(zendesk, place, note).await
}

/// The comment that an earlier try has made: by the name in its metadata, or else the same words of the same person. What agents are warned
/// of may have changed since.
async fn find(zendesk: &Zendesk, parcel: &Parcel<'_>, place: &Place) -> Result<Option<Delivered>, Failure> {
    let since = parcel.delivery.tried_at.as_deref().unwrap_or_default();
    let by_requester = Speaker::new(zendesk, parcel) == Speaker::Requester;
    let words = inert(parcel.message.map(|message| message.body.as_str()).unwrap_or_default());
    let found = comments(zendesk, place).await?.into_iter().find(|known| {
        let same = known.created_at.as_str() >= minute_before(since).as_str()
            && comment::contains(known.text(), &words)
            && (known.author_id.to_string() == place.requester) == by_requester;
        known.marker() == Some(&parcel.id()) || known.marker().is_none() && same
    });
    if let Some(comment) = found {
        return Ok(Some(Delivered { remote: comment.id.to_string(), ..Delivered::default() }));
    }
    // It may have become a ticket of its own.
    create::find(zendesk, &format!("{OURS}{}", parcel.id())).await
}

async fn change(zendesk: &Zendesk, place: &Place, ticket: Value) -> Result<Answer, Failure> {
    let (path, mut body) = (format!("/api/v2/tickets/{}", place.remote), json!({"ticket": ticket}));
    make_inert(&mut body);
    zendesk.client.send(&Request { body: Body::Json(&body), ..Request::put(&path) }).await
}

/// The comment that an update has made.
fn comment_id(answer: &Answer) -> Option<String> {
    let events = answer.body.pointer("/audit/events")?.as_array()?;
    let comment = events.iter().find(|event| event.get("type").and_then(Value::as_str) == Some("Comment"))?;
    comment.get("id").and_then(Value::as_u64).map(|id| id.to_string())
}

fn is_closed(answer: &Answer) -> bool {
    answer.details().any(|(name, says)| name == "status" && says.to_lowercase().contains("closed"))
}

/// Clocks differ, and Zendesk's times have no fractions.
fn minute_before(at: &str) -> String {
    let at = at.parse::<jiff::Timestamp>().ok().and_then(|at| at.checked_sub(std::time::Duration::from_secs(60)).ok());
    at.map(crate::gateway::clock::written).unwrap_or_default()
}
