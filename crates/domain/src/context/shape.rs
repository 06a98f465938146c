//! What a member of the context may be, with its limit. The widget brings a document into shape by these tables.

/// What a value may be.
pub enum Shape {
    /// A text of at most so many characters.
    Text(usize),
    /// A text of at most so many characters that is redacted already, or holds what redaction must not touch.
    Kept(usize),
    /// A whole number.
    Count,
    /// Yes or no.
    Bool,
    /// Texts under names that the host gave.
    Texts,
    /// Members of these names.
    Members(&'static [(&'static str, Shape)]),
    /// At most so many values of one shape, the newest, which come last.
    List(usize, &'static Shape),
}

/// How many errors, requests, routes and links there are at most.
pub const RECORDS_MAX: usize = 20;
/// How many breadcrumbs there are at most.
pub const BREADCRUMBS_MAX: usize = 50;
/// How many texts of the host's there are under one name.
pub const TEXTS_MAX: usize = 50;

pub const URL: Shape = Shape::Text(2_000);
pub const LINE: Shape = Shape::Text(500);
pub const WORD: Shape = Shape::Text(64);

/// Declares a part of the context once: its type for the gateway, its [`Shape`] for the widget, and what its members are called
/// where a customer reads them.
///
/// A member is `pub NAME: TYPE = SHAPE => "LABEL"`. With `?` behind its name it is not written where it is empty. Without a shape the
/// page cannot set it. A label is written where the name comes first, since members of the same name are called the same.
macro_rules! part {
    ($(#[$attribute:meta])* pub struct $name:ident { $($members:tt)* }) => {
        part! { @member { $(#[$attribute])* $name } {} {} {} $($members)* }
    };
    (@member $head:tt $declared:tt $shapes:tt $labels:tt
        $(#[$attribute:meta])* pub $member:ident: $type:ty $(= $shape:expr)? $(=> $label:literal)?, $($rest:tt)*) => {
        part! { @add $head $declared $shapes $labels
            [$(#[$attribute])* pub $member: $type] [$($shape)?] [$($label)?] $($rest)* }
    };
    (@member $head:tt $declared:tt $shapes:tt $labels:tt
        $(#[$attribute:meta])* pub $member:ident?: $type:ty $(= $shape:expr)? $(=> $label:literal)?, $($rest:tt)*) => {
        part! { @add $head $declared $shapes $labels
            [$(#[$attribute])* #[serde(default, skip_serializing_if = "wire::is_default")] pub $member: $type]
            [$($shape)?] [$($label)?] $($rest)* }
    };
    (@add $head:tt { $($declared:tt)* } { $($shapes:tt)* } { $($labels:tt)* }
        [$(#[$attribute:meta])* pub $member:ident: $type:ty] [$($shape:expr)?] [$($label:literal)?] $($rest:tt)*) => {
        part! { @member $head
            { $($declared)* $(#[$attribute])* pub $member: $type, }
            { $($shapes)* $((stringify!($member), $shape),)? }
            { $($labels)* $((stringify!($member), $label),)? }
            $($rest)* }
    };
    (@member { $(#[$attribute:meta])* $name:ident } { $($declared:tt)* } { $($shapes:tt)* } { $($labels:tt)* }) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        $(#[$attribute])*
        // A name that says everything needs no comment.
        #[allow(missing_docs)]
        pub struct $name { $($declared)* }

        impl $name {
            /// What belongs into it.
            pub const SHAPE: crate::context::shape::Shape = crate::context::shape::Shape::Members(&[$($shapes)*]);
            /// The names of its members, and what they are called in English.
            #[cfg(not(target_arch = "wasm32"))]
            pub const LABELS: &'static [(&'static str, &'static str)] = &[$($labels)*];
        }
    };
}

pub(crate) use part;
