//! Direct operations on elements.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Element, Event, EventTarget, HtmlDocument, HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement,
    Node, ShadowRoot,
};

use domain::contrast::Rgb;

/// An event listener that is removed when it is dropped.
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

/// Adds a listener for an event.
pub fn listen(target: &EventTarget, event: &'static str, call: impl FnMut(Event) + 'static) -> Listener {
    let callback = Closure::<dyn FnMut(Event)>::new(call);
    // Throws only for a callback that is no function.
    let _ = target.add_event_listener_with_callback(event, callback.as_ref().unchecked_ref());
    Listener { target: target.clone(), event, callback }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.callback.as_ref().unchecked_ref());
    }
}

/// Moves the focus to an element.
pub fn focus(element: &HtmlElement) {
    // Throws for no element.
    let _ = element.focus();
}

/// Moves the focus to the element with an id.
pub fn focus_id(root: &ShadowRoot, id: &str) {
    if let Some(Ok(element)) = root.get_element_by_id(id).map(JsCast::dyn_into) {
        focus(&element);
    }
}

/// Moves the focus to a node that can have it.
pub fn focus_node(node: &Node) {
    if let Some(element) = node.dyn_ref::<HtmlElement>() {
        focus(element);
    }
}

/// The id of the focused element within an element.
pub fn focused_id(within: &Element) -> Option<String> {
    within.query_selector(":focus").ok().flatten().map(|element| element.id()).filter(|id| !id.is_empty())
}

/// Moves the focus to the element with an id, within an element.
pub fn focus_row(within: &Element, id: &str) {
    // Quoted, because an id may begin with a digit.
    if let Ok(Some(row)) = within.query_selector(&["[id=\"", id, "\"]"].concat()) {
        focus_node(&row);
    }
}

/// Whether the focus is within a node.
pub fn holds_focus(node: &Node) -> bool {
    node.dyn_ref::<Element>().is_some_and(|element| element.query_selector(":focus").is_ok_and(|found| found.is_some()))
}

/// Whether an element has the focus.
pub fn is_focused(element: &HtmlElement) -> bool {
    element.matches(":focus").is_ok_and(|matches| matches)
}

/// Whether a person sees an element: it is drawn, and the page is visible.
pub fn is_seen(element: &HtmlElement) -> bool {
    let hidden = element.owner_document().is_none_or(|document| document.hidden());
    !hidden && element.get_client_rects().length() > 0
}

/// Scrolls a node into view, as little as necessary.
pub fn show(node: &Node) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    if let Some(element) = node.dyn_ref::<Element>() {
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// The value of a multi-line field.
pub fn field(node: &Node) -> String {
    node.dyn_ref::<HtmlTextAreaElement>().map(HtmlTextAreaElement::value).unwrap_or_default()
}

/// Sets the value of a multi-line field.
pub fn fill_field(node: &Node, text: &str) {
    if let Some(field) = node.dyn_ref::<HtmlTextAreaElement>() {
        field.set_value(text);
    }
}

/// Makes a multi-line field read-only, or editable again.
pub fn lock_field(node: &Node, locked: bool) {
    if let Some(field) = node.dyn_ref::<HtmlTextAreaElement>() {
        field.set_read_only(locked);
    }
}

/// Sets the text of an element, unless it has it already.
pub fn set_text(element: &HtmlElement, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Announces a text in a live region, even if it is the same as the last one.
pub fn announce(live: &HtmlElement, text: &str) {
    live.set_text_content(Some(text));
}

/// Sets the accessible name of an element.
pub fn set_label(element: &Element, text: &str) {
    let _ = element.set_attribute("aria-label", text);
}

/// Inserts an element with a class above a text box and its label.
pub fn insert_above(text_box: &HtmlTextAreaElement, class: &str) -> Option<HtmlElement> {
    let place: HtmlElement = text_box.owner_document()?.create_element("div").ok()?.dyn_into().ok()?;
    place.set_attribute("class", class).ok()?;
    text_box.parent_element()?.before_with_node_1(&place).ok()?;
    Some(place)
}

/// Shows or hides an element.
pub fn set_hidden(element: &Element, hidden: bool) {
    let _ = element.toggle_attribute_with_force("hidden", hidden);
}

/// The scroll position of the container of an element.
pub fn scrolled(element: &Element) -> i32 {
    element.parent_element().map_or(0, |around| around.scroll_top())
}

/// Scrolls the container of an element.
pub fn scroll_to(element: &Element, top: i32) {
    if let Some(around) = element.parent_element() {
        around.set_scroll_top(top);
    }
}

/// The elements of a selector, in order.
pub fn all(root: &ShadowRoot, selector: &str) -> Vec<HtmlElement> {
    let found = root.query_selector_all(selector).ok();
    let found = found.map(|list| js_sys::Array::from(&list).to_vec()).unwrap_or_default();
    found.into_iter().filter_map(|element| element.dyn_into().ok()).collect()
}

/// The id of the active element of a text box.
pub const ACTIVE: &str = "active";

/// Makes one of the elements controlled by a text box the active one, or none. Assistive technology announces it like an option of a list.
pub fn activate(text_box: &HtmlTextAreaElement, root: &ShadowRoot, active: Option<&HtmlElement>) {
    if let Some(before) = root.get_element_by_id(ACTIVE) {
        let _ = before.remove_attribute("id");
    }
    set_attribute(text_box, "aria-activedescendant", active.map(|_| ACTIVE));
    let Some(element) = active else { return };
    element.set_id(ACTIVE);
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Whether the caret of a text box is after all of its text.
pub fn at_end(text_box: &HtmlTextAreaElement) -> bool {
    let end = text_box.text_length();
    matches!((text_box.selection_start(), text_box.selection_end()), (Ok(from), Ok(to)) if from == to && from == Some(end))
}

/// Sets an attribute, or removes it.
pub fn set_attribute(element: &Element, name: &str, value: Option<&str>) {
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

/// Sets the value of a field.
pub fn set_value(root: &ShadowRoot, id: &str, value: &str) {
    if let Some(Ok(field)) = root.get_element_by_id(id).map(JsCast::dyn_into::<HtmlSelectElement>) {
        field.set_value(value);
    }
}

/// Checks the option with an id.
pub fn choose(root: &ShadowRoot, id: &str) {
    if let Some(Ok(choice)) = root.get_element_by_id(id).map(JsCast::dyn_into::<HtmlInputElement>) {
        choice.set_checked(true);
    }
}

/// Replaces a part of a text box as if it had been typed, so that it can be undone.
pub fn replace(text_box: &HtmlTextAreaElement, start: u32, end: u32, text: &str) {
    focus(text_box);
    // Throws only for fields without text.
    let _ = text_box.set_selection_range(start, end);
    let document = web_sys::window().and_then(|window| window.document()).and_then(|document| document.dyn_into().ok());
    let typed =
        document.map(|document: HtmlDocument| document.exec_command_with_show_ui_and_value("insertText", false, text));
    if !matches!(typed, Some(Ok(true))) {
        let _ = text_box.set_range_text_with_start_and_end(text, start, end);
    }
}

/// The value of the field of an event.
pub fn value_of(event: &Event) -> String {
    event.target().map(|target| super::read::text_of(&target, "value")).unwrap_or_default()
}

/// Whether the checkbox of an event is ticked.
pub fn is_checked(event: &Event) -> bool {
    event.target().is_some_and(|target| super::read::property(&target, "checked").is_truthy())
}

/// Sets a colour token on the element that holds the panel.
pub fn set_colour(root: &ShadowRoot, name: &str, [r, g, b]: Rgb) {
    if let Ok(host) = root.host().dyn_into::<HtmlElement>() {
        let _ = host
            .style()
            .set_property(name, &["rgb(", &r.to_string(), " ", &g.to_string(), " ", &b.to_string(), ")"].concat());
    }
}

/// Sets the colour scheme of an element; empty for that of its surroundings.
pub fn set_scheme(element: &HtmlElement, scheme: &str) {
    let _ = element.style().set_property("color-scheme", scheme);
}

/// Whether the primary input is touch. Focus in a text box would then open the on-screen keyboard.
pub fn touch() -> bool {
    let query = web_sys::window().and_then(|window| window.match_media("(hover: none)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

/// Copies a text to the clipboard; `false` if that is not allowed.
pub async fn copy(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    // Insecure pages have no clipboard, although its type is not optional.
    if super::read::property(&window.navigator(), "clipboard").is_undefined() {
        return false;
    }
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}

/// The window.
pub fn window() -> Option<web_sys::Window> {
    web_sys::window()
}

/// The language of the page, as it says itself; empty if it does not.
pub fn page_language() -> String {
    let document = window().and_then(|window| window.document());
    let root = document.and_then(|document| document.document_element());
    root.and_then(|root| root.get_attribute("lang")).unwrap_or_default()
}

/// The path of the page's address.
pub fn path() -> String {
    web_sys::window().and_then(|window| window.location().pathname().ok()).unwrap_or_default()
}

/// The address of the page without query and hash.
pub fn page_address() -> String {
    let origin = web_sys::window().and_then(|window| window.location().origin().ok()).unwrap_or_default();
    origin + &path()
}

/// A text, percent-encoded for an address.
pub fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Whether the browser considers itself online.
pub fn is_online() -> bool {
    let navigator = super::read::property(&js_sys::global(), "navigator");
    super::read::property(&navigator, "onLine").as_bool().unwrap_or(true)
}
