//! The attachments of a mail, as far as mail servers accept them.

use deskbell_core::ports::destination::DeliveryFile;
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

/// Reads the files that fit into a mail, in order.
pub async fn read(files: &[DeliveryFile]) -> Files {
    let mut selected = Files::default();
    let mut room = BYTES_MAX;
    for file in files {
        let not_attached = match room.checked_sub(u64::from(file.size)) {
            None => {
                format!("the file {:?} is not attached: the files have more than {BYTES_MAX} bytes in total", file.name)
            }
            Some(remaining) => match tokio::fs::read(&file.path).await {
                Ok(bytes) => {
                    room = remaining;
                    selected.attached.push(Attached { name: file.name.clone(), media: file.media, bytes });
                    continue;
                }
                Err(error) => format!("the file {:?} cannot be read by the gateway: {error}", file.name),
            },
        };
        selected.missing.push(file.name.clone());
        selected.not_attached.push(not_attached);
    }
    selected
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

    #[tokio::test]
    async fn files_that_do_not_fit_or_cannot_be_read_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("there");
        std::fs::write(&path, b"log").unwrap();
        let file = |name: &str, size, path: &std::path::Path| DeliveryFile {
            name: name.into(),
            media: FileType::Text,
            size,
            path: path.into(),
        };
        let files = [
            file("a", 15_000_000, &path),
            file("b", 6_000_000, &path),
            file("c", 5_000_000, &path),
            file("d", 0, &folder.path().join("gone")),
        ];
        let selected = read(&files).await;
        let names: Vec<&str> = selected.attached.iter().map(|file| file.name.as_str()).collect();
        assert_eq!((names, &selected.missing[..]), (vec!["a", "c"], &["b".to_string(), "d".to_string()][..]));
        assert!(
            selected.not_attached[0].contains("\"b\" is not attached")
                && selected.not_attached[1].contains("\"d\" cannot be read")
        );
        let none = selected.without_any("552");
        assert_eq!((none.attached.len(), none.missing.join(" "), none.not_attached.len()), (0, "a c b d".into(), 3));
    }
}
