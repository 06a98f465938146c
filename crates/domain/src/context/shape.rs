//! Shapes: the types and limits of the context's members. The widget fits a document to these tables.

/// The type and limit of a value.
pub enum Shape {
    /// A text of at most this many characters.
    Text(usize),
    /// A text of at most this many characters that is redacted already, or that redaction must not change.
    Kept(usize),
    /// A whole number.
    Count,
    /// A boolean.
    Bool,
    /// Texts under names that the host chose.
    Texts,
    /// Members with these names.
    Members(&'static [(&'static str, Shape)]),
    /// At most this many values of one shape; the last ones, which are the newest, stay.
    List(usize, &'static Shape),
}

/// The most errors, requests, routes or links.
pub const RECORDS_MAX: usize = 20;
/// The most breadcrumbs.
pub const BREADCRUMBS_MAX: usize = 50;
/// The most texts of the host under one name.
pub const TEXTS_MAX: usize = 50;

pub const URL: Shape = Shape::Text(2_000);
pub const LINE: Shape = Shape::Text(500);
pub const WORD: Shape = Shape::Text(64);

/// Declares a part of the context once: its type for the gateway, its [`Shape`] for the widget, and the labels of its members.
///
/// A member is `pub NAME: TYPE = SHAPE => "LABEL"`. With `?` after its name it is not written if it is empty. Without a shape the page cannot
/// set it. The label is written where a name first occurs, since members of the same name have the same label.
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
        // Members whose name says everything need no comment.
        #[allow(missing_docs)]
        pub struct $name { $($declared)* }

        impl $name {
            /// The shape of this part.
            pub const SHAPE: crate::context::shape::Shape = crate::context::shape::Shape::Members(&[$($shapes)*]);
            /// The names of its members, with their labels in English.
            #[cfg(not(target_arch = "wasm32"))]
            pub const LABELS: &'static [(&'static str, &'static str)] = &[$($labels)*];
        }
    };
}

pub(crate) use part;
