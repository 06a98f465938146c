//! Where attachments are stored.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::error::SettingsError;
use super::secrets::SecretSource;

const FORMS: &str = "a folder, or a bucket as s3://BUCKET or s3://BUCKET/PREFIX";

/// Access to an S3-compatible service, as configured.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3Table {
    /// The address of the service. Default: AWS.
    pub endpoint: Option<String>,
    /// Its region. Default: AWS_REGION, otherwise `us-east-1`.
    pub region: Option<String>,
    /// The id of the access key. Default: what AWS clients find in the environment.
    pub access_key_id: Option<String>,
    /// The secret of the access key.
    pub secret_access_key: Option<SecretSource>,
    /// Whether the name of the bucket is in the path of requests and not in the host. Default: true if there is an `endpoint`.
    pub path_style: Option<bool>,
    /// The local folder in which uploads are stored until they are in the bucket. Default: the default folder of attachments.
    pub uploads: Option<PathBuf>,
}

/// Where attachments are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In a local folder.
    Folder(PathBuf),
    /// In a bucket.
    Bucket(BucketSettings),
}

/// A bucket of an S3-compatible service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSettings {
    /// Its name.
    pub bucket: String,
    /// What its keys begin with, without slashes around it; may be empty.
    pub prefix: String,
    /// The address of the service; none for AWS.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// The access key; none for what AWS clients find in the environment.
    pub key: Option<AccessKey>,
    /// Whether the name of the bucket is in the path; by default if there is an endpoint.
    pub path_style: Option<bool>,
    /// The local folder in which uploads are stored until they are in the bucket.
    pub uploads: PathBuf,
}

impl Storage {
    /// The local folder in which uploads arrive, and in which they stay without a bucket.
    pub fn local_folder(&self) -> &Path {
        match self {
            Storage::Folder(path) => path,
            Storage::Bucket(bucket) => &bucket.uploads,
        }
    }
}

impl BucketSettings {
    /// Its URL, `s3://BUCKET/PREFIX`.
    pub fn url(&self) -> String {
        let BucketSettings { bucket, prefix, .. } = self;
        format!("s3://{bucket}{}{prefix}", if prefix.is_empty() { "" } else { "/" })
    }
}

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl fmt::Debug for AccessKey {
    /// Omits the secret, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessKey({}, …)", self.id)
    }
}

/// Where attachments are stored, according to the field `attachments` and the table `s3`. `folder` is the default.
pub fn storage(
    attachments: Option<&str>,
    table: Option<S3Table>,
    folder: &Path,
    location: &impl Fn(&str) -> String,
) -> Result<Storage, SettingsError> {
    let wrong = |field: &str, message: String| SettingsError::Value { location: location(field), message };
    let Some(name) = attachments.and_then(|text| text.strip_prefix("s3://")) else {
        if table.is_some() {
            let message = "only for attachments in a bucket; set attachments = \"s3://BUCKET\", or remove this table";
            return Err(wrong("s3", message.into()));
        }
        return match attachments {
            Some(text) if text.is_empty() || text.contains("://") || text.starts_with("s3:") => {
                Err(wrong("attachments", format!("{text:?} is not {FORMS}")))
            }
            text => Ok(Storage::Folder(text.map_or(folder.into(), PathBuf::from))),
        };
    };
    let (bucket, prefix) = name.split_once('/').unwrap_or((name, ""));
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if bucket.is_empty() || !bucket.chars().all(is_name) || prefix.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(wrong("attachments", format!("{:?} is not {FORMS}", attachments.unwrap_or_default())));
    }
    let S3Table { endpoint, region, access_key_id, secret_access_key, path_style, uploads } = table.unwrap_or_default();
    if let Some(text) = endpoint.as_deref().filter(|text| !is_service(text)) {
        return Err(wrong("s3.endpoint", format!("{text:?} is not an address such as https://s3.example.com")));
    }
    let key = match (access_key_id, secret_access_key) {
        (None, None) => None,
        (Some(id), Some(secret)) => {
            let secret = secret.read().map_err(|message| wrong("s3.secret_access_key", message))?;
            Some(AccessKey { id, secret })
        }
        (Some(_), None) => {
            return Err(wrong("s3.access_key_id", "needs secret_access_key; set both or neither".into()));
        }
        (None, Some(_)) => {
            return Err(wrong("s3.secret_access_key", "needs access_key_id; set both or neither".into()));
        }
    };
    Ok(Storage::Bucket(BucketSettings {
        bucket: bucket.into(),
        prefix: prefix.trim_matches('/').into(),
        path_style,
        endpoint,
        region,
        key,
        uploads: uploads.unwrap_or_else(|| folder.into()),
    }))
}

/// The address with which the addresses of files begin, without a slash at its end.
pub fn files_url(text: Option<&str>, location: &impl Fn(&str) -> String) -> Result<Option<String>, SettingsError> {
    let Some(text) = text else { return Ok(None) };
    if !is_service(text) {
        let message = format!("{text:?} is not an address such as https://files.example.com");
        return Err(SettingsError::Value { location: location("attachments_url"), message });
    }
    Ok(Some(text.trim_end_matches('/').into()))
}

fn is_service(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_web = matches!(url.scheme(), "https" | "http") && url.host_str().is_some();
        is_web
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, Settings, load};

    fn load_text(text: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deskbell.toml");
        std::fs::write(&file, format!("{text}\n[sites.acme]\norigins = [\"*\"]\n")).unwrap();
        load(&Overrides { config: Some(file), ..Overrides::default() }).map_err(|error| error.to_string())
    }

    #[test]
    fn attachments_are_in_a_folder_or_in_a_bucket() {
        let storage = |text: &str| load_text(text).unwrap().attachments;
        assert_eq!(storage(""), Storage::Folder("data/deskbell-attachments".into()));
        assert_eq!(storage("attachments = \"/srv/files\""), Storage::Folder("/srv/files".into()));
        let bucket = BucketSettings {
            bucket: "files".into(),
            prefix: String::new(),
            endpoint: None,
            region: None,
            key: None,
            path_style: None,
            uploads: "data/deskbell-attachments".into(),
        };
        assert_eq!(storage("attachments = \"s3://files\""), Storage::Bucket(bucket.clone()));
        let configured = "attachments = \"s3://files/acme/support/\"\n[s3]\nendpoint = \"https://s3.example.com\"\nregion = \"eu\"\n\
                          access_key_id = \"AKIA\"\nsecret_access_key = \"s3cret\"\nuploads = \"/var/tmp/uploads\"\npath_style = false";
        let configured_bucket = BucketSettings {
            prefix: "acme/support".into(),
            endpoint: Some("https://s3.example.com".into()),
            region: Some("eu".into()),
            key: Some(AccessKey { id: "AKIA".into(), secret: "s3cret".into() }),
            path_style: Some(false),
            uploads: "/var/tmp/uploads".into(),
            ..bucket
        };
        assert_eq!(storage(configured), Storage::Bucket(configured_bucket));
        assert!(!format!("{:?}", load_text(configured).unwrap()).contains("s3cret"));
    }

    #[test]
    fn invalid_storage_says_what_is_allowed() {
        for (text, expected) in [
            ("attachments = \"gs://files\"", "attachments: \"gs://files\" is not a folder, or a bucket as s3://BUCKET"),
            ("attachments = \"s3:files\"", "attachments: \"s3:files\" is not"),
            ("attachments = \"s3://\"", "attachments: \"s3://\" is not"),
            ("attachments = \"s3://a b\"", "attachments: \"s3://a b\" is not"),
            ("attachments = \"s3://a/../b\"", "attachments: \"s3://a/../b\" is not"),
            ("[s3]\nregion = \"eu\"", "s3: only for attachments in a bucket"),
            ("attachments = \"s3://a\"\n[s3]\nendpoint = \"s3.example.com\"", "s3.endpoint: \"s3.example.com\" is not"),
            ("attachments = \"s3://a\"\n[s3]\naccess_key_id = \"A\"", "s3.access_key_id: needs secret_access_key"),
            ("attachments = \"s3://a\"\n[s3]\nsecret_access_key = \"A\"", "s3.secret_access_key: needs access_key_id"),
            (
                "attachments = \"s3://a\"\n[s3]\naccess_key_id = \"A\"\nsecret_access_key = { file = \"/nowhere/at/all\" }",
                "s3.secret_access_key: /nowhere/at/all",
            ),
            ("attachments_url = \"files.example.com\"", "attachments_url: \"files.example.com\" is not"),
            ("attachments_url = \"https://files.example.com?a\"", "attachments_url: "),
        ] {
            let error = load_text(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let url = load_text("attachments_url = \"https://files.example.com/\"").unwrap().attachments_url;
        assert_eq!(url.as_deref(), Some("https://files.example.com"));
    }
}
