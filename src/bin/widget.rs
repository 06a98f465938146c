//! Links the widget, and exports it to the loader's scripts.

#[cfg(target_arch = "wasm32")]
mod exports {
    use deskbell::browser::loader::{Loader, Options};
    use deskbell::chunks::engines;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    /// Draws the widget into the panel; again whenever the language changes.
    #[wasm_bindgen]
    pub fn mount(loader: Loader) {
        deskbell::mount(loader);
    }

    /// The ticket as the form stands, without its context, as JSON.
    #[wasm_bindgen]
    pub fn draft() -> String {
        deskbell::draft()
    }

    /// The page has destroyed the widget: it sends no more requests.
    #[wasm_bindgen]
    pub fn destroyed() {
        deskbell::destroyed();
    }

    /// Fills the form with an earlier ticket.
    #[wasm_bindgen(js_name = restoreDraft)]
    pub fn restore_draft(ticket: JsValue) {
        deskbell::restore_draft(&ticket);
    }

    /// Fills the form with a ticket that was refused, and opens it.
    #[wasm_bindgen(js_name = editTicket)]
    pub fn edit_ticket(ticket: JsValue) {
        deskbell::edit_ticket(&ticket);
    }

    /// A ticket from the outbox has arrived. `answer` is the gateway's response.
    #[wasm_bindgen(js_name = ticketArrived)]
    pub fn ticket_arrived(answer: &str) {
        deskbell::ticket_arrived(answer);
    }

    /// Copies a text to the clipboard, and announces that.
    #[wasm_bindgen(js_name = copyText)]
    pub fn copy_text(text: String) {
        deskbell::copy_text(text);
    }

    /// Sets how many tickets the customer has, how many unread messages, how many submissions are in the outbox, and for how many of these it
    /// is unknown whether they arrived.
    #[wasm_bindgen]
    pub fn follows(total: u32, unread: u32, queued: u32, unsure: u32) {
        deskbell::follows(total, unread, queued, unsure);
    }

    /// Something about the ticket with an id has changed, or about any ticket if it is empty.
    #[wasm_bindgen(js_name = ticketsChanged)]
    pub fn tickets_changed(id: &str) {
        deskbell::tickets_changed(id);
    }

    /// Goes where the options of the command `open`, or a link, lead.
    #[wasm_bindgen]
    pub fn open(options: &Options) {
        deskbell::open(options);
    }

    /// The host has set something: configuration, user or values.
    #[wasm_bindgen]
    pub fn changed(change: u8) {
        deskbell::changed(change);
    }

    /// The chunk `context` is loaded, or could not be loaded.
    #[wasm_bindgen(js_name = contextLoaded)]
    pub fn context_loaded(loaded: bool) {
        deskbell::context_loaded(loaded);
    }

    /// Something about attachments has changed, or the draft is another one.
    #[wasm_bindgen(js_name = attachmentsChanged)]
    pub fn attachments_changed() {
        deskbell::attachments_changed();
    }

    /// Files were added. `outcome` says what became of each.
    #[wasm_bindgen(js_name = filesAdded)]
    pub fn files_added(outcome: JsValue) {
        deskbell::files_added(outcome);
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
