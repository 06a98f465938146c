//! What every implementation of the port for files does, and what only a bucket does.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use deskbell_core::clock;
use deskbell_core::ports::{FileError, Files, KeptFile, UnsettledFile, read_file};
use files::{Bucket, BucketOptions, Credentials, Folder};
use futures_util::stream::{StreamExt, TryStreamExt};
use tempfile::TempDir;
use test_s3::{BUCKET, S3};

const HOUR: Duration = Duration::from_secs(60 * 60);
const OTHER: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";

/// Keeps a file that arrives in pieces.
async fn kept(files: &dyn Files, pieces: &[&[u8]]) -> KeptFile {
    let mut part = files.create().unwrap();
    for piece in pieces {
        part.append(piece).await.unwrap();
    }
    part.complete().await.unwrap();
    part.keep().await.unwrap()
}

async fn bytes(files: &dyn Files, file: &str) -> Result<Vec<u8>, FileError> {
    Ok(files.open(file, 0).await?.bytes.try_collect::<Vec<_>>().await?.concat())
}

async fn from(files: &dyn Files, file: &str, start: u64) -> (u64, Vec<u8>) {
    let opened = files.open(file, start).await.unwrap();
    let pieces: Vec<_> = opened.bytes.try_collect().await.unwrap();
    (opened.size, pieces.concat())
}

async fn unsettled(files: &dyn Files) -> Vec<UnsettledFile> {
    files.unsettled().await.unwrap().map(Result::unwrap).concat().await
}

fn names(files: &[UnsettledFile]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

/// The assertions about every implementation. `again` opens the same files another time.
async fn conforms(files: &dyn Files, again: impl Fn() -> Box<dyn Files>) {
    // A file is read as it was written, from any position, by any process.
    let file = kept(files, &[b"some ", b"te", b"xt"]).await;
    assert_eq!((file.size, bytes(files, &file.name).await.unwrap()), (9, b"some text".to_vec()));
    assert_eq!(from(files, &file.name, 5).await, (9, b"text".to_vec()));
    // Whoever expects another size gets an error and not a part of it.
    for (expected, is_right) in [(8, false), (9, true), (10, false)] {
        assert_eq!(read_file(files, &file.name, expected).await.is_ok(), is_right, "{expected}");
    }
    assert_eq!(bytes(again().as_ref(), &file.name).await.unwrap(), b"some text");
    // Also if it is larger than what is sent at once.
    let large = vec![b'x'; 20 << 20];
    let large_file = kept(files, &[&large, b"end"]).await;
    assert_eq!(large_file.size, large.len() as u64 + 3);
    assert_eq!(from(files, &large_file.name, large.len() as u64 - 1).await.1, b"xend");
    assert!(bytes(files, &large_file.name).await.unwrap() == [&large[..], b"end"].concat());
    // The content of an incomplete file can be read and replaced.
    let mut part = files.create().unwrap();
    part.append(b"a place").await.unwrap();
    part.complete().await.unwrap();
    assert_eq!((part.head(3).unwrap(), part.read().unwrap()), (b"a p".to_vec(), b"a place".to_vec()));
    part.replace(b"nowhere").unwrap();
    let replaced = part.keep().await.unwrap();
    assert_eq!((replaced.size, bytes(files, &replaced.name).await.unwrap()), (7, b"nowhere".to_vec()));

    // A file without a row is listed until it is removed; one that was never kept is not there.
    drop(files.create().unwrap());
    let torn = files.create().unwrap();
    let (before, listed) = (clock::now(), unsettled(files).await);
    for name in [&file.name, &large_file.name, &replaced.name] {
        let listed = listed.iter().find(|listed| listed.name == *name).unwrap();
        let age = before.since(listed.written_at.unwrap());
        assert!(age < HOUR, "{age:?}");
    }
    assert_eq!(names(&listed).iter().filter(|name| name.ends_with(".part")).count(), 1);
    for UnsettledFile { name, .. } in listed.iter().filter(|listed| listed.name != file.name) {
        files.remove_unsettled(name).await.unwrap();
    }
    drop(torn);
    assert_eq!(names(&unsettled(files).await), [&file.name]);
    assert!(matches!(bytes(files, &large_file.name).await, Err(FileError::NotFound)));

    // A file that has a row is read from its final place, until it is removed.
    assert!(files.settle(&file.name).await.unwrap());
    assert!(!files.settle(&file.name).await.unwrap());
    assert_eq!(bytes(files, &file.name).await.unwrap(), b"some text");
    files.remove(&file.name).await.unwrap();
    assert!(matches!(bytes(files, &file.name).await, Err(FileError::NotFound)));
    for missing in [file.name.as_str(), OTHER, "../x", ""] {
        files.remove(missing).await.unwrap();
    }
    assert_eq!(names(&unsettled(files).await), Vec::<&str>::new());
    assert!(files.free_bytes().unwrap() > 0);
}

#[tokio::test]
async fn a_folder_keeps_files() {
    let temporary = tempfile::tempdir().unwrap();
    let open = || Folder::open(temporary.path().join("files")).unwrap();
    conforms(&open(), || Box::new(open())).await;
}

fn bucket(url: &str, name: &str, prefix: &str, uploads: &TempDir) -> Bucket {
    let credentials = Credentials { access_key_id: "AKIATEST".into(), secret_access_key: "s3cret".into() };
    Bucket::open(BucketOptions {
        bucket: name.into(),
        prefix: prefix.into(),
        endpoint: Some(url.into()),
        region: Some("us-east-1".into()),
        credentials: Some(credentials),
        path_style: None,
        uploads: uploads.path().join("uploads"),
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_files() {
    let Some(server) = S3::start() else { return };
    let temporary = tempfile::tempdir().unwrap();
    for prefix in ["", "acme/support"] {
        let open = || bucket(&server.url(), BUCKET, prefix, &temporary);
        conforms(&open(), || Box::new(open())).await;
        assert_eq!(server.keys(), Vec::<String>::new());
        assert_eq!(open().check().await, Ok(()));
        assert_eq!(server.keys(), Vec::<String>::new(), "the check leaves nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_kept_here_and_not_settled_is_listed() {
    let Some(server) = S3::start() else { return };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [one, other] = [&here, &there].map(|uploads| bucket(&server.url(), BUCKET, "support", uploads));
    let [settled, not_settled] = [kept(&one, &[b"a"]).await, kept(&one, &[b"b"]).await];
    one.settle(&settled.name).await.unwrap();
    // Of a gateway with another database, or with a copy of this one; and of somebody else.
    let foreign = kept(&other, &[b"c"]).await;
    server.put(&format!("support/0a/{OTHER}"), b"x");
    assert_eq!(names(&unsettled(&one).await), [&not_settled.name]);
    // Also after a restart.
    assert_eq!(names(&unsettled(&bucket(&server.url(), BUCKET, "support", &here)).await), [&not_settled.name]);
    one.remove_unsettled(&not_settled.name).await.unwrap();
    assert!(unsettled(&one).await.is_empty());
    assert!(matches!(bytes(&one, &not_settled.name).await, Err(FileError::NotFound)));
    assert_eq!(bytes(&one, &foreign.name).await.unwrap(), b"c");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_a_bucket_are_told_apart_from_missing_files() {
    let Some(mut server) = S3::start() else { return };
    let temporary = tempfile::tempdir().unwrap();
    let files = bucket(&server.url(), BUCKET, "", &temporary);
    let file = kept(&files, &[b"text"]).await;
    let without_bucket = bucket(&server.url(), "no-such-bucket", "", &temporary);
    assert!(matches!(bytes(&without_bucket, &file.name).await, Err(FileError::Unavailable(_))));
    assert!(without_bucket.check().await.unwrap_err().starts_with("writing an object failed: "));
    let mut part = files.create().unwrap();
    part.append(b"more").await.unwrap();
    part.complete().await.unwrap();
    server.stop();
    assert!(matches!(bytes(&files, &file.name).await, Err(FileError::Unavailable(_))));
    assert!(matches!(part.keep().await, Err(FileError::Unavailable(_))));
    assert!(matches!(files.remove(&file.name).await, Err(FileError::Unavailable(_))));
    // Both are remembered until they can be deleted: nobody knows whether the second one has arrived.
    let listed = unsettled(&files).await;
    assert_eq!(listed.len(), 2);
    assert!(matches!(files.remove_unsettled(&listed[0].name).await, Err(FileError::Unavailable(_))));
    assert_eq!(unsettled(&files).await.len(), 2);
    server.restart();
    assert!(matches!(bytes(&files, &file.name).await, Err(FileError::NotFound)));
    assert_eq!(kept(&files, &[b"again"]).await.size, 5);
}
