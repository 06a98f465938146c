//! Whether an attachment of a reply contains anything that only agents may read.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use super::gateway_text::{self, KnownTexts};
use crate::message::is_mail_name;

/// How much of a file, and of what is packed in it, is read, in bytes.
const READ_MAX: usize = 1 << 20;
/// The most files of an archive that are read.
const ENTRIES_MAX: usize = 50;
/// The most lines before the headers that identify a mail.
const HEADER_LINES: usize = 300;

/// Whether a file contains anything that only agents may read: the context of a ticket, a mail of the gateway, or a whole mail, which may
/// contain one. Content packed with gzip or in a ZIP archive is examined as well; encrypted or doubly packed content is not.
pub fn is_for_agents(name: &str, bytes: &[u8], known_texts: &KnownTexts) -> bool {
    if is_mail_name(name) || contains_known_text(bytes, known_texts) {
        return true;
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return contains_known_text(&unpacked(MultiGzDecoder::new(bytes), READ_MAX), known_texts);
    }
    bytes.starts_with(b"PK\x03\x04")
        && entries(bytes).iter().any(|(name, content)| is_mail_name(name) || contains_known_text(content, known_texts))
}

fn contains_known_text(bytes: &[u8], known_texts: &KnownTexts) -> bool {
    let beginning = bytes.get(..bytes.len().min(READ_MAX)).unwrap_or_default();
    let text = match beginning {
        // Notepad and PowerShell.
        [0xff, 0xfe, ..] => encoding_rs::UTF_16LE.decode(beginning).0,
        [0xfe, 0xff, ..] => encoding_rs::UTF_16BE.decode(beginning).0,
        _ => String::from_utf8_lossy(beginning),
    };
    is_mail(&text)
        || text.contains("\"frozen_at\"")
        || gateway_text::is_leaked(&text, known_texts)
        || text.contains('<') && gateway_text::is_leaked(&without_tags(&text), known_texts)
}

/// Whether a text is a whole mail, or a page that a browser has saved as one: it begins with headers (RFC 5322, 3.6; RFC 2557), below the line
/// of a mailbox file (RFC 4155) if there is one.
fn is_mail(text: &str) -> bool {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let (mut header_count, mut has_telling_header) = (0, false);
    for (index, line) in text.lines().enumerate().take(HEADER_LINES) {
        if line.trim().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) || index == 0 && (line.starts_with("From ") || line.starts_with(">From ")) {
            continue;
        }
        let Some((name, value)) = line.split_once(':') else { break };
        match name.trim_end().to_ascii_lowercase().as_str() {
            "received" | "return-path" | "delivered-to" | "message-id" | "mime-version" | "dkim-signature" => {
                (header_count, has_telling_header) = (header_count + 1, true);
            }
            "from" | "to" | "cc" | "sender" | "reply-to" => {
                (header_count, has_telling_header) = (header_count + 1, has_telling_header || value.contains('@'))
            }
            "subject" | "date" | "content-type" | "in-reply-to" | "references" => header_count += 1,
            name if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) => break,
            _ => {}
        }
    }
    has_telling_header && header_count >= 2
}

/// A text without tags in angle brackets, with a line break for each that ends a block.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        let Some((tag, tail)) = tag.split_once('>') else { break };
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default().to_ascii_lowercase();
        let ends_line = matches!(name.as_str(), "br" | "p" | "div" | "tr" | "li" | "w:p" | "w:br");
        out.push_str(match name.as_str() {
            "td" | "th" => " ",
            _ if ends_line => "\n",
            _ => "",
        });
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// The output of a stream until it ends or fails, at most `max` bytes.
fn unpacked(stream: impl Read, max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    // What precedes the failure is used.
    let _ = stream.take(max as u64).read_to_end(&mut out);
    out
}

/// The files of a ZIP archive, each after its local header (APPNOTE.TXT, 4.3.7), with their names.
fn entries(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let (mut out, mut room) = (Vec::new(), READ_MAX);
    let mut rest = bytes;
    while let Some(index) = rest.windows(4).position(|window| window == b"PK\x03\x04") {
        rest = rest.get(index..).unwrap_or_default();
        let number = |index: usize| {
            rest.get(index..index + 2).map(|two| two.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
        };
        let (Some(method), Some(name), Some(extra)) = (number(8), number(26), number(28)) else { break };
        let content = rest.get(30 + name + extra..).unwrap_or_default();
        let name = String::from_utf8_lossy(rest.get(30..30 + name).unwrap_or_default()).into_owned();
        let content = match method {
            0 => content.get(..content.len().min(room)).unwrap_or_default().to_vec(),
            8 => unpacked(DeflateDecoder::new(content), room),
            _ => Vec::new(),
        };
        room -= content.len().min(room);
        out.push((name, content));
        if out.len() >= ENTRIES_MAX || room == 0 {
            break;
        }
        rest = rest.get(4..).unwrap_or_default();
    }
    out
}
