//! Elements that are drawn once and do not change, for which Leptos would be too heavy.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, Event, HtmlElement, Node};

use super::dom::{self, Listener};

/// Creates nodes, and owns their listeners.
#[derive(Debug)]
pub struct Drawing {
    document: Document,
    listeners: Vec<Listener>,
}

impl Drawing {
    /// A new drawing; `None` without a document.
    pub fn new() -> Option<Drawing> {
        Some(Drawing { document: web_sys::window()?.document()?, listeners: Vec::new() })
    }

    /// A text node.
    pub fn text(&self, text: &str) -> Node {
        self.document.create_text_node(text).into()
    }

    /// An element with attributes and children.
    pub fn element(&self, tag: &str, attributes: &[(&str, &str)], children: Vec<Node>) -> Node {
        // Fails only for invalid names.
        let Ok(element) = self.document.create_element(tag) else { return self.text("") };
        for (name, value) in attributes {
            let _ = element.set_attribute(name, value);
        }
        for child in children {
            let _ = element.append_child(&child);
        }
        element.into()
    }

    /// Adds a click listener for the lifetime of the drawing.
    pub fn on_press(&mut self, element: &Node, call: impl FnMut(Event) + 'static) {
        self.listeners.push(dom::listen(element, "click", call));
    }

    /// Adds a listener for the lifetime of the drawing.
    pub fn on(&mut self, element: &Node, event: &'static str, call: impl FnMut(Event) + 'static) {
        self.listeners.push(dom::listen(element, event, call));
    }

    /// Appends a node to another.
    pub fn add(&self, within: &Node, node: &Node) {
        let _ = within.append_child(node);
    }

    /// Sets the id of an element.
    pub fn name(&self, element: &Node, id: &str) {
        if let Some(element) = element.dyn_ref::<Element>() {
            element.set_id(id);
        }
    }

    /// Sets an attribute of an element to `true`, or removes it.
    pub fn flag(&self, element: &Node, name: &str, set: bool) {
        if let Some(element) = element.dyn_ref::<Element>() {
            dom::set_flag(element, name, set);
        }
    }

    /// Sets class and text of an element, or removes both.
    pub fn say(&self, element: &Node, class: &str, text: Option<String>) {
        element.set_text_content(text.as_deref());
        if let Some(element) = element.dyn_ref::<Element>() {
            let _ = element.set_attribute("class", if text.is_some() { class } else { "" });
        }
    }

    /// Replaces the children of a node.
    pub fn fill(&self, within: &Node, nodes: Vec<Node>) {
        within.set_text_content(None);
        for node in nodes {
            let _ = within.append_child(&node);
        }
    }

    /// Replaces the children of an element.
    pub fn put(&self, place: &HtmlElement, nodes: Vec<Node>) {
        self.fill(place, nodes);
    }
}

/// Replaces the button that was pressed by its picture.
pub fn show_picture(event: &Event, url: &str, alt: &str) {
    let button: Option<Element> = event.current_target().and_then(|target| target.dyn_into().ok());
    let document = web_sys::window().and_then(|window| window.document());
    let Some((button, document)) = button.zip(document) else { return };
    let Ok(picture) = document.create_element("img") else { return };
    for (name, value) in [("referrerpolicy", "no-referrer"), ("alt", alt), ("src", url)] {
        let _ = picture.set_attribute(name, value);
    }
    // Fails only if the button has left the page.
    let _ = button.replace_with_with_node_1(&picture);
}
