//! The agents' list and its search.

use crate::support::{ACME, NOW, OTHER, TestClock, new_message, submission_key, ticket, time, write_message};
use deskbell_core::ports::{
    Activity, ActivityKind, Change, CurrentTicket, InboxPage, Store, StoredTicket, SubmissionExtras, View,
};
use domain::conversation::Author;
use domain::conversation::Turn;
use domain::targets::Owner;
use domain::ticket::Contact;
use domain::ticket::Status;

pub async fn lists_begin_with_due_tickets_and_end_with_solved_ones(store: &dyn Store, _clock: &TestClock) {
    let day = |day: u32| format!("2026-01-0{day}T00:00:00.000Z");
    let submit = async |id: &str, received_at: u32, change: &dyn Fn(&mut StoredTicket)| {
        let mut ticket = ticket(id, &format!("DB-{id}"), &day(received_at));
        change(&mut ticket);
        store.submit(&ticket, &submission_key(id), SubmissionExtras::default()).await.unwrap();
    };
    submit("solved", 9, &|ticket| ticket.status = Status::Solved).await;
    submit("waits-new", 4, &|_| {}).await;
    submit("waits-old", 3, &|_| {}).await;
    submit("due-later", 1, &|ticket| ticket.due_at = Some(time(&day(8)))).await;
    submit("due-soon", 2, &|ticket| ticket.due_at = Some(time(&day(7)))).await;
    submit("theirs", 1, &|ticket| ticket.handling.turn = Turn::Customer).await;
    submit("answered", 5, &|ticket| {
        (ticket.due_at, ticket.handling.answered_at) = (Some(time(&day(6))), Some(time(&day(5))));
    })
    .await;
    let ids = async |view: &View, after, limit| -> Vec<String> {
        store
            .list_tickets(view, after, limit)
            .await
            .unwrap()
            .tickets
            .into_iter()
            .map(|ticket| ticket.id.to_string())
            .collect()
    };
    let all = ["due-soon", "due-later", "waits-old", "waits-new", "answered", "theirs", "solved"];
    assert_eq!(ids(&View::default(), None, 10).await, all);
    let open = View { status: Some(Status::Open), ..View::default() };
    assert_eq!(ids(&open, None, 10).await, all[..6]);
    let (mut after, mut paged) = (None, Vec::new());
    loop {
        let page = store.list_tickets(&View::default(), after, 2).await.unwrap();
        paged.extend(page.tickets.into_iter().map(|ticket| ticket.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
}

pub async fn tickets_are_found_by_reference_customer_and_words(store: &dyn Store, _clock: &TestClock) {
    let mut first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    first.ticket.message = "Der Export der Übersicht schlägt fehl".into();
    first.ticket.contact = Contact { name: "Zoë Müller".into(), email: "zoe@example.com".into() };
    first.ticket.context.user = Some(domain::context::User {
        id: "u-7".into(),
        attributes: wire::Pairs(vec![("github".into(), "zoe-m".into())]),
        ..Default::default()
    });
    store.submit(&first, &submission_key("a"), SubmissionExtras::default()).await.unwrap();
    store
        .submit(&ticket("2", "DB-00002", "2026-01-01T00:00:00.000Z"), &submission_key("b"), SubmissionExtras::default())
        .await
        .unwrap();
    let found = async |words: &str| find(store, View { words: words.into(), ..View::default() }).await;
    for words in ["db-00001", "ZOE@example.com", "muller", "Müller zoë", "@zoe-m", "u-7", "ubersicht export"] {
        assert_eq!(found(words).await, ["1"], "{words}");
    }
    // The last word may still be typed.
    assert_eq!(found("ubersicht exp").await, ["1"]);
    assert_eq!(found("expo ubersicht").await, Vec::<String>::new());
    assert_eq!(found("export nothing").await, Vec::<String>::new());
    assert_eq!(found("%").await, Vec::<String>::new());
    let noted =
        Activity { actor: "ana".into(), kind: ActivityKind::Noted, text: "Wrote on X as zebra".into(), at: time(NOW) };
    let note = |current: &CurrentTicket| Change { activity: Some(noted.clone()), ..current.unchanged() }.into();
    store.change(&"1".into(), None, &note).await.unwrap();
    assert_eq!(
        (found("ZEBRA").await, store.activities(&"1".into()).await.unwrap()),
        (vec!["1".to_string()], vec![noted])
    );
}

pub async fn lists_combine_all_filters_and_searches_cover_later_messages(store: &dyn Store, _clock: &TestClock) {
    for (id, reference, site) in [("1", "DB-00001", "acme"), ("2", "DB-00002", "acme"), ("3", "DB-00003", "other")] {
        let mut ticket = ticket(id, reference, "2026-01-01T00:00:00.000Z");
        ticket.site = site.into();
        store.submit(&ticket, &submission_key(id), SubmissionExtras::default()).await.unwrap();
    }
    write_message(store, new_message(Author::Customer, "It is the Kühlschrank"), None, vec![]).await;
    let found = async |view: View| find(store, view).await;
    let all = View {
        site: Some(ACME.clone()),
        status: Some(Status::Open),
        owner: Some(Owner::SupportHero),
        team: "money".into(),
        assignee: "Ana".into(),
        is_test: Some(false),
        received_since: Some(time("2026-01-01T00:00:00.000Z")),
        is_newest_first: false,
        words: String::new(),
    };
    assert_eq!(found(all.clone()).await, ["1", "2"]);
    assert_eq!(found(View { words: "kuhl".into(), ..all.clone() }).await, ["1"]);
    for narrower in [
        View { site: Some("elsewhere".into()), ..all.clone() },
        View { status: Some(Status::Solved), ..all.clone() },
        View { owner: Some(Owner::Cs), ..all.clone() },
        View { team: "growth".into(), ..all.clone() },
        View { assignee: "Ben".into(), ..all.clone() },
        View { is_test: Some(true), ..all.clone() },
        View { received_since: Some(time("2026-01-01T00:00:00.001Z")), ..all.clone() },
        View { words: "fridge".into(), ..all.clone() },
    ] {
        assert_eq!(found(narrower.clone()).await, Vec::<String>::new(), "{narrower:?}");
    }
    assert_eq!(found(View { site: Some(OTHER.clone()), ..View::default() }).await, ["3"]);
    let newest = View { is_newest_first: true, ..View::default() };
    let page = store.list_tickets(&newest, None, 2).await.unwrap();
    let rest = store.list_tickets(&newest, page.next, 2).await.unwrap();
    let ids = |page: &InboxPage| page.tickets.iter().map(|ticket| ticket.id.to_string()).collect::<Vec<_>>();
    assert_eq!((ids(&page), ids(&rest), rest.next), (vec!["3".into(), "2".into()], vec!["1".into()], None));
}

pub async fn searches_find_the_same_by_either_query_plan(store: &dyn Store, _clock: &TestClock) {
    // Every ticket contains „no“, every third a rarer word as well.
    for number in 0..120 {
        let mut ticket = ticket(&format!("{number}"), &format!("DB-{number:05}"), "2026-01-01T00:00:00.000Z");
        if number % 3 == 0 {
            ticket.ticket.message = format!("It says no to word{}", number % 9);
        }
        store.submit(&ticket, &submission_key(ticket.id.as_str()), SubmissionExtras::default()).await.unwrap();
    }
    let all = async |words: &str| {
        let view = View { words: words.into(), ..View::default() };
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page = store.list_tickets(&view, after, 7).await.unwrap();
            found.extend(page.tickets.into_iter().map(|ticket| ticket.id.as_str().parse::<u32>().unwrap()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        found
    };
    let every = |keep: &dyn Fn(u32) -> bool| (0..120).rev().filter(|number| keep(*number)).collect::<Vec<_>>();
    assert_eq!(all("no").await, every(&|_| true));
    assert_eq!(all("says no word3").await, every(&|number| number % 9 == 3));
    assert_eq!(all("no wor").await, every(&|number| number % 3 == 0));
    assert_eq!(all("db-00042").await, [42]);
}

/// The ids of the tickets in a view.
async fn find(store: &dyn Store, view: View) -> Vec<String> {
    let page = store.list_tickets(&view, None, 10).await.unwrap();
    page.tickets.into_iter().map(|ticket| ticket.id.to_string()).collect()
}
