//! What is promised for a ticket, and who keeps the promise.

use jiff::Timestamp;

use crate::clock;
use crate::site::Site;
use domain::ownership;
use domain::targets::{self, Owner, Target};
use domain::ticket::{Priority, Severity};

/// What is promised, and who keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The target; none where nothing is promised.
    pub target: Option<Target>,
    /// When the first answer is due; none where no time is promised.
    pub due_at: Option<String>,
    /// Who answers.
    pub owner: Owner,
    /// The team that owns the topic; empty where none does.
    pub team: String,
    /// Who is on turn in the team, where the support hero answers; empty otherwise.
    pub assignee: String,
}

/// What a promise depends on.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The id of the topic; empty where there is none.
    pub topic: &'a str,
    /// How bad it is.
    pub severity: Severity,
    /// The customer's priority, where it is known.
    pub priority: Option<Priority>,
    /// When it came.
    pub received: Timestamp,
    /// Whether the form said that the first answer is automatic.
    pub automatic: bool,
    /// Whether somebody only tries things out. Nothing is promised then, and nobody is on turn.
    pub test: bool,
}

/// What is promised for a ticket.
pub fn promise(site: &Site, terms: Terms<'_>) -> Promise {
    let Terms { topic, severity, priority, received, automatic, test } = terms;
    let covered = site.support_engineers.iter().any(|covered| covered == topic);
    let target = targets::find_target(&site.config.targets, severity, priority);
    let mut owner = ownership::choose_owner(&site.config.targets, severity, priority, covered);
    let mut target = target.map(|target| Target { owner, ..target });
    if owner == Owner::Automated && !automatic {
        // Nobody has told the customer that no human answers, so one does.
        (owner, target) = (ownership::human_owner(covered), None);
    }
    if test {
        target = None;
    }
    let timed = target.filter(|target| target.owner != Owner::Automated);
    let due = site.hours.as_ref().zip(timed).and_then(|(hours, target)| hours.due(severity, received, target.hours));
    let team = ownership::owning_team(&site.config.topics, topic);
    let assignee = on_call_assignee(site, test, owner, team);
    Promise { target, due_at: due.map(clock::written), owner, team: team.into(), assignee }
}

/// Who is on turn in a team, where the support hero answers; empty otherwise, and for tests.
pub fn on_call_assignee(site: &Site, test: bool, owner: Owner, team: &str) -> String {
    let on_turn = (owner == Owner::SupportHero && !test).then(|| site.rota.hero(team, clock::timestamp())).flatten();
    on_turn.unwrap_or_default().to_string()
}
