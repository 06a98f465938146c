//! The languages that have stems, detected by their stop words; and words that do not say what is asked.

/// A language with stems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, also if no language is detected.
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Portuguese.
    Portuguese,
}

/// Every language.
pub const LANGUAGES: [Language; 5] =
    [Language::English, Language::German, Language::French, Language::Spanish, Language::Portuguese];

/// For every language, in the order of `LANGUAGES`, whether a folded word is one of its stop words. True for all of them if it is a stop word
/// of a language without stems here.
pub fn stops(word: &str) -> [bool; 5] {
    match ARABIC.binary_search(&word) {
        Ok(_) => [true; 5],
        Err(_) => LANGUAGES.map(|language| stop_words(language).binary_search(&word).is_ok()),
    }
}

/// Whether a folded word only says that something is wrong, or is only polite. It helps to rank, but nobody searches for it alone.
pub fn is_vague(word: &str) -> bool {
    VAGUE.binary_search(&word).is_ok()
}

fn stop_words(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
        Language::French => FRENCH,
        Language::Spanish => SPANISH,
        Language::Portuguese => PORTUGUESE,
    }
}

const ENGLISH: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "aren", "arent", "as", "at", "be",
    "because", "been", "before", "being", "both", "but", "by", "can", "cannot", "cant", "could", "couldn", "couldnt",
    "d", "did", "didn", "didnt", "do", "does", "doesn", "doesnt", "doing", "don", "dont", "during", "each", "even",
    "ever", "for", "from", "get", "gets", "getting", "go", "going", "got", "had", "hadn", "has", "hasn", "hasnt",
    "have", "haven", "havent", "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "im", "in",
    "into", "is", "isn", "isnt", "it", "its", "itself", "ive", "just", "let", "ll", "m", "may", "me", "might", "more",
    "most", "much", "must", "my", "myself", "need", "needs", "no", "nor", "not", "of", "off", "on", "once", "one",
    "only", "onto", "or", "other", "our", "ours", "out", "over", "own", "re", "s", "same", "shall", "she", "should",
    "shouldn", "shouldnt", "since", "so", "some", "still", "such", "t", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "through", "to", "too", "trying", "under", "until", "up", "us", "ve",
    "very", "via", "want", "wants", "was", "wasn", "wasnt", "way", "we", "were", "weren", "werent", "what", "when",
    "where", "which", "while", "who", "whom", "whose", "why", "will", "with", "without", "wont", "would", "wouldn",
    "wouldnt", "yet", "you", "your", "yours",
];

const GERMAN: &[&str] = &[
    "ab", "aber", "alle", "allem", "allen", "aller", "alles", "als", "also", "am", "an", "ander", "andere", "anderen",
    "auch", "auf", "aus", "bei", "beim", "bin", "bis", "bist", "da", "dabei", "damit", "dann", "das", "dass", "dein",
    "deine", "dem", "den", "denn", "der", "des", "dich", "die", "dies", "diese", "diesem", "diesen", "dieser",
    "dieses", "dir", "doch", "dort", "du", "durch", "ein", "eine", "einem", "einen", "einer", "eines", "einmal", "er",
    "es", "etwas", "euch", "euer", "fur", "gegen", "gibt", "habe", "haben", "hat", "hatte", "hatten", "hier", "ich",
    "ihm", "ihn", "ihnen", "ihr", "ihre", "ihrem", "ihren", "ihrer", "im", "immer", "in", "ins", "ist", "ja", "jede",
    "jedem", "jeden", "jeder", "jedes", "jetzt", "kann", "kannst", "kein", "keine", "keinem", "keinen", "keiner",
    "konnen", "konnte", "lassen", "man", "mehr", "mein", "meine", "meinem", "meinen", "meiner", "mich", "mir", "mit",
    "mochte", "muss", "mussen", "nach", "nicht", "nichts", "noch", "nun", "nur", "ob", "oder", "ohne", "schon", "sehr",
    "sein", "seine", "seit", "sich", "sie", "sind", "so", "soll", "sollte", "sondern", "sonst", "uber", "um", "und",
    "uns", "unser", "unsere", "unserem", "unseren", "unserer", "unter", "viel", "vom", "von", "vor", "wann", "war",
    "waren", "warum", "was", "weil", "welche", "welchem", "welchen", "welcher", "welches", "wenn", "wer", "werde",
    "werden", "weshalb", "wie", "wieder", "wieso", "will", "wir", "wird", "wo", "wurde", "wurden", "zu", "zum", "zur",
    "zwischen",
];

const FRENCH: &[&str] = &[
    "ai", "ainsi", "apres", "as", "au", "aucun", "aussi", "autre", "aux", "avait", "avant", "avec", "avoir", "avons",
    "ayant", "c", "ca", "car", "ce", "ceci", "cela", "celle", "celui", "ces", "cet", "cette", "ceux", "chaque", "chez",
    "comme", "comment", "d", "dans", "de", "depuis", "des", "deux", "dois", "doit", "donc", "dont", "du", "elle",
    "elles", "en", "encore", "entre", "es", "est", "et", "etait", "etant", "ete", "etre", "eu", "faire", "fais",
    "fait", "faut", "ici", "il", "ils", "j", "je", "jusqu", "juste", "l", "la", "laquelle", "le", "lequel", "les",
    "leur", "leurs", "lors", "lui", "ma", "mais", "me", "meme", "mes", "moi", "mon", "n", "ne", "ni", "non", "nos",
    "notre", "nous", "on", "ont", "ou", "par", "parce", "pas", "pendant", "peu", "peut", "peux", "plus", "pour",
    "pourquoi", "pouvez", "puis", "puisque", "qu", "quand", "que", "quel", "quelle", "quelles", "quels", "qui", "quoi",
    "s", "sa", "sans", "se", "sera", "ses", "si", "son", "sont", "sous", "suis", "sur", "ta", "te", "tes", "toi",
    "ton", "tous", "tout", "toute", "toutes", "tres", "tu", "un", "une", "va", "vers", "veux", "voici", "voila", "vos",
    "votre", "vous", "y",
];

const SPANISH: &[&str] = &[
    "a", "al", "algo", "algun", "alguna", "algunos", "ante", "antes", "aqui", "asi", "aun", "aunque", "cada", "como",
    "con", "cual", "cuales", "cuando", "cuanto", "de", "del", "desde", "donde", "dos", "durante", "e", "el", "ella",
    "ellas", "ellos", "en", "entre", "era", "eran", "eres", "es", "esa", "ese", "eso", "esos", "esta", "estaba",
    "estan", "estar", "estas", "este", "esto", "estos", "estoy", "fue", "fueron", "ha", "haber", "habia", "hace",
    "hacer", "han", "hasta", "hay", "he", "la", "las", "le", "les", "lo", "los", "mas", "me", "mi", "mis", "mucho",
    "muy", "nada", "ni", "no", "nos", "nosotros", "nuestra", "nuestro", "o", "os", "otra", "otro", "para", "pero",
    "poco", "por", "porque", "pude", "puede", "pueden", "puedo", "pues", "que", "quien", "quiero", "se", "sea", "ser",
    "si", "sido", "sin", "sobre", "solo", "son", "soy", "su", "sus", "tambien", "tan", "tanto", "te", "tener", "tengo",
    "ti", "tiene", "tienen", "todo", "todos", "tu", "tus", "un", "una", "unas", "uno", "unos", "usted", "va", "vez",
    "y", "ya", "yo",
];

const PORTUGUESE: &[&str] = &[
    "a", "ao", "aos", "aquela", "aquele", "aqui", "as", "ate", "cada", "com", "como", "da", "das", "de", "dela",
    "dele", "deles", "depois", "do", "dos", "e", "ela", "elas", "ele", "eles", "em", "entre", "era", "essa", "esse",
    "esta", "estao", "estar", "estas", "estava", "este", "estes", "estou", "eu", "faz", "fazer", "foi", "for", "foram",
    "ha", "isso", "isto", "ja", "la", "lhe", "mais", "mas", "me", "mesmo", "meu", "meus", "minha", "minhas", "muito",
    "na", "nada", "nao", "nas", "nem", "no", "nos", "nossa", "nosso", "num", "numa", "o", "onde", "os", "ou", "para",
    "pela", "pelas", "pelo", "pelos", "pode", "podem", "pois", "por", "porque", "posso", "quais", "qual", "quando",
    "quanto", "que", "quem", "quero", "se", "seja", "sem", "ser", "seu", "seus", "so", "sobre", "sou", "sua", "suas",
    "tambem", "te", "tem", "tenho", "ter", "teu", "ti", "tinha", "todo", "todos", "tu", "tua", "um", "uma", "umas",
    "uns", "vai", "voce", "voces",
];

const ARABIC: &[&str] = &[
    "اريد",
    "التي",
    "الذي",
    "الي",
    "ان",
    "انا",
    "او",
    "اين",
    "بعد",
    "ثم",
    "ذلك",
    "علي",
    "عن",
    "عند",
    "في",
    "قبل",
    "قد",
    "كان",
    "كل",
    "كيف",
    "لا",
    "لم",
    "لماذا",
    "لن",
    "لي",
    "ما",
    "ماذا",
    "متي",
    "مع",
    "من",
    "نحن",
    "هذا",
    "هذه",
    "هل",
    "هو",
    "هي",
    "يمكن",
    "يمكنني",
];

const VAGUE: &[&str] = &[
    "aide",
    "ajuda",
    "anybody",
    "anyone",
    "anything",
    "attached",
    "ayuda",
    "bad",
    "beaucoup",
    "bitte",
    "bonjour",
    "broken",
    "bug",
    "bugs",
    "call",
    "danke",
    "dear",
    "erreur",
    "error",
    "errors",
    "everyone",
    "everything",
    "fail",
    "failed",
    "failing",
    "fails",
    "fehler",
    "fine",
    "fonctionne",
    "funciona",
    "funktionieren",
    "funktioniert",
    "geht",
    "gern",
    "gerne",
    "good",
    "gracias",
    "great",
    "guten",
    "hallo",
    "happen",
    "happened",
    "happening",
    "happens",
    "hate",
    "helfen",
    "hello",
    "help",
    "hey",
    "hi",
    "hilfe",
    "hola",
    "issue",
    "issues",
    "kaputt",
    "klappt",
    "lol",
    "look",
    "looks",
    "marche",
    "merci",
    "morning",
    "nobody",
    "nothing",
    "now",
    "obrigada",
    "obrigado",
    "oder",
    "ok",
    "okay",
    "ola",
    "olhe",
    "please",
    "plz",
    "possible",
    "problem",
    "problema",
    "problemas",
    "probleme",
    "problemen",
    "problems",
    "question",
    "questions",
    "screenshot",
    "see",
    "seems",
    "somebody",
    "someone",
    "something",
    "sorry",
    "speak",
    "strange",
    "suddenly",
    "support",
    "talk",
    "tell",
    "terrible",
    "test",
    "tested",
    "testing",
    "tests",
    "thank",
    "thanks",
    "thing",
    "things",
    "today",
    "tomorrow",
    "totally",
    "tried",
    "tries",
    "try",
    "urgent",
    "use",
    "used",
    "useless",
    "using",
    "weird",
    "work",
    "worked",
    "working",
    "works",
    "worst",
    "wrong",
    "yes",
    "yesterday",
];

#[cfg(test)]
mod tests {
    use super::super::folding::fold;
    use super::*;

    #[test]
    fn word_lists_are_sorted_and_folded() {
        for list in LANGUAGES.map(stop_words).into_iter().chain([ARABIC, VAGUE]) {
            assert!(list.is_sorted(), "{:?}", list.windows(2).find(|pair| pair[0] > pair[1]));
            assert!(list.iter().all(|word| fold(word) == *word));
        }
    }

    #[test]
    fn significant_words_are_not_stop_words() {
        for word in ["dashboard", "rechnung", "facture", "factura", "fatura", "data", "plan", "export"] {
            assert_eq!((stops(word), is_vague(word)), ([false; 5], false), "{word}");
        }
    }
}
