//! Tickets that an agent has merged into another one.
//!
//! Zendesk closes the merged ticket, tags it `closed_by_merge`, and adds a comment to both, with `via.source.rel = "merge"`. On the other
//! ticket that comment names the merged tickets (`via.source.from.ticket_ids`, and in its text, which may also quote another customer's last
//! comment). On the merged ticket only the text names the other one, in the language of the account or of the agent. So the named tickets are
//! looked up, and only one that says itself that this ticket was merged into it is followed. If it belongs to somebody else, nothing of it is
//! shown.

use serde_json::Value;

use crate::Zendesk;
use crate::account::{items, raw_items, read_items};
use crate::answers::{Comment, Ticket, encoded};
use crate::client::{Answer, Client, Request};
use deskbell_core::ids::ExternalId;
use deskbell_core::ports::ExternalTicketRef;
use deskbell_core::ports::destination::Failure;

/// The tag of a merged ticket.
const TAG: &str = "closed_by_merge";
/// How many merges in a row are followed.
const STEPS_MAX: usize = 5;
/// How many candidates for the other ticket are examined.
const CANDIDATES_MAX: usize = 5;
/// How many of a customer's tickets are listed to find it.
const LISTED: usize = 25;

/// The result of following a ticket.
pub struct Trail {
    /// The comments, oldest first, without the description and the notices about merges.
    pub comments: Vec<Comment>,
    /// The ticket at the end; none if it was merged and cannot be followed.
    pub end: Option<(Ticket, Answer)>,
    /// The external ticket, if it has changed.
    pub moved: Option<ExternalTicketRef>,
    /// A note for agents: that it continues elsewhere, or why it does not.
    pub note: Option<String>,
}

/// Reads a ticket, the one that it was merged into, and so on.
pub async fn follow(client: &Client, external: &ExternalTicketRef) -> Result<Trail, Failure> {
    let mut trail = Trail { comments: Vec::new(), end: None, moved: None, note: None };
    let (mut ticket, mut answer) = read_ticket(client, external.external_id.as_str()).await?;
    let mut remaining = comments(client, external.external_id.as_str()).await?;
    let mut external = external.clone();
    let mut visited = vec![ticket.id];
    for _ in 0..STEPS_MAX {
        let (notices, comments): (Vec<Comment>, Vec<Comment>) =
            own_comments(remaining, &external).into_iter().partition(is_notice);
        trail.comments.extend(comments);
        if !is_merged(&ticket, &notices) {
            trail.end = Some((ticket, answer));
            return Ok(trail);
        }
        let Some(target) = target(client, &ticket, &notices, &visited, &external).await? else {
            trail.note = Some(format!(
                "In Zendesk, {} was merged into another ticket that could not be found. The customer does not see \
                 that ticket. Their next message opens a new ticket.",
                external.external_id
            ));
            return Ok(trail);
        };
        let id = target.ticket.id;
        if target.ticket.requester_id.to_string() != external.requester || target.ticket.status == "deleted" {
            trail.note = Some(format!(
                "In Zendesk, {} was merged into {id}, which has another requester. To protect the other requester, \
                 the customer does not see {id}. Their next message opens a new ticket; answer them there or here.",
                external.external_id
            ));
            return Ok(trail);
        }
        trail.note = Some(format!(
            "In Zendesk, {} was merged into {id}. The conversation continues there: new public comments of {id} are \
             shown here.",
            external.external_id
        ));
        external = ExternalTicketRef {
            external_id: ExternalId::new(id.to_string()),
            merged_after: Some(target.notice),
            ..external
        };
        trail.moved = Some(external.clone());
        visited.push(id);
        (ticket, answer, remaining) = (target.ticket, target.answer, target.comments);
    }
    trail.note =
        Some(format!("In Zendesk, {} was merged too many times and is no longer followed.", external.external_id));
    Ok(trail)
}

/// The ticket that a closed one was merged into; none if it is closed for good.
pub async fn find_open_ticket(
    zendesk: &Zendesk,
    closed: &ExternalTicketRef,
) -> Result<Option<ExternalTicketRef>, Failure> {
    let trail = follow(&zendesk.client, closed).await?;
    Ok(trail.moved.filter(|_| trail.end.is_some_and(|(ticket, _)| ticket.status != "closed")))
}

/// Whether a comment is a notice about a merge. It is for agents, and may quote another customer.
pub fn is_notice(comment: &Comment) -> bool {
    let text = comment.text().trim_start();
    let says_so = text.starts_with("This request was closed and merged into request #")
        || text.starts_with("Request") && text.contains("closed and merged into this request");
    comment.via.pointer("/source/rel").and_then(Value::as_str) == Some("merge") || says_so
}

/// The comments after the description, or after the merge into this ticket. Earlier ones are removed before parsing, so that an unreadable one
/// does not affect the others.
fn own_comments(mut comments: Vec<Value>, external: &ExternalTicketRef) -> Vec<Comment> {
    let is_notice = |comment: &Value, notice: &str| {
        comment.get("id").and_then(Value::as_u64).is_some_and(|id| id.to_string() == notice)
    };
    let begin = match &external.merged_after {
        None => Some(1),
        Some(notice) => comments.iter().position(|comment| is_notice(comment, notice)).map(|index| index + 1),
    };
    // If the start of the customer's part is unknown, nothing is shown.
    comments.drain(..begin.unwrap_or(comments.len()).min(comments.len()));
    read_items(comments, "comments")
}

async fn comments(client: &Client, ticket: &str) -> Result<Vec<Value>, Failure> {
    raw_items(client, &format!("/api/v2/tickets/{ticket}/comments"), "comments").await
}

fn is_merged(ticket: &Ticket, notices: &[Comment]) -> bool {
    let says_so = |comment: &Comment| comment.text().trim_start().starts_with("This request was closed and merged");
    // Follow-ups have the tags of the ticket that they follow, and merges into this one have notices here as well.
    ticket.status == "closed"
        && !notices.is_empty()
        && (ticket.tags.iter().any(|tag| tag == TAG) || notices.iter().any(says_so))
}

/// A ticket that another was merged into.
struct Target {
    ticket: Ticket,
    answer: Answer,
    comments: Vec<Value>,
    /// The comment that says so.
    notice: String,
}

/// The ticket that a ticket was merged into: one that the notices name, or else another of the same requester.
async fn target(
    client: &Client,
    merged: &Ticket,
    notices: &[Comment],
    visited: &[u64],
    external: &ExternalTicketRef,
) -> Result<Option<Target>, Failure> {
    let named_ids = notices.iter().rev().flat_map(|notice| [ids_of_source(notice), numbers(notice.text())].concat());
    if let Some(target) = find_target(client, merged, named_ids.collect(), visited).await? {
        return Ok(Some(target));
    }
    // Agents can replace the number by any text.
    let Some(requester) = Some(&external.requester).filter(|requester| !requester.is_empty()) else { return Ok(None) };
    let path = format!(
        "/api/v2/users/{}/tickets/requested?sort_by=updated_at&sort_order=desc&per_page={LISTED}",
        encoded(requester)
    );
    let mut page = client.get(&path).await?.body;
    let tickets: Vec<Ticket> = items(&mut page, "tickets");
    let ids = tickets.iter().filter(|ticket| ticket.updated_at >= merged.updated_at).map(|ticket| ticket.id);
    find_target(client, merged, ids.collect(), visited).await
}

/// The first of some tickets that says itself that a ticket was merged into it.
async fn find_target(
    client: &Client,
    merged: &Ticket,
    mut ids: Vec<u64>,
    visited: &[u64],
) -> Result<Option<Target>, Failure> {
    let mut examined = visited.to_vec();
    ids.retain(|id| {
        let is_new = !examined.contains(id);
        examined.push(*id);
        is_new
    });
    for id in ids.into_iter().take(CANDIDATES_MAX) {
        let name = id.to_string();
        let reading = async { Ok((read_ticket(client, &name).await?, comments(client, &name).await?)) };
        let ((ticket, answer), comments) = match reading.await {
            Ok(ticket_and_comments) => ticket_and_comments,
            // It does not exist, or the gateway may not see it.
            Err(Failure::Never(_)) => continue,
            Err(failure) => return Err(failure),
        };
        let names = |comment: &&Comment| {
            is_notice(comment) && [ids_of_text(comment), self::ids_of_source(comment)].concat().contains(&merged.id)
        };
        if let Some(notice) =
            read_items(comments.clone(), "comments").iter().rev().find(names).map(|notice| notice.id.to_string())
        {
            return Ok(Some(Target { ticket, answer, comments, notice }));
        }
    }
    Ok(None)
}

fn ids_of_text(comment: &Comment) -> Vec<u64> {
    numbers(comment.text())
}

async fn read_ticket(client: &Client, id: &str) -> Result<(Ticket, Answer), Failure> {
    let path = format!("/api/v2/tickets/{id}");
    let answer = client.send(&Request::get(&path)).await?;
    match answer.status.as_u16() {
        200..=299 => {}
        403 | 404 => {
            return Err(Failure::Never(format!("there is no ticket {id} in Zendesk that the gateway can see")));
        }
        status => return Err(Failure::Never(format!("Zendesk replied {status} to {path}: {}", answer.message()))),
    }
    let ticket = serde_json::from_value(answer.body.get("ticket").cloned().unwrap_or_default())
        .map_err(|_| Failure::later("Zendesk's response contains no ticket"))?;
    Ok((ticket, answer))
}

/// The tickets in the source of a comment.
fn ids_of_source(comment: &Comment) -> Vec<u64> {
    let source = |side: &str, name: &str| comment.via.pointer(&format!("/source/{side}/{name}"));
    let single = ["to", "from"].into_iter().filter_map(|side| source(side, "ticket_id")?.as_u64());
    let several = ["to", "from"].into_iter().filter_map(|side| source(side, "ticket_ids")?.as_array()).flatten();
    single.chain(several.filter_map(Value::as_u64)).collect()
}

/// The numbers after a `#` in a text.
fn numbers(text: &str) -> Vec<u64> {
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    text.split('#').skip(1).filter_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn comment(text: &str, via: Value) -> Comment {
        serde_json::from_value(json!({"id": 1, "public": true, "body": text, "via": via})).unwrap()
    }

    #[test]
    fn merge_notices_are_recognized_by_source_or_wording() {
        let merge = json!({"channel": "web", "source": {"from": {"ticket_ids": [35, 37]}, "to": {}, "rel": "merge"}});
        let web = json!({"channel": "web", "source": {"from": {}, "to": {}, "rel": null}});
        for (text, via, is_one) in [
            ("Diese Anfrage wurde geschlossen und mit #36 zusammengeführt.", &merge, true),
            ("This request was closed and merged into request #36 \"Export\".", &web, true),
            (
                "Request #35 \"Export\" was closed and merged into this request. Last comment in request #35:\n\nx",
                &web,
                true,
            ),
            ("Requests #35, #37 were closed and merged into this request.", &web, true),
            ("Please merge the branch into request handling.", &web, false),
            ("Your request was closed.", &Value::Null, false),
        ] {
            assert_eq!(is_notice(&comment(text, via.clone())), is_one, "{text}");
        }
        assert_eq!(ids_of_source(&comment("", merge)), [35, 37]);
        assert_eq!(numbers("Requests #35, #37 were; # 3 and #x"), [35, 37]);
    }

    #[test]
    fn merges_need_a_closed_ticket_with_a_notice_and_not_only_a_tag() {
        let ticket = |status: &str, tags: &[&str]| -> Ticket {
            serde_json::from_value(json!({"id": 35, "status": status, "tags": tags})).unwrap()
        };
        let source = json!({"source": {"rel": "merge"}});
        let notice = || vec![comment("weg", source.clone())];
        assert!(is_merged(&ticket("closed", &["x", TAG]), &notice()));
        assert!(!is_merged(&ticket("open", &[TAG]), &notice()));
        assert!(!is_merged(&ticket("closed", &[TAG]), &[]));
        assert!(!is_merged(&ticket("closed", &[]), &notice()));
        assert!(is_merged(
            &ticket("closed", &[]),
            &[comment("This request was closed and merged into request #36", Value::Null)]
        ));
    }
}
