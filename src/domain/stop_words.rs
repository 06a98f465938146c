//! Words that say nothing about what is asked.

/// Whether a word says nothing, in English, German, French, Spanish or Portuguese. None of them is left out where it means
/// something in another of these languages.
pub fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Whether a word says only that something is wrong, or is only polite: it helps to find, but nobody means it alone.
pub fn is_vague(word: &str) -> bool {
    VAGUE.binary_search(&word).is_ok()
}

const STOP_WORDS: &[&str] = &[
    "a", "aber", "about", "all", "als", "am", "an", "and", "any", "are", "as", "at", "au", "auf", "aus", "aux", "avec",
    "be", "because", "been", "bei", "beim", "bin", "but", "by", "can", "cannot", "ce", "ces", "cette", "com", "como",
    "con", "could", "da", "dans", "das", "dass", "de", "dein", "del", "dem", "den", "der", "des", "did", "die",
    "diese", "do", "does", "doesn", "don", "dos", "du", "e", "ein", "eine", "einem", "einen", "einer", "el", "elle",
    "em", "en", "er", "es", "est", "esta", "están", "et", "eu", "for", "from", "für", "get", "had", "has", "hat",
    "have", "help", "hi", "how", "i", "ich", "if", "ihr", "il", "im", "in", "into", "is", "isn", "ist", "it", "its",
    "je", "just", "kann", "kein", "keine", "la", "las", "le", "les", "like", "los", "lui", "m", "ma", "mais", "man",
    "me", "mein", "meine", "meinem", "meinen", "mes", "mi", "mich", "minha", "mir", "mit", "mon", "muito", "my", "más",
    "na", "nach", "need", "nicht", "no", "nos", "not", "nous", "não", "o", "oder", "of", "on", "or", "os", "ou", "our",
    "para", "pas", "please", "por", "pour", "que", "qui", "quoi", "s", "sa", "se", "ses", "should", "si", "sich",
    "sie", "sind", "sino", "so", "some", "son", "su", "sur", "t", "than", "that", "the", "their", "them", "then",
    "there", "they", "this", "to", "try", "trying", "um", "uma", "un", "una", "und", "une", "unser", "us", "van", "ve",
    "vom", "von", "vous", "want", "war", "warum", "was", "way", "we", "wenn", "were", "what", "when", "where", "which",
    "who", "why", "wie", "will", "wir", "wird", "with", "wo", "would", "y", "you", "your", "zu", "zum", "zur", "é",
    "über",
];

const VAGUE: &[&str] = &[
    "anything",
    "bad",
    "bitte",
    "broken",
    "bug",
    "danke",
    "error",
    "errors",
    "everything",
    "fail",
    "fails",
    "fehler",
    "geht",
    "hallo",
    "hello",
    "hey",
    "hilfe",
    "hola",
    "issue",
    "merci",
    "more",
    "nada",
    "nothing",
    "now",
    "ok",
    "olá",
    "problem",
    "problemas",
    "probleme",
    "problems",
    "question",
    "questions",
    "something",
    "support",
    "thank",
    "thanks",
    "thing",
    "things",
    "today",
    "work",
    "working",
    "works",
    "wrong",
    "yes",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_are_sorted_as_the_look_up_needs_them() {
        for list in [STOP_WORDS, VAGUE] {
            assert!(list.is_sorted(), "{:?}", list.windows(2).find(|pair| pair[0] > pair[1]));
        }
    }

    #[test]
    fn words_of_the_matter_are_neither() {
        for word in ["dashboard", "rechnung", "facture", "factura", "fatura", "test", "data"] {
            assert!(!is_stop_word(word) && !is_vague(word), "{word}");
        }
    }
}
