//! Finds the open tickets of a customer that are similar to a draft.

use std::sync::Arc;

use super::SimilarTicketsError;
use super::summary::listed_summary;
use crate::ids::SiteKey;
use crate::json;
use crate::ports::{Conversations, Reader};
use crate::rules::similar_tickets::{COMPARED_MAX, Text, find_similar};
use domain::conversation::{Draft, Summaries, Summary};

/// Finds similar tickets.
pub struct FindSimilar {
    conversations: Arc<dyn Conversations>,
}

impl FindSimilar {
    /// Searches a store.
    pub fn new(conversations: Arc<dyn Conversations>) -> FindSimilar {
        FindSimilar { conversations }
    }

    /// The open tickets of a reader that are similar to a draft.
    pub async fn find(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        body: &[u8],
    ) -> Result<Summaries, SimilarTicketsError> {
        let draft = json::parse::<Draft>(body)?;
        let open = self.conversations.customer_excerpts(site, reader, COMPARED_MAX as u32).await?;
        // Stemming takes a while, and must not block other requests.
        let found = tokio::task::spawn_blocking(move || {
            let texts: Vec<Text> =
                open.iter().map(|(ticket, message)| Text { topic: &ticket.handling.topic, message }).collect();
            let found = find_similar(Text { topic: &draft.topic, message: &draft.message }, &texts);
            let summaries = found.iter().filter_map(|index| open.get(*index)).map(|(ticket, _)| listed_summary(ticket));
            summaries.collect::<Vec<Summary>>()
        });
        let tickets = found.await.map_err(|_| SimilarTicketsError::Comparison)?;
        let (count, unread) = (tickets.len() as u32, tickets.iter().map(|ticket| ticket.unread).sum());
        Ok(Summaries { tickets, total: count, open: count, unread, next: None })
    }
}
