//! Detects the encoding of question files, and recognizes files that are not text at all.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes of a file are used for detection.
const HEAD: usize = 4096;
/// Signatures of files that are no text, and their names.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a ZIP archive (an .xlsx or .ods workbook is one, too)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a file compressed by gzip"),
    (b"\x28\xb5\x2f\xfd", "a file compressed by zstd"),
    (b"BZh", "a file compressed by bzip2"),
    (b"\xfd7zXZ\0", "a file compressed by xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an old Office version (.xls, .doc or .msg)"),
    (b"PAR1", "a Parquet file"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (b"PGDMP", "a PostgreSQL dump in its own format"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG\r\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
];
/// Beginnings of text documents of other kinds.
const DOCUMENTS: &[(&str, &str)] = &[
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<?xml", "an XML document"),
    ("<rss", "an RSS feed"),
    ("<feed", "an Atom feed"),
    ("<", "a document with markup (XML or HTML)"),
    ("%yaml", "a YAML document"),
    ("---\n", "a YAML document"),
    ("insert into", "an SQL dump"),
    ("create table", "an SQL dump"),
    ("-- mysql dump", "an SQL dump"),
    ("--\n-- postgresql database dump", "an SQL dump"),
];

/// A decoded file.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// A warning about its encoding.
    pub warning: Option<&'static str>,
}

/// Decodes a file: UTF-8; UTF-16 with a byte order mark or if it can be detected without one; otherwise Windows-1252. The error names the kind
/// of a file that is no text of questions.
pub fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    if let Some((_, format_name)) = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)) {
        return Err(format!("is {format_name}"));
    }
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err("is UTF-32; save it as UTF-8".into());
    }
    let (encoding, warning) = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => (Some(encoding), None),
        None if looks_utf16(bytes, 1) => (Some(UTF_16LE), None),
        None if looks_utf16(bytes, 0) => (Some(UTF_16BE), None),
        None => (None, None),
    };
    let decoded = match encoding {
        Some(encoding) => Decoded { text: encoding.decode(bytes).0.into_owned(), warning },
        None => match std::str::from_utf8(bytes) {
            Ok(text) => Decoded { text: text.into(), warning: None },
            Err(_) if bytes.iter().take(HEAD).any(|byte| *byte == 0) => return Err("is a binary file".into()),
            Err(_) => Decoded {
                text: WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
                warning: Some("is not UTF-8 and was read as Windows-1252; save it as UTF-8 if letters are wrong"),
            },
        },
    };
    let head = head_of(&decoded.text).to_lowercase();
    match DOCUMENTS.iter().find(|(start, _)| head.starts_with(start)) {
        Some((_, format_name)) => Err(format!("is {format_name}")),
        None if head.contains('\0') => Err("is a binary file".into()),
        None => Ok(decoded),
    }
}

/// Whether text is UTF-16 without a mark: the syntax of JSON and tables has a zero in every other byte.
fn looks_utf16(bytes: &[u8], zero_at: usize) -> bool {
    let head = bytes.get(..bytes.len().min(HEAD) & !1).unwrap_or_default();
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let pairs = head.len() / 2;
    pairs >= 2 && bytes.len().is_multiple_of(2) && zeros(zero_at) * 10 >= pairs * 4 && zeros(1 - zero_at) * 20 <= pairs
}

fn head_of(text: &str) -> &str {
    let text = text.trim_start();
    text.char_indices().nth(HEAD / 4).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}
