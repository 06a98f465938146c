//! Links the widget, and exports it to the loader's scripts.

#[cfg(target_arch = "wasm32")]
mod exports {
    use deskbell::browser::HtmlElement;
    use deskbell::browser::line::Line;
    use deskbell::browser::loader::{Loader, Options};
    use deskbell::chunks::{engines, screens};
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    /// Draws the widget into the panel. Called once by the loader.
    #[wasm_bindgen]
    pub fn mount(loader: Loader) {
        deskbell::mount(loader);
    }

    /// Answers a question about the form.
    #[wasm_bindgen]
    pub fn answer(what: &str, about: &str) -> JsValue {
        deskbell::answer(what, about)
    }

    /// Sets how many tickets the customer has, how many unread messages, how many submissions are in the outbox, and for how many of these it
    /// is unknown whether they arrived.
    #[wasm_bindgen]
    pub fn follows(total: u32, unread: u32, queued: u32, unsure: u32) {
        deskbell::follows(total, unread, queued, unsure);
    }

    /// Goes where the options of the command `open`, or a link, lead.
    #[wasm_bindgen]
    pub fn open(options: &Options) {
        deskbell::open(options);
    }

    /// The host has set something: configuration, user or values. 1: the user has logged out. 2: another configuration is published for the
    /// current user.
    #[wasm_bindgen]
    pub fn changed(what: u8) {
        deskbell::changed(what);
    }

    /// The chunk `context` is loaded, or could not be loaded.
    #[wasm_bindgen(js_name = contextLoaded)]
    pub fn context_loaded(loaded: bool) {
        deskbell::context_loaded(loaded);
    }

    // The chunk `screens`.

    /// Draws the list of tickets, or the ticket with an id, into a place.
    #[wasm_bindgen(js_name = showTickets)]
    pub fn show_tickets(place: HtmlElement, live: HtmlElement, line: Line, lang: String, labels: JsValue, id: String) {
        (screens().show_tickets)(place, live, line, lang, labels, id);
    }

    /// Draws similar tickets into a place of the form.
    #[wasm_bindgen(js_name = showSimilar)]
    pub fn show_similar(
        place: HtmlElement,
        live: HtmlElement,
        line: Line,
        lang: String,
        labels: JsValue,
        found: JsValue,
    ) {
        (screens().show_similar)(place, live, line, lang, labels, &found);
    }

    /// Reloads after a change of the ticket with an id, or of any ticket.
    #[wasm_bindgen(js_name = refreshTickets)]
    pub fn refresh_tickets(id: &str) {
        (screens().refresh_tickets)(id);
    }

    /// Clears the screen, because its tickets do not belong to the current user.
    #[wasm_bindgen(js_name = leaveTickets)]
    pub fn leave_tickets() {
        (screens().leave_tickets)();
    }

    // The chunk `engines`.

    /// Searches the engines without low rate limits; passes the result to `done`.
    #[wasm_bindgen]
    pub fn find(done: JsValue, sources: JsValue, site_url: String, given: JsValue) {
        (engines().find)(done, sources, site_url, given);
    }

    /// Searches the others, once the customer has paused typing.
    #[wasm_bindgen(js_name = findRest)]
    pub fn find_rest(done: JsValue) {
        (engines().find_rest)(done);
    }

    /// A question from an index or from the gateway.
    #[wasm_bindgen(js_name = findQuestion)]
    pub fn find_question(done: JsValue, sources: JsValue, site_url: String, id: String) {
        (engines().find_question)(done, sources, site_url, id);
    }
}

fn main() {}
