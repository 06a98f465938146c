//! The response target of a ticket, and who is responsible for it.

use crate::rules::ownership;
use crate::site::Site;
use crate::timestamp::Timestamp;
use domain::targets::{self, Owner, Target};
use domain::ticket::{Priority, Severity};

/// A response target, and who is responsible for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponsePlan {
    /// The target; none if nothing is promised.
    pub target: Option<Target>,
    /// When the first answer is due; none if no time is promised.
    pub due_at: Option<Timestamp>,
    /// Who answers.
    pub owner: Owner,
    /// The team that owns the topic; empty if none does.
    pub team: String,
    /// The agent on call in the team, if the support hero answers; empty otherwise.
    pub assignee: String,
}

/// What a response target depends on.
#[derive(Clone, Copy, Debug)]
pub struct TicketFacts<'a> {
    /// The id of the topic; empty if there is none.
    pub topic: &'a str,
    /// The severity that the customer chose.
    pub severity: Severity,
    /// The customer's priority, if it is known.
    pub priority: Option<Priority>,
    /// When the ticket was received.
    pub received: Timestamp,
    /// The current time, which tells who is on call.
    pub now: Timestamp,
    /// Whether the form said that the first answer is automatic.
    pub automatic: bool,
    /// Whether it is a test. Nothing is promised for tests, and nobody is assigned.
    pub test: bool,
}

/// The response target of a ticket.
pub fn plan_response(site: &Site, facts: TicketFacts<'_>) -> ResponsePlan {
    let TicketFacts { topic, severity, priority, received, now, automatic, test } = facts;
    let covered = site.support_engineers.iter().any(|covered| covered == topic);
    let target = targets::find_target(&site.config.targets, severity, priority);
    let mut owner = ownership::choose_owner(&site.config.targets, severity, priority, covered);
    let mut target = target.map(|target| Target { owner, ..target });
    if owner == Owner::Automated && !automatic {
        // The form did not say that the first answer is automatic, so a person answers.
        (owner, target) = (ownership::human_owner(covered), None);
    }
    if test {
        target = None;
    }
    let timed = target.filter(|target| target.owner != Owner::Automated);
    let due = site
        .hours
        .as_ref()
        .zip(timed)
        .and_then(|(hours, target)| hours.due(severity, received.to_jiff(), target.hours));
    let team = ownership::owning_team(&site.config.topics, topic);
    let assignee = on_call_assignee(site, test, owner, team, now);
    ResponsePlan { target, due_at: due.map(Timestamp::from), owner, team: team.into(), assignee }
}

/// The agent on call in a team at a time, if the support hero answers; empty otherwise, and for tests.
pub fn on_call_assignee(site: &Site, test: bool, owner: Owner, team: &str, at: Timestamp) -> String {
    let on_call = (owner == Owner::SupportHero && !test).then(|| site.rota.hero(team, at.to_jiff())).flatten();
    on_call.unwrap_or_default().to_string()
}
