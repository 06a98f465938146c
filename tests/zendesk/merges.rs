//! Tickets that an agent merges into another: closed, tagged, and with a comment on both.

use serde::Deserialize;
use serde_json::{Map, json};

use super::comments::{self, NewComment, Occasion};
use super::errors::{Refusal, invalid};
use super::tickets::{self, known};
use super::{State, account};

/// The parameters of a merge.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Merging {
    /// The ticket into which it is merged.
    pub into: u64,
    /// The comment on the merged ticket; Zendesk's default if none.
    pub source_comment: Option<String>,
    /// The comment on the other ticket; Zendesk's default, with the last comment, if none.
    pub target_comment: Option<String>,
    /// Whether the comments are public.
    pub public: bool,
}

/// Merges a ticket into another.
pub fn merge(state: &mut State, source: u64, merging: &Merging) -> Result<(), Refusal> {
    let Merging { into, public, .. } = *merging;
    let (from, to) = (known(state, source)?, known(state, into)?);
    if source == into || from.status == "closed" || to.status == "closed" {
        return Err(invalid("base", "Merge: the tickets cannot be merged", "InvalidValue"));
    }
    let last = from.comments.last().map(|comment| comment.body.clone()).unwrap_or_default();
    let merged = merging
        .source_comment
        .clone()
        .unwrap_or_else(|| format!("This request was closed and merged into request #{into} \"{}\".", to.subject));
    let come = merging.target_comment.clone().unwrap_or_else(|| {
        format!(
            "Request #{source} \"{}\" was closed and merged into this request. Last comment in request #{source}:\n\n{last}",
            from.subject
        )
    });
    for (ticket, body, ids) in [(source, merged, Vec::new()), (into, come, vec![source])] {
        let audit = state.next_id();
        let occasion = Occasion { by: account::GRACE, via: "web", audit, custom: Map::new() };
        let id = comments::add(state, ticket, NewComment { body, public, ..NewComment::default() }, occasion);
        let from = if ids.is_empty() { json!({}) } else { json!({ "ticket_ids": ids }) };
        let comments = state.tickets.get_mut(&ticket).map(|ticket| ticket.comments.as_mut_slice()).unwrap_or_default();
        for comment in comments.iter_mut().filter(|comment| comment.id == id) {
            comment.source = json!({ "from": from, "to": {}, "rel": "merge" });
        }
    }
    if let Some(ticket) = state.tickets.get_mut(&source) {
        ticket.tags.push("closed_by_merge".into());
    }
    tickets::set_status(state, source, "closed", account::GRACE)
}
