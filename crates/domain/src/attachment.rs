//! Attachments of tickets and replies: accepted types, detection of types, file names.

use serde::{Deserialize, Serialize};

use wire::words;

/// The longest file name, in bytes. Every file system takes it.
pub const NAME_MAX: usize = 200;
/// The largest value of [`Attachments::max_bytes`]; an image is in memory while its metadata is stripped.
pub const BYTES_MAX: u32 = 100_000_000;
/// The largest value of [`Attachments::max_count`].
pub const COUNT_MAX: u32 = 50;

words! {
    /// The type of a file, from its content.
    #[allow(missing_docs)]
    FileType {
        Png = "image/png",
        Jpeg = "image/jpeg",
        Webp = "image/webp",
        Gif = "image/gif",
        Pdf = "application/pdf",
        Text = "text/plain",
        Json = "application/json",
        Mp4 = "video/mp4",
        Webm = "video/webm",
        /// A ZIP archive, or an office document.
        Zip = "application/zip",
        /// Any other file that support asks for, such as a recording, a compressed log or a dump. Only ever offered as a download.
        Download = "application/octet-stream",
    }
}

/// Which attachments a site accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Attachments {
    /// The largest file, in bytes. Default: 10,000,000.
    pub max_bytes: u32,
    /// The most attachments of a message; 0 accepts none. Default: 10.
    pub max_count: u32,
    /// The accepted types. Default: all known ones.
    pub types: Vec<FileType>,
}

impl Default for Attachments {
    fn default() -> Attachments {
        Attachments { max_bytes: 10_000_000, max_count: 10, types: FileType::ALL.to_vec() }
    }
}

impl Attachments {
    /// The type that a file is accepted as; `None` if it is not accepted. JSON is accepted as text where only text is.
    pub fn accepted_type(&self, file_type: FileType) -> Option<FileType> {
        let is_allowed = |file_type_wanted: FileType| self.max_count > 0 && self.types.contains(&file_type_wanted);
        let as_text = (file_type == FileType::Json).then_some(FileType::Text);
        [Some(file_type), as_text].into_iter().flatten().find(|file_type| is_allowed(*file_type))
    }
}

wire::types! {
    /// An attachment as clients see it (in a message, and in the response to `PUT …/attachments/{id}`).
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Attachment {
        /// The UUID that its sender chose.
        pub id: String,
        pub name: String,
        /// Its media type, such as `image/png`.
        pub media as "type": String,
        /// Its size in bytes.
        pub size: u32,
        /// Whether it may still contain metadata such as a location, an author or a creation time.
        pub has_metadata: bool = sparse,
        /// Where to download it, relative to the gateway unless `attachments_url` is configured; valid for an hour. Empty while it belongs to no
        /// message.
        pub url: String = sparse,
    }
}

/// What is wrong with a site's settings for attachments.
pub fn check(attachments: &Attachments) -> Option<String> {
    let Attachments { max_bytes, max_count, .. } = attachments;
    if !(1..=BYTES_MAX).contains(max_bytes) {
        return Some(format!("attachments.max_bytes: {max_bytes} is out of range; use 1 to {BYTES_MAX}"));
    }
    (*max_count > COUNT_MAX)
        .then(|| format!("attachments.max_count: {max_count} is out of range; use 0 to {COUNT_MAX}"))
}

/// What is wrong with the list of attachments of a message; `None` if it is valid.
pub fn check_list(ids: &[String], attachments: &Attachments) -> Option<String> {
    let max = attachments.max_count;
    if ids.len() > max as usize {
        return Some(format!("has more than {max} entries"));
    }
    let has_duplicates =
        ids.iter().enumerate().any(|(index, id)| ids.iter().take(index).any(|other| other.eq_ignore_ascii_case(id)));
    has_duplicates.then(|| "contains a file twice".to_string())
}

/// The canonical form of a UUID; `None` for anything else.
pub fn parse_id(text: &str) -> Option<String> {
    let dash = |index| matches!(index, 8 | 13 | 18 | 23);
    let fits = text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(index, byte)| if dash(index) { byte == b'-' } else { byte.is_ascii_hexdigit() });
    fits.then(|| text.to_ascii_lowercase())
}

/// How many bytes of a file [`detect_by_signature`] needs.
pub const HEAD: usize = 64;

/// Byte strings and their offsets.
type Signature = &'static [(usize, &'static [u8])];

/// The signatures of types that have one.
const SIGNATURES: &[(FileType, Signature)] = &[
    (FileType::Png, &[(0, b"\x89PNG\r\n\x1a\n")]),
    (FileType::Jpeg, &[(0, b"\xff\xd8\xff")]),
    (FileType::Webp, &[(0, b"RIFF"), (8, b"WEBP")]),
    (FileType::Gif, &[(0, b"GIF87a")]),
    (FileType::Gif, &[(0, b"GIF89a")]),
    (FileType::Pdf, &[(0, b"%PDF-")]),
    (FileType::Zip, &[(0, b"PK\x03\x04")]),
    // An empty archive.
    (FileType::Zip, &[(0, b"PK\x05\x06")]),
    // Other brands of the same container, such as HEIC, are no video.
    (FileType::Mp4, &[(4, b"ftypiso")]),
    (FileType::Mp4, &[(4, b"ftypmp4")]),
    (FileType::Mp4, &[(4, b"ftypavc1")]),
    (FileType::Mp4, &[(4, b"ftypdash")]),
    (FileType::Mp4, &[(4, b"ftypM4V")]),
    (FileType::Mp4, &[(4, b"ftypMSNV")]),
];

/// Detects the type by the first bytes; `None` if they match no signature.
pub fn detect_by_signature(head: &[u8]) -> Option<FileType> {
    let matches = |(index, bytes): &(usize, &[u8])| head.get(*index..).is_some_and(|rest| rest.starts_with(bytes));
    let file_type = SIGNATURES
        .iter()
        .find(|(_, signature)| signature.iter().all(matches))
        .map(|(file_type_found, _)| *file_type_found);
    file_type.or_else(|| is_webm(head).then_some(FileType::Webm))
}

/// Detects the type of a file without a signature from its whole content.
pub fn detect_text(bytes: &[u8]) -> Option<FileType> {
    let text = std::str::from_utf8(bytes).ok()?;
    let printed = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    if text.is_empty() || !text.chars().all(printed) {
        return None;
    }
    let json = text.trim_start().starts_with(['{', '[']) && is_json(text);
    Some(if json { FileType::Json } else { FileType::Text })
}

/// Whether a Matroska header names the subset of the format that browsers play.
fn is_webm(head: &[u8]) -> bool {
    let head = head.get(..HEAD.min(head.len())).unwrap_or_default();
    head.starts_with(b"\x1a\x45\xdf\xa3") && head.windows(7).any(|bytes| bytes == b"\x42\x82\x84webm")
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

impl FileType {
    /// The file name extensions of a type. The first is added to names without one of them, so that no computer takes the file for something
    /// else.
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            FileType::Png => &["png"],
            FileType::Jpeg => &["jpg", "jpeg"],
            FileType::Webp => &["webp"],
            FileType::Gif => &["gif"],
            FileType::Pdf => &["pdf"],
            FileType::Text => &[
                "txt",
                "log",
                "csv",
                "tsv",
                "md",
                "json",
                "yaml",
                "yml",
                "toml",
                "ini",
                "sql",
                "diff",
                "har",
                "jsonl",
                "ndjson",
                "patch",
                "conf",
                "cfg",
                "properties",
                "out",
                "err",
                "trace",
                "eml",
                "ips",
                "crash",
                "srt",
                "vtt",
            ],
            FileType::Json => &["json", "har", "map", "ipynb", "txt", "log"],
            FileType::Mp4 => &["mp4", "m4v"],
            FileType::Webm => &["webm"],
            FileType::Zip => &["zip", "docx", "xlsx", "pptx", "odt", "ods", "odp"],
            FileType::Download => &["bin"],
        }
    }
}

/// The stored form of a file name: without path and invisible characters, at most [`NAME_MAX`] bytes, with one of `endings`; the first is added
/// if it has none of them.
pub fn clean_name(name: &str, endings: &[&str]) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|c| !is_invisible(*c)).collect();
    let name = visible.trim().trim_matches('.').trim();
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if endings.iter().any(|candidate| ending.eq_ignore_ascii_case(candidate)) => {
            (stem, ending)
        }
        _ => (name, endings.first().copied().unwrap_or_default()),
    };
    let room = NAME_MAX.saturating_sub(ending.len() + 1);
    let end =
        stem.char_indices().map(|(start, c)| start + c.len_utf8()).take_while(|end| *end <= room).last().unwrap_or(0);
    let stem = stem.get(..end).unwrap_or_default().trim_end();
    let stem = if stem.is_empty() { "file" } else { stem };
    [stem, ".", ending].concat()
}

/// Whether a character is a control character, or reorders or hides text.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn file_types_are_detected_by_content() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], Some(FileType::Png)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some(FileType::Jpeg)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(FileType::Webp)),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"GIF89a", Some(FileType::Gif)),
            (b"%PDF-1.7", Some(FileType::Pdf)),
            (b"PK\x03\x04\x14\0", Some(FileType::Zip)),
            (b"\0\0\0\x20ftypisom\0\0", Some(FileType::Mp4)),
            (b"\0\0\0\x20ftypheic\0\0", None),
            (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webmB\x87", Some(FileType::Webm)),
            (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", None),
            (b"MZ\x90\0", None),
            (b"<svg xmlns=", None),
            (b"", None),
        ] {
            assert_eq!(detect_by_signature(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn text_files_are_detected_by_content() {
        for (bytes, expected) in [
            (&b"2026-11-25 ERROR\tno\r\n"[..], Some(FileType::Text)),
            ("Größe: 7\n".as_bytes(), Some(FileType::Text)),
            (b"<script>alert(1)</script>", Some(FileType::Text)),
            (b" {\"a\": [1, 2]}\n", Some(FileType::Json)),
            (b"[1, 2", Some(FileType::Text)),
            (b"7", Some(FileType::Text)),
            (b"a\0b", None),
            (b"\x1b[31mred", None),
            (b"\xff\xfe", None),
            (b"", None),
        ] {
            assert_eq!(detect_text(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn sites_accept_the_types_they_list() {
        let only = |types: &[FileType]| Attachments { types: types.to_vec(), ..Attachments::default() };
        assert_eq!(Attachments::default().accepted_type(FileType::Json), Some(FileType::Json));
        assert_eq!(only(&[FileType::Text]).accepted_type(FileType::Json), Some(FileType::Text));
        assert_eq!(only(&[FileType::Json]).accepted_type(FileType::Text), None);
        assert_eq!(Attachments { max_count: 0, ..Attachments::default() }.accepted_type(FileType::Png), None);
        assert_eq!(only(&[]).accepted_type(FileType::Png), None);
    }

    #[test]
    fn file_names_are_valid_on_every_system() {
        for (name, file_type, expected) in [
            ("shot.png", FileType::Png, "shot.png"),
            ("Shot.PNG", FileType::Png, "Shot.PNG"),
            ("../../etc/passwd", FileType::Text, "passwd.txt"),
            ("C:\\Users\\ada\\app.log", FileType::Text, "app.log"),
            ("page.html", FileType::Text, "page.html.txt"),
            ("photo.jpg", FileType::Zip, "photo.jpg.zip"),
            ("cod.\u{202e}gnp.exe", FileType::Png, "cod.gnp.exe.png"),
            ("a\r\nb\".txt", FileType::Text, "ab\".txt"),
            ("", FileType::Png, "file.png"),
            (" .. ", FileType::Png, "file.png"),
            (".png", FileType::Png, "png.png"),
            ("Bildschirmfoto – größer.png", FileType::Png, "Bildschirmfoto – größer.png"),
        ] {
            assert_eq!(clean_name(name, file_type.endings()), expected, "{name:?}");
        }
    }

    #[test]
    fn uuids_are_valid_in_any_case() {
        let uuid = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        assert_eq!(parse_id(&uuid.to_uppercase()).as_deref(), Some(uuid));
        for invalid in
            ["", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "../../0a1b2c3d-4e5f-6071-8293-a4b5c6", &uuid.replace('a', "g")]
        {
            assert_eq!(parse_id(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn attachment_lists_are_short_and_without_duplicates() {
        let list = |ids: &[&str]| {
            check_list(&ids.iter().map(|id| id.to_string()).collect::<Vec<_>>(), &Attachments::default())
        };
        assert_eq!(list(&["a", "b"]), None);
        assert!(list(&["a", "b", "A"]).is_some_and(|problem| problem.contains("twice")));
        assert!(list(&["x"; 11]).is_some_and(|problem| problem.contains("more than 10")));
    }

    proptest! {
        #[test]
        fn file_names_are_short_and_contain_no_path(name: String, file_type in proptest::sample::select(FileType::ALL.to_vec())) {
            let cleaned = clean_name(&name, file_type.endings());
            prop_assert!(cleaned.len() <= NAME_MAX && !cleaned.starts_with('.'));
            prop_assert!(!cleaned.contains(['/', '\\']) && !cleaned.chars().any(char::is_control));
            prop_assert_eq!(clean_name(&cleaned, file_type.endings()), cleaned);
        }

        #[test]
        fn any_bytes_have_a_file_type(bytes: Vec<u8>) {
            let _ = (detect_by_signature(&bytes), detect_text(&bytes));
        }
    }
}
