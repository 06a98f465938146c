//! The screens, and the transitions between them. The box belongs to the loader and stays; everything else is drawn below it.

mod answer;
mod choices;
pub mod document;
mod el;
mod hits;
mod home;
mod idle;
mod keys;
mod memory;
mod model;
mod place;
mod question;
mod receipt;
mod search;
mod secrets;
mod send;
mod sends;
mod ticket;
mod tickets;
mod words;

use std::cell::{Ref, RefCell, RefMut};
use std::time::Duration;

use leptos::mount::UnmountHandle;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyViewState;
use wasm_bindgen::{JsCast, JsValue};

use super::browser::dom::{self, Listener};
use super::browser::http::Abort;
use super::browser::loader::{self, Loader, Options};
use super::browser::timer::{self, Timer};
use super::browser::{context, read};
use super::transport;
use domain::config::{self, Config, Scheme};
use domain::context::User;
use domain::contrast;
use domain::opening::{self, EntryScreen, Opening};
use domain::texts::Text;
use domain::ticket::{Contact, Kind, Severity, is_email};
use el::spawn;
use model::{Model, Screen};
use wire::{Read, Source};
use words::Words;

pub use answer::answer;

/// The panel: the two signals that notify the views of changes. What they read is in [`STATE`].
///
/// One state behind two signals and not a signal for each field: every type of signal, and every access to Leptos' storage, costs the widget
/// hundreds of bytes, and the few live parts of a screen are drawn in microseconds.
#[derive(Clone, Copy)]
pub struct Panel {
    /// Another screen, or other texts.
    scene: RwSignal<u32>,
    /// Anything else.
    change: RwSignal<u32>,
}

/// The state of this page's panel; a page has one.
#[derive(Default)]
struct State {
    loader: RefCell<Option<Loader>>,
    words: RefCell<Words>,
    model: RefCell<Model>,
    search: RefCell<search::Running>,
    /// The configuration as the gateway published it.
    published: RefCell<JsValue>,
    /// The question that is open, and the module that shows it.
    reading: RefCell<Option<(JsValue, JsValue)>>,
    later: RefCell<Option<Timer>>,
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

/// The panel on the page; removed when it is dropped.
pub struct Mounted {
    /// The panel.
    pub panel: Panel,
    /// Owns the signals.
    _owner: Owner,
    _view: UnmountHandle<AnyViewState>,
    _listeners: [Listener; 3],
}

/// Draws the widget into the loader's panel.
pub fn mount(loader: Loader) -> Mounted {
    // Removes the loader's own loading message.
    loader.below().set_text_content(None);
    let owner = Owner::new();
    let panel = owner.with(|| Panel::new(loader.clone()));
    panel.listen_to_host();
    let view = leptos::mount::mount_to_renderer(&loader.below(), move || {
        let parts = vec![el::live(move || screen(panel)), el::live(move || panel.draw_around())];
        parts.into_any()
    });
    let listeners = [
        dom::listen(&loader.text_box(), "input", move |_| panel.typed()),
        dom::listen(&loader.text_box(), "keydown", move |event| keys::pressed(panel, &event)),
        dom::listen(&loader.back(), "click", move |_| panel.go_back()),
    ];
    panel.remember();
    panel.typed();
    panel.fetch_config();
    Mounted { panel, _owner: owner, _view: view, _listeners: listeners }
}

/// Goes where a link or the command `open` leads.
pub fn open(panel: Panel, options: &Options) {
    let pairs = loader::option_pairs(options);
    let mut opening = opening::parse(&pairs);
    opening.message = pairs.into_iter().find(|(name, _)| name == "message").map(|(_, text)| text);
    panel.lead(opening);
    if panel.peek(|model| model.configured) {
        idle::start(panel);
    }
}

/// The host has set something (`widget::changed`).
pub fn changed(panel: Panel, what: u8) {
    if what == 2 {
        return panel.fetch_config();
    }
    if what == 1 {
        panel.change(|model| {
            let (config, configured) = (std::mem::take(&mut model.config), model.configured);
            *model = Model { config, configured, hands: model.hands + 1, ..Model::default() };
        });
        panel.remember();
        panel.write("");
        panel.redraw();
    }
    panel.listen_to_host();
}

/// The chunk `context` has arrived, or could not be loaded: what waited for it goes on.
pub fn context_loaded(panel: Panel, context: Option<document::Context>) {
    document::set(context);
    panel.change(|_| {});
    if panel.peek(|model| !model.text.is_empty()) {
        search::start(panel);
    } else if panel.peek(|model| model.configured) {
        idle::start(panel);
    }
}

/// Sets how many tickets the customer has, how many unread messages, how many submissions are in the outbox, and for how many of these it is
/// unknown whether they arrived.
pub fn follows(panel: Panel, total: u32, unread: u32, queued: u32, unsure: u32) {
    let now = ((total, unread), queued, unsure);
    if panel.peek(|model| (model.tickets, model.queued, model.unsure) != now) {
        panel.change(|model| (model.tickets, model.queued, model.unsure) = now);
    }
}

fn screen(panel: Panel) -> AnyView {
    panel.scene.track();
    match panel.peek(|model| model.screen) {
        Screen::Home => home::view(panel),
        Screen::Ticket => ticket::view(panel),
        Screen::Question => question::view(panel),
        Screen::Thanks => receipt::thanks(panel),
        Screen::Receipt => receipt::view(panel),
        Screen::Sends => place::screen(panel, "sends", Screen::Ticket),
        Screen::Waiting => place::screen(panel, "waiting", Screen::Home),
        Screen::Tickets => place::screen(panel, "tickets", Screen::Home),
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
fn copy(text: String) {
    spawn(async move {
        if dom::copy(&text).await {
            announce(&words::said(Text::Copied));
        }
    });
}

/// Notifies the views of a change.
fn bump(signal: RwSignal<u32>) {
    signal.set(signal.get_untracked().wrapping_add(1));
}

impl Panel {
    fn new(loader: Loader) -> Panel {
        STATE.with(|state| {
            state.words.replace(Words::new(&loader));
            state.model.take();
            state.search.take();
            state.published.take();
            state.loader.replace(Some(loader));
        });
        Panel { scene: RwSignal::new(0), change: RwSignal::new(0) }
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
        self.change.track();
        self.peek(read)
    }

    /// Reads the state without tracking changes.
    fn peek<T>(self, read: impl FnOnce(&Model) -> T) -> T {
        read(&model())
    }

    /// Changes the state.
    fn change(self, change: impl FnOnce(&mut Model)) {
        change(&mut model_mut());
        bump(self.change);
    }

    /// Loads the choices stored on this device.
    fn remember(self) {
        let site = self.loader().site();
        let (choices, memory) = (choices::remembered(&site), memory::remembered(&site));
        self.change(|model| (model.choices, model.memory) = (choices, memory));
    }

    fn redraw(self) {
        bump(self.scene);
    }

    /// Keeps the loader's parts in step with the state. They are updated by hand, because they belong to the loader.
    fn draw_around(self) -> AnyView {
        self.scene.track();
        let loader = self.loader();
        self.read(|model| {
            let (title, label) = match model.screen {
                Screen::Ticket => (Text::SendTicket, Text::MessageLabel),
                Screen::Question => (Text::Question, Text::BoxLabel),
                Screen::Sends => (Text::WhatWeSend, Text::BoxLabel),
                Screen::Tickets => (Text::YourTickets, Text::BoxLabel),
                Screen::Waiting if model.unsure > 0 => (Text::MaybeSent, Text::BoxLabel),
                Screen::Waiting => (Text::NotSentYet, Text::BoxLabel),
                Screen::Home | Screen::Thanks | Screen::Receipt => (Text::Help, Text::BoxLabel),
            };
            dom::set_text(&loader.title(), &self.t(title));
            dom::set_text(&loader.label(), &self.t(label));
            loader.text_box().set_placeholder(&self.t(Text::BoxHint));
            dom::set_label(&loader.back(), &self.t(Text::Back));
            let leads_back = !matches!(model.screen, Screen::Home | Screen::Thanks | Screen::Receipt);
            dom::set_hidden(&loader.back(), model.is_sealed() || !leads_back);
            let text_box = loader.text_box();
            text_box.set_read_only(model.is_sealed());
            dom::set_flag(
                &text_box,
                "aria-invalid",
                model.gaps.iter().any(|gap| ticket::field_of(*gap) == ticket::MESSAGE),
            );
            if let Some(around) = text_box.parent_element() {
                dom::set_hidden(&around, !matches!(model.screen, Screen::Home | Screen::Ticket));
            }
        });
        el::nothing()
    }

    /// Reads what the host has set: the user and the configuration.
    fn listen_to_host(self) {
        let state = self.loader().state();
        let has_gateway = self.has_gateway();
        // Only a gateway can reach somebody by their id.
        let is_named = |user: &User| match has_gateway {
            true => !user.id.is_empty() || !user.email.is_empty(),
            false => is_email(&user.email),
        };
        let user = context::user(&state.user()).filter(is_named);
        let mut searches = has_gateway;
        let mut config: Config = STATE.with(|state| Config::read(&*state.published.borrow()));
        for options in state.config().iter() {
            for (field, value) in read::entries(&options) {
                searches |= field == "sources";
                if let Err(problem) = config::set_field(&mut config, &field, &value) {
                    loader::warn_developer(&("deskbell: configure: ".to_string() + &problem));
                }
            }
        }
        self.paint(&config);
        STATE.with(|state| state.words.borrow_mut().replace(&config.texts));
        self.change(|model| {
            model.config = config;
            model.searches = searches;
            model.user = user;
        });
        // A customer who is filling in the form keeps their place in it.
        if self.peek(|model| model.contact == Default::default()) {
            self.redraw();
            self.later(move || self.show_choices());
        }
    }

    fn fetch_config(self) {
        spawn(async move {
            let config = self.ask("config", &Abort::new()).await;
            self.loader().configured(config.as_ref().unwrap_or(&JsValue::UNDEFINED));
            if let Some(config) = config {
                STATE.with(|state| state.published.replace(config));
                self.listen_to_host();
            }
            self.change(|model| model.configured = true);
            idle::start(self);
        });
    }

    /// Requests something of the site from the gateway, or from the engines that are configured in its place.
    async fn ask(self, what: &str, abort: &Abort) -> Option<JsValue> {
        match loader::elsewhere(&self.loader(), what) {
            Some(answer) => answer.await.ok().filter(JsValue::is_object),
            None => transport::ask(&self.loader().site_url(), what, abort).await,
        }
    }

    /// Gives the panel the host's colours, adjusted until they are readable.
    fn paint(self, config: &Config) {
        const SURFACES: [(&str, contrast::Rgb); 2] = [("", [255; 3]), ("-dark", [0x1b, 0x1d, 0x22])];
        let loader = self.loader();
        if let Some(accent) = contrast::parse_color(&config.theme.accent) {
            for (suffix, surface) in SURFACES {
                let readable = contrast::ensure_readable(accent, surface);
                dom::set_colour(&loader.root(), &["--deskbell-accent", suffix].concat(), readable);
                dom::set_colour(
                    &loader.root(),
                    &["--deskbell-on-accent", suffix].concat(),
                    contrast::text_color_on(readable),
                );
            }
        }
        let scheme = match config.theme.scheme {
            Scheme::Auto => "",
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        dom::set_scheme(&loader.dialog(), scheme);
    }

    /// Handles a change of the box.
    fn typed(self) {
        let text = self.loader().text_box().value();
        if self.peek(|model| model.text == text) {
            return;
        }
        self.change(|model| {
            if text.is_empty() {
                choices::forget_items(model);
            }
            model.text = text;
            model.unfolded = false;
            model.gaps.retain(|gap| ticket::field_of(*gap) != ticket::MESSAGE);
        });
        keys::release(self);
        search::start(self);
    }

    /// Writes a text into the box as if the customer had typed it.
    fn write(self, text: &str) {
        let loader = self.loader();
        loader.text_box().set_value(text);
        if text.is_empty() {
            loader::thaw(&loader);
        } else {
            loader.freeze();
        }
        self.typed();
    }

    /// Fills the form with an earlier ticket.
    fn restore(self, ticket: &JsValue) {
        if self.peek(Model::is_sealed) {
            return;
        }
        self.change(|model| {
            let kind = Kind::from_word(&ticket.text_of("kind"));
            let usual = kind.map(Kind::default_severity);
            model.kind = kind;
            // A severity that is the default of its kind follows later changes of the kind.
            model.severity = Severity::from_word(&ticket.text_of("severity")).filter(|chosen| Some(*chosen) != usual);
            model.topic = Some(ticket.text_of("topic"));
            model.via = ticket.text_of("via");
            model.seen = ticket.member("questions");
            if !model.is_known() {
                model.contact = Contact::read(&ticket.get("contact"));
            }
        });
        self.write(&ticket.text_of("message"));
        self.redraw();
        self.later(move || self.show_choices());
    }

    fn lead(self, opening: Opening) {
        // While it is unknown whether a ticket arrived, it cannot be changed.
        if self.peek(Model::is_sealed) {
            return;
        }
        let to_ticket = opening.screen == EntryScreen::Ticket;
        self.change(|model| {
            model.kind = opening.kind.or(model.kind);
            model.severity = opening.severity.or(model.severity);
            if opening.topic.is_some() {
                model.topic = opening.topic;
            }
            if let Some(via) = opening.via {
                model.via = via;
            }
        });
        if let Some(message) = opening.message {
            self.write(&message);
        }
        if let Some(id) = opening.question {
            self.change(|model| model.screen = if to_ticket { Screen::Ticket } else { Screen::Home });
            question::open(self, question::hit_of(id));
        } else if to_ticket {
            self.go(Screen::Ticket);
        } else if opening.screen == EntryScreen::Tickets && self.has_gateway() {
            tickets::open(self, String::new());
        } else if self.peek(|model| matches!(model.screen, Screen::Thanks | Screen::Receipt)) {
            self.go(Screen::Home);
        }
    }

    /// Changes the screen and moves the focus to its start.
    fn go(self, screen: Screen) {
        self.change(|model| model.screen = screen);
        keys::release(self);
        self.redraw();
        let loader = self.loader();
        dom::scroll_to(&loader.below(), 0);
        if screen == Screen::Ticket {
            search::start(self);
        }
        let boxed = matches!(screen, Screen::Home | Screen::Ticket);
        self.later(move || {
            self.show_choices();
            let target = if boxed && !dom::touch() { loader.text_box().into() } else { loader.title() };
            dom::focus(&target);
        });
    }

    /// Updates the selected options of the form. By hand, because an option that the customer has touched does not follow its attribute any
    /// more.
    fn show_choices(self) {
        let root = self.loader().root();
        self.peek(|model| {
            dom::choose(&root, model.kind().word());
            dom::set_value(&root, ticket::TOPIC, &ticket::topic(model));
            dom::set_value(&root, ticket::SEVERITY, model.severity().word());
        });
    }

    /// Runs something after the views have been updated.
    fn later(self, act: impl FnOnce() + 'static) {
        let timer = timer::after(Duration::ZERO, act);
        STATE.with(|state| state.later.replace(timer));
    }

    fn go_back(self) {
        match self.peek(|model| (model.screen, model.came_from)) {
            (Screen::Question, came_from) => self.go_back_to(came_from),
            (Screen::Sends, _) => self.go(Screen::Ticket),
            (Screen::Tickets, _) if self.peek(|model| !model.ticket.is_empty()) => tickets::open(self, String::new()),
            _ => self.go(Screen::Home),
        }
    }

    /// Goes back from a question to where it was opened, at the same scroll position and with the focus on it.
    fn go_back_to(self, screen: Screen) {
        self.change(|model| model.screen = screen);
        self.redraw();
        self.later(move || {
            self.show_choices();
            let loader = self.loader();
            let (id, top) = self.peek(|model| (model.hit.as_ref().map(|hit| hit.id.clone()), model.scrolled));
            let opened = dom::all(&loader.root(), ".hit").into_iter().find(|row| row.get_attribute("data-id") == id);
            dom::focus(&opened.unwrap_or_else(|| loader.title()));
            dom::scroll_to(&loader.below(), top);
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
