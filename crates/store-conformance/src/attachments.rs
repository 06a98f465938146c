//! Attachments and upload quotas.

use crate::support::{ACME, LATER, NOW, TestClock, submission_key, ticket, time};
use deskbell_core::ports::{
    FileOwner, PutOutcome, Store, StoredAttachment, SubmissionExtras, SubmissionOutcome, Upload, UploadUsage,
};
use domain::attachment::FileType;

pub async fn a_file_belongs_to_its_owner_and_is_attached_once(store: &dyn Store, _clock: &TestClock) {
    assert_eq!(store.put_attachment(&file("a", 9), None).await.unwrap(), PutOutcome::Kept(None));
    let foreign = store.put_attachment(&file("a", 8), None).await.unwrap();
    assert_eq!(foreign, PutOutcome::Foreign);
    let replaced = store.put_attachment(&file("a", 9), None).await.unwrap();
    assert_eq!(replaced, PutOutcome::Kept(Some("file-a".into())));
    let mut new = ticket("1", "DB-00001", NOW);
    new.ticket.attachments = vec!["a".into(), "b".into()];
    assert_eq!(
        store.submit(&new, &submission_key("1"), SubmissionExtras::default()).await.unwrap(),
        SubmissionOutcome::MissingFiles(vec![1])
    );
    assert_eq!(store.ticket(&"1".into()).await.unwrap(), None, "all of it is kept, or nothing");
    new.ticket.attachments = vec!["a".into()];
    assert_eq!(
        store.submit(&new, &submission_key("1"), SubmissionExtras::default()).await.unwrap(),
        SubmissionOutcome::Stored
    );
    assert_eq!(store.attachments(&"1".into()).await.unwrap().len(), 1);
    assert!(matches!(store.put_attachment(&file("a", 9), None).await.unwrap(), PutOutcome::Sent(_)));
    let mut other = ticket("2", "DB-00002", NOW);
    other.ticket.attachments = vec!["a".into()];
    assert_eq!(
        store.submit(&other, &submission_key("2"), SubmissionExtras::default()).await.unwrap(),
        SubmissionOutcome::MissingFiles(vec![0])
    );
}

pub async fn rejected_uploads_are_not_stored_or_counted(store: &dyn Store, _clock: &TestClock) {
    let session = [9; 32].into();
    let owner = FileOwner::Session(&session);
    let usage = async || store.upload_usage(&ACME, owner, "2026-01-02", Some(&[4; 32])).await.unwrap();
    let upload = async |id: &str, most: u64| {
        let admits = |usage: &UploadUsage| usage.owner.files < most;
        let upload = Upload { day: "2026-01-02", address: Some([4; 32]), admits: &admits };
        store.put_attachment(&file(id, 9), Some(upload)).await.unwrap()
    };
    assert_eq!(upload("a", 1).await, PutOutcome::Kept(None));
    assert!(matches!(upload("b", 1).await, PutOutcome::OverQuota(_)));
    let counted = usage().await;
    assert_eq!((counted.owner.files, counted.address.files, counted.site.files), (1, 1, 1));
    assert_eq!(store.attachment(&ACME, "b").await.unwrap(), None);
    assert_eq!(upload("b", 2).await, PutOutcome::Kept(None));
    assert_eq!(usage().await.owner.bytes, 2 * u64::from(file("a", 9).size));
}

pub async fn unsent_files_expire_and_their_bytes_are_left_to_the_sweep(store: &dyn Store, _clock: &TestClock) {
    let of_customer = StoredAttachment { person: Some("u-7".into()), ..file("customer", 9) };
    for new in
        [file("sent", 9), file("early", 9), StoredAttachment { put_at: time(LATER), ..file("late", 9) }, of_customer]
    {
        store.put_attachment(&new, None).await.unwrap();
    }
    let mut new = ticket("1", "DB-1", NOW);
    new.ticket.attachments = vec!["SENT".into()];
    assert_eq!(
        store.submit(&new, &submission_key("1"), SubmissionExtras::default()).await.unwrap(),
        SubmissionOutcome::Stored
    );
    // Files of anonymous sessions expire earlier.
    store.forget_attachments(time(LATER), time(NOW)).await.unwrap();
    let files = ["sent", "early", "late", "customer"].map(|id| format!("file-{id}"));
    let known = async || {
        let mut known: Vec<String> = store.known_files(&files).await.unwrap().into_iter().collect();
        known.sort_unstable();
        known
    };
    assert_eq!(known().await, ["file-customer", "file-late", "file-sent"]);
    assert_eq!(store.removed_files("", 10).await.unwrap(), ["file-early"]);
    store.forget_attachments(time(LATER), time(LATER)).await.unwrap();
    assert_eq!(known().await, ["file-late", "file-sent"]);
    store.erase_tickets(&["1".into()], &|_| true).await.unwrap();
    assert_eq!(known().await, ["file-late"]);
    assert_eq!(store.removed_files("", 2).await.unwrap(), ["file-customer", "file-early"]);
    assert_eq!(store.removed_files("file-early", 2).await.unwrap(), ["file-sent"]);
    store.forget_removed_files(&["file-early".into(), "file-sent".into()]).await.unwrap();
    assert_eq!(store.removed_files("", 10).await.unwrap(), ["file-customer"]);
}

pub async fn upload_counters_are_kept_by_day(store: &dyn Store, _clock: &TestClock) {
    let usage = async |day: &str| {
        let session = [9; 32].into();
        store.upload_usage(&ACME, FileOwner::Session(&session), day, Some(&[4; 32])).await.unwrap()
    };
    for (day, id) in [("2026-01-01", "a"), ("2026-01-02", "b"), ("2026-01-02", "b")] {
        let upload = Upload { day, address: Some([4; 32]), admits: &|_| true };
        store.put_attachment(&file(id, 9), Some(upload)).await.unwrap();
    }
    let files = |usage: UploadUsage| (usage.owner.files, usage.address.files, usage.site.files);
    // A repeated upload counts again for the day, and once for its owner.
    assert_eq!((files(usage("2026-01-01").await), files(usage("2026-01-02").await)), ((2, 1, 1), (2, 2, 2)));
    assert_eq!(usage("2026-01-02").await.owner_oldest, Some(time(NOW)));
    store.forget_upload_usage("2026-01-02").await.unwrap();
    assert_eq!((files(usage("2026-01-01").await), files(usage("2026-01-02").await)), ((2, 0, 0), (2, 2, 2)));
}

pub async fn secrets_differ_and_stay_the_same(store: &dyn Store, _clock: &TestClock) {
    let read = async || {
        [store.attachments_key().await.unwrap(), store.confirmations_key().await.unwrap(), store.salt().await.unwrap()]
    };
    let secrets = read().await;
    assert_eq!(read().await, secrets);
    assert!(secrets.iter().all(|secret| secret.len() == 32));
    assert!(secrets[0] != secrets[1] && secrets[1] != secrets[2] && secrets[0] != secrets[2]);
}

fn file(id: &str, session: u8) -> StoredAttachment {
    StoredAttachment {
        site: "acme".into(),
        id: id.into(),
        person: None,
        session: Some([session; 32].into()),
        name: "a.png".into(),
        media: FileType::Png,
        size: 100,
        has_metadata: false,
        file: format!("file-{id}"),
        put_at: time(NOW),
        number: None,
    }
}
