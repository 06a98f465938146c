//! What a file is, told by what is in it; and pictures without what is hidden in them.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use super::Folder;
use super::receive::{Part, failed};
use crate::domain::attachment::{self, Attachments, FileType};
use crate::domain::stripping::{Broken, stripper};
use crate::gateway::problem::Refusal;

/// A file that is on disk for good.
pub struct Cleaned {
    /// Its name in the folder.
    pub file: String,
    /// What it is.
    pub media: FileType,
    /// How large it is, in bytes.
    pub size: u32,
}

/// Judges what came in, cleans it, and keeps it. Only so many at once, because what is cleaned lies in memory.
pub async fn clean(folder: &Folder, part: Part, rules: &Attachments) -> Result<Cleaned, Refusal> {
    let permit = folder.cleaning.clone().acquire_owned().await.map_err(|_| Refusal::Internal)?;
    let (path, rules) = (folder.path.clone(), rules.clone());
    let work = move || {
        let _permit = permit;
        cleaned(&path, part, &rules)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a file could not be cleaned");
        Refusal::Internal
    })?
}

fn cleaned(folder: &Path, part: Part, rules: &Attachments) -> Result<Cleaned, Refusal> {
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
    let part = match strip {
        None => part,
        Some(strip) => {
            let bytes = strip(&whole()?).map_err(|Broken(why)| Refusal::BrokenFile(media.word(), why))?;
            let clean = Part::new(folder);
            File::create(clean.path()).and_then(|mut file| file.write_all(&bytes)).map_err(failed)?;
            clean
        }
    };
    let file = File::open(part.path()).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    file.sync_all().map_err(failed)?;
    let file = part.keep(folder).map_err(failed)?;
    Ok(Cleaned { file, media, size: u32::try_from(size).unwrap_or(u32::MAX) })
}

/// What a site takes, in words.
fn allowed(rules: &Attachments) -> String {
    let types: Vec<&str> = rules.types.iter().map(|known| known.word()).collect();
    if rules.max_count == 0 || types.is_empty() {
        return "this site takes no files".into();
    }
    format!("this site takes no files of this type; it takes {}", types.join(", "))
}
