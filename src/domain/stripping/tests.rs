use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::domain::attachment::{FileType, sniff};

/// Stands in everything that has to go.
const SECRET: &[u8] = b"48.8584 N 2.2945 E";
/// The picture's own bits, with a stuffed byte and a restart in them.
const BITS: &[u8] = b"\x12\x34\xff\0\x56\xff\xd0\x78\xff\xff\0\x9a";

fn clean(found: FileType, bytes: &[u8]) -> Result<Vec<u8>, Broken> {
    stripper(found).unwrap()(bytes)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    [&[0xff, marker], &(data.len() as u16 + 2).to_be_bytes()[..], data].concat()
}

/// EXIF with an orientation and a place, in either order of bytes.
fn exif(orientation: u8, little: bool) -> Vec<u8> {
    let short = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let long = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let entry = |tag, kind, value: &[u8]| [&short(tag)[..], &short(kind), &long(1), value].concat();
    let turned = entry(0x0112, 3, &[&short(orientation.into())[..], &[0, 0]].concat());
    let place = entry(0x8825, 4, &long(38));
    let head = if little { b"II*\0" } else { b"MM\0*" };
    let directory = [&long(8)[..], &short(2), &place, &turned, &long(0), SECRET].concat();
    segment(0xe1, &[b"Exif\0\0", &head[..], &directory].concat())
}

/// A photograph as a telephone writes it.
fn photograph(exif: &[u8]) -> Vec<u8> {
    let say = |before: &[u8]| [before, SECRET].concat();
    [
        &b"\xff\xd8"[..],
        exif,
        &segment(0xe0, &say(b"JFIF\0\x01\x02\0\0\x48\0\x48\x02\x02")),
        &segment(0xe0, &say(b"JFXX\0\x10")),
        &segment(0xe1, &say(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>")),
        &segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"),
        &segment(0xe2, &say(b"MPF\0")),
        &segment(0xed, &say(b"Photoshop 3.0\0")),
        &segment(0xee, &say(b"Adobe\0\x64\0\0\0\0\x01")),
        &segment(0xfe, SECRET),
        &segment(0xdb, &[1; 65]),
        b"\xff\xff\xff",
        &segment(0xc0, b"\x08\0\x01\0\x01\x01\x01\x11\0"),
        &segment(0xc4, &[2; 20]),
        &segment(0xda, b"\x01\x01\0\0\x3f\0"),
        BITS,
        &segment(0xda, b"\x01\x01\0\x01\x3f\0"),
        BITS,
        b"\xff\xff\xd9",
        SECRET,
    ]
    .concat()
}

fn png_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_be_bytes()[..], name, data, b"\x01\x02\x03\x04"].concat()
}

fn screenshot() -> Vec<u8> {
    let said = |name| png_chunk(name, &[b"Comment\0", SECRET].concat());
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &png_chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"),
        &said(b"tEXt"),
        &said(b"zTXt"),
        &said(b"iTXt"),
        &said(b"eXIf"),
        &said(b"tIME"),
        &said(b"iDOT"),
        // Too long for what it is.
        &said(b"gAMA"),
        &png_chunk(b"gAMA", b"\0\0\xb1\x8f"),
        &png_chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\x01"),
        &png_chunk(b"iCCP", b"colours"),
        &png_chunk(b"IDAT", BITS),
        &said(b"tEXt"),
        &png_chunk(b"IDAT", BITS),
        b"\0\0\0\0IEND\xae\x42\x60\x82",
        SECRET,
    ]
    .concat()
}

fn webp_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let padding: &[u8] = if data.len() % 2 == 1 { b"\0" } else { b"" };
    [&name[..], &(data.len() as u32).to_le_bytes(), data, padding].concat()
}

fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [&b"RIFF"[..], &(body.len() as u32 + 4).to_le_bytes(), b"WEBP", &body].concat()
}

fn animation() -> Vec<u8> {
    let frame =
        [&[7; 16][..], &webp_chunk(b"ALPH", b"alpha"), &webp_chunk(b"VP8 ", BITS), &webp_chunk(b"JUNK", SECRET)];
    let mut file = webp(&[
        webp_chunk(b"VP8X", b"\x3e\0\0\0\0\0\0\0\0\0"),
        webp_chunk(b"ICCP", b"colours"),
        webp_chunk(b"ANIM", b"\0\0\0\0\0\0"),
        webp_chunk(b"ANMF", &frame.concat()),
        webp_chunk(b"EXIF", SECRET),
        webp_chunk(b"XMP ", SECRET),
        webp_chunk(b"JUNK", SECRET),
    ]);
    file.extend_from_slice(SECRET);
    file
}

fn pictures() -> Vec<(FileType, Vec<u8>)> {
    vec![
        (FileType::Jpeg, photograph(&exif(6, true))),
        (FileType::Png, screenshot()),
        (FileType::Webp, animation()),
        (FileType::Webp, webp(&[webp_chunk(b"VP8L", BITS)])),
    ]
}

#[test]
fn what_is_hidden_goes_and_the_picture_stays() {
    for (found, bytes) in pictures() {
        let cleaned = clean(found, &bytes).unwrap();
        assert!(!holds(&cleaned, SECRET), "{found}: {}", cleaned.escape_ascii());
        assert!(holds(&cleaned, BITS), "{found}");
        assert_eq!(holds(&bytes, b"colours"), holds(&cleaned, b"colours"), "{found}");
        assert_eq!(clean(found, &cleaned).unwrap(), cleaned, "{found}");
        assert_eq!(sniff(&cleaned), Some(found));
    }
}

#[test]
fn a_jpeg_keeps_what_decoding_needs_in_its_order() {
    let cleaned = clean(FileType::Jpeg, &photograph(&exif(1, false))).unwrap();
    let expected = [
        &b"\xff\xd8"[..],
        &segment(0xe0, b"JFIF\0\x01\x02\0\0\x48\0\x48\0\0"),
        &segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"),
        &segment(0xee, b"Adobe\0\x64\0\0\0\0\x01"),
        &segment(0xdb, &[1; 65]),
        &segment(0xc0, b"\x08\0\x01\0\x01\x01\x01\x11\0"),
        &segment(0xc4, &[2; 20]),
        &segment(0xda, b"\x01\x01\0\0\x3f\0"),
        BITS,
        &segment(0xda, b"\x01\x01\0\x01\x3f\0"),
        BITS,
        b"\xff\xd9",
    ];
    assert_eq!(cleaned.escape_ascii().to_string(), expected.concat().escape_ascii().to_string());
}

#[test]
fn which_side_is_up_is_kept_and_nothing_else_of_its_exif() {
    for little in [true, false] {
        for orientation in 0..=9 {
            let cleaned = clean(FileType::Jpeg, &photograph(&exif(orientation, little))).unwrap();
            let kept = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";
            let at = cleaned.windows(kept.len()).position(|window| window == kept);
            let found = at.map(|at| cleaned[at + kept.len()]);
            assert_eq!(found, (2..=8).contains(&orientation).then_some(orientation), "{little}");
            assert_eq!(clean(FileType::Jpeg, &cleaned).unwrap(), cleaned);
        }
    }
}

#[test]
fn a_png_keeps_what_changes_the_picture_as_it_stands() {
    let cleaned = clean(FileType::Png, &screenshot()).unwrap();
    let expected = [
        &b"\x89PNG\r\n\x1a\n"[..],
        &png_chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"),
        &png_chunk(b"gAMA", b"\0\0\xb1\x8f"),
        &png_chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\x01"),
        &png_chunk(b"iCCP", b"colours"),
        &png_chunk(b"IDAT", BITS),
        &png_chunk(b"IDAT", BITS),
        b"\0\0\0\0IEND\xae\x42\x60\x82",
    ];
    assert_eq!(cleaned.escape_ascii().to_string(), expected.concat().escape_ascii().to_string());
}

#[test]
fn a_webp_says_what_is_left_in_it() {
    let cleaned = clean(FileType::Webp, &animation()).unwrap();
    let frame = [&[7; 16][..], &webp_chunk(b"ALPH", b"alpha"), &webp_chunk(b"VP8 ", BITS)];
    let expected = webp(&[
        webp_chunk(b"VP8X", b"\x32\0\0\0\0\0\0\0\0\0"),
        webp_chunk(b"ICCP", b"colours"),
        webp_chunk(b"ANIM", b"\0\0\0\0\0\0"),
        webp_chunk(b"ANMF", &frame.concat()),
    ]);
    assert_eq!(cleaned.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn what_is_torn_cannot_be_cleaned() {
    for (found, bytes) in pictures() {
        let whole = clean(found, &bytes).unwrap();
        for length in 0..whole.len() {
            assert!(clean(found, &whole[..length]).is_err(), "{found} {length}");
        }
    }
    assert!(clean(FileType::Jpeg, b"\xff\xd8\xff\xd9").is_err());
    assert!(clean(FileType::Png, b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82").is_err());
    assert!(clean(FileType::Png, &[&screenshot()[..33], &png_chunk(b"SECR", b"x")].concat()).is_err());
    assert!(clean(FileType::Webp, &webp(&[webp_chunk(b"EXIF", b"x")])).is_err());
}

proptest! {
    #[test]
    fn nothing_that_comes_makes_it_panic(bytes: Vec<u8>, which in 0..4usize, head in 0..200usize) {
        let (found, picture) = pictures().swap_remove(which);
        let _ = clean(found, &bytes);
        let grafted = [&picture[..head.min(picture.len())], &bytes].concat();
        let _ = clean(found, &grafted);
    }

    #[test]
    fn what_can_be_cleaned_is_clean_after_once(which in 0..4usize, changes: Vec<(Index, u8)>, cut: Option<Index>) {
        let (found, mut picture) = pictures().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(picture.len());
            picture[at] = byte;
        }
        if let Some(cut) = cut {
            picture.remove(cut.index(picture.len()));
        }
        if let Ok(once) = clean(found, &picture) {
            prop_assert!(once.len() <= picture.len() + 64);
            prop_assert_eq!(clean(found, &once).unwrap(), once);
        }
    }

    #[test]
    fn no_part_that_is_no_picture_survives(names: Vec<[char; 4]>, markers in proptest::collection::vec(0xe0..=0xfeu8, 0..9), said in "[a-z]{8,20}") {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        file.extend(png_chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"));
        for name in names {
            let name = name.map(|c| b'a' + (c as u32 % 26) as u8);
            file.extend(png_chunk(&name, said.as_bytes()));
        }
        file.extend(png_chunk(b"IDAT", BITS));
        file.extend(png_chunk(b"IEND", b""));
        let cleaned = clean(FileType::Png, &file).unwrap();
        prop_assert!(holds(&cleaned, BITS) && !holds(&cleaned, said.as_bytes()));

        let photograph = photograph(b"");
        let mut file = photograph[..2].to_vec();
        markers.iter().for_each(|marker| file.extend(segment(*marker, said.as_bytes())));
        file.extend_from_slice(&photograph[2..]);
        let cleaned = clean(FileType::Jpeg, &file).unwrap();
        prop_assert!(holds(&cleaned, BITS) && !holds(&cleaned, said.as_bytes()));
        prop_assert_eq!(cleaned, clean(FileType::Jpeg, &photograph).unwrap());
    }
}
