//! The definition of a leak: a secret, or about half of one, that can still be read from a text.

use super::encoding::readings;
use super::secrets::Secret;

/// A piece of this length is a leak, however long the secret is.
const PIECE_MAX: usize = 12;

/// The placeholder in an empty carrier: no encoding changes it, and no secret contains it.
pub const NOTHING: &str = "~";

/// The piece of a secret that can still be read in a text. `frame` is the same carrier without the secret, whose text reveals nothing.
pub fn survivor(secret: &Secret, text: &str, frame: &str) -> Option<String> {
    let texts = readings(text);
    let mut frames = None;
    secret.cores.iter().flat_map(|core| pieces(core)).find(|piece| {
        let is_in = |texts: &[String]| texts.iter().any(|text| text.contains(piece.as_str()));
        is_in(&texts) && !is_in(frames.get_or_insert_with(|| readings(frame)))
    })
}

/// The shortest pieces of a secret that must not remain, as written and without separators.
fn pieces(core: &str) -> Vec<String> {
    let cut = |text: &str| -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let length = chars.len().div_ceil(2).min(PIECE_MAX);
        chars.windows(length).map(|window| window.iter().collect()).collect()
    };
    let mut out = cut(core);
    if core.contains([' ', '-']) {
        out.extend(cut(&core.replace([' ', '-'], "")));
    }
    out
}
