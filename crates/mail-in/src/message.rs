//! Parses a mail (RFC 5322, RFC 2045): its headers, its text and its files.

use encoding_rs::WINDOWS_1252;
use mail_parser::{MessageParser, MessagePart, MimeHeaders, PartType};

use super::headers::Headers;
use super::reply_text::{Flowed, Parts};

/// How much of the headers is read, in bytes.
const HEADERS_MAX: usize = 256 << 10;

/// A mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its headers.
    pub headers: Headers,
    /// Its text.
    pub parts: Parts,
    /// Its files.
    pub files: Vec<File>,
}

/// A file of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name; empty if it has none.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Parses a mail; none if it is not one.
pub fn read(raw: &[u8]) -> Option<Message> {
    let message = MessageParser::new().parse(raw)?;
    let (block, is_whole) = header_block(raw);
    let mut headers = Headers::read(&block);
    headers.iter().next()?;
    // A lone carriage return ends a line for some servers and not for others (RFC 5322, 2.2 forbids it).
    if !is_whole || has_lone_return(&block) {
        headers.mark_cut();
    }
    let is_file = |part: &MessagePart<'_>| {
        part.content_disposition().is_some_and(|disposition| disposition.ctype().eq_ignore_ascii_case("attachment"))
    };
    let texts = message.text_bodies().filter(|part| !is_file(part));
    let texts: Vec<(&str, Flowed)> = texts
        .filter_map(|part| match &part.body {
            PartType::Text(text) => Some((text.as_ref(), flowed(part))),
            _ => None,
        })
        .collect();
    let html = message.html_bodies().filter(|part| !is_file(part));
    let html: Vec<&str> = html
        .filter_map(|part| match &part.body {
            PartType::Html(html) => Some(html.as_ref()),
            _ => None,
        })
        .collect();
    let parts = Parts {
        flowed: Some(texts.first().map(|(_, flowed)| *flowed).unwrap_or_default()),
        text: texts.iter().map(|(text, _)| *text).collect::<Vec<_>>().join("\n"),
        html: html.join("\n"),
    };
    Some(Message { files: message.attachments().filter_map(file).collect(), headers, parts })
}

fn flowed(part: &MessagePart<'_>) -> Flowed {
    let has_parameter = |name: &str, value: &str| {
        let parameter = part.content_type().and_then(|kind| kind.attribute(name));
        parameter.is_some_and(|parameter_value| parameter_value.eq_ignore_ascii_case(value))
    };
    Flowed { is_flowed: has_parameter("format", "flowed"), deletes_space: has_parameter("delsp", "yes") }
}

/// `format` and `delsp` of a `Content-Type` (RFC 3676, 4.1); none if it is not plain text.
pub fn flowed_of(content_type: &str) -> Option<Flowed> {
    let lower = content_type.to_ascii_lowercase().replace([' ', '"'], "");
    let has_parameter = |parameter: &str| lower.split(';').any(|part| part == parameter);
    let flowed = Flowed { is_flowed: has_parameter("format=flowed"), deletes_space: has_parameter("delsp=yes") };
    lower.starts_with("text/plain").then_some(flowed)
}

fn file(part: &MessagePart<'_>) -> Option<File> {
    let (bytes, fallback) = match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => (bytes.to_vec(), ""),
        PartType::Text(text) => (text.as_bytes().to_vec(), "text.txt"),
        PartType::Html(html) => (html.as_bytes().to_vec(), "page.html"),
        PartType::Message(message) => (message.raw_message().to_vec(), "mail.eml"),
        PartType::Multipart(_) => return None,
    };
    let name = part.attachment_name().unwrap_or(fallback);
    let media = part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
    let is_mail = matches!(part.body, PartType::Message(_)) || media.is_some_and(|media| is_mail_type(&media));
    Some(File { name: if is_mail { mail_name(name) } else { name.into() }, bytes })
}

/// Whether a media type is that of a mail (RFC 2046, 5.2; RFC 6532, 3.7), or of Outlook's format for one.
pub fn is_mail_type(media: &str) -> bool {
    let media = media.trim().to_ascii_lowercase();
    let media = media.split(';').next().unwrap_or_default().trim_end();
    media.starts_with("message/")
        || matches!(
            media,
            "application/vnd.ms-outlook"
                | "application/ms-tnef"
                | "application/vnd.ms-tnef"
                | "application/mbox"
                | "multipart/related"
        )
}

/// The name of an attached mail, with the extension of mails.
pub fn mail_name(name: &str) -> String {
    match name {
        "" => "mail.eml".into(),
        name if is_mail_name(name) => name.into(),
        name => format!("{name}.eml"),
    }
}

/// Whether a file name is that of a mail.
pub fn is_mail_name(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    [".eml", ".emlx", ".msg", ".mbox", ".mht", ".mhtml", ".tnef", "winmail.dat"].iter().any(|end| name.ends_with(end))
}

fn has_lone_return(block: &str) -> bool {
    let bytes = block.as_bytes();
    bytes.windows(2).any(|pair| matches!(pair, [b'\r', next] if !matches!(next, b'\r' | b'\n')))
}

/// The lines above the body, and whether they are complete. Bytes beyond ASCII are UTF-8 (RFC 6532), or else what old programs write.
fn header_block(raw: &[u8]) -> (String, bool) {
    let is_read = raw.len() <= HEADERS_MAX;
    let raw = raw.get(..raw.len().min(HEADERS_MAX)).unwrap_or_default();
    let start = raw.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let raw = raw.get(start..).unwrap_or_default();
    let end = [b"\r\n\r\n".as_slice(), b"\n\n"]
        .iter()
        .filter_map(|gap| raw.windows(gap.len()).position(|bytes| bytes == *gap))
        .min();
    let block = raw.get(..end.unwrap_or(raw.len())).unwrap_or_default();
    let text = match std::str::from_utf8(block) {
        Ok(text) => text.into(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(block).0.into_owned(),
    };
    (text, is_read || end.is_some())
}
