//! Links the widget.

#[cfg(target_arch = "wasm32")]
mod exports {

    use deskbell::browser::loader::{Loader, Options};
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    /// Draws the widget into the panel. Called once by the loader.
    #[wasm_bindgen]
    pub fn mount(loader: Loader) {
        deskbell::mount(loader);
    }

    /// Answers a question of the modules besides the form.
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
}

fn main() {}
