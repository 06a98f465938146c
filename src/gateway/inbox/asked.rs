//! Which tickets an operator asks to see.

use serde::Deserialize;

use super::super::store::View;
use crate::domain::targets::Owner;
use crate::domain::ticket::Status;

/// What an address of the list says; what it does not say is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `open`, `solved` or `all`; open ones where it is empty, and all of them where words are searched for.
    pub status: String,
    /// A word of [`Owner`].
    pub owner: String,
    /// A team.
    pub team: String,
    /// Somebody who has tickets in hand.
    pub assignee: String,
    /// Words.
    pub q: String,
    /// Which page, from 0.
    pub page: u32,
}

impl Asked {
    /// The tickets that are meant.
    pub fn view(&self) -> View {
        View {
            status: self.status(),
            owner: Owner::from_word(&self.owner),
            team: self.team.clone(),
            assignee: self.assignee.clone(),
            words: self.q.clone(),
        }
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
        [&self.owner, &self.team, &self.assignee, &self.q].iter().any(|word| !word.trim().is_empty())
    }

    /// The address of a page of the same list.
    pub fn address(&self, page: u32) -> String {
        let page = if page == 0 { String::new() } else { page.to_string() };
        let fields = [
            ("status", &self.status),
            ("owner", &self.owner),
            ("team", &self.team),
            ("assignee", &self.assignee),
            ("q", &self.q),
            ("page", &page),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { "/inbox".into() } else { format!("/inbox?{query}") }
    }
}
