//! Statistics.

use crate::support::{ACME, NOW, OTHER, TestClock, time};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Count, NewQuestion, SearchMiss, Store, WeekOfKind};
use domain::deflection::{QuestionCounts, Visits};
use domain::event::{Event, EventName};
use domain::question::Question;
use domain::search_miss::PEOPLE_MIN;
use domain::ticket::Kind;

/// The weeks of [`NOW`] and before it.
const WEEK: &str = "2025-12-29";
const WEEK_BEFORE: &str = "2025-12-22";

fn event(week: &str, visit: &str, name: EventName, kind: Kind, questions: &[&str]) -> Count {
    let questions = questions.iter().map(|id| id.to_string()).collect();
    let event = Event { visit: visit.into(), name, kind, questions };
    Count::Event { site: ACME.clone(), week: week.into(), event }
}

fn search(site: &SiteKey, person: u8, words: &str) -> Count {
    Count::SearchMiss {
        site: site.clone(),
        week: WEEK.into(),
        pseudonym: [person; 32],
        search: [words.len() as u8; 32],
        words: words.into(),
        at: time(NOW),
    }
}

pub async fn visits_and_questions_of_the_site_count_once(store: &dyn Store, _clock: &TestClock) {
    let question = Question { id: "a".into(), title: "One".into(), ..Question::default() };
    let json = serde_json::to_string(&question).unwrap();
    store.write_questions(&ACME, "one", &[NewQuestion { id: "a".into(), hash: [1; 32], json }]).await.unwrap();
    let opened = |visit: &str| event(WEEK, visit, EventName::Opened, Kind::Question, &["a", "unknown"]);
    let counts = [
        event(WEEK, "1", EventName::Shown, Kind::Question, &["a"]),
        opened("1"),
        opened("1"),
        event(WEEK, "1", EventName::Solved, Kind::Question, &["a"]),
        opened("2"),
        event(WEEK, "2", EventName::Unhelpful, Kind::Question, &["a"]),
        // A ticket revokes the deflection, and its kind is that of the visit.
        event(WEEK, "2", EventName::Sent, Kind::Bug, &[]),
        // The same visit in another week is another one.
        event(WEEK_BEFORE, "1", EventName::Shown, Kind::Question, &[]),
    ];
    for _ in 0..2 {
        store.record_counts(&counts).await.unwrap();
    }
    let week = |week: &str, kind: Kind, visits: Visits| WeekOfKind { week: week.into(), kind, visits };
    let none = Visits::default();
    let expected = [
        week(WEEK, Kind::Bug, Visits { shown: 1, opened: 1, sent: 1, ..none }),
        week(WEEK, Kind::Question, Visits { shown: 1, opened: 1, solved: 1, deflected: 1, ..none }),
        week(WEEK_BEFORE, Kind::Question, Visits { shown: 1, ..none }),
    ];
    assert_eq!(store.visit_counts(&ACME, WEEK_BEFORE).await.unwrap(), expected);
    assert_eq!(store.visit_counts(&ACME, WEEK).await.unwrap(), expected[..2]);
    assert_eq!(store.visit_counts(&OTHER, WEEK).await.unwrap(), []);
    let counted = QuestionCounts { id: "a".into(), opened: 2, solved: 1, unhelpful: 1 };
    assert_eq!(store.question_counts(&ACME, WEEK, 10).await.unwrap(), [(counted.clone(), Some(question))]);
    store.remove_questions(&ACME, "one", &["a".into()]).await.unwrap();
    assert_eq!(store.question_counts(&ACME, WEEK, 10).await.unwrap(), [(counted, None)]);
}

pub async fn searches_are_shown_once_enough_people_have_made_them(store: &dyn Store, _clock: &TestClock) {
    let mut counts = Vec::new();
    for person in 1..=PEOPLE_MIN as u8 {
        counts.extend([search(&ACME, person, "refund"), search(&ACME, 1, "my own name")]);
        counts.push(search(&OTHER, person, "elsewhere"));
    }
    store.record_counts(&counts).await.unwrap();
    let refund = |people: u32| SearchMiss { words: "refund".into(), people, last_at: time(NOW) };
    assert_eq!(store.search_misses(&ACME, WEEK).await.unwrap(), [refund(PEOPLE_MIN)]);
    store.record_counts(&[search(&ACME, 1, "refund"), search(&ACME, 99, "refund")]).await.unwrap();
    assert_eq!(store.search_misses(&ACME, WEEK).await.unwrap(), [refund(PEOPLE_MIN + 1)]);
    assert_eq!(store.search_misses(&ACME, "2026-01-05").await.unwrap(), []);
}

pub async fn statistics_are_forgotten_by_week(store: &dyn Store, _clock: &TestClock) {
    let shown = |week: &str, visit: &str| event(week, visit, EventName::Shown, Kind::Bug, &[]);
    let searches = (1..=PEOPLE_MIN as u8).map(|person| search(&ACME, person, "refund"));
    let counts: Vec<Count> = [shown(WEEK_BEFORE, "1"), shown(WEEK, "1")].into_iter().chain(searches).collect();
    store.record_counts(&counts).await.unwrap();
    store.affect(&ACME, "one", &[1; 32]).await.unwrap();
    let weeks = async || {
        let counts = store.visit_counts(&ACME, WEEK_BEFORE).await.unwrap();
        counts.into_iter().map(|week| (week.week, week.visits.shown)).collect::<Vec<_>>()
    };
    // Whoever was counted is forgotten first; the numbers stay, and the same visit would count again.
    store.forget_counts(time("2025-12-01T00:00:00Z"), time(NOW)).await.unwrap();
    store.record_counts(&counts).await.unwrap();
    assert_eq!(weeks().await, [(WEEK.into(), 1), (WEEK_BEFORE.into(), 2)]);
    store.forget_counts(time(NOW), time(NOW)).await.unwrap();
    assert_eq!(weeks().await, [(WEEK.into(), 1)]);
    assert_eq!(store.search_misses(&ACME, WEEK).await.unwrap().len(), 1);
    assert_eq!(store.affected(&ACME, "one").await.unwrap(), 1);
    store.forget_counts(time("2026-01-05T00:00:00Z"), time("2026-01-05T00:00:00Z")).await.unwrap();
    assert_eq!(weeks().await, []);
    assert_eq!(store.search_misses(&ACME, WEEK).await.unwrap(), []);
    assert_eq!(store.affected(&ACME, "one").await.unwrap(), 0);
}
