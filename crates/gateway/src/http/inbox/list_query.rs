//! The filters of the list of tickets.

use serde::Deserialize;

use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{InboxCursor, View};
use domain::targets::Owner;
use domain::ticket::Status;

/// The query of the list; absent parameters are empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// The site of the tickets.
    pub site: String,
    /// `open`, `solved` or `button_for_all`; the default is open, and all when searching.
    pub status: String,
    /// The name of an [`Owner`].
    pub owner: String,
    /// A team.
    pub team: String,
    /// The name of an assignee.
    pub assignee: String,
    /// `yes` for test tickets, `no` for all others.
    pub test: String,
    /// Search words.
    pub q: String,
    /// The cursor of the page, from the page before; empty for the first.
    pub after: String,
}

impl ListQuery {
    /// The view that the filters select.
    pub fn view(&self) -> View {
        View {
            site: (!self.site.is_empty()).then(|| SiteKey::new(&self.site)),
            status: self.status(),
            owner: Owner::from_word(&self.owner),
            team: self.team.clone(),
            assignee: self.assignee.clone(),
            is_test: match self.test.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            words: self.q.clone(),
            received_since: None,
            is_newest_first: false,
        }
    }

    /// Whether it is the first page; also if the cursor is malformed.
    pub fn is_first_page(&self) -> bool {
        self.cursor().is_none()
    }

    /// The ticket after which the page begins.
    pub fn cursor(&self) -> Option<InboxCursor> {
        InboxCursor::parse(&self.after)
    }

    /// The status filter; none for all.
    pub fn status(&self) -> Option<Status> {
        match self.status.as_str() {
            "all" => None,
            "" if !self.q.trim().is_empty() => None,
            word => Some(Status::from_word(word).unwrap_or(Status::Open)),
        }
    }

    /// Whether any filter is set.
    pub fn is_narrow(&self) -> bool {
        [&self.site, &self.owner, &self.team, &self.assignee, &self.test, &self.q]
            .iter()
            .any(|word| !word.trim().is_empty())
    }

    /// The address of the page of the same list after a cursor; of the first page if it is empty.
    pub fn address(&self, after: &str) -> String {
        let fields = [
            ("site", self.site.as_str()),
            ("status", &self.status),
            ("owner", &self.owner),
            ("team", &self.team),
            ("assignee", &self.assignee),
            ("test", &self.test),
            ("q", &self.q),
            ("after", after),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { "/inbox".into() } else { format!("/inbox?{query}") }
    }
}
