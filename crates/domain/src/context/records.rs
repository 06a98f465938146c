//! Records of what happened while the page was open.

use super::shape::Shape::{Bool, Count, Text, Texts};
use super::shape::{LINE, URL, WORD, part};
use wire::{Pairs, words};

part! {
    /// An error on the page.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct ErrorRecord {
        /// How it was detected: `error`, `rejection`, `console.error`, `console.warn`, `resource`, `policy`, `deprecation`, `intervention`,
        /// `captured`, or `browser` for what says nothing about the page.
        pub source: String = WORD => "Source",
        /// The error's name, such as `TypeError`.
        pub name: String = LINE,
        pub message: String = Text(1_000) => "Message",
        /// Its stack, if it has one, with the frames of the page's own files first.
        pub stack: String = Text(4_000) => "Stack",
        /// The file and position where it occurred, such as `https://app.example.com/app.js:10:4`.
        pub location: String = URL => "Location",
        /// When it first occurred, RFC 3339 in UTC.
        pub first_at: String = WORD => "First seen",
        /// When it last occurred, RFC 3339 in UTC.
        pub at: String = WORD => "Time",
        /// How often it occurred.
        pub count: u32 = Count => "Count",
        /// Whether it comes from a browser extension, and so most likely not from the page.
        pub extension: bool = Bool => "From an extension",
    }
}

part! {
    /// A request of the page that failed or was slow. Bodies are never recorded.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct RequestRecord {
        /// The method; empty if the browser does not reveal it.
        pub method: String = WORD => "Method",
        pub url: String = URL,
        /// The status of the response; 0 if there was none.
        pub status: u32 = Count => "Status",
        /// Why there was no response.
        pub failure?: String = LINE => "Reason",
        /// When it was sent, RFC 3339 in UTC.
        pub at: String = WORD,
        /// Its duration in milliseconds.
        pub duration_ms: u32 = Count => "Duration, ms",
        /// Bytes over the network; 0 if the browser does not reveal it.
        pub size: u32 = Count => "Bytes",
        /// Headers that identify the request or its trace, in lower case.
        pub headers?: Pairs<String> = Texts => "Headers",
    }
}

words! {
    /// The kind of a breadcrumb.
    BreadcrumbKind {
        /// A click.
        Click = "click",
        /// A form was submitted.
        Submit = "submit",
        /// The address changed.
        Navigation = "navigation",
        /// The page was hidden or shown.
        Visibility = "visibility",
        /// The network went offline or online.
        Network = "network",
        /// An error occurred.
        Error = "error",
    }
}

part! {
    /// An action of the customer, or an event of the page. What was typed is never recorded.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Breadcrumb {
        /// When, RFC 3339 in UTC.
        pub at: String = WORD,
        pub kind: BreadcrumbKind = WORD => "Kind",
        /// The role of the element, such as `button`.
        pub role?: String = WORD,
        /// Its accessible name; or the address, the state, or the error.
        pub name?: String = LINE,
        /// A short path to the element in the document.
        pub path?: String = LINE => "Path",
    }
}
