//! A bucket of S3-compatible storage with the bytes of files, each in its [`place`] below a prefix. A file is there from the moment it is kept.
//!
//! Until its row is written, an empty file of its name in the local folder for uploads remembers it. So what a crash has left is found without listing the
//! bucket, and nothing is ever deleted that other gateways have kept: they may use another database, or an older copy of it.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use deskbell_core::ports::{Disk, FileError, Files, KeptFile, OpenFile, PartialFile, StoreError, UnsettledFile};
use domain::attachment;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, Error, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
};
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::FolderDisk;
use crate::blocking::blocking;
use crate::folder::{list, make_private};
use crate::part::{ENDING, Keep, Part};
use crate::pieces::exactly;
use crate::place::place;

/// Larger files are uploaded in parts of so many bytes, each of which is in memory while it is sent.
const PART: usize = 8 << 20;
/// How many files are uploaded at the same time.
const UPLOADS: usize = 4;
/// How long an upload waits for its turn; after that the bucket is too slow for what arrives.
const TURN_TIME: Duration = Duration::from_secs(20);
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long the bucket may send nothing, or take to receive a part.
const READ_TIME: Duration = Duration::from_secs(30);
const RETRIES: usize = 3;
/// No request is repeated later.
const RETRY_TIME: Duration = Duration::from_secs(30);
const BACKOFF: BackoffConfig =
    BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(3), base: 3.0 };
/// The variables that name the region.
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
/// The most characters of an error that are shown: it contains the whole response.
const REASON_MAX: usize = 500;

/// Where a bucket is, and who uses it.
#[derive(Clone, Debug)]
pub struct BucketOptions {
    /// Its name.
    pub bucket: String,
    /// What its keys begin with, without slashes around it; may be empty.
    pub prefix: String,
    /// The address of the service; none for AWS, or for that of the environment.
    pub endpoint: Option<String>,
    /// Its region; none for that of the environment.
    pub region: Option<String>,
    /// The credentials; none for those that AWS clients find in the environment.
    pub credentials: Option<Credentials>,
    /// Whether the name of the bucket is in the path and not in the host; by default if there is an endpoint.
    pub path_style: Option<bool>,
    /// The local folder in which uploads are stored until they are in the bucket.
    pub uploads: PathBuf,
}

/// The key of a user of a bucket.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The public part.
    pub access_key_id: String,
    /// The secret part.
    pub secret_access_key: String,
}

impl fmt::Debug for Credentials {
    /// Omits the secret, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, …)", self.access_key_id)
    }
}

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    store: Arc<AmazonS3>,
    /// Its URL.
    url: String,
    prefix: String,
    uploads: PathBuf,
    permits: Arc<Semaphore>,
}

impl Bucket {
    /// Prepares the use of a bucket without a request, and creates the folder for uploads.
    pub fn open(options: BucketOptions) -> Result<Bucket, StoreError> {
        let BucketOptions { bucket, prefix, endpoint, region, credentials, path_style, uploads } = options;
        make_private(&uploads)
            .map_err(|error| StoreError::Folder { path: uploads.display().to_string(), reason: error.to_string() })?;
        let url = format!("s3://{bucket}{}{prefix}", if prefix.is_empty() { "" } else { "/" });
        let retry = RetryConfig { backoff: BACKOFF, max_retries: RETRIES, retry_timeout: RETRY_TIME };
        let mut builder = match credentials {
            // Nothing of the environment belongs to these credentials, such as a session token.
            Some(Credentials { access_key_id, secret_access_key }) => {
                AmazonS3Builder::new().with_access_key_id(access_key_id).with_secret_access_key(secret_access_key)
            }
            None => AmazonS3Builder::from_env(),
        };
        let of_environment = |key| builder.get_config_value(&key);
        let endpoint = endpoint
            .or_else(|| of_environment(AmazonS3ConfigKey::S3Endpoint))
            .or_else(|| of_environment(AmazonS3ConfigKey::Endpoint));
        let path_style = path_style.unwrap_or(endpoint.is_some());
        let region = region.or_else(|| REGIONS.iter().find_map(|name| std::env::var(name).ok()));
        builder = builder
            .with_bucket_name(&bucket)
            .with_virtual_hosted_style_request(!path_style)
            // Other services than AWS do not know the request that deletes several objects.
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_http_connector(Connector);
        if let Some(endpoint) = endpoint {
            // The more specific of two settings for it, which wins.
            builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, address(&endpoint, &bucket, path_style));
        }
        if let Some(region) = region {
            builder = builder.with_region(region);
        }
        let store = builder
            .build()
            .map_err(|error| StoreError::Bucket { url: url.clone(), reason: shortened(&error.to_string()) })?;
        Ok(Bucket { store: Arc::new(store), url, prefix, uploads, permits: Arc::new(Semaphore::new(UPLOADS)) })
    }

    /// Its URL, `s3://BUCKET/PREFIX`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Writes, reads and deletes an object. Returns what fails.
    pub async fn check(&self) -> Result<(), String> {
        let key = self.key(&format!("deskbell-check-{}", Uuid::new_v4()));
        let failed = |attempt: &str| {
            let attempt = attempt.to_string();
            move |error: Error| format!("{attempt} an object failed: {}", shortened(&error.to_string()))
        };
        let text = "This was written by `deskbell check`, which could not delete it.";
        self.store.put(&key, text.into()).await.map_err(failed("writing"))?;
        let read = async { self.store.get(&key).await?.bytes().await };
        let read = read.await.map_err(failed("reading"));
        self.store.delete(&key).await.map_err(failed("deleting"))?;
        match read? == text {
            true => Ok(()),
            false => Err("an object that was written is read with another content".into()),
        }
    }

    /// Copies a local file to the bucket under a name. Returns its size in bytes.
    pub async fn upload(&self, path: &Path, file: &str) -> Result<u64, FileError> {
        let too_slow = || FileError::Unavailable("other uploads to the bucket take too long".into());
        let turn = tokio::time::timeout(TURN_TIME, self.permits.acquire()).await;
        let _permit = turn.ok().and_then(Result::ok).ok_or_else(too_slow)?;
        let mut source = tokio::fs::File::open(path).await?;
        let size = source.metadata().await?.len();
        let key = self.key(&place(file));
        if size <= PART as u64 {
            let part = next_part(&mut source).await?;
            self.store.put(&key, part).await.map_err(failed)?;
            return Ok(size);
        }
        let mut upload = self.store.put_multipart(&key).await.map_err(failed)?;
        let sent = send_parts(&mut source, upload.as_mut()).await;
        if sent.is_err() {
            // What is left costs its owner money until a rule of the bucket removes it.
            if let Err(error) = upload.abort().await {
                tracing::warn!(%error, "discarding an incomplete upload failed");
            }
        }
        sent.map(|()| size)
    }

    fn key(&self, path: &str) -> Key {
        match self.prefix.as_str() {
            "" => Key::from(path),
            prefix => Key::from(format!("{prefix}/{path}")),
        }
    }
}

async fn send_parts(source: &mut tokio::fs::File, upload: &mut dyn MultipartUpload) -> Result<(), FileError> {
    loop {
        let part = next_part(source).await?;
        if part.content_length() == 0 {
            break;
        }
        upload.put_part(part).await.map_err(failed)?;
    }
    upload.complete().await.map(drop).map_err(failed)
}

/// The next bytes of a file, at most [`PART`].
async fn next_part(source: &mut tokio::fs::File) -> Result<PutPayload, FileError> {
    let mut bytes = BytesMut::new();
    let mut rest = source.take(PART as u64);
    while rest.read_buf(&mut bytes).await? > 0 {}
    Ok(bytes.freeze().into())
}

#[async_trait]
impl Files for Bucket {
    fn create(&self) -> Result<Box<dyn PartialFile>, FileError> {
        Ok(Box::new(Part::create(&self.uploads, Arc::new(self.clone()))?))
    }

    async fn open(&self, file: &str, start: u64) -> Result<OpenFile, FileError> {
        let range = (start > 0).then_some(GetRange::Offset(start));
        let options = GetOptions { range, ..GetOptions::default() };
        let opened = self.store.get_opts(&self.key(&place(file)), options).await.map_err(failed)?;
        let size = opened.meta.size;
        let bytes = opened.into_stream().map_err(failed).boxed();
        Ok(OpenFile { size, bytes: exactly(bytes, size.saturating_sub(start)) })
    }

    async fn settle(&self, file: &str) -> Result<bool, FileError> {
        Ok(forget(&self.uploads.join(file)).await?)
    }

    async fn remove(&self, file: &str) -> Result<(), FileError> {
        // Names come from the database; only names in our format are ever deleted.
        if attachment::parse_id(file).is_none() {
            return Ok(());
        }
        match self.store.delete(&self.key(&place(file))).await.map_err(failed) {
            Ok(()) | Err(FileError::NotFound) => {}
            Err(error) => return Err(error),
        }
        forget(&self.uploads.join(file)).await?;
        Ok(())
    }

    async fn unsettled(&self) -> Result<BoxStream<'static, Result<Vec<UnsettledFile>, FileError>>, FileError> {
        list(vec![self.uploads.clone()]).await
    }

    async fn remove_unsettled(&self, name: &str) -> Result<(), FileError> {
        if !name.ends_with(ENDING) {
            return self.remove(name).await;
        }
        Ok(tokio::fs::remove_file(self.uploads.join(name)).await?)
    }

    fn free_bytes(&self) -> Option<u64> {
        FolderDisk::of_folder(&self.uploads).free_bytes()
    }
}

#[async_trait]
impl Keep for Bucket {
    async fn keep(&self, path: &Path) -> Result<KeptFile, FileError> {
        let name = Uuid::now_v7().to_string();
        // First, and it stays if the upload fails: nobody knows then whether the object is there.
        let marker = self.uploads.join(&name);
        blocking(move || private_files::create_file(&marker).map(drop)).await?;
        let size = self.upload(path, &name).await?;
        Ok(KeptFile { name, size })
    }
}

/// Deletes the file that remembers an object. Returns whether there was one.
async fn forget(marker: &Path) -> std::io::Result<bool> {
    match tokio::fs::remove_file(marker).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The address of a bucket at a service.
fn address(endpoint: &str, bucket: &str, path_style: bool) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    match endpoint.split_once("://").filter(|_| !path_style) {
        Some((scheme, host)) => format!("{scheme}://{bucket}.{host}"),
        None => endpoint.into(),
    }
}

/// The error of a request. Only S3 itself says that an object is missing: a 404 may also be that of a proxy whose service is away. After anything else the same
/// request may succeed later, at least after somebody has repaired the configuration or the service.
fn failed(error: Error) -> FileError {
    let reason = error.to_string();
    match error {
        Error::NotFound { .. } if reason.contains("NoSuchKey") => FileError::NotFound,
        _ => FileError::Unavailable(shortened(&reason)),
    }
}

/// An error on one line of a bearable length.
fn shortened(reason: &str) -> String {
    reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(REASON_MAX).collect()
}

/// Creates the client for all requests.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        outbound_http::install_crypto();
        let client = reqwest::Client::builder()
            .user_agent(outbound_http::USER_AGENT)
            .connect_timeout(CONNECT_TIME)
            .read_timeout(READ_TIME)
            // A signature is valid for one address.
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let failed = |error: reqwest::Error| Error::Generic { store: "S3", source: error.into() };
        Ok(HttpClient::new(client.map_err(failed)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_is_in_the_path_or_in_the_host() {
        assert_eq!(address("https://s3.example.com/", "files", true), "https://s3.example.com");
        assert_eq!(address("https://s3.example.com", "files", false), "https://files.s3.example.com");
    }

    #[test]
    fn only_s3_itself_says_that_an_object_is_missing() {
        let answered = |text: &str| failed(Error::NotFound { path: "support/a".into(), source: text.into() });
        let missing = "404 Not Found: <Error><Code>NoSuchKey</Code><Key>support/a</Key></Error>";
        assert!(matches!(answered(missing), FileError::NotFound));
        for other in
            ["404 Not Found: <html>no upstream</html>", "404 Not Found: <Error><Code>NoSuchBucket</Code></Error>"]
        {
            assert!(matches!(answered(other), FileError::Unavailable(_)), "{other}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let credentials = Credentials { access_key_id: "AKIA1".into(), secret_access_key: "s3cret".into() };
        assert_eq!(format!("{credentials:?}"), "Credentials(AKIA1, …)");
    }
}
