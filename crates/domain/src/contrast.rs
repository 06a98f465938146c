//! Readable colours: the accent is adjusted until its contrast suffices (WCAG 2.2, 1.4.3).

/// Red, green and blue, 0 to 255.
pub type Rgb = [u8; 3];

/// The contrast that text needs against its background: 4.5 and a twelfth of it, the largest error of [`luminance`].
const TEXT: f32 = 4.9;

/// Parses `#rgb` or `#rrggbb`.
pub fn parse_color(text: &str) -> Option<Rgb> {
    let digits: Option<Vec<u8>> = text.strip_prefix('#')?.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    match digits?.as_slice() {
        [r, g, b] => Some([r * 17, g * 17, b * 17]),
        [r, s, g, h, b, c] => Some([r * 16 + s, g * 16 + h, b * 16 + c]),
        _ => None,
    }
}

/// The colour, made darker or lighter by the least that makes it readable on a background.
pub fn ensure_readable(colour: Rgb, background: Rgb) -> Rgb {
    let towards = if luminance(background) > 0.18 { 0.0 } else { 255.0 };
    (0..=50)
        .map(|step| colour.map(|part| (f32::from(part) + (towards - f32::from(part)) * step as f32 / 50.0) as u8))
        .find(|candidate| contrast(*candidate, background) >= TEXT)
        .unwrap_or([towards as u8; 3])
}

/// Black or white, whichever is more readable on a colour.
pub fn text_color_on(colour: Rgb) -> Rgb {
    let (black, white) = ([0; 3], [255; 3]);
    if contrast(colour, white) >= contrast(colour, black) { white } else { black }
}

/// The contrast ratio of two colours, 1 to 21 (WCAG 2.2).
fn contrast(first: Rgb, second: Rgb) -> f32 {
    let (first, second) = (luminance(first), luminance(second));
    (first.max(second) + 0.05) / (first.min(second) + 0.05)
}

/// Relative luminance, 0 to 1, computed as x^2.25. Two square roots replace the exact curve, whose power function would cost the widget
/// kilobytes. The contrast is off by less than a twelfth, which [`TEXT`] allows for.
fn luminance(colour: Rgb) -> f32 {
    let [r, g, b] = colour.map(|part| {
        let x = f32::from(part) / 255.0;
        x * x * x.sqrt().sqrt()
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_are_parsed_in_both_notations() {
        assert_eq!(parse_color("#fff"), Some([255; 3]));
        assert_eq!(parse_color("#1D4aff"), Some([29, 74, 255]));
        for invalid in ["", "fff", "#ff", "#gggggg", "rgb(0,0,0)"] {
            assert_eq!(parse_color(invalid), None, "{invalid}");
        }
    }

    /// The contrast ratio by the exact curve of the standard.
    fn exact(first: Rgb, second: Rgb) -> f32 {
        let luminance = |colour: Rgb| {
            let [r, g, b] = colour.map(|part| match f32::from(part) / 255.0 {
                x if x <= 0.04045 => x / 12.92,
                x => ((x + 0.055) / 1.055).powf(2.4),
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (first, second) = (luminance(first), luminance(second));
        (first.max(second) + 0.05) / (first.min(second) + 0.05)
    }

    #[test]
    fn readable_accents_stay_unchanged() {
        assert_eq!(ensure_readable([29, 74, 255], [255; 3]), [29, 74, 255]);
    }

    proptest! {
        #[test]
        fn every_accent_becomes_readable(colour: Rgb, dark: bool) {
            let background = if dark { [27, 29, 34] } else { [255; 3] };
            let accent = ensure_readable(colour, background);
            prop_assert!(exact(accent, background) >= 4.5);
            prop_assert!(exact(text_color_on(accent), accent) >= 4.5);
        }
    }
}
