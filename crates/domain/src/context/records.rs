//! What was recorded while the page was open.

use super::shape::Shape::{Bool, Count, Text, Texts};
use super::shape::{LINE, URL, WORD, part};
use wire::{Pairs, words};

part! {
    /// One thing that went wrong on the page.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct ErrorRecord {
        /// Where it was seen: `error`, `rejection`, `console.error`, `console.warn`, `resource`, `policy`, `deprecation`,
        /// `intervention` or `captured`.
        pub source: String = WORD => "Source",
        /// The error's name, such as `TypeError`.
        pub name: String = LINE,
        pub message: String = Text(1_000) => "Message",
        /// Its stack, where it has one: the frames of the page's own files first.
        pub stack: String = Text(4_000) => "Stack",
        /// The file and place it came from, such as `https://app.example.com/app.js:10:4`.
        pub location: String = URL => "Location",
        /// When it was seen first, RFC 3339 in UTC.
        pub first_at: String = WORD => "First seen",
        /// When it was seen last, RFC 3339 in UTC.
        pub at: String = WORD => "Time",
        /// How often the same was seen.
        pub count: u32 = Count => "Count",
        /// Whether it comes from an extension of the browser, and so most likely not from the page.
        pub extension: bool = Bool => "From an extension",
    }
}

part! {
    /// A request of the page that failed or was slow. Never a body.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct RequestRecord {
        /// The method; empty where the browser does not tell it.
        pub method: String = WORD => "Method",
        pub url: String = URL,
        /// The status of the answer; 0 where none came.
        pub status: u32 = Count => "Status",
        /// Why no answer came.
        pub failure?: String = LINE => "Reason",
        /// When it was sent, RFC 3339 in UTC.
        pub at: String = WORD,
        /// How long it took, in milliseconds.
        pub duration_ms: u32 = Count => "Duration, ms",
        /// Bytes over the network; 0 where the browser does not tell.
        pub size: u32 = Count => "Bytes",
        /// The headers that name the request or its trace, in lower case.
        pub headers?: Pairs<String> = Texts => "Headers",
    }
}

words! {
    /// What a breadcrumb tells of.
    BreadcrumbKind {
        /// Something was clicked.
        Click = "click",
        /// A form was sent.
        Submit = "submit",
        /// The address has changed.
        Navigation = "navigation",
        /// The page was hidden or shown.
        Visibility = "visibility",
        /// The network went or came.
        Network = "network",
        /// Something went wrong.
        Error = "error",
    }
}

part! {
    /// One thing that the customer did, or that happened to the page. Never what was typed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Breadcrumb {
        /// When, RFC 3339 in UTC.
        pub at: String = WORD,
        pub kind: BreadcrumbKind = WORD => "Kind",
        /// The role of what it happened to, such as `button`.
        pub role?: String = WORD,
        /// Its accessible name; or the address, the state, the error.
        pub name?: String = LINE,
        /// A short path to it in the document.
        pub path?: String = LINE => "Path",
    }
}
