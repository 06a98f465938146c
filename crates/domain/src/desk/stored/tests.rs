//! What an earlier version has left is read, and what is written is read by both.

use serde_json::{Value, json};

use super::super::attachment::LeftBehindReason;
use super::super::ids::TransactionId;
use super::super::records::{Expectation, Write};
use super::super::submission::{Acknowledgement, Cause, Submission};
use super::*;
use crate::ticket::{Kind, Severity};

const NOW: Time = Time(1_800_000_000_000);

#[derive(Default)]
struct Disk([Entries<Value>; 4]);

impl Disk {
    fn with(mut self, store: &'static str, key: &str, value: Value) -> Disk {
        self.entries(store).push((key.into(), value));
        self
    }

    fn entries(&mut self, store: &'static str) -> &mut Entries<Value> {
        &mut self.0[STORES.iter().position(|name| *name == store).unwrap()]
    }

    fn read(&self) -> Stored {
        Stored::read("acme", &self.0)
    }

    fn get(&self, store: &str, key: &str) -> Option<&Value> {
        let entries = &self.0[STORES.iter().position(|name| *name == store).unwrap()];
        entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    fn keys(&self, store: &str) -> Vec<&str> {
        let entries = &self.0[STORES.iter().position(|name| *name == store).unwrap()];
        entries.iter().map(|(key, _)| key.as_str()).collect()
    }

    fn apply(&mut self, expectations: Vec<Expectation>, writes: Vec<Write>) -> Result<(), Vec<Record>> {
        let transaction = Transaction { id: TransactionId(1), expectations, writes };
        let operations = self.read().apply(&transaction, &|_| true, NOW)?;
        for operation in operations {
            match operation {
                Operation::Put { store, key, json } => {
                    let mut value: Value = serde_json::from_str(&json).unwrap();
                    if store == FILES {
                        value["blob"] = json!({ "size": 3 });
                    }
                    self.entries(store).retain(|(known, _)| *known != key);
                    self.entries(store).push((key, value));
                }
                Operation::Delete { store, key } => self.entries(store).retain(|(known, _)| *known != key),
            }
        }
        Ok(())
    }

    fn put(&mut self, record: impl Into<Record>) {
        self.apply(Vec::new(), vec![Write::Put(Box::new(record.into()))]).unwrap();
    }
}

impl From<Draft> for Record {
    fn from(draft: Draft) -> Record {
        Record::Draft(draft)
    }
}

impl From<Submission> for Record {
    fn from(submission: Submission) -> Record {
        Record::Submission(submission)
    }
}

fn drafts(stored: &Stored) -> Vec<&Draft> {
    let drafts = stored.records.iter().filter_map(|record| match record {
        Record::Draft(draft) => Some(draft),
        _ => None,
    });
    drafts.collect()
}

fn submissions(stored: &Stored) -> Vec<&Submission> {
    let submissions = stored.records.iter().filter_map(|record| match record {
        Record::Submission(submission) => Some(submission),
        _ => None,
    });
    submissions.collect()
}

fn earlier_ticket(message: &str) -> Value {
    json!({
        "kind": "bug", "topic": "", "severity": Kind::Bug.default_severity().word(), "message": message,
        "contact": { "name": "Ada", "email": "ada@host.example" }, "context": {},
        "questions": [{ "source": "gateway", "id": "q1", "title": "Q", "url": "", "outcome": "shown" }],
        "via": "x", "fields": { "seats": "7", "urgent": true }, "locale": "en",
        "created_at": "2026-11-29T11:00:00Z", "client": { "name": "deskbell", "version": "0.1.0" },
    })
}

fn earlier_draft(id: &str, message: &str, at: u64) -> Value {
    let frozen = json!({ "at": "2026", "user": null, "open_ms": 12, "errors": [], "ratio": 0.5 });
    json!({ "id": id, "ticket": earlier_ticket(message), "at": at, "tab": 0.25, "frozen": frozen })
}

fn earlier_file(id: &str, of: &str) -> Value {
    json!({ "id": id, "of": of, "name": format!("{id}.png"), "blob": { "size": 3 }, "at": 5, "there": true, "metadata": true })
}

fn earlier_item(key: &str, draft: &str, text: &str) -> Value {
    json!({
        "key": key, "site": "acme", "user": "ada", "signed": true, "session": "s", "path": "/tickets",
        "body": earlier_ticket(text).to_string(), "files": ["f1"], "names": ["f1.png"], "draft": draft, "text": text,
        "at": 10, "said": 11, "tries": 2, "wait": 3000, "next": 13, "cause": "timed-out",
        "visit": "1.2", "stopped": ["big.mov"], "unaccepted": ["a.exe"],
    })
}

fn expect(key: RecordKey, revision: Option<Revision>) -> Expectation {
    Expectation { key, revision }
}

fn new_draft(key: &str, owner: &str, text: &str) -> Draft {
    let mut draft = Draft::new(key.into(), owner.into(), Target::NewTicket);
    draft.form.text = text.into();
    draft.revision = Revision(9);
    draft.saved_at = NOW;
    draft
}

#[test]
fn the_draft_of_an_earlier_version_is_read_with_its_form_snapshot_and_files() {
    let disk = Disk::default()
        .with(DRAFTS, "acme\nada", earlier_draft("d1", "It broke", 20))
        .with(FILES, "f1", earlier_file("f1", "d1"))
        .with(FILES, "f2", earlier_file("f2", "d2"));
    let stored = disk.read();
    let [draft] = drafts(&stored)[..] else { panic!("{:?}", stored.records) };
    assert_eq!((draft.key.0.as_str(), draft.owner.0.as_str(), draft.saved_at), ("d1", "ada", Time(20)));
    let form = &draft.form;
    assert_eq!((form.text.as_str(), form.kind, form.severity), ("It broke", Some(Kind::Bug), None));
    assert_eq!((form.topic.as_deref(), form.via.as_str(), form.contact.name.as_str()), (Some(""), "x", "Ada"));
    assert_eq!((form.questions.len(), form.consent, form.fields.0.len()), (1, None, 2));
    let snapshot: Value = serde_json::from_str(&form.snapshot).unwrap();
    assert_eq!((&snapshot["user"], &snapshot["ratio"]), (&Value::Null, &json!(0.5)));
    assert_eq!(draft.attachments, [AttachmentRef { id: "f1".into(), name: "f1.png".into() }]);
}

#[test]
fn an_earlier_draft_has_another_version_after_every_change() {
    let revision = |value: Value| drafts(&Disk::default().with(DRAFTS, "acme\n", value).read())[0].revision;
    let first = revision(earlier_draft("d1", "a", 20));
    assert_eq!(first, revision(earlier_draft("d1", "a", 20)));
    assert_ne!(first, revision(earlier_draft("d1", "a", 21)));
    let mut other_tab = earlier_draft("d1", "a", 20);
    other_tab["tab"] = json!(0.75);
    assert_ne!(first, revision(other_tab));
    assert!(first.0 < 1 << 53);
}

#[test]
fn drafts_set_aside_are_read_and_two_texts_under_one_id_stay_two() {
    let disk = Disk::default()
        .with(DRAFTS, "acme\nada", earlier_draft("d1", "new", 30))
        .with(DRAFTS, "acme\nada\n\n20", earlier_draft("d1", "old", 20))
        .with(DRAFTS, "acme\nada\n\n10", earlier_draft("d1", "new", 10))
        .with(DRAFTS, "acme\n\n\n10", earlier_draft("d2", "nobody's", 10))
        .with(DRAFTS, "other\nada", earlier_draft("d3", "of another site", 10));
    let stored = disk.read();
    let found: Vec<_> =
        drafts(&stored).iter().map(|draft| (draft.form.text.as_str(), draft.owner.0.as_str())).collect();
    assert_eq!(found, [("new", "ada"), ("old", "ada"), ("nobody's", "")]);
    assert_eq!(drafts(&stored)[0].key, "d1".into());
    assert_eq!(drafts(&stored)[1].key, IdempotencyKey::from("d1").branch("old"));
}

#[test]
fn a_reply_of_an_earlier_version_gets_the_same_key_in_every_tab_and_another_for_the_next_text() {
    let reply = |at: u64| Disk::default().with(DRAFTS, "acme\nada\nt1", json!({ "text": "Thanks", "at": at })).read();
    let (first, second, next) = (reply(1), reply(1), reply(2));
    let key = |stored: &Stored| drafts(stored)[0].key.clone();
    assert_eq!(drafts(&first)[0].target, Target::Reply("t1".into()));
    assert_eq!((key(&first), key(&first).0.len()), (key(&second), 32));
    assert_ne!(key(&first), key(&next), "it may say the same as a reply that was sent");
}

#[test]
fn a_draft_comes_back_as_it_was_written_and_an_earlier_version_finds_it() {
    let mut draft = new_draft("k1", "ada", "It broke");
    draft.form.kind = Some(Kind::Bug);
    draft.form.severity = Some(Severity::ALL.iter().copied().find(|one| *one != Kind::Bug.default_severity()).unwrap());
    draft.form.consent = Some(false);
    draft.form.snapshot = r#"{"at":"2026"}"#.into();
    draft.attachments = vec![AttachmentRef { id: "f1".into(), name: "f1.png".into() }];
    let mut disk = Disk::default();
    disk.put(draft.clone());
    assert_eq!(drafts(&disk.read()), [&draft]);
    let value = disk.get(DRAFTS, "acme\nada").unwrap();
    assert_eq!(
        (&value["id"], &value["ticket"]["message"], &value["at"]),
        (&json!("k1"), &json!("It broke"), &json!(NOW.0))
    );
    assert_eq!((&value["ticket"]["attachments"], &value["frozen"]["at"]), (&json!(["f1"]), &json!("2026")));

    let mut reply = Draft::new("k2".into(), "ada".into(), Target::Reply("t1".into()));
    reply.form.text = "Thanks".into();
    disk.put(reply.clone());
    let value = disk.get(DRAFTS, "acme\nada\nt1").unwrap();
    assert_eq!((&value["text"], value.get("id")), (&json!("Thanks"), None));
    assert!(disk.read().records.contains(&Record::Draft(reply)));
}

#[test]
fn no_draft_takes_the_place_of_another_one() {
    let mut disk = Disk::default().with(DRAFTS, "acme\nada", earlier_draft("d1", "first", 20));
    disk.put(new_draft("k1", "ada", "second"));
    assert_eq!(disk.keys(DRAFTS), ["acme\nada", "acme\nada\n\nk1"]);
    // It stays where it is.
    disk.put(new_draft("d1", "ada", "first, changed"));
    disk.put(new_draft("k1", "ada", "second, changed"));
    assert_eq!(disk.keys(DRAFTS), ["acme\nada", "acme\nada\n\nk1"]);
    let texts: Vec<_> = drafts(&disk.read()).iter().map(|draft| draft.form.text.clone()).collect();
    assert_eq!(texts, ["first, changed", "second, changed"]);
    // One that is deleted makes room in the same transaction.
    let delete = Write::Delete(RecordKey::Draft("d1".into()));
    let put = Write::Put(Box::new(Record::Draft(new_draft("k2", "ada", "third"))));
    disk.apply(Vec::new(), vec![delete, put]).unwrap();
    assert_eq!(drafts(&disk.read()).len(), 2);
    assert_eq!(disk.get(DRAFTS, "acme\nada").unwrap()["id"], "k2");
}

#[test]
fn a_draft_moves_with_its_owner() {
    let mut disk = Disk::default().with(DRAFTS, "acme\n", earlier_draft("d1", "first", 20));
    disk.put(new_draft("d1", "ada", "first"));
    assert_eq!(disk.keys(DRAFTS), ["acme\nada"]);
}

#[test]
fn a_submission_of_an_earlier_version_is_sent_with_the_same_bytes() {
    let disk = Disk::default().with(OUTBOX, "q1", earlier_item("q1", "d1", "It broke"));
    let stored = disk.read();
    let [sent] = submissions(&stored)[..] else { panic!() };
    assert_eq!((sent.key.0.as_str(), sent.draft.0.as_str(), sent.is_signed), ("q1", "d1", true));
    assert_eq!(sent.body(), earlier_ticket("It broke").to_string());
    assert_eq!((sent.text(), sent.form.kind, sent.attempts), ("It broke", Some(Kind::Bug), 2));
    assert_eq!((sent.cause, sent.due_at, sent.pause_ms), (Some(Cause::TimedOut), Time(13), 3000));
    assert_eq!(sent.attachments, [AttachmentRef { id: "f1".into(), name: "f1.png".into() }]);
    let left = |name: &str, reason| LeftBehind { name: name.into(), reason };
    assert_eq!(
        sent.left_behind,
        [left("big.mov", LeftBehindReason::Blocked), left("a.exe", LeftBehindReason::Refused)]
    );
    assert_eq!(sent.visit, "1.2");
    assert!(sent.may_have_arrived);
    // Without an attachment it still has everything else.
    let mut less = sent.clone();
    less.leave_behind(&"f1".into(), LeftBehindReason::Missing, "");
    let body: Value = serde_json::from_str(&less.body()).unwrap();
    assert_eq!((&body["severity"], body.get("attachments")), (&earlier_ticket("")["severity"], None));
}

#[test]
fn a_reply_of_an_earlier_version_is_sent_to_its_ticket() {
    let mut item = earlier_item("q1", "", "Thanks");
    item["path"] = json!("/tickets/t1/messages");
    item["body"] = json!(r#"{"message":"Thanks"}"#);
    item["user"] = json!("");
    item["refused"] = json!({ "status": 422, "code": "invalid", "title": "It is invalid" });
    let stored = Disk::default().with(OUTBOX, "q1", item).read();
    let sent = submissions(&stored)[0];
    assert_eq!((&sent.target, sent.is_signed), (&Target::Reply("t1".into()), false));
    assert_eq!(sent.body(), r#"{"message":"Thanks"}"#);
    assert_eq!((sent.refusal.as_ref().unwrap().code.as_str(), sent.may_have_arrived), ("invalid", false));
}

fn own_submission() -> Submission {
    let stored = Disk::default().with(OUTBOX, "q1", earlier_item("q1", "d1", "It broke")).read();
    let mut sent = submissions(&stored)[0].clone();
    sent.key = "k1".into();
    sent.draft = "k1".into();
    sent.revision = Revision(7);
    sent.verbatim = String::new();
    sent.may_have_arrived = false;
    sent.form.snapshot = r#"{"at":"2026"}"#.into();
    sent
}

#[test]
fn a_submission_comes_back_as_it_was_written() {
    let mut disk = Disk::default();
    let mut sent = own_submission();
    disk.put(sent.clone());
    assert_eq!(submissions(&disk.read()), [&sent]);
    sent.written_in = Target::NewTicket;
    sent.target = Target::Reply("t1".into());
    sent.members = String::new();
    sent.cause = Some(Cause::Unauthorised);
    sent.revision = Revision(8);
    disk.put(sent.clone());
    assert_eq!(submissions(&disk.read()), [&sent]);
    let written = disk.get(OUTBOX, "k1").unwrap();
    assert_eq!(written["draft"], "", "an earlier version expects a message as the response");
    assert_eq!(
        (&written["visit"], &written["unaccepted"]),
        (&json!("1.2"), &json!(["a.exe"])),
        "it counts and shows these"
    );
}

#[test]
fn what_an_earlier_version_changes_in_a_submission_is_noticed() {
    let mut disk = Disk::default();
    disk.put(own_submission());
    for (name, value) in [("tries", json!(3)), ("cause", json!("unsure")), ("body", json!("{\"message\":\"less\"}"))] {
        let mut changed = disk.get(OUTBOX, "k1").unwrap().clone();
        changed[name] = value;
        let stored = Disk::default().with(OUTBOX, "k1", changed).read();
        let sent = submissions(&stored)[0];
        assert_ne!(sent.revision, Revision(7), "{name}");
        assert!(sent.may_have_arrived, "{name}");
    }
}

#[test]
fn a_draft_that_an_earlier_version_has_submitted_is_not_submitted_again() {
    let mut disk = Disk::default().with(DRAFTS, "acme\nada", earlier_draft("d1", "It broke", 20)).with(
        OUTBOX,
        "q1",
        earlier_item("q1", "d1", "It broke"),
    );
    let draft = drafts(&disk.read())[0].clone();
    let expectations = || vec![expect(RecordKey::Draft("d1".into()), Some(draft.revision))];
    let mut submission = own_submission();
    submission.key = "d1".into();
    submission.draft = "d1".into();
    let put = |submission: &Submission| vec![Write::Put(Box::new(Record::Submission(submission.clone())))];
    let found = disk.apply(expectations(), put(&submission)).unwrap_err();
    assert!(found.iter().any(|record| record.key() == RecordKey::Submission("q1".into())));
    // Another text is another submission.
    submission.form.text = "It broke again".into();
    disk.apply(expectations(), put(&submission)).unwrap();
}

#[test]
fn receipts_are_read_and_written() {
    let receipt = json!({ "key": "q1", "site": "acme", "user": "ada", "draft": "d1", "text": "It broke", "answer": "{}", "at": 5 });
    let mut disk = Disk::default().with(RECEIPTS, "q1", receipt);
    let stored = disk.read();
    let Record::Acknowledgement(known) = &stored.records[0] else { panic!() };
    assert_eq!((known.draft.0.as_str(), &known.target, known.received_at), ("d1", &Target::NewTicket, Time(5)));
    let reasons =
        [LeftBehindReason::Missing, LeftBehindReason::Blocked, LeftBehindReason::Refused, LeftBehindReason::Chosen];
    let left_behind = reasons.map(|reason| LeftBehind { name: "big.mov".into(), reason }).to_vec();
    let known = Acknowledgement {
        key: "k2".into(),
        draft: "k2".into(),
        target: Target::Reply("t1".into()),
        session: "s".into(),
        left_behind,
        revision: Revision(3),
        ..known.clone()
    };
    disk.put(Record::Acknowledgement(known.clone()));
    // The draft of a reply is not stored: its own id stands for it.
    assert!(disk.read().records.contains(&Record::Acknowledgement(known)));
}

#[test]
fn files_follow_their_draft_and_those_of_other_sites_stay() {
    let mut other = earlier_draft("d9", "of another site", 10);
    other["ticket"]["attachments"] = json!(["f9"]);
    let mut disk = Disk::default()
        .with(DRAFTS, "acme\nada", earlier_draft("d1", "It broke", 20))
        .with(DRAFTS, "other\nada", other)
        .with(FILES, "f1", earlier_file("f1", "d1"))
        .with(FILES, "f9", earlier_file("f9", "d9"));
    let draft = drafts(&disk.read())[0].clone();
    let mut submission = own_submission();
    submission.key = "d1".into();
    let delete = Write::Delete(RecordKey::Draft("d1".into()));
    let put = Write::Put(Box::new(Record::Submission(submission)));
    disk.apply(vec![expect(RecordKey::Draft("d1".into()), Some(draft.revision))], vec![put, delete]).unwrap();
    assert_eq!(disk.get(FILES, "f1").unwrap()["of"], "d1");
    assert_eq!(disk.keys(DRAFTS), ["other\nada"]);
    let ids = ["f1", "f9"].map(AttachmentId::from).to_vec();
    let delete = Write::Delete(RecordKey::Submission("d1".into()));
    disk.apply(Vec::new(), vec![delete, Write::Release(ids)]).unwrap();
    assert_eq!(disk.keys(FILES), ["f9"]);
}

#[test]
fn what_cannot_be_read_stops_only_itself() {
    let disk = Disk::default()
        .with(DRAFTS, "acme\nada", json!("nonsense"))
        .with(OUTBOX, "q0", json!({ "key": "q0", "site": "acme", "path": "/elsewhere" }))
        .with(OUTBOX, "q1", earlier_item("q1", "d1", "It broke"))
        .with(RECEIPTS, "r", json!(null))
        .with(FILES, "f", json!(7));
    assert_eq!(disk.read().records.len(), 1);
}
