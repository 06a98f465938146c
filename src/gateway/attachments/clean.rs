//! What a file is, told by what is in it; and files without what is hidden in them.

use std::fs::File;
use std::io::{Read, Write};

use super::FileStorage;
use super::folder::Folder;
use super::receive::{Part, failed};
use crate::domain::attachment::{self, Attachments, FileType};
use crate::domain::stripping::{self, Broken, stripper};
use crate::gateway::problem::Refusal;

/// A file that is on disk for good.
pub struct Cleaned {
    /// Its name in the folder.
    pub file: String,
    /// What it is.
    pub media: FileType,
    /// How large it is, in bytes.
    pub size: u32,
    /// Whether it may still carry metadata such as a location.
    pub has_metadata: bool,
}

/// Judges what came in, cleans it, and keeps it. Only so many at once, because what is cleaned lies in memory.
pub async fn clean(storage: &FileStorage, part: Part, rules: &Attachments) -> Result<Cleaned, Refusal> {
    let permit = storage.cleaning.clone().acquire_owned().await.map_err(|_| Refusal::Internal)?;
    let (folder, rules) = (storage.folder.clone(), rules.clone());
    let work = move || {
        let _permit = permit;
        cleaned(&folder, part, &rules)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "cleaning an upload failed");
        Refusal::Internal
    })?
}

fn cleaned(folder: &Folder, part: Part, rules: &Attachments) -> Result<Cleaned, Refusal> {
    let mut head = Vec::with_capacity(attachment::HEAD);
    let mut file = File::open(part.path()).map_err(failed)?;
    (&mut file).take(attachment::HEAD as u64).read_to_end(&mut head).map_err(failed)?;
    let sniffed = attachment::sniff(&head);
    let strip = sniffed.and_then(stripper);
    let whole = || std::fs::read(part.path()).map_err(failed);
    let found = match sniffed {
        Some(found) => Some(found),
        None => attachment::read(&whole()?),
    };
    let media = found.and_then(|found| rules.takes(found)).ok_or_else(|| Refusal::UnsupportedType(allowed(rules)))?;
    let mut has_metadata = stripping::keeps_metadata(media);
    let part = match strip {
        None => part,
        Some(strip) => {
            let stripped = strip(whole()?).map_err(|Broken(why)| Refusal::BrokenFile(media.word(), why))?;
            has_metadata = stripped.has_metadata;
            let (clean, mut file) = Part::create(folder).map_err(failed)?;
            file.write_all(&stripped.bytes).map_err(failed)?;
            clean
        }
    };
    let file = File::open(part.path()).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    file.sync_all().map_err(failed)?;
    let file = part.keep(folder).map_err(failed)?;
    Ok(Cleaned { file, media, size: u32::try_from(size).unwrap_or(u32::MAX), has_metadata })
}

/// What a site takes, in words.
fn allowed(rules: &Attachments) -> String {
    let types: Vec<&str> = rules.types.iter().map(|known| known.word()).collect();
    if rules.max_count == 0 || types.is_empty() {
        return "this site takes no files".into();
    }
    format!("this site takes no files of this type; it takes {}", types.join(", "))
}
