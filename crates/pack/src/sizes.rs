//! Compresses what ships, and measures it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Result, entries, read, write};

/// What is fetched together: a name, its files, and the most bytes they may have in an encoding.
const GATES: &[(&str, &[&str], Encoding, usize)] = &[
    ("the loader, loaded by every page", &["deskbell.js"], Encoding::Gzip, 10_000),
    ("the loader, loaded by every page", &["deskbell.js"], Encoding::Brotli, 9_000),
    ("drafts, context and sending, right after the form", &["modules.js"], Encoding::Gzip, 14_000),
    ("the plain form, if WebAssembly is blocked", &["plain.js"], Encoding::Gzip, 5_000),
    ("sending without a gateway", &["zendesk.js"], Encoding::Gzip, 4_000),
    ("PostHog and Sentry", &["tools.js"], Encoding::Gzip, 1_000),
    ("troubleshooting", &["recovery.js"], Encoding::Gzip, 2_500),
    ("rare settings", &["options.js"], Encoding::Gzip, 1_000),
    ("rare parts beside the panel", &["host.js"], Encoding::Gzip, 3_500),
    ("the rest of the context", &["collect.js"], Encoding::Gzip, 3_000),
    ("picture capture and editing", &["shot.js"], Encoding::Gzip, 6_000),
    ("ticket updates", &["tickets.js"], Encoding::Brotli, 2_500),
    ("a usable form", &["deskbell.js", "widget.js", "widget.wasm"], Encoding::Brotli, 95_000),
    ("redaction and sending, right after the form", &["context.wasm"], Encoding::Brotli, 39_000),
    ("attachments", &["attachments.wasm"], Encoding::Brotli, 9_000),
    ("the screens beyond the form", &["screens.js", "screens.wasm"], Encoding::Brotli, 39_000),
    ("page-side engines", &["engines.wasm"], Encoding::Brotli, 50_000),
    ("an ordinary visit", VISIT, Encoding::Brotli, 180_000),
];

/// What a visit fetches which searches, reads an answer, reviews what is sent, fills in custom fields, sends, and reads the reply. Not counted is what
/// shows files and takes pictures, which the form fetches whether or not somebody adds any.
const VISIT: &[&str] = &[
    "deskbell.js",
    "widget.js",
    "widget.wasm",
    "modules.js",
    "collect.js",
    "context.wasm",
    "en.labels.json",
    "screens.js",
    "screens.wasm",
    "tickets.js",
];

/// The compressed form that is written beside every file.
#[derive(Clone, Copy, Debug)]
enum Encoding {
    Gzip,
    Brotli,
}

const COMPRESSED: &[&str] = &["css", "html", "js", "json", "mjs", "mts", "ts", "wasm"];

/// Writes a compressed file beside every text and module, prints the sizes, and enforces the limits.
pub fn compress(stage: &Path) -> Result<()> {
    let mut weights = BTreeMap::new();
    println!("{:<36} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli");
    for path in files(stage)? {
        let bytes = read(&path)?;
        let (gzip, brotli) = (gzip(&bytes)?, brotli(&bytes)?);
        write(&beside(&path, "gz"), &gzip)?;
        write(&beside(&path, "br"), &brotli)?;
        let name = path.strip_prefix(stage).unwrap_or(&path).display().to_string();
        println!("{name:<36} {:>9} {:>9} {:>9}", bytes.len(), gzip.len(), brotli.len());
        if let Some(name) = path.file_name().and_then(OsStr::to_str) {
            weights.insert(name.to_string(), (gzip.len(), brotli.len()));
        }
    }
    for (label, files, encoding, limit) in GATES {
        let mut bytes = 0;
        for file in *files {
            let (gzip, brotli) = weights.get(*file).ok_or(format!("{file} was not packed"))?;
            bytes += match encoding {
                Encoding::Gzip => gzip,
                Encoding::Brotli => brotli,
            };
        }
        within(&format!("{label} ({})", files.join(", ")), bytes, *encoding, *limit)?;
    }
    Ok(())
}

fn within(label: &str, bytes: usize, encoding: Encoding, limit: usize) -> Result<()> {
    let encoding = format!("{encoding:?}").to_lowercase();
    let figures = format!("{label} is {bytes} bytes of {encoding}, of {limit} allowed");
    if bytes > limit {
        return Err(format!("{figures}: make it smaller"));
    }
    println!("{figures}");
    Ok(())
}

/// The compressible files of a folder and its subfolders, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().and_then(OsStr::to_str).is_some_and(|kind| COMPRESSED.contains(&kind)) {
            found.push(path);
        }
    }
    Ok(found)
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|error| format!("gzip failed: {error}"))
}

fn brotli(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    let mut compressed = Vec::new();
    let outcome = brotli::BrotliCompress(&mut bytes, &mut compressed, &parameters);
    outcome.map(|_| compressed).map_err(|error| format!("brotli failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_fails_above_its_limit() {
        assert!(within("x", 10, Encoding::Brotli, 10).is_ok());
        let refused = within("x", 11, Encoding::Gzip, 10).unwrap_err();
        assert!(refused.contains("11 bytes of gzip, of 10 allowed"), "{refused}");
    }

    #[test]
    fn compression_round_trips() {
        use std::io::Read;
        let text = "a help menu ".repeat(100).into_bytes();
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&gzip(&text).unwrap()[..]).read_to_end(&mut back).unwrap();
        assert_eq!(back, text);
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut &brotli(&text).unwrap()[..], &mut back).unwrap();
        assert_eq!(back, text);
    }
}
