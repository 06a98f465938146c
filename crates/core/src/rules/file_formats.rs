//! Files that support asks for and that are only offered as downloads: recordings, photos, compressed logs, dumps and traces. They are detected
//! by their signatures. Formats of executable files are not listed.

use domain::attachment::FileType;

/// How many bytes detection may need.
pub const HEAD: usize = 1_100;

/// A format.
#[derive(Debug, PartialEq, Eq)]
pub struct Format {
    /// Its file name extensions; the first is added to names without one of them.
    pub endings: &'static [&'static str],
    /// The media type for destinations.
    pub media: &'static str,
    /// Whether it consists of MP4 boxes, and its metadata is stripped like MP4's.
    pub has_boxes: bool,
}

/// The signature of a format.
enum Signature {
    /// One of several byte strings at an offset.
    AnyOf(usize, &'static [&'static [u8]]),
    /// Each byte string at its offset.
    AllOf(&'static [(usize, &'static [u8])]),
}

use Signature::{AllOf, AnyOf};

impl Signature {
    fn is_of(&self, head: &[u8]) -> bool {
        let matches_at = |offset: usize, bytes: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(bytes));
        match self {
            AnyOf(offset, all) => all.iter().any(|bytes| matches_at(*offset, bytes)),
            AllOf(all) => all.iter().all(|(offset, bytes)| matches_at(*offset, bytes)),
        }
    }
}

const fn format(media: &'static str, endings: &'static [&'static str]) -> Format {
    Format { endings, media, has_boxes: false }
}

/// ISO base media files, by the brands in their first box (ISO/IEC 14496-12, section 4.3).
static QUICKTIME: Format = Format { endings: &["mov", "qt"], media: "video/quicktime", has_boxes: true };
static THREE_GP: Format = Format { endings: &["3gp", "3g2", "3gpp"], media: "video/3gpp", has_boxes: true };
static M4A: Format = Format { endings: &["m4a", "m4b", "mp4"], media: "audio/mp4", has_boxes: true };
static MP4: Format = Format { endings: &["mp4", "m4v"], media: "video/mp4", has_boxes: true };
static HEIC: Format = format("image/heic", &["heic", "heif", "hif"]);
static AVIF: Format = format("image/avif", &["avif"]);
static MATROSKA: Format = format("video/x-matroska", &["mkv", "mka"]);
static MPEG_TS: Format = format("video/mp2t", &["ts", "mts", "m2ts"]);
static BITMAP: Format = format("image/bmp", &["bmp"]);
static CORE: Format = format("application/x-coredump", &["core"]);

static FORMATS: &[(Signature, Format)] = &[
    // Recordings.
    (
        AnyOf(4, &[b"moov", b"mdat", b"wide"]),
        Format { endings: &["mov", "qt"], media: "video/quicktime", has_boxes: true },
    ),
    (AllOf(&[(0, b"RIFF"), (8, b"AVI ")]), format("video/x-msvideo", &["avi"])),
    (AnyOf(0, &[b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"]), format("video/x-ms-asf", &["wmv", "wma", "asf"])),
    (AnyOf(0, &[b"\x00\x00\x01\xba"]), format("video/mpeg", &["mpg", "mpeg"])),
    (AnyOf(0, &[b"FLV\x01"]), format("video/x-flv", &["flv"])),
    (AnyOf(0, &[b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"]), format("audio/mpeg", &["mp3"])),
    (AnyOf(0, &[b"\xff\xf1", b"\xff\xf9"]), format("audio/aac", &["aac"])),
    (AnyOf(0, &[b"OggS"]), format("audio/ogg", &["ogg", "oga", "opus", "ogv"])),
    (AllOf(&[(0, b"RIFF"), (8, b"WAVE")]), format("audio/wav", &["wav"])),
    (AnyOf(0, &[b"#!AMR"]), format("audio/amr", &["amr", "awb"])),
    (AnyOf(0, &[b"fLaC"]), format("audio/flac", &["flac"])),
    (AnyOf(0, &[b"caff"]), format("audio/x-caf", &["caf"])),
    // Pictures.
    (AnyOf(0, &[b"II*\0", b"MM\0*"]), format("image/tiff", &["tiff", "tif", "dng", "nef", "arw"])),
    (AnyOf(0, &[b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a"]), format("image/jxl", &["jxl"])),
    (AnyOf(0, &[b"8BPS\x00\x01"]), format("image/vnd.adobe.photoshop", &["psd"])),
    // Archives.
    (AnyOf(0, &[b"\x1f\x8b\x08"]), format("application/gzip", &["gz", "tgz"])),
    (AnyOf(0, &[b"\x28\xb5\x2f\xfd"]), format("application/zstd", &["zst"])),
    (AnyOf(0, &[b"\xfd7zXZ\0"]), format("application/x-xz", &["xz", "txz"])),
    (AllOf(&[(0, b"BZh"), (4, b"1AY&SY")]), format("application/x-bzip2", &["bz2", "tbz2"])),
    (AnyOf(0, &[b"7z\xbc\xaf\x27\x1c"]), format("application/x-7z-compressed", &["7z"])),
    (AnyOf(0, &[b"Rar!\x1a\x07"]), format("application/vnd.rar", &["rar"])),
    (AnyOf(257, &[b"ustar"]), format("application/x-tar", &["tar"])),
    (AnyOf(0, &[b"\x04\x22\x4d\x18"]), format("application/x-lz4", &["lz4"])),
    (AnyOf(0, &[b"MSCF\0\0\0\0"]), format("application/vnd.ms-cab-compressed", &["cab"])),
    (AnyOf(0, &[b"\x1f\x9d"]), format("application/x-compress", &["z"])),
    // Dumps and traces.
    (AnyOf(0, &[b"MDMP"]), format("application/x-dmp", &["dmp", "mdmp"])),
    (AnyOf(0, &[b"PAGEDU64", b"PAGEDUMP"]), format("application/x-dmp", &["dmp"])),
    (AnyOf(0, &[b"ElfFile\0"]), format("application/x-ms-evtx", &["evtx"])),
    (
        AnyOf(0, &[b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4"]),
        format("application/vnd.tcpdump.pcap", &["pcap", "cap", "dmp"]),
    ),
    (AnyOf(0, &[b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"]), format("application/vnd.tcpdump.pcap", &["pcap", "cap"])),
    (AnyOf(0, &[b"\x0a\x0d\x0d\x0a"]), format("application/x-pcapng", &["pcapng", "pcap"])),
    (AnyOf(0, &[b"SQLite format 3\0"]), format("application/vnd.sqlite3", &["sqlite", "sqlite3", "db"])),
    (AnyOf(0, &[b"JAVA PROFILE 1.0."]), format("application/x-hprof", &["hprof"])),
    (AnyOf(0, &[b"FLR\0"]), format("application/x-jfr", &["jfr"])),
    (AnyOf(0, &[b"bplist00"]), format("application/x-plist", &["plist"])),
    (AnyOf(0, &[b"LPKSHHRH"]), format("application/x-journal", &["journal"])),
    (AnyOf(0, &[b"PERFILE2"]), format("application/x-perf", &["data", "perf"])),
    (AnyOf(0, &[b"Nettrace"]), format("application/x-nettrace", &["nettrace"])),
    (AnyOf(0, &[b"PGDMP"]), format("application/x-pgdump", &["dump"])),
    (AnyOf(0, &[b"PAR1"]), format("application/vnd.apache.parquet", &["parquet"])),
    // Mails and documents of Outlook and Office (MS-CFB).
    (
        AnyOf(0, &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]),
        format("application/x-ole-storage", &["msg", "doc", "xls", "ppt", "vsd"]),
    ),
];

/// The format of a file by its first bytes, [`HEAD`] of them if there are as many; none if it is unknown or executable.
pub fn by_signature(head: &[u8]) -> Option<&'static Format> {
    let known = FORMATS.iter().find(|(signature, _)| signature.is_of(head)).map(|(_, format)| format);
    known.or_else(|| by_brand(head)).or_else(|| by_rule(head))
}

/// MP4 with brands that have no format of their own.
pub fn mp4() -> &'static Format {
    &MP4
}

/// The media type of a file for destinations; its name has an extension of its format.
pub fn media(found: FileType, name: &str) -> &'static str {
    if found != FileType::Download {
        return found.word();
    }
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let others = [&MP4, &QUICKTIME, &THREE_GP, &M4A, &HEIC, &AVIF, &MATROSKA, &MPEG_TS, &BITMAP, &CORE];
    let all = others.into_iter().chain(FORMATS.iter().map(|(_, format)| format));
    let mut of_name = all.filter(|format| format.endings.contains(&ending.as_str()));
    of_name.next().map_or(found.word(), |format| format.media)
}

fn by_brand(head: &[u8]) -> Option<&'static Format> {
    if head.get(4..8)? != b"ftyp" {
        return None;
    }
    let length = u32::from_be_bytes(head.get(..4)?.try_into().ok()?) as usize;
    let rest = head.get(8..length.min(head.len())).unwrap_or_default();
    // The second of them is the version.
    let brands = rest.chunks_exact(4).enumerate().filter(|(index, _)| *index != 1).map(|(_, brand)| brand);
    let brands: Vec<&[u8]> = brands.collect();
    let of_brand = |brand: &[u8]| match brand {
        b"avif" | b"avis" => Some(&AVIF),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => Some(&HEIC),
        b"qt  " => Some(&QUICKTIME),
        b"M4A " | b"M4B " | b"M4P " | b"F4A " => Some(&M4A),
        b"mmp4" => Some(&THREE_GP),
        [b'3', b'g', b'p' | b'2' | b'e' | b'g' | b'h' | b'r' | b's' | b't', _] => Some(&THREE_GP),
        b"kddi" => Some(&THREE_GP),
        [b'i', b's', b'o', _] | [b'm', b'p', b'4', _] | [b'M', b'4', b'V', _] => Some(&MP4),
        b"avc1" | b"dash" | b"MSNV" | b"XAVC" | b"f4v " | b"F4V " | b"cmfc" | b"NDSC" | b"hvc1" => Some(&MP4),
        _ => None,
    };
    // `mif1` and `msf1` only say that there are pictures; the brands after them say of which format.
    let first = brands.first().copied().unwrap_or_default();
    let is_picture = matches!(first, b"mif1" | b"msf1");
    let found = of_brand(first).or_else(|| brands.iter().find_map(|brand| of_brand(brand)));
    match found {
        Some(found) if is_picture && found.has_boxes => Some(&HEIC),
        None if is_picture => Some(&HEIC),
        found => found,
    }
}

/// Formats whose detection needs more than byte strings at offsets.
fn by_rule(head: &[u8]) -> Option<&'static Format> {
    let byte = |offset: usize| head.get(offset).copied();
    if head.starts_with(b"\x1a\x45\xdf\xa3") {
        return Some(&MATROSKA);
    }
    if [0, 188, 376].iter().all(|offset| byte(*offset) == Some(0x47))
        || [4, 196, 388].iter().all(|offset| byte(*offset) == Some(0x47))
    {
        return Some(&MPEG_TS);
    }
    let header = head.get(14..18).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    if head.starts_with(b"BM")
        && head.get(6..10) == Some(b"\0\0\0\0")
        && matches!(header, Some(12 | 40 | 52 | 56 | 64 | 108 | 124))
    {
        return Some(&BITMAP);
    }
    // Programs have the same signature; only core dumps are accepted.
    let is_elf_core = head.starts_with(b"\x7fELF")
        && match byte(5) {
            Some(1) => head.get(16..18) == Some(b"\x04\0"),
            _ => head.get(16..18) == Some(b"\0\x04"),
        };
    let is_mach_core = (head.starts_with(b"\xcf\xfa\xed\xfe") || head.starts_with(b"\xce\xfa\xed\xfe"))
        && head.get(12..16) == Some(b"\x04\0\0\0");
    (is_elf_core || is_mach_core).then_some(&CORE)
}
