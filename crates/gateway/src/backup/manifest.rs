//! The content of a backup, as `manifest.json` lists it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{BackupError, MANIFEST, failed};
use domain::attachment;
use private_files::create_file;

/// The format version of backups with attachments.
const FORMAT: u32 = 1;
/// The format version of backups whose attachments are in a bucket. Versions of Deskbell that know no buckets reject it.
const FORMAT_WITH_BUCKET: u32 = 2;

/// The content of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format version of the backup.
    pub format: u32,
    /// The version of Deskbell that wrote it.
    pub deskbell: String,
    /// When the copy of the database was started, RFC 3339 in UTC; the backup contains everything acknowledged before.
    pub created_at: String,
    /// The newest migration of the database.
    pub schema: i64,
    /// The database.
    pub database: BackupFile,
    /// The attachments; none if they are in a bucket.
    pub attachments: Vec<BackupFile>,
    /// The URL of the bucket that has the attachments, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// Files that the database names and that were missing from the folder; they were lost before the backup.
    pub missing: Vec<String>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Its name: that of the database, or that under which the database knows an attachment.
    pub file: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// A manifest in the format of this version.
    pub fn new(
        created_at: String,
        schema: i64,
        database: BackupFile,
        attachments: Vec<BackupFile>,
        bucket: Option<String>,
        missing: Vec<String>,
    ) -> Manifest {
        let deskbell = env!("CARGO_PKG_VERSION").into();
        let format = if bucket.is_some() { FORMAT_WITH_BUCKET } else { FORMAT };
        Manifest { format, deskbell, created_at, schema, database, attachments, bucket, missing }
    }

    /// Writes it into the folder of a backup.
    pub fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(MANIFEST);
        let write = || {
            let mut file = create_file(&path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.sync_all()
        };
        write().map_err(failed(&path))
    }

    /// Reads the manifest of a backup.
    pub fn read(folder: &Path) -> Result<Manifest, BackupError> {
        let no_backup = |reason: String| BackupError::NoBackup { path: folder.display().to_string(), reason };
        let text = std::fs::read(folder.join(MANIFEST)).map_err(|error| no_backup(format!("{MANIFEST}: {error}")))?;
        #[derive(Deserialize)]
        struct Form {
            format: u32,
            #[serde(default)]
            deskbell: String,
        }
        let form: Form = serde_json::from_slice(&text).map_err(|error| no_backup(format!("{MANIFEST}: {error}")))?;
        if ![FORMAT, FORMAT_WITH_BUCKET].contains(&form.format) {
            return Err(BackupError::Newer { version: form.deskbell });
        }
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| no_backup(format!("{MANIFEST}: {error}")))?;
        // Names become paths, so only names in our format are allowed.
        match manifest.attachments.iter().find(|entry| attachment::parse_id(&entry.file).is_none()) {
            Some(entry) => Err(no_backup(format!("{MANIFEST}: {:?} is not a file name", entry.file))),
            None => Ok(manifest),
        }
    }
}
