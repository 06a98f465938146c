//! Deflection statistics: how many customers who saw or opened a question sent no ticket. Events are added to counters as they arrive; of a
//! visit only as much is stored as is needed to count it once.

use std::collections::BTreeMap;

use super::event::{Event, EventName};
use super::vocabulary::Kind;

/// The most visits of a site and week that are counted, so that nobody can fill the database with made-up visits.
pub const VISITS_MAX: u32 = 100_000;
/// The most questions of one visit that are counted.
const QUESTIONS_MAX: usize = 40;

/// A set of [`EventName`] as bits; the first name has the value 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps(u8);

impl Steps {
    /// The set with these bits.
    pub fn from_bits(bits: u8) -> Steps {
        Steps(bits)
    }

    /// The bits of the set.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether the set contains an event.
    pub fn contains(self, name: EventName) -> bool {
        self.0 & bit(name) != 0
    }

    /// Inserts an event; `false` if the set contained it.
    fn insert(&mut self, name: EventName) -> bool {
        let is_new = !self.contains(name);
        self.0 |= bit(name);
        is_new
    }
}

fn bit(name: EventName) -> u8 {
    match name {
        EventName::Shown => 1,
        EventName::Opened => 2,
        EventName::Solved => 4,
        EventName::Unhelpful => 8,
        EventName::Sent => 16,
    }
}

/// The visits of one week and kind, or changes of these counters. A visit counts at most once in each field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visits {
    /// Questions were shown.
    pub shown: i64,
    /// A question was opened.
    pub opened: i64,
    /// The customer said that a question solved it.
    pub solved: i64,
    /// A ticket was sent.
    pub sent: i64,
    /// A question was opened, and no ticket was sent.
    pub deflected: i64,
}

impl Visits {
    /// The share of visits without a ticket among those in which a question was opened, in per cent. `None` if there are none.
    pub fn rate(&self) -> Option<i64> {
        (self.opened > 0).then(|| (self.deflected * 100 + self.opened / 2) / self.opened)
    }

    /// The counters of one visit with these events.
    fn of_visit(steps: Steps) -> Visits {
        let opened =
            [EventName::Opened, EventName::Solved, EventName::Unhelpful].iter().any(|name| steps.contains(*name));
        let sent = steps.contains(EventName::Sent);
        Visits {
            shown: i64::from(opened || steps.contains(EventName::Shown)),
            opened: i64::from(opened),
            solved: i64::from(steps.contains(EventName::Solved)),
            sent: i64::from(sent),
            deflected: i64::from(opened && !sent),
        }
    }

    fn minus(self, other: Visits) -> Visits {
        Visits {
            shown: self.shown - other.shown,
            opened: self.opened - other.opened,
            solved: self.solved - other.solved,
            sent: self.sent - other.sent,
            deflected: self.deflected - other.deflected,
        }
    }
}

/// The counters of one question, or changes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionCounts {
    /// Its id.
    pub id: String,
    /// In how many visits it was opened.
    pub opened: i64,
    /// In how many visits it solved the problem.
    pub solved: i64,
    /// In how many visits it did not help.
    pub unhelpful: i64,
}

/// What is stored of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The kind that it counts under: a ticket's kind if there is one, otherwise the draft's latest.
    pub kind: Kind,
    /// The events so far.
    pub steps: Steps,
    /// The events so far of each question, by id.
    pub questions: BTreeMap<String, Steps>,
}

/// What an event adds to the counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Increments {
    /// By kind. If the visit was counted under another kind before, that kind gets negative increments.
    pub visits: Vec<(Kind, Visits)>,
    /// By question.
    pub questions: Vec<QuestionCounts>,
}

impl Visit {
    /// A visit without events.
    pub fn new(kind: Kind) -> Visit {
        Visit { kind, steps: Steps::default(), questions: BTreeMap::new() }
    }

    /// Records an event of this visit. Recording the same event again adds nothing.
    pub fn record(&mut self, event: &Event) -> Increments {
        let (kind_before, before) = (self.kind, Visits::of_visit(self.steps));
        if !self.steps.contains(EventName::Sent) {
            self.kind = event.kind;
        }
        self.steps.insert(event.name);
        let after = Visits::of_visit(self.steps);
        let visits = match kind_before == self.kind {
            true => vec![(self.kind, after.minus(before))],
            false => vec![(kind_before, Visits::default().minus(before)), (self.kind, after)],
        };
        Increments {
            visits: visits.into_iter().filter(|(_, more)| *more != Visits::default()).collect(),
            questions: event.questions.iter().filter_map(|id| self.record_question(event.name, id)).collect(),
        }
    }

    fn record_question(&mut self, name: EventName, id: &str) -> Option<QuestionCounts> {
        let counts = QuestionCounts { id: id.into(), ..QuestionCounts::default() };
        let increment = match name {
            EventName::Opened => QuestionCounts { opened: 1, ..counts },
            EventName::Solved => QuestionCounts { solved: 1, ..counts },
            EventName::Unhelpful => QuestionCounts { unhelpful: 1, ..counts },
            EventName::Shown | EventName::Sent => return None,
        };
        if self.questions.len() >= QUESTIONS_MAX && !self.questions.contains_key(id) {
            return None;
        }
        self.questions.entry(id.into()).or_default().insert(name).then_some(increment)
    }
}

/// Whether events of this name count for the questions that they name, and not only for the visit.
pub fn counts_questions(name: EventName) -> bool {
    matches!(name, EventName::Opened | EventName::Solved | EventName::Unhelpful)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: EventName, kind: Kind, questions: &[&str]) -> Event {
        let questions = questions.iter().map(|id| id.to_string()).collect();
        Event { visit: "0123456789abcdef.0".into(), name, kind, questions }
    }

    /// The counters of all events of one visit, by kind.
    fn sum(events: &[Event]) -> BTreeMap<&'static str, Visits> {
        let mut visit = Visit::new(events[0].kind);
        let mut sums: BTreeMap<&'static str, Visits> = BTreeMap::new();
        for event in events {
            for (kind, more) in visit.record(event).visits {
                let sum = sums.entry(kind.word()).or_default();
                *sum = sum.minus(Visits::default().minus(more));
            }
        }
        sums.retain(|_, sum| *sum != Visits::default());
        sums
    }

    #[test]
    fn visits_count_once_per_column() {
        let (shown, opened) =
            (event(EventName::Shown, Kind::Question, &["a"]), event(EventName::Opened, Kind::Question, &["a"]));
        let solved = event(EventName::Solved, Kind::Question, &["a"]);
        let events = [shown.clone(), shown, opened.clone(), opened, solved.clone(), solved];
        let expected = Visits { shown: 1, opened: 1, solved: 1, sent: 0, deflected: 1 };
        assert_eq!(sum(&events), BTreeMap::from([("question", expected)]));
        assert_eq!(expected.rate(), Some(100));
    }

    #[test]
    fn a_ticket_revokes_its_deflection_and_sets_the_kind() {
        let events = [
            event(EventName::Opened, Kind::Question, &["a"]),
            event(EventName::Unhelpful, Kind::Bug, &["a"]),
            event(EventName::Sent, Kind::Bug, &[]),
            event(EventName::Opened, Kind::Feedback, &["a"]),
        ];
        let expected = Visits { shown: 1, opened: 1, solved: 0, sent: 1, deflected: 0 };
        assert_eq!(sum(&events), BTreeMap::from([("bug", expected)]));
        assert_eq!(Visits { sent: 1, ..Visits::default() }.rate(), None);
    }

    #[test]
    fn questions_count_once_per_visit_up_to_a_limit() {
        let mut visit = Visit::new(Kind::Question);
        let opened_once = |id: &str| QuestionCounts { id: id.into(), opened: 1, ..QuestionCounts::default() };
        assert_eq!(
            visit.record(&event(EventName::Opened, Kind::Question, &["a", "b"])).questions,
            [opened_once("a"), opened_once("b")]
        );
        assert_eq!(visit.record(&event(EventName::Opened, Kind::Bug, &["a"])).questions, []);
        assert_eq!(visit.record(&event(EventName::Shown, Kind::Bug, &["c"])).questions, []);
        for n in 0..2 * QUESTIONS_MAX {
            visit.record(&event(EventName::Opened, Kind::Bug, &[&n.to_string()]));
        }
        assert_eq!(visit.questions.len(), QUESTIONS_MAX);
        assert_eq!(
            visit.record(&event(EventName::Solved, Kind::Bug, &["a"])).questions.len(),
            1,
            "what is known goes on"
        );
    }
}
