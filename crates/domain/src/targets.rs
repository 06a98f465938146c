//! Response targets: when the first reply is promised, by severity and the customer's priority.

use super::vocabulary::{Priority, Severity};
use wire::words;

/// How many business hours a day of a target has.
pub const HOURS_A_DAY: u32 = 8;

words! {
    /// Who gives the first reply.
    Owner else Automated {
        /// Customer success.
        Cs = "cs",
        /// A support engineer.
        SupportEngineer = "support_engineer",
        /// The engineer on call in the team that owns the topic.
        SupportHero = "support_hero",
        /// Nobody: the reply is automatic and points to community questions.
        Automated = "automated",
    }
}

wire::types! {
    /// The response target for a severity and a priority.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Target {
        pub severity: Severity = known,
        pub priority: Priority = known,
        /// Business hours until the first reply; a day has eight.
        pub hours: u32,
        /// Who gives the first reply.
        pub owner: Owner,
    }
}

/// The target of a ticket; none if the priority is unknown.
pub fn find_target(targets: &[Target], severity: Severity, priority: Option<Priority>) -> Option<Target> {
    let priority = priority?;
    targets.iter().find(|target| target.severity == severity && target.priority == priority).copied()
}

/// The targets of a site that configures none.
pub fn default_targets() -> Vec<Target> {
    use Owner::{Automated, Cs, SupportHero};
    const DAY: u32 = HOURS_A_DAY;
    const TABLE: [(Severity, [(u32, Owner); 3]); 4] = [
        (Severity::Critical, [(1, Cs), (1, Cs), (DAY, Cs)]),
        (Severity::High, [(1, Cs), (DAY, SupportHero), (DAY, SupportHero)]),
        (Severity::Medium, [(DAY, SupportHero), (DAY, SupportHero), (2 * DAY, SupportHero)]),
        (Severity::Low, [(DAY, SupportHero), (2 * DAY, SupportHero), (0, Automated)]),
    ];
    let mut targets = Vec::new();
    for (severity, row) in TABLE {
        for (priority, (hours, owner)) in Priority::ALL.iter().zip(row) {
            targets.push(Target { severity, priority: *priority, hours, owner });
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_targets_are_the_documented_table() {
        let table = "
            critical | 1 hour (CS) | 1 hour (CS) | 1 day (CS)
            high     | 1 hour (CS) | 1 day (SH)  | 1 day (SH)
            medium   | 1 day (SH)  | 1 day (SH)  | 2 days (SH)
            low      | 1 day (SH)  | 2 days (SH) | automated";
        let targets = default_targets();
        for row in table.trim().lines() {
            let mut cells = row.split('|').map(str::trim);
            let severity = Severity::from_word(cells.next().unwrap()).unwrap();
            for (priority, cell) in Priority::ALL.iter().zip(cells) {
                let expected = match find_target(&targets, severity, Some(*priority)) {
                    None => "nothing".to_string(),
                    Some(Target { owner: Owner::Automated, .. }) => "automated".into(),
                    Some(Target { hours, owner, .. }) => {
                        let time = match (hours, hours / HOURS_A_DAY) {
                            (1, _) => "1 hour".to_string(),
                            (_, 1) => "1 day".into(),
                            (_, days) => format!("{days} days"),
                        };
                        format!("{time} ({})", if owner == Owner::Cs { "CS" } else { "SH" })
                    }
                };
                assert_eq!(expected, cell, "{severity} and {priority}");
            }
        }
    }

    #[test]
    fn unknown_priorities_have_no_target() {
        assert_eq!(find_target(&default_targets(), Severity::Critical, None), None);
    }
}
