//! What is promised for a ticket, and who keeps the promise.

use jiff::Timestamp;

use crate::domain::ownership;
use crate::domain::targets::{self, Owner, Target};
use crate::domain::ticket::{Priority, Severity};
use crate::gateway::clock;
use crate::gateway::settings::Site;

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

/// What is promised for a ticket that came at a time. `automatic`: the form said that the first answer is automatic.
pub fn promise(
    site: &Site,
    (topic, severity): (&str, Severity),
    priority: Option<Priority>,
    received: Timestamp,
    automatic: bool,
) -> Promise {
    let covered = site.support_engineers.iter().any(|covered| covered == topic);
    let target = targets::target(&site.config.targets, severity, priority);
    let mut owner = ownership::owner(&site.config.targets, severity, priority, covered);
    let mut target = target.map(|target| Target { owner, ..target });
    if owner == Owner::Automated && !automatic {
        // Nobody has told the customer that no human answers, so one does.
        (owner, target) = (ownership::human(covered), None);
    }
    let timed = target.filter(|target| target.owner != Owner::Automated);
    let due = site.hours.as_ref().zip(timed).and_then(|(hours, target)| hours.due(severity, received, target.hours));
    let team = ownership::team(&site.config.topics, topic);
    Promise { target, due_at: due.map(clock::written), owner, team: team.into(), assignee: hero(site, owner, team) }
}

/// Who is on turn in a team, where the support hero answers; empty otherwise.
pub fn hero(site: &Site, owner: Owner, team: &str) -> String {
    let on_turn = (owner == Owner::SupportHero).then(|| site.rota.hero(team, clock::timestamp())).flatten();
    on_turn.unwrap_or_default().to_string()
}
