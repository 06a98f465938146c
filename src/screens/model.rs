//! The state that the screens share.

use domain::config::Config;
use domain::context::{Group, User};
use domain::conversation::Summary;
use domain::memory::Memory;
use domain::question::Hit;
use domain::ticket::{Contact, Gap, Kind, QuestionSeen, Receipt, Severity};
use wire::Pairs;

use super::choices;
use super::suggestions::Suggestions;

/// The current screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// Home: the box, its hits, the way to a ticket.
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
    /// What is sent.
    Preview,
    /// The customer's tickets: the list, or one conversation.
    Tickets,
    /// The outbox.
    Outbox,
}

/// The state of something that is fetched.
#[derive(Clone, Copy, Debug, Default)]
pub enum Remote {
    /// Being fetched.
    #[default]
    Loading,
    /// Fetched.
    Ready,
    /// It could not be fetched.
    Failed,
}

/// The state of sending a ticket.
#[derive(Debug, Default)]
pub enum Sending {
    /// It is being written.
    #[default]
    No,
    /// It is being sent.
    Busy,
    /// It is being added to the ticket with an id.
    Adding(String),
    /// It was refused, for reasons that concern no field of the form.
    Refused(String),
}

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Model {
    /// The site's configuration, as published and as the page refines it.
    pub config: Config,
    /// Whether the gateway has returned the configuration, or the request has timed out.
    pub configured: bool,
    /// Counts changes of the user, so that a send that began before one is not continued.
    pub user_changes: u32,
    /// Whether searching is possible: there is a gateway, or the page configures sources.
    pub searches: bool,
    /// The user, if the host has declared them.
    pub user: Option<User>,
    /// The current screen.
    pub screen: Screen,
    /// The screen from which a question was opened.
    pub came_from: Screen,
    /// The text in the box.
    pub text: String,
    /// How many secrets are in it.
    pub secrets: usize,
    /// The selected kind.
    pub kind: Option<Kind>,
    /// The selected topic; empty if the customer is not sure.
    pub topic: Option<String>,
    /// The selected severity.
    pub severity: Option<Severity>,
    /// Name and address, if the form had to ask for them.
    pub contact: Contact,
    /// What the custom fields hold by their ids; `true` for a ticked checkbox.
    pub answers: Pairs<String>,
    /// Whether support may look into the account.
    pub consent: bool,
    /// Whether Send was pressed, so that missing answers are shown.
    pub send_pressed: bool,
    /// The customer's switches by place, and whether each is on.
    pub choices: Pairs<bool>,
    /// Where the customer came from.
    pub via: String,
    /// What the device stores about searches.
    pub memory: Memory,
    /// The suggestions before anything is typed.
    pub suggestions: Suggestions,
    /// The hits for the box.
    pub hits: Vec<Hit>,
    /// Whether all hits are shown below the message, and not only the best.
    pub unfolded: bool,
    /// Whether the last search got no response.
    pub search_failed: bool,
    /// Whether the last search got one without a hit.
    pub found_nothing: bool,
    /// The ticket whose conversation is open; empty for the list.
    pub ticket: String,
    /// Counts how often a screen of tickets was opened, and changes of the user: what was begun for an earlier one is not continued.
    pub screen_number: u32,
    /// How many tickets there are, and how many unread messages.
    pub tickets: (u32, u32),
    /// How many submissions are in the outbox.
    pub queued: u32,
    /// How many of these wait for the customer, because it is unknown whether they arrived.
    pub unsure: u32,
    /// The question that is open.
    pub hit: Option<Hit>,
    /// The scroll position of the screen from which it was opened.
    pub scrolled: i32,
    /// The state of the question that is open.
    pub question: Remote,
    /// The community questions that the customer saw.
    pub seen: Vec<QuestionSeen>,
    /// The message that was last compared with open tickets. It is not compared again if it is sent all the same.
    pub compared: String,
    /// Open tickets that say the same as the draft; none if none are offered.
    pub similar: Vec<Summary>,
    /// The gaps, once Send was pressed.
    pub gaps: Vec<Gap>,
    /// The state of sending.
    pub sending: Sending,
    /// The receipt.
    pub receipt: Option<Receipt>,
    /// When and where the reply will come, as shown before Send.
    pub promised: [String; 2],
    /// Whether the reference was copied.
    pub copied: bool,
}

impl Model {
    /// Whether the ticket is being sent or added to another, so that nothing can be edited.
    pub fn is_sealed(&self) -> bool {
        matches!(self.sending, Sending::Busy | Sending::Adding(_))
    }

    /// Whether the ticket identifies the customer, so that the form need not ask.
    pub fn is_known(&self) -> bool {
        let withheld = !choices::goes(self, "/user") || self.config.context.off.contains(&Group::User);
        self.user.is_some() && !withheld
    }

    /// Whether the site adds fields to the form, or asks for consent.
    pub fn asks_more(&self) -> bool {
        !self.config.fields.is_empty() || self.config.consent
    }

    /// The selected kind, or the first that the site offers.
    pub fn kind(&self) -> Kind {
        let offered = |kind: &Kind| self.config.kinds.contains(kind);
        self.kind.filter(offered).or(self.config.kinds.first().copied()).unwrap_or(Kind::Question)
    }

    /// The selected severity, or the default of the kind.
    pub fn severity(&self) -> Severity {
        self.severity.unwrap_or_else(|| self.kind().default_severity())
    }

    /// Forgets the draft: it was sent, or its author has logged out.
    pub fn start_over(&mut self) {
        self.seen.clear();
        self.gaps.clear();
        self.hits.clear();
        self.sending = Sending::No;
        self.via.clear();
        self.topic = None;
        self.severity = None;
        self.kind = None;
        self.answers.0.clear();
        self.consent = false;
        self.send_pressed = false;
        self.similar.clear();
        choices::forget_items(self);
    }
}
