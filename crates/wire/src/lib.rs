//! Reading wire types without a deserializer.
//!
//! The gateway reads JSON with serde. In the widget serde's readers for the same types weigh more than its screens do
//! (measured: a quarter of the module), while the browser has parsed the JSON long before: there a value is read off the
//! parsed tree. Both read the same types; a test of `domain` holds that they read the same out of them.

#[cfg(target_arch = "wasm32")]
pub mod js;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod pairs;

pub use pairs::Pairs;

/// A parsed JSON value. Whatever it is, it can be asked for anything: what is not there is empty.
pub trait Source: Sized {
    /// The member of an object.
    fn get(&self, key: &str) -> Self;
    /// The members of an object.
    fn entries(&self) -> Vec<(String, Self)>;
    /// The items of an array.
    fn items(&self) -> Vec<Self>;
    /// A text; `None` for anything else.
    fn as_text(&self) -> Option<String>;
    /// A number; `None` for anything else.
    fn as_number(&self) -> Option<f64>;
    /// Yes or no; `None` for anything else.
    fn as_yes(&self) -> Option<bool>;
    /// Whether it is an array.
    fn is_list(&self) -> bool;

    /// A number; 0 for anything else.
    fn number(&self) -> f64 {
        self.as_number().unwrap_or_default()
    }

    /// Whether it is `true`.
    fn yes(&self) -> bool {
        self.as_yes().unwrap_or_default()
    }

    /// A text; empty for anything else.
    fn text(&self) -> String {
        self.as_text().unwrap_or_default()
    }

    /// The text of a member.
    fn text_of(&self, key: &str) -> String {
        self.get(key).text()
    }

    /// The items of a member, each read.
    fn list<T: Read>(&self, key: &str) -> Vec<T> {
        self.get(key).items().iter().map(T::read).collect()
    }

    /// The members of an object as texts.
    fn texts(&self) -> Pairs<String> {
        Pairs(self.entries().into_iter().map(|(key, value)| (key, value.text())).collect())
    }
}

/// What can be read off a [`Source`].
pub trait Read {
    /// Reads it; what is missing gets its default.
    fn read(source: &impl Source) -> Self;
}

impl Read for String {
    fn read(source: &impl Source) -> String {
        source.text()
    }
}
