//! Wire types, declared once and read in two ways.
//!
//! The gateway reads JSON with serde. In the widget serde's readers for the same types weigh more than its screens do
//! (measured: a quarter of the module), while the browser has parsed the JSON long before: there a value is read off the
//! parsed tree. [`types`] and [`words`] declare a type with both readers, and a test that both read the same.

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
    fn as_bool(&self) -> Option<bool>;
    /// Whether it is an array.
    fn is_list(&self) -> bool;

    /// A number; 0 for anything else.
    fn number(&self) -> f64 {
        self.as_number().unwrap_or_default()
    }

    /// Whether it is `true`.
    fn is_true(&self) -> bool {
        self.as_bool().unwrap_or_default()
    }

    /// A text; empty for anything else.
    fn text(&self) -> String {
        self.as_text().unwrap_or_default()
    }

    /// The text of a member.
    fn text_of(&self, key: &str) -> String {
        self.get(key).text()
    }

    /// A member, read.
    fn member<T: Read>(&self, key: &str) -> T {
        T::read(&self.get(key))
    }

    /// A member, of which so many characters or items are read at most.
    fn member_up_to<T: ReadUpTo>(&self, key: &str, max: usize) -> T {
        T::read_up_to(&self.get(key), max)
    }
}

/// Whether a value is its type's default, and need not be written.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
