use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::rows::json;
use super::*;
use deskbell_core::clock::now;
use deskbell_core::ports::{
    Act, Along, Change, Changed, Claim, CodeCheck, CodeRequest, Confirmation, Confirmations, Conversations,
    CurrentTicket, Decision, Deed, DueMail, Erasure, ExternalTickets, Handling, ImportOutcome, ImportRun, Imports,
    MESSAGE_PAGE_BYTES, MailLimits, MailOutcome, MailQuota, MessageSeal, NewDelivery, NewMail, NewMessage, NewQuestion,
    OutgoingMail, Place, Placed, Polls, QUEUE_COUNT_MAX, Questions, Queue, QueueStatus, Reader, ReaderCounts, Revision,
    RevisionRange, Seal, Sealed, Store, StoreError, StoredTicket, TakenId, Tickets, Tried, View, What,
};
use deskbell_core::rules::address::mailbox;
use domain::context::Context;
use domain::conversation::{Author, Turn};
use domain::question::Question;
use domain::targets::{Owner, Target};
use domain::ticket::{Client, Contact, Kind, NewTicket, Priority, Severity, Status};

/// A store in a folder of its own.
pub async fn fresh() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(&folder.path().join("new/folder/test.db")).await.unwrap(), folder)
}

pub fn ticket(id: &str, reference: &str, received_at: &str) -> StoredTicket {
    let new = NewTicket {
        kind: Kind::Bug,
        topic: "billing".into(),
        severity: Severity::High,
        message: "It says „no“ \u{0}\u{202e} and nothing else".into(),
        contact: Contact::default(),
        context: Context::default(),
        questions: vec![],
        attachments: vec![],
        via: String::new(),
        fields: Default::default(),
        website: String::new(),
        consent: None,
        automatic: false,
        test: false,
        locale: "en".into(),
        created_at: String::new(),
        client: Client { name: "test".into(), version: "1".into() },
    };
    StoredTicket {
        id: id.into(),
        site: "acme".into(),
        reference: reference.into(),
        status: Status::Open,
        priority: Some(Priority::High),
        target: Some(Target {
            severity: Severity::High,
            priority: Priority::High,
            hours: 8,
            owner: Owner::SupportHero,
        }),
        due_at: None,
        received_at: received_at.into(),
        person: None,
        session: Some([9; 32]),
        handling: Handling {
            owner: Some(Owner::SupportHero),
            team: "money".into(),
            assignee: "Ana".into(),
            ..Handling::of(&new, received_at)
        },
        ticket: new,
    }
}

pub fn seal(key: &str) -> Seal {
    Seal { key: key.into(), body: [7; 32], session: Some([9; 32]) }
}

fn answered() -> Along {
    Along { answer: Some(said(Author::Automatic, "Perhaps this?")), ..Along::default() }
}

fn mailed(mail: Option<NewMail>) -> Along {
    Along { mail, ..Along::default() }
}

fn question(id: &str, title: &str) -> Question {
    Question { id: id.into(), title: title.into(), ..Question::default() }
}

#[tokio::test]
async fn a_ticket_comes_back_as_it_was_by_id_by_reference_and_by_key() {
    let (store, _folder) = fresh().await;
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    assert_eq!(store.place(&ticket, &seal("k"), Along::default()).await.unwrap(), Placed::New);
    assert_eq!(store.ticket("1").await.unwrap().as_ref(), Some(&ticket));
    assert_eq!(store.ticket("DB-00001").await.unwrap().as_ref(), Some(&ticket));
    assert_eq!(store.sealed("acme", "k").await.unwrap(), Some(Sealed { seal: seal("k"), ticket }));
    assert_eq!(store.sealed("other", "k").await.unwrap(), None);
    assert_eq!(store.ticket("2").await.unwrap(), None);
}

#[tokio::test]
async fn a_key_or_a_reference_that_is_taken_keeps_nothing() {
    let (store, _folder) = fresh().await;
    let first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.place(&first, &seal("k"), Along::default()).await.unwrap();
    let second = ticket("2", "DB-00002", "2026-01-01T00:00:01.000Z");
    let held = Sealed { seal: seal("k"), ticket: first };
    assert_eq!(store.place(&second, &seal("k"), Along::default()).await.unwrap(), Placed::KeyTaken(Box::new(held)));
    let third = ticket("3", "DB-00001", "2026-01-01T00:00:02.000Z");
    assert_eq!(store.place(&third, &seal("l"), Along::default()).await.unwrap(), Placed::ReferenceTaken);
    assert_eq!(store.sealed("acme", "l").await.unwrap(), None);
    assert_eq!(store.list_tickets(&View::default(), None, 10).await.unwrap().tickets.len(), 1);
}

#[tokio::test]
async fn the_list_begins_with_what_is_due_and_ends_with_what_is_solved() {
    let (store, _folder) = fresh().await;
    let day = |day: u32| format!("2026-01-0{day}T00:00:00.000Z");
    let place = async |id: &str, came: u32, change: &dyn Fn(&mut StoredTicket)| {
        let mut ticket = ticket(id, &format!("DB-{id}"), &day(came));
        change(&mut ticket);
        store.place(&ticket, &seal(id), Along::default()).await.unwrap();
    };
    place("solved", 9, &|ticket| ticket.status = Status::Solved).await;
    place("waits-new", 4, &|_| {}).await;
    place("waits-old", 3, &|_| {}).await;
    place("due-later", 1, &|ticket| ticket.due_at = Some(day(8))).await;
    place("due-soon", 2, &|ticket| ticket.due_at = Some(day(7))).await;
    place("theirs", 1, &|ticket| ticket.handling.turn = Turn::Customer).await;
    place("answered", 5, &|ticket| {
        (ticket.due_at, ticket.handling.answered_at) = (Some(day(6)), Some(day(5)));
    })
    .await;
    let ids = async |view: &View, after, limit| -> Vec<String> {
        store.list_tickets(view, after, limit).await.unwrap().tickets.into_iter().map(|ticket| ticket.id).collect()
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

#[tokio::test]
async fn tickets_are_found_by_reference_person_and_words_in_any_spelling() {
    let (store, _folder) = fresh().await;
    let mut first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    first.ticket.message = "Der Export der Übersicht schlägt fehl".into();
    first.ticket.contact = Contact { name: "Zoë Müller".into(), email: "zoe@example.com".into() };
    first.ticket.context.user = Some(domain::context::User {
        id: "u-7".into(),
        attributes: wire::Pairs(vec![("github".into(), "zoe-m".into())]),
        ..Default::default()
    });
    store.place(&first, &seal("a"), Along::default()).await.unwrap();
    store.place(&ticket("2", "DB-00002", "2026-01-01T00:00:00.000Z"), &seal("b"), Along::default()).await.unwrap();
    let found = async |words: &str| -> Vec<String> {
        let view = View { words: words.into(), ..View::default() };
        store.list_tickets(&view, None, 10).await.unwrap().tickets.into_iter().map(|ticket| ticket.id).collect()
    };
    for words in ["db-00001", "ZOE@example.com", "muller", "Müller zoë", "@zoe-m", "u-7", "ubersicht export"] {
        assert_eq!(found(words).await, ["1"], "{words}");
    }
    // The last word may still be typed.
    assert_eq!(found("ubersicht exp").await, ["1"]);
    assert_eq!(found("expo ubersicht").await, Vec::<String>::new());
    assert_eq!(found("export nothing").await, Vec::<String>::new());
    assert_eq!(found("%").await, Vec::<String>::new());
    let noted = Deed { operator: "ana".into(), act: Act::Noted, text: "Wrote on X as zebra".into(), at: String::new() };
    let note = |current: &CurrentTicket| Change { activity: Some(noted.clone()), ..current.unchanged() }.into();
    store.change("1", "", None, &note).await.unwrap();
    assert_eq!((found("ZEBRA").await, store.deeds("1").await.unwrap()), (vec!["1".to_string()], vec![noted]));
}

fn said(author: Author, body: &str) -> NewMessage {
    NewMessage { author, name: "Ada".into(), body: body.into(), at: "2026-01-02".into(), attachments: vec![] }
}

/// Keeps a message with its deliveries, past every rule.
async fn say(store: &SqliteStore, message: NewMessage, key: Option<&str>, deliveries: Vec<NewDelivery>) -> Changed {
    let seal = key.map(|key| MessageSeal { key, body: [message.body.len() as u8; 32] });
    let decide = |current: &CurrentTicket| {
        Change { message: Some(message.clone()), deliveries: deliveries.clone(), ..current.unchanged() }.into()
    };
    store.change("1", NOW, seal, &decide).await.unwrap()
}

#[tokio::test]
async fn what_is_said_is_numbered_counted_as_unread_and_said_once() {
    let (store, _folder) = fresh().await;
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.place(&ticket, &seal("k"), answered()).await.unwrap();
    let say = async |author, body, key| say(&store, said(author, body), key, vec![]).await;
    let Changed::Written(_, Some(reply)) = say(Author::Customer, "No", Some("a")).await else { panic!() };
    assert_eq!((reply.number, reply.body.as_str()), (2, "No"));
    assert_eq!(say(Author::Customer, "No", Some("a")).await, Changed::Repeated(reply));
    assert_eq!(say(Author::Customer, "Yes!", Some("a")).await, Changed::KeyReused);
    let Changed::Written(now, _) = say(Author::Support, "Then try this", None).await else { panic!() };
    assert_eq!(now.handling.unread, 2);
    let read = |current: &CurrentTicket| {
        let mut change = current.unchanged();
        change.ticket.handling.read_until = 1;
        change.into()
    };
    let Changed::Written(now, None) = store.change("DB-00001", "", None, &read).await.unwrap() else { panic!() };
    assert_eq!(now.handling.unread, 1);
    let messages = store.messages("1", 1).await.unwrap();
    assert_eq!(messages.iter().map(|message| message.number).collect::<Vec<_>>(), [2, 3]);
    let nothing = |_: &CurrentTicket| Decision::Nothing;
    assert_eq!(store.change("1", "", None, &nothing).await.unwrap(), Changed::Unchanged(now));
    assert_eq!(store.change("2", "", None, &nothing).await.unwrap(), Changed::NotFound);
}

#[tokio::test]
async fn a_decision_sees_the_ticket_as_the_change_before_it_has_left_it() {
    let (store, _folder) = fresh().await;
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.place(&ticket, &seal("k"), Along { deliveries: orders(What::Ticket), ..Along::default() }).await.unwrap();
    let solve = |current: &CurrentTicket| {
        if current.ticket.status == Status::Solved {
            return Decision::Nothing;
        }
        let mut change = Change { deliveries: orders(What::Solved), ..current.unchanged() };
        change.ticket.status = Status::Solved;
        change.into()
    };
    let both = tokio::join!(store.change("1", NOW, None, &solve), store.change("1", NOW, None, &solve));
    let written = [both.0.unwrap(), both.1.unwrap()].into_iter().filter(|one| matches!(one, Changed::Written(..)));
    assert_eq!(written.count(), 1);
    assert_eq!(ordered(&store, "1").await, [(What::Ticket, 0), (What::Solved, 0)]);
}

#[tokio::test]
async fn the_connection_that_writes_waits_for_the_disk() {
    let (store, _folder) = fresh().await;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&store.writer).await.unwrap();
    assert_eq!((synchronous, journal.as_str()), (2, "wal"));
}

/// Writes questions as an import does that is not interrupted.
async fn import(store: &SqliteStore, source: &str, questions: &[Question]) {
    let row =
        |question: &Question| NewQuestion { id: question.id.clone(), hash: [1; 32], json: json(question).unwrap() };
    let rows: Vec<NewQuestion> = questions.iter().map(row).collect();
    assert_eq!(store.write_questions("acme", source, &rows).await.unwrap(), []);
    store.finish_import("acme", source, &now()).await.unwrap();
}

async fn revision(store: &SqliteStore) -> i64 {
    store.revisions().await.unwrap().get("acme").map_or(0, |revision| revision.current)
}

#[tokio::test]
async fn an_id_that_another_source_takes_meanwhile_stays_with_it() {
    let (store, _folder) = fresh().await;
    let row = |title: &str| NewQuestion { id: "a".into(), hash: [1; 32], json: json(&question("a", title)).unwrap() };
    assert_eq!(store.write_questions("acme", "one", &[row("One")]).await.unwrap(), []);
    let taken = store.write_questions("acme", "other", &[row("Mine")]).await.unwrap();
    assert_eq!(taken, [TakenId { id: "a".into(), source: "one".into() }]);
    assert_eq!(store.remove_questions("acme", "other", &["a".into()]).await.unwrap(), 0);
    assert_eq!(store.question("acme", "a").await.unwrap(), Some(question("a", "One")));
}

#[tokio::test]
async fn what_an_import_writes_counts_once_it_is_done_and_only_what_has_changed_is_read() {
    let (store, _folder) = fresh().await;
    import(&store, "one", &[question("a", "One"), question("b", "Two")]).await;
    let changed = async |after: i64, until: i64| {
        let rows = store.changed_questions("acme", &(after + 1, String::new()), until, 10).await.unwrap();
        let removed = store.removed_questions("acme", RevisionRange { after, until }).await.unwrap();
        (rows.into_iter().map(|row| row.id).collect::<Vec<_>>(), removed)
    };
    assert_eq!(changed(0, 1).await, (vec!["a".into(), "b".into()], vec![]));
    // An import that is killed before its end.
    let row = NewQuestion { id: "c".into(), hash: [1; 32], json: json(&question("c", "Three")).unwrap() };
    store.write_questions("acme", "one", &[row]).await.unwrap();
    store.remove_questions("acme", "one", &["a".into()]).await.unwrap();
    assert_eq!((revision(&store).await, changed(1, 1).await), (1, (vec![], vec![])));
    // It is carried on by another one, which has nothing left to write.
    store.finish_import("acme", "one", &now()).await.unwrap();
    assert_eq!((revision(&store).await, changed(1, 2).await), (2, (vec!["c".into()], vec!["a".into()])));
    store.finish_import("acme", "one", &now()).await.unwrap();
    assert_eq!(revision(&store).await, 2);

    store.forget_removed_questions("2000-01-01").await.unwrap();
    assert_eq!(store.revisions().await.unwrap()["acme"], Revision { current: 2, oldest: 0 });
    store.forget_removed_questions("2999-01-01").await.unwrap();
    assert_eq!(store.revisions().await.unwrap()["acme"], Revision { current: 2, oldest: 2 });
    assert_eq!(changed(0, 2).await.1, Vec::<String>::new());
}

#[tokio::test]
async fn one_holder_at_a_time_has_the_lease_of_an_import() {
    let (store, _folder) = fresh().await;
    let lease = async |holder: &str, now: &str, until: &str| {
        store.lease_import("acme", "one", holder, now, until).await.unwrap()
    };
    assert!(lease("a", "2026-11-23T10:00:00.000Z", "2026-11-23T10:05:00.000Z").await);
    assert!(!lease("b", "2026-11-23T10:01:00.000Z", "2026-11-23T10:06:00.000Z").await);
    assert!(lease("a", "2026-11-23T10:02:00.000Z", "2026-11-23T10:07:00.000Z").await, "it is renewed");
    assert!(lease("b", "2026-11-23T10:07:00.000Z", "2026-11-23T10:12:00.000Z").await, "the other was killed");
    let failure = ImportOutcome::Failure { retry_at: "2026-11-23T10:08:00.000Z".into() };
    store.record_import("acme", "one", "a", &failure).await.unwrap();
    assert_eq!(
        store.import_run("acme", "one").await.unwrap(),
        ImportRun::default(),
        "whose lease is over says nothing"
    );
    store.record_import("acme", "one", "b", &failure).await.unwrap();
    let run = store.import_run("acme", "one").await.unwrap();
    assert_eq!((run.failures, run.retry_at.as_str()), (1, "2026-11-23T10:08:00.000Z"));
    assert!(lease("c", "2026-11-23T10:08:00.000Z", "2026-11-23T10:13:00.000Z").await, "it was given back");
    store.record_import("acme", "one", "c", &ImportOutcome::Success { progress: "{}".into() }).await.unwrap();
    let run = store.import_run("acme", "one").await.unwrap();
    assert_eq!(run, ImportRun { progress: "{}".into(), ..ImportRun::default() });
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = SqliteStore::open(&folder.path().join("file/test.db")).await.unwrap_err().to_string();
    assert!(error.contains("file/test.db: ") && error.contains("sqlite:PATH"), "{error}");
}

#[tokio::test]
async fn tickets_that_come_together_share_a_commit_and_spoil_nothing_for_each_other() {
    let (store, _folder) = fresh().await;
    let named = |id: &str, reference: &str| ticket(id, reference, "2026-01-01T00:00:00.000Z");
    let one = named("1", "DB-00001");
    let (other_key, same_key, same_reference, broken) =
        (named("2", "DB-00002"), named("3", "DB-00003"), named("4", "DB-00001"), named("1", "DB-00005"));
    let seals = ["k", "l", "k", "m", "n"].map(seal);
    let [first, second, third, fourth, fifth] = &seals;
    let commits = count(&store).await;
    let (one_placed, other, taken, reference, failed) = tokio::join!(
        store.place(&one, first, Along::default()),
        store.place(&other_key, second, answered()),
        store.place(&same_key, third, Along::default()),
        store.place(&same_reference, fourth, Along::default()),
        store.place(&broken, fifth, Along::default()),
    );
    assert_eq!(commits.load(Ordering::SeqCst), 1);
    assert_eq!((one_placed.unwrap(), other.unwrap()), (Placed::New, Placed::New));
    assert_eq!(taken.unwrap(), Placed::KeyTaken(Box::new(Sealed { seal: seal("k"), ticket: one })));
    assert_eq!(reference.unwrap(), Placed::ReferenceTaken);
    assert!(matches!(failed, Err(StoreError::Row(_))), "its id is taken");
    assert_eq!(store.messages("2", 0).await.unwrap().len(), 1);
    assert_eq!(store.list_tickets(&View::default(), None, 10).await.unwrap().tickets.len(), 2);
    for nothing in ["m", "n"] {
        assert_eq!(store.sealed("acme", nothing).await.unwrap(), None, "{nothing}");
    }
}

#[tokio::test]
async fn a_commit_that_fails_acknowledges_nobody() {
    let (store, _folder) = fresh().await;
    // What is checked at the commit only: the savepoints all succeed, and then none of it is kept.
    let broken = "CREATE TABLE late (ticket TEXT REFERENCES questions (id) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER breaks AFTER INSERT ON tickets WHEN new.id = '2' BEGIN INSERT INTO late VALUES ('none'); END;
        CREATE UNIQUE INDEX ids ON questions (id)";
    sqlx::raw_sql(broken).execute(&store.writer).await.unwrap();
    let tickets = ["1", "2", "3"].map(|id| ticket(id, &format!("DB-{id}"), "2026-01-01T00:00:00.000Z"));
    let [one, two, three] = &tickets;
    let seals = ["1", "2", "3"].map(seal);
    let [first, second, third] = &seals;
    let (one, two, three) = tokio::join!(
        store.place(one, first, Along::default()),
        store.place(two, second, Along::default()),
        store.place(three, third, Along::default())
    );
    assert!(one.is_err() && two.is_err() && three.is_err());
    assert_eq!(store.list_tickets(&View::default(), None, 10).await.unwrap().tickets, []);
    assert_eq!(store.place(&tickets[0], first, Along::default()).await.unwrap(), Placed::New);
}

#[tokio::test]
async fn a_receipt_is_taken_by_one_until_its_time_and_not_any_more_when_it_is_done() {
    let (store, _folder) = fresh().await;
    let came = "2026-01-01T00:00:00.000Z";
    let [ticket, later] = ["1", "2"].map(|id| ticket(id, &format!("DB-{id}"), came));
    let mail = |address: &str| Some(NewMail { address: address.into(), quota: Some(quota(address)) });
    assert_eq!(store.place(&ticket, &seal("1"), mailed(mail("Ada+x@example.com"))).await.unwrap(), Placed::New);
    // What is not kept sends no receipt either.
    store.place(&later, &seal("1"), mailed(mail("bob@example.com"))).await.unwrap();
    let minute = |minute: u32| format!("2026-01-01T00:0{minute}:00.000Z");
    let take = async |site: &str, now: u32| {
        let (now, until) = (minute(now), minute(now + 5));
        store.claim_mail(site, Claim { token: "t", now: &now, until: &until }).await.unwrap()
    };
    assert_eq!((store.next_mail("acme").await.unwrap().as_deref(), take("other", 0).await), (Some(came), None));
    let (address, since) = ("Ada+x@example.com".to_string(), came.to_string());
    let due = DueMail { ticket: ticket.clone(), address, code: None, tries: 1, since };
    assert_eq!(take("acme", 0).await, Some(due.clone()));
    assert_eq!(take("acme", 4).await, None);
    assert!(store.record_mail("1", "t", MailOutcome::Retry { due_at: &minute(1) }).await.unwrap());
    assert!(!store.record_mail("1", "t", MailOutcome::Sent).await.unwrap(), "its claim has ended");
    assert_eq!(take("acme", 1).await, Some(DueMail { tries: 2, ..due.clone() }));
    // Whoever took it has not come back.
    assert_eq!(take("acme", 6).await, Some(DueMail { tries: 3, ..due }));
    assert!(!store.record_mail("1", "another", MailOutcome::Sent).await.unwrap(), "somebody else has it");
    assert!(!store.extend_mail("1", "another", &minute(8)).await.unwrap());
    assert!(store.extend_mail("1", "t", &minute(8)).await.unwrap());
    assert!(store.record_mail("1", "t", MailOutcome::Sent).await.unwrap());
    assert_eq!((take("acme", 9).await, store.next_mail("acme").await.unwrap()), (None, None));
}

fn quota(address: &str) -> MailQuota {
    MailQuota {
        mailbox: Sha256::digest(mailbox(address)).into(),
        session: None,
        network: None,
        limits: MailLimits::default(),
    }
}

/// The tickets whose receipt is kept.
async fn receipts(store: &SqliteStore) -> Vec<String> {
    sqlx::query_scalar("SELECT ticket FROM mails ORDER BY ticket").fetch_all(&store.readers).await.unwrap()
}

#[tokio::test]
async fn an_unsigned_mailbox_gets_three_receipts_in_a_day_and_is_forgotten_after_it() {
    let (store, _folder) = fresh().await;
    let place = async |id: &str, came: &str, address: &str, verified: bool| {
        let mail = Some(NewMail { address: address.into(), quota: (!verified).then(|| quota(address)) });
        let placed = store.place(&ticket(id, &format!("DB-{id}"), came), &seal(id), mailed(mail)).await.unwrap();
        assert_eq!(placed, Placed::New);
    };
    let (first, same_day, next_day) =
        ("2026-01-01T00:00:00.000Z", "2026-01-01T23:59:59.000Z", "2026-01-02T00:00:01.000Z");
    for (id, came, address, verified) in [
        ("1", first, "a.da@gmail.com", false),
        ("2", same_day, "Ada@Googlemail.com", false),
        ("3", same_day, "\"ada\"@gmail.com", false),
        ("4", same_day, "ad.a+2@gmail.com", false),
        ("5", same_day, "ada@gmail.com", true),
        ("6", same_day, "bob@example.com", false),
        ("7", next_day, "ada@gmail.com", false),
        ("8", next_day, "ada@gmail.com", false),
    ] {
        place(id, came, address, verified).await;
    }
    assert_eq!(receipts(&store).await, ["1", "2", "3", "5", "6", "7"]);
    for id in ["1", "2"] {
        sqlx::query("UPDATE mails SET claim = 't' WHERE ticket = ?").bind(id).execute(&store.writer).await.unwrap();
        assert!(store.record_mail(id, "t", MailOutcome::Sent).await.unwrap());
    }
    store.forget_mails("2026-01-01T12:00:00.000Z").await.unwrap();
    assert_eq!(receipts(&store).await, ["2", "3", "5", "6", "7"], "what is not sent yet stays");
    let counted: u32 =
        sqlx::query_scalar("SELECT count(*) FROM unsigned_mails").fetch_one(&store.readers).await.unwrap();
    assert_eq!(counted, 4, "what is older than a day is not known any more");
}

#[tokio::test]
async fn a_session_a_network_and_a_site_have_their_shares_of_receipts_too_and_their_tickets_are_kept() {
    let limits = MailLimits { mailbox: 2, session: 3, address: 5, site: 6 };
    let (store, _folder) = fresh().await;
    for number in 0..12_u8 {
        let [session, network] = [number / 4, number / 6].map(|share| Some([share; 32]));
        let quota = MailQuota { mailbox: [number; 32], session, network, limits };
        let mail = Some(NewMail { address: format!("{number}@example.com"), quota: Some(quota) });
        let new = ticket(&format!("{number:02}"), &format!("DB-{number}"), NOW);
        assert_eq!(store.place(&new, &seal(&number.to_string()), mailed(mail)).await.unwrap(), Placed::New);
    }
    // Three of the first session, two of the second until its network is at its end, then one until the site is.
    assert_eq!(receipts(&store).await, ["00", "01", "02", "04", "05", "06"]);
}

/// A ticket whose sender claims an address, and a code for it under way.
async fn claimed(store: &SqliteStore) {
    let mail = Some(NewMail { address: "ada@example.com".into(), quota: Some(quota("ada@example.com")) });
    let deliveries = orders(What::Ticket);
    let along = Along { unconfirmed: Some("ada@example.com".into()), deliveries, ..mailed(mail) };
    assert_eq!(store.place(&ticket("1", "DB-1", NOW), &seal("1"), along).await.unwrap(), Placed::New);
}

#[tokio::test]
async fn a_code_is_guessed_at_five_times_and_another_makes_five_more() {
    let (store, _folder) = fresh().await;
    claimed(&store).await;
    let (long_ago, later) = ("2025-01-01", "2026-12-31T00:00:00.000Z");
    let confirm = async |number: u32, oldest: &str| {
        store.confirm("1", NOW, oldest, &|code| code == number, &orders(What::Confirmed)).await.unwrap()
    };
    let state = async || store.ticket("1").await.unwrap().unwrap().handling.confirmation;
    assert_eq!(state().await, Confirmation::Awaited { withheld: 0, first: 0, code_sent: true });
    assert_eq!(confirm(1, later).await, CodeCheck::NoneValid, "its time is over");
    for left in (0..5).rev() {
        assert_eq!(confirm(2, long_ago).await, CodeCheck::Wrong(left));
    }
    assert_eq!(confirm(1, long_ago).await, CodeCheck::TooManyAttempts);
    let quota = quota("ada@example.com");
    let request = async |before: &str| store.request_code("1", later, before, &quota).await.unwrap();
    assert_eq!(request("2025-01-01").await, CodeRequest::TooSoon { sent_at: NOW.into() });
    assert_eq!(request(later).await, CodeRequest::Accepted);
    let due = store.claim_mail("acme", Claim { token: "t", now: later, until: later }).await.unwrap().unwrap();
    assert_eq!((due.code, due.address.as_str()), (Some(2), "ada@example.com"));
    assert_eq!(confirm(1, long_ago).await, CodeCheck::Wrong(4), "the first is not valid any more");
    assert_eq!(confirm(2, long_ago).await, CodeCheck::Confirmed);
    assert_eq!((state().await, confirm(2, long_ago).await), (Confirmation::Confirmed, CodeCheck::NotNeeded));
    assert_eq!(request(later).await, CodeRequest::NotNeeded);
    let deeds = store.deeds("1").await.unwrap();
    assert_eq!((deeds.len(), deeds[0].act, deeds[0].text.as_str()), (1, Act::Confirmed, "ada@example.com"));
    assert_eq!(store.confirm("2", NOW, long_ago, &|_| true, &[]).await.unwrap(), CodeCheck::NotNeeded);
}

#[tokio::test]
async fn codes_count_against_the_same_quota_as_receipts() {
    let (store, _folder) = fresh().await;
    claimed(&store).await;
    let at = |hour: u32| format!("2026-01-02T{hour:02}:00:00.000Z");
    let request =
        async |hour: u32| store.request_code("1", &at(hour), &at(hour), &quota("ada@example.com")).await.unwrap();
    assert_eq!(
        [request(1).await, request(2).await, request(3).await],
        [CodeRequest::Accepted, CodeRequest::Accepted, CodeRequest::QuotaUsedUp { oldest: NOW.into() }]
    );
    sqlx::query("UPDATE confirmations SET code = 5").execute(&store.writer).await.unwrap();
    assert_eq!(request(4).await, CodeRequest::TooManyCodes);
}

#[tokio::test]
async fn who_uses_up_a_mailbox_of_somebody_else_leaves_its_owner_a_share_and_a_mailbox_has_an_end() {
    let (store, _folder) = fresh().await;
    let place = async |id: u8, network: u8| {
        let quota = MailQuota { network: Some([network; 32]), ..quota("ada@example.com") };
        let mail = Some(NewMail { address: "ada@example.com".into(), quota: Some(quota) });
        let new = ticket(&format!("{id:02}"), &format!("DB-{id}"), NOW);
        assert_eq!(store.place(&new, &seal(&id.to_string()), mailed(mail)).await.unwrap(), Placed::New);
    };
    for id in 0..5 {
        place(id, 1).await;
    }
    assert_eq!(receipts(&store).await, ["00", "01", "02"]);
    for id in 5..17 {
        place(id, id / 3 + 1).await;
    }
    // From five networks together nine.
    assert_eq!(receipts(&store).await.len(), 9);
}

#[tokio::test]
async fn receipts_leave_a_part_of_the_quota_to_codes_that_somebody_requests() {
    let (store, _folder) = fresh().await;
    let limits = MailLimits::default();
    for number in 1..=4_u8 {
        let quota = MailQuota { limits: limits.of_receipts(), ..quota("ada@example.com") };
        let mail = Some(NewMail { address: "ada@example.com".into(), quota: Some(quota) });
        let along = Along { unconfirmed: Some("ada@example.com".into()), ..mailed(mail) };
        let new = ticket(&number.to_string(), &format!("DB-{number}"), NOW);
        assert_eq!(store.place(&new, &seal(&number.to_string()), along).await.unwrap(), Placed::New);
    }
    let is_code_sent = async |id: &str| store.ticket(id).await.unwrap().unwrap().handling.confirmation.is_code_sent();
    assert!(is_code_sent("1").await && is_code_sent("2").await && !is_code_sent("3").await);
    let request = async |id: &str| store.request_code(id, LATER, NOW, &quota("ada@example.com")).await.unwrap();
    assert_eq!(request("3").await, CodeRequest::Accepted);
    assert!(is_code_sent("3").await);
    assert_eq!(request("4").await, CodeRequest::QuotaUsedUp { oldest: NOW.into() });
    for (limit, part) in [(0, 0), (1, 1), (2, 1), (3, 2), (10, 7), (500, 375)] {
        assert_eq!(MailLimits { site: limit, ..limits }.of_receipts().site, part);
    }
}

#[tokio::test]
async fn a_code_whose_mail_is_given_up_was_not_sent_and_another_can_be_requested_at_once() {
    let (store, _folder) = fresh().await;
    claimed(&store).await;
    store.claim_mail("acme", Claim { token: "t", now: LATER, until: LATER }).await.unwrap().unwrap();
    assert!(store.record_mail("1", "t", MailOutcome::GivenUp).await.unwrap());
    let confirmation = store.ticket("1").await.unwrap().unwrap().handling.confirmation;
    assert_eq!(confirmation, Confirmation::Awaited { withheld: 0, first: 0, code_sent: false });
    let quota = quota("ada@example.com");
    assert_eq!(store.request_code("1", NOW, "2025-01-01", &quota).await.unwrap(), CodeRequest::Accepted);
}

#[tokio::test]
async fn whoever_has_confirmed_a_mailbox_gets_no_more_receipts_than_a_session_may_have() {
    let (store, _folder) = fresh().await;
    let limits = MailLimits { mailbox: 1, session: 3, ..MailLimits::default() };
    for id in 1..=5_u8 {
        let quota = MailQuota { session: Some([1; 32]), limits, ..quota("ada@example.com") };
        let mail = Some(NewMail { address: "ada@example.com".into(), quota: Some(quota) });
        let along = Along { unconfirmed: Some("ada@example.com".into()), ..mailed(mail) };
        let mut new = ticket(&id.to_string(), &format!("DB-{id}"), NOW);
        new.session = Some([1; 32]);
        assert_eq!(store.place(&new, &seal(&id.to_string()), along).await.unwrap(), Placed::New);
        if id == 1 {
            assert_eq!(store.confirm("1", NOW, "2025-01-01", &|_| true, &[]).await.unwrap(), CodeCheck::Confirmed);
        }
    }
    assert_eq!(receipts(&store).await, ["1", "2", "3"]);
    let last = store.ticket("5").await.unwrap().unwrap();
    assert_eq!(last.handling.confirmation, Confirmation::Confirmed, "without a receipt it is confirmed all the same");
}

#[tokio::test]
async fn whoever_has_confirmed_a_mailbox_does_not_confirm_it_again_for_the_next_ticket() {
    let (store, _folder) = fresh().await;
    let place = async |id: &str, session: Option<u8>, person: Option<&str>, address: &str| {
        let quota = MailQuota { limits: MailLimits { mailbox: 1, ..MailLimits::default() }, ..quota(address) };
        let mail = Some(NewMail { address: address.into(), quota: Some(quota) });
        let along = Along { unconfirmed: Some(address.into()), ..mailed(mail) };
        let mut new = ticket(id, &format!("DB-{id}"), NOW);
        (new.session, new.person) = (session.map(|session| [session; 32]), person.map(Into::into));
        assert_eq!(store.place(&new, &seal(id), along).await.unwrap(), Placed::New);
        store.ticket(id).await.unwrap().unwrap().handling.confirmation
    };
    assert!(place("1", Some(1), None, "ada@example.com").await.is_code_sent());
    assert!(place("2", Some(1), None, "Ada@example.com").await.is_awaited(), "it is not confirmed yet");
    assert_eq!(store.confirm("1", NOW, "2025-01-01", &|_| true, &[]).await.unwrap(), CodeCheck::Confirmed);
    assert_eq!(place("3", Some(1), None, "ADA+x@example.com").await, Confirmation::Confirmed);
    for (id, session, person, address) in [
        ("4", Some(1), None, "eve@example.com"),
        ("5", Some(2), None, "ada@example.com"),
        ("6", None, None, "ada@example.com"),
        ("7", Some(1), Some("u-7"), "ada@example.com"),
    ] {
        assert!(place(id, session, person, address).await.is_awaited(), "{id}");
    }
    // It gets its receipt, and no code.
    assert_eq!(receipts(&store).await, ["1", "3", "4"]);
    // What a session sent before somebody signed in is theirs, and no longer the session's.
    store.move_to_person("acme", &[1; 32], "u-8").await.unwrap();
    assert!(place("8", Some(1), None, "ada@example.com").await.is_awaited());
    assert_eq!(place("9", Some(3), Some("u-8"), "ada@example.com").await, Confirmation::Confirmed);
}

#[tokio::test]
async fn what_mails_count_against_names_nobody_and_goes_with_its_ticket() {
    let (store, _folder) = fresh().await;
    claimed(&store).await;
    let counted = async || -> u32 {
        sqlx::query_scalar("SELECT count(*) FROM unsigned_mails").fetch_one(&store.readers).await.unwrap()
    };
    let plain: u32 =
        sqlx::query_scalar("SELECT count(*) FROM unsigned_mails WHERE instr(CAST(mailbox AS TEXT), '@') > 0")
            .fetch_one(&store.readers)
            .await
            .unwrap();
    assert_eq!((counted().await, plain), (1, 0));
    store.erase_tickets(&["1".into()], NOW, &|_| true).await.unwrap();
    assert_eq!(counted().await, 0);
}

#[tokio::test]
async fn who_signs_in_with_the_claimed_address_has_confirmed_it() {
    let (store, _folder) = fresh().await;
    claimed(&store).await;
    sqlx::query("UPDATE tickets SET person = 'u-7'").execute(&store.writer).await.unwrap();
    let state = async || store.ticket("1").await.unwrap().unwrap().handling.confirmation;
    for (site, person, mailbox) in
        [("acme", "u-7", "eve@example.com"), ("acme", "u-8", "ada@example.com"), ("other", "u-7", "ada@example.com")]
    {
        assert!(store.confirm_signed(site, person, mailbox, NOW, &orders(What::Confirmed)).await.unwrap().is_empty());
        assert!(state().await.is_awaited());
    }
    let confirmed = async || {
        let orders = orders(What::Confirmed);
        store.confirm_signed("acme", "u-7", "ada@example.com", NOW, &orders).await.unwrap()
    };
    let told = confirmed().await;
    assert_eq!((told.len(), told[0].handling.confirmation), (1, Confirmation::Confirmed));
    assert_eq!(state().await, Confirmation::Confirmed);
    assert!(confirmed().await.is_empty(), "it is confirmed once");
    assert_eq!(ordered(&store, "1").await, [(What::Ticket, 0), (What::Confirmed, 0)]);
}

#[tokio::test]
async fn a_note_from_elsewhere_is_kept_once_counted_and_found() {
    let (store, _folder) = fresh().await;
    claimed(&store).await;
    let note = Deed { operator: "eve@example.com".into(), act: Act::Noted, text: "Zanzibar".into(), at: LATER.into() };
    let keep = async |key: &str| {
        let decide = |current: &CurrentTicket| {
            let mut change = current.unchanged();
            change.ticket.handling.updated_at = LATER.into();
            assert!(current.mailed_notes < 2);
            Change { activity: Some(note.clone()), activity_key: Some(key.into()), ..change }.into()
        };
        store.change("1", LATER, None, &decide).await.unwrap()
    };
    assert!(matches!(keep("there <1>").await, Changed::Written(..)));
    assert!(matches!(keep("there <1>").await, Changed::Unchanged(_)));
    assert!(matches!(keep("there <2>").await, Changed::Written(..)));
    assert_eq!(store.deeds("1").await.unwrap().len(), 2);
    assert_eq!(store.ticket("1").await.unwrap().unwrap().handling.updated_at, LATER);
    let view = View { words: "zanzibar".into(), ..View::default() };
    assert_eq!(store.list_tickets(&view, None, 10).await.unwrap().tickets.len(), 1);
}

/// Counts what is committed from now on.
async fn count(store: &SqliteStore) -> Arc<AtomicUsize> {
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = commits.clone();
    let mut writer = store.writer.acquire().await.unwrap();
    writer.lock_handle().await.unwrap().set_commit_hook(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        true
    });
    commits
}

fn orders(what: What) -> Vec<NewDelivery> {
    vec![NewDelivery { destination: "desk".into(), what }]
}

/// What is ordered about a ticket.
async fn ordered(store: &SqliteStore, ticket: &str) -> Vec<(What, u32)> {
    store.deliveries(ticket).await.unwrap().iter().map(|one| (one.what, one.number)).collect()
}

const NOW: &str = "2026-01-02T00:00:00.000Z";
const UNTIL: &str = "2026-01-02T00:00:30.000Z";
const LATER: &str = "2026-01-02T01:00:00.000Z";

#[tokio::test]
async fn deliveries_are_taken_oldest_first_by_one_at_a_time_and_what_belongs_to_a_ticket_in_its_order() {
    let (store, _folder) = fresh().await;
    for (id, reference) in [("1", "DB-00001"), ("2", "DB-00002")] {
        let along = Along { deliveries: orders(What::Ticket), ..Along::default() };
        let ticket = ticket(id, reference, "2026-01-01T00:00:00.000Z");
        assert_eq!(store.place(&ticket, &seal(id), along).await.unwrap(), Placed::New);
    }
    say(&store, said(Author::Customer, "And this"), None, orders(What::Message)).await;
    let take = async |now: &str| {
        let claim = Claim { token: now, now, until: UNTIL };
        store.claim_deliveries(("acme", "desk"), claim, &[], 10).await.unwrap()
    };
    let first = take(NOW).await;
    let names: Vec<(&str, What, u32)> =
        first.iter().map(|one| (one.ticket.id.as_str(), one.delivery.what, one.delivery.tries)).collect();
    assert_eq!(names, [("1", What::Ticket, 1), ("2", What::Ticket, 1)]);
    assert!(take(NOW).await.is_empty(), "they are in somebody's hands");
    let place = Place { remote: "35".into(), requester: "77".into(), merged_after: None };
    let there = Tried::Delivered { remote: "35".into(), place: Some(place.clone()), told: String::new() };
    let fails = Tried::Later { due_at: LATER.into(), blamed: true, told: "why".into() };
    assert!(store.record_attempts(&[(&first[0], &there), (&first[1], &fails)], NOW).await.unwrap().is_empty());
    let second = take(NOW).await;
    assert_eq!(second.len(), 1);
    assert_eq!((second[0].delivery.what, second[0].place.as_ref()), (What::Message, Some(&place)));
    // Whoever held it has gone: it is taken again, and that it was tried is known.
    let again = take(UNTIL).await;
    let names: Vec<(What, u32)> = again.iter().map(|one| (one.delivery.what, one.delivery.tries)).collect();
    assert_eq!(names, [(What::Message, 2)]);
    assert_eq!(again[0].delivery.tried_at.as_deref(), Some(NOW));
    assert_eq!(store.next_delivery(("acme", "desk"), &[]).await.unwrap().as_deref(), Some(UNTIL));
    let refused = Tried::GivenUp { told: "no".into() };
    assert!(store.record_attempts(&[(&again[0], &refused)], NOW).await.unwrap().is_empty());
    let queues = store.queues().await.unwrap();
    assert_eq!(queues.iter().map(|one| (one.waiting, one.given_up)).collect::<Vec<_>>(), [(1, 1)]);
    assert_eq!(store.send_again(None, LATER).await.unwrap(), 1);
    assert_eq!(take(LATER).await.len(), 2);
}

#[tokio::test]
async fn every_queue_in_which_something_is_is_counted_as_far_as_that_is_shown() {
    let (store, _folder) = fresh().await;
    let to = |destination: &str| NewDelivery { destination: destination.into(), what: What::Ticket };
    for (id, site) in [("1", "acme"), ("2", "acme"), ("3", "other"), ("4", "zeta")] {
        let mut ticket = ticket(id, &format!("DB-0000{id}"), &format!("2026-01-0{id}T00:00:00.000Z"));
        ticket.site = site.into();
        let deliveries = if site == "other" { vec![to("desk")] } else { vec![to("chat"), to("desk"), to("mail")] };
        store.place(&ticket, &seal(id), Along { deliveries, ..Along::default() }).await.unwrap();
    }
    for sql in [
        "UPDATE deliveries SET state = 'delivered' WHERE destination = 'chat' AND site = 'acme'",
        "UPDATE deliveries SET state = 'given_up' WHERE destination = 'mail' AND ticket = '1'",
    ] {
        sqlx::query(sql).execute(&store.writer).await.unwrap();
    }
    let queues = async || -> Vec<(String, u32, u32, Option<String>)> {
        let queues = store.queues().await.unwrap().into_iter();
        let day = |since: String| since.get(8..10).unwrap_or_default().to_string();
        let name = |queue: &QueueStatus| format!("{}/{}", queue.site, queue.destination);
        queues.map(|queue| (name(&queue), queue.waiting, queue.given_up, queue.since.map(day))).collect()
    };
    let queue = |name: &str, waiting, given_up, day: &str| (name.to_string(), waiting, given_up, Some(day.to_string()));
    let expected = [
        queue("acme/desk", 2, 0, "01"),
        queue("acme/mail", 1, 1, "02"),
        queue("other/desk", 1, 0, "03"),
        queue("zeta/chat", 1, 0, "04"),
        queue("zeta/desk", 1, 0, "04"),
        queue("zeta/mail", 1, 0, "04"),
    ];
    assert_eq!(queues().await, expected);
    sqlx::query(
        "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 3000)
        INSERT INTO deliveries (site, destination, ticket, what, number, state, created_at, due_at)
        SELECT site, destination, ticket, 'message', n, state, created_at, due_at FROM more, deliveries WHERE site = 'other'",
    )
    .execute(&store.writer)
    .await
    .unwrap();
    assert_eq!(queues().await[2], queue("other/desk", QUEUE_COUNT_MAX, 0, "03"));
}

#[tokio::test]
async fn a_ticket_from_before_a_destination_goes_there_ahead_of_what_is_said_about_it() {
    let (store, _folder) = fresh().await;
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.place(&ticket, &seal("k"), Along::default()).await.unwrap();
    let solved = |current: &CurrentTicket| Change { deliveries: orders(What::Solved), ..current.unchanged() }.into();
    store.change("1", NOW, None, &solved).await.unwrap();
    assert!(ordered(&store, "1").await.is_empty(), "nobody there knows what would be solved");
    for body in ["One", "Two"] {
        say(&store, said(Author::Customer, body), None, orders(What::Message)).await;
    }
    assert_eq!(ordered(&store, "1").await, [(What::Ticket, 0), (What::Message, 1), (What::Message, 2)]);
}

#[tokio::test]
async fn what_is_told_is_taken_once_and_a_ticket_from_elsewhere_is_kept_once() {
    let (store, _folder) = fresh().await;
    let place = Place { remote: "35".into(), requester: "77".into(), merged_after: None };
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    assert!(store.adopt(&ticket, "desk", &place).await.unwrap());
    let same = StoredTicket { id: "2".into(), reference: "DB-00002".into(), ..ticket.clone() };
    assert!(!store.adopt(&same, "desk", &place).await.unwrap());
    assert!(store.is_placed("acme", "desk", "35").await.unwrap());
    let queue = ("acme", "desk");
    let look = async |now: &str| store.take_looks(queue, now, UNTIL, 10).await.unwrap().len();
    assert_eq!((look(NOW).await, look(NOW).await), (1, 0));
    // It is told again while somebody looks: what they find then does not count.
    assert!(store.told(queue, "i1", ("35", None), NOW, "").await.unwrap());
    store.looked("1", "desk", UNTIL, None, None).await.unwrap();
    assert_eq!(look(NOW).await, 1);
    store.looked("1", "desk", UNTIL, None, None).await.unwrap();
    assert!(!store.told(queue, "i1", ("35", None), NOW, "").await.unwrap(), "the same is told once");
    assert_eq!(look(LATER).await, 0);
    assert!(store.told(queue, "i1", ("35", None), LATER, LATER).await.unwrap(), "and forgotten in time");
}

#[tokio::test]
async fn the_list_is_narrowed_by_everything_at_once_and_a_search_finds_what_was_said_later() {
    let (store, _folder) = fresh().await;
    for (id, reference, site) in [("1", "DB-00001", "acme"), ("2", "DB-00002", "acme"), ("3", "DB-00003", "other")] {
        let mut ticket = ticket(id, reference, "2026-01-01T00:00:00.000Z");
        ticket.site = site.into();
        store.place(&ticket, &seal(id), Along::default()).await.unwrap();
    }
    say(&store, said(Author::Customer, "It is the Kühlschrank"), None, vec![]).await;
    let found = async |view: View| -> Vec<String> {
        store.list_tickets(&view, None, 10).await.unwrap().tickets.into_iter().map(|ticket| ticket.id).collect()
    };
    let all = View {
        site: "acme".into(),
        status: Some(Status::Open),
        owner: Some(Owner::SupportHero),
        team: "money".into(),
        assignee: "Ana".into(),
        is_test: Some(false),
        words: String::new(),
    };
    assert_eq!(found(all.clone()).await, ["1", "2"]);
    assert_eq!(found(View { words: "kuhl".into(), ..all.clone() }).await, ["1"]);
    for narrower in [
        View { site: "elsewhere".into(), ..all.clone() },
        View { status: Some(Status::Solved), ..all.clone() },
        View { owner: Some(Owner::Cs), ..all.clone() },
        View { team: "growth".into(), ..all.clone() },
        View { assignee: "Ben".into(), ..all.clone() },
        View { is_test: Some(true), ..all.clone() },
        View { words: "fridge".into(), ..all.clone() },
    ] {
        assert_eq!(found(narrower.clone()).await, Vec::<String>::new(), "{narrower:?}");
    }
    assert_eq!(found(View { site: "other".into(), ..View::default() }).await, ["3"]);
}

#[tokio::test]
async fn a_search_finds_the_same_whichever_way_it_takes() {
    let (store, _folder) = fresh().await;
    // Every ticket says „no“; one in three has a word of its own beside it.
    for number in 0..120 {
        let mut ticket = ticket(&format!("{number}"), &format!("DB-{number:05}"), "2026-01-01T00:00:00.000Z");
        if number % 3 == 0 {
            ticket.ticket.message = format!("It says no to word{}", number % 9);
        }
        store.place(&ticket, &seal(&ticket.id.clone()), Along::default()).await.unwrap();
    }
    let all = async |words: &str| {
        let view = View { words: words.into(), ..View::default() };
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page = store.list_tickets(&view, after, 7).await.unwrap();
            found.extend(page.tickets.into_iter().map(|ticket| ticket.id.parse::<u32>().unwrap()));
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

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other_page() {
    let (store, _folder) = fresh().await;
    for number in 0..12 {
        let ticket = ticket(&format!("{number}"), &format!("DB-{number:05}"), "2026-01-01T00:00:00.000Z");
        store.place(&ticket, &seal(&ticket.id.clone()), Along::default()).await.unwrap();
    }
    for _ in 0..12 {
        say(&store, said(Author::Customer, "Well"), None, vec![]).await;
    }
    for damage in [
        "UPDATE tickets SET severity = 'huge' WHERE id IN ('3', '4', '5', '7')",
        "UPDATE messages SET author = 'nobody' WHERE number IN (3, 4, 7)",
    ] {
        sqlx::query(damage).execute(&store.writer).await.unwrap();
    }
    let readable = ["0", "1", "2", "6", "8", "9", "10", "11"];
    for words in ["", "no"] {
        let view = View { words: words.into(), ..View::default() };
        let (mut after, mut ids) = (None, Vec::new());
        loop {
            let page = store.list_tickets(&view, after, 3).await.unwrap();
            ids.extend(page.tickets.into_iter().map(|ticket| ticket.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        ids.sort_by_key(|id| id.parse::<u32>().unwrap());
        assert_eq!(ids, readable, "{words:?}");
    }
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page = store.customer_tickets("acme", Reader::Session(&[9; 32]), after.as_ref(), 3).await.unwrap();
        ids.extend(page.tickets.into_iter().map(|ticket| ticket.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    ids.sort_by_key(|id| id.parse::<u32>().unwrap());
    assert_eq!(ids, readable);
    let numbers = |messages: Vec<domain::conversation::Message>| {
        messages.iter().map(|message| message.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(store.messages("1", 0).await.unwrap()), [1, 2, 5, 6, 8, 9, 10, 11, 12]);
    assert_eq!(numbers(store.last_messages("1", None, 3).await.unwrap()), [10, 11, 12]);
    let page = store.message_page("1", 1, 3).await.unwrap();
    assert_eq!((numbers(page.messages), page.has_more), (vec![2, 5, 6], true));
}

/// Adds so many tickets like the first one, which are found by `word`, below the numbers of none.
async fn multiply(store: &SqliteStore, count: u32, word: &str) {
    for sql in [
        "WITH RECURSIVE copies (number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM copies WHERE number < ?1)
        INSERT INTO tickets (id, site, reference, status, received_at, topic, severity, owner, team, assignee, turn, updated_at,
            read_until, kind, listed, list_group, list_key, number)
        SELECT 'copy-' || copies.number, site, 'COPY-' || copies.number, status, received_at, topic, severity, owner, team,
            assignee, turn, updated_at, read_until, kind, listed, list_group, list_key, copies.number
        FROM copies, tickets WHERE tickets.number = 1 AND ?2 <> ''",
        "INSERT INTO ticket_tokens (ticket, token) SELECT number, ?2 FROM tickets WHERE number BETWEEN 2 AND ?1",
    ] {
        sqlx::query(sql).bind(count + 1).bind(word).execute(&store.writer).await.unwrap();
    }
}

#[tokio::test]
async fn a_search_for_words_that_are_seldom_together_stops_and_goes_on_where_it_stopped() {
    let (store, _folder) = fresh().await;
    let mut first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    first.ticket.message = "alpha beta".into();
    store.place(&first, &seal("1"), Along::default()).await.unwrap();
    multiply(&store, 20_000, "alpha").await;
    for sql in [
        "UPDATE ticket_tokens SET token = 'beta' WHERE token = 'alpha' AND ticket > 8000",
        "INSERT INTO ticket_tokens (ticket, token) VALUES (17, 'rare')",
    ] {
        sqlx::query(sql).execute(&store.writer).await.unwrap();
    }
    let search = async |words: &str, after| {
        let view = View { words: words.into(), ..View::default() };
        let page = store.list_tickets(&view, after, 10).await.unwrap();
        (page.tickets.into_iter().map(|ticket| ticket.id).collect::<Vec<_>>(), page.next, page.stopped_at)
    };
    for words in ["alpha beta", "beta alpha"] {
        let (found, mut next, stopped_at) = search(words, None).await;
        assert_eq!((found.len(), stopped_at.as_deref()), (0, Some("2026-01-01T00:00:00.000Z")), "{words}");
        let mut found = Vec::new();
        while let Some(after) = next {
            let page = search(words, Some(after)).await;
            (found, next) = (page.0, page.1);
        }
        assert_eq!(found, ["1"], "{words}");
    }
    // A rare word leads to its tickets at once, wherever they are, and common words that are often together fill a page.
    assert_eq!(search("alpha rare", None).await, (vec!["copy-17".to_string()], None, None));
    assert_eq!(search("rare alpha", None).await, (vec!["copy-17".to_string()], None, None));
    let (found, next, stopped_at) = search("beta", None).await;
    assert_eq!((found.len(), next.is_some(), stopped_at), (10, true, None));
}

#[tokio::test]
async fn a_list_that_two_filters_narrow_down_stops_and_goes_on_where_it_stopped() {
    let (store, _folder) = fresh().await;
    let first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.place(&first, &seal("1"), Along::default()).await.unwrap();
    multiply(&store, 6_000, "word").await;
    sqlx::query("UPDATE tickets SET owner = 'cs' WHERE number = 5990").execute(&store.writer).await.unwrap();
    let view = View { site: "acme".into(), owner: Some(Owner::Cs), ..View::default() };
    let first = store.list_tickets(&view, None, 10).await.unwrap();
    assert_eq!((first.tickets.len(), first.stopped_at.as_deref()), (0, Some("2026-01-01T00:00:00.000Z")));
    let second = store.list_tickets(&view, first.next, 10).await.unwrap();
    assert_eq!((second.tickets.len(), second.next, second.stopped_at), (1, None, None));
}

#[tokio::test]
async fn tickets_of_an_earlier_version_are_listed_and_found_once_the_store_is_open() {
    let (store, folder) = fresh().await;
    store.place(&ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z"), &seal("a"), answered()).await.unwrap();
    store.place(&ticket("2", "DB-00002", "2026-01-01T00:00:00.000Z"), &seal("b"), Along::default()).await.unwrap();
    let before = store.list_tickets(&View::default(), None, 10).await.unwrap().tickets;
    // As the migration leaves them: what was sent in format 0, one of them no JSON, and nothing else.
    let sent = serde_json::to_string(&ticket("1", "", "").ticket).unwrap();
    for (sql, value) in [
        ("UPDATE ticket_bodies SET format = 0, excerpt = '', body = ? WHERE ticket = '1'", sent.as_str()),
        ("UPDATE ticket_bodies SET format = 0, excerpt = '', body = ? WHERE ticket = '2'", "{"),
        ("DELETE FROM ticket_tokens WHERE token <> ?", ""),
        ("UPDATE tickets SET kind = ?, title = '', list_group = 0, list_key = 0, listed = 0", ""),
    ] {
        sqlx::query(sql).bind(value).execute(&store.writer).await.unwrap();
    }
    store.close().await;
    let store = SqliteStore::open(&folder.path().join("new/folder/test.db")).await.unwrap();
    let expected: Vec<_> = before.into_iter().filter(|ticket| ticket.id == "1").collect();
    assert_eq!(store.list_tickets(&View::default(), None, 10).await.unwrap().tickets, expected);
    for words in ["nothing else", "perhaps", "DB-00001"] {
        let view = View { words: words.into(), ..View::default() };
        assert_eq!(store.list_tickets(&view, None, 10).await.unwrap().tickets, expected, "{words}");
    }
    assert_eq!(store.ticket("1").await.unwrap().unwrap().ticket, ticket("1", "", "").ticket);
    let error = store.ticket("2").await.unwrap_err().to_string();
    assert_eq!(error, "ticket 2 cannot be read: column body: format 0, no JSON at line 1 column 1");
}

#[tokio::test]
async fn with_a_ticket_goes_what_it_is_listed_and_found_by() {
    let (store, _folder) = fresh().await;
    store.place(&ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z"), &seal("a"), answered()).await.unwrap();
    sqlx::query("DELETE FROM tickets WHERE id = '1'").execute(&store.writer).await.unwrap();
    for table in ["ticket_bodies", "ticket_tokens", "messages", "seals"] {
        let count = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")));
        assert_eq!(count.fetch_one(&store.writer).await.unwrap(), 0, "{table}");
    }
    // Its number may be given to another.
    store.place(&ticket("2", "DB-00002", "2026-01-01T00:00:00.000Z"), &seal("b"), Along::default()).await.unwrap();
    let found = async || {
        let view = View { words: "perhaps".into(), ..View::default() };
        let found = store.list_tickets(&view, None, 10).await.unwrap().tickets;
        found.into_iter().map(|ticket| ticket.id).collect::<Vec<_>>()
    };
    assert!(found().await.is_empty(), "{:?}", found().await);
    // Whose automatic answer says it is found by it.
    store.place(&ticket("3", "DB-00003", "2026-01-01T00:00:00.000Z"), &seal("c"), answered()).await.unwrap();
    assert_eq!(found().await, ["3"]);
}

#[tokio::test]
async fn a_customers_list_comes_in_pages_and_its_counts_are_of_all() {
    let (store, _folder) = fresh().await;
    for number in 0..7_u32 {
        let mut ticket = ticket(&format!("{number}"), &format!("DB-{number:05}"), "2026-01-01T00:00:00.000Z");
        ticket.status = if number % 2 == 0 { Status::Open } else { Status::Solved };
        // Some were written to at the same time.
        ticket.handling.updated_at = format!("2026-01-0{}T00:00:00.000Z", 1 + number / 4);
        let along = if number == 3 { answered() } else { Along::default() };
        store.place(&ticket, &seal(&ticket.id.clone()), along).await.unwrap();
    }
    let reader = Reader::Session(&[9; 32]);
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page = store.customer_tickets("acme", reader, after.as_ref(), 2).await.unwrap();
        ids.extend(page.tickets.into_iter().map(|ticket| ticket.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids, ["6", "4", "2", "0", "5", "3", "1"]);
    let counts = ReaderCounts { total: 7, open: 4, unread: 1 };
    assert_eq!(store.customer_counts("acme", reader).await.unwrap(), counts);
    assert_eq!(store.customer_counts("other", reader).await.unwrap(), ReaderCounts::default());
    store.move_to_person("acme", &[9; 32], "u-7").await.unwrap();
    assert_eq!(store.customer_counts("acme", reader).await.unwrap(), ReaderCounts::default());
    assert_eq!(store.customer_counts("acme", Reader::Person("u-7")).await.unwrap(), counts);
}

#[tokio::test]
async fn messages_come_in_pages_that_end_by_number_or_by_bytes() {
    let (store, _folder) = fresh().await;
    store.place(&ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z"), &seal("a"), Along::default()).await.unwrap();
    let long = "x".repeat(MESSAGE_PAGE_BYTES / 2);
    for body in ["a", "b", "c", &long, &long, &long] {
        say(&store, said(Author::Customer, body), None, vec![]).await;
    }
    let page = async |after, limit| {
        let page = store.message_page("1", after, limit).await.unwrap();
        (page.messages.iter().map(|message| message.number).collect::<Vec<_>>(), page.has_more)
    };
    assert_eq!(page(0, 2).await, (vec![1, 2], true));
    assert_eq!(page(2, 100).await, (vec![3, 4], true));
    assert_eq!(page(4, 100).await, (vec![5, 6], false));
    assert_eq!(page(6, 100).await, (vec![], false));
    let last = store.last_messages("1", Some(6), 2).await.unwrap();
    assert_eq!(last.iter().map(|message| message.number).collect::<Vec<_>>(), [4, 5]);
}
