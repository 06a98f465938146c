//! What counts as a leak: a secret that can still be read out of a text, or a good half of one.

use super::encoding::readings;
use super::secrets::Secret;

/// A piece of a secret as long as this is a leak, however long the secret is.
const PIECE_MAX: usize = 12;

/// Stands for the secret in an empty carrier: no encoding changes it, and no secret has it.
pub const NOTHING: &str = "~";

/// The piece of a secret that can still be read in a text. `frame` is the same carrier without the secret: what stands
/// there anyway gives nothing away.
pub fn survivor(secret: &Secret, text: &str, frame: &str) -> Option<String> {
    let texts = readings(text);
    let mut frames = None;
    secret.cores.iter().flat_map(|core| pieces(core)).find(|piece| {
        let is_in = |texts: &[String]| texts.iter().any(|text| text.contains(piece.as_str()));
        is_in(&texts) && !is_in(frames.get_or_insert_with(|| readings(frame)))
    })
}

/// The shortest pieces of a secret that are too long to be left, as it is written and without what only groups it.
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
