//! Synonyms in support requests: "remove" finds "delete".
//!
//! They are English and come with the stems: the gateway has a list, a page reads them from its index file.

#[cfg(not(target_arch = "wasm32"))]
use std::sync::LazyLock;

/// The likeness of a word to its synonym; measured with `make bench-search`.
pub const LIKENESS: f32 = 0.75;

/// Whether a word has this beginning and then an ending; the last letter may be doubled, as in "logged".
pub fn is_form(word: &str, beginning: &str) -> bool {
    let Some(rest) = word.strip_prefix(beginning) else { return false };
    let is_doubled = rest.len() > 1 && rest.as_bytes().first() == beginning.as_bytes().last();
    is_ending(rest) || is_doubled && rest.get(1..).is_some_and(is_ending)
}

fn is_ending(rest: &str) -> bool {
    matches!(
        rest,
        "" | "s" | "e" | "es" | "d" | "ed" | "ing" | "er" | "ers" | "al" | "y" | "ies" | "ied" | "ment" | "ments"
    )
}

/// The beginning of every word in the groups, with the first of its group.
#[cfg(not(target_arch = "wasm32"))]
pub static SYNONYMS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let with_first = |group: &'static str| {
        let first = group.split(' ').next().unwrap_or_default();
        group.split(' ').map(|word| (word.to_string(), first.to_string()))
    };
    GROUPS.iter().copied().flat_map(with_first).collect()
});

/// Words that help centres and their readers use for the same thing, as beginnings of words. They are compiled from general knowledge, by kinds
/// of words, and not from the queries of any corpus. Words that mean something else in many products (an order, a profile) are left out.
#[cfg(not(target_arch = "wasm32"))]
const GROUPS: &[&str] = &[
    // Short and long names.
    "2fa mfa twofactor",
    "admin administrator",
    "app application program software",
    "automatic auto",
    "config configur configuration setting preference option",
    "database db",
    "document doc",
    "email mail",
    "facebook fb",
    "info information",
    "maximum max",
    "minimum min",
    "password pwd passcode passphrase",
    "phone telephone mobile smartphone cellphone",
    "photo picture pic image",
    "repositor repo",
    "sync synchroniz synchronis",
    "url link hyperlink",
    "youtube yt",
    // Accounts.
    "login logon signin log sign",
    "permission permit allow right",
    "privat privac secret confidential",
    "regist signup",
    "user member person people",
    // Money.
    "annual year yearly",
    "buy bought purchas",
    "cancel cancellation terminat unsubscrib",
    "coupon voucher discount promo",
    "invoic receipt",
    "pay paid charg bill",
    "pric cost fee",
    "refund reimburs",
    "subscription membership plan",
    // Actions.
    "activat enabl",
    "add insert embed",
    "answer repl respon",
    "begin began start launch",
    "chang edit modif updat alter",
    "choos chose chosen select pick",
    "confirm verif verification",
    "cop duplicat clon",
    "creat mak made generat",
    "deactivat disabl",
    "delet remov eras",
    "deliver ship",
    "download export sav backup",
    "extend renew prolong",
    "find found search locat",
    "fix repair correct",
    "hid hidden",
    "join merg combin",
    "mov transfer migrat",
    "notif notification alert remind",
    "publish shar",
    "restor recover retriev undo undelet",
    "schedul appointment",
    "separat split divid",
    "show shown display view",
    "stop block prevent",
    "translat translation languag",
    "upload import",
    // Things.
    "amount number count",
    "bookmark favorit favourit",
    "business compan organization organisation",
    "case ticket",
    "categor label tag",
    "chart graph diagram",
    "chat conversation messag",
    "color colour",
    "computer pc desktop laptop",
    "directory directories folder",
    "group team",
    "junk spam",
    "quota limit restrict",
    "site website webpage page",
    "trash bin",
    "video clip movie",
    // Properties.
    "big large huge",
    "complet entir whol",
    "empt blank",
    "quick fast",
    "slow lag delay",
    "wrong incorrect",
    // Forms that stemmers do not unite.
    "break broke broken",
    "build built",
    "forget forgot forgotten",
    "giv gave given",
    "keep kept",
    "know knew known",
    "leav left",
    "los lost",
    "send sent",
    "steal stole stolen",
    "tak took taken",
    "writ wrote written",
];

#[cfg(test)]
mod tests {
    use super::super::folding::fold;
    use super::*;

    #[test]
    fn inflections_are_a_stem_with_an_ending() {
        for (word, beginning) in [
            ("email", "email"),
            ("removing", "remov"),
            ("removal", "remov"),
            ("copies", "cop"),
            ("payments", "pay"),
            ("logged", "log"),
            ("cancelled", "cancel"),
        ] {
            assert!(is_form(word, beginning), "{word}");
        }
        for (word, beginning) in [
            ("remote", "remov"),
            ("apply", "app"),
            ("billion", "bill"),
            ("logic", "log"),
            ("mai", "mail"),
            ("logg", "log"),
        ] {
            assert!(!is_form(word, beginning), "{word}");
        }
    }

    #[test]
    fn synonym_groups_are_disjoint_and_folded() {
        assert!(GROUPS.iter().all(|group| group.contains(' ')));
        for (place, (word, _)) in SYNONYMS.iter().enumerate() {
            assert!(!word.is_empty() && fold(word) == *word, "{word}");
            let beginning =
                SYNONYMS.iter().take(place).find(|(beginning, _)| is_form(word, beginning) || is_form(beginning, word));
            assert_eq!(beginning, None, "{word}");
        }
    }
}
