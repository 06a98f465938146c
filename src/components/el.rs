//! Elements, built without a type for each.
//!
//! Leptos' `view!` gives every element a type of its own, and with it its own code to build, mount, update and drop: measured, more than twice
//! the bytes of the whole widget. Here every element, attribute and listener has the same type.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use leptos::ev::Event;
use leptos::html;
use leptos::mount::UnmountHandle;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyViewState;

use crate::browser::attributes::{Attributes, CHECKED, Handler, VALUE};
use crate::browser::{Element, dom, timer};

/// A function that Leptos calls again when something that it has read changes.
type Shared = Arc<Mutex<dyn FnMut() -> AnyView + Send>>;

/// The attribute with the language of an element.
pub const LANG: &str = "lang";

/// An element that is being built.
pub struct El {
    tag: &'static str,
    attributes: Attributes,
}

/// Starts an element.
pub fn el(tag: &'static str) -> El {
    El { tag, attributes: Attributes::default() }
}

/// Starts an element with a class.
pub fn div(class: &'static str) -> El {
    el("div").attr("class", class)
}

/// A button with its action.
pub fn button(class: &'static str, press: impl FnMut(Event) + Send + 'static) -> El {
    el("button").attr("class", class).on("click", press)
}

/// A paragraph with a class.
pub fn paragraph(class: &'static str, text: String) -> AnyView {
    el("p").attr("class", class).text(text)
}

/// A text that changes.
pub fn live_text(mut text: impl FnMut() -> String + Send + 'static) -> AnyView {
    live(move || text().into_any())
}

/// A part that changes as a whole.
pub fn live(view: impl FnMut() -> AnyView + Send + 'static) -> AnyView {
    let view: Shared = Arc::new(Mutex::new(view));
    view.into_any()
}

/// An empty view.
pub fn nothing() -> AnyView {
    ().into_any()
}

/// Draws a view into an element, for as long as the handle lives.
pub fn mount(place: &Element, view: AnyView) -> UnmountHandle<AnyViewState> {
    leptos::mount::mount_to_renderer(place, move || view)
}

/// Runs a task.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    timer::spawn(future);
}

impl El {
    /// Sets an attribute.
    pub fn attr(self, name: &'static str, value: impl AsRef<str>) -> El {
        with(self, name, value.as_ref())
    }

    /// Sets an attribute if it has a value.
    pub fn maybe(mut self, name: &'static str, value: Option<String>) -> El {
        self.attributes.values.push((name, value));
        self
    }

    /// Says that what others wrote in the element is in a language that nobody knows, and not in that of the panel.
    pub fn in_any_language(self) -> El {
        self.attr(LANG, "")
    }

    /// Says that the element is in the language of the host's page, such as what the site names its topics.
    pub fn in_page_language(self) -> El {
        self.attr(LANG, dom::page_language())
    }

    /// Sets the text of a field, which the customer changes as well.
    pub fn value(self, text: String) -> El {
        self.maybe(VALUE, Some(text))
    }

    /// Sets the state of a checkbox, which the customer changes as well.
    pub fn checked(self, is_ticked: bool) -> El {
        self.maybe(CHECKED, is_ticked.then(String::new))
    }

    /// Adds a listener.
    pub fn on(self, name: &'static str, call: impl FnMut(Event) + Send + 'static) -> El {
        handled(self, name, Arc::new(Mutex::new(call)))
    }

    /// The element with a text in it.
    pub fn text(self, text: String) -> AnyView {
        self.children([text.into_any()])
    }

    /// The element with its children.
    pub fn children(self, children: impl Into<Vec<AnyView>>) -> AnyView {
        finish(self, children.into())
    }
}

// Out of line, because every element is built with it.
#[inline(never)]
fn with(mut el: El, name: &'static str, value: &str) -> El {
    el.attributes.values.push((name, Some(value.to_string())));
    el
}

#[inline(never)]
fn handled(mut el: El, name: &'static str, handler: Handler) -> El {
    el.attributes.handlers.push((name, handler));
    el
}

#[inline(never)]
fn finish(el: El, children: Vec<AnyView>) -> AnyView {
    // In capitals, as the browser names HTML elements: Leptos compares names, and rebuilds an element that it takes for another.
    html::custom(el.tag.to_ascii_uppercase()).add_any_attr(el.attributes).child(children).into_any()
}
