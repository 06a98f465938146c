//! PNG: chunks with a length, a name and a checksum (ISO/IEC 15948).

use super::{MalformedFile, append, array, take};

/// The chunks that affect the image, with their largest lengths.
const KEPT: &[(&[u8; 4], usize)] = &[
    (b"IHDR", 13),
    (b"PLTE", 768),
    (b"IDAT", usize::MAX),
    (b"tRNS", 256),
    (b"gAMA", 4),
    (b"cHRM", 32),
    (b"sRGB", 1),
    (b"iCCP", usize::MAX),
    (b"cICP", 4),
    (b"sBIT", 4),
    (b"bKGD", 6),
    (b"pHYs", 9),
    (b"acTL", 8),
    (b"fcTL", 26),
    (b"fdAT", usize::MAX),
];
const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";
/// The last chunk with its length and checksum.
const END: &[u8; 12] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// Reduces a PNG to its image.
pub fn strip(bytes: &[u8]) -> Result<Vec<u8>, MalformedFile> {
    let mut rest = bytes;
    if take(&mut rest, 8)? != SIGNATURE {
        return Err(MalformedFile("it does not begin as a PNG does"));
    }
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(SIGNATURE);
    let (mut first, mut picture) = (true, false);
    loop {
        let length: [u8; 4] = array(&mut rest)?;
        let name: [u8; 4] = array(&mut rest)?;
        let data = take(&mut rest, u32::from_be_bytes(length) as usize)?;
        let checksum: [u8; 4] = array(&mut rest)?;
        if first != (name == *b"IHDR") || !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(MalformedFile("its parts are not those of a PNG"));
        }
        if name == *b"IEND" {
            break;
        }
        let is_kept = KEPT.iter().any(|(kept_name, longest)| **kept_name == name && data.len() <= *longest);
        // A chunk whose name begins with a capital letter is critical: without it there is no image.
        if !is_kept && name.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(MalformedFile("it has a part that nobody knows"));
        }
        if is_kept {
            append(&mut out, &[&length, &name, data, &checksum]);
        }
        first = false;
        picture |= name == *b"IDAT";
    }
    if !picture {
        return Err(MalformedFile("there is no picture in it"));
    }
    out.extend_from_slice(END);
    Ok(out)
}
