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

    /// What the modules beside the form ask of it.
    #[wasm_bindgen]
    pub fn answer(what: &str, about: &str) -> JsValue {
        deskbell::answer(what, about)
    }

    /// How many tickets the person has, how many messages they have not read, how much waits to be sent, and of how much of that
    /// it is not known whether it was.
    #[wasm_bindgen]
    pub fn follows(total: u32, unread: u32, queued: u32, unsure: u32) {
        deskbell::follows(total, unread, queued, unsure);
    }

    /// Leads where the options of the command `open`, or a link, say.
    #[wasm_bindgen]
    pub fn open(options: &Options) {
        deskbell::open(options);
    }

    /// The host has said something new: configuration, person or values; 1 where the person has logged out, 2 where another
    /// configuration is published for who is here now.
    #[wasm_bindgen]
    pub fn changed(what: u8) {
        deskbell::changed(what);
    }
}

fn main() {}
