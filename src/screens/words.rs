//! Texts in the panel's language, with the site's replacements.

use super::{Panel, STATE};
use crate::browser::loader::Loader;
use crate::browser::{intl, read};
use domain::texts::{self, Text};
use wire::Pairs;
use wire::Source;

/// The current table.
#[derive(Default)]
pub struct Words {
    lang: String,
    /// The texts of a language other than English, in the order of [`Text::ALL`].
    table: Vec<String>,
    replaced: Pairs<String>,
}

impl Words {
    /// The language that the loader has chosen and fetched.
    pub fn new(loader: &Loader) -> Words {
        let table = read::parse(&loader.words()).map(|table| table.items()).unwrap_or_default();
        let table = table.iter().map(Source::text).collect();
        Words { lang: loader.lang(), table, replaced: Pairs::default() }
    }

    /// Sets the site's replacements, by language.
    pub fn replace(&mut self, texts: &Pairs<Pairs<String>>) {
        self.replaced = texts.get(&self.lang).cloned().unwrap_or_default();
    }

    fn get(&self, text: Text) -> String {
        let replaced = self.replaced.get(text.key());
        let translated = || self.table.get(text as usize);
        replaced.or_else(translated).cloned().unwrap_or_else(|| text.english().to_string())
    }
}

/// The site's replacement of a text.
pub fn replacement(key: &str) -> Option<String> {
    STATE.with(|state| state.words.borrow().replaced.get(key).cloned())
}

/// A text in the panel's language.
#[inline(never)]
pub fn text(text: Text) -> String {
    STATE.with(|state| state.words.borrow().get(text))
}

/// A value that is put into a text. In a language from right to left it is isolated, or signs at its ends would go to the other side.
pub fn isolated(value: &str) -> String {
    match is_right_to_left() {
        true => ["\u{2068}", value, "\u{2069}"].concat(),
        false => value.to_string(),
    }
}

fn is_right_to_left() -> bool {
    STATE.with(|state| state.loader.borrow().as_ref().is_some_and(|loader| loader.dialog().dir() == "rtl"))
}

/// The tag of the panel's language.
pub fn lang() -> String {
    STATE.with(|state| state.words.borrow().lang.clone())
}

impl Panel {
    /// A text.
    pub fn t(self, text: Text) -> String {
        self::text(text)
    }

    /// A text with its placeholder filled.
    pub fn fill(self, text: Text, placeholder: &str, value: &str) -> String {
        texts::fill(&self.t(text), placeholder, &isolated(value))
    }

    /// A text with a count.
    pub fn count(self, text: Text, n: u32) -> String {
        let lang = self.lang();
        let text = self.t(text);
        let form = texts::plural(&text, &intl::plural_category(n, &lang));
        texts::fill(form, "{n}", &intl::number(n, &lang))
    }

    /// The tag of the panel's language.
    pub fn lang(self) -> String {
        lang()
    }
}
