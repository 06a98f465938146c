//! Stems of English words, by Porter's algorithm.
//!
//! M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980), 130–137, with the author's two later changes
//! (`logi` to `log`, `abli` to `able` becoming `bli` to `ble`).

/// The stem of a lower-case word. Words that are not plain ASCII letters, or short, are their own stem.
pub fn english(word: &str) -> String {
    if word.len() <= 2 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_string();
    }
    let mut word = word.to_string();
    plural(&mut word);
    past_and_progressive(&mut word);
    if word.ends_with('y') && has_vowel(stem_of(&word, "y")) {
        swap(&mut word, "y", "i");
    }
    longest(&mut word, DOUBLE_SUFFIXES, 0);
    longest(&mut word, SINGLE_SUFFIXES, 0);
    last_suffix(&mut word);
    final_e(&mut word);
    word
}

const DOUBLE_SUFFIXES: &[(&str, &str)] = &[
    ("ational", "ate"),
    ("ization", "ize"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("tional", "tion"),
    ("biliti", "ble"),
    ("entli", "ent"),
    ("ousli", "ous"),
    ("ation", "ate"),
    ("alism", "al"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("alli", "al"),
    ("ator", "ate"),
    ("logi", "log"),
    ("bli", "ble"),
    ("eli", "e"),
];

const SINGLE_SUFFIXES: &[(&str, &str)] =
    &[("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ness", ""), ("ful", "")];

const LAST_SUFFIXES: &[&str] = &[
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ion", "ism", "ate", "iti", "ous", "ive", "ize",
    "al", "er", "ic", "ou",
];

fn plural(word: &mut String) {
    if word.ends_with("sses") || word.ends_with("ies") {
        word.truncate(word.len() - 2);
    } else if word.ends_with('s') && !word.ends_with("ss") {
        word.pop();
    }
}

fn past_and_progressive(word: &mut String) {
    if word.ends_with("eed") {
        if measure(stem_of(word, "eed")) > 0 {
            word.pop();
        }
        return;
    }
    let Some(suffix) = ["ed", "ing"].into_iter().find(|s| word.ends_with(s) && has_vowel(stem_of(word, s))) else {
        return;
    };
    word.truncate(word.len() - suffix.len());
    if ["at", "bl", "iz"].iter().any(|end| word.ends_with(end)) {
        word.push('e');
    } else if ends_double_consonant(word) && !word.ends_with(['l', 's', 'z']) {
        word.pop();
    } else if measure(word) == 1 && ends_cvc(word) {
        word.push('e');
    }
}

/// Replaces the longest suffix of a list, where what stands before it has a measure above a bound.
fn longest(word: &mut String, suffixes: &[(&str, &str)], above: usize) {
    let found = suffixes.iter().find(|(suffix, _)| word.ends_with(suffix));
    if let Some((suffix, replacement)) = found.filter(|(suffix, _)| measure(stem_of(word, suffix)) > above) {
        swap(word, suffix, replacement);
    }
}

fn last_suffix(word: &mut String) {
    let Some(suffix) = LAST_SUFFIXES.iter().find(|suffix| word.ends_with(*suffix)) else { return };
    let stem = stem_of(word, suffix);
    if measure(stem) > 1 && (*suffix != "ion" || stem.ends_with(['s', 't'])) {
        swap(word, suffix, "");
    }
}

fn final_e(word: &mut String) {
    if let Some(stem) = word.strip_suffix('e') {
        let measure = measure(stem);
        if measure > 1 || measure == 1 && !ends_cvc(stem) {
            word.pop();
        }
    }
    if measure(word) > 1 && word.ends_with("ll") {
        word.pop();
    }
}

fn stem_of<'a>(word: &'a str, suffix: &str) -> &'a str {
    word.strip_suffix(suffix).unwrap_or(word)
}

fn swap(word: &mut String, suffix: &str, replacement: &str) {
    word.truncate(word.len() - suffix.len());
    word.push_str(replacement);
}

/// For every letter, whether it is a consonant; `y` is one at the start and behind a vowel.
fn consonants(word: &str) -> impl Iterator<Item = bool> {
    let mut previous = None;
    word.bytes().map(move |letter| {
        let consonant = match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => previous != Some(true),
            _ => true,
        };
        previous = Some(consonant);
        consonant
    })
}

/// How often a consonant follows a vowel: Porter's m.
fn measure(stem: &str) -> usize {
    let mut measure = 0;
    let mut after_vowel = false;
    for consonant in consonants(stem) {
        measure += usize::from(consonant && after_vowel);
        after_vowel = !consonant;
    }
    measure
}

fn has_vowel(stem: &str) -> bool {
    consonants(stem).any(|consonant| !consonant)
}

fn ends_double_consonant(word: &str) -> bool {
    let mut letters = word.bytes().rev();
    let same = letters.next().is_some_and(|last| letters.next() == Some(last));
    same && consonants(word).last() == Some(true)
}

/// Whether a word ends in consonant, vowel, consonant, the last not `w`, `x` or `y`: Porter's *o.
fn ends_cvc(word: &str) -> bool {
    let kinds: Vec<bool> = consonants(word).collect();
    kinds.ends_with(&[true, false, true]) && !word.ends_with(['w', 'x', 'y'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_have_the_stems_of_the_published_examples() {
        for (word, stem) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("cats", "cat"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("conflated", "conflat"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("filing", "file"),
            ("happy", "happi"),
            ("sky", "sky"),
            ("relational", "relat"),
            ("rational", "ration"),
            ("digitizer", "digit"),
            ("operator", "oper"),
            ("callousness", "callous"),
            ("triplicate", "triplic"),
            ("electrical", "electr"),
            ("hopefulness", "hope"),
            ("goodness", "good"),
            ("revival", "reviv"),
            ("allowance", "allow"),
            ("adjustment", "adjust"),
            ("adoption", "adopt"),
            ("probate", "probat"),
            ("rate", "rate"),
            ("controlling", "control"),
            ("generalizations", "gener"),
            ("oscillators", "oscil"),
        ] {
            assert_eq!(english(word), stem, "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_word_has_a_stem(word in "\\PC{0,30}") {
            prop_assert!(word.is_empty() || !english(&word).is_empty());
        }
    }
}
