//! The attachments of a mail, as far as mail servers accept them.

use deskbell_core::ports::FileError;
use deskbell_core::ports::destination::{DeliveryFile, Failure};
use domain::attachment::FileType;

/// The most bytes of attachments in a mail; encoded they are a third larger.
pub const BYTES_MAX: u64 = 20_000_000;

/// The attachments of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Those that are attached.
    pub attached: Vec<Attached>,
    /// The names of the others.
    pub missing: Vec<String>,
    /// Why these are missing: a sentence each, for agents.
    pub not_attached: Vec<String>,
}

/// An attached file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// Its type.
    pub media: FileType,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Reads the files that fit into a mail, in order. Fails if one cannot be read at the moment.
pub async fn read(files: &[DeliveryFile]) -> Result<Files, Failure> {
    let mut selected = Files::default();
    let mut room = BYTES_MAX;
    for file in files {
        let not_attached = match room.checked_sub(u64::from(file.size)) {
            None => {
                format!("the file {:?} is not attached: the files have more than {BYTES_MAX} bytes in total", file.name)
            }
            Some(remaining) => match file.read().await {
                Ok(bytes) => {
                    room = remaining;
                    selected.attached.push(Attached { name: file.name.clone(), media: file.media, bytes });
                    continue;
                }
                Err(error @ FileError::Unavailable(_)) => return Err(Failure::unreadable(file, &error)),
                Err(error) => format!("the file {:?} cannot be read by the gateway: {error}", file.name),
            },
        };
        selected.missing.push(file.name.clone());
        selected.not_attached.push(not_attached);
    }
    Ok(selected)
}

impl Files {
    /// The same without any file attached, because the server rejects them.
    pub fn without_any(&self, reason: &str) -> Files {
        let names = self.attached.iter().map(|file| file.name.clone());
        let missing: Vec<String> = names.chain(self.missing.iter().cloned()).collect();
        let why = format!("no files are attached, because the mail was too large with them: {reason}");
        Files { attached: Vec::new(), missing, not_attached: self.not_attached.iter().cloned().chain([why]).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskbell_core::fixtures::MemoryFiles;
    use std::sync::Arc;

    #[tokio::test]
    async fn files_that_do_not_fit_or_cannot_be_read_are_listed() {
        let [large, small] = [15_000_000, 5_000_000].map(|size| "x".repeat(size));
        let contents = Arc::new(MemoryFiles::new([("large", large.as_str()), ("small", small.as_str())]));
        let file = |name: &str, size, file: &str| DeliveryFile {
            name: name.into(),
            media: FileType::Text,
            size,
            file: file.into(),
            files: contents.clone(),
        };
        let files = [
            file("a", 15_000_000, "large"),
            file("b", 6_000_000, "large"),
            file("c", 5_000_000, "small"),
            file("d", 0, "gone"),
        ];
        let selected = read(&files).await.unwrap();
        let names: Vec<&str> = selected.attached.iter().map(|file| file.name.as_str()).collect();
        assert_eq!((names, &selected.missing[..]), (vec!["a", "c"], &["b".to_string(), "d".to_string()][..]));
        assert!(
            selected.not_attached[0].contains("\"b\" is not attached")
                && selected.not_attached[1].contains("\"d\" cannot be read")
        );
        let none = selected.without_any("552");
        assert_eq!((none.attached.len(), none.missing.join(" "), none.not_attached.len()), (0, "a c b d".into(), 3));
    }

    #[tokio::test]
    async fn a_mail_waits_for_files_that_cannot_be_read_at_the_moment() {
        let contents = Arc::new(MemoryFiles::unavailable());
        let file =
            DeliveryFile { name: "a".into(), media: FileType::Text, size: 3, file: "there".into(), files: contents };
        let failure = read(&[file]).await.unwrap_err();
        assert!(matches!(&failure, Failure::Later { reason, .. } if reason.contains("\"a\"")), "{failure:?}");
    }
}
