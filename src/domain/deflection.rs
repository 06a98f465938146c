//! What answers are worth: how many of those who saw or opened one sent no ticket.

use std::collections::{BTreeMap, BTreeSet};

/// What happened in one visit with one question; the words are those of [`super::event::What`] and of the kinds.
#[derive(Clone, Copy, Debug)]
pub struct Happened<'a> {
    /// The Monday of its week.
    pub week: &'a str,
    /// The visit.
    pub visit: &'a str,
    /// What happened.
    pub name: &'a str,
    /// The kind of the draft.
    pub kind: &'a str,
    /// The question; empty where there is none.
    pub question: &'a str,
}

/// How many visits there were, of one week and kind. A visit counts in each column once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visits {
    /// Questions were shown.
    pub shown: u32,
    /// A question was opened.
    pub opened: u32,
    /// The person said that it was solved.
    pub solved: u32,
    /// A ticket was sent.
    pub sent: u32,
    /// A question was opened, and no ticket was sent.
    pub deflected: u32,
}

impl Visits {
    /// Of the visits in which a question was opened, the share without a ticket, in per cent. `None` without any.
    pub fn rate(&self) -> Option<u32> {
        (self.opened > 0).then(|| (self.deflected * 100 + self.opened / 2) / self.opened)
    }
}

/// What one question did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// Its id.
    pub id: String,
    /// In how many visits it was opened.
    pub opened: u32,
    /// In how many it solved the matter.
    pub solved: u32,
    /// In how many it was of no use.
    pub unhelpful: u32,
}

/// Visits by week and kind, latest week first. A draft may change its kind: it counts under the last that came, a ticket's
/// above all.
pub fn by_week(events: &[Happened]) -> Vec<((String, String), Visits)> {
    let mut visits: BTreeMap<(&str, &str), (BTreeSet<&str>, &str)> = BTreeMap::new();
    for event in events {
        let (names, kind) = visits.entry((event.week, event.visit)).or_default();
        if kind.is_empty() || !names.contains("sent") {
            *kind = event.kind;
        }
        names.insert(event.name);
    }
    let mut weeks: BTreeMap<(String, String), Visits> = BTreeMap::new();
    for ((week, _), (names, kind)) in visits {
        let of = weeks.entry((week.to_string(), kind.to_string())).or_default();
        let opened = names.contains("opened") || names.contains("solved") || names.contains("unhelpful");
        of.shown += u32::from(names.contains("shown") || opened);
        of.opened += u32::from(opened);
        of.solved += u32::from(names.contains("solved"));
        of.sent += u32::from(names.contains("sent"));
        of.deflected += u32::from(opened && !names.contains("sent"));
    }
    let mut weeks: Vec<_> = weeks.into_iter().collect();
    weeks.sort_by(|((one, kind), _), ((other, other_kind), _)| other.cmp(one).then(kind.cmp(other_kind)));
    weeks
}

/// The questions that were opened, those first that solve most.
pub fn by_question(events: &[Happened]) -> Vec<Worth> {
    let events = events.iter().filter(|event| !event.question.is_empty());
    // A draft that changes its kind says the same twice.
    let once: BTreeSet<_> = events.map(|event| (event.question, event.name, event.week, event.visit)).collect();
    let mut questions: BTreeMap<&str, Worth> = BTreeMap::new();
    for (id, name, _, _) in once {
        let worth = questions.entry(id).or_insert_with(|| Worth { id: id.into(), ..Worth::default() });
        match name {
            "opened" => worth.opened += 1,
            "solved" => worth.solved += 1,
            "unhelpful" => worth.unhelpful += 1,
            _ => {}
        }
    }
    let mut worth: Vec<Worth> = questions.into_values().filter(|worth| worth.opened > 0).collect();
    worth.sort_by(|one, other| {
        (other.solved, other.opened).cmp(&(one.solved, one.opened)).then_with(|| one.id.cmp(&other.id))
    });
    worth
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(lines: &'static str) -> Vec<Happened<'static>> {
        let event = |line: &'static str| {
            let mut parts = line.split_whitespace();
            let mut part = || parts.next().unwrap_or_default();
            Happened { week: part(), visit: part(), name: part(), kind: part(), question: part() }
        };
        lines.lines().filter(|line| !line.trim().is_empty()).map(event).collect()
    }

    #[test]
    fn a_visit_counts_once_and_is_deflected_when_something_was_opened_and_nothing_sent() {
        let events = events(
            "2026-11-23 a.0 shown question q1
             2026-11-23 a.0 shown question q2
             2026-11-23 a.0 opened question q1
             2026-11-23 a.0 solved question q1
             2026-11-23 b.0 shown question q1
             2026-11-23 b.0 opened question q1
             2026-11-23 b.0 unhelpful bug q1
             2026-11-23 b.0 sent bug q1
             2026-11-23 c.0 shown question q1
             2026-11-16 d.0 sent bug",
        );
        let question = Visits { shown: 2, opened: 1, solved: 1, sent: 0, deflected: 1 };
        let bug = Visits { shown: 1, opened: 1, solved: 0, sent: 1, deflected: 0 };
        let before = Visits { sent: 1, ..Visits::default() };
        let key = |week: &str, kind: &str| (week.to_string(), kind.to_string());
        assert_eq!(
            by_week(&events),
            [
                (key("2026-11-23", "bug"), bug),
                (key("2026-11-23", "question"), question),
                (key("2026-11-16", "bug"), before)
            ]
        );
        assert_eq!((question.rate(), bug.rate(), before.rate()), (Some(100), Some(0), None));
        assert_eq!(by_question(&events), [Worth { id: "q1".into(), opened: 2, solved: 1, unhelpful: 1 }]);
    }
}
