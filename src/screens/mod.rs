//! The screens. The box belongs to the loader and stays; everything else is drawn below it.

pub mod answers;
pub mod attachments;
mod beyond;
mod choices;
pub mod document;
pub mod fields;
mod frame;
mod hits;
mod home;
mod host;
pub mod incidents;
mod keys;
mod memory;
mod model;
mod navigation;
mod outbox;
pub mod preview;
mod question;
mod receipt;
mod search;
mod secrets;
mod send;
mod suggestions;
mod summary;
mod text_box;
mod ticket;
pub mod tickets;
pub mod words;

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::time::Duration;

use leptos::mount::UnmountHandle;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyViewState;
use wasm_bindgen::{JsCast, JsValue};

use super::browser::dom::{self, Listener};
use super::browser::http::Abort;
use super::browser::loader::{self, Loader};
use super::browser::timer;
use super::chunks::{Attachments, Screens};
use super::components::el::{self, spawn};
use super::transport;
use domain::texts::Text;
use model::{Model, Screen};
use words::Words;

pub use host::changed;
pub use navigation::{edit, open, tickets_changed};
pub use send::arrived;

/// The panel. What it consists of is in [`STATE`], so that a task that began in another language changes what is shown now.
#[derive(Clone, Copy)]
pub struct Panel(());

/// What the views are notified by.
///
/// One state behind triggers and not a signal for each field: every type of signal, and every access to Leptos' storage, costs the widget
/// hundreds of bytes, and the few live parts of a screen are drawn in microseconds.
#[derive(Default)]
struct Triggers {
    /// Another screen, or other texts.
    scene: ArcTrigger,
    /// Anything else.
    change: ArcTrigger,
    /// Another state of the question that is open.
    question: ArcTrigger,
    /// The chunk `screens` is loaded.
    screens_loaded: ArcTrigger,
    /// The chunk `attachments` is loaded. A trigger of its own, because a view that is drawn again loses the focus, and files that are being chosen.
    attachments_loaded: ArcTrigger,
}

/// The state of this page's panel; a page has one.
#[derive(Default)]
struct State {
    triggers: Triggers,
    loader: RefCell<Option<Loader>>,
    words: RefCell<Words>,
    model: RefCell<Model>,
    search: RefCell<search::Running>,
    /// The configuration as the gateway published it.
    published: RefCell<JsValue>,
    /// How often it was requested, and which of these requests it is from: an earlier response never replaces a later one.
    config_numbers: Cell<(u32, u32)>,
    /// The screens beyond the form, once their chunk is loaded.
    screens: Cell<Option<Screens>>,
    /// The list of attachments, once its chunk is loaded.
    attachments: Cell<Option<Attachments>>,
    /// The question that is open, once it is fetched.
    question: RefCell<JsValue>,
}

thread_local! {
    /// Never dropped: the page has one for its whole lifetime.
    static STATE: &'static State = Box::leak(Box::default());
}

// Out of line, because every screen uses it.
#[inline(never)]
fn model() -> Ref<'static, Model> {
    STATE.with(|state| state.model.borrow())
}

#[inline(never)]
fn model_mut() -> RefMut<'static, Model> {
    STATE.with(|state| state.model.borrow_mut())
}

/// The id of the element that the widget draws into.
const BELOW: &str = "below";

/// The panel on the page; removed when it is dropped.
pub struct Mounted {
    /// The panel.
    pub panel: Panel,
    _view: UnmountHandle<AnyViewState>,
    _listeners: [Listener; 3],
}

/// Draws the widget into the loader's panel.
pub fn mount(loader: Loader) -> Mounted {
    // Removes the loader's own loading message.
    let below = loader.below();
    below.set_text_content(None);
    // The arrow keys in the box move among what is below it.
    below.set_id(BELOW);
    dom::set_attribute(&loader.text_box(), "aria-controls", Some(BELOW));
    dom::set_attribute(&loader.text_box(), "aria-autocomplete", Some("list"));
    let panel = Panel::new(loader.clone());
    panel.listen_to_host();
    let parts = vec![el::live(move || screen(panel)), el::live(move || panel.draw_around())];
    let view = el::mount(&below, parts.into_any());
    let listeners = [
        dom::listen(&loader.text_box(), "input", move |_| panel.typed()),
        dom::listen(&loader.text_box(), "keydown", move |event| keys::pressed(panel, &event)),
        dom::listen(&loader.back(), "click", move |_| panel.go_back()),
    ];
    panel.typed();
    if panel.peek(|model| model.screen == Screen::Ticket) {
        panel.go(Screen::Ticket);
    }
    panel.fetch_config();
    Mounted { panel, _view: view, _listeners: listeners }
}

/// The chunk `context` has arrived, or could not be loaded: what waited for it goes on.
pub fn context_loaded(panel: Panel, context: Option<document::Context>) {
    document::set(context);
    panel.change(|_| {});
    if panel.peek(|model| !model.text.is_empty()) {
        search::start(panel);
    } else if panel.peek(|model| model.configured) {
        suggestions::start(panel);
    }
}

/// Sets how many tickets the customer has, how many unread messages, how many submissions are in the outbox, and for how many of these it is
/// unknown whether they arrived.
pub fn follows(panel: Panel, total: u32, unread: u32, queued: u32, unsure: u32) {
    let now = ((total, unread), queued, unsure);
    if panel.peek(|model| (model.tickets, model.queued, model.unsure) != now) {
        panel.change(|model| (model.tickets, model.queued, model.unsure) = now);
    }
    if let Some(context) = document::ready() {
        (context.refresh_outbox)(panel);
    }
}

/// Something about attachments has changed, or the draft is another one.
pub fn attachments_changed(panel: Panel) {
    if let Some(attachments) = panel.attachments() {
        (attachments.refresh)(panel);
    }
}

/// Files were added. `outcome` says what became of each (`loader/modules.js`).
pub fn files_added(panel: Panel, outcome: JsValue) {
    spawn(async move {
        if let Some(attachments) = panel.load_attachments().await {
            (attachments.added)(panel, outcome);
        }
    });
}

fn screen(panel: Panel) -> AnyView {
    panel.triggers().scene.track();
    match panel.peek(|model| model.screen) {
        Screen::Home => home::view(panel),
        Screen::Ticket => ticket::view(panel),
        Screen::Question => question::view(panel),
        Screen::Thanks => receipt::thanks(panel),
        Screen::Receipt => receipt::view(panel),
        Screen::Preview => beyond::screen(panel, "sends", |screens, panel| (screens.preview)(panel), Screen::Ticket),
        Screen::Outbox => el::el("section")
            .attr("class", "screen")
            .attr("id", "waiting")
            .children([beyond::outgoing(panel, |context| context.outbox)]),
        Screen::Tickets => beyond::screen(panel, "tickets", |screens, panel| (screens.tickets)(panel), Screen::Home),
    }
}

#[inline(never)]
fn the_loader() -> Loader {
    let loader = STATE.with(|state| state.loader.borrow().clone());
    // There is one: no panel is created without it.
    loader.unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into())
}

fn announce(text: &str) {
    dom::set_text(&the_loader().live(), text);
}

/// Copies a text to the clipboard, and shows that.
pub fn copy(text: String) {
    spawn(async move {
        if dom::copy(&text).await {
            announce(&words::text(Text::Copied));
        }
    });
}

impl Panel {
    fn new(loader: Loader) -> Panel {
        let panel = Panel(());
        STATE.with(|state| {
            state.words.replace(Words::new(&loader));
            let text_box = loader.text_box();
            let before = state.loader.replace(Some(loader));
            // Drawn in another language, it keeps the form, and what is being sent goes on.
            let is_same = before.is_some_and(|before| before.text_box() == text_box);
            let model = state.model.take();
            // What has begun before compares these numbers.
            let (user_changes, screen_number) = (model.user_changes, model.screen_number + 1);
            let screen = if is_same && model.screen == Screen::Ticket { Screen::Ticket } else { Screen::Home };
            let model = if is_same { model } else { Model::default() };
            // The box has the text.
            let text = String::new();
            state.model.replace(Model { user_changes, screen_number, screen, text, ..model });
            state.search.take();
            // Drawn again once the texts of the language are there.
            state.screens.take();
            state.attachments.take();
            if !is_same {
                state.published.take();
                panel.remember();
            }
        });
        panel
    }

    fn triggers(self) -> &'static Triggers {
        STATE.with(|state| &state.triggers)
    }

    fn loader(self) -> Loader {
        the_loader()
    }

    /// Whether the page has a gateway. Without one only the ticket itself is sent, and nothing comes back.
    fn has_gateway(self) -> bool {
        !self.loader().site_url().is_empty()
    }

    /// Reads the state; the view that does so is drawn again when it changes.
    fn read<T>(self, read: impl FnOnce(&Model) -> T) -> T {
        self.triggers().change.track();
        self.peek(read)
    }

    /// Reads the state without tracking changes.
    fn peek<T>(self, read: impl FnOnce(&Model) -> T) -> T {
        read(&model())
    }

    /// Changes the state.
    fn change(self, change: impl FnOnce(&mut Model)) {
        change(&mut model_mut());
        self.triggers().change.notify();
    }

    /// Loads the choices stored on this device.
    fn remember(self) {
        let site = self.loader().site();
        let (choices, memory) = (choices::remembered(&site), memory::remembered(&site));
        self.change(|model| (model.choices, model.memory) = (choices, memory));
    }

    fn redraw(self) {
        self.triggers().scene.notify();
    }

    /// Requests something of the site from the gateway, or from the engines that are configured in its place.
    async fn ask(self, path: &str, abort: &Abort) -> Option<JsValue> {
        match loader::elsewhere(&self.loader(), path) {
            Some(answer) => answer.await.ok().filter(JsValue::is_object),
            None => transport::ask(&self.loader().site_url(), path, abort).await,
        }
    }

    /// Runs something after the views have been updated.
    fn later(self, act: impl FnOnce() + 'static) {
        spawn(async move {
            timer::wait(Duration::ZERO).await;
            act();
        });
    }

    /// The snapshot at the draft's first letter, or of this moment.
    fn moment(self) -> JsValue {
        let loader = self.loader();
        let frozen = loader.state().frozen();
        if frozen.is_null() { loader.snapshot() } else { frozen }
    }

    /// Announces a text to screen readers.
    fn announce(self, text: &str) {
        announce(text);
    }

    fn emit(self, name: &str, details: &[(&str, JsValue)]) {
        loader::emit(&self.loader(), name, details);
    }
}
