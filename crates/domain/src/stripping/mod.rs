//! Files without what is hidden in them: where and when a picture was taken, with what, by whom. What is seen and heard stays byte for
//! byte, because nothing is decoded. A picture that cannot be read cannot be cleaned and is refused; of other files as much is
//! taken out as can be, and it is said whether metadata may be left.

mod gif;
mod jpeg;
mod mp4;
mod pdf;
mod png;
mod webp;

use super::attachment::FileType;

/// Why a picture cannot be cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

/// A file that was cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// The file.
    pub bytes: Vec<u8>,
    /// Whether metadata may be left in it.
    pub has_metadata: bool,
}

/// Cleans a file.
pub type Strip = fn(Vec<u8>) -> Result<Stripped, Broken>;

/// How a type of file is cleaned; `None` for what has nothing to clean, or cannot be cleaned ([`keeps_metadata`]).
pub fn stripper(found: FileType) -> Option<Strip> {
    match found {
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

/// Whether files of a type carry metadata and are kept as they come.
pub fn keeps_metadata(found: FileType) -> bool {
    matches!(found, FileType::Webm | FileType::Zip | FileType::Download)
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

const SHORT: Broken = Broken("it ends too early");

/// Takes the first bytes off.
fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Broken> {
    let (taken, left) = rest.split_at_checked(length).ok_or(SHORT)?;
    *rest = left;
    Ok(taken)
}

/// Takes so many bytes off, as an array.
fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Broken> {
    take(rest, N)?.try_into().map_err(|_| SHORT)
}

/// Writes a chunk of a file that consists of such.
fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// Where a text stands in bytes, from a place on.
fn find(bytes: &[u8], text: &[u8], from: usize) -> Option<usize> {
    let first = *text.first()?;
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(text) {
            return Some(at);
        }
        at += 1;
    }
}

/// Whether a text stands in bytes.
fn holds(bytes: &[u8], text: &[u8]) -> bool {
    find(bytes, text, 0).is_some()
}

#[cfg(test)]
mod tests;
