//! The attributes and listeners of an element, as one type for all of Leptos' elements.
//!
//! Leptos' own erased attributes can also remove an `inner_html`, and so bring `innerHTML` into the module, which pages with Trusted Types
//! block.

use std::sync::{Arc, Mutex};

use leptos::attr::{Attribute, NextAttribute};
use wasm_bindgen::JsValue;
use web_sys::{Element, Event};

use super::dom::{Listener, listen};
use super::read;

/// The text of a field, a property because customers change it as well.
pub const VALUE: &str = ".value";
/// Whether a checkbox is ticked, a property for the same reason.
pub const CHECKED: &str = ".checked";

/// The attributes and listeners of an element.
#[derive(Clone, Default)]
pub struct Attributes {
    /// Attributes; those without a value are absent. [`VALUE`] and [`CHECKED`] are properties.
    pub values: Vec<(&'static str, Option<String>)>,
    /// Listeners by event.
    pub handlers: Vec<(&'static str, Handler)>,
}

/// A listener.
pub type Handler = Arc<Mutex<dyn FnMut(Event) + Send>>;

/// The attributes of an element that is on the page.
pub struct Attached {
    element: Element,
    names: Vec<&'static str>,
    listeners: Vec<Listener>,
}

impl Attributes {
    fn attach(self, attached: &mut Attached) {
        let element = &attached.element;
        for name in std::mem::take(&mut attached.names) {
            if !self.values.iter().any(|(new, value)| *new == name && value.is_some()) {
                // Throws only for invalid names.
                let _ = element.remove_attribute(name);
            }
        }
        for (name, value) in self.values {
            if let Some(property) = name.strip_prefix('.') {
                set_property(element, property, if name == CHECKED { value.is_some().into() } else { value.into() });
            } else if let Some(value) = value {
                let _ = element.set_attribute(name, &value);
                attached.names.push(name);
            }
        }
        attached.listeners.clear();
        for (name, handler) in self.handlers {
            let call = move |event| {
                if let Ok(mut handler) = handler.lock() {
                    handler(event);
                }
            };
            attached.listeners.push(listen(element, name, call));
        }
    }
}

fn set_property(element: &Element, name: &str, value: JsValue) {
    // Setting it moves the caret, even to what it is.
    if read::property(element, name) != value {
        // Fails only for elements that do not have it.
        let _ = js_sys::Reflect::set(element, &name.into(), &value);
    }
}

impl Attribute for Attributes {
    const MIN_LENGTH: usize = 0;
    type AsyncOutput = Attributes;
    type State = Attached;
    type Cloneable = Attributes;
    type CloneableOwned = Attributes;

    fn build(self, element: &Element) -> Attached {
        let mut attached = Attached { element: element.clone(), names: Vec::new(), listeners: Vec::new() };
        self.attach(&mut attached);
        attached
    }

    fn rebuild(self, attached: &mut Attached) {
        self.attach(attached);
    }

    fn hydrate<const FROM_SERVER: bool>(self, element: &Element) -> Attached {
        self.build(element)
    }

    /// The widget is never rendered on a server.
    fn html_len(&self) -> usize {
        0
    }

    fn to_html(self, _: &mut String, _: &mut String, _: &mut String, _: &mut String) {}

    fn into_cloneable(self) -> Attributes {
        self
    }

    fn into_cloneable_owned(self) -> Attributes {
        self
    }

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Attributes {
        self
    }
}

impl NextAttribute for Attributes {
    type Output<New: Attribute> = (Attributes, New);

    fn add_any_attr<New: Attribute>(self, new: New) -> (Attributes, New) {
        (self, new)
    }
}
