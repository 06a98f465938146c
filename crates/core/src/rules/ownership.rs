//! Who owns a ticket on the support side.

use domain::config::Topic;
use domain::targets::{self, Owner, Target};
use domain::ticket::{Priority, Severity};

/// The owner of a ticket, from its response target. If the priority is unknown there is no target, and the owner is the one for medium
/// priority, because somebody has to answer. Topics that a support engineer covers go to the engineer instead of a team.
pub fn choose_owner(targets: &[Target], severity: Severity, priority: Option<Priority>, covered: bool) -> Owner {
    let priority = priority.unwrap_or(Priority::Medium);
    let owner =
        targets::find_target(targets, severity, Some(priority)).map_or(Owner::SupportHero, |target| target.owner);
    match owner {
        Owner::SupportHero if covered => Owner::SupportEngineer,
        owner => owner,
    }
}

/// The owner of a ticket after an automatic answer, once the customer wants a human.
pub fn human_owner(covered: bool) -> Owner {
    if covered { Owner::SupportEngineer } else { Owner::SupportHero }
}

/// The team that owns a topic; empty if none does.
pub fn owning_team<'a>(topics: &'a [Topic], topic: &str) -> &'a str {
    topics.iter().find(|candidate| candidate.id == topic).map_or("", |topic| &topic.team)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::targets::default_targets;

    #[test]
    fn the_owner_follows_table_and_topic_and_never_a_guessed_plan() {
        use Priority::{High, Low};
        let targets = default_targets();
        for (severity, priority, covered, expected) in [
            (Severity::Critical, Some(Low), false, Owner::Cs),
            (Severity::Critical, Some(Low), true, Owner::Cs),
            (Severity::High, Some(High), true, Owner::Cs),
            (Severity::High, Some(Low), false, Owner::SupportHero),
            (Severity::High, Some(Low), true, Owner::SupportEngineer),
            (Severity::Low, Some(Low), true, Owner::Automated),
            // The plan is unknown.
            (Severity::Critical, None, false, Owner::Cs),
            (Severity::High, None, false, Owner::SupportHero),
            (Severity::Low, None, false, Owner::SupportHero),
            (Severity::Low, None, true, Owner::SupportEngineer),
        ] {
            assert_eq!(
                choose_owner(&targets, severity, priority, covered),
                expected,
                "{severity} {priority:?} {covered}"
            );
        }
        // A site without response targets has an owner all the same.
        assert_eq!(choose_owner(&[], Severity::Critical, None, false), Owner::SupportHero);
        assert_eq!((human_owner(true), human_owner(false)), (Owner::SupportEngineer, Owner::SupportHero));
    }

    #[test]
    fn topics_select_their_team() {
        let topics = [Topic { id: "billing".into(), team: "money".into(), ..Topic::default() }];
        assert_eq!(
            (owning_team(&topics, "billing"), owning_team(&topics, "api"), owning_team(&topics, "")),
            ("money", "", "")
        );
    }
}
