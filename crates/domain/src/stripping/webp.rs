//! WebP: chunks in a RIFF container, each with a name and a length (RFC 9649).

use super::{MalformedFile, append, array, take};

/// The chunks that affect the image.
const KEPT: &[&[u8; 4]] = &[b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// The same for a frame.
const KEPT_IN_FRAME: &[&[u8; 4]] = &[b"VP8 ", b"VP8L", b"ALPH"];
/// The length of a frame's header: position, size and duration.
const FRAME: usize = 16;
/// The flags of `VP8X` for EXIF and XMP.
const SAYS_METADATA: u8 = 0x08 | 0x04;

/// Reduces a WebP to its image.
pub fn strip(bytes: &[u8]) -> Result<Vec<u8>, MalformedFile> {
    let mut rest = bytes;
    let riff: [u8; 4] = array(&mut rest)?;
    let size = u32::from_le_bytes(array(&mut rest)?) as usize;
    let mut body = take(&mut rest, size)?;
    if riff != *b"RIFF" || take(&mut body, 4)? != b"WEBP" {
        return Err(MalformedFile("it does not begin as a WebP does"));
    }
    if !["VP8X", "VP8 ", "VP8L"].iter().any(|first| body.starts_with(first.as_bytes())) {
        return Err(MalformedFile("its parts are not those of a WebP"));
    }
    let mut out = Vec::with_capacity(bytes.len() + 1);
    append(&mut out, &[b"RIFF\0\0\0\0WEBP"]);
    if !chunks(body, KEPT, &mut out)? {
        return Err(MalformedFile("there is no picture in it"));
    }
    let size = (out.len() as u32).saturating_sub(8).to_le_bytes();
    out.splice(4..8, size);
    Ok(out)
}

/// Writes the wanted chunks; `true` if there is an image among them.
fn chunks(mut rest: &[u8], kept_names: &[&[u8; 4]], out: &mut Vec<u8>) -> Result<bool, MalformedFile> {
    let mut picture = false;
    while !rest.is_empty() {
        let name: [u8; 4] = array(&mut rest)?;
        let size = u32::from_le_bytes(array(&mut rest)?) as usize;
        let data = take(&mut rest, size)?;
        // The padding of the last chunk may be missing.
        rest = rest.get(size % 2..).unwrap_or_default();
        if !kept_names.contains(&&name) {
            continue;
        }
        match &name {
            b"VP8X" => {
                let (flags, size) =
                    data.split_first().filter(|_| data.len() == 10).ok_or(MalformedFile("its head is torn"))?;
                chunk(out, &name, &[&[flags & !SAYS_METADATA], size]);
            }
            b"ANMF" => {
                let (frame, parts) = data.split_at_checked(FRAME).ok_or(MalformedFile("a frame of it is torn"))?;
                let mut inner = Vec::with_capacity(parts.len());
                picture |= chunks(parts, KEPT_IN_FRAME, &mut inner)?;
                chunk(out, &name, &[frame, &inner]);
            }
            _ => {
                picture |= matches!(&name, b"VP8 " | b"VP8L");
                chunk(out, &name, &[data]);
            }
        }
    }
    Ok(picture)
}

fn chunk(out: &mut Vec<u8>, name: &[u8; 4], parts: &[&[u8]]) {
    let size = parts.iter().map(|part| part.len()).sum::<usize>();
    append(out, &[name, &(size as u32).to_le_bytes()]);
    append(out, parts);
    if size % 2 == 1 {
        out.push(0);
    }
}
