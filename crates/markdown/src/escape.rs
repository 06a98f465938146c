//! Plain text inside Markdown.

/// The characters that have a meaning in Markdown.
const MARKS: &str = "\\`*_[]<>#!~";

/// Escapes a plain text, so that parsing it as Markdown gives the same text.
pub fn escape(text: &str) -> String {
    text.chars().flat_map(|c| MARKS.contains(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::{Block, Inline, parse};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn escaped_text_stays_text(text in "[a\\\\`*_\\[\\]<>#!~()]{1,40}") {
            let blocks = parse(&escape(&format!("a{text}a")));
            let [Block::Paragraph(inlines)] = &blocks[..] else { panic!("{blocks:?}") };
            let unescaped: String = inlines.iter().map(|inline| match inline {
                Inline::Text(text) => text.as_str(),
                other => panic!("{other:?}"),
            }).collect();
            prop_assert_eq!(unescaped, format!("a{text}a"));
        }
    }
}
