//! The page that a ticket is about.

use super::shape::Shape::{Count, List};
use super::shape::{LINE, RECORDS_MAX, URL, WORD, part};

part! {
    /// The page when the snapshot was taken.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Page {
        pub url: String = URL => "Address",
        pub title: String = LINE => "Title",
        /// The previous page; empty if the browser does not reveal it.
        pub referrer: String = URL => "Previous page",
        /// The canonical address that the page declares; empty if it declares none.
        pub canonical: String = URL => "Canonical address",
        /// How long it had been open, in milliseconds.
        pub open_ms: u32 = Count => "Open for, ms",
        /// The addresses that a single-page application visited, oldest first, the current one last.
        pub routes?: Vec<Route> = List(RECORDS_MAX, &Route::SHAPE) => "Pages",
        pub timings: Timings = Timings::SHAPE => "Load times, ms",
    }
}

part! {
    /// An address that a single-page application visited.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Route {
        pub url: String = URL,
        /// When, RFC 3339 in UTC.
        pub at: String = WORD,
    }
}

part! {
    /// Timings of the page in milliseconds since the navigation began; none if the browser does not report them.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Timings {
        /// The first byte of the response.
        pub first_byte?: Option<u32> = Count => "First byte",
        /// The document was parsed.
        pub dom_ready?: Option<u32> = Count => "Document ready",
        /// Everything was loaded.
        pub loaded?: Option<u32> = Count => "Loaded",
        /// The first contentful paint.
        pub first_paint?: Option<u32> = Count => "First paint",
        /// The largest contentful paint.
        pub largest_paint?: Option<u32> = Count => "Largest paint",
        /// The duration of the slowest interaction.
        pub interaction?: Option<u32> = Count => "Slowest interaction",
        /// The cumulative layout shift, a score such as `0.04`.
        pub layout_shift?: String = WORD => "Layout shift",
    }
}
