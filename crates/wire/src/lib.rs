//! Wire types, declared once with two readers.
//!
//! The gateway reads JSON with serde. In the widget serde's readers for the same types would be larger than its screens (measured: a quarter of
//! the module), and the browser has parsed the JSON already, so there values are read from the parsed tree. [`types`] and [`words`] declare a
//! type with both readers, and a test that both read the same.

#[cfg(target_arch = "wasm32")]
pub mod js;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod pairs;
mod read;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod types;
mod words;

pub use pairs::Pairs;
pub use read::{Read, ReadUpTo};

/// A parsed JSON value. Every method accepts every value: what does not exist is empty.
pub trait Source: Sized {
    /// The member of an object.
    fn get(&self, key: &str) -> Self;
    /// The members of an object.
    fn entries(&self) -> Vec<(String, Self)>;
    /// The items of an array.
    fn items(&self) -> Vec<Self>;
    /// A string; `None` for anything else.
    fn as_text(&self) -> Option<String>;
    /// A number; `None` for anything else.
    fn as_number(&self) -> Option<f64>;
    /// A boolean; `None` for anything else.
    fn as_bool(&self) -> Option<bool>;
    /// Whether it is an array.
    fn is_list(&self) -> bool;
    /// As JSON; empty for what has none.
    fn to_json(&self) -> String;
    /// Parses JSON; `None` if it is invalid.
    fn parse(json: &str) -> Option<Self>;

    /// A number; 0 for anything else.
    fn number(&self) -> f64 {
        self.as_number().unwrap_or_default()
    }

    /// Whether it is `true`.
    fn is_true(&self) -> bool {
        self.as_bool().unwrap_or_default()
    }

    /// A string; empty for anything else.
    fn text(&self) -> String {
        self.as_text().unwrap_or_default()
    }

    /// A string member; empty for anything else.
    fn text_of(&self, key: &str) -> String {
        self.get(key).text()
    }

    /// Reads a member.
    fn member<T: Read>(&self, key: &str) -> T {
        T::read(&self.get(key))
    }

    /// Reads at most `max` characters or items of a member.
    fn member_up_to<T: ReadUpTo>(&self, key: &str, max: usize) -> T {
        T::read_up_to(&self.get(key), max)
    }
}

/// Whether a value is its type's default, and need not be written.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
