//! GIF: a head, then blocks: pictures and extensions, each a row of sub-blocks (GIF89a specification).

use super::{Broken, SHORT, array, put, take};

const EXTENSION: u8 = 0x21;
const PICTURE: u8 = 0x2c;
const END: u8 = 0x3b;
/// How long a picture is shown, and what shows through it.
const GRAPHIC_CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;
/// The applications whose extension says how often an animation is shown.
const LOOPS: &[&[u8; 11]] = &[b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// A GIF with nothing but its pictures and how they move.
pub fn strip(bytes: &[u8]) -> Result<Vec<u8>, Broken> {
    let mut rest = bytes;
    let mut out = Vec::with_capacity(bytes.len());
    let signature = take(&mut rest, 6)?;
    if !matches!(signature, b"GIF87a" | b"GIF89a") {
        return Err(Broken("it does not begin as a GIF does"));
    }
    let screen = take(&mut rest, 7)?;
    put(&mut out, &[signature, screen, colors(screen.get(4), &mut rest)?]);
    let mut pictures = false;
    while let Some((kind, left)) = rest.split_first() {
        rest = left;
        match *kind {
            EXTENSION => {
                let [label] = array(&mut rest)?;
                let data = sub_blocks(&mut rest)?;
                match label {
                    GRAPHIC_CONTROL => put(&mut out, &[&[EXTENSION, label], data]),
                    APPLICATION => loops(data, &mut out),
                    // Comments, text that no browser shows, and whatever else is hidden.
                    _ => {}
                }
            }
            PICTURE => {
                let place = take(&mut rest, 9)?;
                put(&mut out, &[&[PICTURE], place, colors(place.get(8), &mut rest)?]);
                put(&mut out, &[take(&mut rest, 1)?, sub_blocks(&mut rest)?]);
                pictures = true;
            }
            END => break,
            _ => return Err(Broken("it has a part that no GIF has")),
        }
    }
    if !pictures {
        return Err(Broken("there is no picture in it"));
    }
    // Many end without it, and are shown all the same.
    out.push(END);
    Ok(out)
}

/// The table of colours that flags announce.
fn colors<'a>(flags: Option<&u8>, rest: &mut &'a [u8]) -> Result<&'a [u8], Broken> {
    let flags = flags.copied().ok_or(SHORT)?;
    let length = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    take(rest, length)
}

/// Sub-blocks with the empty one that ends them.
fn sub_blocks<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Broken> {
    let all = *rest;
    loop {
        let [length] = array(rest)?;
        take(rest, usize::from(length))?;
        if length == 0 {
            return all.get(..all.len() - rest.len()).ok_or(SHORT);
        }
    }
}

/// Keeps, of an application's extension, how often the animation is shown.
fn loops(data: &[u8], out: &mut Vec<u8>) {
    let name = data.get(1..12).unwrap_or_default();
    let Some(count) = data.get(12..16).filter(|count| count.starts_with(&[3, 1])) else { return };
    if LOOPS.iter().any(|known| known.as_slice() == name) {
        put(out, &[&[EXTENSION, APPLICATION, 11], name, count, &[0]]);
    }
}
