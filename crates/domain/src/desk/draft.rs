//! A draft: what a customer is writing, and what is missing before it can be sent.

use super::ids::{AttachmentId, CustomerId, IdempotencyKey, Revision, TicketId, Time};
use super::rules::FormRules;
use crate::fields::Fields;
use crate::ticket::{self, Contact, Kind, QuestionSeen, Severity};

/// The longest text that is stored as a draft, in characters. It is more than a message may have, so that a text that has to be shortened first
/// is not lost meanwhile.
pub const DRAFT_MAX: usize = 100_000;
/// How long a draft is kept, in milliseconds.
pub const DRAFT_KEPT_MS: u64 = 7 * 86_400_000;

/// Where something is written, and where it is sent: a new ticket, or a ticket that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The form for a new ticket.
    NewTicket,
    /// The conversation of a ticket.
    Reply(TicketId),
}

/// The content of the form. A reply has only the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// What the customer wrote.
    pub text: String,
    /// The selected kind; none if the customer has not chosen.
    pub kind: Option<Kind>,
    /// The selected topic; none if the customer has not chosen, empty if they are not sure.
    pub topic: Option<String>,
    /// The selected severity; none if the customer has not chosen.
    pub severity: Option<Severity>,
    /// Name and address, if the form asked for them.
    pub contact: Contact,
    /// Where the customer came from.
    pub via: String,
    /// The answers to the site's fields.
    pub fields: Fields,
    /// Whether support may look into the account; none until the form has asked.
    pub consent: Option<bool>,
    /// The questions that the customer has seen.
    pub questions: Vec<QuestionSeen>,
    /// The context at the first letter, as JSON; empty if there is none.
    pub snapshot: String,
}

/// An attachment of a draft or submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRef {
    /// Its id.
    pub id: AttachmentId,
    /// Its name, which is needed after it is gone.
    pub name: String,
}

/// A draft, as it is stored on the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its id.
    pub key: IdempotencyKey,
    /// Its version on the device.
    pub revision: Revision,
    /// Who wrote it; empty if nobody was declared then.
    pub owner: CustomerId,
    /// What it is for.
    pub target: Target,
    /// Its content.
    pub form: Form,
    /// Its attachments.
    pub attachments: Vec<AttachmentRef>,
    /// When it was last written.
    pub saved_at: Time,
}

impl Draft {
    /// An empty draft.
    pub fn new(key: IdempotencyKey, owner: CustomerId, target: Target) -> Draft {
        Draft {
            key,
            revision: Revision::default(),
            owner,
            target,
            form: Form::default(),
            attachments: Vec::new(),
            saved_at: Time::default(),
        }
    }

    /// Whether there is nothing in it that could be lost.
    pub fn is_empty(&self) -> bool {
        self.form.text.is_empty() && self.attachments.is_empty()
    }

    /// Whether another draft says the same.
    pub fn says_the_same(&self, other: &Draft) -> bool {
        self.form.text == other.form.text && self.attachments == other.attachments
    }

    /// What is missing before it can be sent to `target`, in the order of the form. `is_known` if the ticket identifies the customer.
    pub fn gaps(&self, target: &Target, is_known: bool, rules: Option<&FormRules>) -> Vec<FormGap> {
        // A conversation knows who writes, and asks for nothing.
        let is_reply = *target != Target::NewTicket;
        let gaps = ticket::gaps(&self.form.text, &self.form.contact, is_known || is_reply);
        let mut gaps: Vec<FormGap> = gaps.into_iter().map(FormGap::Contact).collect();
        if let (Some(rules), false) = (rules, is_reply) {
            gaps.extend(rules.gaps(&self.form));
        }
        gaps
    }
}

/// Something that prevents sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormGap {
    /// Message, name or address.
    Contact(ticket::Gap),
    /// An answer to a field of the site, by its id, is missing or invalid.
    Field(String),
    /// The form has not asked for consent yet.
    Consent,
}
