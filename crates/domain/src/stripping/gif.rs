//! GIF: a header, then blocks for images and extensions, each a series of sub-blocks (GIF89a specification).

use super::{MalformedFile, SHORT, append, array, take};

const EXTENSION: u8 = 0x21;
const PICTURE: u8 = 0x2c;
const END: u8 = 0x3b;
/// The extension with delay and transparency of an image.
const GRAPHIC_CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;
/// The application extensions with the number of loops of an animation.
const LOOPS: &[&[u8; 11]] = &[b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// Reduces a GIF to its images and their animation.
pub fn strip(bytes: &[u8]) -> Result<Vec<u8>, MalformedFile> {
    let mut rest = bytes;
    let mut out = Vec::with_capacity(bytes.len());
    let signature = take(&mut rest, 6)?;
    if !matches!(signature, b"GIF87a" | b"GIF89a") {
        return Err(MalformedFile("it does not begin as a GIF does"));
    }
    let screen = take(&mut rest, 7)?;
    append(&mut out, &[signature, screen, colors(screen.get(4), &mut rest)?]);
    let mut pictures = false;
    while let Some((kind, remaining)) = rest.split_first() {
        rest = remaining;
        match *kind {
            EXTENSION => {
                let [label] = array(&mut rest)?;
                let data = sub_blocks(&mut rest)?;
                match label {
                    GRAPHIC_CONTROL => append(&mut out, &[&[EXTENSION, label], data]),
                    APPLICATION => loops(data, &mut out),
                    // Drops comments, text that no browser shows, and unknown extensions.
                    _ => {}
                }
            }
            PICTURE => {
                let descriptor = take(&mut rest, 9)?;
                append(&mut out, &[&[PICTURE], descriptor, colors(descriptor.get(8), &mut rest)?]);
                append(&mut out, &[take(&mut rest, 1)?, sub_blocks(&mut rest)?]);
                pictures = true;
            }
            END => break,
            _ => return Err(MalformedFile("it has a part that no GIF has")),
        }
    }
    if !pictures {
        return Err(MalformedFile("there is no picture in it"));
    }
    // Many files lack the trailer and are displayed all the same.
    out.push(END);
    Ok(out)
}

/// The colour table announced by flags.
fn colors<'a>(flags: Option<&u8>, rest: &mut &'a [u8]) -> Result<&'a [u8], MalformedFile> {
    let flags = flags.copied().ok_or(SHORT)?;
    let length = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    take(rest, length)
}

/// Sub-blocks with the empty one that terminates them.
fn sub_blocks<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], MalformedFile> {
    let start = *rest;
    loop {
        let [length] = array(rest)?;
        take(rest, usize::from(length))?;
        if length == 0 {
            return start.get(..start.len() - rest.len()).ok_or(SHORT);
        }
    }
}

/// Writes the number of loops of an application extension.
fn loops(data: &[u8], out: &mut Vec<u8>) {
    let name = data.get(1..12).unwrap_or_default();
    let Some(count) = data.get(12..16).filter(|count| count.starts_with(&[3, 1])) else { return };
    if LOOPS.iter().any(|candidate| candidate.as_slice() == name) {
        append(out, &[&[EXTENSION, APPLICATION, 11], name, count, &[0]]);
    }
}
