//! JPEG: segments that begin with a marker, and entropy-coded data between them (ITU-T T.81, annex B).

use super::{MalformedFile, SHORT, append, array, take};

const SOI: [u8; 2] = [0xff, 0xd8];
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
/// An upper limit for the bytes that are written before the image.
const HEAD: usize = 64;

/// Reduces a JPEG to what decoding needs, its colours, and its orientation.
pub fn strip(bytes: &[u8]) -> Result<Vec<u8>, MalformedFile> {
    let mut rest = bytes;
    if take(&mut rest, 2)? != SOI {
        return Err(MalformedFile("it does not begin as a JPEG does"));
    }
    let (mut jfif, mut orientation, mut frame, mut scanned) = (None, None, false, false);
    let mut picture = Vec::with_capacity(bytes.len() + HEAD);
    loop {
        let marker = marker(&mut rest)?;
        if marker == EOI {
            break;
        }
        if !(0xc0..=0xfe).contains(&marker) || matches!(marker, 0xc8 | 0xd0..=0xd8) {
            return Err(MalformedFile("it has a part that no picture has"));
        }
        let length = usize::from(u16::from_be_bytes(array(&mut rest)?)).checked_sub(2).ok_or(SHORT)?;
        let data = take(&mut rest, length)?;
        match marker {
            // Its thumbnail would show what was cropped later.
            0xe0 if jfif.is_none() => jfif = data.strip_prefix(b"JFIF\0").and_then(|data| data.get(..7)),
            0xe1 if orientation.is_none() => orientation = data.strip_prefix(b"Exif\0\0").and_then(turned),
            0xe2 if data.starts_with(b"ICC_PROFILE\0") => segment(&mut picture, marker, &[data]),
            0xee if data.starts_with(b"Adobe") => segment(&mut picture, marker, &[data.get(..12).unwrap_or(data)]),
            // No common decoder needs these.
            0xe0..=0xfe => {}
            _ => {
                frame |= matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xcc);
                segment(&mut picture, marker, &[data]);
            }
        }
        if marker == SOS {
            let (scan, remaining) = rest.split_at_checked(scan(rest)?).ok_or(SHORT)?;
            picture.extend_from_slice(scan);
            rest = remaining;
            scanned = true;
        }
    }
    if !frame || !scanned {
        return Err(MalformedFile("there is no picture in it"));
    }
    let mut head = SOI.to_vec();
    if let Some(jfif) = jfif {
        segment(&mut head, 0xe0, &[b"JFIF\0", jfif, &[0, 0]]);
    }
    if let Some(orientation) = orientation {
        // A directory with one entry: tag 0x0112, one 16-bit number.
        let exif = [0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
        segment(&mut head, 0xe1, &[b"Exif\0\0MM\0*\0\0\0\x08", &exif]);
    }
    append(&mut picture, &[&[0xff, EOI]]);
    picture.splice(0..0, head);
    Ok(picture)
}

/// The next marker. Decoders skip what comes before it, so it is dropped.
fn marker(rest: &mut &[u8]) -> Result<u8, MalformedFile> {
    let mut before = 0;
    loop {
        let [byte] = array(rest)?;
        if before == 0xff && !matches!(byte, 0 | 0xff) {
            return Ok(byte);
        }
        before = byte;
    }
}

fn segment(out: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length = parts.iter().map(|part| part.len()).sum::<usize>() + 2;
    append(out, &[&[0xff, marker], &(length as u16).to_be_bytes()]);
    append(out, parts);
}

/// The length of the entropy-coded data: up to a marker that is neither a stuffed byte nor a restart.
fn scan(bytes: &[u8]) -> Result<usize, MalformedFile> {
    let mut position = 0;
    loop {
        let rest = bytes.get(position..).unwrap_or_default();
        let start = position + rest.iter().position(|byte| *byte == 0xff).ok_or(SHORT)?;
        let fill = bytes.get(start..).unwrap_or_default().iter().take_while(|byte| **byte == 0xff).count();
        match bytes.get(start + fill).ok_or(SHORT)? {
            0 | 0xd0..=0xd7 => position = start + fill + 1,
            _ => return Ok(start),
        }
    }
}

/// The orientation (TIFF 6.0, tag 0x0112), if it is not the default.
fn turned(tiff: &[u8]) -> Option<u8> {
    let little = tiff.starts_with(b"II*\0");
    if !little && !tiff.starts_with(b"MM\0*") {
        return None;
    }
    let read_u16 = |offset: usize| {
        let bytes: [u8; 2] = tiff.get(offset..offset.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let read_u32 = |offset: usize| {
        let bytes: [u8; 4] = tiff.get(offset..offset.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = read_u32(4)? as usize;
    let entries = usize::from(read_u16(directory)?);
    let entry = (0..entries)
        .map_while(|index| directory.checked_add(2 + 12 * index))
        .find(|entry| read_u16(*entry) == Some(0x0112) && read_u16(entry + 2) == Some(3))?;
    let value = read_u16(entry.checked_add(8)?)?;
    (2..=8).contains(&value).then_some(value as u8)
}
