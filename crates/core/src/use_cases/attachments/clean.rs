//! Detects the type of a file from its content, and removes metadata.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::StoreFileError;
use super::receive::failed;
use crate::ports::{Files, KeptFile, PartialFile};
use crate::rules::file_formats::{self as formats, Format};
use crate::rules::text_encodings as text;
use domain::attachment::{self, Attachments, FileType};
use domain::stripping::{self, MalformedFile, Strip, stripper};

/// How many files are cleaned at the same time; each is in memory twice.
const CLEANED_AT_ONCE: usize = 2;

/// Cleans files before they are kept.
#[derive(Clone)]
pub struct CleanFiles {
    /// The files.
    pub files: Arc<dyn Files>,
    permits: Arc<Semaphore>,
}

/// A file that is durable.
pub struct Cleaned {
    /// Its name among the files.
    pub file: String,
    /// Its type.
    pub media: FileType,
    /// The extensions that its name may have; the first is appended to a name without one of them.
    pub endings: &'static [&'static str],
    /// Its size in bytes.
    pub size: u32,
    /// Whether it may still carry metadata such as a location.
    pub has_metadata: bool,
}

impl CleanFiles {
    /// Keeps files here.
    pub fn new(files: Arc<dyn Files>) -> CleanFiles {
        CleanFiles { files, permits: Arc::new(Semaphore::new(CLEANED_AT_ONCE)) }
    }

    /// Detects the type of an upload, cleans it and keeps it. Limited in parallelism, because files are cleaned in memory.
    pub async fn clean(&self, part: Box<dyn PartialFile>, rules: &Attachments) -> Result<Cleaned, StoreFileError> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| StoreFileError::Internal)?;
        let rules = rules.clone();
        let work = move || {
            let _permit = permit;
            stripped(part, &rules)
        };
        let (part, Content { media, endings, has_metadata }) =
            tokio::task::spawn_blocking(work).await.map_err(|error| {
                tracing::error!(%error, "cleaning an upload failed");
                StoreFileError::Internal
            })??;
        let KeptFile { name, size } = part.keep().await.map_err(failed)?;
        Ok(Cleaned { file: name, media, endings, size: u32::try_from(size).unwrap_or(u32::MAX), has_metadata })
    }

    /// Moves a file to its final place. If that fails, it is read at its old place and the sweep tries again.
    pub async fn settle(&self, file: &str) {
        if let Err(error) = self.files.settle(file).await {
            tracing::warn!(%error, "moving a file failed");
        }
    }

    /// Deletes a file. If that fails, the sweep tries again.
    pub async fn remove(&self, file: &str) {
        if let Err(error) = self.files.remove(file).await {
            tracing::warn!(%error, "removing a file failed");
        }
    }
}

/// What is in a file.
struct Content {
    media: FileType,
    endings: &'static [&'static str],
    has_metadata: bool,
}

/// Detects what is in a file and removes its metadata. Blocks.
fn stripped(
    mut part: Box<dyn PartialFile>,
    rules: &Attachments,
) -> Result<(Box<dyn PartialFile>, Content), StoreFileError> {
    let head = part.head(formats::HEAD).map_err(failed)?;
    if head.is_empty() {
        return Err(StoreFileError::Empty);
    }
    let found = match Found::by_head(&head) {
        Some(found) => Some(found),
        None => Found::by_content(&part.read().map_err(failed)?),
    };
    let refused = || StoreFileError::UnsupportedType(allowed(rules));
    let found = found.ok_or_else(refused)?;
    let media = found.accepted_type(rules).ok_or_else(refused)?;
    let endings = found.endings(media);
    let mut has_metadata = stripping::keeps_metadata(media) && !found.is_text();
    if let Some(strip) = found.stripper() {
        let broken = |MalformedFile(reason)| StoreFileError::Broken { media: media.word(), reason };
        let stripped = strip(part.read().map_err(failed)?).map_err(broken)?;
        has_metadata = stripped.has_metadata;
        part.replace(&stripped.bytes).map_err(failed)?;
    }
    Ok((part, Content { media, endings, has_metadata }))
}

/// What was detected.
enum Found {
    /// A type with a media type of its own.
    Type(FileType),
    /// A format that is only offered for download.
    Format(&'static Format),
    /// Text in an encoding other than UTF-8.
    Encoded,
}

impl Found {
    fn by_head(head: &[u8]) -> Option<Found> {
        let start = head.get(..attachment::HEAD.min(head.len())).unwrap_or_default();
        attachment::detect_by_signature(start)
            .map(Found::Type)
            .or_else(|| formats::by_signature(head).map(Found::Format))
    }

    fn by_content(bytes: &[u8]) -> Option<Found> {
        if text::is_pdf(bytes) {
            return Some(Found::Type(FileType::Pdf));
        }
        let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match attachment::detect_text(unmarked) {
            Some(found) => Some(Found::Type(found)),
            None if text::is_log(bytes) => Some(Found::Type(FileType::Text)),
            None => text::is_encoded(bytes).then_some(Found::Encoded),
        }
    }

    /// The type as which a site accepts the file; none if it does not. Text in another encoding is served as bytes, but a site that accepts
    /// text accepts it.
    fn accepted_type(&self, rules: &Attachments) -> Option<FileType> {
        match self {
            Found::Type(found) => rules.accepted_type(*found),
            Found::Format(format) if std::ptr::eq(*format, formats::mp4()) => rules.accepted_type(FileType::Mp4),
            Found::Format(_) => rules.accepted_type(FileType::Download),
            Found::Encoded => rules
                .accepted_type(FileType::Download)
                .or_else(|| rules.accepted_type(FileType::Text))
                .map(|_| FileType::Download),
        }
    }

    fn stripper(&self) -> Option<Strip> {
        match self {
            Found::Type(found) => stripper(*found),
            Found::Format(format) if format.has_boxes => stripper(FileType::Mp4),
            Found::Format(_) | Found::Encoded => None,
        }
    }

    fn endings(&self, media: FileType) -> &'static [&'static str] {
        match self {
            Found::Type(_) => media.endings(),
            Found::Format(format) => format.endings,
            Found::Encoded => FileType::Text.endings(),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Found::Encoded)
    }
}

/// The types that a site accepts, in words, and what to do about other files.
fn allowed(rules: &Attachments) -> String {
    // The media type of downloads is also what browsers call a program, which is refused.
    let word = |known: &FileType| match known {
        FileType::Download => "recordings, compressed logs, dumps and traces, but no programs",
        known => known.word(),
    };
    // Last, because a list of names belongs to it.
    let (others, named): (Vec<&FileType>, Vec<&FileType>) =
        rules.types.iter().partition(|known| **known == FileType::Download);
    let types: Vec<&str> = named.into_iter().chain(others).map(word).collect();
    if rules.max_count == 0 || types.is_empty() {
        return "this site does not accept files".into();
    }
    let advice = match rules.types.contains(&FileType::Zip) {
        true => "; put the file into a ZIP archive and attach that",
        false => "",
    };
    format!("this site does not accept files of this type; it accepts {}{advice}", types.join(", "))
}
