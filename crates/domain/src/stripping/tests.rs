use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::attachment::{FileType, detect_by_signature};

/// Is part of everything that has to be removed.
const SECRET: &[u8] = b"48.8584 N 2.2945 E";
/// Entropy-coded data with a stuffed byte and a restart marker.
const BITS: &[u8] = b"\x12\x34\xff\0\x56\xff\xd0\x78\xff\xff\0\x9a";

fn clean(file_type: FileType, bytes: &[u8]) -> Result<Vec<u8>, MalformedFile> {
    stripper(file_type).unwrap()(bytes.to_vec()).map(|stripped| stripped.bytes)
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    [&[0xff, marker], &(data.len() as u16 + 2).to_be_bytes()[..], data].concat()
}

/// EXIF with an orientation and a location, in either byte order.
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

/// A photo as a phone writes it.
fn photograph(exif: &[u8]) -> Vec<u8> {
    let with_secret = |before: &[u8]| [before, SECRET].concat();
    [
        &b"\xff\xd8"[..],
        exif,
        &segment(0xe0, &with_secret(b"JFIF\0\x01\x02\0\0\x48\0\x48\x02\x02")),
        &segment(0xe0, &with_secret(b"JFXX\0\x10")),
        &segment(0xe1, &with_secret(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>")),
        &segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"),
        &segment(0xe2, &with_secret(b"MPF\0")),
        &segment(0xed, &with_secret(b"Photoshop 3.0\0")),
        &segment(0xee, &with_secret(b"Adobe\0\x64\0\0\0\0\x01")),
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
    let text_chunk = |name| png_chunk(name, &[b"Comment\0", SECRET].concat());
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &png_chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"),
        &text_chunk(b"tEXt"),
        &text_chunk(b"zTXt"),
        &text_chunk(b"iTXt"),
        &text_chunk(b"eXIf"),
        &text_chunk(b"tIME"),
        &text_chunk(b"iDOT"),
        // Longer than this chunk may be.
        &text_chunk(b"gAMA"),
        &png_chunk(b"gAMA", b"\0\0\xb1\x8f"),
        &png_chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\x01"),
        &png_chunk(b"iCCP", b"colours"),
        &png_chunk(b"IDAT", BITS),
        &text_chunk(b"tEXt"),
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
fn metadata_is_removed_and_the_picture_stays() {
    for (file_type, bytes) in pictures() {
        let cleaned = clean(file_type, &bytes).unwrap();
        assert!(!contains(&cleaned, SECRET), "{file_type}: {}", cleaned.escape_ascii());
        assert!(contains(&cleaned, BITS), "{file_type}");
        assert_eq!(contains(&bytes, b"colours"), contains(&cleaned, b"colours"), "{file_type}");
        assert_eq!(clean(file_type, &cleaned).unwrap(), cleaned, "{file_type}");
        assert_eq!(detect_by_signature(&cleaned), Some(file_type));
    }
}

#[test]
fn jpegs_keep_the_segments_that_decoding_needs() {
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
fn only_the_orientation_of_exif_is_kept() {
    for little in [true, false] {
        for orientation in 0..=9 {
            let cleaned = clean(FileType::Jpeg, &photograph(&exif(orientation, little))).unwrap();
            let expected = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";
            let index = cleaned.windows(expected.len()).position(|window| window == expected);
            let kept = index.map(|index| cleaned[index + expected.len()]);
            assert_eq!(kept, (2..=8).contains(&orientation).then_some(orientation), "{little}");
            assert_eq!(clean(FileType::Jpeg, &cleaned).unwrap(), cleaned);
        }
    }
}

#[test]
fn pngs_keep_chunks_that_affect_the_picture() {
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
fn webp_headers_list_the_remaining_chunks() {
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
fn truncated_files_cannot_be_cleaned() {
    for (file_type, bytes) in pictures() {
        let cleaned = clean(file_type, &bytes).unwrap();
        for length in 0..cleaned.len() {
            assert!(clean(file_type, &cleaned[..length]).is_err(), "{file_type} {length}");
        }
    }
    assert!(clean(FileType::Jpeg, b"\xff\xd8\xff\xd9").is_err());
    assert!(clean(FileType::Png, b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82").is_err());
    assert!(clean(FileType::Png, &[&screenshot()[..33], &png_chunk(b"SECR", b"x")].concat()).is_err());
    assert!(clean(FileType::Webp, &webp(&[webp_chunk(b"EXIF", b"x")])).is_err());
}

proptest! {
    #[test]
    fn any_input_is_handled_without_panic(bytes: Vec<u8>, which in 0..4usize, head in 0..200usize) {
        let (file_type, picture) = pictures().swap_remove(which);
        let _ = clean(file_type, &bytes);
        let grafted = [&picture[..head.min(picture.len())], &bytes].concat();
        let _ = clean(file_type, &grafted);
    }

    #[test]
    fn cleaning_is_idempotent(which in 0..4usize, changes: Vec<(Index, u8)>, cut: Option<Index>) {
        let (file_type, mut picture) = pictures().swap_remove(which);
        for (place, byte) in changes {
            let place = place.index(picture.len());
            picture[place] = byte;
        }
        if let Some(cut) = cut {
            picture.remove(cut.index(picture.len()));
        }
        if let Ok(cleaned) = clean(file_type, &picture) {
            prop_assert!(cleaned.len() <= picture.len() + 64);
            prop_assert_eq!(clean(file_type, &cleaned).unwrap(), cleaned);
        }
    }

    #[test]
    fn only_picture_data_survives(names: Vec<[char; 4]>, markers in proptest::collection::vec(0xe0..=0xfeu8, 0..9), said in "[a-z]{8,20}") {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        file.extend(png_chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"));
        for name in names {
            let name = name.map(|c| b'a' + (c as u32 % 26) as u8);
            file.extend(png_chunk(&name, said.as_bytes()));
        }
        file.extend(png_chunk(b"IDAT", BITS));
        file.extend(png_chunk(b"IEND", b""));
        let cleaned = clean(FileType::Png, &file).unwrap();
        prop_assert!(contains(&cleaned, BITS) && !contains(&cleaned, said.as_bytes()));

        let photograph = photograph(b"");
        let mut file = photograph[..2].to_vec();
        markers.iter().for_each(|marker| file.extend(segment(*marker, said.as_bytes())));
        file.extend_from_slice(&photograph[2..]);
        let cleaned = clean(FileType::Jpeg, &file).unwrap();
        prop_assert!(contains(&cleaned, BITS) && !contains(&cleaned, said.as_bytes()));
        prop_assert_eq!(cleaned, clean(FileType::Jpeg, &photograph).unwrap());
    }
}

/// Strips a file in which metadata may remain; and whether it may.
fn strip(file_type: FileType, bytes: &[u8]) -> (Vec<u8>, bool) {
    let Stripped { bytes, has_metadata } = stripper(file_type).unwrap()(bytes.to_vec()).unwrap();
    (bytes, has_metadata)
}

fn sub_blocks(data: &[u8]) -> Vec<u8> {
    let blocks = data.chunks(255).flat_map(|block| [&[block.len() as u8], block].concat());
    blocks.chain([0]).collect()
}

fn gif(extensions: &[Vec<u8>]) -> Vec<u8> {
    let picture = [&b"\x2c\0\0\0\0\x01\0\x01\0\x80"[..], &[7; 6], b"\x02", &sub_blocks(BITS)].concat();
    [&b"GIF89a\x01\0\x01\0\x80\0\0"[..], &[9; 6], &extensions.concat(), &picture, b"\x3b", SECRET].concat()
}

fn extension(label: u8, blocks: &[&[u8]]) -> Vec<u8> {
    let blocks: Vec<u8> = blocks.iter().flat_map(|block| [&[block.len() as u8], *block].concat()).collect();
    [&[0x21, label], &blocks[..], &[0]].concat()
}

fn moving_gif() -> Vec<u8> {
    // XMP is not in sub-blocks, but ends like them: with all bytes from 255 down to 0.
    let magic: Vec<u8> = [1].into_iter().chain((0..=255).rev()).chain([0]).collect();
    gif(&[
        extension(0xff, &[b"NETSCAPE2.0", b"\x01\x05\0"]),
        extension(0xff, &[b"SECRETSOFT1", SECRET]),
        [&b"\x21\xff\x0bXMP DataXMP"[..], &[SECRET, &[0xef; 238]].concat(), &magic].concat(),
        extension(0xfe, &[SECRET]),
        extension(0x01, &[&[0; 12], SECRET]),
        extension(0xf9, &[b"\x04\x0a\0\0"]),
    ])
}

#[test]
fn gifs_keep_pictures_and_animation() {
    let (cleaned, has_metadata) = strip(FileType::Gif, &moving_gif());
    let loops = extension(0xff, &[b"NETSCAPE2.0", b"\x01\x05\0"]);
    let mut expected = gif(&[loops, extension(0xf9, &[b"\x04\x0a\0\0"])]);
    expected.truncate(expected.len() - SECRET.len());
    assert_eq!(cleaned.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert!(!has_metadata);
    let torn = &moving_gif()[..60];
    assert_eq!(strip(FileType::Gif, torn), (torn.to_vec(), true));
}

fn atom(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, &body].concat()
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A track of a type, with two samples in one chunk at an offset.
fn track(kind: &[u8; 4], place: u32, sizes: &[u32]) -> Vec<u8> {
    let times = |kind: &[u8; 4]| atom(kind, &[&words(&[0, 0xdead_beef, 0xdead_beef, 1])]);
    let samples = atom(
        b"stbl",
        &[
            &atom(b"stsz", &[&words(&[0, 0, sizes.len() as u32]), &words(sizes)]),
            &atom(b"stsc", &[&words(&[0, 1, 1, sizes.len() as u32, 1])]),
            &atom(b"stco", &[&words(&[0, 1, place])]),
        ],
    );
    let handler = atom(b"hdlr", &[&words(&[0, 0]), kind, &words(&[0, 0, 0]), SECRET, b"\0"]);
    let media = atom(b"mdia", &[&times(b"mdhd"), &handler, &atom(b"minf", &[&atom(b"vmhd", &[b"v"]), &samples])]);
    atom(b"trak", &[&times(b"tkhd"), &media, &atom(b"udta", &[SECRET]), &atom(b"meta", &[SECRET])])
}

fn video(place_kind: &[u8; 4]) -> Vec<u8> {
    let start = atom(b"ftyp", &[b"isom\0\0\0\0isom"]);
    let place = start.len() as u32 + 8;
    let data = atom(b"mdat", &[BITS, SECRET, BITS]);
    let half = SECRET.len() as u32 / 2;
    let sizes = [half, SECRET.len() as u32 - half];
    let movie = atom(
        b"moov",
        &[
            &atom(b"mvhd", &[&words(&[0, 0xdead_beef, 0xdead_beef, 1000])]),
            &track(b"vide", place, &[BITS.len() as u32]),
            &track(place_kind, place + BITS.len() as u32, &sizes),
            &atom(b"udta", &[&atom(b"\xa9xyz", &[SECRET])]),
            &atom(b"meta", &[SECRET]),
            &atom(b"uuid", &[&[0xbe; 16], SECRET]),
        ],
    );
    [start, data, atom(b"free", &[SECRET]), atom(b"uuid", &[&[0xbe; 16], SECRET]), movie].concat()
}

#[test]
fn videos_lose_location_and_time_without_moving_data() {
    let video = video(b"meta");
    let (cleaned, has_metadata) = strip(FileType::Mp4, &video);
    assert!(!has_metadata && cleaned.len() == video.len());
    assert!(!contains(&cleaned, SECRET) && !contains(&cleaned, &SECRET[..4]), "{}", cleaned.escape_ascii());
    assert!(!contains(&cleaned, &0xdead_beef_u32.to_be_bytes()));
    for name in [&b"mvhd"[..], b"tkhd", b"mdhd", b"vmhd", b"stco", b"vide", &words(&[1000])] {
        assert!(contains(&cleaned, name), "{}", name.escape_ascii());
    }
    let second = find(&cleaned, BITS, 0).and_then(|first| find(&cleaned, BITS, first + 1));
    assert!(second.is_some(), "pictures before and behind what a track of metadata named");
    assert_eq!(strip(FileType::Mp4, &cleaned).0, cleaned);
}

#[test]
fn malformed_videos_are_reported() {
    let file = video(b"meta");
    // Captions are for readers, and may hold the location of a drone.
    assert!(strip(FileType::Mp4, &video(b"sbtl")).1);
    // Without its table, or truncated.
    assert!(strip(FileType::Mp4, &file[..100]).1);
    assert!(strip(FileType::Mp4, &file[..file.len() - 3]).1);
    // Fragmented; the table does not list fragments.
    assert!(strip(FileType::Mp4, &[&file[..], &atom(b"moof", &[&atom(b"mfhd", &[b"x"])])].concat()).1);
    // Metadata items that are stored elsewhere.
    assert!(strip(FileType::Mp4, &[&file[..], &atom(b"meta", &[b"iloc"])].concat()).1);
}

fn pdf(objects: &[&str], trailer: &str) -> Vec<u8> {
    format!("%PDF-1.7\n{}\ntrailer\n<< {trailer} >>\nstartxref\n9\n%%EOF\n", objects.join("\n")).into_bytes()
}

const PLACE_TEXT: &str = "48.8584 N 2.2945 E";

#[test]
fn pdfs_lose_author_and_xmp_without_moving_objects() {
    let author = format!("5 0 obj\n<< /Author (Ada \\) ({PLACE_TEXT})) /Producer <4164612> /Trapped /False >>\nendobj");
    let older = format!("5 0 obj\n<</Title({PLACE_TEXT})>>\nendobj");
    let xmp = format!(
        "6 0 obj\n<< /Type /Metadata /Subtype /XML /Length 60 >>\nstream\n<x>{PLACE_TEXT}</x>\nendstream\nendobj"
    );
    let packed =
        "7 0 obj\n<</Type/Metadata/Subtype/XML/Filter/FlateDecode>>stream\r\nx\u{1}PACKEDSECRET\r\nendstream endobj";
    let packet = format!(
        "8 0 obj\n<< /Length 9 >>\nstream\n<?xpacket begin='' ?>{PLACE_TEXT}<?xpacket end='w'?>\nendstream\nendobj"
    );
    let page = "9 0 obj\n<< /Contents (stays) >>\nendobj";
    let photo = photograph(&exif(6, false));
    let mut bytes = pdf(&[&author, &older, &xmp, packed, &packet, page], "/Root 1 0 R /Info 5 0 R");
    let head = b"4 0 obj\n<< /Filter /DCTDecode >>\nstream\n";
    bytes.splice(9..9, [&head[..], &photo, b"\nendstream\nendobj\n"].concat());
    // Bytes after the end of the image belong to no segment.
    let (cleaned, has_metadata) = strip(FileType::Pdf, &bytes);
    assert!(!has_metadata && cleaned.len() == bytes.len());
    assert!(contains(&cleaned, b"(stays)") && contains(&cleaned, BITS) && contains(&cleaned, b"/Trapped /False"));
    assert!(contains(&cleaned, b"/Producer <2020202>") && contains(&cleaned, b"stream\r\n\x78\x9c\x03\0\0\0\0\x01"));
    assert!(!contains(&cleaned, b"PACKEDSECRET") && !contains(&cleaned, b"Ada"));
    let text = cleaned.escape_ascii().to_string();
    let remaining = text.matches(PLACE_TEXT).count();
    // One in each segment that has other uses, and one after the end of the image.
    assert!(remaining <= 5, "{remaining} {text}");
    for place in ["<x>", "Title(", "Author (", "xpacket"] {
        assert!(!text.contains(&format!("{place}{PLACE_TEXT}")), "{place}");
    }
    assert_eq!(strip(FileType::Pdf, &cleaned).0, cleaned);
}

#[test]
fn pdfs_that_cannot_be_cleaned_are_reported() {
    let author = format!("5 0 obj\n<< /Author ({PLACE_TEXT}) >>\nendobj");
    let clean = pdf(&[&author], "/Info 5 0 R");
    assert!(!strip(FileType::Pdf, &clean).1);
    for (bytes, untouched) in [
        (pdf(&[&author], "/Info 5 0 R /Encrypt 3 0 R"), true),
        (pdf(&[&author, "2 0 obj\n<< /ByteRange [0 1 2 3] >>\nendobj"], "/Info 5 0 R"), true),
        // Only a decoder can tell where its object is.
        (pdf(&[&author, "2 0 obj\n<< /Type /ObjStm >>\nstream\nx\nendstream\nendobj"], "/Info 15 0 R"), false),
        (pdf(&["5 0 obj\n<< /Author 6 0 R >>\nendobj"], "/Info 5 0 R"), false),
        (pdf(&["5 0 obj\n<< /Author (never ends >>\nendobj"], "/Info 5 0 R"), true),
        (
            pdf(
                &["6 0 obj\n<< /Type /Metadata /Subtype /XML /Filter /LZWDecode >>\nstream\nxxxxxxxxxxxx\nendstream"],
                "",
            ),
            false,
        ),
    ] {
        let (cleaned, has_metadata) = strip(FileType::Pdf, &bytes);
        assert!(has_metadata, "{}", bytes.escape_ascii());
        assert!(!untouched || cleaned == bytes);
    }
}

#[test]
fn hostile_files_are_cheap() {
    const SIZE: usize = 4_000_000;
    let repeated = |piece: &[u8]| piece.iter().copied().cycle().take(SIZE).collect::<Vec<u8>>();
    let long_chunks = {
        // A track with thousands of chunks that each cover all of the media.
        let sizes = vec![SIZE as u32; 50_000];
        let runs = atom(b"stsc", &[&words(&[0, 1, 1, 1, 1])]);
        let offsets = atom(b"stco", &[&words(&[0, 50_000]), &words(&vec![16; 50_000])]);
        let table = atom(b"stbl", &[&atom(b"stsz", &[&words(&[0, 0, 50_000]), &words(&sizes)]), &runs, &offsets]);
        let handler = atom(b"hdlr", &[&words(&[0, 0]), b"meta", &words(&[0, 0, 0])]);
        let track = atom(b"trak", &[&atom(b"mdia", &[&handler, &atom(b"minf", &[&table])])]);
        [atom(b"mdat", &[&vec![1; SIZE]]), atom(b"moov", &[&track])].concat()
    };
    for (file_type, bytes) in [
        (FileType::Pdf, repeated(b"1 0 obj<<")),
        (FileType::Pdf, repeated(b"1 0 obj<</A(((((")),
        (FileType::Pdf, repeated(b"1 0 obj<<>>stream\n")),
        (FileType::Pdf, repeated(b"/Info 1 0 R")),
        (FileType::Pdf, repeated(b"<?xpacket begin")),
        (FileType::Mp4, repeated(b"\0\0\0\x08moov")),
        (FileType::Mp4, repeated(b"\0\0\0\x09mdat.")),
        (FileType::Mp4, long_chunks),
        (FileType::Gif, [&b"GIF89a\x01\0\x01\0\0\0\0"[..], &repeated(b"\x21\xfe\0")].concat()),
    ] {
        let (cleaned, _) = strip(file_type, &bytes);
        assert!(cleaned.len() <= bytes.len() + 64);
    }
}

proptest! {
    #[test]
    fn any_file_is_cleaned_without_panic_and_idempotently(
        bytes: Vec<u8>, which in 0..3usize, changes: Vec<(Index, u8)>, cut in 0..2000usize
    ) {
        let author = format!("5 0 obj\n<< /Author ({PLACE_TEXT}) >>\nendobj");
        let files = [
            (FileType::Gif, moving_gif()),
            (FileType::Mp4, video(b"meta")),
            (FileType::Pdf, pdf(&[&author], "/Info 5 0 R")),
        ];
        let (file_type, mut file) = files[which].clone();
        let _ = strip(file_type, &bytes);
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        file.truncate(cut);
        file.extend_from_slice(&bytes);
        let (stripped, _) = strip(file_type, &file);
        prop_assert!(stripped.len() <= file.len() + 64);
        prop_assert_eq!(strip(file_type, &stripped).0, stripped);
    }
}
