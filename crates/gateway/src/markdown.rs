//! Text of others inside Markdown.

/// What acts in Markdown.
const ACTS: &str = "\\`*_[]<>#!~";

/// A text that Markdown leaves as it is.
pub fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| ACTS.contains(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use markdown::{Block, Inline, parse};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_escaped_stays_text(text in "[a\\\\`*_\\[\\]<>#!~()]{1,40}") {
            let blocks = parse(&escaped(&format!("a{text}a")));
            let [Block::Paragraph(inlines)] = &blocks[..] else { panic!("{blocks:?}") };
            let read: String = inlines.iter().map(|inline| match inline {
                Inline::Text(text) => text.as_str(),
                other => panic!("{other:?}"),
            }).collect();
            prop_assert_eq!(read, format!("a{text}a"));
        }
    }
}
