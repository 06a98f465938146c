//! Pictures without what is hidden in them: where and when they were taken, with what, by whom. The picture itself stays byte
//! for byte, because nothing is decoded. What cannot be read cannot be cleaned.

mod jpeg;
mod png;
mod webp;

use super::attachment::FileType;

/// Why a picture cannot be cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

/// Cleans a picture.
pub type Strip = fn(&[u8]) -> Result<Vec<u8>, Broken>;

/// How a type of picture is cleaned; `None` for what has nothing to clean.
pub fn stripper(found: FileType) -> Option<Strip> {
    match found {
        FileType::Jpeg => Some(jpeg::strip),
        FileType::Png => Some(png::strip),
        FileType::Webp => Some(webp::strip),
        _ => None,
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

#[cfg(test)]
mod tests;
