//! Which tickets an operator asks to see.

use serde::Deserialize;

use crate::store::{InboxCursor, View};
use domain::targets::Owner;
use domain::ticket::Status;

/// What an address of the list says; what it does not say is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The site that tickets came to.
    pub site: String,
    /// `open`, `solved` or `all`; open ones where it is empty, and all of them where words are searched for.
    pub status: String,
    /// A word of [`Owner`].
    pub owner: String,
    /// A team.
    pub team: String,
    /// Somebody who has tickets in hand.
    pub assignee: String,
    /// `yes` for tests, `no` for all but them.
    pub test: String,
    /// Words.
    pub q: String,
    /// Where the page begins, as the page before it says; empty on the first.
    pub after: String,
}

impl Asked {
    /// The tickets that are meant.
    pub fn view(&self) -> View {
        View {
            site: self.site.clone(),
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
        }
    }

    /// Whether it is the first page. A beginning that cannot be read leads there.
    pub fn is_first_page(&self) -> bool {
        self.cursor().is_none()
    }

    /// Behind which ticket the page begins.
    pub fn cursor(&self) -> Option<InboxCursor> {
        InboxCursor::parse(&self.after)
    }

    /// Where they stand; none where that does not matter.
    pub fn status(&self) -> Option<Status> {
        match self.status.as_str() {
            "all" => None,
            "" if !self.q.trim().is_empty() => None,
            word => Some(Status::from_word(word).unwrap_or(Status::Open)),
        }
    }

    /// Whether anything narrows the list down.
    pub fn is_narrow(&self) -> bool {
        [&self.site, &self.owner, &self.team, &self.assignee, &self.test, &self.q]
            .iter()
            .any(|word| !word.trim().is_empty())
    }

    /// The address of a page of the same list that begins behind a cursor; of the first where that is empty.
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
