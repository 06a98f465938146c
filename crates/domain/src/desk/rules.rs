//! What a site requires of a ticket.

use super::draft::{Form, FormGap};
use crate::fields::Field;
use crate::ticket::Kind;

/// The part of a site's configuration that decides whether a ticket can be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormRules {
    /// The kinds that the form offers, the default first.
    pub kinds: Vec<Kind>,
    /// The custom fields.
    pub fields: Vec<Field>,
    /// Whether the form asks for consent.
    pub asks_consent: bool,
    /// The most attachments of a message.
    pub attachments_max: usize,
    /// The largest attachment, in bytes.
    pub attachment_bytes_max: u64,
}

impl FormRules {
    /// The kind of a ticket.
    pub fn kind_of(&self, form: &Form) -> Kind {
        let offered = |kind: &Kind| self.kinds.is_empty() || self.kinds.contains(kind);
        form.kind.filter(offered).or(self.kinds.first().copied()).unwrap_or(Kind::Question)
    }

    /// The answers that are missing or invalid.
    pub fn gaps(&self, form: &Form) -> Vec<FormGap> {
        let kind = self.kind_of(form);
        let applicable = self.fields.iter().filter(|field| field.applies_to(kind));
        let lacking = applicable.filter(|field| field.problem_with(form.fields.get(&field.id)).is_some());
        let consent = (self.asks_consent && form.consent.is_none()).then_some(FormGap::Consent);
        lacking.map(|field| FormGap::Field(field.id.clone())).chain(consent).collect()
    }
}
