//! The browser, as the widget uses it: the only code that names `web_sys` or `js_sys`. What a browser lacks, blocks or throws is returned as a
//! value.

pub use web_sys::{Element, Event, HtmlElement, Node};

pub mod attachments;
pub mod attributes;
pub mod blob;
pub mod context;
pub mod database;
pub mod dom;
pub mod http;
pub mod intl;
pub mod loader;
pub mod locks;
pub mod outbox;
pub mod random;
pub mod read;
pub mod storage;
pub mod tickets;
pub mod timer;
pub mod upload;
