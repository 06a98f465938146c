//! Attachments and upload quotas.

use crate::support::{ACME, NOW, TestClock, submission_key, ticket, time};
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
