//! Stems by the Snowball algorithms (<https://snowballstem.org/algorithms/>).

use snowball_stemmers_rs::{Algorithm, Stemmer};

use super::languages::Language;
use super::stems::Stems;
use super::synonyms::SYNONYMS;

/// Stems of English, German, French, Spanish and Portuguese.
#[derive(Clone, Copy, Debug, Default)]
pub struct Snowball;

impl Stems for Snowball {
    fn stem(&self, word: &str, language: Language) -> String {
        let algorithm = match language {
            Language::English => Algorithm::English,
            Language::German => Algorithm::German,
            Language::French => Algorithm::French,
            Language::Spanish => Algorithm::Spanish,
            Language::Portuguese => Algorithm::Portuguese,
        };
        Stemmer::create(algorithm).stem(word).into_owned()
    }

    fn synonyms(&self) -> &[(String, String)] {
        &SYNONYMS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn inflections_share_a_stem() {
        for (language, first, second) in [
            (Language::English, "exporting", "exports"),
            (Language::German, "rechnungen", "rechnung"),
            (Language::French, "factures", "facture"),
            (Language::Spanish, "facturas", "factura"),
            (Language::Portuguese, "exportações", "exportação"),
        ] {
            assert_eq!(Snowball.stem(first, language), Snowball.stem(second, language), "{first}");
        }
    }

    proptest! {
        #[test]
        fn any_word_has_a_stem(word in "\\PC{1,30}") {
            for language in super::super::languages::LANGUAGES {
                prop_assert!(!Snowball.stem(&word, language).is_empty() || word.len() < 4);
            }
        }
    }
}
