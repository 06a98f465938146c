//! What the screens share.

use domain::config::Config;
use domain::context::{Group, User};
use domain::memory::Memory;
use domain::question::Hit;
use domain::ticket::{Contact, Gap, Kind, Outcome, QuestionSeen, Receipt, Severity};
use wire::Pairs;

use super::choices;
use super::idle::Idle;

/// Where the person is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// The start: the box, what matches it, the way to a ticket.
    #[default]
    Home,
    /// The form.
    Ticket,
    /// A question with its answers.
    Question,
    /// A question has helped.
    Thanks,
    /// The ticket has arrived.
    Receipt,
    /// What we send.
    Sends,
    /// What was sent before: all of it, or one conversation.
    Tickets,
    /// What waits to be sent.
    Waiting,
}

/// Something that is fetched.
#[derive(Debug, Default)]
pub enum Remote {
    /// It is on its way.
    #[default]
    Loading,
    /// It is here.
    Ready,
    /// It did not come.
    Failed,
}

/// Where the ticket stands.
#[derive(Debug, Default)]
pub enum Sending {
    /// It is being written.
    #[default]
    No,
    /// It is on its way.
    Busy,
    /// It was refused, for reasons that the form has no field for.
    Refused(String),
}

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Model {
    /// The site's configuration, as published and as the page refines it.
    pub config: Config,
    /// Whether the gateway has answered for the configuration, or has had its time.
    pub configured: bool,
    /// Counts how often what is written has changed hands: a Send from before is not carried on.
    pub hands: u32,
    /// Whether anything answers searches: a gateway, or sources that the page names.
    pub searches: bool,
    /// The person, where the host has named them.
    pub user: Option<User>,
    /// Where they are.
    pub screen: Screen,
    /// Where they came from to a question.
    pub came_from: Screen,
    /// What is in the box.
    pub text: String,
    /// The kind that is chosen.
    pub kind: Option<Kind>,
    /// The topic that was chosen; empty where they are not sure.
    pub topic: Option<String>,
    /// The severity that was chosen.
    pub severity: Option<Severity>,
    /// Name and address, where they had to be asked for.
    pub contact: Contact,
    /// What they have switched, by place, and whether it goes along.
    pub choices: Pairs<bool>,
    /// Where they were sent from.
    pub via: String,
    /// What the device remembers about answers.
    pub memory: Memory,
    /// What is shown before a word is typed.
    pub idle: Idle,
    /// What matches the box.
    pub hits: Vec<Hit>,
    /// Whether all of it is shown under the message, and not only the best.
    pub unfolded: bool,
    /// Whether the last search got no answer.
    pub search_failed: bool,
    /// The ticket whose conversation is open; empty for the list of them.
    pub ticket: String,
    /// How many tickets there are, and how many messages in them are unread.
    pub tickets: (u32, u32),
    /// How much waits to be sent.
    pub queued: u32,
    /// Of how much of that it is not known whether it was, so that it waits for the person.
    pub unsure: u32,
    /// The question that is open.
    pub hit: Option<Hit>,
    /// How far the screen was scrolled from which it was opened.
    pub scrolled: i32,
    /// Whether its answers are there.
    pub question: Remote,
    /// The questions that were shown and read.
    pub seen: Vec<QuestionSeen>,
    /// What is missing, once Send was pressed.
    pub gaps: Vec<Gap>,
    /// Where the ticket stands.
    pub sending: Sending,
    /// The receipt.
    pub receipt: Option<Receipt>,
    /// When the answer is due and where it goes, as it was promised before Send.
    pub promised: [String; 2],
    /// Whether the reference was copied.
    pub copied: bool,
}

impl Model {
    /// Whether it is on its way, so that nothing may be edited.
    pub fn is_sealed(&self) -> bool {
        matches!(self.sending, Sending::Busy)
    }

    /// Whether the ticket says who the person is, so that the form need not ask.
    pub fn is_known(&self) -> bool {
        let withheld = !choices::goes(self, "/user") || self.config.context.off.contains(&Group::User);
        self.user.is_some() && !withheld
    }

    /// The kind that is chosen, or the first that the site offers.
    pub fn kind(&self) -> Kind {
        let offered = |kind: &Kind| self.config.kinds.contains(kind);
        self.kind.filter(offered).or(self.config.kinds.first().copied()).unwrap_or(Kind::Question)
    }

    /// The severity that was chosen, or the one that goes with the kind.
    pub fn severity(&self) -> Severity {
        self.severity.unwrap_or_else(|| self.kind().default_severity())
    }

    /// The ids of the questions that were opened for this draft.
    pub fn opened(&self) -> Vec<String> {
        let opened = self.seen.iter().filter(|seen| seen.outcome != Outcome::Shown);
        opened.map(|seen| seen.id.clone()).collect()
    }

    /// Forgets the draft: it was sent, or whoever wrote it has logged out.
    pub fn start_over(&mut self) {
        self.seen.clear();
        self.gaps.clear();
        self.hits.clear();
        self.sending = Sending::No;
        self.via.clear();
        self.topic = None;
        self.severity = None;
        self.kind = None;
        choices::forget_items(self);
    }
}
