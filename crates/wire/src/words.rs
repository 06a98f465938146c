//! The macro that declares enums of words.

/// Declares an enum whose variants are lower-case words, on the wire and wherever a person writes them.
///
/// With `else VARIANT` after its name the widget can read it: an unknown word, from a newer gateway, is read as that variant, and is left out
/// of a list. Serde rejects unknown words.
#[macro_export]
macro_rules! words {
    (@read $name:ident $fallback:ident) => {
        impl $crate::Read for $name {
            fn read(source: &impl $crate::Source) -> $name {
                $name::from_word(&source.text()).unwrap_or($name::$fallback)
            }

            fn read_items(items: &[impl $crate::Source]) -> Vec<$name> {
                items.iter().filter_map(|item| $name::from_word(&item.text())).collect()
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $name:ident $(else $fallback:ident)? { $($(#[$variant_attribute:meta])* $variant:ident = $word:literal),+ $(,)? }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        pub enum $name { $($(#[$variant_attribute])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every variant, in the order in which it is offered to people.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word on the wire.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The variant of a word, if there is one.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        $($crate::words!(@read $name $fallback);)?

        #[cfg(all(test, not(target_arch = "wasm32")))]
        impl $crate::testing::Sample for $name {
            fn sample(number: &mut usize) -> $name {
                *number += 1;
                $name::ALL.iter().copied().cycle().nth(*number).unwrap()
            }
        }
    };
}
