//! MP4, and its predecessors QuickTime and 3GP: nested boxes, each with a length and a name (ISO/IEC 14496-12). Nothing is moved, because
//! tables hold the offsets of the media: a removed box becomes a `free` box of zeros.

use std::ops::Range;

use super::contains;

/// The types of tracks that are seen or heard.
const PICTURES_AND_SOUND: &[&[u8; 4]] = &[b"vide", b"soun", b"auxv", b"pict"];
/// The types of caption tracks. Some cameras write their location into them.
const CAPTIONS: &[&[u8; 4]] = &[b"text", b"sbtl", b"subt", b"clcp"];
/// The most sibling boxes that are examined.
const ATOMS_MAX: usize = 20_000;
/// The most chunks of a metadata track.
const CHUNKS_MAX: usize = 1_000_000;

/// A box: its name, and the offsets of its start, its content and its end.
#[derive(Clone, Copy)]
struct Atom {
    kind: [u8; 4],
    start: usize,
    body: usize,
    end: usize,
}

/// The boxes whose content is parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    File,
    Movie,
    Track,
    Media,
    Information,
    Samples,
    Fragment,
    TrackFragment,
}

/// Strips an MP4 in place; `true` if metadata may remain.
pub fn strip(bytes: &mut [u8]) -> bool {
    let file_range = 0..bytes.len();
    let mut media = Vec::new();
    let (mut movies, mut is_fragmented) = (Vec::new(), false);
    let top_atoms = atoms(bytes, file_range.clone());
    let mut may_remain = top_atoms.len() == ATOMS_MAX;
    for atom in top_atoms {
        match &atom.kind {
            b"mdat" => media.push(atom.body..atom.end),
            b"moov" => movies.push(atom),
            b"moof" => is_fragmented = true,
            _ => {}
        }
    }
    may_remain |= movies.is_empty();
    let mut budget = bytes.len();
    for movie in movies {
        let inner = atoms(bytes, movie.body..movie.end);
        may_remain |= inner.len() == ATOMS_MAX;
        for track in inner.into_iter().filter(|atom| &atom.kind == b"trak") {
            match handler(bytes, track) {
                Some(kind) if PICTURES_AND_SOUND.contains(&&kind) => {}
                Some(kind) if CAPTIONS.contains(&&kind) => may_remain = true,
                Some(_) => {
                    may_remain |= !clear_samples(bytes, track, &media, &mut budget) || is_fragmented;
                    free(bytes, track);
                }
                None => may_remain = true,
            }
        }
    }
    clean(bytes, file_range, Place::File) || may_remain
}

/// Strips the boxes in a range; `true` if metadata may remain.
fn clean(bytes: &mut [u8], range: Range<usize>, container: Place) -> bool {
    let mut may_remain = false;
    let mut position = range.start;
    while position < range.end {
        let Some(atom) = atom(bytes, position, range.end, container == Place::File) else { return true };
        position = atom.end;
        let inner = match (container, &atom.kind) {
            (Place::File, b"moov") => Some(Place::Movie),
            (Place::File, b"moof") => Some(Place::Fragment),
            (Place::Movie, b"trak") => Some(Place::Track),
            (Place::Track, b"mdia") => Some(Place::Media),
            (Place::Media, b"minf") => Some(Place::Information),
            (Place::Information, b"stbl") => Some(Place::Samples),
            (Place::Fragment, b"traf") => Some(Place::TrackFragment),
            _ => None,
        };
        if let Some(inner) = inner {
            may_remain |= clean(bytes, atom.body..atom.end, inner);
            continue;
        }
        match (container, &atom.kind) {
            (Place::Movie, b"mvhd") | (Place::Track, b"tkhd") | (Place::Media, b"mdhd") => clear_times(bytes, atom),
            (Place::Media | Place::Information, b"hdlr") => clear(bytes, atom.body.saturating_add(24)..atom.end),
            // A compressed movie box cannot be parsed here.
            (Place::Movie, b"cmov") => may_remain = true,
            _ if is_kept(container, &atom.kind) => {}
            _ => {
                // Its items may be stored elsewhere in the file.
                may_remain |=
                    &atom.kind == b"meta" && contains(bytes.get(atom.body..atom.end).unwrap_or_default(), b"iloc");
                free(bytes, atom);
            }
        }
    }
    may_remain
}

/// Whether a player needs the box unchanged.
fn is_kept(container: Place, kind: &[u8; 4]) -> bool {
    match container {
        Place::File => matches!(kind, b"ftyp" | b"styp" | b"mdat" | b"mfra" | b"sidx" | b"ssix" | b"pdin" | b"wide"),
        Place::Movie => matches!(kind, b"mvex" | b"iods" | b"pssh"),
        Place::Track => matches!(kind, b"edts" | b"tref" | b"tapt"),
        Place::Media => matches!(kind, b"elng"),
        Place::Information => matches!(kind, b"vmhd" | b"smhd" | b"hmhd" | b"sthd" | b"nmhd" | b"gmhd" | b"dinf"),
        Place::Fragment => matches!(kind, b"mfhd" | b"pssh"),
        Place::Samples | Place::TrackFragment => !matches!(kind, b"udta" | b"meta" | b"uuid" | b"free" | b"skip"),
    }
}

/// The boxes in a range, up to the first truncated one.
fn atoms(bytes: &[u8], range: Range<usize>) -> Vec<Atom> {
    let is_file = range.start == 0;
    let mut position = range.start;
    let next = || {
        let atom_found = atom(bytes, position, range.end, is_file)?;
        position = atom_found.end;
        Some(atom_found)
    };
    // Empty boxes carry no metadata, and there may be very many of them.
    std::iter::from_fn(next).filter(|atom| atom.body < atom.end).take(ATOMS_MAX).collect()
}

fn atom(bytes: &[u8], start: usize, end: usize, is_file: bool) -> Option<Atom> {
    let length = number(bytes, start, 4)?;
    let kind = bytes.get(start.checked_add(4)?..start.checked_add(8)?)?.try_into().ok()?;
    let (head, length) = match length {
        0 if is_file => (8, end.checked_sub(start)?),
        1 => (16, number(bytes, start.checked_add(8)?, 8)?),
        length => (8, length),
    };
    let stop = start.checked_add(length)?;
    (length >= head && stop <= end).then_some(Atom { kind, start, body: start + head, end: stop })
}

/// A big-endian number of `length` bytes.
fn number(bytes: &[u8], position: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(position..position.checked_add(length)?)?;
    bytes.iter().try_fold(0_usize, |number, byte| number.checked_mul(256)?.checked_add(usize::from(*byte)))
}

fn clear(bytes: &mut [u8], range: Range<usize>) {
    if let Some(bytes) = bytes.get_mut(range) {
        bytes.fill(0);
    }
}

fn free(bytes: &mut [u8], atom: Atom) {
    if let Some(kind) = bytes.get_mut(atom.start + 4..atom.start + 8) {
        kind.copy_from_slice(b"free");
    }
    clear(bytes, atom.body..atom.end);
}

/// Zeros the creation and modification times.
fn clear_times(bytes: &mut [u8], atom: Atom) {
    let length = if bytes.get(atom.body) == Some(&1) { 16 } else { 8 };
    clear(bytes, (atom.body + 4).min(atom.end)..(atom.body + 4 + length).min(atom.end));
}

fn child(bytes: &[u8], parent: Atom, kind: &[u8; 4]) -> Option<Atom> {
    atoms(bytes, parent.body..parent.end).into_iter().find(|atom| atom.kind == *kind)
}

/// The handler type of a track.
fn handler(bytes: &[u8], track: Atom) -> Option<[u8; 4]> {
    let handler = child(bytes, child(bytes, track, b"mdia")?, b"hdlr")?;
    bytes.get(handler.body.checked_add(8)?..handler.body.checked_add(12)?)?.try_into().ok()
}

/// Zeros the samples of a track in the media data, as far as the budget goes; `true` if all were zeroed.
fn clear_samples(bytes: &mut [u8], track: Atom, media: &[Range<usize>], budget: &mut usize) -> bool {
    let Some(ranges) = samples(bytes, track) else { return false };
    let mut is_complete = true;
    for range in ranges {
        let length = range.len();
        let first_outside = media.partition_point(|media| media.end < range.end);
        let is_inside =
            media.get(first_outside).is_some_and(|media| media.start <= range.start && range.end <= media.end);
        if !is_inside || length > *budget {
            is_complete = false;
            continue;
        }
        *budget -= length;
        clear(bytes, range);
    }
    is_complete
}

/// The ranges of the chunks of a track.
fn samples(bytes: &[u8], track: Atom) -> Option<Vec<Range<usize>>> {
    let media = child(bytes, track, b"mdia")?;
    let table = child(bytes, child(bytes, media, b"minf")?, b"stbl")?;
    let sizes = child(bytes, table, b"stsz")?;
    let runs = child(bytes, table, b"stsc")?;
    let (offsets, width) = match child(bytes, table, b"stco") {
        Some(offsets) => (offsets, 4),
        None => (child(bytes, table, b"co64")?, 8),
    };
    let field = |atom: Atom, position: usize, length: usize| {
        let position = atom.body.checked_add(position)?;
        number(bytes, position, length).filter(|_| position + length <= atom.end)
    };
    let (same_size, count) = (field(sizes, 4, 4)?, field(sizes, 8, 4)?);
    let (run_count, chunk_count) = (field(runs, 4, 4)?, field(offsets, 4, 4)?);
    let run = |index: usize, position: usize| field(runs, index.checked_mul(12)?.checked_add(8 + position)?, 4);
    if chunk_count > CHUNKS_MAX {
        return None;
    }
    let mut ranges = Vec::new();
    let (mut sample, mut current) = (0_usize, 0_usize);
    for chunk in 0..chunk_count {
        let start = field(offsets, chunk.checked_mul(width)?.checked_add(8)?, width)?;
        while current + 1 < run_count && run(current + 1, 0)? <= chunk + 1 {
            current += 1;
        }
        let per_chunk = run(current, 4)?.min(count.saturating_sub(sample));
        let length = match same_size {
            0 => {
                let size = |index: usize| field(sizes, index.checked_mul(4)?.checked_add(12)?, 4);
                (sample..sample + per_chunk).try_fold(0_usize, |sum, index| sum.checked_add(size(index)?))?
            }
            size => size.checked_mul(per_chunk)?,
        };
        sample += per_chunk;
        if length > 0 {
            ranges.push(start..start.checked_add(length)?);
        }
    }
    (sample == count).then_some(ranges)
}
