//! Strips metadata from files: where, when, with what and by whom an image was taken. The visible and audible content stays byte for byte,
//! because nothing is decoded. An image that cannot be parsed is refused. Other files are stripped as far as possible, and the result says
//! whether metadata may remain.

mod gif;
mod jpeg;
mod mp4;
mod pdf;
mod png;
mod webp;

use super::attachment::FileType;

/// Why an image cannot be stripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedFile(pub &'static str);

/// A stripped file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether metadata may remain in it.
    pub has_metadata: bool,
}

/// Strips a file.
pub type Strip = fn(Vec<u8>) -> Result<Stripped, MalformedFile>;

/// The function that strips files of a type; `None` if there is nothing to strip, or if it cannot be stripped ([`keeps_metadata`]).
pub fn stripper(file_type: FileType) -> Option<Strip> {
    match file_type {
        FileType::Jpeg => Some(|bytes| jpeg::strip(&bytes).map(Stripped::clean)),
        FileType::Png => Some(|bytes| png::strip(&bytes).map(Stripped::clean)),
        FileType::Webp => Some(|bytes| webp::strip(&bytes).map(Stripped::clean)),
        FileType::Gif => Some(|bytes| {
            let clean = gif::strip(&bytes).map(Stripped::clean);
            Ok(clean.unwrap_or(Stripped { bytes, has_metadata: true }))
        }),
        FileType::Mp4 => Some(|bytes| Ok(Stripped::in_place(bytes, mp4::strip))),
        FileType::Pdf => Some(|bytes| Ok(Stripped::in_place(bytes, pdf::strip))),
        FileType::Webm | FileType::Zip | FileType::Text | FileType::Json | FileType::Download => None,
    }
}

/// Whether files of a type have metadata and are stored unchanged.
pub fn keeps_metadata(file_type: FileType) -> bool {
    matches!(file_type, FileType::Webm | FileType::Zip | FileType::Download)
}

impl Stripped {
    fn clean(bytes: Vec<u8>) -> Stripped {
        Stripped { bytes, has_metadata: false }
    }

    fn in_place(mut bytes: Vec<u8>, strip: fn(&mut [u8]) -> bool) -> Stripped {
        let has_metadata = strip(&mut bytes);
        Stripped { bytes, has_metadata }
    }
}

const SHORT: MalformedFile = MalformedFile("it ends too early");

/// Takes the first bytes.
fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], MalformedFile> {
    let (part, remaining) = rest.split_at_checked(length).ok_or(SHORT)?;
    *rest = remaining;
    Ok(part)
}

/// Takes the first bytes as an array.
fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], MalformedFile> {
    take(rest, N)?.try_into().map_err(|_| SHORT)
}

/// Writes a chunk.
fn append(out: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// The offset of a byte string, searched from an offset.
fn find(bytes: &[u8], text: &[u8], from: usize) -> Option<usize> {
    let first = *text.first()?;
    let mut position = from;
    loop {
        position += bytes.get(position..)?.iter().position(|byte| *byte == first)?;
        if bytes.get(position..)?.starts_with(text) {
            return Some(position);
        }
        position += 1;
    }
}

/// Whether bytes contain a byte string.
fn contains(bytes: &[u8], text: &[u8]) -> bool {
    find(bytes, text, 0).is_some()
}

#[cfg(test)]
mod tests;
